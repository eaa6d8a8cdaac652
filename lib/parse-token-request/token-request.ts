import { type RefusalReason, refusal } from '../host/errors.js'
import { JWT_BEARER_GRANT } from '../host/options.js'
import { isResourceUri } from '../host/resource-uri.js'
import type { Settings } from '../host/settings.js'
import type { TokenRequest } from '../host/token-state.js'
import { maxNameLength } from '../rules/claims.js'
import { type Form, knownParameters } from './form.js'

const controlCharacter = /[\x00-\x1f\x7f]/
/** What the parameters must be, for each problem that reading the form can find. */
const problems: Partial<Record<RefusalReason, string>> = {
  parameter_malformed: 'form-encoded UTF-8',
  parameter_shape: 'plain names, without brackets',
  too_many_parameters: 'fewer parameters than limits.parameters',
}
const maxGrantTypeLength = 256
const maxScopeLength = 2048

/**
 * Validates the parameters of a request that is for this suite: each is a plain string of limited length (RFC 6749 §3.2, App. A).
 * @throws Refusal that names the first problem
 */
export function tokenRequest({ values, problem }: Form, authorization: string | undefined, settings: Settings): TokenRequest {
  if (problem) throw refusal(problem, () => ({ seen: { readable_parameters: Object.keys(values) }, wanted: problems[problem] }))
  const parameters: Record<string, string> = Object.setPrototypeOf({}, null)
  for (const name in values) {
    const sent = plainStrings(name, values[name] as unknown[])
    if (knownParameters.get(name) === 'many') continue
    if (sent.length > 1) throw refusal('duplicate_parameter', { seen: { [name]: sent.length }, wanted: { [name]: 1 } })
    if (sent[0] !== undefined && sent[0] !== '') parameters[name] = sent[0] // without a value: as if absent (§3.2)
  }
  const { limits } = settings
  const [resource, audience] = [listOf(values.resource), listOf(values.audience)]
  checkLength(parameters, 'grant_type', maxGrantTypeLength)
  checkLength(parameters, 'assertion', Math.max(limits.assertion, limits.body)) // an issuer may have a limit of its own
  checkLength(parameters, 'client_assertion', limits.assertion)
  checkLength(parameters, 'client_id', maxNameLength)
  checkLength(parameters, 'scope', maxScopeLength)

  const { grant_type } = parameters
  if (grant_type === undefined) throw refusal('missing_parameter', () => ({ seen: Object.keys(parameters), wanted: 'grant_type' }))
  if (!settings.fallthrough && !settings.grantTypes.includes(grant_type))
    throw refusal('unsupported_grant_type', { seen: grant_type, wanted: settings.grantTypes })
  if (grant_type === JWT_BEARER_GRANT && settings.grantTypes.includes(grant_type) && !parameters.assertion)
    throw refusal('missing_parameter', () => ({ seen: Object.keys(parameters), wanted: 'assertion' }))
  for (const uri of resource)
    if (!isResourceUri(uri)) throw refusal('target_invalid', { seen: uri, wanted: 'an absolute URI without a fragment' }) // RFC 8707 §2
  return Object.freeze({
    grant_type,
    parameters: Object.freeze(parameters),
    resource,
    audience,
    authorization,
  })
}

/** The values of a parameter that may repeat. */
const listOf = (sent: unknown[] | undefined): readonly string[] =>
  sent === undefined ? none : Object.freeze(sent.filter((value): value is string => value !== ''))
const none: readonly string[] = Object.freeze([])

function plainStrings(name: string, sent: unknown[]): string[] {
  for (const value of sent) {
    if (typeof value !== 'string') throw refusal('parameter_shape', { seen: { [name]: typeof value }, wanted: 'a plain string' })
    if (controlCharacter.test(value) || !value.isWellFormed())
      throw refusal('parameter_malformed', { seen: { [name]: 'control characters, or no Unicode' }, wanted: 'a plain string' })
  }
  return sent as string[]
}

function checkLength(parameters: Readonly<Record<string, string>>, name: string, most: number): void {
  const { length } = parameters[name] ?? ''
  if (length > most) throw refusal('parameter_too_large', { seen: { [name]: length }, wanted: { at_most: most } })
}
