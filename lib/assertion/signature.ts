import type { KeyObject } from 'node:crypto'
import { AssertionError } from '../errors.js'
import { verifyJws } from '../jws.js'
import type { DecodedAssertion } from './assertion.js'

/**
 * Verifies the signature with the first of `keys` that fits (RFC 7515 §5.2). The keys are the signer's and fit `alg`.
 * @throws AssertionError `signature_invalid`
 */
export async function verifySignature(jwt: DecodedAssertion, keys: readonly KeyObject[]): Promise<void> {
  for (const key of keys) if (await isRight(jwt, key)) return
  throw new AssertionError('signature_invalid')
}

async function isRight({ header, signingInput, signature }: DecodedAssertion, key: KeyObject): Promise<boolean> {
  try {
    return await verifyJws(header.alg as string, key, signingInput, signature)
  } catch (error) {
    throw new AssertionError('signature_invalid', error)
  }
}
