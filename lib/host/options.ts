import type { ClientAssertionAudience, ClientAuthMethodName } from './client.js'
import type { Hooks } from './hooks.js'
import type { ReplayStore } from './replay-store.js'

/** `grant_type` of a JWT authorization grant (RFC 7523 §2.1). */
export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** `client_assertion_type` of a JWT (RFC 7523 §2.2). */
export const JWT_BEARER_CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** `client_assertion_type` of a JWT-SVID (draft-ietf-oauth-spiffe-client-auth). */
export const JWT_SPIFFE_CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
/** `grant_type` of the client credentials grant (RFC 6749 §4.4). */
export const CLIENT_CREDENTIALS = 'client_credentials'

/** Grant types for which this package issues tokens. */
export const grantTypeNames = [JWT_BEARER_GRANT, CLIENT_CREDENTIALS] as const
export type GrantTypeName = (typeof grantTypeNames)[number]

/** Signature algorithms that `algorithms` may list (RFC 7518 §3.1, RFC 9864): asymmetric only. */
export const algorithmNames = ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512', 'EdDSA', 'Ed25519'] as const

/** Two names of one algorithm, since Ed448 keys are not accepted (RFC 9864). */
export const edDSANames: readonly string[] = ['EdDSA', 'Ed25519']
const isEdDSA = (name: unknown) => edDSANames.includes(name as string)
/** Whether two `alg` names mean one algorithm. */
export const isSameAlgorithm = (one: unknown, other: unknown) => one === other || (isEdDSA(one) && isEdDSA(other))

/** HMAC algorithms, only for `client_secret_jwt`: a public key must never serve as an HMAC secret (RFC 8725 §2.1). */
export const secretAlgorithms: readonly string[] = ['HS256', 'HS384', 'HS512']

/** Options of the suite. Steps that are mounted separately must get the same object. All times in seconds. */
export interface Options<H extends Partial<Hooks> = Hooks> {
  /** Issuer identifier of this server (RFC 8414 §2): https, without query and fragment; http only on loopback. */
  issuer: string
  /** URL of the token endpoint as its clients see it. Without it, only `issuer` is an audience. */
  tokenEndpointUrl?: string
  /** The functions that the host provides. Each step requires only those that it calls. */
  hooks: H
  /** Leaves every request that is not for this suite to the next handler, unchanged. Default false: such a request is refused. */
  fallthrough?: boolean
  /**
   * Your handler verifies client assertions (RFC 7523 §2.2) itself. A request with a `client_assertion` is then for this suite only if
   * `grantTypes` has its grant; every other one reaches your handler unchanged. Needs `fallthrough: true`.
   *
   * Only for a handler that verifies them: one that ignores the parameter takes the `client_id` beside it for a public client.
   * @default false
   */
  hostVerifiesClientAssertions?: boolean
  /**
   * Grants for which tokens are issued here. Default: both. With `fallthrough`, the default leaves a `client_credentials` request
   * without `client_assertion` to the host. With `hostVerifiesClientAssertions`, the default is the JWT grant alone.
   */
  grantTypes?: readonly GrantTypeName[]
  /** Enabled client authentication methods. Default: all that this package has. */
  clientAuthMethods?: readonly ClientAuthMethodName[]
  /** Requirements for client assertions, unless the client's registration overrides them. */
  clientAssertions?: {
    /** Default `issuer`: after CVE-2025-27370 the only safe audience. */
    audience?: ClientAssertionAudience
    /** Refuse client assertions without `jti`. Default false: those may be used until they expire, the others once. */
    requireJti?: boolean
    /** Longest lifetime in seconds. Default 3600. */
    maxLifetime?: number
    /** `observe`: one that comes with a secret is only verified and reported; the secret decides. Default `enforce`: refused. */
    mode?: 'enforce' | 'observe'
  }
  /**
   * The error for a grant that should authenticate its client and fails to (RFC 7521 §4.1.1). `grant` (default): always `invalid_grant`.
   * `split`: `invalid_client` if the signer is not proven: issuer or client unknown or disabled, no usable key, wrong signature. Errors in
   * the JWT itself (times, lifetime, audience, missing claims, `alg`, `typ`) are `invalid_grant` in both cases, and checked before the
   * signature.
   */
  implicitErrors?: 'grant' | 'split'
  /**
   * Lets public clients use the JWT grant, within `scope` (space-separated) and for tokens of at most `maxLifetime` seconds (default 300).
   * Default: they may not.
   */
  publicClients?: { scope: string; maxLifetime?: number }
  /** Signature algorithms of assertions. Default: all but ES512. */
  algorithms?: readonly string[]
  /** Leeway for `exp`, `nbf`, `iat` in seconds. Default 10, at most 60. */
  clockTolerance?: number
  /** Remembers used one-time JWTs. Default: a `memoryReplayStore()`, which works for one process only. */
  replayStore?: ReplayStore
  /** Timeout of each hook and store call in seconds. Default 3. */
  hookTimeout?: number
  /**
   * Load shedding: how many seconds the requests of one event loop turn may take while successive turns take longer. Later requests of such
   * a turn are answered 503 with `Retry-After` before any signature is verified, if 128 came before them or the turn takes ten times as
   * long. Default 0.015; `Infinity` switches it off.
   */
  turnBudget?: number
  /**
   * HTTP status of `invalid_client` when no Authorization header was used (RFC 6749 §5.2). A 401 carries a challenge (`WWW-Authenticate`, RFC
   * 9110 §15.5.2), which some client libraries report instead of the body; a 400 carries none. Default 401.
   */
  invalidClientStatus?: 400 | 401
  /** Refuse requests that did not come over TLS (`req.secure`, which respects Express's `trust proxy`). Default false. */
  requireTls?: boolean
  /** Members of what `mintToken` gives that are sent besides those of RFC 6749 §5.1 (§8.2 there): `patient` of SMART, `instance_url`. Default: none. */
  responseMembers?: readonly string[]
  /** Upper bounds. Defaults: `body` 32768 bytes, `parameters` 50, `assertion` 8192 characters. */
  limits?: { body?: number; parameters?: number; assertion?: number }
}
