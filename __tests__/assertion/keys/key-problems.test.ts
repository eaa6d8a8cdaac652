import { describe, expect, it } from '@jest/globals'
import { describeKey, kindOfDocument, problemOfKey } from '../../../lib/assertion/keys/key-problems.js'
import { prepareKeySet } from '../../../lib/assertion/keys/key-set.js'
import { smallOrderCoordinates } from '../../../lib/assertion/keys/small-order.js'
import { thumbprint } from '../../../lib/assertion/keys/thumbprint.js'
import { usableKeys } from '../../../lib/assertion/keys/usable-keys.js'
import { isRefusal, type Refusal } from '../../../lib/host/errors.js'
import { detailOf, evidenceOf } from '../../../lib/host/evidence.js'
import type { JWK } from '../../../lib/index.js'
import { ec, ed, rsa } from '../../support/keys.js'

const pair = ec('k1')
const strong = rsa('k2')
const privateJwk = pair.privateKey.export({ format: 'jwk' }) as JWK
const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string
const privatePem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const set = { keys: [pair.jwk] }

/** The detail of the refusal of a registered `jwks`. */
function detailOfRefusal(document: unknown) {
  try {
    prepareKeySet(document, true)
  } catch (error) {
    if (isRefusal(error)) return { reason: error.reason, ...detailOf(evidenceOf((error as Refusal).evidence)) }
  }
  return 'accepted'
}

describe('a jwks that is no JWK Set', () => {
  it.each<[what: string, document: unknown, kind: string]>([
    ['the text of a database column', JSON.stringify(set), 'JSON as text: register what JSON.parse returns'],
    ['the text of a list', ` ${JSON.stringify(set.keys)}`, 'JSON as text: register what JSON.parse returns'],
    ['a PEM', pem, 'a PEM: register its public key as JWK'],
    ['the PEM of a private key', privatePem, 'a PEM of a private key: register its public key as JWK'],
    ['other text', 'https://client.example/jwks', 'text'],
    ['a list of keys', set.keys, 'a list: register { keys: [...] } with this list'],
    ['a single JWK', pair.jwk, 'a single JWK: register { keys: [...] } with it in the list'],
    ['a KeyObject', pair.publicKey, 'a KeyObject: export its public part as JWK'],
    ['a promise', Promise.resolve(set), 'a promise: await it'],
    ['bytes', Buffer.from(JSON.stringify(set)), 'bytes'],
    ['keys as text', { keys: JSON.stringify(set.keys) }, 'an object whose member keys is JSON as text: register what JSON.parse returns'],
    [
      'keys that are one key',
      { keys: pair.jwk },
      'an object whose member keys is a single JWK: register { keys: [...] } with it in the list',
    ],
    ['keys in keys', { keys: set }, 'an object whose member keys is another such object'],
    ['keys that are null', { keys: null }, 'an object whose member keys is null'],
    ['text with a brace in it', 'see {jwks}', 'text'],
    ['an empty object', {}, 'an object without a list of keys'],
    ['null', null, 'null'],
    ['a number', 7, 'a number'],
    ['true', true, 'a boolean'],
  ])('%s', (_, document, kind) => {
    expect(kindOfDocument(document)).toBe(kind)
    expect(detailOfRefusal(document)).toEqual({ reason: 'jwks_invalid', seen: kind, wanted: 'a JWK Set: { keys: [...] }' })
  })

  it('too many keys', () => {
    expect(detailOfRefusal({ keys: Array(101).fill(pair.jwk) })).toEqual({
      reason: 'jwks_invalid',
      seen: { keys: 101 },
      wanted: { at_most: 100 },
    })
  })
})

describe('a key that is of no use', () => {
  const smallOrder = Buffer.from([...smallOrderCoordinates][0] as string, 'hex').toString('base64url')
  it.each<[what: string, key: unknown, problem: string]>([
    ['a private key', privateJwk, 'a private key: register only its public part'],
    ['a private RSA key', strong.privateKey.export({ format: 'jwk' }), 'a private key: register only its public part'],
    ['a leftover of a private key', { ...strong.jwk, dp: 'AQAB' }, 'a private key: register only its public part'],
    ['a symmetric key', { kty: 'oct', k: 'hunter2' }, 'a symmetric key: register a public key'],
    ['a PEM', pem, 'no JWK but a PEM: register its public key as JWK'],
    ['a JWK as text', JSON.stringify(pair.jwk), 'no JWK but JSON as text: register what JSON.parse returns'],
    ['null', null, 'no JWK but null'],
    ['an encryption key', { ...pair.jwk, use: 'enc' }, 'use must be sig, not "enc"'],
    ['a use that is an object', { ...pair.jwk, use: Object.create(null) }, 'use must be sig, not an object'],
    ['key_ops for something else', { ...pair.jwk, key_ops: ['sign'] }, 'key_ops must include verify, not be ["sign"]'],
    ['key_ops as text', { ...pair.jwk, key_ops: 'verify' }, 'key_ops must include verify, not be "verify"'],
    ['a weak RSA key', rsa('k', 1024).jwk, 'an RSA key must have at least 2048 bits, not 1024'],
    [
      'a weak RSA key that may verify',
      { ...rsa('k', 1024).jwk, key_ops: ['verify'], use: null },
      'an RSA key must have at least 2048 bits, not 1024',
    ],
    ['an RSA key without a modulus', { kty: 'RSA', e: 'AQAB' }, 'an RSA key must have at least 2048 bits, not 0'],
    ['an exponent of 1', { ...strong.jwk, e: 'AQ' }, 'the exponent of an RSA key must be odd, from 3 to 2^32'],
    ['no exponent', { ...strong.jwk, e: undefined }, 'the exponent of an RSA key must be odd, from 3 to 2^32'],
    [
      'an RSA key that is too expensive',
      { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(1025, 0xff).toString('base64url') },
      'an RSA key must have at most 8192 bits, 4096 if its exponent is above 65537',
    ],
    ['another curve', { kty: 'OKP', crv: 'Ed448', x: 'a' }, 'crv of an OKP key must be Ed25519, not "Ed448"'],
    ['half an Ed25519 key', { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }, 'x of an Ed25519 key must have 32 bytes'],
    ['an Ed25519 key without a value', { kty: 'OKP', crv: 'Ed25519' }, 'x of an Ed25519 key must have 32 bytes'],
    [
      'an Ed25519 key of small order',
      { kty: 'OKP', crv: 'Ed25519', x: smallOrder },
      'an Ed25519 key of small order: anybody can sign for it',
    ],
    ['secp256k1', { ...pair.jwk, crv: 'secp256k1' }, 'crv of an EC key must be P-256, P-384 or P-521, not "secp256k1"'],
    ['no type', { ...pair.jwk, kty: undefined }, 'kty must be RSA, EC or OKP, not undefined'],
    ['a type of another kind', { kty: { a: 1 } }, 'kty must be RSA, EC or OKP, not an object'],
  ])('%s', (_, key, problem) => {
    expect(problemOfKey(key)).toBe(problem)
    expect(usableKeys([key])).toEqual([])
    expect(detailOfRefusal({ keys: [key] })).toEqual({
      reason: 'jwks_invalid',
      seen: { keys: [problem] },
      wanted: 'a public signature key',
    })
  })

  it.each([pair, ed('e'), strong, ec('p', 'P-384', 'ES384')])('a good one has no problem: %#', ({ jwk }) => {
    expect(problemOfKey(jwk)).toBeUndefined()
    expect(problemOfKey({ ...jwk, use: null, key_ops: null, d: null })).toBeUndefined()
    expect(problemOfKey({ ...jwk, use: 'sig', key_ops: ['verify'] })).toBeUndefined()
    expect(usableKeys([jwk])).toHaveLength(1)
  })

  it('T-64 no value of a key is shown', () => {
    const secrets = [privateJwk, { kty: 'oct', k: 'hunter2' }, privatePem, { ...privateJwk, kty: 'hunter' }]
    const text = JSON.stringify(detailOfRefusal({ keys: secrets }))
    for (const secret of [privateJwk.d, 'hunter2', privatePem.slice(60, 90)]) expect(text).not.toContain(secret)
  })
})

it('a registered key is described by what a header can be compared with', () => {
  expect(describeKey(pair.jwk)).toEqual({ kid: 'k1', kty: 'EC', crv: 'P-256', alg: 'ES256', thumbprint: thumbprint(pair.jwk) })
})
