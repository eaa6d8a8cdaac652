import { decodeAssertion } from '../assertion/decode.js'
import { readAssertion, verifyAssertion } from '../assertion/verify.js'
import type { ProvenGrant } from '../host/assertion.js'
import { checkTrustedIssuer } from '../host/check-registration.js'
import { refusal } from '../host/errors.js'
import type { Hooks } from '../host/hooks.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import type { Endpoint } from '../pipeline/endpoint.js'
import type { Transaction } from '../pipeline/transaction.js'
import { demandsOfIssuer } from '../rules/jwt-demands.js'
import { signingClient } from '../rules/policy.js'

type IssuerEndpoint = Endpoint<Partial<Pick<Hooks, 'findIssuer'>>>

/**
 * Looks up the trusted issuer of an assertion. The only trust decision: made for every request, so that disabling takes effect at once.
 * @throws Refusal `issuer_untrusted`, `issuer_disabled`; `hook_error`, `hook_timeout`
 */
async function findIssuer(iss: string, transaction: Transaction, { hooks, hookTimeout }: IssuerEndpoint): Promise<TrustedIssuer> {
  const issuer = await transaction.call('findIssuer', hookTimeout, () => hooks.findIssuer?.(iss))
  if (issuer === undefined || issuer === null) throw refusal('issuer_untrusted')
  try {
    if (typeof issuer !== 'object') throw new TypeError('findIssuer must return a TrustedIssuer, undefined or null')
    checkTrustedIssuer(issuer)
  } catch (error) {
    throw refusal('hook_error', error)
  }
  if (issuer.issuer !== iss) throw refusal('issuer_untrusted')
  if (issuer.enabled !== undefined && issuer.enabled !== true) throw refusal('issuer_disabled')
  if (issuer.not_after && issuer.not_after.getTime() <= Date.now()) throw refusal('issuer_disabled')
  return issuer
}

/**
 * Proves the `assertion` of a request, once: a later step gets the same result (RFC 7523 §3), unless it was mounted with other options. The
 * cached proof ignores `token`: a transaction has one `assertion` parameter, which never changes, so the endpoint is the whole cache key.
 * @throws Refusal with the reason of the first check that fails, or why this server could not check; OAuthError of the hook
 */
export function proveGrant(token: string, transaction: Transaction, endpoint: IssuerEndpoint): Promise<ProvenGrant> {
  if (transaction.proof?.endpoint !== endpoint) transaction.proof = { endpoint, grant: prove(token, transaction, endpoint) }
  return transaction.proof.grant
}

async function prove(token: string, transaction: Transaction, endpoint: IssuerEndpoint): Promise<ProvenGrant> {
  const decoded = decodeAssertion(token)
  if (typeof decoded.claims.iss === 'string') transaction.record.claimed.issuer = decoded.claims.iss // also if a check refuses it
  const jwt = readAssertion(decoded, endpoint.demands.grant)
  const { iss = '' } = jwt.claims // always there: the rules of grants require it
  const issuer = await findIssuer(iss, transaction, endpoint)
  transaction.mayBeImplicit = signingClient(issuer, jwt.claims) !== undefined
  const verify = () => verifyAssertion(jwt, demandsOfIssuer(issuer, endpoint), issuer, endpoint.findKeys)
  return { issuer, assertion: await transaction.timed('signature', verify) }
}
