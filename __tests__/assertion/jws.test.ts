import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { CompactSign, compactVerify } from 'jose'
import { isSignatureKey, isVerifiedInPool, signJws, verifyJws } from '../../lib/assertion/jws.js'
import { type Pair, pairOfEachAlgorithm } from '../support/keys.js'

const pairs = pairOfEachAlgorithm()
const secrets = Object.fromEntries([256, 384, 512].map((bits) => [`HS${bits}`, createSecretKey(Buffer.alloc(bits / 8, 'k'))]))
const algorithms = Object.keys(pairs)
const same = (one: string, other: string) => one === other || [one, other].every((alg) => alg === 'EdDSA' || alg === 'Ed25519')
/** Algorithms whose keys are of one kind. */
const kind = (alg: string) => (/^[RP]S/.test(alg) ? 'rsa' : alg.startsWith('Ed') ? 'ed25519' : alg)
const header = (alg: string) => Buffer.from(JSON.stringify({ alg })).toString('base64url')

describe.each(algorithms)('%s (RFC 7518 §3, RFC 8037 §3.1)', (alg) => {
  const { privateKey, publicKey } = pairs[alg] as Pair
  const signingInput = `${header(alg)}.${Buffer.from('{"a":1}').toString('base64url')}`

  it('JG-15 signs what jose verifies, and verifies what jose signs', async () => {
    const signature = await signJws(alg, privateKey, signingInput)
    await expect(compactVerify(`${signingInput}.${signature.toString('base64url')}`, publicKey)).resolves.toBeDefined()
    const token = await new CompactSign(Buffer.from('{"a":1}')).setProtectedHeader({ alg }).sign(privateKey)
    const end = token.lastIndexOf('.')
    expect(await verifyJws(alg, publicKey, token.slice(0, end), Buffer.from(token.slice(end + 1), 'base64url'))).toBe(true)
  })

  it('JG-11 T-15 says no to another text, a spoilt signature, and one of another length', async () => {
    const signature = await signJws(alg, privateKey, signingInput)
    expect(await verifyJws(alg, publicKey, signingInput, signature)).toBe(true)
    expect(await verifyJws(alg, publicKey, `${signingInput}x`, signature)).toBe(false)
    const spoilt = Buffer.from(signature)
    spoilt[10] = (spoilt[10] as number) ^ 1
    const half = signature.length / 2
    const zero = Buffer.alloc(1)
    for (const wrong of [
      spoilt,
      Buffer.concat([zero, signature.subarray(0, half), zero, signature.subarray(half)]), // the same two numbers, for ECDSA
      Buffer.alloc(0),
      signature.subarray(0, -1), // at the end: without a zero in front, an RSA signature is the same number
      Buffer.concat([signature, Buffer.alloc(2)]),
      Buffer.alloc(signature.length),
    ])
      expect(await verifyJws(alg, publicKey, signingInput, wrong)).toBe(false)
  })

  it('JW-05 T-03 takes no key and no signature of another algorithm', async () => {
    for (const other of algorithms) {
      expect([other, isSignatureKey(other, privateKey)]).toEqual([other, kind(other) === kind(alg)])
      if (kind(other) !== kind(alg)) expect(() => signJws(other, privateKey, signingInput)).toThrow(TypeError)
      if (same(other, alg)) continue
      const signature = await signJws(other, (pairs[other] as Pair).privateKey, signingInput)
      expect([other, await verifyJws(alg, publicKey, signingInput, signature)]).toEqual([other, false])
      expect([other, await verifyJws(other, publicKey, signingInput, signature)]).toEqual([other, kind(other) === kind(alg)])
    }
  })

  it('T-02 never takes a public key for a secret', () => {
    for (const hmac of Object.keys(secrets))
      expect(verifyJws(hmac, publicKey, signingInput, Buffer.alloc(Number(hmac.slice(2)) / 8))).toBe(false)
  })
})

describe.each(Object.entries(secrets))('%s (RFC 7518 §3.2)', (alg, secret) => {
  it('is verified as jose signs it', async () => {
    const token = await new CompactSign(Buffer.from('{}')).setProtectedHeader({ alg }).sign(secret)
    const [signingInput, signature] = [
      token.slice(0, token.lastIndexOf('.')),
      Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url'),
    ]
    expect(verifyJws(alg, secret, signingInput, signature)).toBe(true)
    expect(verifyJws(alg, secret, `${signingInput}x`, signature)).toBe(false)
    expect(verifyJws(alg, createSecretKey(Buffer.alloc(64, 'x')), signingInput, signature)).toBe(false)
    for (const wrong of [Buffer.alloc(0), signature.subarray(1), Buffer.alloc(signature.length)])
      expect(verifyJws(alg, secret, signingInput, wrong)).toBe(false)
  })

  it('is not signed here, and its secret is no key of another algorithm', () => {
    expect(() => signJws(alg, secret, 'a.b')).toThrow(TypeError)
    expect(isSignatureKey(alg, secret)).toBe(false)
    for (const other of algorithms) expect(verifyJws(other, secret, 'a.b', Buffer.alloc(64))).toBe(false)
  })
})

it.each(['none', 'ES256K', 'es256', '', '__proto__', 'constructor'])('T-01 %j is no algorithm', (alg) => {
  const { privateKey, publicKey } = pairs.ES256 as Pair
  expect(verifyJws(alg, publicKey, 'a.b', Buffer.alloc(64))).toBe(false)
  expect(() => signJws(alg, privateKey, 'a.b')).toThrow(`The key is not for ${alg}.`)
  expect([isSignatureKey(alg, privateKey), isVerifiedInPool(alg)]).toEqual([false, false])
})

it('T-03 a curve of the same length is another curve', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  expect(isSignatureKey('ES256', publicKey)).toBe(false)
  expect(verifyJws('ES256', publicKey, 'a.b', Buffer.alloc(64, 1))).toBe(false)
})

it.each(['RS256', 'PS256'])('%s: a key that OpenSSL cannot use verifies nothing', (alg) => {
  const unusable = { asymmetricKeyType: 'rsa' } as KeyObject
  expect(verifyJws(alg, unusable, 'a.b', Buffer.alloc(256, 1))).toBe(false)
})

it('signs in the thread pool what takes long, and at once what does not', async () => {
  const atOnce: string[] = []
  for (const alg of algorithms) {
    const signature = signJws(alg, (pairs[alg] as Pair).privateKey, 'a.b')
    if (!(signature instanceof Promise)) atOnce.push(alg)
    await signature
  }
  expect(atOnce).toEqual(['ES256', 'EdDSA', 'Ed25519'])
})

it('T-46 verifies in the thread pool what takes long, and at once what does not', () => {
  expect(algorithms.filter(isVerifiedInPool)).toEqual(['ES384', 'ES512'])
  const lengths: Record<string, number> = { ES384: 96, ES512: 132 }
  for (const alg of algorithms) {
    const length = lengths[alg] ?? 64
    const verdict = verifyJws(alg, (pairs[alg] as Pair).publicKey, 'a.b', Buffer.alloc(length, 1))
    expect([alg, verdict instanceof Promise]).toEqual([alg, isVerifiedInPool(alg)])
  }
})
