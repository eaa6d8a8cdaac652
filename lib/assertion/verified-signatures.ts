import { hash, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { after } from '../after.js'
import type { DecodedAssertion } from './assertion.js'
import { verifySignature } from './signature.js'

const most = 10_000 // about 3 MB

/**
 * Remembers signatures that were right, for JWTs that may be sent many times until they expire: whether a text is signed by a key never changes. Nothing else
 * is remembered: look-ups, times and policy are checked anew on every use, and a key that is replaced or withdrawn is no longer among those found.
 */
export class VerifiedSignatures {
  readonly #keys = new LRUCache<string, KeyObject>({ max: most })

  /** Does what {@link verifySignature} does, and no more than look where the same text was verified by one of the same keys before. */
  verify(jwt: DecodedAssertion, keys: readonly KeyObject[]): KeyObject | Promise<KeyObject> {
    const id = hash('sha256', jwt.token, 'base64url')
    const known = this.#keys.get(id)
    if (known && keys.includes(known)) return known
    return after(verifySignature(jwt, keys), (key) => {
      this.#keys.set(id, key)
      return key
    })
  }
}
