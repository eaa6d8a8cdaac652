import { hash, KeyObject, type webcrypto } from 'node:crypto'
import { createLocalJWKSet, errors } from 'jose'
import { LRUCache } from 'lru-cache'
import { AssertionError } from '../errors.js'
import type { JSONWebKeySet, JWK } from '../jwk.js'
import type { KeyRegistration } from '../registration.js'
import type { RemoteKeySets } from './remote-key-sets.js'
import { isSameKey, signatureJwks } from './signature-jwks.js'
import { verificationCost } from './verification-cost.js'

/** Finds the keys of a registered signer that fit a JOSE header; at least one. */
export type KeyFinder = (
  registration: KeyRegistration,
  header: Readonly<Record<string, unknown>>,
) => readonly KeyObject[] | Promise<readonly KeyObject[]>

/** The usable keys of one key set. */
export interface KeySet {
  /** The keys that fit a JOSE header, at least one. @throws AssertionError `key_not_found`, or rejects with it */
  find(header: Readonly<Record<string, unknown>>): readonly KeyObject[] | Promise<readonly KeyObject[]>
  /** Whether the set has this public key. */
  has(publicKey: KeyObject): boolean
}

const maxKeys = 100
const maxCandidates = 10 // verifications for one JWT without kid
const maxCandidatesCost = 64 // of all of them together: about 2 ms

/** Makes a finder of keys. Their source is registered, never read from the JWT (RFC 8725 §3.10). */
export function keyFinder(remote: RemoteKeySets): KeyFinder {
  return (registration, header) => {
    const { jwks, jwks_uri, allowPrivateJwksUri = false } = oneSource(registration)
    return jwks_uri === undefined ? localKeySet(jwks as JSONWebKeySet).find(header) : remote.find(jwks_uri, allowPrivateJwksUri, header)
  }
}

/** Makes a check of whether a public key is one of a registered signer. */
export function keyChecker(remote: RemoteKeySets): (registration: KeyRegistration, publicKey: KeyObject) => Promise<boolean> {
  return async (registration, publicKey) => {
    const { jwks, jwks_uri, allowPrivateJwksUri = false } = oneSource(registration)
    return jwks_uri === undefined ? localKeySet(jwks as JSONWebKeySet).has(publicKey) : remote.has(jwks_uri, allowPrivateJwksUri, publicKey)
  }
}

/** The registered key source, where `null`, as databases return it, counts as absent. @throws AssertionError `jwks_invalid` */
function oneSource({ jwks, jwks_uri, allowPrivateJwksUri }: KeyRegistration): KeyRegistration {
  const source = { jwks: jwks ?? undefined, jwks_uri: jwks_uri ?? undefined, allowPrivateJwksUri: allowPrivateJwksUri === true }
  if ((source.jwks === undefined) !== (source.jwks_uri === undefined)) return source
  throw new AssertionError('jwks_invalid', new TypeError('exactly one of jwks and jwks_uri must be registered'))
}

const byObject = new WeakMap<object, { listed: readonly unknown[]; keySet: KeySet }>()
const byContent = new LRUCache<string, KeySet>({ max: 10_000 }) // for hosts that make a new object for each look-up

/** The key set of a `jwks` object; prepared again when the host has added, removed or replaced a key in it. */
function localKeySet(jwks: JSONWebKeySet): KeySet {
  const known = typeof jwks === 'object' && jwks !== null ? byObject.get(jwks) : undefined
  if (known && known.listed.length === jwks.keys?.length && known.listed.every((key, index) => key === jwks.keys[index]))
    return known.keySet
  const keySet = keySetOfContent(jwks)
  byObject.set(jwks, { listed: [...jwks.keys], keySet })
  return keySet
}

function keySetOfContent(jwks: JSONWebKeySet): KeySet {
  const content = textOf(jwks)
  if (content === undefined) return prepareKeySet(jwks, true)
  const id = hash('sha256', content, 'base64url')
  const known = byContent.get(id)
  if (known) return known
  const keySet = prepareKeySet(jwks, true)
  byContent.set(id, keySet)
  return keySet
}

/** The keys as JSON, to compare sets by content; `undefined` if there are too many, no list, or they cannot be serialized. */
function textOf(jwks: JSONWebKeySet): string | undefined {
  try {
    return jwks.keys.length > maxKeys ? undefined : JSON.stringify(jwks.keys)
  } catch {
    return undefined
  }
}

/**
 * Makes a key set from a JWK Set document (RFC 7517 §5), without its weak, private, symmetric and encryption keys.
 * @param unnamedFit whether a key without `kid` fits a JWT whose `kid` none of the keys has (a `kid` is a hint, RFC 7515 §4.1.4). Not for fetched sets, where an
 * unknown `kid` means that the set has changed
 * @throws AssertionError `jwks_invalid` if it is not a JWK Set, has too many keys, or no usable one
 */
export function prepareKeySet(document: unknown, unnamedFit = false): KeySet {
  const listed = (document as { keys?: unknown } | null | undefined)?.keys
  if (!Array.isArray(listed) || listed.length > maxKeys) throw new AssertionError('jwks_invalid')
  const keys = signatureJwks(listed)
  if (keys.length === 0) throw new AssertionError('jwks_invalid')
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
    if (!choose) throw new AssertionError('key_not_found') // jose would find none either, but any sender could make it do the work
    const id = isKnown ? `${alg} ${kid ?? ''}` : `${alg}`
    return chosen.get(id) ?? chosenBy(choose, isKnown ? { alg, kid } : { alg }).then((found) => chosen.set(id, found) && found)
  }
}

async function chosenBy(choose: LocalJwks, header: Readonly<Record<string, unknown>>): Promise<readonly KeyObject[]> {
  try {
    return [KeyObject.from(await choose(header as { alg: string }))]
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw new AssertionError('key_not_found', error)
    const candidates = await affordable(error)
    if (candidates.length === 0) throw new AssertionError('key_not_found', error)
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
    throw new AssertionError('jwks_invalid', error)
  }
}
