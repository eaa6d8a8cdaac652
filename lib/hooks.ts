import type { IncomingMessage } from 'node:http'
import { isPromise } from './after.js'
import { OAuthError, ownOAuthError, type RefusalReason, refusal } from './errors.js'
import type { TokenEndpointEvent } from './events.js'
import type { Client, ClientCertificate, TrustedIssuer } from './registration.js'
import type { ClientAuthentication, TokenResponse } from './state.js'

export type Awaitable<T> = T | PromiseLike<T>

/** A proven grant, before the host's word: what `authorizeGrant` decides about. */
export interface GrantCandidate {
  readonly issuer: TrustedIssuer
  /** The asserted subject. It means something only together with `issuer`: two issuers may assert the same `sub`. */
  readonly sub: string
  /** All claims; a null-prototype object. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The JOSE header; a null-prototype object. */
  readonly header: Readonly<Record<string, unknown>>
  readonly client: ClientAuthentication
  /** `issuer`: the grant names no subject but its issuer (`default_sub`); else `asserted`: a user, a pseudonym, or what was agreed (RFC 7521 §6.3). */
  readonly subject_kind: 'asserted' | 'issuer'
  /** Space-separated: what was asked for within the ceilings of issuer and client, or those ceilings where nothing was asked for. */
  readonly scope: string | undefined
  /** RFC 8707 `resource` parameters. */
  readonly resource: readonly string[]
}

/** The host's word on a grant: the account it stands for, or why not. `undefined` is `{ refused: 'subject_unknown' }`. */
export type GrantDecision =
  | {
      /** The local account; `sub` of the tokens. */
      subject: string
      /** Space-separated: what the account may give. Only what is also in `candidate.scope` is granted. Default: `candidate.scope`, if a ceiling bounds it. */
      scope?: string
      /** Lets `mintToken` add a refresh token, for an authenticated client. Default false (RFC 7521 §4.1). */
      allowRefreshToken?: boolean
      /** Handed to `mintToken` as it is. */
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
  /** Whose account it is: a user's, or the client's own (`client_credentials`). A `sub` of the one must not read as the other (RFC 9068 §5). */
  readonly subject_type: 'user' | 'client'
  /** Space-separated; empty if none. */
  readonly scope: string
  /** RFC 8707 `resource` parameters. */
  readonly resource: readonly string[]
  /** Upper bound of the token's lifetime in seconds, where the policy sets one. */
  readonly maxLifetime: number | undefined
  /** Whether a refresh token may be issued; one that may not is dropped from the response. */
  readonly allowRefreshToken: boolean
  /** Of a JWT grant: issuer, claims, and what `authorizeGrant` handed on. */
  readonly grant?: {
    readonly issuer: TrustedIssuer
    readonly sub: string
    readonly claims: Readonly<Record<string, unknown>>
    readonly context: unknown
  }
}

/**
 * What the host plugs in. Each has `hookTimeout` seconds. A hook that throws an `OAuthError` speaks to the client; any other
 * throw is a `server_error` (500), a hang is `temporarily_unavailable` (503).
 */
export interface Hooks {
  /** The registered client, or `undefined`. `client_id` is what the sender claims: treat it as hostile. */
  findClient(client_id: string): Awaitable<Client | undefined>
  /** The trusted issuer, or `undefined`. `iss` is what the sender claims: treat it as hostile. */
  findIssuer(iss: string): Awaitable<TrustedIssuer | undefined>
  /** Resolves the subject and its consent. Called once everything about the grant is proven, before it is used up. */
  authorizeGrant(candidate: GrantCandidate): Awaitable<GrantDecision>
  /** Makes the tokens. */
  mintToken(granted: Granted): Awaitable<TokenResponse>
  /**
   * Checks a client secret that is stored hashed. Default: constant-time comparison with `client.client_secret`. `client` is `undefined` where nobody has this
   * secret, and the result is ignored: compare with the hash of anything then, and the time of an answer does not tell which clients exist.
   */
  verifyClientSecret?(client: Client | undefined, secret: string): Awaitable<boolean>
  /**
   * The certificate of the TLS client, where a proxy ends TLS: from a header that only this proxy can set. Default: the certificate of the
   * TLS socket. Called for clients that are registered for it.
   */
  getClientCertificate?(req: IncomingMessage): Awaitable<ClientCertificate | undefined>
  /** One call per token request, when it is answered. What it throws changes nothing. */
  onEvent?(event: TokenEndpointEvent, req: IncomingMessage): void
}

/**
 * Calls a hook within its time budget. What a hook gives at once is given on at once.
 * @throws OAuthError: the hook's own, else `hook_error` (500); after `seconds`, `onTimeout` (503). A later result is ignored.
 */
export function callHook<T>(
  seconds: number,
  call: () => Awaitable<T>,
  failure: RefusalReason = 'hook_error',
  onTimeout: RefusalReason = 'hook_timeout',
): T | Promise<T> {
  try {
    const result = call()
    return isPromise(result) ? inTime(result, seconds, failure, onTimeout) : (result as T)
  } catch (error) {
    throw hookFailure(error, failure)
  }
}

async function inTime<T>(result: PromiseLike<T>, seconds: number, failure: RefusalReason, onTimeout: RefusalReason): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(refusal(onTimeout)), seconds * 1000)
    })
    return await Promise.race([result, timeout])
  } catch (error) {
    throw hookFailure(error, failure)
  } finally {
    clearTimeout(timer)
  }
}

/** The `OAuthError` by which a hook speaks to the client; `failure` if it threw something else, or something that cannot be read. */
function hookFailure(thrown: unknown, failure: RefusalReason): OAuthError {
  try {
    if (thrown instanceof OAuthError) return ownOAuthError(thrown)
  } catch {
    // what cannot be read says nothing
  }
  return refusal(failure, thrown)
}
