import { decodeAssertion } from '../assertion/decode.js'
import { readAssertion, verifyAssertion } from '../assertion/verify.js'
import type { ProvenGrant } from '../host/assertion.js'
import { assertTrustedIssuer } from '../host/check-registration.js'
import { type AssertionReason, assertionRefusals, isRefusal, Refusal, refusal } from '../host/errors.js'
import { invalid } from '../host/evidence.js'
import type { Hooks } from '../host/hooks.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import type { Endpoint } from '../pipeline/endpoint.js'
import type { Transaction } from '../pipeline/transaction.js'
import { claimEvidence } from '../rules/claim-rules.js'
import { demandsOfIssuer } from '../rules/jwt-demands.js'
import { signingClient } from '../rules/policy.js'

type IssuerEndpoint = Endpoint<Partial<Pick<Hooks, 'findIssuer'>>>

/**
 * Looks up the trusted issuer of an assertion. The only trust decision: made for every request, so that disabling takes effect at once.
 * @throws Refusal `issuer_untrusted`, `issuer_disabled`; `registration_invalid`, `hook_result_invalid`, `hook_error`, `hook_timeout`
 */
async function findIssuer(iss: string, transaction: Transaction, { hooks, hookTimeout, now }: IssuerEndpoint): Promise<TrustedIssuer> {
  const issuer = await transaction.call('findIssuer', hookTimeout, () => hooks.findIssuer?.(iss))
  if (issuer === undefined || issuer === null) throw refusal('issuer_untrusted', { seen: iss, wanted: 'an issuer that findIssuer knows' })
  if (typeof issuer !== 'object')
    throw refusal('hook_result_invalid', { seen: `findIssuer returned a ${typeof issuer}`, wanted: 'a TrustedIssuer, undefined or null' })
  try {
    assertTrustedIssuer(issuer)
  } catch (error) {
    throw refusal('registration_invalid', () => invalid(error, 'a TrustedIssuer without mistakes'))
  }
  if (issuer.issuer !== iss) throw refusal('issuer_untrusted', { seen: iss, wanted: issuer.issuer })
  if (issuer.enabled !== undefined && issuer.enabled !== true)
    throw refusal('issuer_disabled', { seen: { enabled: issuer.enabled }, wanted: { enabled: true } })
  if (issuer.not_after && issuer.not_after.getTime() <= now() * 1000)
    throw refusal('issuer_disabled', { seen: { not_after: issuer.not_after.toISOString() }, wanted: 'not_after in the future' })
  return issuer
}

/**
 * Proves the `assertion` of a request, once: a later step gets the same result (RFC 7523 §3), unless it was mounted with other options. The
 * cached proof ignores `token`: a transaction has one `assertion` parameter, which never changes, so the endpoint is the whole cache key.
 * @throws Refusal with the reason of the first check that fails, or why this server could not check; OAuthError of the hook
 */
export function proveGrant(token: string, transaction: Transaction, endpoint: IssuerEndpoint): Promise<ProvenGrant> {
  if (transaction.proof?.endpoint !== endpoint)
    transaction.proof = {
      endpoint,
      grant: token.length > endpoint.limits.assertion ? proveLong(token, transaction, endpoint) : prove(token, transaction, endpoint),
    }
  return transaction.proof.grant
}

function checkLength({ length }: string, { limits }: TrustedIssuer, endpoint: IssuerEndpoint): void {
  const most = limits?.assertion ?? endpoint.limits.assertion
  if (length <= most) return
  const evidence = { seen: { assertion: length }, wanted: { at_most: most } }
  // a limit below that of the endpoint is only for a known issuer: so it gets the text that unknown ones get
  throw length > endpoint.limits.assertion
    ? refusal('parameter_too_large', evidence)
    : new Refusal('parameter_too_large', evidence, undefined, 'subject_unknown')
}

/**
 * A grant that is longer than most may be: only a registered issuer with a limit of its own may send it. What would tell whether there is such an
 * issuer is answered as for any other.
 */
async function proveLong(token: string, transaction: Transaction, endpoint: IssuerEndpoint): Promise<ProvenGrant> {
  try {
    return await prove(token, transaction, endpoint)
  } catch (error) {
    throw isRefusal(error) && tellsOfIssuer(error) ? new Refusal(error.reason, error.evidence, error.use, 'parameter_too_large') : error
  }
}

const tellsOfIssuer = ({ reason }: Refusal) => assertionRefusals[reason as AssertionReason] === null

async function prove(token: string, transaction: Transaction, endpoint: IssuerEndpoint): Promise<ProvenGrant> {
  const decoded = decodeAssertion(token)
  const { claimed } = transaction.record // also if a check refuses it
  if (typeof decoded.claims.iss === 'string') claimed.issuer = decoded.claims.iss
  if (typeof decoded.header.kid === 'string') claimed.kid = decoded.header.kid
  const jwt = readAssertion(decoded, endpoint.demands.grant, endpoint.now())
  const { iss = '' } = jwt.claims // always there: the rules of grants require it
  const issuer = await findIssuer(iss, transaction, endpoint)
  checkLength(token, issuer, endpoint)
  transaction.mayBeImplicit = signingClient(issuer, jwt.claims) !== undefined
  const verify = () => verifyAssertion(jwt, demandsOfIssuer(issuer, endpoint), issuer, endpoint.findKeys, endpoint.now())
  const assertion = await transaction.timed('signature', verify)
  const notAllowed = claimEvidence(issuer.claims, assertion.claims)
  if (notAllowed) throw refusal('claim_not_allowed', notAllowed)
  return { issuer, assertion }
}
