import type { KeyRegistration } from './jwk.js'

/** An issuer whose JWTs are accepted as authorization grants (RFC 7523 §2.1): one declarative object. */
export interface TrustedIssuer extends KeyRegistration {
  /** Compared with `iss` character by character (RFC 7523 §3). */
  issuer: string
  /**
   * The client that signs grants as this issuer, if it is a client itself. It may always present them. The signature also authenticates it, if
   * nobody else may present the grants (no other client in `clients`, `client_authentication` is `required`), or if the grant names it: its
   * `client_id` claim is this value. Any other grant authenticates nobody: the client must send its own credential.
   */
  client_id?: string
  /**
   * Which other registered clients may present its grants. Default: none. Without effect if `client_authentication` is `none`: anybody may.
   * If it lists another client, or is `any`, a grant authenticates `client_id` only if it names that client (see there).
   */
  clients?: readonly string[] | 'any'
  /** `required`: an authenticated client; `identified`: a public client suffices; `none`: no client needed. Default `required`. */
  client_authentication?: 'required' | 'identified' | 'none'
  /** Which `sub` values it may assert. Default: any, and `authorizeGrant` resolves it. */
  subjects?: readonly string[] | ((sub: string) => boolean)
  /** Space-separated ceiling of what its grants may yield. */
  scope?: string
  /** Source of the scope: the form parameter within the `scope` claim (`intersection`, default), or only one of them. */
  scope_from?: 'intersection' | 'parameter' | 'assertion'
  /** `iss`: a grant without `sub` is for its issuer (service accounts). Default: `sub` is required. */
  default_sub?: 'iss'
  /** The `aud` of its grants: exactly one of these. Default: the issuer identifier or `tokenEndpointUrl` of this server. */
  audience?: string | readonly string[]
  /** Signature algorithms of this issuer; default: `algorithms` of the endpoint. */
  algorithms?: readonly string[]
  /** The `typ` header that its grants must carry. Default: absent, `JWT`, `JOSE` or `authorization-grant+jwt`. */
  typ?: string
  /** Refuses grants without `jti`. Default false: a digest of the signed text makes them one-time. */
  requireJti?: boolean
  /** Longest lifetime of its grants in seconds, from `iat` (or from now) to `exp`. Default 300. */
  maxLifetime?: number
  /**
   * `one-time` (default); `same-client`: the client that the grant names in its `client_id` claim may send it again;
   * `reusable` until it expires.
   */
  replay?: 'one-time' | 'same-client' | 'reusable'
  /** `false` refuses its grants from the next request on. */
  enabled?: boolean
  /** The moment from which its grants are refused. */
  not_after?: Date
}
