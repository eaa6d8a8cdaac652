import { reportTrustedIssuer } from '../host/check-registration.js'
import { algorithmNames } from '../host/options.js'
import { shown } from '../host/shown.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import { type Findings, findingsOf, type Unchecked } from './findings.js'
import { findKeyProblems, findUnfitAlgorithms } from './keys.js'

/** What makes an issuer useless without being a mistake: a warning for each that applies. */
const warningsOf: readonly ((issuer: Partial<TrustedIssuer>) => string | undefined | false)[] = [
  ({ client_authentication = 'required', clients = [], client_id }) =>
    client_authentication !== 'none' &&
    clients.length === 0 &&
    client_id === undefined &&
    "TrustedIssuer.clients is not set: nobody may present its grants. List client_ids, or set it to 'any'.",
  ({ enabled }) => enabled !== undefined && enabled !== true && `TrustedIssuer.enabled is ${shown(enabled)}: its grants are refused.`,
  ({ not_after }) =>
    not_after !== undefined && not_after.getTime() <= Date.now() && 'TrustedIssuer.not_after has passed: its grants are refused.',
  ({ audience }) =>
    audience !== undefined &&
    [audience].flat().every((one) => one === '') &&
    `TrustedIssuer.audience is ${shown(audience)}: no JWT can have it. Set it to the aud of the grants.`,
  ({ subjects }) => Array.isArray(subjects) && subjects.length === 0 && 'TrustedIssuer.subjects is empty: no sub is allowed.',
  ({ algorithms }) => {
    const unknown = algorithms?.filter((name) => !(algorithmNames as readonly string[]).includes(name))
    if (algorithms?.length === 0) return 'TrustedIssuer.algorithms is empty: no JWT is accepted.'
    return unknown && unknown.length > 0 && `TrustedIssuer.algorithms has ${unknown.map(shown).join(', ')}, which no JWT may have.`
  },
]

/**
 * Says what is wrong with a trusted issuer, before a request does: every mistake, not only the first. It never throws, whatever it gets, and
 * fetches nothing.
 *
 * @example const { errors, warnings } = checkTrustedIssuer(issuer)
 */
export function checkTrustedIssuer(issuer: unknown): Findings {
  return findingsOf('TrustedIssuer', issuer, (given: Unchecked, found) => {
    if (typeof given.issuer !== 'string' || given.issuer === '')
      found.errors.push(`TrustedIssuer.issuer must be a non-empty string, not ${shown(given.issuer)}.`)
    reportTrustedIssuer(given, (problem) => found.errors.push(problem))
    const areMembersRight = found.errors.length === 0
    const keys = findKeyProblems('TrustedIssuer.', given, found, true)
    if (!areMembersRight) return
    findUnfitAlgorithms('TrustedIssuer.algorithms', given.algorithms, keys, found)
    for (const warningOf of warningsOf) {
      const warning = warningOf(given)
      if (warning) found.warnings.push(warning)
    }
  })
}
