import { reportOptions } from '../host/check-options.js'
import { developmentDefaults } from '../host/development-defaults.js'
import { CLIENT_CREDENTIALS, JWT_BEARER_GRANT, type Options } from '../host/options.js'
import { type Findings, findingsOf } from './findings.js'

/** The hooks that `tokenEndpoint` needs, and the grant that needs each; all need the others. */
const needed = [['findClient'], ['mintToken'], ['findIssuer', JWT_BEARER_GRANT], ['authorizeGrant', JWT_BEARER_GRANT]] as const

/**
 * Says what is wrong with the options of an endpoint, before it is made: every mistake, not only the first. It never throws, whatever it gets.
 *
 * @example const { errors, warnings } = checkOptions(options)
 */
export function checkOptions(options: unknown): Findings {
  return findingsOf('options', options, (given: Partial<Options>, found) => {
    reportOptions('option ', given, (problem) => found.errors.push(problem))
    if (found.errors.length > 0) return
    const { hooks = {}, grantTypes = [JWT_BEARER_GRANT, CLIENT_CREDENTIALS], revealReasons } = given
    for (const [hook, grant] of needed)
      if (hooks[hook as keyof typeof hooks] === undefined && (grant === undefined || (grantTypes as readonly string[]).includes(grant)))
        found.warnings.push(`option hooks.${hook} is missing: tokenEndpoint needs it.`)
    found.warnings.push(...developmentDefaults(given))
    if (revealReasons) found.warnings.push('option revealReasons is for staging: under NODE_ENV=production, the endpoint is refused.')
  })
}
