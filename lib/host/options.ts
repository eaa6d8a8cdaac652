import type { IncomingMessage } from 'node:http'
import type { ClientAssertionAudience, ClientAuthMethodName } from './client.js'
import type { TokenEndpointEvent } from './event.js'
import type { Hooks } from './hooks.js'
import type { AlgorithmName, Suggested } from './jwk.js'
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
export const algorithmNames = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
  'EdDSA',
  'Ed25519',
] as const satisfies readonly AlgorithmName[]

/** Two names of one algorithm, since Ed448 keys are not accepted (RFC 9864). */
export const edDSANames: readonly string[] = ['EdDSA', 'Ed25519']
const isEdDSA = (name: unknown) => edDSANames.includes(name as string)
/** Whether two `alg` names mean one algorithm. */
export const isSameAlgorithm = (one: unknown, other: unknown) => one === other || (isEdDSA(one) && isEdDSA(other))

/** HMAC algorithms, only for `client_secret_jwt`: a public key must never serve as an HMAC secret (RFC 8725 §2.1). */
export const secretAlgorithms: readonly string[] = ['HS256', 'HS384', 'HS512']

/** Options of the suite. Steps that are mounted separately must get the same object. All times are in seconds. */
export interface Options<H extends Partial<Hooks> = Hooks> {
  /**
   * Issuer identifier of this server (RFC 8414 §2), such as `https://as.example.com`. It must be an https URL without query and fragment.
   * On loopback, http is allowed.
   */
  issuer: string
  /**
   * URL of the token endpoint as its clients see it, or a list of URLs: the first is the one of the metadata. Without it, only `issuer` is accepted as `aud`. With it, grants may have either value.
   * Client assertions may have it only with `audience: 'issuer-or-token-endpoint'`.
   */
  tokenEndpointUrl?: string | readonly string[]
  /** Your functions: see {@link Hooks}. */
  hooks: H
  /**
   * Receives one event for each token request, when it is answered. Its errors are ignored. See `auditLog`, `metrics`,
   * `audienceReport` and `devLog`.
   *
   * Without it, and if `NODE_ENV` is unset, empty or `development`, it is `devLog()`: refused requests are explained on stderr. `false` is
   * silence. With any other `NODE_ENV`, nothing is printed.
   */
  onEvent?: ((event: TokenEndpointEvent, req: IncomingMessage) => void) | false
  /**
   * For staging: a refusal tells its sender the exact reason, in parentheses at the end of `error_description`, and the address of its help
   * page in `error_uri` (RFC 6749 §5.2). It tells which clients, issuers and accounts exist. Under `NODE_ENV=production`, such an endpoint
   * is refused when it is made.
   * @default false
   */
  revealReasons?: boolean
  /**
   * Leaves every request that is not for this suite to the next handler, unchanged. Without it, such a request is refused.
   * @default false
   */
  fallthrough?: boolean
  /**
   * Your handler verifies client assertions (RFC 7523 §2.2) itself. This suite then handles only the grants in `grantTypes`. Every other
   * request reaches your handler unchanged. It needs `fallthrough: true`.
   *
   * Set it only if your handler verifies them. A handler that ignores `client_assertion` takes the `client_id` for a public client.
   * @default false
   */
  hostVerifiesClientAssertions?: boolean
  /**
   * Grants for which this suite issues tokens. With `fallthrough`, the default leaves a `client_credentials` request without
   * `client_assertion` to your handler. With `hostVerifiesClientAssertions`, the default is the JWT grant alone.
   * @default ['urn:ietf:params:oauth:grant-type:jwt-bearer', 'client_credentials']
   */
  grantTypes?: readonly GrantTypeName[]
  /**
   * Enabled methods of client authentication (RFC 7591 §2, RFC 8705 §2). `private_key_jwt` also enables the tokens of workloads.
   * @default ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'client_secret_jwt', 'client_secret_basic', 'client_secret_post', 'none']
   */
  clientAuthMethods?: readonly ClientAuthMethodName[]
  /** Requirements for client assertions. The registration of a client may override each. */
  clientAssertions?: {
    /**
     * The accepted `aud`: only `issuer`, or also `tokenEndpointUrl` (`issuer-or-token-endpoint`), as RFC 7523 allows. Only the default is
     * safe against CVE-2025-27370.
     * @default 'issuer'
     */
    audience?: ClientAssertionAudience
    /**
     * Refuses client assertions without `jti`. Without it, they may be used until they expire. Those with `jti` work once in either case.
     * @default false
     */
    requireJti?: boolean
    /** Longest lifetime in seconds, from `iat` (or now, if that is earlier) to `exp`. @default 3600 */
    maxLifetime?: number
    /**
     * `enforce`: a request with both a secret and a client assertion is refused. `observe`: the secret decides. The result of the assertion
     * goes to `event.observed`.
     * @default 'enforce'
     */
    mode?: 'enforce' | 'observe'
  }
  /**
   * The error if a grant should authenticate its client and fails (RFC 7521 §4.1.1). `grant`: always `invalid_grant`.
   *
   * `split`: `invalid_client` if the signer is not proven: issuer or client unknown or disabled, no usable key, wrong signature. Errors in
   * the JWT itself stay `invalid_grant`: times, lifetime, audience, missing claims, `alg`, `typ`. They are checked before the signature.
   * @default 'grant'
   */
  implicitErrors?: 'grant' | 'split'
  /** Lets public clients use the JWT grant within these limits. Without it, public clients get no token from this suite. */
  publicClients?: {
    /** Space-separated scope that public clients may get. */
    scope: string
    /** Longest lifetime of their tokens in seconds. @default 300 */
    maxLifetime?: number
  }
  /**
   * Signature algorithms of assertions (RFC 7518 §3.1, RFC 9864). `ES512` is supported too. HMAC is only for `client_secret_jwt`.
   * @default ['ES256', 'ES384', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512', 'EdDSA', 'Ed25519']
   */
  algorithms?: readonly Suggested<AlgorithmName>[]
  /** Leeway for `exp`, `nbf` and `iat` in seconds, at most 60. @default 10 */
  clockTolerance?: number
  /** Remembers used one-time JWTs: see {@link ReplayStore}. The default works for one process only. @default memoryReplayStore() */
  replayStore?: ReplayStore
  /** Timeout of each hook call and each store call in seconds. @default 3 */
  hookTimeout?: number
  /**
   * Load shedding: how many seconds the requests of one event loop turn may take while turns keep taking longer. Later requests of that turn
   * get a 503 with `Retry-After`, before any signature is verified. This applies only after 128 requests of the turn, or after ten times
   * `turnBudget`. `Infinity` switches it off.
   * @default 0.015
   */
  turnBudget?: number
  /**
   * HTTP status of `invalid_client` if the request has no `Authorization` header (RFC 6749 §5.2). A 401 has a challenge
   * (`WWW-Authenticate`, RFC 9110 §15.5.2), which some client libraries report instead of the body. A 400 has none.
   * @default 401
   */
  invalidClientStatus?: 400 | 401
  /** Refuses requests that did not come over TLS. It reads `req.secure`, which respects Express's `trust proxy`. @default false */
  requireTls?: boolean
  /**
   * Names of further response members (RFC 6749 §8.2) that `mintToken` returns and clients receive: `patient` of SMART, `instance_url`.
   * The members of RFC 6749 §5.1 are always sent.
   * @default []
   */
  responseMembers?: readonly string[]
  /** Upper bounds. If your own parser reads the body, only `parameters` and `assertion` apply. */
  limits?: {
    /** Bytes of the request body. @default 32768 */
    body?: number
    /** Number of parameters. @default 50 */
    parameters?: number
    /** Characters of one JWT. @default 8192 */
    assertion?: number
  }
}
