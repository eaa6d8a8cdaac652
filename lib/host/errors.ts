import { type Evidence, type GivenEvidence, nameOfThrown } from './evidence.js'
import { type OAuthErrorCode, oauthErrorCodes } from './oauth-error-codes.js'
import {
  type AssertionReason,
  type AssertionUse,
  assertionRefusals,
  assertionUses,
  type Reason,
  type RefusalReason,
  refusals,
} from './refusals.js'
import { shown } from './shown.js'

export * from './oauth-error-codes.js'
export * from './refusals.js'

const defaultStatus: Partial<Record<OAuthErrorCode, number>> = { invalid_client: 401, server_error: 500, temporarily_unavailable: 503 }
const brand = Symbol.for('express-oauth-assertions.OAuthError')

/** Another copy of this package may have reasons that this one has not. `revealReasons` sends a reason, so it is one harmless word. */
const nameOfReason = /^[a-z0-9_]{1,64}$/

type HookDetail = Pick<Evidence, 'seen' | 'wanted'>
interface OAuthErrorOptions {
  status?: number
  cause?: unknown
  reason?: Reason
  detail?: HookDetail | undefined
}

/**
 * An error response of the token endpoint (RFC 6749 §5.2). A hook may throw one, to be sent to the client; anything else that
 * a hook throws becomes a `server_error` whose text is not sent.
 *
 * `reason` and `detail` are for the event: the client does not receive them.
 *
 * @example throw new OAuthError('invalid_grant', 'The account is closed.')
 * @example throw new OAuthError('invalid_client', 'Closed.', { reason: 'client_disabled', detail: { seen: { plan: 'ended' }, wanted: 'a plan' } })
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  /** The `error` member. */
  readonly error: OAuthErrorCode
  /** The `error_description` member; characters outside RFC 6749 §5.2 are replaced by `?`. */
  readonly error_description: string
  /** HTTP status. */
  readonly status: number
  /** The reason in the event. Not enumerable. @default 'hook_denied' */
  declare readonly reason: Reason
  /** What the hook saw and what would have passed, for `detail` of the event: no secrets. Not enumerable. */
  declare readonly detail: HookDetail | undefined

  /** @throws TypeError if `error` is not an OAuth error code, `status` is not a 4xx or 5xx status, or `reason` is no name of a reason. */
  constructor(error: OAuthErrorCode, description?: string, options: OAuthErrorOptions = {}) {
    const text = String(description ?? '').replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
    super(text || error, 'cause' in options ? { cause: options.cause } : undefined)
    if (!oauthErrorCodes.includes(error))
      throw new TypeError(`OAuthError: error must be one of ${oauthErrorCodes.join(', ')}, not ${shown(error)}.`)
    const status = options.status ?? defaultStatus[error] ?? 400
    if (!Number.isInteger(status) || status < 400 || status > 599)
      throw new TypeError(`OAuthError: status must be a whole number from 400 to 599, not ${shown(status)}.`)
    const reason = options.reason ?? 'hook_denied'
    if (typeof reason !== 'string' || !nameOfReason.test(reason))
      throw new TypeError(`OAuthError: reason must be a name such as client_disabled, not ${shown(reason)}.`)
    this.error = error
    this.error_description = text
    this.status = status
    // not enumerable: a handler may send this object as JSON
    Object.defineProperties(this, { reason: { value: reason }, detail: { value: options.detail }, [brand]: { value: true } })
  }

  /** True also for an `OAuthError` of another copy of this package in the process (ESM beside CommonJS). */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== OAuthError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }
}

/**
 * Validates and copies an `OAuthError` that may be of another copy of this package, or modified by the host.
 * @throws TypeError if `error`, `status` or `reason` is invalid; whatever a getter throws
 */
export function ownOAuthError({ error, error_description, status, reason, detail, cause }: OAuthError): OAuthError {
  return new OAuthError(error, error_description, { status, reason, detail, ...(cause !== undefined && { cause }) })
}

/**
 * Why a request is refused: the inner exception of the suite. It is no `Error` and has no text: a stack would cost more than the checks
 * before it, and any sender can cause one. {@link answerTo} looks up what the client reads.
 */
export class Refusal {
  constructor(
    readonly reason: RefusalReason | AssertionReason,
    /** What was seen and wanted, and the exception behind it: for the event. */
    readonly evidence: GivenEvidence,
    /** What the refused JWT was used for, if its reason leaves that open: it decides the error code. */
    readonly use?: AssertionUse,
    /** Another refusal whose answer is sent instead: only the event tells the reason. */
    readonly shownAs?: RefusalReason,
  ) {}

  /** The same refusal of a JWT that was used as `use`. */
  as(use: AssertionUse): Refusal {
    return new Refusal(this.reason, this.evidence, this.use ?? use, this.shownAs)
  }
}

/** @example throw refusal('method_not_allowed', { seen: req.method, wanted: 'POST' }) */
export const refusal = (reason: RefusalReason | AssertionReason, evidence: GivenEvidence) => new Refusal(reason, evidence)

/** Whether a hook or a step threw a refusal. `instanceof` runs traps of a proxy, which may throw. */
export function isRefusal(thrown: unknown): thrown is Refusal {
  try {
    return thrown instanceof Refusal
  } catch {
    return false
  }
}

/** Whether a refusal is about the JWT itself, and not about the client, the policy or the server. */
export const isAboutJwt = ({ reason }: Refusal): boolean => Object.hasOwn(assertionRefusals, reason)

/** An error response (RFC 6749 §5.2), and what only the event tells. */
export interface ErrorAnswer {
  readonly status: number
  readonly error: OAuthErrorCode
  readonly error_description: string
  readonly reason: Reason
  readonly evidence: GivenEvidence
}

/**
 * The answer to anything that was thrown: a {@link Refusal}; an `OAuthError` of a hook; a mistake of the host, or an exception, whose text
 * is not sent.
 *
 * @param use what a refused JWT was used for, unless the refusal says so itself
 */
export function answerTo(thrown: unknown, use: AssertionUse): ErrorAnswer {
  if (isRefusal(thrown)) return answerToRefusal(thrown, use)
  try {
    if (thrown instanceof ConfigurationError) return answerToRefusal(misconfigured(thrown), use)
    if (thrown instanceof OAuthError) return answerToOAuthError(ownOAuthError(thrown))
  } catch (odd) {
    return answerToRefusal(unexpected(odd), use)
  }
  return answerToRefusal(unexpected(thrown), use)
}

const misconfigured = (cause: ConfigurationError) =>
  refusal('misconfigured', { seen: cause.message, wanted: 'what the message says', cause })

/** For an exception that no step expects. */
export const unexpected = (cause: unknown) =>
  refusal('hook_error', () => ({ seen: `${nameOfThrown(cause)} was thrown`, wanted: 'no exception', cause }))

const answerToOAuthError = ({ status, error, error_description, reason, detail, cause }: OAuthError): ErrorAnswer => ({
  status,
  error,
  error_description,
  reason,
  evidence: detail
    ? () => ({ seen: detail.seen, wanted: detail.wanted, cause })
    : { seen: { error, error_description }, wanted: 'a hook that throws no OAuthError', cause },
})

function answerToRefusal({ reason, evidence, use: own, shownAs }: Refusal, use: AssertionUse): ErrorAnswer {
  const [status, error, error_description] = rowOf(shownAs ?? reason, own ?? use)
  return { status, error, error_description, reason, evidence }
}

function rowOf(reason: RefusalReason | AssertionReason, use: AssertionUse): readonly [number, OAuthErrorCode, string] {
  if (Object.hasOwn(refusals, reason)) return refusals[reason as RefusalReason]
  const [status, error, uniform] = assertionUses[use]
  return [status, error, assertionRefusals[reason as AssertionReason] ?? uniform]
}

/** A mistake of the host: a wrong option, a step in the wrong place. The message names the option, the problem and the fix. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}
