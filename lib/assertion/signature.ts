import { compactVerify, errors } from 'jose'
import { AssertionError } from '../errors.js'
import type { DecodedAssertion } from './assertion.js'
import type { VerificationKey } from './keys.js'

/**
 * Verifies the signature with the first of `keys` that fits (RFC 7515 §5.2). The keys are the signer's and fit `alg`.
 * @throws AssertionError `signature_invalid`
 */
export async function verifySignature(jwt: DecodedAssertion, keys: readonly VerificationKey[]): Promise<void> {
  const options = { algorithms: [jwt.header.alg as string] }
  for (const key of keys) {
    try {
      await compactVerify(jwt.token, key, options)
      return
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw new AssertionError('signature_invalid', error)
    }
  }
  throw new AssertionError('signature_invalid')
}
