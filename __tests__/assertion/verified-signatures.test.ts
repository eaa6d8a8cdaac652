import { describe, expect, it } from '@jest/globals'
import { decodeAssertion } from '../../lib/assertion/decode.js'
import { prepareKeySet } from '../../lib/assertion/keys/key-set.js'
import { VerifiedSignatures } from '../../lib/assertion/verified-signatures.js'
import { forge } from '../support/jwt.js'
import { ec, type Pair } from '../support/keys.js'

const [pair, other] = [ec('k'), ec('k')]
const keysOf = async (...pairs: Pair[]) => prepareKeySet({ keys: pairs.map(({ jwk }) => jwk) }).find({ alg: 'ES256', kid: 'k' })
const jwtOf = (claims: object, by = pair) => decodeAssertion(forge({ alg: 'ES256', kid: 'k' }, claims, by.privateKey))
/** A JWT whose text is known and whose signature would fail if it were looked at. */
const unverifiable = (jwt: ReturnType<typeof jwtOf>) => ({ ...jwt, signature: Buffer.alloc(64) })
const invalid = { reason: 'signature_invalid' }

describe('VerifiedSignatures', () => {
  const verify = async (signatures: VerifiedSignatures, ...args: Parameters<VerifiedSignatures['verify']>) => signatures.verify(...args)

  it('verifies a text once for each key', async () => {
    const signatures = new VerifiedSignatures()
    const [jwt, keys] = [jwtOf({ iss: 'a' }), await keysOf(pair)]
    await expect(verify(signatures, unverifiable(jwt), keys)).rejects.toMatchObject(invalid)
    await expect(verify(signatures, jwt, keys)).resolves.toBe(keys[0])
    await expect(verify(signatures, unverifiable(jwt), keys)).resolves.toBe(keys[0])
  })

  it('T-51 verifies it again when its key is replaced, even by the same key, or withdrawn', async () => {
    const signatures = new VerifiedSignatures()
    const jwt = jwtOf({ iss: 'a' })
    await verify(signatures, jwt, await keysOf(pair))
    for (const keys of [await keysOf(pair), await keysOf(other), []])
      await expect(verify(signatures, unverifiable(jwt), keys)).rejects.toMatchObject(invalid)
  })

  it('finds the key among several', async () => {
    const signatures = new VerifiedSignatures()
    const [jwt, keys] = [jwtOf({ iss: 'a' }), await keysOf(other, pair)]
    await expect(verify(signatures, jwt, keys)).resolves.toBe(keys[1])
    await expect(verify(signatures, unverifiable(jwt), keys)).resolves.toBe(keys[1])
  })

  it('T-48 remembers nothing that was not right: a forged one is refused each time, and the next one is no better for it', async () => {
    const signatures = new VerifiedSignatures()
    const keys = await keysOf(pair)
    const forged = jwtOf({ iss: 'a' }, other)
    for (let i = 0; i < 3; i++) await expect(verify(signatures, forged, keys)).rejects.toMatchObject(invalid)
  })

  it('does not take one text for another', async () => {
    const signatures = new VerifiedSignatures()
    const keys = await keysOf(pair)
    const jwt = jwtOf({ iss: 'a' })
    await verify(signatures, jwt, keys)
    const [header, , signature] = jwt.token.split('.')
    const altered = decodeAssertion(`${header}.${Buffer.from('{"iss":"b"}').toString('base64url')}.${signature}`)
    await expect(verify(signatures, altered, keys)).rejects.toMatchObject(invalid)
  })
})
