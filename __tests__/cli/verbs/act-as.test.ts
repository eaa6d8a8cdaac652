/** Every known client against the demo: it accepts the good JWT and refuses each spoiled one. A demo that is spoiled is found out. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import type { MoreParties } from '../../../demo-server/registry.js'
import { startServer } from '../../../demo-server/server.js'
import { dialects } from '../../../lib/cli/dialects.js'
import type { Options, TrustedIssuer } from '../../../lib/index.js'
import { profiles } from '../../../lib/profiles/index.js'
import { spoiled } from '../../../lib/testing/index.js'
import { cli, temporaryFolder } from '../../support/cli.js'
import { freePort } from '../../support/free-port.js'
import { ec, rsa } from '../../support/keys.js'

const folder = temporaryFolder()
const pemOf = (pair: ReturnType<typeof ec>) => pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const keys = { ES: folder.write('ec.pem', pemOf(ec('ec'))), RS: folder.write('rsa.pem', pemOf(rsa('rsa'))) }
const env = { CLIENT_SECRET: 'a secret of 32 bytes, or longer...' }
const credentialsOf = (who: string) => {
  const { alg, signs } = dialects[who]!
  return signs === 'secret' ? ['--secret-from', 'env:CLIENT_SECRET'] : ['--key', alg.startsWith('ES') ? keys.ES : keys.RS]
}

interface Attempt {
  variant: string
  status: number
  error?: string
  token_type?: string
  ok: boolean
}

interface Acting {
  /** Of the options of the demo. */
  changes?: Partial<Options>
  /** Changes what is registered. */
  spoil?(registration: MoreParties): MoreParties
  more?: string[]
}

/** Registers at a demo what the command says, and lets it act. */
async function act(who: string, { changes, more = [], spoil }: Acting = {}) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/token`
  const words = ['act-as', who, url, ...(more.length > 0 ? more : credentialsOf(who)), '--json']
  const audience = `http://127.0.0.1:${port}`
  const registration = (await cli([...words, '--audience', audience, '--print-registration'], { env })).json() as MoreParties
  const demo = await startServer(port, undefined, { more: spoil?.(registration) ?? registration, ...(changes && { changes }) })
  try {
    const { code, json } = await cli(words, { env })
    return {
      code,
      registration,
      ...(json() as { ok: boolean; issuer: string; attempts: Attempt[]; skipped: { variant: string; why: string }[] }),
    }
  } finally {
    await demo.close()
  }
}

const issuerOf = (given: MoreParties) => (given as { options: Options }).options.issuer
const withIssuer = (given: MoreParties, change: Partial<TrustedIssuer>) => ({ ...given, issuer: { ...given.issuer!, ...change } })
const wrongOf = (attempts: Attempt[]) => attempts.filter(({ ok }) => !ok).map(({ variant }) => variant)

describe('act-as against the demo', () => {
  const ownDialects = Object.keys(dialects).filter((who) => !Object.hasOwn(profiles, who)) // those of profiles: profile-dialects.test.ts
  it.each(ownDialects)('%s gets a token, every spoiled JWT is refused, and the code is 0', async (who) => {
    const { code, ok, issuer, registration, attempts, skipped } = await act(who)
    expect({ code, ok, wrong: wrongOf(attempts) }).toEqual({ code: 0, ok: true, wrong: [] })
    expect(attempts[0]).toMatchObject({ variant: 'valid', status: 200, token_type: 'Bearer' })
    expect(issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const error = dialects[who]!.use === 'grant' ? 'invalid_grant' : 'invalid_client'
    expect(attempts.slice(1).every((one) => one.error === error)).toBe(true)
    expect([...attempts.slice(1), ...skipped].map(({ variant }) => variant).sort()).toEqual(Object.keys(spoiled).sort())
    expect(JSON.stringify(registration)).not.toContain('"d":')
  })

  it('a new key is served on loopback, and its registration names where', async () => {
    const port = await freePort()
    const { code, registration, attempts } = await act('private_key_jwt', { more: ['--port', String(port)] })
    expect({ code, wrong: wrongOf(attempts) }).toEqual({ code: 0, wrong: [] })
    expect(registration.client).toMatchObject({ jwks_uri: `http://127.0.0.1:${port}/jwks`, allowPrivateJwksUri: true })
  })

  const another = 'https://another-as.example.net'
  const forgets = { changes: { replayStore: { consume: async () => true } } }
  it.each<[what: string, who: string, acting: Acting, wrong: string[]]>([
    ['forgets used JWTs', 'private_key_jwt', forgets, ['replayed']],
    ['forgets used JWTs', 'grant', forgets, ['replayed']],
    [
      'takes the aud of another server',
      'grant',
      { spoil: (given) => withIssuer(given, { audience: [issuerOf(given), another] }) },
      ['wrongAudience'],
    ],
    ['takes grants for ever', 'grant', { spoil: (given) => withIssuer(given, { maxLifetime: 1e9 }) }, ['livesTooLong']],
    ['does not know the subject', 'grant', { spoil: (given) => withIssuer(given, { subjects: ['bob'] }) }, ['valid']],
  ])('a demo that %s is found out with %s, and the code is 1', async (_, who, acting, wrong) => {
    const { code, ok, attempts } = await act(who, acting)
    expect({ code, ok, wrong: wrongOf(attempts) }).toEqual({ code: 1, ok: false, wrong })
  })
})

describe('act-as against a server that', () => {
  async function against(answer: (form: URLSearchParams) => [status: number, body: string], ...more: string[]) {
    const server = createServer(async (req, res) => {
      let body = ''
      for await (const chunk of req) body += chunk
      const [status, text] = req.method === 'POST' ? answer(new URLSearchParams(body)) : [404, '']
      res.writeHead(status).end(text)
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      return await cli(['act-as', 'grant', `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, '--key', keys.ES, ...more])
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }
  const token = JSON.stringify({ access_token: 'x', token_type: 'Bearer' })
  const claimsOf = (form: URLSearchParams) => JSON.parse(Buffer.from(form.get('assertion')!.split('.')[1]!, 'base64url').toString())

  it('checks nothing: each spoiled JWT is reported with what is wrong with it', async () => {
    const { code, out } = await against(() => [200, token])
    expect(code).toBe(1)
    expect(out).toMatch(/^✓ {2}valid +200 +Bearer token$/m)
    expect(out).toMatch(/^✗ {2}wrongAudience +200 +Bearer token \(expected invalid_grant\)$/m)
    expect(out).toContain('wrongAudience: Its `aud` names another server.')
    expect(out).toMatch(/25 of 26 not as expected\.\n$/)
  })

  it('does not check aud', async () => {
    const used = new Set<unknown>()
    const { code, out } = await against((form) => {
      const { aud, jti } = claimsOf(form)
      if (typeof aud === 'string' && aud.startsWith('https://another') && !used.has(jti)) return [200, token]
      return used.size === used.add(jti).size ? [400, '{"error":"invalid_grant"}'] : [200, token]
    })
    expect(code).toBe(1)
    expect(out).toMatch(/^✗ {2}wrongAudience +200/m)
    expect(out).toMatch(/^✓ {2}replayed +400 +invalid_grant$/m)
  })

  it('knows nothing of the issuer: the registration is named', async () => {
    const { code, out } = await against(() => [400, '{"error":"invalid_grant"}'])
    expect(code).toBe(1)
    expect(out).toMatch(/^✗ {2}valid +400 +invalid_grant \(expected a token\)$/m)
    expect(out).toContain('--print-registration')
  })

  it.each<[what: string, answer: [number, string], shown: RegExp]>([
    ['answers with another error', [400, '{"error":"invalid_request"}'], /✗ {2}expired +400 +invalid_request \(expected invalid_grant\)/],
    ['fails', [500, '{"error":"invalid_grant"}'], /✗ {2}expired +500 +invalid_grant/],
    ['sends no JSON', [400, 'no'], /✗ {2}expired +400 +no error/],
    ['sends null', [200, 'null'], /✗ {2}valid +200 +no error/],
  ])('%s', async (_, answer, shown) => {
    const { code, out } = await against(() => answer)
    expect([code, out]).toEqual([1, expect.stringMatching(shown)])
  })

  it('is not there', async () => {
    const { code, out } = await cli(['act-as', 'grant', `http://127.0.0.1:${await freePort()}/token`, '--key', keys.ES])
    expect(out).not.toContain('--print-registration')
    expect([code, out]).toEqual([1, expect.stringMatching(/✗ {2}valid +no answer: ECONNREFUSED/)])
  })
})

describe('act-as', () => {
  it('prints a registration for options, and names who it is', async () => {
    const names = [
      '--client-id',
      'my-client',
      '--issuer',
      'urn:me',
      '--subject',
      'bob',
      '--scope',
      'a b',
      '--kid',
      'k1',
      '--audience',
      'https://as',
    ]
    const words = ['act-as', 'grant-by-client', 'https://as.example.com/token', '--key', keys.ES, ...names, '--print-registration']
    const { code, out, json } = await cli(words)
    expect([code, json()]).toMatchObject([
      0,
      {
        options: { issuer: 'https://as', tokenEndpointUrl: 'https://as.example.com/token' },
        client: { client_id: 'my-client', scope: 'a b', jwks: { keys: [{ kid: 'k1', alg: 'ES256' }] } },
        issuer: { issuer: 'urn:me', subjects: ['bob'], clients: ['my-client'], algorithms: ['ES256'] },
      },
    ])
    expect((await cli([...words, '--json'])).out).toBe(out)
    expect(await cli(['check', folder.write('registration.json', json())])).toMatchObject({ code: 0 })
  })

  it.each<[words: string[], message: RegExp]>([
    [['act-as', 'nobody', 'https://as.example.com/token'], /WHO must be one of private_key_jwt, client_secret_jwt/],
    [['act-as', 'toString', 'https://as.example.com/token'], /WHO must be/],
    [['act-as', 'grant'], /URL must be given/],
    [['act-as', 'grant', 'token', '--key', keys.ES], /URL must be the token endpoint/],
    ...['http://as.example.com/token', 'ftp://localhost/token', 'http://localhost.example.com/token'].map((url): [string[], RegExp] => [
      ['act-as', 'grant', url, '--key', keys.ES, '--audience', 'x'],
      /^URL must be https, or http of loopback/,
    ]),
    ...['https://me@as.example.com/token', 'https://:x@as.example.com/token'].map((url): [string[], RegExp] => [
      ['act-as', 'grant', url, '--key', keys.ES, '--audience', 'x'],
      /^URL must not have a user name or a password/,
    ]),
    [['act-as', 'client_secret_jwt', 'https://as.example.com/token', '--audience', 'x'], /--secret-from must be given/],
    [['act-as', 'client_secret_jwt', 'https://as.example.com/token', '--audience', 'x', '--secret-from', '-'], /at least 32 bytes/],
  ])('%j', async (words, message) => {
    expect(await cli(words, { stdin: 'short' })).toMatchObject({ code: 2, err: expect.stringMatching(message) })
  })
})
