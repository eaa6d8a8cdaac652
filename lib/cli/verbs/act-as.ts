import { algorithmsOf } from '../../assertion/keys/key-algorithms.js'
import { keyPair } from '../../testing/signer.js'
import { type Attempt, attemptsOf, type Skipped } from '../act-as/attempts.js'
import type { Dialect } from '../act-as/dialect.js'
import { type Identity, registrationOf } from '../act-as/identity.js'
import { dialects } from '../dialects.js'
import { serverOf } from '../doctor/examine.js'
import { type Io, type Outcome, UsageError } from '../io.js'
import { readKey, type SigningKey, signingKey } from '../keys.js'
import { columns, type Paint, painter } from '../painter.js'
import { serveKeySet } from '../serve-key-set.js'
import { readSource } from '../source.js'
import { commandName, type Input, type Verb } from '../verb.js'

const defaultPort = 8123

/** The key that signs: one of a file with the algorithm of the dialect if that fits, or a new one. */
async function keyOf({ alg }: Dialect, input: Input, io: Io): Promise<SigningKey> {
  const source = input.text('key')
  if (source === undefined) return signingKey(keyPair(alg).privateKey, { alg, kid: input.text('kid') })
  const given = await readKey(source, io, { kid: input.text('kid') })
  return algorithmsOf(given.publicJwk).includes(alg) ? signingKey(given.key, { alg, kid: given.kid }) : given
}

async function credentialOf(dialect: Dialect, input: Input, io: Io): Promise<Pick<Identity, 'key' | 'secret'>> {
  if (dialect.signs === 'key') return { key: await keyOf(dialect, input, io) }
  const secret = (await readSource(input.demand('secret-from'), io, 'The source of --secret-from')).trim()
  if (Buffer.byteLength(secret) < 32) throw new UsageError('The secret of --secret-from must have at least 32 bytes (RFC 7518 §3.2).')
  return { secret }
}

async function identityOf(dialect: Dialect, input: Input, io: Io): Promise<Identity> {
  const url = input.arg(1)
  if (!URL.canParse(url)) throw new UsageError('URL must be the token endpoint, such as https://as.example.com/token.')
  const { protocol, hostname, username, password } = new URL(url)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (username || password) throw new UsageError('URL must not have a user name or a password.')
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback)) throw new UsageError('URL must be https, or http of loopback.')
  return {
    dialect,
    url,
    server: input.text('audience') ?? (await serverOf(url)),
    client_id: input.demand('client-id'),
    issuer: input.demand('issuer'),
    subject: input.demand('subject'),
    scope: input.demand('scope'),
    ...(await credentialOf(dialect, input, io)),
  }
}

function tableOf(attempts: readonly Attempt[], paint: Paint): string {
  const rows = attempts.map(({ ok, variant, status, error, token_type, expected }) => {
    const answer = token_type === undefined ? (error ?? 'no error') : `${token_type} token`
    return [ok ? '✓' : '✗', variant, status === undefined ? '' : String(status), ok ? answer : `${answer} (expected ${expected})`]
  })
  return columns([['', 'JWT', 'status', 'answer'], ...rows], (cell, column, row) => {
    if (row === 0) return paint('dim', cell)
    return column === 0 ? paint(attempts[row - 1]?.ok ? 'green' : 'red', cell) : cell
  })
}

const hint = (who: string, url: string) =>
  `The valid JWT got no token. Register this client or issuer at the server first:\n  ${commandName} act-as ${who} ${url} --print-registration`

function outcomeOf(who: string, { url, server }: Identity, sent: { attempts: Attempt[]; skipped: Skipped[] }, paint: Paint): Outcome {
  const { attempts, skipped } = sent
  const wrong = attempts.filter(({ ok }) => !ok)
  const verdict =
    wrong.length === 0
      ? paint('green', `All ${attempts.length} as expected.`)
      : paint('red', `${wrong.length} of ${attempts.length} not as expected.`)
  const text = [
    `${who} at ${url}, whose issuer identifier is ${server}`,
    '',
    tableOf(attempts, paint),
    ...(skipped.length === 0 ? [] : ['', ...skipped.map(({ variant, why }) => paint('dim', `not sent: ${variant}, because ${why}`))]),
    '',
    ...wrong.filter(({ variant }) => variant !== 'valid').map(({ variant, wrong }) => `${variant}: ${wrong}`),
    ...(attempts[0]?.ok || attempts[0]?.status === undefined ? [] : [hint(who, url)]),
    verdict,
  ].join('\n')
  return { code: wrong.length === 0 ? 0 : 1, json: { ok: wrong.length === 0, who, url, issuer: server, attempts, skipped }, text }
}

export const actAs: Verb = {
  name: 'act-as',
  summary: 'Send what a known client sends to a token endpoint, then spoiled variants that it must refuse',
  args: [
    ['WHO', 'a known client, see below'],
    ['URL', 'the token endpoint'],
  ],
  values: Object.entries(dialects).map(([who, { about }]) => [who, about] as const),
  flags: {
    key: { value: 'SOURCE', about: 'private key, PEM or JWK: a file, env:NAME or -; without it, a new key is served on loopback' },
    kid: { value: 'ID', about: 'kid; without it, that of the JWK, or the thumbprint of the key' },
    'secret-from': { value: 'SOURCE', about: 'the secret of client_secret_jwt: a file, env:NAME or -' },
    port: { value: 'PORT', about: `serve the public key on this port of loopback (default without --key: ${defaultPort})` },
    'client-id': { value: 'ID', about: 'the client', default: 'act-as' },
    issuer: { value: 'ISS', about: 'the issuer of grants', default: 'https://act-as.example.org' },
    subject: { value: 'SUB', about: 'whom grants are for', default: 'ada@example.org' },
    scope: { value: 'SCOPE', about: 'scope', default: 'read' },
    audience: { value: 'AUD', about: 'issuer identifier of the server; without it, from its discovery document, or the origin of URL' },
    'print-registration': { about: 'send no JWT, and print as JSON what the server must register: with the secret, if there is one' },
  },
  about: [
    'First register what --print-registration prints. Then the exit code is 0 only if the valid JWT gets a token, and each spoiled one is refused with the expected error.',
  ],
  examples: [
    `${commandName} act-as private_key_jwt https://as.example.com/token --key keys/private.pem --print-registration`,
    `${commandName} act-as private_key_jwt https://as.example.com/token --key keys/private.pem`,
    `${commandName} act-as client_secret_jwt https://as.example.com/token --secret-from env:CLIENT_SECRET`,
  ],
  async run(input, io) {
    const who = input.arg(0)
    if (!Object.hasOwn(dialects, who)) throw new UsageError(`WHO must be one of ${Object.keys(dialects).join(', ')}.`)
    const identity = await identityOf(dialects[who] as Dialect, input, io)
    const { key } = identity
    const port = input.number('port') ?? (key && input.text('key') === undefined ? defaultPort : undefined)
    if (input.has('print-registration')) {
      const jwks_uri = port === undefined ? undefined : `http://127.0.0.1:${port}/jwks`
      const registration = registrationOf({ ...identity, ...(jwks_uri !== undefined && { jwks_uri }) })
      return { code: 0, json: registration, text: JSON.stringify(registration, undefined, 2) }
    }
    const served = key && port !== undefined ? await serveKeySet({ keys: [key.publicJwk] }, port) : undefined
    try {
      return outcomeOf(who, identity, await attemptsOf(identity), painter(io.colour))
    } finally {
      await served?.close()
    }
  },
}
