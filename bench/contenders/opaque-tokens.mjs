import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'

const tokens = new LRUCache({ max: 10_000 })

/** An opaque access token, remembered for resource servers that introspect it: the same for every contender that leaves this to its host. */
export function opaqueToken(about) {
  const access_token = randomBytes(32).toString('base64url')
  tokens.set(access_token, { ...about, expiresAt: Date.now() + 300_000 })
  return { access_token, token_type: 'Bearer', expires_in: 300 }
}
