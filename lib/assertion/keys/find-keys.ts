import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { refusal } from '../../host/errors.js'
import type { JSONWebKeySet, KeyRegistration } from '../../host/jwk.js'
import { type KeySet, maxKeys, prepareKeySet } from './key-set.js'
import type { RemoteKeySets } from './remote-key-sets.js'

/** Finds the keys of a registered signer that fit a JOSE header; at least one. */
export type KeyFinder = (
  registration: KeyRegistration,
  header: Readonly<Record<string, unknown>>,
) => readonly KeyObject[] | Promise<readonly KeyObject[]>

/** Makes a finder of keys. Their source is registered, never read from the JWT (RFC 8725 §3.10). */
export function keyFinder(remote: RemoteKeySets): KeyFinder {
  return (registration, header) => {
    const { jwks, jwks_uri, allowPrivate } = oneSource(registration)
    return jwks_uri === undefined ? localKeySet(jwks as JSONWebKeySet).find(header) : remote.find(jwks_uri, allowPrivate, header)
  }
}

/** Makes a check of whether a public key is one of a registered signer. */
export function keyChecker(remote: RemoteKeySets): (registration: KeyRegistration, publicKey: KeyObject) => Promise<boolean> {
  return async (registration, publicKey) => {
    const { jwks, jwks_uri, allowPrivate } = oneSource(registration)
    return jwks_uri === undefined ? localKeySet(jwks as JSONWebKeySet).has(publicKey) : remote.has(jwks_uri, allowPrivate, publicKey)
  }
}

const given = (source: unknown) => (source === undefined ? null : 'given')

/** The registered key source, where `null`, as databases return it, counts as absent. @throws Refusal `jwks_invalid` */
function oneSource({ jwks, jwks_uri, allowPrivateJwksUri }: KeyRegistration) {
  const source = { jwks: jwks ?? undefined, jwks_uri: jwks_uri ?? undefined, allowPrivate: allowPrivateJwksUri === true }
  if ((source.jwks === undefined) !== (source.jwks_uri === undefined)) return source
  throw refusal('jwks_invalid', {
    seen: { jwks: given(source.jwks), jwks_uri: given(source.jwks_uri) },
    wanted: 'exactly one of jwks and jwks_uri',
  })
}

const byContent = new LRUCache<string, KeySet>({ max: 10_000 })

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
