import type { IncomingMessage } from 'node:http'
import type { Client, ClientCertificate } from './client.js'
import type { ClientAuthentication, TokenResponse } from './token-state.js'
import type { TrustedIssuer } from './trusted-issuer.js'

/** A value, or a promise for it. */
export type Awaitable<T> = T | PromiseLike<T>

/** The input of `authorizeGrant`: a proven grant that you have not approved yet. */
export interface GrantCandidate<C extends Client = Client> {
  /** The issuer of the grant. */
  readonly issuer: TrustedIssuer
  /** The asserted subject. Look up the account by `issuer` and `sub` together: two issuers may assert the same `sub`. */
  readonly sub: string
  /**
   * Text that only this subject has: a JSON list of `iss`, the claims in `TrustedIssuer.subject`, and `sub`. Store accounts under it if your
   * issuers have tenants.
   */
  readonly subject_key: string
  /** All claims; a null-prototype object. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The JOSE header; a null-prototype object. */
  readonly header: Readonly<Record<string, unknown>>
  /** The client that presents the grant, and how it is known (`level`). */
  readonly client: ClientAuthentication<C>
  /** `issuer`: the grant has no `sub` and is for the issuer itself. `asserted`: a user, a pseudonym, or as agreed (RFC 7521 §6.3). */
  readonly subject_kind: 'asserted' | 'issuer'
  /** Space-separated: the requested scope within the limits of issuer and client. If none was requested, these limits. */
  readonly scope: string | undefined
  /** The resources that the token is to be for (RFC 8707): of the parameter, else of the claim, else the first that the issuer registered. */
  readonly resource: readonly string[]
}

/** The result of `authorizeGrant`: the account that the grant is for, or why it is refused. `undefined` or `null` means `subject_unknown`. */
export type GrantDecision =
  | {
      /** The local account; `sub` of the tokens. */
      subject: string
      /** Space-separated. Scope that is not in `candidate.scope` is not granted. Without it, `candidate.scope` is granted if it is limited. */
      scope?: string
      /** Lets `mintToken` add a refresh token, for an authenticated client (RFC 7521 §4.1). @default false */
      allowRefreshToken?: boolean
      /** Reaches `mintToken` unchanged. */
      context?: unknown
    }
  | { refused: 'subject_unknown' | 'subject_disabled' | 'consent_missing' }
  | undefined
  | null

/** The input of `mintToken`: what may be issued. */
export interface Granted<C extends Client = Client> {
  /** The grant type of the request. */
  readonly grant_type: string
  /** The client, and how it is known (`level`). */
  readonly client: ClientAuthentication<C>
  /** The account of a JWT grant. For `client_credentials`, the client itself. */
  readonly subject: string
  /**
   * `client`: `subject` is the `client_id`, for `client_credentials` and for a service account whose grants have no `sub`. Make sure that
   * account IDs and client IDs never overlap (RFC 9068 §5).
   */
  readonly subject_type: 'user' | 'client'
  /** Space-separated; empty if none. */
  readonly scope: string
  /** The resources that the token is for (RFC 8707): the `resource` parameters. For a JWT grant, those of the candidate. */
  readonly resource: readonly string[]
  /**
   * Upper bound for the lifetime of the token in seconds, if there is one: `publicClients.maxLifetime`, and the rest of a grant whose issuer
   * has `lifetime: 'within-grant'`.
   */
  readonly maxLifetime: number | undefined
  /** Whether a refresh token may be issued. If not, one in the response is dropped. */
  readonly allowRefreshToken: boolean
  /** Only for a JWT grant: issuer, claims, and the `context` that `authorizeGrant` returned. */
  readonly grant?: {
    readonly issuer: TrustedIssuer
    readonly sub: string
    readonly subject_key: string
    readonly claims: Readonly<Record<string, unknown>>
    readonly context: unknown
  }
}

/**
 * The functions that you write. Each call has `hookTimeout` seconds. If a hook throws an `OAuthError`, the client receives it. Any other
 * exception becomes a 500 `server_error` without details. A timeout becomes a 503 `temporarily_unavailable`.
 *
 * `C` is your type of client: TypeScript infers it from what `findClient` returns.
 */
export interface Hooks<C extends Client = Client> {
  /** Returns the registered client. `undefined` or `null` means that there is none. The sender chose `client_id`: nothing about it is verified. */
  findClient(client_id: string): Awaitable<C | undefined | null>
  /** Returns the trusted issuer. `undefined` or `null` means that it is not trusted. The sender chose `iss`: the signature is not verified yet. */
  findIssuer(iss: string): Awaitable<TrustedIssuer | undefined | null>
  /** Returns the account of a grant, after you have checked consent. Everything about the grant is proven, and it is not used up yet. */
  authorizeGrant(candidate: GrantCandidate<C>): Awaitable<GrantDecision>
  /** Returns the token response (RFC 6749 §5.1). If it throws, the client may send its JWTs again. */
  mintToken(granted: Granted<C>): Awaitable<TokenResponse>
  /**
   * Compares a secret with the hash that you store. Without this hook, secrets are compared with `client.client_secret` in constant time.
   * If the client is unknown or may not use a secret, `client` is `undefined`, and the result is ignored. Then compare with a dummy hash:
   * otherwise response times reveal which clients exist.
   */
  verifyClientSecret?(client: C | undefined, secret: string): Awaitable<boolean>
  /**
   * Returns the certificate of the TLS client, if a proxy ends TLS. Read it from a header that only this proxy can set. Without this hook,
   * the certificate comes from the TLS socket. It is called only for clients that registered a certificate method.
   */
  getClientCertificate?(req: IncomingMessage): Awaitable<ClientCertificate | undefined | null>
}
