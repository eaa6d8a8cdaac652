import { hash } from 'node:crypto'

/**
 * The key under which a one-time JWT is remembered: a digest of (`iss`, `jti`) or, without `jti`, of (`iss`, signing input). Each part is
 * preceded by its length, so that different pairs never give the same text. Not of the token, since several signatures verify for one JWT.
 * Independent of the use: a JWT consumed as a grant is consumed as a client assertion too.
 */
export function replayKey(iss: string, jti: string | undefined, signingInput: string): string {
  const id = jti === undefined ? `signing-input:${signingInput}` : `jti:${jti}`
  return hash('sha256', `${iss.length}:${iss}${id.length}:${id}`, 'base64url')
}
