import {
  type AssertionReason,
  type AssertionUse,
  assertionRefusals,
  assertionUses,
  type OAuthErrorCode,
  oauthErrorCodes,
  type Reason,
  type RefusalReason,
  refusals,
} from './refusals.js'

export * from './refusals.js'

const defaultStatus: Partial<Record<OAuthErrorCode, number>> = { invalid_client: 401, server_error: 500, temporarily_unavailable: 503 }
const brand = Symbol.for('express-oauth-assertions.OAuthError')

/**
 * An error response of the token endpoint (RFC 6749 §5.2). A hook may throw one, to be sent to the client; anything else that
 * a hook throws becomes a `server_error` whose text is not sent.
 *
 * @example throw new OAuthError('invalid_grant', 'The account is closed.')
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  /** The `error` member. */
  readonly error: OAuthErrorCode
  /** The `error_description` member; characters outside RFC 6749 §5.2 are replaced by `?`. */
  readonly error_description: string
  /** HTTP status. */
  readonly status: number
  /** The reason in the event; `hook_denied` unless the suite itself refused. */
  readonly reason: Reason

  /** @throws TypeError if `error` is not an OAuth error code or `status` is not a 4xx or 5xx status. */
  constructor(error: OAuthErrorCode, description?: string, options: { status?: number; cause?: unknown; reason?: Reason } = {}) {
    const text = String(description ?? '').replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
    super(text || error, 'cause' in options ? { cause: options.cause } : undefined)
    if (!oauthErrorCodes.includes(error))
      throw new TypeError(`OAuthError: ${JSON.stringify(error)} is not one of ${oauthErrorCodes.join(', ')}`)
    const status = options.status ?? defaultStatus[error] ?? 400
    if (!Number.isInteger(status) || status < 400 || status > 599)
      throw new TypeError('OAuthError: status is an HTTP status from 400 to 599')
    this.error = error
    this.error_description = text
    this.status = status
    this.reason = options.reason ?? 'hook_denied'
    Object.defineProperty(this, brand, { value: true })
  }

  /** True also for an `OAuthError` of another copy of this package in the process (ESM beside CommonJS). */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== OAuthError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }
}

/**
 * Validates and copies an `OAuthError` that may be of another copy of this package, or modified by the host.
 * @throws TypeError if `error` or `status` is invalid; whatever a getter throws
 */
export function ownOAuthError({ error, error_description, status, reason, cause }: OAuthError): OAuthError {
  return new OAuthError(error, error_description, { status, reason, ...(cause !== undefined && { cause }) })
}

/**
 * The `OAuthError` for one row of {@link refusals}. Without a cause it is a frozen constant: refusing must cost less than serving.
 */
export function refusal(reason: RefusalReason, cause?: unknown): OAuthError {
  const [status, error, description] = refusals[reason]
  if (cause === undefined) return constant(reason, () => new OAuthError(error, description, { status, reason }))
  return withoutStack(() => new OAuthError(error, description, { status, reason, cause }))
}

const constants = new Map<string, OAuthError>()
const constantErrors = new Set<unknown>()

function constant(id: string, make: () => OAuthError): OAuthError {
  let error = constants.get(id)
  if (!error) {
    error = Object.freeze(withoutStack(make))
    constants.set(id, error)
    constantErrors.add(error)
  }
  return error
}

/** Whether an error is one of the frozen refusals of this copy of the package, and so cannot have been modified. */
export const isConstantRefusal = (thrown: unknown): thrown is OAuthError => constantErrors.has(thrown)

/**
 * A JWT failed a check. {@link assertionRefusal} adds what the JWT was used for. It does not extend `Error`: a stack would cost more than
 * the checks before it, and any sender can cause one.
 */
export class AssertionError implements Error {
  readonly name = 'AssertionError'
  readonly message: string
  constructor(
    readonly reason: AssertionReason,
    readonly cause?: unknown,
  ) {
    this.message = reason
  }
}

/** The error response for a failed JWT: an {@link AssertionError} becomes the error of its use; other values are returned unchanged. */
export function assertionRefusal(use: AssertionUse, error: unknown): unknown {
  if (!isAssertionError(error)) return error
  const { reason, cause } = error
  const [status, code, uniform] = assertionUses[use]
  const description = assertionRefusals[reason] ?? uniform
  if (cause === undefined) return constant(`${use} ${reason}`, () => new OAuthError(code, description, { status, reason }))
  return withoutStack(() => new OAuthError(code, description, { status, reason, cause }))
}

function isAssertionError(error: unknown): error is AssertionError {
  try {
    return error instanceof AssertionError
  } catch {
    return false // instanceof runs traps of a proxy, which may throw
  }
}

/** Makes an error without a stack: the reason of a refusal is enough. If the host has frozen `Error`, the error has one. */
function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error
  if (stackTraceLimit === undefined || !Reflect.set(Error, 'stackTraceLimit', 0)) return make()
  try {
    return make()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** A mistake of the host: a wrong option, a step in the wrong place. The message names the option, the problem and the fix. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}
