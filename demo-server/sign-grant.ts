import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { KeyPair } from './registry.js'

/** Signs a JWT authorization grant (RFC 7523 §2.1), valid for 60 seconds unless `lifetime` says otherwise. */
export function signGrant({ kid, privateKey }: KeyPair, claims: { iss: string; sub: string; aud: string }, lifetime = 60): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  return new SignJWT({ ...claims, iat, exp: iat + lifetime, jti: randomUUID() }).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)
}
