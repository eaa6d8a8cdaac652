import type { KeyObject } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { maxKeys, prepareKeySet } from '../../../lib/assertion/keys/key-set.js'
import type { JWK } from '../../../lib/index.js'
import { ec, ed, rsa } from '../../support/keys.js'

const [a, b, unnamedPair, rs256, eddsa] = [ec('a'), ec('b'), ec('unnamed'), rsa('r'), ed('e')]
const { kid: _, ...unnamed } = unnamedPair.jwk
const all = { keys: [a.jwk, b.jwk, unnamed, rs256.jwk, eddsa.jwk] }
/** Not by `equals`: for keys of two types it leaves an error in OpenSSL that the next `createPrivateKey` of the process throws. */
const textOf = (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' }))
const nameOf = (key: KeyObject) => [a, b, unnamedPair, rs256, eddsa].find(({ publicKey }) => textOf(publicKey) === textOf(key))?.kid

/** The names of the keys that are found, or why there is none. */
async function found(keySet: ReturnType<typeof prepareKeySet>, header: Readonly<Record<string, unknown>>) {
  try {
    return (await keySet.find(header)).map(nameOf).join(' ')
  } catch (error) {
    return (error as { reason: string }).reason
  }
}

describe('JW-24 find: the keys that fit alg and kid of a header', () => {
  it.each<[header: object, fetched: string, registered: string]>([
    [{ alg: 'ES256', kid: 'a' }, 'a', 'a'],
    [{ alg: 'ES256', kid: 'b' }, 'b', 'b'],
    [{ alg: 'RS256', kid: 'r' }, 'r', 'r'],
    [{ alg: 'EdDSA', kid: 'e' }, 'e', 'e'],
    [{ alg: 'Ed25519', kid: 'e' }, 'e', 'e'],
    [{ alg: 'ES256' }, 'a b unnamed', 'a b unnamed'],
    [{ alg: 'RS256' }, 'r', 'r'],
    [{ alg: 'PS256' }, 'key_not_found', 'key_not_found'],
    [{ alg: 'RS256', kid: 'a' }, 'key_not_found', 'key_not_found'],
    [{ kid: 'a' }, 'key_not_found', 'key_not_found'],
    // a kid that no key has: it fits a key without kid, unless the set was fetched and may have changed
    [{ alg: 'ES256', kid: 'x' }, 'key_not_found', 'unnamed'],
    [{ alg: 'RS256', kid: 'x' }, 'key_not_found', 'key_not_found'],
    [{ alg: 'ES256', kid: '' }, 'key_not_found', 'unnamed'],
    [{ alg: 'ES256', kid: null }, 'key_not_found', 'unnamed'],
  ])('%j: %s in a fetched set, %s in a registered one', async (header, fetched, registered) => {
    const sets = [prepareKeySet(all), prepareKeySet(all, true)]
    for (let turn = 0; turn < 2; turn++) {
      expect(await Promise.all(sets.map((keySet) => found(keySet, { ...header })))).toEqual([fetched, registered])
    }
  })

  it('an unknown kid fits no key if each key has one', async () => {
    expect(await found(prepareKeySet({ keys: [a.jwk, b.jwk] }, true), { alg: 'ES256', kid: 'x' })).toBe('key_not_found')
  })

  it('returns the same objects each time, whichever header asks in between', async () => {
    const keySet = prepareKeySet({ keys: [...all.keys, { ...rs256.jwk, kid: undefined }] }, true)
    const unknown = [
      { alg: 'ES256', kid: 'x' },
      { alg: 'RS256', kid: 'x' },
    ]
    const headers = [...unknown, { alg: 'ES256', kid: 'a' }, { alg: 'ES256', kid: 'b' }, { alg: 'ES256' }, { alg: 'RS256', kid: 'r' }]
    const ask = async () => Promise.all(headers.map(async (header) => keySet.find(header)))
    const [first, second] = [await ask(), await ask()]
    for (const [index, keys] of first.entries()) expect(second[index]).toBe(keys)
    expect(first.map((keys) => keys.map(nameOf).join(' '))).toEqual(['unnamed', 'r', 'a', 'b', 'a b unnamed', 'r'])
    expect(await keySet.find({ alg: 'ES256', kid: 'another' })).toBe(first[0])
  })

  it('refuses an unknown kid at once, without a promise', () => {
    expect(() => prepareKeySet(all).find({ alg: 'ES256', kid: 'x' })).toThrow(expect.objectContaining({ reason: 'key_not_found' }))
  })
})

describe('has: whether a public key is in the set', () => {
  it.each<[key: string, publicKey: KeyObject, keys: JWK[], has: boolean]>([
    ['the only key', a.publicKey, [a.jwk], true],
    ['one of several', b.publicKey, all.keys, true],
    ['another key', b.publicKey, [a.jwk, rs256.jwk], false],
    ['a key that is not for signatures', a.publicKey, [{ ...a.jwk, use: 'enc' }, b.jwk], false],
  ])('%s', (_name, publicKey, keys, has) => {
    expect(prepareKeySet({ keys }).has(publicKey)).toBe(has)
  })
})

describe('T-55 jwks_invalid: what is no key set', () => {
  it.each<[document: string, value: unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a list of keys', [a.jwk]],
    ['an object without keys', {}],
    ['keys that are no list', { keys: { 0: a.jwk, length: 1 } }],
    ['no key', { keys: [] }],
    ['no usable key', { keys: [{ ...a.jwk, use: 'enc' }] }],
    ['too many keys', { keys: Array(maxKeys + 1).fill(a.jwk) }],
  ])('%s', (_name, value) => {
    expect(() => prepareKeySet(value)).toThrow(expect.objectContaining({ reason: 'jwks_invalid' }))
  })

  it('100 keys are not too many', async () => {
    expect(maxKeys).toBe(100)
    const keys = [...Array(99).fill({ kty: 'oct' }), a.jwk]
    expect(await found(prepareKeySet({ keys }), { alg: 'ES256', kid: 'a' })).toBe('a')
  })
})
