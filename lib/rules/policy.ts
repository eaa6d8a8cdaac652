/** Which client may use which grant, with which authentication and scope: pure functions of what is registered and what is proven. */
import type { RefusalReason } from '../host/errors.js'
import type { Evidence } from '../host/evidence.js'
import type { GrantCandidate } from '../host/hooks.js'
import { CLIENT_CREDENTIALS, JWT_BEARER_GRANT } from '../host/options.js'
import type { Settings } from '../host/settings.js'
import type { ClientAuthentication, TokenRequest } from '../host/token-state.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import { hostScope, intersect, isWithin, parseScope } from './scope.js'
import { missingOfSubject } from './subject-key.js'

export type Refused = { readonly refused: RefusalReason } & Evidence
export const refused = (reason: RefusalReason, seen: unknown, wanted: unknown): Refused => ({ refused: reason, seen, wanted })

type PolicySettings = Pick<Settings, 'publicClients'>

/** Whether a client may use this grant type and scope, before the grant itself is considered (RFC 6749 §2.1, §4.4; RFC 7591 §2). */
export function clientPolicy(client: ClientAuthentication, request: TokenRequest, { publicClients }: PolicySettings): Refused | undefined {
  const { grant_type, parameters } = request
  const requested = parameters.scope === undefined ? [] : parseScope(parameters.scope)
  if (!requested) return refused('scope_malformed', parameters.scope, 'scopes separated by single spaces')
  if (client.level === 'anonymous')
    return grant_type === JWT_BEARER_GRANT ? undefined : refused('client_auth_missing', 'no client credential', 'client authentication')
  const registered = client.client.grant_types ?? ['authorization_code']
  if (!Array.isArray(registered) || !registered.includes(grant_type))
    return refused('grant_not_allowed_for_client', { grant_types: registered }, grant_type)
  if (client.level === 'identified' && (grant_type === CLIENT_CREDENTIALS || !publicClients))
    return refused('public_client_not_allowed', { grant_type, publicClients }, 'a client that authenticates')
  if (client.client.dpop_bound_access_tokens)
    return refused('dpop_not_supported', { dpop_bound_access_tokens: true }, { dpop_bound_access_tokens: false }) // RFC 9449 §5.2
  if (client.client.requireScope && grant_type === CLIENT_CREDENTIALS && parameters.scope === undefined)
    return refused('scope_missing', 'no scope', 'a scope parameter')
  const ceiling = client.client.scope ?? (grant_type === CLIENT_CREDENTIALS ? '' : undefined)
  if (ceiling !== undefined && !isWithin(requested, hostScope(ceiling)))
    return refused('scope_exceeds_client', requested, hostScope(ceiling))
  return undefined
}

/**
 * The client that the signature of a grant authenticates (`jwt_bearer_grant`), if any: that of its issuer (`TrustedIssuer.client_id`). Whoever
 * else may hold the grant must not become that client. So nobody else may present grants of this issuer: `clients` names no other client,
 * and `client_authentication` is `required`. Or the grant itself names the client, in its `client_id` claim.
 */
export function signingClient(
  { client_id, clients = [], client_authentication = 'required' }: TrustedIssuer,
  claims: Readonly<Record<string, unknown>>,
): string | undefined {
  const isSolePresenter = client_authentication === 'required' && clients !== 'any' && clients.every((listed) => listed === client_id)
  return isSolePresenter || claims.client_id === client_id ? client_id : undefined
}

/** Whether a client may present a grant of this issuer, and is authenticated as the issuer requires (RFC 7521 §4.1, RFC 7523 §3.1). */
export function issuerPolicy(
  client: ClientAuthentication,
  issuer: TrustedIssuer,
  claims: Readonly<Record<string, unknown>>,
): Refused | undefined {
  const demand = issuer.client_authentication ?? 'required'
  if (client.level === 'anonymous') {
    if (demand !== 'none') return refused('client_auth_missing', 'no client credential', { client_authentication: demand })
  } else {
    if (client.level === 'identified' && demand === 'required')
      return refused('public_client_not_allowed', client.level, { client_authentication: demand })
    const { clients = [] } = issuer
    const isNamed = !client.client.require_named_grant || claims.client_id === client.client_id
    const isListed = clients === 'any' ? isNamed : clients.includes(client.client_id)
    if (!isListed && issuer.client_id !== client.client_id && demand !== 'none')
      return refused(
        'client_binding_mismatch',
        { client_id: client.client_id },
        clients === 'any' ? 'a grant whose client_id claim names the client' : { clients, client_id: issuer.client_id },
      )
  }
  if (claims.client_id !== undefined && claims.client_id !== client.client_id)
    return refused('client_binding_mismatch', { client_id: client.client_id ?? null }, { client_id: claims.client_id })
  if (claims.cnf !== undefined) return refused('pop_required', 'a cnf claim', 'a grant without cnf') // RFC 7800: no bearer may use it, and no proof of possession is read here
  return undefined
}

/** Whether the issuer may assert the subject. A grant whose issuer and subject are the client itself is a misplaced client assertion. */
export function subjectPolicy(
  client: ClientAuthentication,
  issuer: TrustedIssuer,
  sub: string,
  claims: Readonly<Record<string, unknown>>,
): Refused | undefined {
  const { subjects } = issuer
  const isListed = subjects === undefined || (typeof subjects === 'function' ? isTrue(subjects(sub)) : subjects.includes(sub))
  if (!isListed) return refused('subject_not_allowed', 'a sub that is not allowed', 'a sub that `subjects` allows') // it may be personal data
  const missing = missingOfSubject(issuer, claims)
  if (missing.length > 0) return refused('subject_incomplete', Object.keys(claims), missing)
  const isClientItself = sub === issuer.issuer && (sub === issuer.client_id || sub === client.client_id)
  return isClientItself && issuer.default_sub !== 'iss'
    ? refused('jwt_kind_confusion', { iss: issuer.issuer, sub }, 'a grant, not a client assertion')
    : undefined
}

/**
 * Whether tokens for this account could be taken for those of the client itself (RFC 9068 §5): its subject is the `client_id`. Allowed for
 * a service account, whose grant names no subject.
 */
export function subjectIsClient(subject: string, client: ClientAuthentication, subject_kind: GrantCandidate['subject_kind']): boolean {
  return subject === client.client_id && subject_kind !== 'issuer'
}

/** The requested scope, or else the whole scope on offer; and whether a ceiling registered at this server bounds it. */
export interface BoundedScope {
  readonly scope: readonly string[] | undefined
  readonly bounded: boolean
}

const countOf = (scope: readonly string[], prefix: string) => scope.filter((one) => one.startsWith(prefix)).length
const onceOf = (prefix: string) => `exactly one value that begins with ${prefix}`

/**
 * The scope that a grant may yield: the requested one, within what the assertion, the issuer, the client and the kind of client allow.
 * The scope of the form is granted in full or refused; one that only the assertion names is narrowed (RFC 6749 §3.3, RFC 7521 §4.1).
 */
export function scopePolicy(
  client: ClientAuthentication,
  issuer: TrustedIssuer,
  parameter: string | undefined,
  claim: unknown,
  { publicClients }: PolicySettings,
): Refused | BoundedScope {
  const { scope_from } = issuer
  if (scope_from === 'assertion' && parameter !== undefined) return refused('scope_param_forbidden', { scope: parameter }, { scope: null })
  const requested = parameter === undefined ? undefined : parseScope(parameter)
  const relevant = scope_from === 'parameter' ? undefined : claim
  const asserted = relevant === '' ? [] : typeof relevant === 'string' ? parseScope(relevant) : undefined
  if ((parameter !== undefined && !requested) || (relevant !== undefined && !asserted))
    return refused('scope_malformed', { parameter, claim: relevant }, 'scopes separated by single spaces')

  const wanted = requested ?? asserted ?? []
  if (issuer.scope_once !== undefined && countOf(wanted, issuer.scope_once) !== 1)
    return refused('scope_not_once', wanted, onceOf(issuer.scope_once))

  const ceilings = [issuer.scope, client.client?.scope, client.level === 'identified' ? publicClients?.scope : undefined]
    .filter((scope) => scope !== undefined && scope !== null)
    .map(hostScope)
  const ceiling = ceilings.length === 0 ? undefined : ceilings.reduce(intersect)
  const offered = asserted && ceiling ? intersect(asserted, ceiling) : (asserted ?? ceiling)

  if (issuer.scope_once !== undefined && ceiling && countOf(intersect(wanted, ceiling), issuer.scope_once) === 0)
    return refused('scope_exceeds_issuer', wanted, ceiling)

  if (requested) {
    if (asserted && !isWithin(requested, asserted)) return refused('scope_exceeds_grant', requested, asserted)
    if (issuer.scope !== undefined && !isWithin(requested, hostScope(issuer.scope)))
      return refused('scope_exceeds_issuer', requested, hostScope(issuer.scope))
    if (ceiling && !isWithin(requested, ceiling)) return refused('scope_exceeds_client', requested, ceiling)
    return { scope: requested, bounded: ceiling !== undefined }
  }
  if (asserted?.length === 0) return { scope: [], bounded: true }
  if (asserted && offered?.length === 0) return refused('scope_exceeds_issuer', asserted, ceiling)
  return { scope: offered, bounded: ceiling !== undefined }
}

/**
 * The scope that is granted: that of the policy within that of the host's decision. If no ceiling bounds the requested scope, the host must
 * name one, or the request is refused.
 */
export function grantedScope({ scope, bounded }: BoundedScope, decided: string | undefined): Refused | readonly string[] {
  if (decided === undefined)
    return bounded || !scope ? (scope ?? []) : refused('scope_exceeds_grant', scope, 'a scope in what authorizeGrant returns')
  const allowed = hostScope(decided)
  const granted = scope ? intersect(scope, allowed) : allowed
  return scope && scope.length > 0 && granted.length === 0 ? refused('scope_exceeds_grant', scope, allowed) : granted
}

/** Only `true` is: a promise is not, and if one rejects, it is handled here: else it would end the server. */
export function isTrue(answer: unknown): boolean {
  Promise.resolve(answer).catch(() => {})
  return answer === true
}
