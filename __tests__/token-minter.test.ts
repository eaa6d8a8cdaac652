import { webcrypto } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { ConfigurationError, type Granted, type JWK, OAuthError, tokenMinter } from '../lib/index.js'
import { ec, ed, rsa } from './support/keys.js'
import { clients } from './support/world.js'

const issuer = 'https://as.example.com'
const audience = 'https://api.example.com'
const key = ec('k1')
const granted = (over: Partial<Granted> = {}): Granted => ({
  grant_type: 'client_credentials',
  client: { level: 'authenticated', method: 'private_key_jwt', client_id: 'jwt-client', client: clients['jwt-client'] },
  subject: 'jwt-client',
  subject_type: 'client',
  scope: 'read',
  resource: [],
  maxLifetime: undefined,
  allowRefreshToken: false,
  ...over,
})

describe('tokenMinter', () => {
  it('AT-01 mints RFC 9068 access tokens', async () => {
    const before = Math.floor(Date.now() / 1000)
    const { access_token, ...rest } = await tokenMinter({ issuer, audience, key: key.privateKey, kid: 'k1' })(granted())
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 300 })
    const { payload, protectedHeader } = await jwtVerify(access_token, key.publicKey, { issuer, audience, typ: 'at+jwt' })
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
    expect(payload).toEqual({
      iss: issuer,
      sub: 'jwt-client',
      aud: audience,
      client_id: 'jwt-client',
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 300,
      jti: expect.any(String),
      scope: 'read',
    })
    expect(payload.iat).toBeGreaterThanOrEqual(before)
    expect(payload.jti).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) // CA-14: 122 random bits
  })

  it.each([
    ['EC P-256', ec('a'), 'ES256'],
    ['EC P-384', ec('a', 'P-384', 'ES384'), 'ES384'],
    ['RSA', rsa('a'), 'RS256'],
    ['Ed25519', ed('a'), 'EdDSA'],
  ])('signs with %s, as KeyObject, JWK and CryptoKey', async (_name, pair, alg) => {
    const jwk = { ...(pair.privateKey.export({ format: 'jwk' }) as JWK), kid: 'from-jwk' }
    for (const [given, kid] of [
      [pair.privateKey, undefined],
      [jwk, 'from-jwk'],
    ] as const) {
      const { access_token } = await tokenMinter({ issuer, audience, key: given })(granted())
      await jwtVerify(access_token, pair.publicKey, { issuer, audience })
      expect(decodeProtectedHeader(access_token)).toMatchObject({ alg, ...(kid && { kid }) })
    }
  })

  it('signs with a CryptoKey', async () => {
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
    const { access_token } = await tokenMinter({ issuer, audience, key: pair.privateKey })(granted())
    await jwtVerify(access_token, pair.publicKey, { issuer })
  })

  it('keeps within the lifetime that the policy allows', async () => {
    expect(await tokenMinter({ issuer, audience, key: key.privateKey, lifetime: 3600 })(granted({ maxLifetime: 60 }))).toMatchObject({
      expires_in: 60,
    })
  })

  it.each<[name: string, resource: string[], aud: unknown]>([
    ['the first by default', [], audience],
    ['RI-03 the one that was asked for', ['https://b.example'], 'https://b.example'],
    ['RI-03 the ones that were asked for', [audience, 'https://b.example'], [audience, 'https://b.example']],
  ])('addresses the token to %s', async (_name, resource, aud) => {
    const { access_token } = await tokenMinter({ issuer, audience: [audience, 'https://b.example'], key: key.privateKey })(
      granted({ resource }),
    )
    expect((await jwtVerify(access_token, key.publicKey)).payload.aud).toEqual(aud)
  })

  it('RI-02 refuses a resource that it does not know', async () => {
    const mintToken = tokenMinter({ issuer, audience, key: key.privateKey })
    expect(() => mintToken(granted({ resource: ['https://evil.example'] }))).toThrow(OAuthError)
  })

  it.each<[name: string, options: object]>([
    ['no audience', { audience: undefined }],
    ['an empty list of audiences', { audience: [] }],
    ['no issuer', { issuer: undefined }],
    ['a public key', { key: key.publicKey }],
    ['a public JWK', { key: key.jwk }],
    ['no key', { key: undefined }],
    ['a lifetime of none', { lifetime: 0 }],
    ['a misspelt option', { lifeTime: 60 }],
    ['an algorithm that is not for its key', { algorithm: 'RS256' }],
    ['an algorithm without a signature', { algorithm: 'none' }],
    ['an algorithm for secrets', { algorithm: 'HS256' }],
  ])('refuses %s at start', (_name, over) => {
    expect(() => tokenMinter({ issuer, audience, key: key.privateKey, ...over } as never)).toThrow(ConfigurationError)
  })
})
