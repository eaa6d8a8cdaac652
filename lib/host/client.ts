import type { X509Certificate } from 'node:crypto'
import type { ClaimRules } from './claim-rules.js'
import type { AlgorithmName, IssuerKeys, KeyRegistration, Suggested } from './jwk.js'
import type { Notice } from './notice.js'

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

/** The members of which a client of `tls_client_auth` has exactly one (RFC 8705 §2.1.2). */
export const tlsClientAuthSubjects = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const

/**
 * How a client authenticated: by a registered method, a JWT of another issuer that its registration accepts (`federated_jwt`), or the grant
 * that it signed (`jwt_bearer_grant`).
 */
export type ProvenBy = Exclude<ClientAuthMethodName, 'none'> | 'federated_jwt' | 'jwt_bearer_grant'

/** Which `aud` a client assertion may have: only the issuer identifier, or also the token endpoint URL, as RFC 7523 allows. */
export type ClientAssertionAudience = 'issuer' | 'issuer-or-token-endpoint'

/**
 * A workload identity that may authenticate a client: a token of Kubernetes, SPIFFE, GitHub Actions or Entra ID, sent as client assertion.
 * `iss`, `sub` and `aud` must match exactly. `sub` need not be the `client_id`. The method `private_key_jwt` must be enabled.
 */
export interface FederatedCredential extends IssuerKeys {
  /**
   * The `iss` of the token. For JWT-SVIDs, write `spiffe://<trust domain>`: then `sub` must be in that domain, and `iss` is not read. `alg`
   * must be one that JWT-SVIDs may have, and the token may always be sent again.
   */
  issuer: string
  /** The `sub` of the token. */
  subject: string
  /** What other claims of the token must be, as {@link TrustedIssuer.claims}. */
  claims?: ClaimRules | null
  /** The one `aud` of the token. @default issuer */
  audience?: string | null
  /** Longest lifetime in seconds, from `iat` to `exp`. @default 3600 */
  maxLifetime?: number | null
  /** `reusable`: a token with `jti` may be sent again until it expires. A token without `jti` always may. @default 'one-time' */
  replay?: 'one-time' | 'reusable' | null
}

/** The certificate of a TLS client (RFC 8705 §2). */
export interface ClientCertificate {
  /** The certificate that the client presented in its TLS handshake. */
  certificate: X509Certificate
  /** Whether your TLS layer verified its chain. `tls_client_auth` needs `true`. */
  verified: boolean
}

/**
 * A registered client. `Own` are the members that you add: this package ignores them, and hands them to your hooks.
 * @example type MyClient = Client<{ tenant: string }>
 */
export type Client<Own = unknown> = ClientMetadata & Own

/** A registered client. The names are those of RFC 7591 §2 and RFC 8705 §2. You may add members of your own: they are ignored. */
export interface ClientMetadata extends KeyRegistration {
  /** Compared character by character. */
  client_id: string
  /** Its one authentication method (RFC 7591 §2). `none` is a public client. @default 'client_secret_basic' */
  token_endpoint_auth_method?: Suggested<ClientAuthMethodName> | null
  /** The one `alg` of its client assertions (RFC 7591 §2). Without it, any `alg` in the option `algorithms` may be used. */
  token_endpoint_auth_signing_alg?: Suggested<AlgorithmName | 'HS256' | 'HS384' | 'HS512'> | null
  /**
   * The grants that it may use (RFC 7591 §2). To use the JWT grant or `client_credentials` here, a client must list it.
   * @default ['authorization_code']
   */
  grant_types?:
    | readonly Suggested<'urn:ietf:params:oauth:grant-type:jwt-bearer' | 'client_credentials' | 'authorization_code' | 'refresh_token'>[]
    | null
  /** Space-separated scope that the client may ask for. Without it, `client_credentials` grants no scope. */
  scope?: string | null
  /** Refuses its `client_credentials` requests without a `scope` parameter (RFC 6749 §3.3). Without it, they get all of `scope`. @default false */
  requireScope?: boolean | null
  /** Its secret in plain text. If you store hashed secrets, leave it out and write the hook `verifyClientSecret`. */
  client_secret?: string | null
  /** When the secret expires, in seconds since the epoch (RFC 7591 §3.2.1). 0 means never. @default 0 */
  client_secret_expires_at?: number | null
  /** Subject of its certificate, for `tls_client_auth`. Exactly one of the five `tls_client_auth_…` members must be set (RFC 8705 §2.1.2). */
  tls_client_auth_subject_dn?: string | null
  /** DNS name in its certificate, for `tls_client_auth`. */
  tls_client_auth_san_dns?: string | null
  /** URI in its certificate, for `tls_client_auth`. */
  tls_client_auth_san_uri?: string | null
  /** IP address in its certificate, for `tls_client_auth`. */
  tls_client_auth_san_ip?: string | null
  /** Email address in its certificate, for `tls_client_auth`. */
  tls_client_auth_san_email?: string | null
  /**
   * Makes `tokenMinter` bind its tokens to the certificate that authenticated the client (RFC 8705 §3.1). The client then gets no token
   * without a certificate.
   * @default false
   */
  tls_client_certificate_bound_access_tokens?: boolean | null
  /** A client with `true` is refused: its tokens need a DPoP proof (RFC 9449), and this suite accepts none. @default false */
  dpop_bound_access_tokens?: boolean | null
  /** Tokens of other issuers that also authenticate this client. The request must have its `client_id`. */
  federated_credentials?: readonly FederatedCredential[] | null
  /** The accepted `aud` of its client assertions: `issuer` or `issuer-or-token-endpoint`. @default clientAssertions.audience */
  audience?: ClientAssertionAudience | null
  /** Refuses its client assertions without `jti`. @default clientAssertions.requireJti */
  requireJti?: boolean | null
  /** Longest lifetime of its client assertions in seconds. @default clientAssertions.maxLifetime */
  maxLifetime?: number | null
  /** Leeway for `exp`, `nbf` and `iat` of its client assertions in seconds. It can only be stricter than the option. @default clockTolerance */
  clockTolerance?: number | null
  /**
   * `reusable`: a client assertion with `jti` may be sent again until it expires. Some clients keep one for several requests, as MSAL does.
   * @default 'one-time'
   */
  replay?: 'one-time' | 'reusable' | null
  /** A method with a secret or a JWT that still works while the client moves to the registered one. Each use adds a notice to the event. */
  previous_auth_method?: Suggested<Exclude<ClientAuthMethodName, 'none'>> | null
  /** When `previous_auth_method` stops working, in seconds since the epoch. Without it, the previous method does not stop. */
  previous_auth_method_expires_at?: number | null
  /**
   * `observe`: if a request has both a secret and a client assertion, the secret decides. The result of the assertion goes to
   * `event.observed`.
   * @default clientAssertions.mode
   */
  client_assertion_mode?: 'enforce' | 'observe' | null
  /** Demands a credential in addition to grants that the client signed itself: their signature does not authenticate it. @default false */
  require_explicit_auth?: boolean | null
  /**
   * Of an issuer with `clients: 'any'`, refuses grants that do not name this client in their `client_id` claim. An issuer that lists the client
   * is not affected. `clientMetadataDocuments` sets it for its clients.
   * @default false
   */
  require_named_grant?: boolean | null
  /**
   * Facts about the client for `notices` of the event of this request, from a hook that has something to report: at most 10. The event has
   * them once the client is authenticated, or is known to be public.
   */
  event_notices?: readonly Notice[] | null
  /** Any value but `true` disables the client from the next request on, also `null`. @default true */
  enabled?: boolean
}
