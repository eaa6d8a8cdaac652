/** Every check of one JWT, in the order in which the endpoint makes them. */
import type { DecodedAssertion } from '../host/assertion.js'
import type { Reason } from '../host/errors.js'
import { type Detail, detailOf, type Evidence } from '../host/evidence.js'
import { evidenceBeforeLookup, evidenceOfRegistration } from '../rules/evidence.js'
import { checksBeforeLookup, checksOfRegistration, type JwtCheck } from '../rules/jwt-checks.js'
import type { EndpointDemands, SignerDemands } from '../rules/jwt-demands.js'
import { algOf } from './drafts.js'
import type { CheckResult } from './explanation.js'

/** The first reason for which the endpoint refuses the JWT. */
export interface Outcome {
  readonly reason: Reason | undefined
  readonly detail: Detail | undefined
}

/** A check that needs more than the JWT and demands: whether it passed follows from the outcome. */
type Point = readonly [reasons: readonly Reason[], demands: string]

const decoding: readonly Point[] = [
  [['parameter_too_large'], 'it has at most `limits.assertion` characters'],
  [['jwt_malformed', 'jwt_encrypted'], 'one JWT in JWS compact serialization'],
  [['duplicate_member'], 'no JSON member is repeated'],
]
const ofDocuments: readonly Reason[] = [
  'client_url_not_allowed',
  'client_metadata_blocked',
  'client_metadata_invalid',
  'client_metadata_unavailable',
]
const lookups: Readonly<Record<'grant' | 'client', readonly Point[]>> = {
  grant: [
    [['issuer_untrusted'], 'the issuer is registered'],
    [['registration_invalid', 'hook_result_invalid', 'hook_error', 'hook_timeout', 'hook_denied'], 'the registration has no mistake'],
    [['issuer_disabled'], 'the issuer is enabled'],
  ],
  client: [
    [['client_identity_mismatch', 'sub_missing'], '`iss` and `sub` are the `client_id`, or the client registered this issuer and subject'],
    [
      [...ofDocuments, 'client_id_malformed', 'hook_result_invalid', 'hook_error', 'hook_timeout', 'hook_denied'],
      'the client can be looked up',
    ],
    [['auth_method_not_enabled'], 'the method is enabled'],
    [['client_unknown'], 'the client is registered'],
    [['client_disabled'], 'the client is enabled'],
    [['client_misconfigured'], 'the registration has no mistake'],
    [['auth_method_not_registered'], 'the client registered the method'],
  ],
}
const keys: readonly Point[] = [
  [['jwks_invalid', 'jwks_blocked', 'discovery_invalid', 'jwks_unavailable', 'client_secret_too_short'], 'the signer has usable keys'],
  [['key_not_found'], 'a key fits `alg` and `kid`'],
  [['signature_invalid', 'overloaded'], 'a key verifies the signature'],
  [['claim_not_allowed'], 'the claims are as registered'],
]
const secret: Point = [['client_secret_expired'], 'the secret has not expired']
/** Reasons after which later checks say nothing: claims of the wrong type can't be compared. */
const unreadable: readonly Reason[] = ['claim_missing', 'claim_malformed']

/**
 * All checks with what each saw and wanted. Checks of the tables are made one by one, also after the first that fails.
 * @param jwt `undefined` if it could not be decoded
 * @param signer `undefined` if the signer is not known
 */
export function walk(
  use: 'grant' | 'client',
  jwt: DecodedAssertion | undefined,
  endpoint: EndpointDemands,
  signer: SignerDemands | undefined,
  now: number,
  outcome: Outcome,
): CheckResult[] {
  const results: CheckResult[] = []
  let isOver = false
  const point = ([reasons, demands]: Point) => {
    const isFirst = !isOver && outcome.reason !== undefined && reasons.includes(outcome.reason)
    const reason = (isFirst ? outcome.reason : reasons[0]) as Reason
    results.push({ reason, demands, state: isFirst ? 'failed' : isOver ? 'not_reached' : 'passed', ...(isFirst && outcome.detail) })
    isOver ||= isFirst
  }
  const table = <Demands, R extends Reason>(
    checks: readonly JwtCheck<Demands, R>[],
    evidence: Readonly<Record<R, (jwt: DecodedAssertion, demands: Demands, now: number) => Evidence>>,
    demands: Demands | undefined,
  ) => {
    for (const check of checks) {
      const isReadable = jwt && demands && !results.some(({ reason, state }) => state === 'failed' && unreadable.includes(reason))
      if (!isReadable) results.push({ reason: check.reason, demands: check.demands, state: 'not_reached' })
      else {
        const state = check.holds(jwt, demands, now) ? 'passed' : 'failed'
        results.push({ reason: check.reason, demands: check.demands, state, ...detailOf(evidence[check.reason](jwt, demands, now)) })
        isOver ||= state === 'failed'
      }
    }
  }
  decoding.forEach(point)
  table(checksBeforeLookup, evidenceBeforeLookup as never, endpoint)
  lookups[use].forEach(point)
  table(checksOfRegistration, evidenceOfRegistration as never, isOver && signer === undefined ? undefined : signer)
  keys.forEach(point)
  if (use === 'client' && jwt && algOf(jwt.header).startsWith('HS')) point(secret)
  return results
}
