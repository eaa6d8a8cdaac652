import { verifyAssertion } from '../assertion/verify.js'
import type { ReadAssertion } from '../host/assertion.js'
import type { Client } from '../host/client.js'
import type { ClientAuthentication } from '../host/token-state.js'
import { demandsOfClient } from '../rules/jwt-demands.js'
import { assertUsable } from './find-client.js'
import type { ClientAuthContext } from './mechanism.js'

/**
 * `private_key_jwt` (RFC 7523 §2.2, OpenID Connect Core §9): a JWT signed with the private key of a registered public key.
 * @throws Refusal with the reason; OAuthError if the client may not use this method
 */
export async function verifyPrivateKeyJwt(
  context: ClientAuthContext,
  client: Client | undefined,
  jwt: ReadAssertion,
): Promise<ClientAuthentication> {
  const { endpoint } = context
  assertUsable(context, client, 'private_key_jwt')
  const { client_id } = client
  const reusable = client.replay === 'reusable'
  const signatures = reusable || jwt.claims.jti === undefined ? endpoint.verifiedSignatures : undefined
  const verify = () => verifyAssertion(jwt, demandsOfClient(client, endpoint), client, endpoint.findKeys, endpoint.now(), signatures)
  const assertion = await context.transaction.timed('signature', verify)
  noteLegacyAudience(context, assertion.claims.aud)
  return { level: 'authenticated', method: 'private_key_jwt', client_id, client, assertion, reusable }
}

/** Adds a notice for a client that still uses the token endpoint URL as `aud` (RFC 7523bis). */
export function noteLegacyAudience({ endpoint, transaction }: ClientAuthContext, aud: unknown): void {
  if (aud !== endpoint.issuer && !(Array.isArray(aud) && aud[0] === endpoint.issuer)) transaction.record.notices.push('aud_legacy')
}
