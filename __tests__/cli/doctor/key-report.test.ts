import { describe, expect, it } from '@jest/globals'
import { keyReport } from '../../../lib/cli/doctor/key-report.js'
import { ec, ed, rsa } from '../../support/keys.js'

const p256 = ec('p').jwk
const one = (jwk: unknown) => keyReport({ keys: [jwk] })[1]

describe('keyReport', () => {
  it('says of each usable key what it is for', () => {
    const { alg: _, ...open } = rsa('r').jwk
    const report = keyReport({ keys: [p256, ed('e').jwk, open] })
    expect(report).toMatchObject([
      { state: 'ok', topic: 'keys', text: '3 of 3 are usable.' },
      { state: 'ok', topic: 'key "p"', text: expect.stringMatching(/^EC P-256 is usable for ES256; thumbprint [\w-]{43}\.$/) },
      { state: 'ok', topic: 'key "e"', text: expect.stringMatching(/^OKP Ed25519 is usable for EdDSA, Ed25519;/) },
      { state: 'ok', topic: 'key "r"', text: expect.stringMatching(/^RSA is usable for RS256, RS384, RS512, PS256, PS384, PS512;/) },
    ])
  })

  it.each<[what: string, jwk: unknown, state: string, text: RegExp]>([
    ['a private key', { ...p256, d: 'AA' }, 'problem', /^is ignored, .* \(a private key: register only its public part\)\.$/],
    ['a secret', { kty: 'oct', k: 'AA' }, 'problem', /a symmetric key/],
    ['a point that is not on its curve', { ...p256, x: p256.y }, 'warning', /members are not those of a key/],
    ['an alg of another key', { ...p256, alg: 'RS256' }, 'warning', /alg RS256 is not for it; it must be ES256\)\./],
    ['a curve that is not supported', { ...p256, crv: 'secp256k1' }, 'warning', /crv of an EC key must be P-256/],
    ['null', null, 'warning', /no JWK but null/],
    ['an encryption key', { ...p256, use: 'enc' }, 'warning', /is for encryption/],
    ['a key without kid', { ...p256, kid: undefined }, 'warning', /It has no kid/],
  ])('says what is wrong with %s', (_, jwk, state, text) => {
    expect(one(jwk)).toMatchObject({ state, text: expect.stringMatching(text) })
  })

  it('counts what is usable, and finds a kid of several keys', () => {
    expect(keyReport({ keys: [{ kty: 'oct', k: 'AA' }] })[0]).toEqual({ state: 'problem', topic: 'keys', text: 'none of 1 is usable.' })
    expect(keyReport({ keys: [p256, { ...p256, use: 'enc' }] })[0]?.text).toBe('1 of 2 are usable.')
    expect(keyReport({ keys: [p256, ec('p').jwk] }).at(-1)).toMatchObject({
      state: 'warning',
      topic: 'kid',
      text: expect.stringContaining('"p" is the kid of 2 keys'),
    })
  })

  it.each<[what: unknown, text: string]>([
    [[p256], 'a list'],
    [p256, 'a single JWK'],
    [null, 'null'],
    ['text', 'It is text.'],
    [{ error: 'x' }, 'an object without a list of keys'],
    [{}, 'an object without a list of keys'],
    [{ keys: Array(101).fill(p256) }, 'must be at most 100, not 101'],
  ])('%j is no JWK Set', (document, text) => {
    expect(keyReport(document)).toEqual([{ state: 'problem', topic: 'keys', text: expect.stringContaining(text) }])
  })
})
