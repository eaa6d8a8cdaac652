import { createPublicKey, sign, verify } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { derFromRaw, rawFromDer } from '../../lib/assertion/der.js'
import { ec } from '../support/keys.js'
import { random } from '../support/random.js'
import { runs } from '../support/test-all.js'

const curves = [
  ['P-256', 32, 'ES256'],
  ['P-384', 48, 'ES384'],
  ['P-521', 66, 'ES512'],
] as const
const hex = (bytes: Buffer) => bytes.toString('hex')

describe.each(curves)('an ECDSA signature on %s', (curve, size, alg) => {
  it('is the same in DER and in JWS, as OpenSSL reads both', () => {
    const { privateKey } = ec('k', curve, alg)
    const publicKey = createPublicKey(privateKey)
    for (let i = 0; i < runs(300); i++) {
      const data = Buffer.from(`text ${i}`)
      const der = sign('sha256', data, privateKey)
      const raw = rawFromDer(der, size)
      expect(hex(derFromRaw(raw))).toBe(hex(der))
      expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true)
    }
  })

  it('keeps its two numbers, whatever zeros they begin with', () => {
    const { below } = random(curve)
    for (let i = 0; i < runs(2000); i++) {
      const raw = Buffer.alloc(2 * size)
      for (const half of [0, size]) {
        const zeros = below(size + 1)
        for (let at = zeros; at < size; at++) raw[half + at] = i % 3 === 0 ? 0x7f + below(2) : below(256)
      }
      expect(hex(rawFromDer(derFromRaw(raw), size))).toBe(hex(raw))
    }
  })
})

it.each([
  ['two small numbers', '0102', '3006020101020102'],
  ['zeros', '0000', '3006020100020100'],
  ['numbers whose first bit is set', '80ff', '300802020080020200ff'],
  ['127 bytes', `00${'01'.repeat(123)}`, `307f023d${'01'.repeat(61)}023e${'01'.repeat(62)}`],
  ['128 bytes', '01'.repeat(124), `308180023e${'01'.repeat(62)}023e${'01'.repeat(62)}`],
])('writes %s as X.690 does', (_, raw, der) => {
  expect(hex(derFromRaw(Buffer.from(raw, 'hex')))).toBe(der)
})
