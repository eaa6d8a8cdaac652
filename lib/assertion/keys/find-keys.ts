import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { refusal } from '../../host/errors.js'
import { isAbsent, type JSONWebKeySet, type SignerKeys } from '../../host/jwk.js'
import { type KeySet, maxKeys, prepareKeySet } from './key-set.js'
import type { KeySource, RemoteKeySets } from './remote-key-sets.js'

/** Finds the keys of a registered signer that fit a JOSE header; at least one. */
export type KeyFinder = (
  registration: SignerKeys,
  header: Readonly<Record<string, unknown>>,
) => readonly KeyObject[] | Promise<readonly KeyObject[]>

/**
 * In a registration: the sets that keep its fetched keys, apart from those of others. For registrations that anybody can write. It is a symbol,
 * so that a copy of the registration has it, and no database.
 */
export const keptIn = Symbol('keptIn')
type Registration = SignerKeys & { readonly [keptIn]?: RemoteKeySets }
const setsOf = (registration: Registration, remote: RemoteKeySets, mayBeOwn: boolean) =>
  (mayBeOwn ? registration[keptIn] : undefined) ?? remote

/**
 * Makes a finder of keys. Their source is registered, never read from the JWT (RFC 8725 §3.10).
 * @param mayBeOwn whether a registration may have sets of its own ({@link keptIn}): not for those who fetch nothing
 */
export function keyFinder(remote: RemoteKeySets, mayBeOwn = true): KeyFinder {
  return (registration, header) => {
    const { jwks, url, allowPrivate, source } = oneSource(registration)
    return jwks ? localKeySet(jwks).find(header) : setsOf(registration, remote, mayBeOwn).find(url, allowPrivate, header, source)
  }
}

/** Makes a check of whether a public key is one of a registered signer. */
export function keyChecker(remote: RemoteKeySets, mayBeOwn = true): (registration: SignerKeys, publicKey: KeyObject) => Promise<boolean> {
  return async (registration, publicKey) => {
    const { jwks, url, allowPrivate, source } = oneSource(registration)
    return jwks ? localKeySet(jwks).has(publicKey) : setsOf(registration, remote, mayBeOwn).has(url, allowPrivate, publicKey, source)
  }
}

type OneSource =
  | { readonly jwks: JSONWebKeySet; readonly url?: undefined; readonly allowPrivate?: undefined; readonly source?: undefined }
  | { readonly jwks?: undefined; readonly url: string; readonly allowPrivate: boolean; readonly source: KeySource }

const given = (isThere: boolean) => (isThere ? 'given' : null)

/** The registered key source, where `null`, as databases return it, counts as absent. @throws Refusal `jwks_invalid` unless there is exactly one */
function oneSource({ jwks, jwks_uri, discovery, issuer = '', allowPrivateJwksUri }: SignerKeys): OneSource {
  const allowPrivate = allowPrivateJwksUri === true
  const sources: OneSource[] = []
  if (!isAbsent(jwks)) sources.push({ jwks })
  if (!isAbsent(jwks_uri)) sources.push({ url: jwks_uri, allowPrivate, source: 'jwks_uri' })
  if (discovery === true) sources.push({ url: issuer, allowPrivate, source: 'discovery' })
  const [first, another] = sources
  if (first && !another) return first
  throw refusal('jwks_invalid', {
    seen: { jwks: given(!isAbsent(jwks)), jwks_uri: given(!isAbsent(jwks_uri)), discovery: discovery ?? null },
    wanted: 'exactly one of jwks, jwks_uri and discovery',
  })
}

const byContent = new LRUCache<string, KeySet>({
  max: 10_000,
  maxSize: 8 * 1024 * 1024, // bytes of content: clients may publish what stands there
  sizeCalculation: (_, content) => Buffer.byteLength(content),
})

/** The key set of a `jwks` object. Prepared keys are kept by content: a host may make a new object for each look-up, or change one in place. */
function localKeySet(jwks: JSONWebKeySet): KeySet {
  const content = textOf(jwks)
  if (content === undefined) return prepareKeySet(jwks, true)
  const known = byContent.get(content)
  if (known) return known
  const keySet = prepareKeySet(jwks, true)
  byContent.set(content, keySet)
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
