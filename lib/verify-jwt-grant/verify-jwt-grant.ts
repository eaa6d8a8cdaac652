import type { ProvenGrant } from '../host/assertion.js'
import { refusal } from '../host/errors.js'
import type { GrantCandidate, Hooks } from '../host/hooks.js'
import { JWT_BEARER_GRANT, type Options } from '../host/options.js'
import type { ClientAuthentication, JwtGrant, TokenRequest } from '../host/token-state.js'
import { type Endpoint, endpointOf } from '../pipeline/endpoint.js'
import { type Middleware, step } from '../pipeline/step.js'
import type { Transaction } from '../pipeline/transaction.js'
import { isReusableGrant, replayMarker } from '../rules/one-time-use.js'
import {
  type BoundedScope,
  grantedScope,
  issuerPolicy,
  type Refused,
  scopePolicy,
  subjectIsClient,
  subjectPolicy,
} from '../rules/policy.js'
import { resourcePolicy } from '../rules/resources.js'
import { subjectKey } from '../rules/subject-key.js'
import { type Decided, decided } from './grant-decision.js'
import { proveGrant } from './prove-grant.js'

type GrantHooks = Pick<Hooks, 'findIssuer' | 'authorizeGrant'>

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
      use: 'grant',
      run: ({ request, client }, transaction) =>
        request.grant_type === JWT_BEARER_GRANT && endpoint.grantTypes.includes(JWT_BEARER_GRANT)
          ? verify(request, client, transaction, endpoint)
          : null,
    },
    endpoint,
  )
}

async function verify(
  request: TokenRequest,
  client: ClientAuthentication,
  transaction: Transaction,
  endpoint: Endpoint<GrantHooks>,
): Promise<JwtGrant> {
  const { assertion: token = '', client_assertion } = request.parameters
  if (token === client_assertion) throw refusal('jwt_kind_confusion', twoUses)
  const proven = await proveGrant(token, transaction, endpoint)
  if (client.assertion?.signingInput === proven.assertion.signingInput) throw refusal('jwt_kind_confusion', twoUses) // with another signature
  const { candidate, scope } = consider(proven, request, client, endpoint)
  const decision = await authorize(candidate, transaction, endpoint)
  const grant = granted(proven, candidate, scope, decision, transaction)
  if (isReusableGrant(proven.issuer, client, proven.assertion)) transaction.record.notices.push('grant_reusable')
  else await transaction.spend(replayMarker(proven.assertion, 'grant', endpoint.clockTolerance))
  return grant
}

/** Applies the policy: the input of `authorizeGrant`. @throws Refusal if the policy refuses */
function consider(
  { issuer, assertion: { claims, header } }: ProvenGrant,
  { parameters, resource: parameter }: TokenRequest,
  client: ClientAuthentication,
  endpoint: Endpoint,
): { candidate: GrantCandidate; scope: BoundedScope } {
  const sub = claims.sub ?? issuer.issuer
  const subject_kind = claims.sub === undefined ? 'issuer' : 'asserted'
  const scope = allowed(
    issuerPolicy(client, issuer, claims) ??
      subjectPolicy(client, issuer, sub, claims) ??
      scopePolicy(client, issuer, parameters.scope, claims.scope, endpoint),
  )
  const resource = Object.freeze([...allowed(resourcePolicy(issuer, claims.resource, parameter))])
  const subject_key = subjectKey(issuer, claims, sub)
  return { candidate: { issuer, sub, subject_key, subject_kind, claims, header, client, scope: scope.scope?.join(' '), resource }, scope }
}

/** Applies the host's decision. @throws Refusal for a scope or a subject that the policy does not allow */
function granted(
  { issuer, assertion }: ProvenGrant,
  { sub, subject_key, subject_kind, client, resource }: GrantCandidate,
  offered: BoundedScope,
  { subject, scope: decided, allowRefreshToken, context }: Decided,
  transaction: Transaction,
): JwtGrant {
  const scope = allowed(grantedScope(offered, decided))
  if (offered.scope && scope.length < offered.scope.length) transaction.record.notices.push('scope_narrowed')
  if (subjectIsClient(subject, client, subject_kind))
    throw refusal('subject_is_client', { seen: 'the client_id as subject', wanted: 'an account that is no client' })
  return Object.freeze({
    issuer,
    sub,
    subject_key,
    subject,
    scope: scope.join(' '),
    resource,
    allowRefreshToken: allowRefreshToken === true,
    assertion,
    context,
  })
}

const twoUses = { seen: 'one JWT as assertion and as client_assertion', wanted: 'two JWTs' }

/** The result of a policy. @throws Refusal if it refuses */
function allowed<T extends object>(verdict: T | Refused): T {
  if ('refused' in verdict) throw refusal(verdict.refused, verdict)
  return verdict as T
}

async function authorize(
  candidate: GrantCandidate,
  transaction: Transaction,
  { hooks, hookTimeout }: Endpoint<GrantHooks>,
): Promise<Decided> {
  return decided(await transaction.call('authorizeGrant', hookTimeout, () => hooks.authorizeGrant(Object.freeze(candidate))))
}
