import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { calculateJwkThumbprint } from 'jose'
import { nameOfKey, thumbprint } from '../../../lib/assertion/keys/thumbprint.js'
import type { JWK } from '../../../lib/index.js'
import { ec, ed, rsa } from '../../support/keys.js'

/** RFC 7638 §3.1. */
const example = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
}

describe('thumbprint', () => {
  it('is that of the example of RFC 7638', () => {
    expect(thumbprint(example)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  it.each([ec('a'), ec('b', 'P-384', 'ES384'), ec('c', 'P-521', 'ES512'), ed('d'), rsa('e')])('is that of jose: %#', async ({ jwk }) => {
    expect(thumbprint(jwk)).toBe(await calculateJwkThumbprint(jwk as Parameters<typeof calculateJwkThumbprint>[0]))
  })

  it('only depends on the public key', () => {
    const { privateKey, jwk } = ec('a')
    const { kid: _, alg: __, ...bare } = jwk
    expect(thumbprint(privateKey.export({ format: 'jwk' }) as JWK)).toBe(thumbprint(jwk))
    expect(thumbprint(bare)).toBe(thumbprint({ ...jwk, use: 'sig' }))
  })

  it.each<[what: string, jwk: unknown]>([
    ['a secret, whose digest could be guessed', { kty: 'oct', k: 'c2VjcmV0' }],
    ['a key without a required member', { kty: 'EC', crv: 'P-256', x: 'a' }],
    ['a member of the wrong type', { kty: 'RSA', n: 7, e: 'AQAB' }],
    ['no type', {}],
    ['a type that is a list', { kty: ['RSA'], n: 'a', e: 'AQAB' }],
    ['a type of the prototype', { kty: 'constructor' }],
  ])('%s has none', (_, jwk) => {
    expect(thumbprint(jwk as JWK)).toBeUndefined()
  })
})

describe('nameOfKey', () => {
  it('is the thumbprint of a public key', () => {
    const { publicKey, privateKey, jwk } = ec('a')
    expect([nameOfKey(publicKey), nameOfKey(privateKey)]).toEqual([thumbprint(jwk), thumbprint(jwk)])
    expect(nameOfKey(createPublicKey({ key: example as never, format: 'jwk' }))).toBe(thumbprint(example))
  })

  it('T-64 says nothing of a secret', () => {
    expect(nameOfKey(createSecretKey(Buffer.from('hunter2')))).toBe('the client_secret')
  })

  it('a certificate may have a key that no JWK can be', () => {
    const { publicKey } = generateKeyPairSync('rsa-pss', { modulusLength: 1024 })
    expect(nameOfKey(publicKey)).toBe('a key of type rsa-pss')
  })
})
