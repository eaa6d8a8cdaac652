import { verifyAssertion } from '../../assertion/verify.js'
import type { ReadAssertion } from '../../host/assertion.js'
import type { Client, FederatedCredential } from '../../host/client.js'
import { refusal } from '../../host/errors.js'
import type { ClientAuthentication } from '../../host/token-state.js'
import type { Endpoint } from '../../pipeline/endpoint.js'
import { claimEvidence } from '../../rules/claim-rules.js'
import { soleAudience } from '../../rules/claims.js'
import { demandsOfWorkload, isSpiffeCredential } from '../../rules/jwt-demands.js'
import { assertEnabled } from '../find-client.js'
import type { ClientAuthContext } from '../mechanism.js'

/**
 * The registered credential that matches this token exactly, if any. The issuer of a JWT-SVID is the trust domain in its `sub`, since its
 * `iss` has no meaning (JWT-SVID §3); of any other token it is `iss`.
 */
export function federatedCredential(
  { federated_credentials }: Client,
  { claims }: ReadAssertion,
  { issuer }: Endpoint,
): FederatedCredential | undefined {
  const { iss, sub, aud } = claims
  return (federated_credentials ?? []).find((credential) => {
    const isItsIssuer = isSpiffeCredential(credential) ? credential.issuer === trustDomain(sub) : credential.issuer === iss
    return isItsIssuer && credential.subject === sub && (credential.audience ?? issuer) === soleAudience(aud)
  })
}

const trustDomain = (spiffeId: string | undefined) => /^spiffe:\/\/[^/]+/.exec(spiffeId ?? '')?.[0]

/**
 * A token of another issuer as client credential: the workload identity of Kubernetes, SPIFFE, GitHub Actions or Entra ID. Deviates from
 * RFC 7523 §3, where `sub` is the `client_id`: here the client's registration names the tokens that authenticate it. JWT-SVIDs are always
 * reusable, so a token without `iss` never gets a replay marker.
 * @throws Refusal with the reason
 */
export async function verifyFederatedJwt(
  context: ClientAuthContext,
  client: Client,
  credential: FederatedCredential,
  jwt: ReadAssertion,
): Promise<ClientAuthentication> {
  const { findKeys, now, verifiedSignatures } = context.endpoint
  if (!context.methods.includes('private_key_jwt'))
    throw refusal('auth_method_not_enabled', { seen: 'private_key_jwt', wanted: context.methods }) // the token is signed with a private key too
  assertEnabled(client)
  const demands = demandsOfWorkload(credential, context.endpoint)
  const reusable = credential.replay === 'reusable' || isSpiffeCredential(credential)
  const signatures = reusable || jwt.claims.jti === undefined ? verifiedSignatures : undefined
  const assertion = await context.transaction.timed('signature', () =>
    verifyAssertion(jwt, demands, credential, findKeys, now(), signatures),
  )
  const notAllowed = claimEvidence(credential.claims ?? undefined, assertion.claims)
  if (notAllowed) throw refusal('claim_not_allowed', notAllowed)
  return { level: 'authenticated', method: 'federated_jwt', client_id: client.client_id, client, assertion, reusable }
}
