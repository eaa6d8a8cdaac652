import { describe, expect, it, jest } from '@jest/globals'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { JWT_BEARER_GRANT } from '../../lib/index.js'
import { type JwtOverrides, type TestIssuer, testClient, testIssuer, tokenRequest } from '../../lib/testing/index.js'
import { testEndpoint } from '../support/test-endpoint.js'

const algorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519'] as const

/** The answer to a grant of an issuer, and the reason. */
async function send(issuer: TestIssuer, overrides?: JwtOverrides) {
  const { app, client, onEvent } = testEndpoint({ issuer, client: testClient({ audience: issuer.audience }), options: { algorithms } })
  const form = { grant_type: JWT_BEARER_GRANT, assertion: issuer.signGrant(overrides), ...client.clientAuthentication() }
  const { status, body } = await tokenRequest(app, form)
  return { status, token: body.access_token, reason: onEvent.last?.reason }
}
const accepted = { status: 200, token: 'token-of-local-alice', reason: undefined }

describe('testIssuer', () => {
  it.each(algorithms)('signs grants with %s that an endpoint accepts', async (alg) => {
    const issuer = testIssuer({ alg })
    expect(decodeProtectedHeader(issuer.signGrant())).toEqual({ alg, kid: issuer.kid })
    expect(issuer.jwks.keys).toMatchObject([{ alg, kid: issuer.kid }])
    expect(await send(issuer)).toEqual(accepted)
  })

  it('has a key of its own, which is not published in part or in full', () => {
    const [one, other] = [testIssuer(), testIssuer()]
    expect(one.jwks).not.toEqual(other.jwks)
    expect(one.jwks.keys.map((jwk) => Object.keys(jwk).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'x', 'y']])
    expect(one.registration).toEqual({ issuer: one.issuer, jwks: one.jwks, algorithms: ['ES256'], clients: 'any' })
  })

  it('has the issuer, the audience, the claims and the registration that it was given', async () => {
    const issuer = testIssuer({
      issuer: 'https://hr.example.org',
      audience: 'https://login.example.com',
      claims: { sub: 'ada', scope: 'read' },
      registration: { clients: ['another'] },
    })
    expect(decodeJwt(issuer.signGrant())).toMatchObject({
      iss: 'https://hr.example.org',
      aud: 'https://login.example.com',
      sub: 'ada',
      scope: 'read',
    })
    expect(issuer.registration).toMatchObject({ issuer: 'https://hr.example.org', clients: ['another'] })
    expect(await send(issuer)).toMatchObject({ status: 400, reason: 'client_binding_mismatch' })
  })

  it('changes, adds and leaves out claims and header parameters', () => {
    const issuer = testIssuer({ claims: { scope: 'read' } })
    const jwt = issuer.signGrant({
      claims: { sub: 'ada', jti: undefined, scope: undefined, more: [1] },
      header: { typ: 'JWT', kid: undefined },
    })
    expect(decodeJwt(jwt)).toEqual({
      iss: issuer.issuer,
      aud: issuer.audience,
      sub: 'ada',
      more: [1],
      iat: expect.any(Number),
      exp: expect.any(Number),
    })
    expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'ES256', typ: 'JWT' })
  })

  it('signs a new JWT each time, for a minute from Date.now()', () => {
    const issuer = testIssuer()
    const clock = jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_999)
    const [one, other] = [decodeJwt(issuer.signGrant()), decodeJwt(issuer.signGrant())]
    clock.mockRestore()
    expect(one).toMatchObject({ iat: 1_700_000_000, exp: 1_700_000_060 })
    expect(one.jti).not.toBe(other.jti)
  })

  it('signs as a stranger, whose key stays the same and is registered nowhere', async () => {
    const issuer = testIssuer()
    const asStranger = { ...issuer, registration: { ...issuer.registration, jwks: { keys: [issuer.strangerJwk] } } }
    expect(await send(issuer, { signedBy: 'stranger' })).toMatchObject({ status: 400, reason: 'signature_invalid' })
    expect(await send(asStranger, { signedBy: 'stranger' })).toEqual(accepted)
  })

  it('serves its keys on loopback, until it is closed', async () => {
    const issuer = testIssuer()
    const { jwks_uri, registration, close } = await issuer.serve()
    expect(jwks_uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//)
    const answer = await fetch(jwks_uri)
    expect([answer.headers.get('content-type'), await answer.json()]).toEqual(['application/jwk-set+json', issuer.jwks])
    expect(registration).toEqual({ issuer: issuer.issuer, jwks_uri, allowPrivateJwksUri: true, algorithms: ['ES256'], clients: 'any' })
    expect(await send({ ...issuer, registration })).toEqual(accepted)
    await close()
    await expect(fetch(jwks_uri)).rejects.toThrow('fetch failed')
  })

  it('refuses an algorithm that no key pair has', () => {
    for (const alg of ['HS256', 'none', 'toString'])
      expect(() => testIssuer({ alg: alg as 'ES256' })).toThrow(
        `alg must be ES256, ES384, ES512, RS256, PS256, EdDSA or the like, not "${alg}".`,
      )
  })
})
