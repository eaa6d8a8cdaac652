/** One of the names that this package knows, which an editor completes; or any other. */
export type Suggested<Name extends string> = Name | (string & Record<never, never>)

/** A signature algorithm with a key pair (RFC 7518 §3.1, RFC 9864). */
export type AlgorithmName = 'ES256' | 'ES384' | 'ES512' | 'PS256' | 'PS384' | 'PS512' | 'RS256' | 'RS384' | 'RS512' | 'EdDSA' | 'Ed25519'

/** A public JSON Web Key (RFC 7517 §4). */
export interface JWK {
  kty?: string
  kid?: string
  alg?: string
  use?: string
  key_ops?: string[]
  crv?: string
  x?: string
  y?: string
  n?: string
  e?: string
  [member: string]: unknown
}

/** A JSON Web Key Set (RFC 7517 §5). */
export interface JSONWebKeySet {
  keys: JWK[]
}

/** The keys of a signer (RFC 7517): exactly one of `jwks` and `jwks_uri`. A key that stands in a JWT is never used. */
export interface KeyRegistration {
  /** The public keys. Adding and removing keys takes effect at once. Do not change a key object in place. */
  jwks?: JSONWebKeySet | null
  /**
   * An https URL from which this server fetches the keys. Private and loopback addresses are refused. A new `kid` is accepted within 30
   * seconds, a new key under an old `kid` within 10 minutes.
   */
  jwks_uri?: string | null
  /** Lets `jwks_uri`, and the metadata that `discovery` fetches, have a private or loopback address, and use http. @default false */
  allowPrivateJwksUri?: boolean | null
  /**
   * Accepts JWTs with an `x5c` header (RFC 7515 §4.1.6), as MSAL sends it, and ignores the header: keys come from the registration alone. Without
   * it, such JWTs are refused.
   * @default false
   */
  ignoreX5c?: boolean | null
}

/** The keys of an issuer: exactly one of `jwks`, `jwks_uri` and `discovery`. */
export interface IssuerKeys extends KeyRegistration {
  /**
   * `true`: this server finds the keys in the metadata of the issuer (OpenID Connect Discovery, RFC 8414). The issuer must be a URL, and the
   * metadata must name exactly this issuer. It is fetched under the rules of `jwks_uri`.
   * @default false
   */
  discovery?: boolean | null
}

/** The keys of any signer, and the issuer to discover them of. */
export type SignerKeys = IssuerKeys & { readonly issuer?: string }

/** Whether a registered member is not there: a database may say `null`. */
export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null
