import { createPublicKey, KeyObject, webcrypto } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it, jest } from '@jest/globals'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { ConfigurationError, type Granted, type JWK, tokenMinter } from '../../lib/index.js'
import { issueCertificate } from '../support/certificates.js'
import { ec, ed, type Pair, rsa } from '../support/keys.js'
import { clients, issuers, openIdp } from '../support/world.js'

const issuer = 'https://as.example.com'
const audience = 'https://api.example.com'
const key = ec('k1')
const { cert: certificate } = await issueCertificate()
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
  it('AT-01 CA-14 mints RFC 9068 access tokens', async () => {
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
    expect(payload.iat).toBeLessThan(before + 60)
    expect(payload.jti).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) // CA-14: 122 random bits
  })

  it.each<[lifetime: number | undefined, maxLifetime: number | undefined, expires_in: number]>([
    [undefined, undefined, 300],
    [3600, undefined, 3600],
    [3600, 60, 60],
    [60, 3600, 60],
    [1, 1, 1],
  ])('RS-03 says how long a token lives: lifetime %p, at most %p', async (lifetime, maxLifetime, expires_in) => {
    const mint = tokenMinter({ issuer, audience, key: key.privateKey, ...(lifetime && { lifetime }) })
    const minted = await mint(granted({ maxLifetime }))
    const { payload } = await jwtVerify(minted.access_token, key.publicKey, { clockTolerance: 60 }) // a second passes on a busy machine
    expect([minted.expires_in, (payload.exp ?? 0) - (payload.iat ?? 0)]).toEqual([expires_in, expires_in])
  })

  it.each([
    ['EC P-256', ec('a'), 'ES256'],
    ['EC P-384', ec('a', 'P-384', 'ES384'), 'ES384'],
    ['EC P-521', ec('a', 'P-521', 'ES512'), 'ES512'],
    ['RSA', rsa('a'), 'RS256'],
    ['Ed25519', ed('a'), 'EdDSA'],
  ])('signs with %s, as KeyObject and JWK', async (_name, pair, alg) => {
    const jwk = { ...(pair.privateKey.export({ format: 'jwk' }) as JWK), kid: 'from-jwk' }
    for (const [given, kid] of [
      [pair.privateKey, undefined],
      [jwk, 'from-jwk'],
    ] as const) {
      const { access_token } = await tokenMinter({ issuer, audience, key: given })(granted())
      await jwtVerify(access_token, pair.publicKey, { issuer, audience })
      expect(decodeProtectedHeader(access_token)).toEqual({ alg, typ: 'at+jwt', ...(kid && { kid }) })
    }
    const odd = { ...jwk, kid: 5 as never }
    const { access_token } = await tokenMinter({ issuer, audience, key: odd })(granted())
    expect(decodeProtectedHeader(access_token)).toEqual({ alg, typ: 'at+jwt' })
  })

  const pem = (type: 'pkcs8' | 'pkcs1' | 'sec1', { privateKey }: Pair, encrypted?: object) =>
    String(privateKey.export({ type: type as 'pkcs8', format: 'pem', ...encrypted }))
  const secret = { cipher: 'aes-256-cbc', passphrase: 'secret' }

  it.each([
    ['PKCS#8, EC', pem('pkcs8', key), key],
    ['PKCS#8, Ed25519', pem('pkcs8', ed('e')), undefined],
    ['SEC1', pem('sec1', key), key],
    ['PKCS#1', pem('pkcs1', rsa('r')), undefined],
    ['with line ends of Windows', pem('sec1', key).replaceAll('\n', '\r\n'), key],
    ['behind a text', `of the token endpoint:\n${pem('pkcs8', key)}`, key],
  ])('takes a PEM, as string and Buffer: %s', async (_what, text, pair) => {
    for (const given of [text, Buffer.from(text)]) {
      const { access_token } = await tokenMinter({ issuer, audience, key: given, kid: 'k' })(granted())
      const { protectedHeader } = await jwtVerify(access_token, pair?.publicKey ?? createPublicKey(text), { issuer, audience })
      expect(protectedHeader.kid).toBe('k')
    }
  })

  it.each<[what: string, given: string, problem: string]>([
    ['an encrypted PKCS#8 PEM', pem('pkcs8', key, secret), 'option key must not be encrypted'],
    ['an encrypted SEC1 PEM', pem('sec1', key, secret), 'option key must not be encrypted'],
    ['an encrypted PKCS#1 PEM', pem('pkcs1', rsa('r'), secret), 'option key must not be encrypted'],
    ['a certificate', certificate, 'option key must be a private key, not a certificate'],
    ['a public PEM', String(key.publicKey.export({ type: 'spki', format: 'pem' })), 'option key must be a private key, not a public key'],
    [
      'a PKCS#1 public PEM',
      String(rsa('r').publicKey.export({ type: 'pkcs1', format: 'pem' })),
      'option key must be a private key, not a public key',
    ],
    ['a PEM that is cut', pem('pkcs8', key).slice(0, 100), 'option key must be a PEM that can be read'],
    ['a PEM whose line ends are lost', pem('pkcs8', key).replaceAll('\n', '\\n'), 'option key must be a PEM that can be read'],
    ['the path of a PEM', '/etc/keys/2026-11.key.pem', 'option key must be a private key: a PEM'],
    ['an empty string', '', 'option key must be a private key: a PEM'],
  ])('refuses %s, as string and Buffer', (_what, text, problem) => {
    for (const given of [text, Buffer.from(text)]) {
      expect(() => tokenMinter({ issuer, audience, key: given })).toThrow(ConfigurationError)
      expect(() => tokenMinter({ issuer, audience, key: given })).toThrow(problem)
    }
  })

  it('refuses an RSA key of less than 2048 bits, however it is given', async () => {
    for (const bits of [1024, 2040]) {
      const pair = rsa('r', bits)
      const cryptoKey = await webcrypto.subtle.importKey(
        'pkcs8',
        pair.privateKey.export({ type: 'pkcs8', format: 'der' }),
        { name: 'RSA-PSS', hash: 'SHA-256' },
        false,
        ['sign'],
      )
      for (const given of [pair.privateKey, pair.privateKey.export({ format: 'jwk' }) as JWK, pem('pkcs1', pair), cryptoKey])
        expect(() => tokenMinter({ issuer, audience, key: given })).toThrow('option key must have at least 2048 bits')
    }
  })

  it('refuses without showing anything that it was given', () => {
    const canary = 'canary5up3rsecret'
    const { d, ...publicJwk } = key.privateKey.export({ format: 'jwk' }) as JWK
    const secretPem = pem('pkcs8', key)
    const cut = secretPem.slice(0, -60)
    const given = [
      ...[canary, Buffer.from(canary), [canary], { secret: canary }, new Map([[canary, canary]]), () => canary, Symbol(canary)],
      ...[new Uint8Array(Buffer.from(canary)), new Error(canary), Object.create({ kty: canary })],
      ...[
        { kty: 'EC', d: canary },
        { kty: 'EC', crv: 'P-256', d: canary },
        { ...publicJwk, d, crv: canary },
        { ...publicJwk, d, x: canary },
      ],
      ...[
        { kty: 'oct', k: canary },
        { kty: canary, d },
        { ...publicJwk, d, alg: canary },
        { ...publicJwk, d: [canary] },
      ],
      ...[cut, Buffer.from(cut), secretPem.replace('BEGIN', canary), `${canary}${pem('pkcs8', key, secret)}`, `${certificate}${canary}`],
    ].map((one) => ({ key: one }))
    const others = [
      { key: secretPem, algorithm: canary },
      { key: secretPem, secret: canary },
    ]
    for (const options of [...given, ...others, { key: secretPem, issuer: undefined, kid: canary }]) {
      let thrown: unknown
      try {
        tokenMinter({ issuer, audience, ...options } as never)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(ConfigurationError)
      const { message, stack, cause } = thrown as ConfigurationError
      expect(cause).toBeUndefined()
      const shown = [message, stack, inspect(thrown, { depth: null, showHidden: true, maxStringLength: null })].join()
      const lines = secretPem.split('\n').filter((line) => line && !line.startsWith('-----'))
      for (const text of [canary, ...['hex', 'base64'].map((as) => Buffer.from(canary).toString(as as 'hex')), String(d), ...lines])
        expect(shown).not.toContain(text)
    }
  })

  it('AT-01 names the issuer of the grant as client_id, if no client presented it', async () => {
    const anonymous = granted({
      client: { level: 'anonymous' },
      subject: 'alice',
      subject_type: 'user',
      grant: { issuer: issuers[openIdp], subject_key: '[]', sub: 'alice', claims: {}, context: undefined },
    })
    const mintToken = tokenMinter({ issuer, audience, key: key.privateKey })
    const claimsOf = async (one: Granted) => (await jwtVerify((await mintToken(one)).access_token, key.publicKey)).payload
    expect(await claimsOf(anonymous)).toMatchObject({ sub: 'alice', client_id: openIdp })
    expect(await claimsOf({ ...anonymous, ...granted(), grant: anonymous.grant as never })).toMatchObject({ client_id: 'jwt-client' })
  })

  const cryptoKeys: [alg: string, algorithm: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams | { name: string }][] = [
    ['ES256', { name: 'ECDSA', namedCurve: 'P-256' }],
    ['ES384', { name: 'ECDSA', namedCurve: 'P-384' }],
    ['ES512', { name: 'ECDSA', namedCurve: 'P-521' }],
    ...(['256', '384', '512'] as const).flatMap((bits) =>
      (
        [
          [`RS${bits}`, 'RSASSA-PKCS1-v1_5'],
          [`PS${bits}`, 'RSA-PSS'],
        ] as const
      ).map(([alg, name]): [string, webcrypto.RsaHashedKeyGenParams] => [
        alg,
        { name, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: `SHA-${bits}` },
      ]),
    ),
    ['EdDSA', { name: 'Ed25519' }],
  ]
  const generate = (algorithm: { name: string }) =>
    webcrypto.subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, false, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>

  it.each(cryptoKeys)('signs %s with a CryptoKey that is not extractable, and stays one', async (alg, algorithm) => {
    const pair = await generate(algorithm)
    const from = jest.spyOn(KeyObject, 'from') // deprecated for such keys: DEP0204
    try {
      const { access_token } = await tokenMinter({ issuer, audience, key: pair.privateKey })(granted())
      expect(from).not.toHaveBeenCalled()
      expect((await jwtVerify(access_token, pair.publicKey, { issuer })).protectedHeader.alg).toBe(alg)
    } finally {
      from.mockRestore()
    }
  })

  it('refuses a CryptoKey that cannot sign, or not by that algorithm, at start', async () => {
    const p256 = await generate({ name: 'ECDSA', namedCurve: 'P-256' } as never)
    const agreement = (await webcrypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, [
      'deriveBits',
    ])) as webcrypto.CryptoKeyPair
    const sha1 = await generate({
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: 'SHA-1',
    } as never)
    for (const [key, algorithm, problem] of [
      [p256.publicKey, undefined, 'option key must be private'],
      [agreement.privateKey, undefined, 'option key must have the usage'],
      [sha1.privateKey, undefined, 'option key must be an EC (P-256, P-384, P-521), RSA or Ed25519 key'],
      [p256.privateKey, 'ES384', 'option key must be a key for'],
      [p256.privateKey, 'RS256', 'option key must be a key for'],
    ] as const)
      expect(() => tokenMinter({ issuer, audience, key, ...(algorithm && { algorithm }) })).toThrow(problem)
  })

  it('takes Ed25519 for the name of EdDSA', async () => {
    const { privateKey, publicKey } = await generate({ name: 'Ed25519' })
    const { access_token } = await tokenMinter({ issuer, audience, key: privateKey, algorithm: 'Ed25519' })(granted())
    expect((await jwtVerify(access_token, publicKey)).protectedHeader.alg).toBe('Ed25519')
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
    ['the very spelling that is asked for, where there are two', [`${audience}/`], `${audience}/`],
    ['the one that was asked for in another spelling', ['HTTPS://B.example:443/'], 'https://b.example'],
  ])('addresses the token to %s', async (_name, resource, aud) => {
    const { access_token } = await tokenMinter({ issuer, audience: [audience, `${audience}/`, 'https://b.example'], key: key.privateKey })(
      granted({ resource }),
    )
    expect((await jwtVerify(access_token, key.publicKey)).payload.aud).toEqual(aud)
  })

  it.each([true, 1, 'true'])(
    'MT-05 makes no token of a client whose tokens are bound to a certificate (%j), where there is none',
    async (bound) => {
      const client = {
        level: 'authenticated' as const,
        method: 'private_key_jwt' as const,
        client_id: 'c',
        client: { client_id: 'c', tls_client_certificate_bound_access_tokens: bound as true },
      }
      const mintToken = tokenMinter({ issuer, audience, key: key.privateKey })
      await expect((async () => mintToken(granted({ client })))()).rejects.toThrow('A client certificate is needed.')
      const { access_token } = await mintToken(granted({ client: { ...client, certificateThumbprint: 'x5t' } }))
      expect((await jwtVerify(access_token, key.publicKey)).payload.cnf).toEqual({ 'x5t#S256': 'x5t' })
    },
  )

  it('RI-02 refuses a resource that it does not know', async () => {
    const mintToken = tokenMinter({ issuer, audience, key: key.privateKey })
    await expect((async () => mintToken(granted({ resource: ['https://evil.example'] })))()).rejects.toMatchObject({
      error: 'invalid_target',
      error_description: 'The resource is not known.',
    })
  })

  it.each<[name: string, options: object, problem: string]>([
    ['no audience', { audience: undefined }, 'audience must be a non-empty string or a list of them, not undefined.'],
    ['an empty list of audiences', { audience: [] }, 'audience must be a non-empty string or a list of them, not [].'],
    ['an empty audience', { audience: '' }, 'audience must be a non-empty string or a list of them, not "".'],
    ['an audience that is no text', { audience: [audience, 7] }, 'audience must be a non-empty string or a list of them'],
    ['an empty audience among others', { audience: [audience, ''] }, 'audience must be a non-empty string or a list of them'],
    ['no issuer', { issuer: undefined }, 'issuer must be a non-empty string, not undefined.'],
    ['a public key', { key: key.publicKey }, 'key must be private'],
    ['a public JWK', { key: key.jwk }, 'key must be a private key'],
    ['no key', { key: undefined }, 'key must be a private key'],
    ['a lifetime of none', { lifetime: 0 }, 'lifetime must be a whole number above 0, not 0.'],
    ['a kid that is no string', { kid: 7 }, 'kid must be a string, not 7.'],
    ['a misspelt option', { lifeTime: 60 }, 'lifeTime does not exist: did you mean lifetime?'],
    ['an algorithm that is not for its key', { algorithm: 'RS256' }, 'key must be a key for the algorithm'],
    ['an algorithm without a signature', { algorithm: 'none' }, 'key must be a key for the algorithm'],
    ['an algorithm for secrets', { algorithm: 'HS256' }, 'key must be a key for the algorithm'],
  ])('refuses %s at start', (_name, over, problem) => {
    const make = () => tokenMinter({ issuer, audience, key: key.privateKey, ...over } as never)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(`tokenMinter: option ${problem}`)
  })
})
