import { describe, expect, it } from '@jest/globals'
import { isSameKey, usableKeys } from '../../../lib/assertion/keys/usable-keys.js'
import type { JWK } from '../../../lib/index.js'

const bytes = (value: Buffer | number[]) => Buffer.from(value).toString('base64url')
const modulus = (length: number) => bytes(Buffer.alloc(length, 0xff))

const rsa: JWK = { kty: 'RSA', n: modulus(256), e: 'AQAB' }
const p256: JWK = { kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ' } // jose judges the point
const ed25519: JWK = { kty: 'OKP', crv: 'Ed25519', x: bytes(Buffer.alloc(32, 9)) }

describe('T-55 usableKeys: strong public signature keys (RFC 7518 §3.3, §3.4, RFC 8037)', () => {
  it.each<[key: string, jwk: unknown, isUsable: boolean]>([
    ['RSA of 2048 bits', rsa, true],
    ['RSA of 2040 bits', { ...rsa, n: modulus(255) }, false],
    ['RSA of 8192 bits', { ...rsa, n: modulus(1024) }, true],
    ['RSA of 8200 bits', { ...rsa, n: modulus(1025) }, false],
    ['RSA, e = 1', { ...rsa, e: bytes([1]) }, false],
    ['RSA, e = 2', { ...rsa, e: bytes([2]) }, false],
    ['RSA, e = 3', { ...rsa, e: bytes([3]) }, true],
    ['RSA, e = 4', { ...rsa, e: bytes([4]) }, false],
    ['RSA of 4096 bits, e = 65539', { ...rsa, n: modulus(512), e: bytes([1, 0, 3]) }, true],
    ['RSA of 4104 bits, e = 65539', { ...rsa, n: modulus(513), e: bytes([1, 0, 3]) }, false],
    ['RSA without n', { kty: 'RSA', e: 'AQAB' }, false],
    ['RSA without e', { kty: 'RSA', n: modulus(256) }, false],
    ['P-256', p256, true],
    ['P-384', { ...p256, crv: 'P-384' }, true],
    ['P-521', { ...p256, crv: 'P-521' }, true],
    ['secp256k1', { ...p256, crv: 'secp256k1' }, false],
    ['EC without curve', { ...p256, crv: undefined }, false],
    ['Ed25519', ed25519, true],
    ['Ed25519 as EC', { ...ed25519, kty: 'EC' }, false],
    ['Ed25519 of 31 bytes', { ...ed25519, x: bytes(Buffer.alloc(31, 9)) }, false],
    ['Ed25519 of 33 bytes', { ...ed25519, x: bytes(Buffer.alloc(33, 9)) }, false],
    ['Ed25519 without x', { kty: 'OKP', crv: 'Ed25519' }, false],
    ['Ed25519, x is an array', { ...ed25519, x: [ed25519.x] }, false],
    ['Ed25519 of small order', { ...ed25519, x: bytes(Buffer.alloc(32)) }, false],
    ['Ed448', { ...ed25519, crv: 'Ed448' }, false],
    ['X25519', { ...ed25519, crv: 'X25519' }, false],
    ['oct', { kty: 'oct' }, false],
    ['no kty', { ...p256, kty: undefined }, false],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].flatMap((member): [string, unknown, boolean][] => [
      [`with ${member}`, { ...p256, [member]: 'AA' }, false],
      [`with ${member}: null`, { ...p256, [member]: null }, true],
    ]),
    ['use: sig', { ...p256, use: 'sig' }, true],
    ['use: enc', { ...p256, use: 'enc' }, false],
    ['use: null', { ...p256, use: null }, true],
    ['key_ops: verify', { ...p256, key_ops: ['sign', 'verify'] }, true],
    ['key_ops: sign', { ...p256, key_ops: ['sign'] }, false],
    ['key_ops: none', { ...p256, key_ops: [] }, false],
    ['key_ops: a string', { ...p256, key_ops: 'verify' }, false],
    ['key_ops: null', { ...p256, key_ops: null }, true],
    ['null', null, false],
    ['undefined', undefined, false],
    ['a string', 'RSA', false],
    ['an array', [p256], false],
  ])('%s', (_, jwk, isUsable) => {
    expect(usableKeys([jwk])).toHaveLength(isUsable ? 1 : 0)
  })

  it('keeps their order, and leaves the others out', () => {
    expect(usableKeys([p256, null, rsa, { ...rsa, d: 'AA' }, ed25519])).toEqual([p256, rsa, ed25519])
  })

  it('keeps only what says what a key is and what it is for', () => {
    const said = { kid: 'k', alg: 'ES256', use: 'sig', key_ops: ['verify'], ext: true }
    expect(usableKeys([{ ...p256, ...said, x5c: ['AA'], iat: 1 }])).toEqual([{ ...p256, ...said }])
    expect(usableKeys([{ ...p256, kid: null, alg: null }])).toEqual([p256])
  })

  it.each<[jwk: JWK, alg: string | undefined]>([
    [{ ...ed25519, alg: 'EdDSA' }, undefined],
    [{ ...ed25519, alg: 'Ed25519' }, undefined],
    [{ ...ed25519, alg: 'ES256' }, 'ES256'],
    [{ ...p256, alg: 'EdDSA' }, 'EdDSA'],
    [{ ...p256, alg: 'ES256' }, 'ES256'],
  ])('JW-07 %j: alg becomes %s, so that an Ed25519 key fits both names of its algorithm', (jwk, alg) => {
    expect(usableKeys([jwk])).toEqual([{ ...jwk, alg }])
  })
})

describe('isSameKey', () => {
  const members = { kty: 'a', crv: 'b', x: 'c', y: 'd', n: 'e', e: 'f' }
  it.each<[other: JWK, is: boolean]>([
    [{ ...members }, true],
    [{ ...members, kid: 'k', alg: 'ES256', use: 'sig' }, true],
    ...Object.keys(members).map((member): [JWK, boolean] => [{ ...members, [member]: 'other' }, false]),
    [{}, false],
  ])('%j: %s', (other, is) => {
    expect(isSameKey(members, other)).toBe(is)
    expect(isSameKey(other, members)).toBe(is)
  })
})
