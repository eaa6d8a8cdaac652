import type { OAuthErrorCode, Reason } from './errors.js'
import type { ClientAuthentication } from './token-state.js'

/** Something a host may want to know about a request, although it was no reason to refuse it. */
export type Notice =
  /** A client assertion was accepted with the token endpoint URL as `aud` (`issuer-or-token-endpoint`). */
  | 'aud_legacy'
  /** A client authenticated by its `previous_auth_method`. */
  | 'previous_auth_method'
  /** A client assertion that may be sent again: it has no `jti`, or was registered as reusable. */
  | 'client_assertion_reusable'
  /** A grant that may be sent again, by the `replay` of its issuer. */
  | 'grant_reusable'
  /** The granted scope is less than what was asked for. */
  | 'scope_narrowed'
  /** `mintToken` made a refresh token that the policy does not allow; it was not sent. */
  | 'refresh_token_dropped'
  /** `mintToken` gave a member that was not sent: see `responseMembers`. */
  | 'response_member_dropped'
  /** A replay marker could not be released: a legitimate retry of this request will be refused. */
  | 'release_failed'

/**
 * One per token request, when it is answered. It contains no token, no assertion and no secret. Unverified strings of the sender are
 * under `claimed`, as printable ASCII of at most 256 characters.
 */
export interface TokenEndpointEvent {
  /** `handed_on`: the host's own handler answered; `aborted`: the client disconnected. */
  outcome: 'issued' | 'refused' | 'failed' | 'handed_on' | 'aborted'
  /** HTTP status. */
  status: number
  error?: OAuthErrorCode
  /** The exact reason: see the error table. */
  reason?: Reason
  /** The step that answered, or the last that ran. */
  step: string
  /** The client, and how it is known. Verified only if `client_level` is `authenticated`: one that is `identified` only named itself. */
  client_id?: string
  client_level?: ClientAuthentication['level']
  client_auth_method?: string
  /** Verified: the issuer of the grant. */
  issuer?: string
  /** A digest of the grant's (`iss`, `sub`), the same for the same subject. */
  subject_hash?: string
  /** Granted scope. */
  scope?: string
  /** The first characters of the keys of the replay markers that this request consumed. */
  replay_keys?: string[]
  /** `observe`: the result of the client assertion that came with a secret: `ok`, or why it would have been refused. */
  observed?: { method: string; result: 'ok' | Reason }
  /**
   * What the request says of itself, unverified: `client_id` is that parameter, or else `sub` or `iss` of the client assertion; `issuer` is
   * `iss` of the grant. Both are also set for a JWT that could be decoded, and was refused.
   */
  claimed: { grant_type?: string; client_id?: string; issuer?: string }
  notices: Notice[]
  /** Milliseconds in total. */
  duration: number
  /** Milliseconds of each step and hook, the replay store (`consume`), and `signature` with its key look-up. A step includes its hooks. */
  timings: Record<string, number>
  /** What a hook threw, for debugging. Not enumerable, so that `JSON.stringify` omits it: it may contain anything. */
  readonly cause?: unknown
}
