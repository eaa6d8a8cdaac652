import { hash, type KeyObject } from 'node:crypto'
import type { JWK } from '../../host/jwk.js'

/** The required members of each type of public key, in lexicographic order (RFC 7638 §3.2, RFC 8037 §2). */
const members: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

/** The SHA-256 thumbprint of a public key (RFC 7638); `undefined` for other kinds of keys, and for one without a required member. */
export function thumbprint(jwk: JWK): string | undefined {
  const names = typeof jwk.kty === 'string' && Object.hasOwn(members, jwk.kty) ? members[jwk.kty] : undefined
  if (!names?.every((name) => typeof jwk[name] === 'string')) return undefined
  return hash('sha256', JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]]))), 'base64url')
}

/** How events name a key: a public one by its thumbprint. A secret has none: its digest could be guessed. */
export function nameOfKey(key: KeyObject): string {
  if (key.type === 'secret') return 'the client_secret'
  try {
    return thumbprint(key.export({ format: 'jwk' }) as JWK) ?? 'a key without a thumbprint'
  } catch {
    return `a key of type ${key.asymmetricKeyType}` // such as DSA, which no JWK can be
  }
}
