import { createPrivateKey, KeyObject, type webcrypto } from 'node:crypto'
import { SignJWT } from 'jose'
import { after } from './after.js'
import { ConfigurationError } from './errors.js'
import type { JWK } from './jwk.js'
import { isSameAlgorithm, isSignatureKey, signJws } from './jws.js'

/** The key of a signer, and the headers of its JWTs. */
export interface JwtSignerOptions {
  /** Private key that signs: a JWK, a `KeyObject` or a `CryptoKey`. */
  key: JWK | KeyObject | webcrypto.CryptoKey
  /** `kid` header. Default: that of the JWK. */
  kid?: string
  /** `alg` header. Default: the one that fits the key; RS256 for RSA. */
  algorithm?: string
}

/** Keyed by the curve names of OpenSSL and of Web Cryptography. */
const curveAlgorithms: Record<string, string> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
}

/**
 * Makes a function that signs claims as a JWT of one type (RFC 7519 §7.1).
 * @throws ConfigurationError if the key is not private, or not for the algorithm
 */
export function jwtSigner(
  typ: string,
  { key: given, kid: givenKid, algorithm }: JwtSignerOptions,
): (claims: object) => string | Promise<string> {
  const key = privateKey(given)
  const alg = String(algorithm ?? (given as JWK).alg ?? fittingAlgorithm(key))
  const fits = key instanceof KeyObject ? isSignatureKey(alg, key) : isSameAlgorithm(alg, fittingAlgorithm(key))
  if (!fits) throw new ConfigurationError(`tokenMinter: option key is no key for ${alg}.`)
  const kid = givenKid ?? (typeof (given as JWK).kid === 'string' ? (given as JWK).kid : undefined)
  const header = { alg, typ, ...(kid !== undefined && { kid }) }
  if (!(key instanceof KeyObject)) return (claims) => new SignJWT({ ...claims }).setProtectedHeader(header).sign(key)

  const protectedHeader = base64url(JSON.stringify(header))
  return (claims) => {
    const signingInput = `${protectedHeader}.${base64url(JSON.stringify(claims))}`
    return after(signJws(alg, key, signingInput), (signature) => `${signingInput}.${signature.toString('base64url')}`)
  }
}

const base64url = (text: string) => Buffer.from(text).toString('base64url')

type PrivateKey = KeyObject | webcrypto.CryptoKey

function privateKey(key: JwtSignerOptions['key']): PrivateKey {
  let found: PrivateKey
  try {
    found = key instanceof KeyObject || isCryptoKey(key) ? key : createPrivateKey({ key: key as never, format: 'jwk' })
  } catch (error) {
    throw new ConfigurationError(`tokenMinter: option key is no private key: ${(error as Error).message}`, { cause: error })
  }
  if (found.type !== 'private')
    throw new ConfigurationError('tokenMinter: option key is not private: tokens are signed with a private key.')
  if ('usages' in found && !found.usages.includes('sign'))
    throw new ConfigurationError("tokenMinter: option key may not sign: make it with the usage 'sign'.")
  return found
}

const isCryptoKey = (key: unknown): key is webcrypto.CryptoKey => Object.prototype.toString.call(key) === '[object CryptoKey]'

function fittingAlgorithm(key: PrivateKey): string {
  const algorithm = key instanceof KeyObject ? ofKeyObject(key) : ofCryptoKey(key)
  if (!algorithm)
    throw new ConfigurationError('tokenMinter: no algorithm fits option key: use an EC (P-256, P-384, P-521), RSA or Ed25519 key.')
  return algorithm
}

function ofKeyObject({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType === 'rsa') return 'RS256'
  return asymmetricKeyType === 'ed25519' ? 'EdDSA' : curveAlgorithms[asymmetricKeyDetails?.namedCurve ?? '']
}

/** A CryptoKey is bound to one algorithm. It is not converted to a `KeyObject`: it may not be extractable. */
function ofCryptoKey({ algorithm }: webcrypto.CryptoKey): string | undefined {
  const { name, namedCurve = '', hash } = algorithm as { name: string; namedCurve?: string; hash?: { name: string } }
  const bits = /^SHA-(256|384|512)$/.exec(hash?.name ?? '')?.[1]
  if (bits) return name === 'RSASSA-PKCS1-v1_5' ? `RS${bits}` : name === 'RSA-PSS' ? `PS${bits}` : undefined
  return name === 'Ed25519' ? 'EdDSA' : name === 'ECDSA' ? curveAlgorithms[namedCurve] : undefined
}
