import type { OAuthErrorCode, Reason } from './errors.js'
import type { Detail } from './evidence.js'
import type { Notice } from './notice.js'
import type { ClientAuthentication } from './token-state.js'

/**
 * One event for each token request, when it is answered. It contains no token, no assertion and no secret. Unverified strings of the sender
 * are under `claimed` and `detail`, as printable ASCII of at most 256 characters.
 */
export interface TokenEndpointEvent {
  /**
   * `issued`: a token was sent. `refused`: the request was wrong (4xx). `failed`: this server could not answer (5xx). `handed_on`: your own
   * handler answered. `aborted`: the client disconnected.
   */
  outcome: 'issued' | 'refused' | 'failed' | 'handed_on' | 'aborted'
  /** HTTP status. */
  status: number
  /** The `error` member of the response. */
  error?: OAuthErrorCode
  /** The exact reason: each has a section among the errors. `hook_denied`: a hook threw an `OAuthError`. */
  reason?: Reason
  /**
   * What was seen and what would have passed, as data: each with at most three levels of 20 members, and 256 characters a text. Strings of
   * the sender in it are unverified.
   */
  detail?: Detail
  /**
   * The identifier of the request: the `X-Request-Id` that you set on the response, or `req.id`, or the header that was sent; otherwise a
   * new one. A refusal sends it in `X-Request-Id`, so a client can quote it.
   */
  request_id: string
  /** The step that answered, or the last one that ran. */
  step: string
  /** The client. It is verified only if `client_level` is `authenticated`. If it is `identified`, the client only named itself. */
  client_id?: string
  /** How the client is known: `authenticated`, `identified` or `anonymous`. */
  client_level?: ClientAuthentication['level']
  /** The method that authenticated the client. */
  client_auth_method?: string
  /** The issuer of the grant, verified. */
  issuer?: string
  /** A digest of `iss`, `sub` and the claims in `TrustedIssuer.subject`. It is always the same for one subject. */
  subject_hash?: string
  /**
   * `aud` of the JWTs that were accepted, as it was sent: of the client assertion (`client_assertion`) and of the grant (`assertion`). It is a value that
   * you configured or registered, or a list with that one value. See `audienceReport`.
   */
  audience?: { client_assertion?: string | readonly string[]; assertion?: string | readonly string[] }
  /** Granted scope. */
  scope?: string
  /** The first characters of the replay keys of the JWTs that this request used up. */
  replay_keys?: string[]
  /** In mode `observe`: the result of a client assertion that came with a secret. It is `ok`, or the reason of the refusal. */
  observed?: { method: string; result: 'ok' | Reason }
  /**
   * What the request says of itself, unverified. It is also set if a JWT was refused, as long as it could be decoded.
   */
  claimed: {
    /** The parameter. */
    grant_type?: string
    /** The parameter, or the user of HTTP Basic, or else `sub` or `iss` of the client assertion. */
    client_id?: string
    /** `iss` of the grant. */
    issuer?: string
    /** `kid` of the client assertion or the grant: of the one that was read last. */
    kid?: string
    /** Set if the request carries a client secret, also if your own handler answers it: so you see which clients still use one. */
    client_auth_method?: 'client_secret_basic' | 'client_secret_post'
  }
  /** Facts that were no reason to refuse the request. */
  notices: Notice[]
  /** Milliseconds from the first step to the answer. */
  duration: number
  /** Milliseconds of each step, each hook, the replay store (`consume`), and `signature` with its keys. A step includes its hooks. */
  timings: Record<string, number>
  /**
   * The exception of a hook, for debugging. It is not enumerable, so that `JSON.stringify` omits it: it may contain anything. `auditLog` writes
   * its name and message.
   */
  readonly cause?: unknown
}
