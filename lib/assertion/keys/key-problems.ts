/** What is wrong with registered keys, in words for the one who registered them. No value of a key is shown. */
import { KeyObject } from 'node:crypto'
import { types } from 'node:util'
import type { JWK } from '../../host/jwk.js'
import { isAbsent } from '../../host/jwk.js'
import { shown } from '../../host/shown.js'
import { isOfSmallOrder } from './small-order.js'
import { thumbprint } from './thumbprint.js'
import { bitLength, exponentOf, verificationCost } from './verification-cost.js'

const ecCurves: readonly unknown[] = ['P-256', 'P-384', 'P-521']
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const maxRsaCost = 16 // 8192 bits, or 4096 if the exponent is above 65537

/** What a value is that should be a JWK Set. */
export function kindOfDocument(document: unknown): string {
  if (typeof document === 'string') return kindOfText(document)
  if (Array.isArray(document)) return 'a list: register { keys: [...] } with this list'
  if (typeof document !== 'object' || document === null) return document === null ? 'null' : `a ${typeof document}`
  if (types.isPromise(document)) return 'a promise: await it'
  if (document instanceof KeyObject) return 'a KeyObject: export its public part as JWK'
  if (ArrayBuffer.isView(document)) return 'bytes'
  if ('kty' in document) return 'a single JWK: register { keys: [...] } with it in the list'
  if (!('keys' in document)) return 'an object without a list of keys'
  const { keys } = document
  const isObject = typeof keys === 'object' && keys !== null && 'keys' in keys // as in it, at any depth
  return `an object whose member keys is ${isObject ? 'another such object' : kindOfDocument(keys)}`
}

/** The `jwks` column of a database often comes as text. */
function kindOfText(text: string): string {
  if (text.includes('-----BEGIN '))
    return `a PEM${text.includes('PRIVATE KEY-----') ? ' of a private key' : ''}: register its public key as JWK`
  return /^\s*[{[]/.test(text) ? 'JSON as text: register what JSON.parse returns' : 'text'
}

/** Why a member of a JWK Set is of no use for verifying signatures (RFC 7518 §3.3-3.4, RFC 8037); `undefined` if it may be used. */
export function problemOfKey(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null) return `no JWK but ${kindOfDocument(given)}`
  const jwk = given as JWK
  if (jwk.kty === 'oct') return 'a symmetric key: register a public key'
  if (privateMembers.some((member) => !isAbsent(jwk[member]))) return 'a private key: register only its public part'
  if (!isAbsent(jwk.use) && jwk.use !== 'sig') return `use must be sig, not ${shown(jwk.use)}`
  if (!isAbsent(jwk.key_ops) && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')))
    return `key_ops must include verify, not be ${shown(jwk.key_ops)}`
  if (jwk.kty === 'RSA') return problemOfRsa(jwk)
  if (jwk.kty === 'OKP') return problemOfOkp(jwk)
  if (jwk.kty !== 'EC') return `kty must be RSA, EC or OKP, not ${shown(jwk.kty)}`
  return ecCurves.includes(jwk.crv) ? undefined : `crv of an EC key must be P-256, P-384 or P-521, not ${shown(jwk.crv)}`
}

/** At least 2048 bits, an odd exponent from 3 to 2^32, and both together not too expensive. */
function problemOfRsa(jwk: JWK): string | undefined {
  const exponent = exponentOf(jwk.e)
  if (bitLength(jwk.n) < 2048) return `an RSA key must have at least 2048 bits, not ${bitLength(jwk.n)}`
  if (!(exponent >= 3 && exponent % 2 === 1)) return 'the exponent of an RSA key must be odd, from 3 to 2^32'
  return verificationCost(jwk) <= maxRsaCost ? undefined : 'an RSA key must have at most 8192 bits, 4096 if its exponent is above 65537'
}

/** 32 bytes (RFC 8037 §2), and no key of small order. */
function problemOfOkp({ crv, x }: JWK): string | undefined {
  if (crv !== 'Ed25519') return `crv of an OKP key must be Ed25519, not ${shown(crv)}`
  const encoded = Buffer.from(typeof x === 'string' ? x : '', 'base64url')
  if (encoded.length !== 32) return 'x of an Ed25519 key must have 32 bytes'
  return isOfSmallOrder(encoded) ? 'an Ed25519 key of small order: anybody can sign for it' : undefined
}

/** A registered key, to compare with the header of a JWT. */
export const describeKey = (jwk: JWK) => ({ kid: jwk.kid, kty: jwk.kty, crv: jwk.crv, alg: jwk.alg, thumbprint: thumbprint(jwk) })
