import { after, isPromise } from '../after.js'
import { AssertionError, type AssertionReason, assertionRefusal, refusal } from '../errors.js'
import { JWT_BEARER_GRANT } from '../options.js'
import { type ProvenGrant, proveGrant } from '../prove-grant.js'
import type { Client } from '../registration.js'
import type { ClientAuthentication } from '../state.js'
import { findClient, isEnabled, registeredMethod } from './find-client.js'
import type { ClientAuthContext } from './method.js'

/** What says who somebody is, not what they want: `implicitErrors: 'split'` answers these with `invalid_client`. */
const identityReasons: readonly AssertionReason[] = [
  'issuer_untrusted',
  'issuer_disabled',
  'jwks_invalid',
  'jwks_blocked',
  'key_not_found',
  'signature_invalid',
]

/**
 * Implicit client authentication: where a client signs its own grants (`TrustedIssuer.client_id`), the signature of the grant authenticates it, if no other
 * credential is sent. One rule for its errors: what is wrong inside `assertion` is `invalid_grant` (RFC 7521 §4.1.1, RFC 7523 §3.1), since no client credential was sent that
 * could be wrong. `split` draws the line at the signature instead.
 *
 * @param named what a bare `client_id` says, and the client if there is one. It is no credential: it changes no answer about the grant
 * @returns `undefined` if the grant is not its client's own; and if it is no good and nobody is named: then `verifyJwtGrant` refuses it
 * @throws OAuthError
 */
export function implicitClient(
  context: ClientAuthContext,
  named?: { readonly client_id: string; readonly client: Client | undefined },
): ClientAuthentication | undefined | Promise<ClientAuthentication | undefined> {
  return after(proof(context, named !== undefined), (proven) => {
    const client_id = proven?.issuer.client_id
    if (client_id === undefined) return undefined
    if (named && named.client_id !== client_id) throw refusal('client_binding_mismatch')
    return after(named ? named.client : findClient(context, client_id), (client) => signedBy(context, client_id, client))
  })
}

/** The client whose grant is proven, if that is enough to be known. */
function signedBy(context: ClientAuthContext, client_id: string, client: Client | undefined): ClientAuthentication {
  if (!client) throw unprovenClient(context, 'client_unknown')
  if (!isEnabled(client)) throw unprovenClient(context, 'client_disabled')
  if (registeredMethod(client) === 'none') throw refusal('implicit_auth_not_allowed')
  if (client.require_explicit_auth) throw refusal('client_auth_missing')
  return { level: 'authenticated', method: 'jwt_bearer_grant', client_id, client }
}

/**
 * Holds the grant of a request beside which somebody is named to what every other name meets.
 * @throws OAuthError as {@link implicitClient} does, for what is wrong with the grant itself
 */
export async function assertGrantIsProven(context: ClientAuthContext): Promise<void> {
  await proof(context, true)
}

/** @returns `undefined` if the request has no JWT grant that is served here; and if it is no good and nobody is named */
function proof(
  { settings, request, exchange }: ClientAuthContext,
  isNamed: boolean,
): ProvenGrant | undefined | Promise<ProvenGrant | undefined> {
  const isServed = settings.grantTypes.includes(JWT_BEARER_GRANT) && settings.hooks.findIssuer !== undefined
  if (request.grant_type !== JWT_BEARER_GRANT || !isServed) return undefined
  const unproven = (error: unknown): undefined => {
    const isAboutIdentity = error instanceof AssertionError && identityReasons.includes(error.reason)
    const mayBeImplicit = exchange.grantIssuer === undefined || exchange.grantIssuer.client_id !== undefined
    if (settings.implicitErrors === 'split' && isAboutIdentity && mayBeImplicit) throw assertionRefusal('client', error)
    if (isNamed) throw assertionRefusal('grant', error)
  }
  try {
    const proven = proveGrant(request.parameters.assertion as string, exchange, settings)
    return isPromise(proven) ? proven.catch(unproven) : proven
  } catch (error) {
    return unproven(error)
  }
}

/** The same text for a client that does not exist and one that is switched off, in either rule. */
function unprovenClient({ settings }: ClientAuthContext, reason: 'client_unknown' | 'client_disabled') {
  return settings.implicitErrors === 'split' ? refusal(reason) : refusal(`grant_${reason}`)
}
