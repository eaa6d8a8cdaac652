/** Which members of a JWK Set may verify signatures: the public keys that are strong enough, and of them only what says what they are. */
import type { JWK } from '../../host/jwk.js'
import { isAbsent } from '../../host/jwk.js'
import { isOfSmallOrder } from './small-order.js'
import { bitLength, exponentOf, verificationCost } from './verification-cost.js'

const ecCurves: readonly unknown[] = ['P-256', 'P-384', 'P-521']
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** The usable keys of `listed`, in order: no weak, private, symmetric or encryption keys. */
export const usableKeys = (listed: readonly unknown[]): JWK[] => listed.filter(isUsable).map(publicPart).map(withoutEdDSAName)

const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e']
/** Whether two public JWKs are one key, whatever else they say. */
export const isSameKey = (one: JWK, other: JWK) => publicMembers.every((member) => one[member] === other[member])

/** A public signature key of sufficient strength (RFC 7518 §3.3–3.4, RFC 8037). */
function isUsable(jwk: unknown): jwk is JWK {
  if (typeof jwk !== 'object' || jwk === null) return false
  const { kty, crv, use, key_ops, x } = jwk as JWK
  if (privateMembers.some((member) => !isAbsent((jwk as JWK)[member]))) return false
  if (!isAbsent(use) && use !== 'sig') return false
  if (!isAbsent(key_ops) && !(Array.isArray(key_ops) && key_ops.includes('verify'))) return false
  if (kty === 'RSA') return isSoundRsa(jwk as JWK)
  if (kty === 'OKP') return crv === 'Ed25519' && isSoundEd25519(x)
  return kty === 'EC' && ecCurves.includes(crv)
}

/** 32 bytes (RFC 8037 §2), and no key of small order. */
function isSoundEd25519(x: unknown): boolean {
  if (typeof x !== 'string') return false
  const encoded = Buffer.from(x, 'base64url')
  return encoded.length === 32 && !isOfSmallOrder(encoded)
}

const maxRsaCost = 16 // 8192 bits, or 4096 if the exponent is above 65537

/** At least 2048 bits, an odd exponent from 3 to 2^32, and both together not too expensive. */
function isSoundRsa(jwk: JWK): boolean {
  const exponent = exponentOf(jwk.e)
  return bitLength(jwk.n) >= 2048 && exponent >= 3 && exponent % 2 === 1 && verificationCost(jwk) <= maxRsaCost
}

/** The public key and its intended use; other members of a fetched document are dropped. */
function publicPart(jwk: JWK): JWK {
  const kept = [...publicMembers, 'kid', 'alg', 'use', 'key_ops', 'ext']
  return Object.fromEntries(kept.filter((member) => !isAbsent(jwk[member])).map((member) => [member, jwk[member]]))
}

/** Drops `alg` of an Ed25519 key, so that it fits both names of its algorithm, `EdDSA` and `Ed25519` (RFC 9864); `crv` is sufficient. */
function withoutEdDSAName(jwk: JWK): JWK {
  if (jwk.kty !== 'OKP' || (jwk.alg !== 'EdDSA' && jwk.alg !== 'Ed25519')) return jwk
  const { alg: _, ...rest } = jwk
  return rest
}
