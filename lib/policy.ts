/** Who may use which grant, how authenticated, with which scope: pure functions of what is registered and what is proven. */
import type { RefusalReason } from './errors.js'
import type { GrantCandidate } from './hooks.js'
import { CLIENT_CREDENTIALS, JWT_BEARER_GRANT } from './options.js'
import type { TrustedIssuer } from './registration.js'
import { hostScope, intersect, isWithin, parseScope } from './scope.js'
import type { Settings } from './settings.js'
import type { ClientAuthentication, TokenRequest } from './state.js'

type Refused = { readonly refused: RefusalReason }
const refused = (reason: RefusalReason): Refused => ({ refused: reason })

type PolicySettings = Pick<Settings, 'publicClients'>

/** What a client may do with a grant of this server, before the grant itself is looked at (RFC 6749 §2.1, §4.4; RFC 7591 §2). */
export function clientPolicy(client: ClientAuthentication, request: TokenRequest, { publicClients }: PolicySettings): Refused | undefined {
  const { grant_type, parameters } = request
  const requested = parameters.scope === undefined ? [] : parseScope(parameters.scope)
  if (!requested) return refused('scope_malformed')
  if (client.level === 'anonymous') return grant_type === JWT_BEARER_GRANT ? undefined : refused('client_auth_missing')
  const registered = client.client.grant_types ?? ['authorization_code']
  if (!Array.isArray(registered) || !registered.includes(grant_type)) return refused('grant_not_allowed_for_client')
  if (client.level === 'identified' && (grant_type === CLIENT_CREDENTIALS || !publicClients)) return refused('public_client_not_allowed')
  if (client.client.dpop_bound_access_tokens) return refused('dpop_not_supported') // RFC 9449 §5.2
  const ceiling = client.client.scope ?? (grant_type === CLIENT_CREDENTIALS ? '' : undefined)
  if (ceiling !== undefined && !isWithin(requested, hostScope(ceiling))) return refused('scope_exceeds_client')
  return undefined
}

/** Whether a client may present a grant of this issuer, who demands what of it (RFC 7521 §4.1, RFC 7523 §3.1). */
export function issuerPolicy(
  client: ClientAuthentication,
  issuer: TrustedIssuer,
  claims: Readonly<Record<string, unknown>>,
): Refused | undefined {
  const demand = issuer.client_authentication ?? 'required'
  if (client.level === 'anonymous') {
    if (demand !== 'none') return refused('client_auth_missing')
  } else {
    if (client.level === 'identified' && demand === 'required') return refused('public_client_not_allowed')
    const { clients = [] } = issuer
    const isListed = clients === 'any' || clients.includes(client.client_id) || issuer.client_id === client.client_id
    if (!isListed && demand !== 'none') return refused('client_binding_mismatch')
  }
  if (claims.client_id !== undefined && claims.client_id !== client.client_id) return refused('client_binding_mismatch')
  if (claims.cnf !== undefined) return refused('pop_required') // RFC 7800: no bearer may use it, and no proof of possession is read here
  return undefined
}

/** Whether the issuer may speak for the subject; and a grant that says nothing but who its client is, is client authentication sent in the wrong place. */
export function subjectPolicy(client: ClientAuthentication, issuer: TrustedIssuer, sub: string): Refused | undefined {
  const { subjects } = issuer
  const isListed = subjects === undefined || (typeof subjects === 'function' ? subjects(sub) === true : subjects.includes(sub))
  if (!isListed) return refused('subject_not_allowed')
  const isClientItself = sub === issuer.issuer && (sub === issuer.client_id || sub === client.client_id)
  return isClientItself && issuer.default_sub !== 'iss' ? refused('jwt_kind_confusion') : undefined
}

/**
 * Whether the account that a grant stands for would read as a client in the tokens (RFC 9068 §5): the identifier of the client that asks, unless the grant
 * is that of a service account, which names no subject.
 */
export function subjectIsClient(subject: string, client: ClientAuthentication, subject_kind: GrantCandidate['subject_kind']): boolean {
  return subject === client.client_id && subject_kind !== 'issuer'
}

/** A scope, if one was asked for or bounds what may be had; and whether anything that this server registered bounds it. */
export interface BoundedScope {
  readonly scope: readonly string[] | undefined
  readonly bounded: boolean
}

/**
 * The scope that a grant may yield: what was asked for, within what the assertion, the issuer, the client and the kind of client allow.
 * What the form asks for is granted whole or refused; what only the assertion names is narrowed (RFC 6749 §3.3, RFC 7521 §4.1).
 */
export function scopePolicy(
  client: ClientAuthentication,
  issuer: TrustedIssuer,
  parameter: string | undefined,
  claim: unknown,
  { publicClients }: PolicySettings,
): Refused | BoundedScope {
  const { scope_from } = issuer
  if (scope_from === 'assertion' && parameter !== undefined) return refused('scope_param_forbidden')
  const requested = parameter === undefined ? undefined : parseScope(parameter)
  const relevant = scope_from === 'parameter' ? undefined : claim
  const asserted = relevant === '' ? [] : typeof relevant === 'string' ? parseScope(relevant) : undefined
  if ((parameter !== undefined && !requested) || (relevant !== undefined && !asserted)) return refused('scope_malformed')

  const ceilings = [issuer.scope, client.client?.scope, client.level === 'identified' ? publicClients?.scope : undefined]
    .filter((scope) => scope !== undefined && scope !== null)
    .map(hostScope)
  const ceiling = ceilings.length === 0 ? undefined : ceilings.reduce(intersect)
  const offered = asserted && ceiling ? intersect(asserted, ceiling) : (asserted ?? ceiling)

  if (requested) {
    if (asserted && !isWithin(requested, asserted)) return refused('scope_exceeds_grant')
    if (issuer.scope !== undefined && !isWithin(requested, hostScope(issuer.scope))) return refused('scope_exceeds_issuer')
    if (ceiling && !isWithin(requested, ceiling)) return refused('scope_exceeds_client')
    return { scope: requested, bounded: ceiling !== undefined }
  }
  if (asserted?.length === 0) return { scope: [], bounded: true }
  if (asserted && offered?.length === 0) return refused('scope_exceeds_issuer')
  return { scope: offered, bounded: ceiling !== undefined }
}

/**
 * What is granted in the end: the scope of the policy within the scope that the host's decision names. Where nothing bounds what was asked for,
 * the host must name it, or it is refused.
 */
export function grantedScope({ scope, bounded }: BoundedScope, decided: string | undefined): Refused | readonly string[] {
  if (decided === undefined) return bounded || !scope ? (scope ?? []) : refused('scope_exceeds_grant')
  const allowed = hostScope(decided)
  const granted = scope ? intersect(scope, allowed) : allowed
  return scope && scope.length > 0 && granted.length === 0 ? refused('scope_exceeds_grant') : granted
}
