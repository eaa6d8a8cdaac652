import { refusal } from '../host/errors.js'
import type { GrantDecision } from '../host/hooks.js'

/** A decision that allows the grant. */
export type Decided = Exclude<GrantDecision, { refused: unknown } | undefined>

/** The host's decision, validated. @throws Refusal if it refuses, or is malformed (`hook_error`) */
export function decided(decision: GrantDecision): Decided {
  if (decision === undefined || decision === null) throw refusal('subject_unknown')
  if (typeof decision === 'object' && 'refused' in decision) {
    const { refused } = decision
    if (refused === 'subject_unknown' || refused === 'subject_disabled' || refused === 'consent_missing') throw refusal(refused)
    throw refusal(
      'hook_error',
      new TypeError(`authorizeGrant refused for ${String(refused)}: it is one of subject_unknown, subject_disabled, consent_missing`),
    )
  }
  const { subject, scope } = decision
  if (typeof subject !== 'string' || subject === '') throw refusal('hook_error', new TypeError('authorizeGrant gave no subject'))
  if (scope !== undefined && typeof scope !== 'string')
    throw refusal('hook_error', new TypeError('authorizeGrant gave a scope that is no string'))
  return decision
}
