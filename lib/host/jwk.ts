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

/** Where the keys of a signer come from: exactly one of `jwks` and `jwks_uri`, and only from registration (RFC 7517). */
export interface KeyRegistration {
  /** Adding and removing keys takes effect at once; do not change a key object in place. */
  jwks?: JSONWebKeySet
  /**
   * An https URL that this server fetches; private and loopback addresses are refused. A new `kid` is accepted within 30 seconds, a new key
   * under an old `kid` within 10 minutes.
   */
  jwks_uri?: string
  /** Lets `jwks_uri` point to a private or loopback address, and then over http too. Default false. */
  allowPrivateJwksUri?: boolean
}

/** Whether a registered member is not there: a database may say `null`. */
export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null
