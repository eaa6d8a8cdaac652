import type { ProvenGrant } from '../host/assertion.js'
import type { Client } from '../host/client.js'
import { isRefusal, type Refusal, refusal } from '../host/errors.js'
import type { Evidence } from '../host/evidence.js'
import { JWT_BEARER_GRANT } from '../host/options.js'
import type { ClientAuthentication } from '../host/token-state.js'
import { signingClient } from '../rules/policy.js'
import { proveGrant } from '../verify-jwt-grant/prove-grant.js'
import { isEnabled, registeredMethod } from './find-client.js'
import type { ClientAuthContext } from './mechanism.js'
import { certifiedClient } from './methods.js'

/** Failures to prove the identity of the signer: with `implicitErrors: 'split'` they are `invalid_client`. */
const identityReasons: readonly Refusal['reason'][] = [
  'issuer_untrusted',
  'issuer_disabled',
  'jwks_invalid',
  'jwks_blocked',
  'discovery_invalid',
  'key_not_found',
  'signature_invalid',
]

/**
 * Implicit client authentication, for a request without any client credential: if a client signs its own grants
 * (`TrustedIssuer.client_id`), the signature of the grant authenticates it, unless another client could have sent the grant
 * ({@link signingClient}). Any error in `assertion` is `invalid_grant` (RFC 7521 §4.1.1, RFC 7523 §3.1), since no client credential was sent
 * that could be invalid. With `split`, failures to prove the signer are `invalid_client`.
 *
 * @returns `undefined` if the signature of the grant authenticates no client; or if the grant is invalid: `verifyJwtGrant` then refuses it
 * @throws Refusal as {@link grantSigner} and {@link clientBySignature} do
 */
export async function implicitClient(context: ClientAuthContext): Promise<ClientAuthentication | undefined> {
  const client_id = await grantSigner(context)
  if (client_id === undefined) return undefined
  return await clientBySignature(context, client_id, await context.findClient(client_id))
}

/**
 * The `client_id` of the client that the signature of the grant authenticates ({@link signingClient}).
 *
 * @param named the bare `client_id` of the request. Not a credential: it changes no error about the grant
 * @returns `undefined` if it authenticates none; or if the grant is invalid and there is no `client_id`
 * @throws Refusal for an invalid grant, if there is a `client_id`; `client_binding_mismatch` if that is not the signer
 */
export async function grantSigner(context: ClientAuthContext, named?: string): Promise<string | undefined> {
  const proven = await proof(context, named !== undefined)
  const signer = proven && signingClient(proven.issuer, proven.assertion.claims)
  if (named !== undefined && signer !== undefined && named !== signer)
    throw refusal('client_binding_mismatch', { seen: { client_id: named }, wanted: { client_id: signer } })
  return signer
}

/**
 * The client that signed the grant, if it exists, is enabled and may authenticate by it. If it registered a certificate method, the
 * certificate authenticates it: the signature alone does not, whether the request has a `client_id` or not.
 * @throws Refusal otherwise
 */
export async function clientBySignature(
  context: ClientAuthContext,
  client_id: string,
  client: Client | undefined,
): Promise<ClientAuthentication> {
  if (!client)
    throw unprovenClient(context, 'client_unknown', {
      seen: 'findClient returned no client, or one with another client_id',
      wanted: { client_id },
    })
  if (!isEnabled(client)) throw unprovenClient(context, 'client_disabled', { seen: { enabled: client.enabled }, wanted: { enabled: true } })
  if (registeredMethod(client) === 'none')
    throw refusal('implicit_auth_not_allowed', {
      seen: { token_endpoint_auth_method: 'none' },
      wanted: 'a method by which the client authenticates',
    })
  const certified = certifiedClient(context, client)
  if (certified) return certified
  if (client.require_explicit_auth)
    throw refusal('client_auth_missing', {
      seen: 'only the signature of the grant',
      wanted: 'a client credential: the client has require_explicit_auth',
    })
  return { level: 'authenticated', method: 'jwt_bearer_grant', client_id, client }
}

/** @returns `undefined` if the request has no JWT grant that is served here; or if it is invalid and no `client_id` was sent */
async function proof({ endpoint, request, transaction }: ClientAuthContext, isNamed: boolean): Promise<ProvenGrant | undefined> {
  const isServed = endpoint.grantTypes.includes(JWT_BEARER_GRANT) && endpoint.hooks.findIssuer !== undefined
  if (request.grant_type !== JWT_BEARER_GRANT || !isServed) return undefined
  try {
    return await proveGrant(request.parameters.assertion as string, transaction, endpoint)
  } catch (error) {
    const isAboutSigner = isRefusal(error) && identityReasons.includes(error.reason)
    if (endpoint.implicitErrors === 'split' && isAboutSigner && transaction.mayBeImplicit !== false) throw error.as('client')
    if (isNamed) throw isRefusal(error) ? error.as('grant') : error
    return undefined
  }
}

/** One text for an unknown and a disabled client, with either setting of `implicitErrors`. */
function unprovenClient({ endpoint }: ClientAuthContext, reason: 'client_unknown' | 'client_disabled', evidence: Evidence) {
  return endpoint.implicitErrors === 'split' ? refusal(reason, evidence) : refusal(`grant_${reason}`, evidence)
}
