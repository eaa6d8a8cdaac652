import type { KeyObject } from 'node:crypto'
import { after } from '../after.js'
import { AssertionError, refusal } from '../errors.js'
import { isVerifiedInPool, verifyJws } from '../jws.js'
import type { DecodedAssertion } from './assertion.js'

const maxInPool = 100 // verifications that wait for a thread: some tens of milliseconds of work
let inPool = 0

/**
 * Verifies the signature with the first of `keys` that fits (RFC 7515 §5.2). The keys are the signer's and fit `alg`.
 * @returns the key that it was made with
 * @throws AssertionError `signature_invalid`; OAuthError `overloaded` (503) if too many are waiting to be verified
 */
export function verifySignature(jwt: DecodedAssertion, keys: readonly KeyObject[], from = 0): KeyObject | Promise<KeyObject> {
  const key = keys[from]
  if (key === undefined) throw new AssertionError('signature_invalid')
  return after(isSignedBy(jwt, key), (isIt) => (isIt ? key : verifySignature(jwt, keys, from + 1)))
}

function isSignedBy({ header, signingInput, signature }: DecodedAssertion, key: KeyObject): boolean | Promise<boolean> {
  const alg = header.alg as string
  if (!isVerifiedInPool(alg)) return verifyJws(alg, key, signingInput, signature)
  if (inPool >= maxInPool) throw refusal('overloaded')
  inPool++
  return Promise.resolve(verifyJws(alg, key, signingInput, signature)).finally(() => {
    inPool--
  })
}
