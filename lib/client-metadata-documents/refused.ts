import { isRefusal, OAuthError, type RefusalReason, refusals } from '../host/errors.js'
import { type Evidence, evidenceOf } from '../host/evidence.js'

/** A refusal as a hook may throw it. It is an `Error`, because your own handlers may call this `findClient`, too. */
export function refused(reason: RefusalReason, { seen, wanted, cause }: Evidence): OAuthError {
  const [status, error, description] = refusals[reason]
  return new OAuthError(error, description, { status, reason, detail: { seen, wanted }, ...(cause !== undefined && { cause }) })
}

/** The refusal of a guarded fetch as a hook may throw it. Anything else that was thrown stays as it is. */
export const asOAuthError = (thrown: unknown): unknown =>
  isRefusal(thrown) ? refused(thrown.reason as RefusalReason, evidenceOf(thrown.evidence)) : thrown
