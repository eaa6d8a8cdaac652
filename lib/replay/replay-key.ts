import { hash } from 'node:crypto'

/**
 * The key under which a one-time JWT is remembered: a digest of (`iss`, `jti`), or where there is no `jti`, of (`iss`, the signing
 * input). Each part is preceded by its length, so that no two pairs meet; never the token text, since several texts
 * verify as one JWT; the same whatever the JWT is used for, so that one spent as a grant is spent as a client assertion too.
 */
export function replayKey(iss: string, jti: string | undefined, signingInput: string): string {
  const id = jti === undefined ? `signing-input:${signingInput}` : `jti:${jti}`
  return hash('sha256', `${iss.length}:${iss}${id.length}:${id}`, 'base64url')
}
