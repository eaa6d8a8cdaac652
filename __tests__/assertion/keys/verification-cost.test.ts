import { describe, expect, it } from '@jest/globals'
import { bitLength, exponentOf, verificationCost } from '../../../lib/assertion/keys/verification-cost.js'
import type { JWK } from '../../../lib/index.js'

const bytes = (...values: number[]) => Buffer.from(values).toString('base64url')
/** The smallest number of so many bits. */
const modulus = (bits: number) => {
  const n = Buffer.alloc(Math.ceil(bits / 8))
  n[0] = 2 ** ((bits - 1) % 8)
  return n.toString('base64url')
}

describe('T-77 verificationCost: 1 is one verification by RSA-2048', () => {
  const f4 = bytes(1, 0, 1)
  it.each<[key: string, jwk: JWK, cost: number]>([
    ['Ed25519', { kty: 'OKP', crv: 'Ed25519' }, 3],
    ['P-256', { kty: 'EC', crv: 'P-256' }, 2],
    ['P-384', { kty: 'EC', crv: 'P-384' }, 20],
    ['P-521', { kty: 'EC', crv: 'P-521' }, 42],
    ['any other curve', { kty: 'EC', crv: 'secp256k1' }, Number.POSITIVE_INFINITY],
    ['no curve', { kty: 'EC' }, Number.POSITIVE_INFINITY],
    ['RSA-2048', { kty: 'RSA', n: modulus(2048), e: f4 }, 1],
    ['RSA-3072', { kty: 'RSA', n: modulus(3072), e: f4 }, 2.25],
    ['RSA-4096', { kty: 'RSA', n: modulus(4096), e: f4 }, 4],
    ['RSA-8192', { kty: 'RSA', n: modulus(8192), e: f4 }, 16],
    ['RSA-2048 with e = 3', { kty: 'RSA', n: modulus(2048), e: bytes(3) }, 1],
    ['RSA-2048 with e = 65539', { kty: 'RSA', n: modulus(2048), e: bytes(1, 0, 3) }, 4],
    ['RSA-4096 with e = 2^32 - 1', { kty: 'RSA', n: modulus(4096), e: bytes(255, 255, 255, 255) }, 16],
  ])('%s', (_, jwk, cost) => {
    expect(verificationCost(jwk)).toBe(cost)
  })
})

describe('bitLength', () => {
  it.each<[encoded: unknown, bits: number]>([
    [bytes(1), 1],
    [bytes(2), 2],
    [bytes(0x7f), 7],
    [bytes(0x80), 8],
    [bytes(1, 0), 9],
    [bytes(0xff, 0xff), 16],
    [bytes(0, 1), 1],
    [bytes(0, 0, 0x80, 0), 16],
    [bytes(0), 0],
    [bytes(0, 0), 0],
    ['', 0],
    [undefined, 0],
    [1, 0],
    [modulus(2047), 2047],
    [modulus(2048), 2048],
  ])('of %j: %d', (encoded, bits) => {
    expect(bitLength(encoded)).toBe(bits)
  })
})

describe('exponentOf', () => {
  it.each<[encoded: unknown, exponent: number]>([
    [bytes(3), 3],
    [bytes(1, 0, 1), 65537],
    [bytes(0, 0, 3), 3],
    [bytes(255, 255, 255, 255), 2 ** 32 - 1],
    [bytes(0), 0],
    [bytes(1, 0, 0, 0, 1), Number.NaN],
    ['', Number.NaN],
    [undefined, Number.NaN],
    [3, Number.NaN],
  ])('of %j: %d', (encoded, exponent) => {
    expect(exponentOf(encoded)).toBe(exponent)
  })
})
