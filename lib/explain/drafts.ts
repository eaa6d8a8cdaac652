/** A JWT that can be changed: its parts, and who signs it. Tokens of senders are read leniently here: their checks are made elsewhere. */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { signJws } from '../assertion/jws.js'
import type { JWK } from '../host/jwk.js'

/** A JWT in parts. */
export interface Draft {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** The token as it was sent, as long as nothing was edited. */
  readonly sent: string | undefined
  /** The thumbprint of the registered key that signs; `undefined` for a key that is not registered. */
  readonly key: string | undefined
}

/** The `alg` of a header, which may have any type. */
export const algOf = ({ alg }: Readonly<Record<string, unknown>>): string => (typeof alg === 'string' ? alg : '')

function objectOf(segment: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Reads a token. `undefined` if it has no header and claims. */
export function draftOf(token: string, key?: string): Draft | undefined {
  const [header, claims] = token.split('.', 2).map(objectOf)
  return header && claims && { header, claims, sent: token, key }
}

/** A kind of key pair: an algorithm, or `RSA` for all that use RSA. */
export type KeyKind = 'ES256' | 'ES384' | 'ES512' | 'EdDSA' | 'RSA'
const curves: Readonly<Record<string, KeyKind>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512', Ed25519: 'EdDSA' }

/** The kind of a registered key. */
export const kindOfKey = ({ crv }: JWK): KeyKind => curves[String(crv)] ?? 'RSA'
/** The kind of a key that signs with `alg`. */
export const kindOfAlgorithm = (alg: unknown): KeyKind =>
  alg === 'EdDSA' || alg === 'Ed25519' ? 'EdDSA' : (Object.values(curves).find((kind) => kind === alg) ?? 'RSA')

interface StandIn {
  readonly publicJwk: JWK
  readonly privateKey: KeyObject
}
const standIns = new Map<string, StandIn>()
/** As PEM, not as objects: see lib/testing/signer.ts. */
const asPem = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const
const makers: Readonly<Record<KeyKind, () => { publicKey: unknown; privateKey: unknown }>> = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256', ...asPem }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384', ...asPem }),
  ES512: () => generateKeyPairSync('ec', { namedCurve: 'P-521', ...asPem }),
  EdDSA: () => generateKeyPairSync('ed25519', asPem),
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048, ...asPem }),
}

/** A key pair in place of one whose private key only the signer has. It never leaves this module's callers: nothing trusts it. */
export function standIn(who: 'registered' | 'unregistered', kind: KeyKind): StandIn {
  const id = `${who} ${kind}`
  let pair = standIns.get(id)
  if (!pair) {
    const { publicKey, privateKey } = makers[kind]()
    pair = {
      publicJwk: createPublicKey(publicKey as string).export({ format: 'jwk' }) as JWK,
      privateKey: createPrivateKey(privateKey as string),
    }
    standIns.set(id, pair)
  }
  return pair
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** Signs a draft anew: with a key, or for an HMAC with a secret. If the key is not for its `alg`, the signature is not valid. */
export async function signed({ header, claims }: Draft, key: KeyObject | string): Promise<string> {
  const input = `${encode(header)}.${encode(claims)}`
  const bits = /^HS(256|384|512)$/.exec(algOf(header))?.[1]
  try {
    const signature =
      typeof key === 'string' ? createHmac(`sha${bits}`, key).update(input).digest() : await signJws(algOf(header), key, input)
    return `${input}.${signature.toString('base64url')}`
  } catch {
    return `${input}.AAAA`
  }
}
