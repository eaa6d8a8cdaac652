import { KeyObject, type webcrypto } from 'node:crypto'
import { createLocalJWKSet, errors } from 'jose'
import { refusal } from '../../host/errors.js'
import { type Evidence, invalid } from '../../host/evidence.js'
import type { JWK } from '../../host/jwk.js'
import { describeKey, kindOfDocument, problemOfKey } from './key-problems.js'
import { isSameKey, usableKeys } from './usable-keys.js'
import { verificationCost } from './verification-cost.js'

/** The usable keys of one key set. */
export interface KeySet {
  /** The keys that fit a JOSE header, at least one. @throws Refusal `key_not_found`, or rejects with it */
  find(header: Readonly<Record<string, unknown>>): readonly KeyObject[] | Promise<readonly KeyObject[]>
  /** Whether the set has this public key. */
  has(publicKey: KeyObject): boolean
}

/** Keys of one set at most. */
export const maxKeys = 100
const maxCandidates = 10 // verifications for one JWT without kid
const maxCandidatesCost = 64 // of all of them together: about 2 ms

/**
 * Makes a key set from a JWK Set document (RFC 7517 §5), without its weak, private, symmetric and encryption keys.
 * @param unnamedFit whether a key without `kid` fits a JWT whose `kid` none of the keys has (a `kid` is a hint, RFC 7515 §4.1.4). Not for fetched sets, where an
 * unknown `kid` means that the set has changed
 * @throws Refusal `jwks_invalid` if it is not a JWK Set, has too many keys, or no usable one
 */
export function prepareKeySet(document: unknown, unnamedFit = false): KeySet {
  const listed = (document as { keys?: unknown } | null | undefined)?.keys
  if (!Array.isArray(listed))
    throw refusal('jwks_invalid', () => ({ seen: kindOfDocument(document), wanted: 'a JWK Set: { keys: [...] }' }))
  if (listed.length > maxKeys) throw refusal('jwks_invalid', { seen: { keys: listed.length }, wanted: { at_most: maxKeys } })
  const keys = usableKeys(listed)
  if (keys.length === 0)
    throw refusal('jwks_invalid', () => ({ seen: { keys: listed.map(problemOfKey) }, wanted: 'a public signature key' }))
  return {
    find: chooser(keys, unnamedFit),
    has: (publicKey) => keys.some((jwk) => isSameKey(jwk, publicKey.export({ format: 'jwk' }) as JWK)),
  }
}

/**
 * jose selects and imports keys. The result for an `alg` and `kid` is kept, since a key set never changes: so `find` returns the same
 * `KeyObject` each time, which `VerifiedSignatures` compares by identity.
 */
function chooser(keys: JWK[], unnamedFit: boolean): KeySet['find'] {
  const all = localJwks(keys)
  const kids = new Set<unknown>(keys.map(({ kid }) => kid))
  const withoutKid = unnamedFit ? keys.filter(({ kid }) => kid === undefined) : []
  const unnamed = withoutKid.length === 0 ? undefined : localJwks(withoutKid)
  const chosen = new Map<string, readonly KeyObject[]>() // only successful look-ups, and one for all unknown kids: senders cannot make it grow
  return ({ alg, kid }) => {
    const isKnown = kid === undefined || kids.has(kid)
    const choose = isKnown ? all : unnamed
    const evidence = () => ({ seen: { alg, kid }, wanted: keys.map(describeKey) })
    if (!choose) throw refusal('key_not_found', evidence) // jose would find none either, but any sender could make it do the work
    const id = isKnown ? `${alg} ${kid ?? ''}` : `${alg}`
    return chosen.get(id) ?? chosenBy(choose, isKnown ? { alg, kid } : { alg }, evidence).then((found) => chosen.set(id, found) && found)
  }
}

async function chosenBy(
  choose: LocalJwks,
  header: Readonly<Record<string, unknown>>,
  evidence: () => Evidence,
): Promise<readonly KeyObject[]> {
  try {
    return [KeyObject.from(await choose(header as { alg: string }))]
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw refusal('key_not_found', evidence)
    const candidates = await affordable(error)
    if (candidates.length === 0) throw refusal('key_not_found', evidence)
    return candidates
  }
}

/** The first keys, until the next would cost too much. One is always affordable. */
async function affordable(keys: AsyncIterable<webcrypto.CryptoKey>): Promise<KeyObject[]> {
  const candidates: KeyObject[] = []
  let cost = 0
  for await (const imported of keys) {
    const key = KeyObject.from(imported)
    cost += verificationCost(key.export({ format: 'jwk' }) as JWK)
    if (candidates.length > 0 && cost > maxCandidatesCost) break
    if (candidates.push(key) === maxCandidates) break
  }
  return candidates
}

type LocalJwks = ReturnType<typeof createLocalJWKSet>

function localJwks(keys: JWK[]): LocalJwks {
  try {
    return createLocalJWKSet({ keys })
  } catch (error) {
    throw refusal('jwks_invalid', () => invalid(error, 'a JWK Set'))
  }
}
