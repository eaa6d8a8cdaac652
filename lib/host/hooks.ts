import type { IncomingMessage } from 'node:http'
import type { Client, ClientCertificate } from './client.js'
import type { TokenEndpointEvent } from './event.js'
import type { ClientAuthentication, TokenResponse } from './token-state.js'
import type { TrustedIssuer } from './trusted-issuer.js'

/** A value, or a promise for it. */
export type Awaitable<T> = T | PromiseLike<T>

/** A proven grant that the host has not approved yet: the input of `authorizeGrant`. */
export interface GrantCandidate {
  readonly issuer: TrustedIssuer
  /** The asserted subject. It means something only together with `issuer`: two issuers may assert the same `sub`. */
  readonly sub: string
  /** All claims; a null-prototype object. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The JOSE header; a null-prototype object. */
  readonly header: Readonly<Record<string, unknown>>
  readonly client: ClientAuthentication
  /** `issuer`: no `sub`, it is for its issuer (`default_sub`). Else `asserted`: a user, a pseudonym, or as agreed (RFC 7521 §6.3). */
  readonly subject_kind: 'asserted' | 'issuer'
  /** Space-separated: the requested scope within the ceilings of issuer and client, or those ceilings if none was requested. */
  readonly scope: string | undefined
  /** RFC 8707 `resource` parameters. */
  readonly resource: readonly string[]
}

/** The host's decision on a grant: the account it is for, or why it is refused. `undefined` is `{ refused: 'subject_unknown' }`. */
export type GrantDecision =
  | {
      /** The local account; `sub` of the tokens. */
      subject: string
      /** Space-separated; what is not in `candidate.scope` is not granted. Default: `candidate.scope`, if a ceiling bounds it. */
      scope?: string
      /** Lets `mintToken` add a refresh token, for an authenticated client. Default false (RFC 7521 §4.1). */
      allowRefreshToken?: boolean
      /** Passed to `mintToken` unchanged. */
      context?: unknown
    }
  | { refused: 'subject_unknown' | 'subject_disabled' | 'consent_missing' }
  | undefined

/** What may be issued: the input of `mintToken`. */
export interface Granted {
  readonly grant_type: string
  readonly client: ClientAuthentication
  /** The account of a JWT grant; for `client_credentials` the client itself. */
  readonly subject: string
  /**
   * Whether `subject` is the client itself: for `client_credentials`, and for a service account whose grants stand for their issuer. The
   * `sub` values of users and clients must not be confused (RFC 9068 §5).
   */
  readonly subject_type: 'user' | 'client'
  /** Space-separated; empty if none. */
  readonly scope: string
  /** RFC 8707 `resource` parameters. */
  readonly resource: readonly string[]
  /** Upper bound of the token's lifetime in seconds, where the policy sets one. */
  readonly maxLifetime: number | undefined
  /** Whether a refresh token may be issued; if not, one in the response is dropped. */
  readonly allowRefreshToken: boolean
  /** Only for a JWT grant: issuer, claims, and the `context` that `authorizeGrant` returned. */
  readonly grant?: {
    readonly issuer: TrustedIssuer
    readonly sub: string
    readonly claims: Readonly<Record<string, unknown>>
    readonly context: unknown
  }
}

/**
 * The functions that the host provides. Each but `onEvent` has `hookTimeout` seconds. An `OAuthError` that a hook throws is sent to the
 * client; any other throw is a `server_error` (500), a timeout is `temporarily_unavailable` (503).
 */
export interface Hooks {
  /** The registered client, or `undefined`. `client_id` is unverified input of the sender. */
  findClient(client_id: string): Awaitable<Client | undefined>
  /** The trusted issuer, or `undefined`. `iss` is unverified input of the sender. */
  findIssuer(iss: string): Awaitable<TrustedIssuer | undefined>
  /** Resolves the subject and its consent. Called after everything about the grant is proven, before it is consumed. */
  authorizeGrant(candidate: GrantCandidate): Awaitable<GrantDecision>
  /** Makes the tokens. */
  mintToken(granted: Granted): Awaitable<TokenResponse>
  /**
   * Checks a client secret that is stored hashed. Default: constant-time comparison with `client.client_secret`. `client` is `undefined` if
   * it is unknown or may not use a secret, and the result is ignored: compare with a dummy hash, so that response times do not reveal
   * clients.
   */
  verifyClientSecret?(client: Client | undefined, secret: string): Awaitable<boolean>
  /**
   * The certificate of the TLS client, if a proxy terminates TLS: from a header that only this proxy can set. Default: the certificate of
   * the TLS socket. Called only for clients whose registered method uses a certificate.
   */
  getClientCertificate?(req: IncomingMessage): Awaitable<ClientCertificate | undefined>
  /** Called once per token request, when it is answered. Errors of it are ignored. */
  onEvent?(event: TokenEndpointEvent, req: IncomingMessage): void
}
