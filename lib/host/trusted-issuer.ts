import type { ClaimRules } from './claim-rules.js'
import type { AlgorithmName, IssuerKeys, Suggested } from './jwk.js'

/** An issuer whose JWTs are accepted as authorization grants (RFC 7523 §2.1). */
export interface TrustedIssuer extends IssuerKeys {
  /** Compared with `iss` character by character (RFC 7523 §3). */
  issuer: string
  /**
   * The client that signs grants as this issuer. It may always present them. The signature also authenticates it, if nobody else may present
   * the grants: `clients` lists no other client, and `client_authentication` is `required`. If others may, the signature authenticates it
   * only if the `client_id` claim of the grant names it. In any other case, the client must send a credential.
   */
  client_id?: string
  /**
   * The registered clients that may present its grants: a list of `client_id`s, or `any`. With `any`, a client with `require_named_grant`
   * may present only grants that name it, as clients with a URL as `client_id` may. It has no effect if `client_authentication` is `none`.
   * @default []
   */
  clients?: readonly string[] | 'any'
  /**
   * Who may present its grants. `required`: an authenticated client. `identified`: also a public client. `none`: anybody.
   * @default 'required'
   */
  client_authentication?: 'required' | 'identified' | 'none'
  /** The `sub` values that it may assert: a list, or a function. Without it, it may assert any `sub`. */
  subjects?: readonly string[] | ((sub: string) => boolean)
  /**
   * What the claims of its grants must be, by name. A rule is a value, a list of possible values, `{ prefix }`, `{ pattern }`, `{ present: true }`, or a function. For a claim that
   * is an object, it is an object of rules. All must hold. They are applied after the signature is verified. If many tenants share the issuer,
   * name ids that no tenant can choose.
   */
  claims?: ClaimRules
  /** Space-separated scope that its grants may yield at most. */
  scope?: string
  /**
   * Where the requested scope stands. `intersection`: the form parameter must be within the `scope` claim. `parameter`: only the form
   * parameter counts. `assertion`: only the claim counts.
   * @default 'intersection'
   */
  scope_from?: 'intersection' | 'parameter' | 'assertion'
  /**
   * A prefix of scope values, such as `dpv:`, the purpose of CAMARA. Each grant must ask for exactly one value that begins with it, and it must
   * be one that the issuer and the client may have.
   */
  scope_once?: string
  /**
   * The claims that make its subjects different, besides `iss` and `sub`: `['tenant']` if two tenants may have the same `sub`. Grants without
   * one of them are refused. Together they are `subject_key` of the candidate.
   * @default []
   */
  subject?: readonly string[]
  /**
   * The resources that its grants may be for (RFC 8707): absolute URIs. Without a `resource` parameter and claim, a grant is for the first. A
   * `resource` claim bounds the parameter, whether this is set or not. Without it, any resource reaches your hooks.
   */
  resources?: readonly string[]
  /** `within-grant`: the token expires with the grant at the latest. `mintToken` gets the rest as `maxLifetime`. Without it, they are independent. A refresh token would outlive both: do not allow one. */
  lifetime?: 'within-grant'
  /** `iss`: a grant without `sub` is for the issuer itself, as for service accounts. Without it, `sub` is required. */
  default_sub?: 'iss'
  /**
   * The `aud` of its grants: each grant must have exactly one of these values. `tokenEndpointUrl` counts only if it is set.
   * @default [issuer, tokenEndpointUrl]
   */
  audience?: string | readonly string[]
  /** Signature algorithms of its grants. The option `algorithms` must list them, too. @default algorithms */
  algorithms?: readonly Suggested<AlgorithmName>[]
  /** The `typ` header that its grants must have. Without it, `typ` must be absent, `JWT`, `JOSE` or `authorization-grant+jwt`. */
  typ?: string
  /** Refuses grants without `jti`. Those without `jti` work once as well: a digest of the signed text is remembered. @default false */
  requireJti?: boolean
  /** Longest lifetime of its grants in seconds, from `iat` (or now, if that is earlier) to `exp`. @default 300 */
  maxLifetime?: number
  /** Leeway for `exp`, `nbf` and `iat` of its grants in seconds. It can only be stricter than the option. @default clockTolerance */
  clockTolerance?: number
  /**
   * How often a grant may be used. `one-time`: once. `one-time-jti`: once if it has a `jti`, else until it expires. `same-client`: again by the
   * client that its `client_id` claim names. `reusable`: until it expires.
   * @default 'one-time'
   */
  replay?: 'one-time' | 'one-time-jti' | 'same-client' | 'reusable'
  /** Upper bounds that differ from those of the endpoint. */
  limits?: {
    /** Characters of one grant, at most `limits.body` of the endpoint. @default limits.assertion */
    assertion?: number
  }
  /** Any value but `true` refuses its grants from the next request on, also `null`. @default true */
  enabled?: boolean
  /** From this moment on, its grants are refused. */
  not_after?: Date
}
