import type { Hooks } from './hooks.js'
import type { ClientAssertionAudience, ClientAuthMethodName } from './registration.js'
import type { ReplayStore } from './replay/store.js'

export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const JWT_BEARER_CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** The assertion type of JWT-SVIDs (draft-ietf-oauth-spiffe-client-auth). */
export const JWT_SPIFFE_CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
export const CLIENT_CREDENTIALS = 'client_credentials'

/** Grant types for which this package issues tokens. */
export const grantTypeNames = [JWT_BEARER_GRANT, CLIENT_CREDENTIALS] as const
export type GrantTypeName = (typeof grantTypeNames)[number]

/** Signature algorithms that `algorithms` may list (RFC 7518 §3.1, RFC 9864): asymmetric only. */
export const algorithmNames = ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512', 'EdDSA', 'Ed25519'] as const

/** HMAC algorithms, for `client_secret_jwt` alone: a public key must never be read as a secret (RFC 8725 §2.1). */
export const secretAlgorithms: readonly string[] = ['HS256', 'HS384', 'HS512']

/** Options of the suite. Give the same object to every step that is mounted apart. All times in seconds. */
export interface Options<H extends Partial<Hooks> = Hooks> {
  /** Issuer identifier of this server (RFC 8414 §2): https, without query and fragment; http only on loopback. */
  issuer: string
  /** URL of the token endpoint as its clients see it. Without it, only `issuer` is an audience. */
  tokenEndpointUrl?: string
  hooks: H
  /** Leaves every request that is not for this suite to the next handler, exactly as it came. Default false: such a request is refused. */
  fallthrough?: boolean
  /**
   * Grants for which tokens are issued here. Default: both. With `fallthrough`, the default leaves a `client_credentials` request
   * without `client_assertion` to the host.
   */
  grantTypes?: readonly GrantTypeName[]
  /** Enabled client authentication methods. Default: all of {@link clientAuthMethodNames}. */
  clientAuthMethods?: readonly ClientAuthMethodName[]
  /** What client assertions must be like, unless the client's registration says otherwise. */
  clientAssertions?: {
    /** Default `issuer`: after CVE-2025-27370 the only safe audience. */
    audience?: ClientAssertionAudience
    /** Refuse client assertions without `jti`. Default false: without, they may be used until they expire; with, once. */
    requireJti?: boolean
    /** Longest lifetime. Default 3600. */
    maxLifetime?: number
    /** `observe`: one that comes with a secret is verified and reported, and the secret decides. Default `enforce`: two credentials are refused. */
    mode?: 'enforce' | 'observe'
  }
  /**
   * How a grant that should authenticate its client, and does not, is refused (RFC 7521 §4.1.1): `grant`, the default, says `invalid_grant` whatever is
   * wrong with it; `split` says `invalid_client` where who signed it is not proven: issuer or client unknown or switched off, no usable key, a wrong
   * signature. What the JWT says wrong (times, lifetime, audience, missing claims, `alg`, `typ`) is `invalid_grant` in either, and checked before the signature.
   */
  implicitErrors?: 'grant' | 'split'
  /** Lets public clients use the JWT grant, within `scope` (space-separated) and for tokens of at most `maxLifetime` seconds (default 300). Default: they may not. */
  publicClients?: { scope: string; maxLifetime?: number }
  /** Signature algorithms of assertions. Default: all but ES512. */
  algorithms?: readonly string[]
  /** Leeway for `exp`, `nbf`, `iat`. Default 10, at most 60. */
  clockTolerance?: number
  /** Where used one-time JWTs are remembered. Default: a `memoryReplayStore()`, which serves one process. */
  replayStore?: ReplayStore
  /** Time budget of each hook and store call. Default 3. */
  hookTimeout?: number
  /**
   * Sheds load: how long the requests of one turn of the event loop may take once turn after turn takes longer. Those that come later in such a turn, and
   * after 128 others, are answered 503 with `Retry-After`, before any signature is verified. Default 0.02; `Infinity` answers everybody, late.
   */
  turnBudget?: number
  /** HTTP status of `invalid_client` when no Authorization header was used. Default 401. */
  invalidClientStatus?: 400 | 401
  /** Refuse requests that did not come over TLS (`req.secure`, which heeds Express's `trust proxy`). Default false. */
  requireTls?: boolean
  /** Members of what `mintToken` gives that are sent besides those of RFC 6749 §5.1 (§8.2 there): `patient` of SMART, `instance_url`. Default: none. */
  responseMembers?: readonly string[]
  /** Upper bounds. Defaults: `body` 32768 bytes, `parameters` 50, `assertion` 8192 characters. */
  limits?: { body?: number; parameters?: number; assertion?: number }
}
