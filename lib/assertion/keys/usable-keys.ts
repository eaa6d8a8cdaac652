/** Which members of a JWK Set may verify signatures: the public keys that are strong enough, and of them only what says what they are. */
import type { JWK } from '../../host/jwk.js'
import { isAbsent } from '../../host/jwk.js'
import { problemOfKey } from './key-problems.js'

/** The usable keys of `listed`, in order: no weak, private, symmetric or encryption keys. */
export const usableKeys = (listed: readonly unknown[]): JWK[] => listed.filter(isUsable).map(publicPart).map(withoutEdDSAName)

const isUsable = (jwk: unknown): jwk is JWK => problemOfKey(jwk) === undefined

const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e']
/** Whether two public JWKs are one key, whatever else they say. */
export const isSameKey = (one: JWK, other: JWK) => publicMembers.every((member) => one[member] === other[member])

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
