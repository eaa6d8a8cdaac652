import { checkDecision } from '../host/check-registration.js'
import { refusal } from '../host/errors.js'
import type { GrantDecision } from '../host/hooks.js'

/** A decision that allows the grant. */
export type Decided = Exclude<GrantDecision, { refused: unknown } | undefined | null>

/** The host's decision, validated. @throws Refusal if it refuses, or is malformed (`hook_error`) */
export function decided(decision: GrantDecision): Decided {
  if (decision === undefined || decision === null) throw refusal('subject_unknown')
  try {
    checkDecision(decision)
  } catch (error) {
    throw refusal('hook_error', error)
  }
  if ('refused' in decision) throw refusal(decision.refused)
  return decision
}
