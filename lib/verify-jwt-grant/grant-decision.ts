import { checkDecision } from '../host/check-decision.js'
import { refusal } from '../host/errors.js'
import { invalid } from '../host/evidence.js'
import type { GrantDecision } from '../host/hooks.js'

/** A decision that allows the grant. */
export type Decided = Exclude<GrantDecision, { refused: unknown } | undefined | null>

/** The host's decision, validated. @throws Refusal if it refuses, or is malformed (`hook_result_invalid`) */
export function decided(decision: GrantDecision): Decided {
  if (decision === undefined || decision === null)
    throw refusal('subject_unknown', { seen: 'authorizeGrant returned nothing', wanted: 'a decision with a subject' })
  try {
    checkDecision(decision)
  } catch (error) {
    throw refusal('hook_result_invalid', () => invalid(error, 'a GrantDecision'))
  }
  if ('refused' in decision) throw refusal(decision.refused, { seen: { refused: decision.refused }, wanted: 'a decision with a subject' })
  return decision
}
