import { aName, aString, type Check, checkMembers, oneOf, tableOf } from './checks.js'
import { ConfigurationError } from './errors.js'
import type { GrantDecision } from './hooks.js'

const decisionChecks = tableOf({
  subject: aName,
  scope: aString,
  refused: oneOf('subject_unknown', 'subject_disabled', 'consent_missing'),
} satisfies Record<string, Check>)

/**
 * Checks what `authorizeGrant` returned.
 * @throws ConfigurationError that names the member, what it must be, and what was received
 */
export function checkDecision(decision: NonNullable<GrantDecision>): void {
  if (typeof decision !== 'object')
    throw new ConfigurationError(`authorizeGrant must return an object, undefined or null, not a ${typeof decision}.`)
  const required = 'refused' in decision ? ['refused'] : ['subject']
  checkMembers(decisionChecks, decision, { where: 'authorizeGrant: ', required, isClosed: false })
}
