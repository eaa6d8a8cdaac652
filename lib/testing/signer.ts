/** Signs JWTs for tests, right or wrong as told. Synchronous, with node:crypto alone, so that every test runner can load it. */
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  sign as cryptoSign,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import type { JWK } from '../host/jwk.js'

type Members = Record<string, unknown>

/** What a test changes in a JWT. A member that is `undefined` is left out. */
export interface JwtOverrides {
  /** Claims to change or add. */
  claims?: Record<string, unknown>
  /** Header parameters to change or add. `alg` also changes how the JWT is signed, as far as the key can. */
  header?: Record<string, unknown>
  /**
   * Who signs. `own`: the registered key. `stranger`: a key of the same kind that is registered nowhere. `nobody`: the signature is empty.
   * `public-key-as-secret`: an HMAC whose secret is the registered public key as PEM.
   * @default 'own'
   */
  signedBy?: 'own' | 'stranger' | 'nobody' | 'public-key-as-secret'
  /** Claims that the payload has a second time, after all others. */
  repeatedClaims?: Record<string, unknown>
  /** Claims to change after the JWT is signed. The signature stays. */
  claimsAfterSigning?: Record<string, unknown>
}

/** What a test issuer and a test client have in common. */
export interface TestSigner {
  /** The `alg` of its JWTs. */
  readonly alg: string
  /** The `kid` of its JWTs. */
  readonly kid: string
  /** The `aud` of its JWTs: the issuer identifier of your server. */
  readonly audience: string
  /** The key of `signedBy: 'stranger'`: it is registered nowhere. */
  readonly strangerJwk: JWK
}

/** The keys of a signer, and the one function that signs. */
export interface Signer extends TestSigner {
  /** The public key; for a secret, nothing that may be published. */
  readonly jwk: JWK
  sign(claims: Members, overrides?: JwtOverrides): string
}

const curves = new Map(Object.entries({ ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }))
const defaultLifetime = 60 // seconds

/**
 * Keys are generated as PEM. If one of the objects that the generator makes is exported while the garbage collector ends the generator, Node.js 20
 * waits for ever.
 */
const asPem = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const
const fromPem = ({ privateKey, publicKey }: { privateKey: unknown; publicKey: unknown }) => ({
  privateKey: createPrivateKey(privateKey as string),
  publicKey: createPublicKey(publicKey as string),
})

/** @throws TypeError if there is no such algorithm */
export function keyPair(alg: string): { privateKey: KeyObject; publicKey: KeyObject } {
  const namedCurve = curves.get(alg)
  if (namedCurve !== undefined) return fromPem(generateKeyPairSync('ec', { namedCurve, ...asPem }))
  if (/^[RP]S(?:256|384|512)$/.test(alg)) return fromPem(generateKeyPairSync('rsa', { modulusLength: 2048, ...asPem }))
  if (alg === 'EdDSA' || alg === 'Ed25519') return fromPem(generateKeyPairSync('ed25519', asPem))
  throw new TypeError(`alg must be ES256, ES384, ES512, RS256, PS256, EdDSA or the like, not ${JSON.stringify(alg)}.`)
}

interface SignerOptions {
  alg: string
  audience: string
  /** The secret of `client_secret_jwt`. */
  secret?: string
  /** The private key. Without it and without a secret, the signer gets a new key pair. */
  key?: KeyObject
  /** Without it, it is a new one. */
  kid?: string
}

export function makeSigner({ alg, audience, secret, key: given, kid = randomUUID() }: SignerOptions): Signer {
  const make = () => {
    if (secret === undefined) return keyPair(alg)
    const key = createSecretKey(randomBytes(64))
    return { privateKey: key, publicKey: key }
  }
  const ofKey = () => (given ? { privateKey: given, publicKey: createPublicKey(given) } : make())
  const own = secret === undefined ? ofKey() : { privateKey: createSecretKey(secret, 'utf8'), publicKey: undefined }
  let other: ReturnType<typeof make> | undefined
  const stranger = () => {
    other ??= make() // an RSA key takes time, and few tests need it
    return other
  }
  const jwkOf = (key: KeyObject): JWK => ({ ...(key.export({ format: 'jwk' }) as JWK), kid, alg })
  const keys = {
    own: () => own.privateKey,
    stranger: () => stranger().privateKey,
    nobody: () => undefined,
    'public-key-as-secret': () => {
      if (!own.publicKey) throw new TypeError("signedBy: 'public-key-as-secret' needs a signer with a key pair.")
      return createSecretKey(own.publicKey.export({ type: 'spki', format: 'pem' }) as string, 'utf8')
    },
  }
  return {
    alg,
    kid,
    audience,
    jwk: own.publicKey ? jwkOf(own.publicKey) : {},
    get strangerJwk() {
      return jwkOf(stranger().publicKey)
    },
    sign(base, { claims = {}, header = {}, signedBy = 'own', repeatedClaims, claimsAfterSigning } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const all = { aud: audience, iat: now, exp: now + defaultLifetime, jti: randomUUID(), ...base, ...claims }
      const fullHeader = { alg, kid, ...header }
      const text = repeatedClaims ? repeated(all, repeatedClaims) : JSON.stringify(all)
      const head = encode(JSON.stringify(fullHeader))
      const input = `${head}.${encode(text)}`
      const sent = claimsAfterSigning ? `${head}.${encode(JSON.stringify({ ...all, ...claimsAfterSigning }))}` : input
      const key = keys[signedBy]()
      return `${sent}.${key ? signature(input, key, String(fullHeader.alg)).toString('base64url') : ''}`
    },
  }
}

const encode = (text: string) => Buffer.from(text).toString('base64url')
const repeated = (claims: Members, again: Members) => `${JSON.stringify(claims).slice(0, -1)},${JSON.stringify(again).slice(1)}`

/** A JWS signature (RFC 7518 §3, RFC 8037 §3.1). The kind of the key decides, so that a header with a wrong `alg` is signed too. */
function signature(input: string, key: KeyObject, alg: string): Buffer {
  const hash = `sha${/(?:256|384|512)$/.exec(alg)?.[0] ?? '256'}`
  const bytes = Buffer.from(input)
  if (key.type === 'secret') return createHmac(hash, key).update(bytes).digest()
  if (key.asymmetricKeyType === 'ed25519') return cryptoSign(null, bytes, key)
  if (key.asymmetricKeyType === 'ec') return cryptoSign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' })
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return cryptoSign(hash, bytes, alg.startsWith('PS') ? pss : key)
}
