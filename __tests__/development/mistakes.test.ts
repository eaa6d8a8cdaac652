/** The usual mistakes: the development log alone names the fix of each. */
import { readFileSync } from 'node:fs'
import * as https from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals'
import type { Client, Hooks, Options, TrustedIssuer } from '../../lib/index.js'
import { type Certificate, issueCertificate } from '../support/certificates.js'

const trusted: string[] = []
jest.unstable_mockModule('node:https', () => ({
  ...https,
  get: (url: URL, options: https.RequestOptions, answer: () => void) => https.get(url, { ...options, ca: trusted }, answer),
}))
const { devLog, tokenEndpoint, CLIENT_CREDENTIALS } = await import('../../lib/index.js')
const { anyExpress } = await import('../support/express.js')
const { now } = await import('../support/jwt.js')
const { basic, byJwt, clientAssertion, clientCredentials, clients, grant, grantRequest, hooks, idp, issuer, issuers, keys, startWorld } =
  await import('../support/world.js')
const [[, express]] = anyExpress as [(typeof anyExpress)[number]]

/** A key set behind a certificate that ended yesterday. */
let expired: https.Server
const urlOf = (server: https.Server) => `https://localhost:${(server.address() as AddressInfo).port}/jwks`
beforeAll(async () => {
  const day = 86_400_000
  const authority: Certificate = await issueCertificate({ subject: 'CN=authority', isAuthority: true })
  const { cert, key } = await issueCertificate({
    issuer: authority,
    names: [{ type: 'dns', value: 'localhost' }],
    notBefore: new Date(Date.now() - 2 * day),
    notAfter: new Date(Date.now() - day),
  })
  trusted.push(authority.cert)
  expired = https.createServer({ cert, key }, (_, res) => res.end())
  await new Promise<void>((resolve) => expired.listen(0, resolve))
})
afterAll(() => void expired.close())

interface Mistake {
  options?: Partial<Options>
  hooks?: Partial<Hooks>
  form?: () => Record<string, string>
}
const client = (over: object): Mistake => ({ hooks: { findClient: () => ({ ...clients['jwt-client'], ...over }) as Client } })
const trustedIssuer = (over: object): Mistake => ({
  hooks: { findIssuer: () => ({ ...issuers[idp], ...over }) as TrustedIssuer },
  form: () => grantRequest(),
})
const assertion = (...over: Parameters<typeof clientAssertion>): Mistake => ({
  form: () => clientCredentials(byJwt(clientAssertion(...over))),
})

/** What the development log says, without what differs from run to run. */
async function logOf({ form = clientCredentials, ...given }: Mistake): Promise<string> {
  const written: string[] = []
  const { post } = startWorld(express, {
    ...given,
    options: { ...given.options, onEvent: devLog({ write: (text) => written.push(text) }) },
  })
  await post(form())
  return written
    .join('')
    .replace(/ at .*\n(?: {8}at .*\n)*/g, ' at …\n')
    .replace(/^ {2}request .*\n/m, '')
    .replace(/\d{13}/g, '<ms>')
    .replace(/\d{10}/g, '<s>')
    .replace(/(seconds_(?:ago|ahead)) \d+/g, '$1 <n>')
    .replace(/localhost:\d+/g, 'localhost:<port>')
    .replace(/[\w-]{43}/g, '<thumbprint>')
}

it.each<[name: string, mistake: Mistake | (() => Mistake), log: string]>([
  [
    'another aud',
    assertion({ aud: 'https://as.example.com/' }),
    `
token request refused: aud_mismatch (401 invalid_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     aud https://as.example.com/
  wanted   aud (https://as.example.com, https://as.example.com/token)
  why      aud of a client assertion is neither issuer nor in tokenEndpointUrl, has a slash more or less, or has two values.
  fix      Set aud to issuer, alone. If the library sends the URL that it calls, list this URL in the option tokenEndpointUrl.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#aud_mismatch
`,
  ],
  [
    'exp in milliseconds',
    assertion({ exp: 1764250000123 }),
    `
token request refused: exp_in_ms (401 invalid_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     exp <ms>
  wanted   exp <s>
  why      exp, iat or nbf comes from Date.now(), which is in milliseconds.
  fix      Write Math.floor(Date.now() / 1000).
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#exp_in_ms
`,
  ],
  [
    'another private key',
    assertion({}, { key: keys.other, header: { kid: 'client-key' } }),
    `
token request refused: signature_invalid (401 invalid_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     alg ES256, kid client-key
  wanted   signed_by (<thumbprint>)
  why      The JWT was signed with another private key, or was altered. Or it has no kid, and its key is not among those that are tried.
  fix      Register the public key that belongs to the private key of the signer. Make the JWK again from its PEM. Send a kid.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#signature_invalid
`,
  ],
  [
    'a kid that is not registered',
    assertion({}, { header: { kid: 'new-key' } }),
    `
token request refused: key_not_found (401 invalid_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      new-key (claimed)
  seen     alg ES256, kid new-key
  wanted   kid client-key, kty EC, crv P-256, alg ES256, thumbprint <thumbprint>
  why      No registered key has the kid, the key does not fit alg, or a new key was not published.
  fix      Register the key, or remove its kid from the registration (jwks only).
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#key_not_found
`,
  ],
  [
    'forgotten grant_types',
    client({ grant_types: undefined }),
    `
token request refused: grant_not_allowed_for_client (400 unauthorized_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     grant_types (authorization_code)
  wanted   client_credentials
  why      grant_types of the client does not list the grant. Without this member, it is ['authorization_code'].
  fix      List the grant in grant_types.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#grant_not_allowed_for_client
`,
  ],
  [
    'a typo in the registration of an issuer',
    trustedIssuer({ maxLifetme: 60 }),
    `
token request failed: registration_invalid (500 server_error)
  step     verifyJwtGrant
  client   jwt-client (verified)
  issuer   https://idp.example.org (claimed)
  kid      idp-key (claimed)
  seen     TrustedIssuer.maxLifetme does not exist: did you mean maxLifetime?
  wanted   a TrustedIssuer without mistakes
  why      findIssuer returned an issuer with a mistake, such as an unknown member or a value of the wrong type. event.detail.seen names it.
  fix      Correct the registration of the issuer. checkTrustedIssuer finds such mistakes before a request does.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#registration_invalid
`,
  ],
  [
    'a wrong value in the registration of a client',
    client({ maxLifetime: '60' }),
    `
token request refused: client_misconfigured (401 invalid_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     Client.maxLifetime must be a number of seconds above 0, not "60".
  wanted   a Client without mistakes
  why      A member of the Client has a wrong value.
  fix      Correct the member that event.detail.seen names. checkClient finds such mistakes before a request does.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#client_misconfigured
`,
  ],
  [
    'a hook that throws',
    {
      hooks: {
        findClient: () => {
          throw new TypeError("Cannot read properties of undefined (reading 'row')")
        },
      },
    },
    `
token request failed: hook_error (500 server_error)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     findClient threw TypeError
  wanted   a result of findClient
  why      A hook threw an exception that is no OAuthError. event.detail.seen names the hook.
  fix      Correct the hook. event.cause is the exception, and devLog prints its stack.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#hook_error
    TypeError: Cannot read properties of undefined (reading 'row')
        at …
`,
  ],
  [
    'a clock that is behind',
    { form: () => clientCredentials(byJwt(clientAssertion({ iat: now() - 372, exp: now() - 312 }))) },
    `
token request refused: expired (401 invalid_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     exp <s>, seconds_ago <n>
  wanted   exp_after <s>
  why      The clock of the client is wrong, or the client sends a stored JWT.
  fix      Sign a new JWT for each request. Use NTP. clockTolerance may be up to 60 seconds.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#expired
`,
  ],
  [
    'a clock that is ahead',
    { form: () => clientCredentials(byJwt(clientAssertion({ iat: now() + 90, exp: now() + 150 }))) },
    `
token request refused: iat_future (401 invalid_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     iat <s>, seconds_ahead <n>
  wanted   iat_at_most <s>
  why      iat is in the future: the clock of the client is ahead.
  fix      Use NTP. clockTolerance may be up to 60 seconds.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#iat_future
`,
  ],
  [
    'jwks_uri on localhost',
    client({ jwks: undefined, jwks_uri: 'http://localhost:4000/jwks' }),
    `
token request refused: jwks_blocked (401 invalid_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     jwks_uri "http://localhost:<port>/jwks"
  wanted   an https URL, or allowPrivateJwksUri
  why      jwks_uri is not https, or leads to a private address.
  fix      Register jwks, or set allowPrivateJwksUri: true.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#jwks_blocked
`,
  ],
  [
    'jwks_uri that leads to a private address',
    client({ jwks: undefined, jwks_uri: 'https://localhost:4000/jwks' }),
    `
token request refused: jwks_blocked (401 invalid_client)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     jwks_uri https://localhost:<port>/jwks, code nothing, error localhost resolves to 127.0.0.1
  wanted   a public address, or allowPrivateJwksUri
  why      jwks_uri is not https, or leads to a private address.
  fix      Register jwks, or set allowPrivateJwksUri: true.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#jwks_blocked
`,
  ],
  [
    'jwks_uri with an expired certificate',
    () => client({ jwks: undefined, jwks_uri: urlOf(expired), allowPrivateJwksUri: true }),
    `
token request failed: jwks_unavailable (503 temporarily_unavailable)
  step     authenticateClient
  client   jwt-client (claimed)
  kid      client-key (claimed)
  seen     jwks_uri https://localhost:<port>/jwks, code CERT_HAS_EXPIRED, error certificate has expired
  wanted   status 200
  why      jwks_uri does not answer within 3 seconds, answers 5xx or 429, or has a certificate that is not valid.
  fix      Make it reachable from this server: check DNS and firewall. If its certificate has expired, renew it. Send the whole chain.
  help     https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#jwks_unavailable
`,
  ],
])('%s', async (_, mistake, log) => {
  const text = await logOf(typeof mistake === 'function' ? mistake() : mistake)
  expect(`\n${text}`).toBe(log)
})

it.each<[option: object, message: string]>([
  [{ clientAssertion: { requireJti: true } }, 'tokenEndpoint: option clientAssertion does not exist: did you mean clientAssertions?'],
  [{ replaystore: {} }, 'tokenEndpoint: option replaystore does not exist: did you mean replayStore?'],
  [{ grantType: [CLIENT_CREDENTIALS] }, 'tokenEndpoint: option grantType does not exist: did you mean grantTypes?'],
])('a typo in an option is found when the endpoint is made: %j', (over, message) => {
  const { calls: _, ...plain } = hooks()
  expect(() => tokenEndpoint({ issuer, hooks: plain, ...over })).toThrow(message)
})

it('the block in the documentation is what the log says', async () => {
  const page = readFileSync(new URL('../../../docs/reference/errors.md', import.meta.url), 'utf8')
  expect(page.replace(/^ {2}request .*\n/m, '')).toContain(`\n${await logOf(assertion({ aud: 'https://as.example.com/' }))}`)
})

it('no block contains a JWT, a secret or a signature', async () => {
  const jwts = [clientAssertion({ exp: 1 }), grant({ exp: 1 })] as const
  const texts = await Promise.all([
    logOf({ form: () => clientCredentials(byJwt(jwts[0])) }),
    logOf({ form: () => grantRequest(jwts[1]) }),
    logOf({ form: () => clientCredentials({ client_id: 'post-client', client_secret: 'hunter2-is-wrong' }) }),
    logOf({ form: () => clientCredentials({ authorization: basic('basic-client', 'hunter2-is-wrong') }) }),
  ])
  expect(texts.map((text) => /^token request refused: (\w+)/.exec(text)?.[1])).toEqual([
    'expired',
    'expired',
    'client_secret_mismatch',
    'client_auth_missing',
  ])
  for (const text of texts) {
    expect(text).not.toContain('hunter2')
    for (const part of jwts.flatMap((jwt) => jwt.split('.'))) expect(text).not.toContain(part)
  }
})
