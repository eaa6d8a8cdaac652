import { randomBytes } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { CLIENT_CREDENTIALS, type Client, ConfigurationError, JWT_BEARER_GRANT, type TrustedIssuer } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { forge, freshJti, now } from '../support/jwt.js'
import { ec, rsa } from '../support/keys.js'
import { byJwt, clientCredentials, grantRequest, issuer, startWorld, type WorldOptions } from '../support/world.js'

const generic = { error: 'invalid_client', error_description: 'Client authentication failed.' }
const secret = randomBytes(48).toString('base64url') // 64 characters
const client_id = 'hmac-client'
const key = ec('hmac-client-key')
const rsaKey = rsa('hmac-client-rsa-key')

type Claims = Record<string, unknown>

/** A good client assertion, signed with `by`, but for what `claims` changes; its header may name another algorithm. */
const assertion = (claims: Claims = {}, by: Parameters<typeof forge>[2] = secret, alg = 'HS256', named = alg) =>
  forge({ alg: named }, { iss: client_id, sub: client_id, aud: issuer, exp: now() + 60, iat: now(), jti: freshJti(), ...claims }, by, alg)

const registered: Client = {
  client_id,
  token_endpoint_auth_method: 'client_secret_jwt',
  client_secret: secret,
  grant_types: [CLIENT_CREDENTIALS, JWT_BEARER_GRANT],
  scope: 'read',
}
const host = (over: Partial<Client> = {}, options: WorldOptions['options'] = {}): WorldOptions => ({
  options,
  hooks: { findClient: (id) => (id === client_id ? { ...registered, ...over } : undefined) },
})

/** What an attacker who knows a public key may take for an HMAC secret (RFC 8725 §2.1). */
const publicTexts = {
  'SPKI PEM': rsaKey.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  'SPKI PEM without its last line break': rsaKey.publicKey.export({ type: 'spki', format: 'pem' }).toString().trim(),
  'PKCS#1 PEM': rsaKey.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  'SPKI DER in base64': rsaKey.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  JWK: JSON.stringify(rsaKey.jwk),
  'the modulus': rsaKey.jwk.n as string,
}

describe.each(anyExpress)('client_secret_jwt on %s', (_, express) => {
  describe('OC-04 the secret, as UTF-8, is the key', () => {
    it.each<[alg: string, name: string, client_secret: string]>([
      ['HS256', 'of 64 bytes', secret],
      ['HS384', 'of 64 bytes', secret],
      ['HS512', 'of 64 bytes', secret],
      ['HS256', 'of just 32 bytes', secret.slice(0, 32)],
      ['HS384', 'of just 48 bytes', secret.slice(0, 48)],
      ['HS256', 'of 16 characters in 32 bytes', 'é'.repeat(16)],
      ['HS256', 'with spaces around it', ` ${secret} `],
    ])('%s with a secret %s', async (alg, _name, client_secret) => {
      const world = startWorld(express, host({ client_secret }))
      expect(await world.post(clientCredentials(byJwt(assertion({}, client_secret, alg))))).toMatchObject({ status: 200 })
      expect(world.last()).toMatchObject({ outcome: 'issued', client_id, client_auth_method: 'client_secret_jwt' })
      expect(world.last().timings.signature).toEqual(expect.any(Number))
    })

    it('for a JWT grant too', async () => {
      const world = startWorld(express, host())
      expect(await world.post(grantRequest(undefined, byJwt(assertion())))).toMatchObject({ status: 200 })
    })
  })

  describe('refuses, with one text', () => {
    it.each<[name: string, client: Partial<Client>, token: () => string, reason: string]>([
      [
        'JW-09 a secret of 31 bytes for HS256',
        { client_secret: 'x'.repeat(31) },
        () => assertion({}, 'x'.repeat(31)),
        'client_secret_too_short',
      ],
      [
        'JW-09 a secret of 47 bytes for HS384',
        { client_secret: 'x'.repeat(47) },
        () => assertion({}, 'x'.repeat(47), 'HS384'),
        'client_secret_too_short',
      ],
      [
        'JW-09 a secret of 63 bytes for HS512',
        { client_secret: 'x'.repeat(63) },
        () => assertion({}, 'x'.repeat(63), 'HS512'),
        'client_secret_too_short',
      ],
      ['JW-09 an empty secret', { client_secret: '' }, () => assertion({}, ''), 'client_secret_too_short'],
      ['JW-09 no secret, as where it is stored hashed', { client_secret: undefined }, () => assertion({}, ''), 'client_secret_too_short'],
      ['JW-09 a secret that is no string', { client_secret: 12345 as never }, () => assertion({}, '12345'), 'client_secret_too_short'],
      ['OC-04 another secret', {}, () => assertion({}, `${secret}x`), 'signature_invalid'],
      ['OC-04 the secret with a line break', {}, () => assertion({}, `${secret}\n`), 'signature_invalid'],
      ['OC-04 another hash than the header says', {}, () => assertion({}, secret, 'HS512', 'HS256'), 'signature_invalid'],
      ['T-40 an expired secret', { client_secret_expires_at: now() - 1 }, () => assertion(), 'client_secret_expired'],
      ['T-67 a disabled client', { enabled: false }, () => assertion(), 'client_disabled'],
      ['an unknown client', {}, () => assertion({ iss: 'nobody', sub: 'nobody' }), 'client_unknown'],
      ['JW-05 not the registered algorithm', { token_endpoint_auth_signing_alg: 'HS512' }, () => assertion(), 'alg_not_registered'],
      ['OC-01 no jti, where it is required', { requireJti: true }, () => assertion({ jti: undefined }), 'jti_missing'],
      [
        'OC-04 HS256 for a private_key_jwt client',
        { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.jwk] } },
        () => assertion(),
        'auth_method_not_registered',
      ],
      [
        'OC-04 a private key of a client_secret_jwt client',
        { jwks: { keys: [key.jwk] } },
        () => assertion({}, key.privateKey, 'ES256'),
        'auth_method_not_registered',
      ],
      ['CA-08 a client of client_secret_basic', { token_endpoint_auth_method: undefined }, () => assertion(), 'auth_method_not_registered'],
      ['CA-04 a public client', { token_endpoint_auth_method: 'none' }, () => assertion(), 'auth_method_not_registered'],
    ])('%s', async (_name, client, token, reason) => {
      const world = startWorld(express, host(client))
      expect(await world.post(clientCredentials(byJwt(token())))).toMatchObject({ status: 401, body: generic })
      expect(world.last()).toMatchObject({ outcome: 'refused', reason })
      expect(world.calls.mintToken).toBe(0)
    })
  })

  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)('JW-09 shows how long a secret must be for %s: %i bytes', async (alg, at_least) => {
    const short = 'x'.repeat(at_least - 1)
    const world = startWorld(express, host({ client_secret: short }))
    await world.post(clientCredentials(byJwt(assertion({}, short, alg))))
    expect(world.last().detail).toEqual({ seen: { bytes: at_least - 1 }, wanted: { at_least } })
  })

  it('X-07 takes an assertion again if the client registered it as reusable', async () => {
    const world = startWorld(express, host({ replay: 'reusable' }))
    const token = byJwt(assertion())
    for (let i = 0; i < 2; i++) expect((await world.post(clientCredentials(token))).status).toBe(200)
    expect(world.last().notices).toEqual(['client_assertion_reusable'])
  })

  describe.each(Object.entries(publicTexts))('JW-05 a public key as secret: %s', (_name, text) => {
    const jwks = { keys: [rsaKey.jwk] }
    it.each<[name: string, client: Partial<Client>, reason: string]>([
      [
        'of a private_key_jwt client',
        { token_endpoint_auth_method: 'private_key_jwt', client_secret: undefined, jwks },
        'auth_method_not_registered',
      ],
      [
        'of one that used to sign with a secret',
        { token_endpoint_auth_method: 'private_key_jwt', previous_auth_method: 'client_secret_jwt', client_secret: undefined, jwks },
        'client_secret_too_short',
      ],
      ['of a client_secret_jwt client that has keys too', { jwks }, 'signature_invalid'],
    ])('%s', async (_case, client, reason) => {
      const world = startWorld(express, host(client))
      expect(await world.post(clientCredentials(byJwt(assertion({}, text))))).toMatchObject({ status: 401, body: generic })
      expect(world.last().reason).toBe(reason)
    })
  })

  describe('RFC 8725 §2.1 is never for grants', () => {
    const oct = { kty: 'oct', kid: 'oct', alg: 'HS256', k: Buffer.from(secret).toString('base64url') }
    it.each<[name: string, over: Partial<TrustedIssuer>]>([
      ['signed with the secret of the client', { jwks: { keys: [key.jwk] } }],
      ['even where the issuer registered HS256', { jwks: { keys: [key.jwk] }, algorithms: ['HS256'] }],
      ['even where it registered a symmetric key', { jwks: { keys: [oct] }, algorithms: ['HS256'] }],
    ])('%s', async (_name, over) => {
      const world = startWorld(express, {
        ...host(),
        hooks: {
          ...host().hooks,
          findIssuer: (iss) => ({ issuer: iss, client_id: iss, clients: 'any', client_authentication: 'none', ...over }),
        },
      })
      const grant = assertion({ sub: 'alice' })
      for (const more of [{}, { client_id }, byJwt(assertion())] as Record<string, string>[]) {
        expect(await world.post(grantRequest(grant, more))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
        expect(world.last().reason).toBe('alg_not_allowed')
      }
      expect(world.calls.mintToken).toBe(0)
    })

    it('and is no option of algorithms', () => {
      for (const alg of ['HS256', 'HS384', 'HS512', 'none'])
        expect(() => startWorld(express, host({}, { algorithms: ['ES256', alg] }))).toThrow(ConfigurationError)
    })
  })

  it('CA-08 is off where the host does not enable it', async () => {
    const world = startWorld(express, host({}, { clientAuthMethods: ['private_key_jwt', 'client_secret_basic'] }))
    expect(await world.post(clientCredentials(byJwt(assertion())))).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(world.last().reason).toBe('alg_not_allowed')
    expect(world.calls.findClient).toBe(0)
  })

  it('OC-03 works once with a jti', async () => {
    const world = startWorld(express, host())
    const token = byJwt(assertion())
    expect(await world.post(clientCredentials(token))).toMatchObject({ status: 200 })
    expect(await world.post(clientCredentials(token))).toMatchObject({ status: 401, body: generic })
    expect(world.last().reason).toBe('jti_replayed')
  })

  it('T-42 serves a client that moves to a key, for as long as its registration says', async () => {
    for (const [previous_auth_method_expires_at, status, notices] of [
      [undefined, 200, ['previous_auth_method']],
      [now() + 60, 200, ['previous_auth_method']],
      [now() - 1, 401, []],
    ] as const) {
      const moving = { jwks: { keys: [key.jwk] }, token_endpoint_auth_method: 'private_key_jwt', previous_auth_method: 'client_secret_jwt' }
      const world = startWorld(express, host({ ...moving, previous_auth_method_expires_at }))
      expect(await world.post(clientCredentials(byJwt(assertion())))).toMatchObject({ status })
      expect(world.last().notices).toEqual(notices)
      expect(await world.post(clientCredentials(byJwt(assertion({}, key.privateKey, 'ES256'))))).toMatchObject({ status: 200 })
      expect(world.last()).toMatchObject({ client_auth_method: 'private_key_jwt', notices: [] })
    }
  })
})
