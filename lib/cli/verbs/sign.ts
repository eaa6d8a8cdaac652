import { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT } from '../../index.js'
import { makeSigner } from '../../testing/signer.js'
import { curlLine } from '../curl.js'
import { type Io, UsageError } from '../io.js'
import { readKey, type SigningKey } from '../keys.js'
import { commandName, type Input, type Verb } from '../verb.js'

/** `--claim name=json`. @throws UsageError if it is not that */
function claimOf(given: string): [name: string, value: unknown] {
  const at = given.indexOf('=')
  if (at < 1) throw new UsageError('--claim must be name=json, such as --claim roles=\'["admin"]\'.')
  const name = given.slice(0, at)
  try {
    return [name, JSON.parse(given.slice(at + 1))]
  } catch {
    throw new UsageError(`--claim ${name}: the value must be JSON. Write a text as --claim ${name}='"text"'.`)
  }
}

function signed(key: SigningKey, audience: string, who: { iss: string; sub?: string | undefined }, input: Input): string {
  const now = Math.floor(Date.now() / 1000)
  const without = input.texts('without').map((name) => [name, undefined] as const)
  const claims = Object.fromEntries([...input.texts('claim').map(claimOf), ...without])
  const base = { ...who, iat: now, exp: now + (input.number('lifetime') as number) }
  return makeSigner({ ...key, audience }).sign(base, { claims, header: { typ: input.text('typ') } })
}

const decoded = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())

const clientParameters = (jwt: string) => ({ client_assertion_type: JWT_BEARER_CLIENT_ASSERTION, client_assertion: jwt })

/** The whole token request of a client assertion. */
function clientRequest(key: SigningKey, input: Input) {
  const id = input.demand('client-id')
  const jwt = signed(key, input.demand('audience'), { iss: id, sub: input.text('subject') ?? id }, input)
  return { jwt, parameters: { grant_type: input.demand('grant-type'), ...clientParameters(jwt) } }
}

/** The whole token request of a grant, with the assertion of its client if there is a key for it. */
async function grantRequest(key: SigningKey, input: Input, io: Io) {
  const audience = input.demand('audience')
  const jwt = signed(key, audience, { iss: input.demand('issuer'), sub: input.text('subject') }, input)
  const client_id = input.text('client-id')
  const source = input.text('client-key')
  const grant = { grant_type: JWT_BEARER_GRANT, assertion: jwt }
  if (source === undefined) return { jwt, parameters: { ...grant, ...(client_id !== undefined && { client_id }) } }
  const id = input.demand('client-id')
  const clientSigner = makeSigner({ ...(await readKey(source, io)), audience })
  return { jwt, parameters: { ...grant, ...clientParameters(clientSigner.sign({ iss: id, sub: id })) } }
}

export const sign: Verb = {
  name: 'sign',
  summary: 'Sign a client assertion or a JWT grant, and print it or the curl line that sends it',
  args: [['client|grant', 'client authenticates a client; grant is exchanged for a token']],
  flags: {
    key: { value: 'SOURCE', about: 'private key of the signer, PEM or JWK: a file, env:NAME or - for stdin' },
    'client-id': { value: 'ID', about: 'the client: iss and sub of its assertion' },
    issuer: { value: 'ISS', about: 'iss of a grant' },
    audience: { value: 'AUD', about: 'aud: the issuer identifier of the authorization server' },
    subject: { value: 'SUB', about: 'sub of a grant' },
    lifetime: { value: 'SECONDS', about: 'how long it is valid', default: '60' },
    claim: { value: 'NAME=JSON', about: 'one more claim, or another value of one', isRepeatable: true },
    without: { value: 'NAME', about: 'leave a claim out', isRepeatable: true },
    alg: { value: 'ALG', about: 'alg; without it, that of the JWK, or the usual one of the key' },
    kid: { value: 'ID', about: 'kid; without it, that of the JWK, or the thumbprint of the key' },
    typ: { value: 'TYP', about: 'typ; without it, there is none' },
    curl: { about: 'print the curl line of the whole token request; needs --token-endpoint' },
    'token-endpoint': { value: 'URL', about: 'where the curl line sends it' },
    'grant-type': { value: 'TYPE', about: 'grant_type beside a client assertion', default: CLIENT_CREDENTIALS },
    scope: { value: 'SCOPE', about: 'scope parameter of the curl line' },
    'client-key': { value: 'SOURCE', about: 'private key of the client that presents the grant; needs --client-id' },
  },
  examples: [
    `${commandName} sign client --key keys/private.pem --client-id reports --audience https://as.example.com`,
    `${commandName} sign grant --key keys/private.pem --issuer https://idp.example.org --subject ada@example.org \\`,
    '    --audience https://as.example.com --curl --token-endpoint https://as.example.com/token',
  ],
  async run(input, io) {
    const use = input.arg(0)
    if (use !== 'client' && use !== 'grant') throw new UsageError('The first argument must be client or grant.')
    if (input.text('key') === '-' && input.text('client-key') === '-') throw new UsageError('Only one key can come from stdin.')
    const isCurl = input.has('curl')
    const url = isCurl ? input.demand('token-endpoint') : undefined
    const key = await readKey(input.demand('key'), io, { alg: input.text('alg'), kid: input.text('kid') })
    const { jwt, parameters } = use === 'client' ? clientRequest(key, input) : await grantRequest(key, input, io)
    const scope = input.text('scope')
    const line = url === undefined ? undefined : curlLine(url, { ...parameters, ...(scope !== undefined && { scope }) })
    const [header, claims] = jwt.split('.', 2).map(decoded)
    return { code: 0, json: { jwt, header, claims, parameters, ...(line !== undefined && { curl: line }) }, text: line ?? jwt }
  },
}
