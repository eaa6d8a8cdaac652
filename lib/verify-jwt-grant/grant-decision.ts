import { aName, aString, type Check, checkMembers, oneOf, shown, tableOf } from '../host/checks.js'
import { ConfigurationError, refusal } from '../host/errors.js'
import type { GrantDecision } from '../host/hooks.js'

const decisionChecks = tableOf({
  subject: aName,
  scope: aString,
  refused: oneOf('subject_unknown', 'subject_disabled', 'consent_missing'),
} satisfies Record<string, Check>)

/** A decision that allows the grant. */
export type Decided = Exclude<GrantDecision, { refused: unknown } | undefined>

/** The host's decision, validated. @throws Refusal if it refuses, or is malformed (`hook_error`) */
export function decided(decision: GrantDecision): Decided {
  if (decision === undefined || decision === null) throw refusal('subject_unknown')
  try {
    if (typeof decision !== 'object')
      throw new ConfigurationError(`authorizeGrant must return an object or undefined, not ${shown(decision)}.`)
    checkMembers(decisionChecks, decision, {
      where: 'authorizeGrant: ',
      required: 'refused' in decision ? ['refused'] : ['subject'],
      isClosed: false,
    })
  } catch (error) {
    throw refusal('hook_error', error)
  }
  if ('refused' in decision) throw refusal(decision.refused)
  return decision
}
