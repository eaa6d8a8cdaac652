import { hash, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { DecodedAssertion } from '../host/assertion.js'
import { verifySignature } from './signature.js'

const most = 10_000 // about 3 MB

/**
 * Caches valid signatures of JWTs that may be sent many times until they expire: whether a key signed a text never changes. Nothing else is
 * cached: look-ups, times and policy are checked on every use. Safe because keys are compared by identity, and `findKeys` returns the same
 * `KeyObject` as long as the key set is unchanged: a key that was replaced or withdrawn is not among those found, so its entry is not used.
 */
export class VerifiedSignatures {
  readonly #keys = new LRUCache<string, KeyObject>({ max: most })

  /** As {@link verifySignature}, but does not verify again if one of `keys` verified the same token before. */
  async verify(jwt: DecodedAssertion, keys: readonly KeyObject[]): Promise<KeyObject> {
    const id = hash('sha256', jwt.token, 'base64url')
    const known = this.#keys.get(id)
    if (known && keys.includes(known)) return known
    const key = await verifySignature(jwt, keys)
    this.#keys.set(id, key)
    return key
  }
}
