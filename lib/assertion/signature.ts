import type { KeyObject } from 'node:crypto'
import { after } from '../after.js'
import { AssertionError } from '../errors.js'
import { verifyJws } from '../jws.js'
import type { DecodedAssertion } from './assertion.js'

/**
 * Verifies the signature with the first of `keys` that fits (RFC 7515 §5.2). The keys are the signer's and fit `alg`.
 * @throws AssertionError `signature_invalid`
 */
export function verifySignature(jwt: DecodedAssertion, keys: readonly KeyObject[]): void | Promise<void> {
  return after(isSignedByOne(jwt, keys), (isSigned) => {
    if (!isSigned) throw new AssertionError('signature_invalid')
  })
}

function isSignedByOne(jwt: DecodedAssertion, keys: readonly KeyObject[], from = 0): boolean | Promise<boolean> {
  const key = keys[from]
  if (key === undefined) return false
  const { header, signingInput, signature } = jwt
  return after(verifyJws(header.alg as string, key, signingInput, signature), (isIt) => isIt || isSignedByOne(jwt, keys, from + 1))
}
