/** Published client libraries against the endpoint: what a user of openid-client 6 or oauth4webapi 3 gets to see. */
import { type KeyObject, webcrypto } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { CLIENT_CREDENTIALS, type Client, JWT_BEARER_GRANT } from '../lib/index.js'
import { anyExpress } from './support/express.js'
import { ec, ed, type Pair, rsa } from './support/keys.js'
import { grant, idp, issuer, issuers, openIdp, startWorld, type World } from './support/world.js'

const awkwardSecret = 'p+ss é%:'
const bothGrants = [JWT_BEARER_GRANT, CLIENT_CREDENTIALS]

const pairs = {
  ES256: ec('es'),
  ES384: ec('es384', 'P-384', 'ES384'),
  RS256: rsa('rs'),
  PS256: rsa('ps', 2048, 'PS256'),
  EdDSA: ed('ed'),
}
const algorithms: Record<keyof typeof pairs, webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams | webcrypto.Algorithm> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
}
const algs = Object.keys(pairs) as (keyof typeof pairs)[]
const cryptoKey = (key: KeyObject, alg: keyof typeof pairs) =>
  webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithms[alg], false, ['sign'])
const keyOf = async (alg: keyof typeof pairs) => ({ key: await cryptoKey(pairs[alg].privateKey, alg), kid: pairs[alg].kid })

const jwtClient = (client_id: string, { jwk }: Pair, more: Partial<Client> = {}): Client => ({
  client_id,
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [jwk] },
  grant_types: bothGrants,
  scope: 'read write',
  ...more,
})
const secretClient = (client_id: string, method: string): Client => ({
  client_id,
  token_endpoint_auth_method: method,
  client_secret: awkwardSecret,
  grant_types: bothGrants,
  scope: 'read write',
})

const registered: readonly Client[] = [
  ...algs.map((alg) => jwtClient(alg, pairs[alg])),
  secretClient('basic:client/1', 'client_secret_basic'),
  secretClient('post-client', 'client_secret_post'),
  { client_id: 'public-client', token_endpoint_auth_method: 'none', grant_types: [JWT_BEARER_GRANT] },
]

const parametersOf = (grantType: string): Record<string, string> => (grantType === JWT_BEARER_GRANT ? { assertion: grant() } : {})

/** What the caller of a library gets to see, whichever library it is: a token, or the error in the challenge or in the body of the answer. */
type Seen = { scope?: string } | { status: number; error: string; in: 'challenge' | 'body' }

interface Library {
  secretBasic(secret: string): oauth.ClientAuth
  secretPost(secret: string): oauth.ClientAuth
  none(): oauth.ClientAuth
  privateKeyJwt(key: oauth.PrivateKey, modify?: (claims: Record<string, unknown>) => void): oauth.ClientAuth
  send(url: string, client_id: string, auth: oauth.ClientAuth, grantType: string, parameters?: Record<string, string>): Promise<Seen>
}

/** The error that both libraries throw for an answer of RFC 6749 §5.2; what else they throw fails the test. */
async function seen(tokens: Promise<{ scope?: string | undefined }>): Promise<Seen> {
  try {
    const { scope } = await tokens
    return { scope: scope as string }
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return { status: error.status, error: error.error, in: 'body' }
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error
    const { status, cause, response } = error
    expect(cause.map(({ scheme }) => scheme)).toEqual(['basic'])
    const { realm, charset, ...said } = (cause[0] as oauth.WWWAuthenticateChallenge).parameters
    expect({ realm, charset }).toEqual({ realm: 'token endpoint', charset: 'UTF-8' })
    expect(await response.json()).toEqual(said)
    return { status, error: said.error as string, in: 'challenge' }
  }
}

const openidClient: Library = {
  secretBasic: openid.ClientSecretBasic,
  secretPost: openid.ClientSecretPost,
  none: openid.None,
  privateKeyJwt: (key, modify = () => {}) =>
    openid.PrivateKeyJwt(key, { [openid.modifyAssertion]: (_header: unknown, claims: Record<string, unknown>) => modify(claims) }),
  send(url, client_id, auth, grantType, parameters = {}) {
    const config = new openid.Configuration({ issuer, token_endpoint: url }, client_id, undefined, auth)
    openid.allowInsecureRequests(config)
    return seen(
      grantType === CLIENT_CREDENTIALS
        ? openid.clientCredentialsGrant(config, parameters)
        : openid.genericGrantRequest(config, grantType, parameters),
    )
  },
}

const oauth4webapi: Library = {
  secretBasic: oauth.ClientSecretBasic,
  secretPost: oauth.ClientSecretPost,
  none: oauth.None,
  privateKeyJwt: (key, modify = () => {}) => oauth.PrivateKeyJwt(key, { [oauth.modifyAssertion]: (_header, claims) => modify(claims) }),
  send(url, client_id, auth, grantType, parameters = {}) {
    const as = { issuer, token_endpoint: url }
    const options = { [oauth.allowInsecureRequests]: true }
    return seen(
      grantType === CLIENT_CREDENTIALS
        ? oauth
            .clientCredentialsGrantRequest(as, { client_id }, auth, parameters, options)
            .then((response) => oauth.processClientCredentialsResponse(as, { client_id }, response))
        : oauth
            .genericTokenEndpointRequest(as, { client_id }, auth, grantType, parameters, options)
            .then((response) => oauth.processGenericTokenEndpointResponse(as, { client_id }, response)),
    )
  },
}

const libraries: [name: string, library: Library][] = [
  ['openid-client 6', openidClient],
  ['oauth4webapi 3', oauth4webapi],
]
const cases = anyExpress.flatMap(([on, express]) => libraries.map(([name, library]) => ({ on, name, express, library })))

describe.each(cases)('$name on $on', ({ express, library }) => {
  const identified = { ...issuers[idp], client_authentication: 'identified' as const }
  const world: World = startWorld(express, {
    hooks: {
      findClient: (id) => registered.find(({ client_id }) => client_id === id),
      findIssuer: (iss) => ({ [idp]: identified, [openIdp]: issuers[openIdp] })[iss],
    },
  })
  const send = (client_id: string, auth: oauth.ClientAuth, grantType: string, parameters?: Record<string, string>) =>
    library.send(world.url, client_id, auth, grantType, parameters)
  const byKey = async (alg: keyof typeof pairs, modify?: (claims: Record<string, unknown>) => void) =>
    library.privateKeyJwt(await keyOf(alg), modify)

  it.each(algs)('client_credentials with private_key_jwt: %s', async (alg) => {
    expect(await send(alg, await byKey(alg), CLIENT_CREDENTIALS, { scope: 'read' })).toEqual({ scope: 'read' })
    expect(world.last()).toMatchObject({ outcome: 'issued', client_id: alg, client_auth_method: 'private_key_jwt', notices: [] })
  })

  it.each(algs)('JWT grant and private_key_jwt in one request: %s', async (alg) => {
    expect(await send(alg, await byKey(alg), JWT_BEARER_GRANT, { assertion: grant() })).toEqual({ scope: 'read write' })
    expect(world.last()).toMatchObject({ outcome: 'issued', client_id: alg, issuer: idp })
  })

  it.each([CLIENT_CREDENTIALS, JWT_BEARER_GRANT])('client_secret_basic with awkward characters: %s', async (grantType) => {
    expect(await send('basic:client/1', library.secretBasic(awkwardSecret), grantType, parametersOf(grantType))).toEqual({
      scope: 'read write',
    })
    expect(world.last()).toMatchObject({ client_id: 'basic:client/1', client_auth_method: 'client_secret_basic' })
  })

  it.each([CLIENT_CREDENTIALS, JWT_BEARER_GRANT])('client_secret_post with awkward characters: %s', async (grantType) => {
    expect(await send('post-client', library.secretPost(awkwardSecret), grantType, parametersOf(grantType))).toEqual({
      scope: 'read write',
    })
    expect(world.last()).toMatchObject({ client_id: 'post-client', client_auth_method: 'client_secret_post' })
  })

  it('JWT grant by a public client, with lesser scope', async () => {
    expect(await send('public-client', library.none(), JWT_BEARER_GRANT, { assertion: grant() })).toEqual({ scope: 'read' })
    expect(world.last()).toMatchObject({ client_level: 'identified' })
  })

  it('JWT grant without a client, where the issuer allows it', async () => {
    const assertion = grant({ iss: openIdp })
    expect(await send('not-sent', () => {}, JWT_BEARER_GRANT, { assertion })).toEqual({ scope: 'read' })
    expect(world.last()).toMatchObject({ client_level: 'anonymous' })
  })

  it('an answer has what the libraries read: token_type, expires_in', async () => {
    const as = { issuer, token_endpoint: world.url }
    const client = { client_id: 'ES256' }
    const options = { [oauth.allowInsecureRequests]: true }
    const response = await oauth.clientCredentialsGrantRequest(as, client, await byKey('ES256'), {}, options)
    expect(await oauth.processClientCredentialsResponse(as, client, response)).toEqual({
      access_token: 'token-of-ES256',
      token_type: 'bearer',
      expires_in: 300,
      scope: 'read write',
    })
  })

  describe('the error code reaches the caller', () => {
    const otherKey = ec('es') // not registered, though its kid is

    it.each<[what: string, expected: Seen, attempt: () => Promise<Seen>]>([
      [
        'client assertion with a wrong key',
        { status: 401, error: 'invalid_client', in: 'challenge' },
        async () =>
          send('ES256', library.privateKeyJwt({ key: await cryptoKey(otherKey.privateKey, 'ES256'), kid: 'es' }), CLIENT_CREDENTIALS),
      ],
      [
        'client assertion for another audience',
        { status: 401, error: 'invalid_client', in: 'challenge' },
        async () =>
          send(
            'ES256',
            await byKey('ES256', (claims) => {
              claims.aud = 'https://other.example.com'
            }),
            CLIENT_CREDENTIALS,
          ),
      ],
      [
        'unknown client',
        { status: 401, error: 'invalid_client', in: 'challenge' },
        async () => send('nobody', await byKey('ES256'), JWT_BEARER_GRANT, { assertion: grant() }),
      ],
      [
        'wrong client_secret_post',
        { status: 401, error: 'invalid_client', in: 'challenge' },
        () => send('post-client', library.secretPost('wrong'), CLIENT_CREDENTIALS),
      ],
      [
        'expired grant',
        { status: 400, error: 'invalid_grant', in: 'body' },
        async () => send('ES256', await byKey('ES256'), JWT_BEARER_GRANT, { assertion: grant({ iat: 1, exp: 60 }) }),
      ],
      [
        'grant for another audience',
        { status: 400, error: 'invalid_grant', in: 'body' },
        async () => send('ES256', await byKey('ES256'), JWT_BEARER_GRANT, { assertion: grant({ aud: 'https://other.example.com' }) }),
      ],
      [
        'scope beyond the registration',
        { status: 400, error: 'invalid_scope', in: 'body' },
        async () => send('ES256', await byKey('ES256'), CLIENT_CREDENTIALS, { scope: 'admin' }),
      ],
      [
        'public client asking for itself',
        { status: 400, error: 'unauthorized_client', in: 'body' },
        () => send('public-client', library.none(), CLIENT_CREDENTIALS),
      ],
      [
        'grant type of nobody',
        { status: 400, error: 'unsupported_grant_type', in: 'body' },
        async () => send('ES256', await byKey('ES256'), 'urn:example:none'),
      ],
    ])('%s', async (_, expected, attempt) => {
      expect(await attempt()).toEqual(expected)
    })

    it('replayed grant', async () => {
      const assertion = grant()
      expect(await send('ES256', await byKey('ES256'), JWT_BEARER_GRANT, { assertion })).toEqual({ scope: 'read write' })
      expect(await send('ES256', await byKey('ES256'), JWT_BEARER_GRANT, { assertion })).toEqual({
        status: 400,
        error: 'invalid_grant',
        in: 'body',
      })
    })

    it('wrong client_secret_basic (RFC 6749 §5.2)', async () => {
      expect(await send('basic:client/1', library.secretBasic('wrong'), CLIENT_CREDENTIALS)).toEqual({
        status: 401,
        error: 'invalid_client',
        in: 'challenge',
      })
    })
  })

  it('RS-08 invalidClientStatus 400: without an Authorization header, the error is in the body alone', async () => {
    const { url } = startWorld(express, {
      hooks: { findClient: (id) => registered.find(({ client_id }) => client_id === id) },
      options: { invalidClientStatus: 400 },
    })
    const inBody: Seen = { status: 400, error: 'invalid_client', in: 'body' }
    expect(await library.send(url, 'post-client', library.secretPost('wrong'), CLIENT_CREDENTIALS)).toEqual(inBody)
    expect(await library.send(url, 'ES256', await byKey('ES384'), CLIENT_CREDENTIALS)).toEqual(inBody)
    expect(await library.send(url, 'basic:client/1', library.secretBasic('wrong'), CLIENT_CREDENTIALS)).toEqual({
      status: 401,
      error: 'invalid_client',
      in: 'challenge',
    })
  })
})

describe.each(libraries)('%s signs with the name Ed25519 (RFC 9864)', (_, library) => {
  it.each(['Ed25519', 'EdDSA'])('the key of the client is registered as %s', async (alg) => {
    const [, express] = anyExpress.at(-1) as (typeof anyExpress)[number]
    const client = jwtClient('ed-client', pairs.EdDSA, { jwks: { keys: [{ ...pairs.EdDSA.jwk, alg }] } })
    const world = startWorld(express, { hooks: { findClient: () => client } })
    const auth = library.privateKeyJwt(await keyOf('EdDSA'))
    expect(await library.send(world.url, 'ed-client', auth, CLIENT_CREDENTIALS)).toEqual({ scope: 'read write' })
  })
})
