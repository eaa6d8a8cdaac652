import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'

const tokens = new LRUCache({ max: 10_000 })

/** An opaque access token, stored for introspection by resource servers: shared by all contenders that leave this to their host. */
export function opaqueToken(about) {
  const access_token = randomBytes(32).toString('base64url')
  tokens.set(access_token, { ...about, expiresAt: Date.now() + 300_000 })
  return { access_token, token_type: 'Bearer', expires_in: 300 }
}
