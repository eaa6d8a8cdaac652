import type { KeyObject } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { decodeAssertion } from '../../lib/assertion/decode.js'
import { prepareKeySet } from '../../lib/assertion/keys/key-set.js'
import { nameOfKey } from '../../lib/assertion/keys/thumbprint.js'
import { verifySignature as verifyNow } from '../../lib/assertion/signature.js'
import { Refusal } from '../../lib/host/errors.js'
import { evidenceOf } from '../../lib/host/evidence.js'
import { forge, signature } from '../support/jwt.js'
import { ec, ed, type Pair, pairOfEachAlgorithm, rsa } from '../support/keys.js'

/** Some signatures are verified at once, others later. */
const verifySignature = async (...args: Parameters<typeof verifyNow>) => verifyNow(...args)

const pairs = pairOfEachAlgorithm()
const keysOf = ({ jwk }: Pair, alg: string) => prepareKeySet({ keys: [{ ...jwk, alg }] }).find({ alg })
const token = (pair: Pair, alg: string, signedWith = alg) => decodeAssertion(forge({ alg }, { iss: 'a' }, pair.privateKey, signedWith))
const invalid = { reason: 'signature_invalid' }

describe.each(Object.entries(pairs))('%s', (alg, pair) => {
  it('JG-11 verifies what its key signed', async () => {
    await expect(verifySignature(token(pair, alg), await keysOf(pair, alg))).resolves.toBeDefined()
  })

  it('refuses another text, another key, no key', async () => {
    const keys = await keysOf(pair, alg)
    const jwt = token(pair, alg)
    const moved = decodeAssertion(jwt.token.replace(/\.[^.]+\./, `.${Buffer.from('{"iss":"b"}').toString('base64url')}.`))
    await expect(verifySignature(moved, keys)).rejects.toMatchObject(invalid)
    const other = alg.startsWith('Ed')
      ? ed('k')
      : alg.startsWith('ES')
        ? ec('k', `P-${alg.replace('ES512', 'ES521').slice(2)}`, alg)
        : rsa('k')
    await expect(verifySignature(token(other, alg), keys)).rejects.toMatchObject(invalid)
    await expect(verifySignature(jwt, [])).rejects.toMatchObject(invalid)
  })

  it('shows which keys it was tried with', async () => {
    const keys = await keysOf(pair, alg)
    const stranger = decodeAssertion(`${token(pair, alg).signingInput}.${'A'.repeat(8)}`)
    const error = await verifySignature(stranger, keys).catch((thrown) => thrown)
    expect(evidenceOf(error.evidence)).toEqual({ seen: { alg, kid: undefined }, wanted: { signed_by: keys.map(nameOfKey) } })
    expect(keys).toHaveLength(1)
  })

  it('finds the right key among several', async () => {
    const [right] = (await keysOf(pair, alg)) as readonly [KeyObject]
    const other = alg.startsWith('Ed')
      ? ed('k')
      : alg.startsWith('ES')
        ? ec('k', `P-${alg.replace('ES512', 'ES521').slice(2)}`, alg)
        : rsa('k')
    const [wrong] = (await keysOf(other, alg)) as readonly [KeyObject]
    const jwt = token(pair, alg)
    await expect(verifySignature(jwt, [wrong, right])).resolves.toBeDefined()
    await expect(verifySignature(jwt, [right, wrong])).resolves.toBeDefined()
    await expect(verifySignature(jwt, [wrong, wrong])).rejects.toMatchObject(invalid)
  })

  it('T-15 refuses signatures of any other length', async () => {
    const keys = await keysOf(pair, alg)
    const jwt = token(pair, alg)
    const bytes = signature(jwt.signingInput, pair.privateKey, alg)
    for (const wrong of [
      Buffer.alloc(1),
      bytes.subarray(1),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      Buffer.alloc(bytes.length),
    ]) {
      const spoilt = decodeAssertion(`${jwt.signingInput}.${wrong.toString('base64url')}`)
      await expect(verifySignature(spoilt, keys)).rejects.toMatchObject(invalid)
    }
  })
})

describe('a key that does not fit alg (JW-05)', () => {
  const entries = Object.entries(pairs)
  it('verifies nothing', async () => {
    for (const [alg, pair] of entries) {
      const keys = await keysOf(pair, alg)
      for (const [claimed] of entries) {
        const name = claimed === 'Ed25519' ? 'EdDSA' : claimed
        if (name === (alg === 'Ed25519' ? 'EdDSA' : alg)) continue
        const error = await verifySignature(token(pair, claimed, alg), keys).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(Refusal)
        expect(error).toMatchObject(invalid)
      }
    }
  })

  it.each(['none', 'HS256', 'ES256K', 'constructor', ''])('T-01 alg %j is never verified', async (alg) => {
    const keys = await keysOf(pairs.ES256 as Pair, 'ES256')
    await expect(verifySignature(token(pairs.ES256 as Pair, alg, 'ES256'), keys)).rejects.toMatchObject(invalid)
  })
})

describe('T-46 signatures that are verified in the thread pool (ES384, ES512)', () => {
  it.each(['ES384', 'ES512'])('%s: those that would wait behind a hundred are refused with 503, and room comes back', async (alg) => {
    const pair = pairs[alg] as Pair
    const [jwt, keys] = [token(pair, alg), await keysOf(pair, alg)]
    const many = await Promise.allSettled(Array.from({ length: 150 }, () => verifySignature(jwt, keys)))
    expect(many.slice(0, 100).every(({ status }) => status === 'fulfilled')).toBe(true)
    for (const late of many.slice(100)) expect(late).toMatchObject({ status: 'rejected', reason: { reason: 'overloaded' } })
    await expect(verifySignature(jwt, keys)).resolves.toBeDefined()
  })

  it('do not keep others waiting', async () => {
    const [slow, fast] = [pairs.ES384 as Pair, pairs.ES256 as Pair]
    const [jwt, keys] = [token(slow, 'ES384'), await keysOf(slow, 'ES384')]
    const many = Array.from({ length: 100 }, () => verifySignature(jwt, keys))
    expect(verifyNow(token(fast, 'ES256'), await keysOf(fast, 'ES256'))).toBeDefined()
    await Promise.all(many)
  })
})
