/**
 * JWS signatures with node:crypto (RFC 7518 §3, RFC 8037 §3.1), because WebCrypto, which jose uses, costs thread pool jobs and promises.
 * jose chooses and imports the keys; a differential test checks that this file accepts nothing that jose refuses.
 *
 * Signing and verifying run in the calling thread if that takes less time than the hand-over to the thread pool, else in the pool.
 */
import { constants, createHmac, sign as cryptoSign, verify as cryptoVerify, type KeyObject, timingSafeEqual } from 'node:crypto'
import { derFromRaw, rawFromDer } from './der.js'

interface Algorithm {
  readonly hash: string | undefined
  /** `asymmetricKeyType` of its keys; `undefined` for secrets. */
  readonly keyType: 'ec' | 'rsa' | 'ed25519' | undefined
  /** ECDSA: the curve, and the length of `r` and of `s` in bytes. */
  readonly curve?: string
  readonly size?: number
  readonly pss?: { readonly padding: number; readonly saltLength: number }
  /** Which operations run in the thread pool. */
  readonly slow: { readonly sign: boolean; readonly verify: boolean }
}

const [cheap, dearToSign, dear] = [
  { sign: false, verify: false },
  { sign: true, verify: false },
  { sign: true, verify: true },
]
const ecdsa = (bits: number, curve: string, size: number, slow = dear): Algorithm => ({
  hash: `sha${bits}`,
  keyType: 'ec',
  curve,
  size,
  slow,
})
const rsa = (bits: number): Algorithm => ({ hash: `sha${bits}`, keyType: 'rsa', slow: dearToSign })
const rsaPss = (bits: number): Algorithm => ({
  ...rsa(bits),
  pss: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 },
})
const eddsa: Algorithm = { hash: undefined, keyType: 'ed25519', slow: cheap }
const hmac = (bits: number): Algorithm => ({ hash: `sha${bits}`, keyType: undefined, slow: cheap })

const algorithms = new Map<string, Algorithm>(
  Object.entries({
    ES256: ecdsa(256, 'prime256v1', 32, cheap),
    ES384: ecdsa(384, 'secp384r1', 48),
    ES512: ecdsa(512, 'secp521r1', 66),
    PS256: rsaPss(256),
    PS384: rsaPss(384),
    PS512: rsaPss(512),
    RS256: rsa(256),
    RS384: rsa(384),
    RS512: rsa(512),
    EdDSA: eddsa,
    Ed25519: eddsa,
    HS256: hmac(256),
    HS384: hmac(384),
    HS512: hmac(512),
  }),
)

/** Whether signatures by `alg` are verified in the thread pool. Its queue is unbounded, so the caller must limit it. */
export const isVerifiedInPool = (alg: string): boolean => algorithms.get(alg)?.slow.verify ?? false

/** Whether `key` is an asymmetric key for `alg`. */
export function isSignatureKey(alg: string, key: KeyObject): boolean {
  const algorithm = algorithms.get(alg)
  return algorithm?.keyType !== undefined && isFor(algorithm, key)
}

/** Whether `key` is of the kind that `algorithm` needs (RFC 8725 §3.2): a public key is never read as a secret. */
function isFor(algorithm: Algorithm, key: KeyObject): boolean {
  const { keyType, curve } = algorithm
  if (keyType === undefined) return key.type === 'secret'
  if (fits.get(key) === algorithm) return true
  const isIt = key.asymmetricKeyType === keyType && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve)
  if (isIt) fits.set(key, algorithm)
  return isIt
}

/** The last algorithm that a key was found to fit: reading the details of a `KeyObject` costs as much as some of the checks before it. */
const fits = new WeakMap<KeyObject, Algorithm>()

/**
 * Verifies a JWS signature.
 * @param data JWS Signing Input
 * @returns whether it is valid; `false` also if `alg` is unknown, the key does not fit it or is unusable, or the signature is malformed
 */
export function verifyJws(alg: string, key: KeyObject, data: string, signature: Buffer): boolean | Promise<boolean> {
  const algorithm = algorithms.get(alg)
  if (!algorithm || !isFor(algorithm, key)) return false
  const { hash, keyType, size, pss, slow } = algorithm
  if (keyType === undefined) {
    const expected = createHmac(hash as string, key)
      .update(data)
      .digest()
    return expected.length === signature.length && timingSafeEqual(expected, signature)
  }
  if (size !== undefined && signature.length !== 2 * size) return false
  const bytes = Buffer.from(data, 'latin1')
  const form = size === undefined ? signature : derFromRaw(signature)
  const input = pss ? { key, ...pss } : key // the form with options costs more
  try {
    if (!slow.verify) return cryptoVerify(hash, bytes, input, form)
    return new Promise((resolve) => cryptoVerify(hash, bytes, input, form, (error, isRight) => resolve(!error && isRight)))
  } catch {
    return false
  }
}

/**
 * Makes a JWS signature.
 * @param data JWS Signing Input
 * @throws TypeError if `alg` is not a known asymmetric algorithm, or the key does not fit it
 */
export function signJws(alg: string, key: KeyObject, data: string): Buffer | Promise<Buffer> {
  const algorithm = algorithms.get(alg)
  if (!algorithm?.keyType || !isFor(algorithm, key)) throw new TypeError(`The key is not for ${alg}.`)
  const { hash, size, pss, slow } = algorithm
  const bytes = Buffer.from(data, 'latin1')
  const input = pss ? { key, ...pss } : key
  const finish = (signature: Buffer) => (size === undefined ? signature : rawFromDer(signature, size))
  if (!slow.sign) return finish(cryptoSign(hash, bytes, input))
  return new Promise((resolve, reject) =>
    cryptoSign(hash, bytes, input, (error, signature) => (error ? reject(error) : resolve(finish(signature)))),
  )
}
