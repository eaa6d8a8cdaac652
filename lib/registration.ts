import type { X509Certificate } from 'node:crypto'
import type { JSONWebKeySet } from './jwk.js'

/** Client authentication methods of this package, by their IANA names (RFC 7591 §2, RFC 8705 §2), safest first. */
export const clientAuthMethodNames = [
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'client_secret_jwt',
  'client_secret_basic',
  'client_secret_post',
  'none',
] as const
export type ClientAuthMethodName = (typeof clientAuthMethodNames)[number]

/**
 * How a client proved itself: a registered method, a JWT of a foreign issuer that stands for the client (`federated_jwt`), or the grant that it signed
 * (`jwt_bearer_grant`).
 */
export type ProvenBy = Exclude<ClientAuthMethodName, 'none'> | 'federated_jwt' | 'jwt_bearer_grant'

/** Which `aud` a client assertion may carry: the issuer identifier alone, or the token endpoint URL of the RFC 7523 era as well. */
export type ClientAssertionAudience = 'issuer' | 'issuer-or-token-endpoint'

/** Where the keys of a signer come from: exactly one of `jwks` and `jwks_uri`, and only from registration (RFC 7517). */
export interface KeyRegistration {
  /** Adding and removing keys takes effect at once; do not change a key object in place. */
  jwks?: JSONWebKeySet
  /**
   * An https URL, fetched by this server; addresses that are private or loopback are refused. A new `kid` is followed within 30 seconds, a new key under an old
   * `kid` within 10 minutes.
   */
  jwks_uri?: string
  /** Lets `jwks_uri` point to a private or loopback address, and then over http too. Default false. */
  allowPrivateJwksUri?: boolean
}

/**
 * A workload identity that may authenticate a client: a token of Kubernetes, SPIFFE, GitHub Actions or Entra ID sent as its client assertion. Exactly
 * (`iss`, `sub`, `aud`) is compared; `sub` need not be the `client_id`.
 */
export interface FederatedCredential extends KeyRegistration {
  issuer: string
  subject: string
  /** The one `aud` of the token. Default: the issuer identifier of this server. */
  audience?: string
  /** Longest lifetime in seconds, from `iat` to `exp`. Default 3600. */
  maxLifetime?: number
  /** `reusable`: a token with `jti` may be sent again until it expires, as workloads do. Default `one-time`, which binds only tokens with `jti`. */
  replay?: 'one-time' | 'reusable'
}

/** The certificate of a TLS client, and whether its chain was verified (RFC 8705 §2). */
export interface ClientCertificate {
  certificate: X509Certificate
  verified: boolean
}

/** A registered client. The names are those of RFC 7591 §2; members that are not listed are the host's own and are left alone. */
export interface Client extends KeyRegistration {
  client_id: string
  /** Default `client_secret_basic`, as in RFC 7591. `none` is a public client. */
  token_endpoint_auth_method?: string
  /** The one algorithm that its client assertions use; default: any of `algorithms`. */
  token_endpoint_auth_signing_alg?: string
  /** Default `['authorization_code']`, as in RFC 7591: the JWT grant must be listed to be used. */
  grant_types?: readonly string[]
  /** Space-separated ceiling of what the client may ask for. Without it, `client_credentials` grants no scope. */
  scope?: string
  client_secret?: string
  /** Seconds since the epoch; 0 or absent: never. */
  client_secret_expires_at?: number
  /** For `tls_client_auth`, exactly one of these five names the certificate's subject (RFC 8705 §2.1.2). */
  tls_client_auth_subject_dn?: string
  tls_client_auth_san_dns?: string
  tls_client_auth_san_uri?: string
  tls_client_auth_san_ip?: string
  tls_client_auth_san_email?: string
  /** Binds the tokens of `tokenMinter` to the certificate that authenticated the client (RFC 8705 §3.1). */
  tls_client_certificate_bound_access_tokens?: boolean
  /** This suite takes no DPoP proofs (RFC 9449): a client whose tokens must be bound to one is issued none. */
  dpop_bound_access_tokens?: boolean
  /** Foreign tokens that authenticate this client, besides its registered method. The request must name the client in `client_id`. */
  federated_credentials?: readonly FederatedCredential[]
  /** Overrides `clientAssertions.audience` for this client. */
  audience?: ClientAssertionAudience
  /** Overrides `clientAssertions.requireJti` for this client. */
  requireJti?: boolean
  /** Overrides `clientAssertions.maxLifetime` for this client, in seconds. */
  maxLifetime?: number
  /**
   * `reusable`: a client assertion with a `jti` may be sent again until it expires, for clients that keep one for several requests (MSAL). Default
   * `one-time`, which binds only assertions with a `jti`.
   */
  replay?: 'one-time' | 'reusable'
  /** A method with a secret or a JWT by which the client may still authenticate while it moves to the registered one; each use is an event. */
  previous_auth_method?: string
  /** Seconds since the epoch, from which `previous_auth_method` is refused. Default: never. */
  previous_auth_method_expires_at?: number
  /**
   * `observe`: a client assertion that comes with a secret is verified and reported in the event, and the secret decides: for trying out keys.
   * Default: `clientAssertions.mode`.
   */
  client_assertion_mode?: 'enforce' | 'observe'
  /** The grants that the client signs are not enough: it must authenticate besides. Default false. */
  require_explicit_auth?: boolean
  /** `false` refuses the client from the next request on. */
  enabled?: boolean
}

/** An issuer whose JWTs are accepted as authorization grants (RFC 7523 §2.1): one declarative object. */
export interface TrustedIssuer extends KeyRegistration {
  /** Compared with `iss` character by character (RFC 7523 §3). */
  issuer: string
  /** The client that this issuer is, where a client signs its own grants. It may always present them. */
  client_id?: string
  /** Which other registered clients may present its grants. Default: none. */
  clients?: readonly string[] | 'any'
  /** `required`: a confidential client authenticates; `identified`: a public client will do; `none`: no client at all. Default `required`. */
  client_authentication?: 'required' | 'identified' | 'none'
  /** Which `sub` values it may assert. Default: any, and `authorizeGrant` resolves it. */
  subjects?: readonly string[] | ((sub: string) => boolean)
  /** Space-separated ceiling of what its grants may yield. */
  scope?: string
  /** Where a grant names its scope: the form parameter within the `scope` claim (`intersection`, the default), or one of them alone. */
  scope_from?: 'intersection' | 'parameter' | 'assertion'
  /** `iss`: a grant without `sub` speaks for its issuer (service accounts). Default: `sub` is required. */
  default_sub?: 'iss'
  /** The `aud` its grants carry, one of these alone. Default: the issuer identifier or `tokenEndpointUrl` of this server. */
  audience?: string | readonly string[]
  /** Signature algorithms of this issuer; default: `algorithms` of the endpoint. */
  algorithms?: readonly string[]
  /** The `typ` header that its grants must carry. Default: absent, `JWT`, `JOSE` or `authorization-grant+jwt`. */
  typ?: string
  /** Refuses grants without `jti`. Default false: they are one-time by a digest of what was signed. */
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
