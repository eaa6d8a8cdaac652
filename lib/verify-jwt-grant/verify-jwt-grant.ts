import type { VerifiedAssertion } from '../host/assertion.js'
import { type RefusalReason, refusal } from '../host/errors.js'
import type { GrantCandidate, GrantDecision, Hooks } from '../host/hooks.js'
import { JWT_BEARER_GRANT, type Options } from '../host/options.js'
import type { ClientAuthentication, JwtGrant, TokenRequest } from '../host/token-state.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import { type Endpoint, endpointOf } from '../pipeline/endpoint.js'
import { type Middleware, step } from '../pipeline/step.js'
import type { Exchange, ProvenGrant } from '../pipeline/transaction.js'
import { isReusableGrant, replayMarker } from '../rules/one-time-use.js'
import { type BoundedScope, grantedScope, issuerPolicy, scopePolicy, subjectIsClient, subjectPolicy } from '../rules/policy.js'
import { proveGrant } from './prove-grant.js'

type GrantHooks = Pick<Hooks, 'findIssuer' | 'authorizeGrant'> & Partial<Pick<Hooks, 'onEvent'>>

/**
 * Step 3: verifies a JWT authorization grant (RFC 7523 §2.1, §3), adds `req.tokenState.grant` and consumes the grant; passes on other grant
 * types. Calls `findIssuer` and `authorizeGrant`.
 *
 * @throws ConfigurationError at mount, naming the option, the problem and the fix
 */
export function verifyJwtGrant(options: Options<GrantHooks>): Middleware {
  const endpoint = endpointOf('verifyJwtGrant', options, ['findIssuer', 'authorizeGrant'])
  return step(
    {
      name: 'verifyJwtGrant',
      needs: ['request', 'client'],
      adds: 'grant',
      assertion: 'grant',
      run: async ({ request, client }, exchange) =>
        request.grant_type === JWT_BEARER_GRANT && endpoint.grantTypes.includes(JWT_BEARER_GRANT)
          ? verify(request, client, exchange, endpoint)
          : null,
    },
    endpoint,
  )
}

async function verify(
  request: TokenRequest,
  client: ClientAuthentication,
  exchange: Exchange,
  endpoint: Endpoint<GrantHooks>,
): Promise<JwtGrant> {
  const { assertion: token = '', client_assertion } = request.parameters
  if (token === client_assertion) throw refusal('jwt_kind_confusion')
  const proven = await proveGrant(token, exchange, endpoint)
  if (client.assertion?.signingInput === proven.assertion.signingInput) throw refusal('jwt_kind_confusion') // with another signature
  const { candidate, scope } = consider(proven, request, client, endpoint)
  const decision = await authorize(candidate, exchange, endpoint)
  const grant = granted(proven, candidate, scope, decision, exchange)
  if (isReusableGrant(proven.issuer, client, proven.assertion)) exchange.record.notices.push('grant_reusable')
  else await exchange.spend(replayMarker(proven.assertion, 'grant', endpoint.clockTolerance))
  return grant
}

/** Applies the policy: the input of `authorizeGrant`. @throws OAuthError if the policy refuses */
function consider(
  { issuer, assertion: { claims, header } }: ProvenGrant,
  { parameters, resource }: TokenRequest,
  client: ClientAuthentication,
  endpoint: Endpoint,
): { candidate: GrantCandidate; scope: BoundedScope } {
  const sub = claims.sub ?? issuer.issuer
  const subject_kind = claims.sub === undefined ? 'issuer' : 'asserted'
  const scope = allowed(grantPolicy(client, issuer, sub, claims, parameters.scope, endpoint))
  return { candidate: { issuer, sub, subject_kind, claims, header, client, scope: scope.scope?.join(' '), resource }, scope }
}

/** Applies the host's decision. @throws OAuthError for a scope or a subject that the policy does not allow */
function granted(
  { issuer, assertion }: ProvenGrant,
  { sub, subject_kind, client }: GrantCandidate,
  offered: BoundedScope,
  { subject, scope: decided, allowRefreshToken, context }: Decided,
  exchange: Exchange,
): JwtGrant {
  const scope = allowed(grantedScope(offered, decided))
  if (offered.scope && scope.length < offered.scope.length) exchange.record.notices.push('scope_narrowed')
  if (subjectIsClient(subject, client, subject_kind)) throw refusal('subject_is_client')
  return Object.freeze({ issuer, sub, subject, scope: scope.join(' '), allowRefreshToken: allowRefreshToken === true, assertion, context })
}

function grantPolicy(
  client: ClientAuthentication,
  issuer: TrustedIssuer,
  sub: string,
  claims: VerifiedAssertion['claims'],
  scopeParameter: string | undefined,
  endpoint: Endpoint,
) {
  return (
    issuerPolicy(client, issuer, claims) ??
    subjectPolicy(client, issuer, sub) ??
    scopePolicy(client, issuer, scopeParameter, claims.scope, endpoint)
  )
}

/** The result of a policy. @throws OAuthError if it refuses */
function allowed<T extends object>(verdict: T | { readonly refused: RefusalReason }): T {
  if ('refused' in verdict) throw refusal(verdict.refused)
  return verdict as T
}

async function authorize(candidate: GrantCandidate, exchange: Exchange, { hooks, hookTimeout }: Endpoint<GrantHooks>): Promise<Decided> {
  return decided(await exchange.call('authorizeGrant', hookTimeout, () => hooks.authorizeGrant(Object.freeze(candidate))))
}

type Decided = Exclude<GrantDecision, { refused: unknown } | undefined>

/** The host's decision, validated. @throws OAuthError if it refuses, or is malformed (`hook_error`) */
function decided(decision: GrantDecision): Decided {
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
