import type { KeyObject } from 'node:crypto'
import type { DecodedAssertion } from '../host/assertion.js'
import { refusal } from '../host/errors.js'
import { isVerifiedInPool, verifyJws } from './jws.js'
import { nameOfKey } from './keys/thumbprint.js'

const maxInPool = 100 // verifications running or queued in the thread pool: some tens of milliseconds of work
let inPool = 0

/**
 * Tries `keys` in order, all of them the signer's and for `alg`, until one verifies the signature (RFC 7515 §5.2).
 * @returns the key that verified it
 * @throws Refusal `signature_invalid`; `overloaded` (503) if too many verifications are waiting
 */
export async function verifySignature(jwt: DecodedAssertion, keys: readonly KeyObject[]): Promise<KeyObject> {
  for (const key of keys) if (await isSignedBy(jwt, key)) return key
  throw refusal('signature_invalid', () => ({
    seen: { alg: jwt.header.alg, kid: jwt.header.kid },
    wanted: { signed_by: keys.map(nameOfKey) },
  }))
}

async function isSignedBy({ header, signingInput, signature }: DecodedAssertion, key: KeyObject): Promise<boolean> {
  const alg = header.alg as string
  if (!isVerifiedInPool(alg)) return verifyJws(alg, key, signingInput, signature)
  if (inPool >= maxInPool) throw refusal('overloaded', { seen: { waiting_verifications: inPool }, wanted: { fewer_than: maxInPool } })
  inPool++
  try {
    return await verifyJws(alg, key, signingInput, signature)
  } finally {
    inPool--
  }
}
