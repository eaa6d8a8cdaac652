/** Which keys a signer registered, which of them a JWT selects, and which of them verifies it. */
import { createPublicKey, createSecretKey } from 'node:crypto'
import { verifyJws } from '../assertion/jws.js'
import { fetchDiscovered } from '../assertion/keys/discovery.js'
import { fetchJson } from '../assertion/keys/guarded-fetch.js'
import { problemOfKey } from '../assertion/keys/key-problems.js'
import { prepareKeySet } from '../assertion/keys/key-set.js'
import { nameOfKey, thumbprint } from '../assertion/keys/thumbprint.js'
import { usableKeys } from '../assertion/keys/usable-keys.js'
import type { DecodedAssertion } from '../host/assertion.js'
import type { JWK, SignerKeys } from '../host/jwk.js'
import { algOf, draftOf } from './drafts.js'
import type { KeyResult } from './explanation.js'

/** Documents, also those that could not be fetched: a search for fixes asks for the same one many times. */
const documents = new Map<string, { readonly document: Promise<unknown>; readonly at: number }>()
const most = { documents: 100, age: 30_000 } // ms

async function fetched(url: string, allowPrivate: boolean, fetch: typeof fetchJson | typeof fetchDiscovered): Promise<unknown> {
  const id = `${fetch.name} ${allowPrivate} ${url}`
  const known = documents.get(id)
  if (known && performance.now() - known.at < most.age) return known.document
  if (documents.size >= most.documents) documents.clear()
  const document = fetch(url, allowPrivate).then((answer) => answer.document)
  documents.set(id, { document, at: performance.now() })
  return document
}

/** The members of a registered key set, as they are; none if there is no list, or it would have to be fetched. */
export async function listedKeys(
  { jwks, jwks_uri, discovery, issuer = '', allowPrivateJwksUri }: SignerKeys,
  fetchKeys: boolean,
): Promise<readonly unknown[]> {
  let document: unknown = jwks
  try {
    const allowPrivate = allowPrivateJwksUri === true
    if (fetchKeys && typeof jwks_uri === 'string') document = await fetched(jwks_uri, allowPrivate, fetchJson)
    else if (fetchKeys && discovery === true) document = await fetched(issuer, allowPrivate, fetchDiscovered)
  } catch {
    return [] // the check of the keys says why
  }
  const listed = (document as { keys?: unknown } | null | undefined)?.keys
  return Array.isArray(listed) ? listed.slice(0, 100) : []
}

/** A JWT to compare with keys. One that is not well-formed is read as far as it can be. */
export function readable(token: string): DecodedAssertion | undefined {
  const draft = draftOf(token)
  const parts = token.split('.')
  return draft && { ...draft, token, signingInput: parts.slice(0, 2).join('.'), signature: Buffer.from(parts[2] ?? '', 'base64url') }
}

/** What a JWT has to do with each of the keys. */
export async function keyResults(jwt: DecodedAssertion, listed: readonly unknown[], isInline: boolean): Promise<KeyResult[]> {
  const selected = await selectedBy(jwt, listed, isInline)
  return Promise.all(
    listed.map(async (given): Promise<KeyResult> => {
      const [jwk] = usableKeys([given])
      if (!jwk) return { ...namesOf(given), problem: problemOfKey(given), fits: false, verifies: false }
      const name = thumbprint(jwk)
      return { ...namesOf(given), thumbprint: name as string, fits: selected.includes(String(name)), verifies: await verifies(jwt, jwk) }
    }),
  )
}

/** A client secret as a key. */
export async function secretResult(jwt: DecodedAssertion, secret: string): Promise<KeyResult> {
  const isHmac = /^HS(256|384|512)$/.test(algOf(jwt.header))
  const isRight = isHmac && (await verifyJws(algOf(jwt.header), createSecretKey(Buffer.from(secret)), jwt.signingInput, jwt.signature))
  return { kty: 'oct', fits: isHmac, verifies: isRight }
}

const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 256) : undefined)

function namesOf(given: unknown): Partial<KeyResult> {
  const { kid, kty, crv, alg } = (typeof given === 'object' && given !== null ? given : {}) as JWK
  return Object.fromEntries(
    Object.entries({ kid: text(kid), kty: text(kty), crv: text(crv), alg: text(alg) }).filter(([, value]) => value !== undefined),
  )
}

async function selectedBy({ header }: DecodedAssertion, listed: readonly unknown[], isInline: boolean): Promise<string[]> {
  try {
    const found = await prepareKeySet({ keys: listed }, isInline).find(header)
    return found.map(nameOfKey)
  } catch {
    return []
  }
}

async function verifies({ header, signingInput, signature }: DecodedAssertion, jwk: JWK): Promise<boolean> {
  try {
    return await verifyJws(algOf(header), createPublicKey({ key: jwk as never, format: 'jwk' }), signingInput, signature)
  } catch {
    return false
  }
}
