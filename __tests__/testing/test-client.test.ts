import { describe, expect, it } from '@jest/globals'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT } from '../../lib/index.js'
import { type JwtOverrides, type TestClient, testClient, tokenRequest } from '../../lib/testing/index.js'
import { testEndpoint } from '../support/test-endpoint.js'

/** The status of a request that a client makes for itself, how it was authenticated, and the reason. */
async function send(client: TestClient, overrides?: JwtOverrides) {
  const { app, onEvent } = testEndpoint({ client, options: { algorithms: ['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'] } })
  const { status } = await tokenRequest(app, { grant_type: CLIENT_CREDENTIALS, ...client.clientAuthentication(overrides) })
  return { status, method: onEvent.last?.client_auth_method, reason: onEvent.last?.reason }
}

describe('testClient', () => {
  it.each([
    ...(['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'EdDSA'] as const).map((alg) => ['private_key_jwt', alg] as const),
    ...(['HS256', 'HS384', 'HS512'] as const).map((alg) => ['client_secret_jwt', alg] as const),
  ])('authenticates by %s with %s', async (method, alg) => {
    const client = testClient({ method, alg })
    expect(client.registration).toMatchObject({ token_endpoint_auth_method: method, token_endpoint_auth_signing_alg: alg })
    expect(await send(client)).toEqual({ status: 200, method, reason: undefined })
  })

  it('has the default algorithm of its method, and of its kinds of key only one', () => {
    expect(testClient().registration).toEqual({
      client_id: 'test-client',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [expect.objectContaining({ kty: 'EC' })] },
      grant_types: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS],
    })
    expect(testClient({ method: 'client_secret_jwt' }).registration).toEqual({
      client_id: 'test-client',
      token_endpoint_auth_method: 'client_secret_jwt',
      token_endpoint_auth_signing_alg: 'HS256',
      client_secret: expect.stringMatching(/^[\w-]{86}$/),
      grant_types: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS],
    })
  })

  it('has the identifier, the audience, the claims, the secret and the registration that it was given', async () => {
    const client_secret = 'a secret of at least thirty-two bytes'
    const client = testClient({
      client_id: 'reports',
      audience: 'https://login.example.com',
      method: 'client_secret_jwt',
      claims: { more: 1 },
      registration: { client_secret, grant_types: ['client_credentials'] },
    })
    const { client_assertion_type, client_assertion } = client.clientAuthentication({ header: { typ: 'JWT' } })
    expect(client_assertion_type).toBe(JWT_BEARER_CLIENT_ASSERTION)
    expect(decodeJwt(client_assertion)).toMatchObject({ iss: 'reports', sub: 'reports', aud: 'https://login.example.com', more: 1 })
    expect(decodeProtectedHeader(client_assertion)).toEqual({ alg: 'HS256', kid: client.kid, typ: 'JWT' })
    expect(client.registration).toMatchObject({ client_id: 'reports', client_secret, grant_types: ['client_credentials'] })
    const { app } = testEndpoint({ client, options: { issuer: client.audience } })
    const form = { grant_type: CLIENT_CREDENTIALS, ...client.clientAuthentication() }
    expect(await tokenRequest(app, form)).toMatchObject({ status: 200 })
  })

  it.each(['private_key_jwt', 'client_secret_jwt'] as const)('with %s, a stranger does not become it', async (method) => {
    const client = testClient({ method })
    expect(await send(client, { signedBy: 'stranger' })).toMatchObject({ status: 401, reason: 'signature_invalid' })
    expect(client.strangerJwk).toEqual(client.strangerJwk)
  })

  it('refuses an algorithm that its method does not have, and a public key that it does not have', () => {
    expect(() => testClient({ alg: 'HS256' })).toThrow('testClient: alg must fit private_key_jwt, not "HS256".')
    expect(() => testClient({ method: 'client_secret_jwt', alg: 'ES256' })).toThrow('alg must fit client_secret_jwt')
    const client = testClient({ method: 'client_secret_jwt' })
    expect(() => client.signClientAssertion({ signedBy: 'public-key-as-secret' })).toThrow('needs a signer with a key pair')
  })
})
