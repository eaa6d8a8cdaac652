import { createPrivateKey, KeyObject, type webcrypto } from 'node:crypto'
import { SignJWT } from 'jose'
import { isSignatureKey, signJws } from '../assertion/jws.js'
import { ConfigurationError } from '../host/errors.js'
import type { JWK } from '../host/jwk.js'
import { isSameAlgorithm } from '../host/options.js'

/** The key of a signer, and the headers of its JWTs. */
export interface JwtSignerOptions {
  /**
   * Private key that signs: PEM that is not encrypted (PKCS#8, PKCS#1 or SEC1), a JWK, a `KeyObject` or a `CryptoKey`. EC (P-256, P-384,
   * P-521), Ed25519, or RSA of at least 2048 bits.
   */
  key: string | Buffer | JWK | KeyObject | webcrypto.CryptoKey
  /** `kid` header. Without it, the `kid` of the JWK. */
  kid?: string
  /** `alg` header. Without it, the one that fits the key; `RS256` for RSA. */
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
 * @throws ConfigurationError if the key is not private, too small, or not for the algorithm. It shows nothing of what was given: that is secret
 */
export function jwtSigner(
  typ: string,
  { key: given, kid: givenKid, algorithm }: JwtSignerOptions,
): (claims: object) => string | Promise<string> {
  const key = privateKey(given)
  const alg = String(algorithm ?? (given as JWK).alg ?? fittingAlgorithm(key))
  const fits = key instanceof KeyObject ? isSignatureKey(alg, key) : isSameAlgorithm(alg, fittingAlgorithm(key))
  if (!fits) throw new ConfigurationError('tokenMinter: option key must be a key for the algorithm: option algorithm, or alg of the JWK.')
  const kid = givenKid ?? (typeof (given as JWK).kid === 'string' ? (given as JWK).kid : undefined)
  const header = { alg, typ, ...(kid !== undefined && { kid }) }
  if (!(key instanceof KeyObject)) return (claims) => new SignJWT({ ...claims }).setProtectedHeader(header).sign(key)

  const protectedHeader = base64url(JSON.stringify(header))
  return (claims) => {
    const signingInput = `${protectedHeader}.${base64url(JSON.stringify(claims))}`
    const compact = (signature: Buffer) => `${signingInput}.${signature.toString('base64url')}`
    const signature = signJws(alg, key, signingInput)
    return Buffer.isBuffer(signature) ? compact(signature) : signature.then(compact)
  }
}

const base64url = (text: string) => Buffer.from(text).toString('base64url')

type PrivateKey = KeyObject | webcrypto.CryptoKey

function privateKey(given: JwtSignerOptions['key']): PrivateKey {
  const key = given instanceof KeyObject || isCryptoKey(given) ? given : imported(given)
  if (key.type !== 'private') throw new ConfigurationError('tokenMinter: option key must be private: tokens are signed with a private key.')
  if ('usages' in key && !key.usages.includes('sign')) throw new ConfigurationError("tokenMinter: option key must have the usage 'sign'.")
  if (modulusBits(key) < 2048) throw new ConfigurationError('tokenMinter: option key must have at least 2048 bits: use a larger RSA key.')
  return key
}

/** @throws ConfigurationError without the error of node:crypto, which may quote the key */
function imported(given: string | Buffer | JWK): KeyObject {
  const isPem = typeof given === 'string' || Buffer.isBuffer(given)
  try {
    return createPrivateKey(isPem ? { key: given, format: 'pem' } : { key: given, format: 'jwk' })
  } catch {
    const [, problem = noKey] = (isPem && pemProblems.find(([sign]) => sign.test(String(given)))) || []
    throw new ConfigurationError(`tokenMinter: option key ${problem}.`)
  }
}

const noKey = 'must be a private key: a PEM (PKCS#8, PKCS#1 or SEC1), a private JWK, a KeyObject or a CryptoKey'

/** What a PEM without a readable private key may be, and what to do then. */
const pemProblems: readonly (readonly [sign: RegExp, problem: string])[] = [
  [
    /^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m,
    'must not be encrypted: write what createPrivateKey({ key, passphrase }) of node:crypto returns',
  ],
  [/^-----BEGIN [A-Z ]*PRIVATE KEY-----/m, 'must be a PEM that can be read: write it as PKCS#8, PKCS#1 or SEC1'],
  [/^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/m, 'must be a private key, not a certificate'],
  [/^-----BEGIN [A-Z ]*PUBLIC KEY-----/m, 'must be a private key, not a public key'],
]

/** The size of an RSA key; infinite for other kinds, whose curves are all large enough. */
function modulusBits(key: PrivateKey): number {
  const details = key instanceof KeyObject ? key.asymmetricKeyDetails : key.algorithm
  return (details as { modulusLength?: number } | undefined)?.modulusLength ?? Number.POSITIVE_INFINITY
}

const isCryptoKey = (key: unknown): key is webcrypto.CryptoKey => Object.prototype.toString.call(key) === '[object CryptoKey]'

function fittingAlgorithm(key: PrivateKey): string {
  const algorithm = key instanceof KeyObject ? ofKeyObject(key) : ofCryptoKey(key)
  if (!algorithm)
    throw new ConfigurationError(
      'tokenMinter: option key must be an EC (P-256, P-384, P-521), RSA or Ed25519 key that some algorithm fits.',
    )
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
