import type { X509Certificate } from 'node:crypto'
import type { KeyRegistration } from './jwk.js'

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
/** The IANA name of a client authentication method of this package. */
export type ClientAuthMethodName = (typeof clientAuthMethodNames)[number]

/**
 * How a client authenticated: by a registered method, a JWT of another issuer that its registration accepts (`federated_jwt`), or the grant
 * that it signed (`jwt_bearer_grant`).
 */
export type ProvenBy = Exclude<ClientAuthMethodName, 'none'> | 'federated_jwt' | 'jwt_bearer_grant'

/** Which `aud` a client assertion may have: only the issuer identifier, or also the token endpoint URL, as RFC 7523 allows. */
export type ClientAssertionAudience = 'issuer' | 'issuer-or-token-endpoint'

/**
 * A workload identity that may authenticate a client: a token of Kubernetes, SPIFFE, GitHub Actions or Entra ID, sent as its client
 * assertion. (`iss`, `sub`, `aud`) must match exactly; `sub` need not be the `client_id`. `private_key_jwt` must be enabled.
 */
export interface FederatedCredential extends KeyRegistration {
  /**
   * The `iss` of the token. `spiffe://<trust domain>` is for JWT-SVIDs: then `iss` is not read, `sub` must be in the domain, `alg` must be one
   * that JWT-SVIDs may have, and the token may always be sent again.
   */
  issuer: string
  subject: string
  /** The one `aud` of the token. Default: the issuer identifier of this server. */
  audience?: string
  /** Longest lifetime in seconds, from `iat` to `exp`. Default 3600. */
  maxLifetime?: number
  /** `reusable`: a token with `jti` may be sent again until it expires. Default `one-time`, which applies only to tokens with `jti`. */
  replay?: 'one-time' | 'reusable'
}

/** The certificate of a TLS client, and whether its chain was verified (RFC 8705 §2). */
export interface ClientCertificate {
  certificate: X509Certificate
  verified: boolean
}

/** A registered client. The names are those of RFC 7591 §2; members that are not listed belong to the host and are ignored. */
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
  /**
   * Binds the tokens of `tokenMinter` to the certificate that authenticated the client (RFC 8705 §3.1): for `tls_client_auth` and
   * `self_signed_tls_client_auth` only. With another method there are no tokens for it.
   */
  tls_client_certificate_bound_access_tokens?: boolean
  /** This suite takes no DPoP proofs (RFC 9449): a client whose tokens must be bound to one is refused. */
  dpop_bound_access_tokens?: boolean
  /** Tokens of other issuers that also authenticate this client. The request must name the client in `client_id`. */
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
  /** A method with a secret or a JWT that the client may still use while it migrates to the registered one; each use gives a notice. */
  previous_auth_method?: string
  /** Seconds since the epoch, from which `previous_auth_method` is refused. Default: never. */
  previous_auth_method_expires_at?: number
  /**
   * `observe`, to try out keys: a client assertion that comes with a secret is only verified and reported in the event; the secret decides.
   * Default: `clientAssertions.mode`.
   */
  client_assertion_mode?: 'enforce' | 'observe'
  /** The signature of its own grants does not authenticate the client: it needs another method. Default false. */
  require_explicit_auth?: boolean
  /** `false` refuses the client from the next request on. */
  enabled?: boolean
}
