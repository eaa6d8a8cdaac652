import type { ReadAssertion } from '../assertion/assertion.js'
import type { SignerRules } from '../assertion/rules.js'
import { verifyAssertion } from '../assertion/verify.js'
import type { Client } from '../registration.js'
import type { Settings } from '../settings.js'
import type { ClientAuthentication } from '../state.js'
import { timed } from '../timed.js'
import { assertUsable } from './find-client.js'
import type { ClientAuthContext } from './method.js'

/**
 * `private_key_jwt` (RFC 7523 §2.2, OpenID Connect Core §9): a JWT signed with the private key of a registered public key.
 * @throws AssertionError with the reason; OAuthError if the client may not use this method
 */
export async function verifyPrivateKeyJwt(
  context: ClientAuthContext,
  client: Client | undefined,
  jwt: ReadAssertion,
): Promise<ClientAuthentication> {
  const { settings } = context
  assertUsable(context, client, 'private_key_jwt')
  const { client_id } = client
  const reusable = client.replay === 'reusable'
  const signatures = reusable || jwt.claims.jti === undefined ? settings.verifiedSignatures : undefined
  const verify = () => verifyAssertion(jwt, signerRules(client, settings), client, settings.findKeys, signatures)
  const assertion = await timed(context.exchange.timings, 'signature', verify)
  noteLegacyAudience(context, assertion.claims.aud)
  return { level: 'authenticated', method: 'private_key_jwt', client_id, client, assertion, reusable }
}

/** Adds a notice for a client that still uses the token endpoint URL as `aud` (RFC 7523bis). */
export function noteLegacyAudience({ settings, exchange }: ClientAuthContext, aud: unknown): void {
  if (aud !== settings.issuer && !(Array.isArray(aud) && aud[0] === settings.issuer)) exchange.notes.notices.push('aud_legacy')
}

/** The client's registration; the settings of the endpoint are the defaults. */
export function signerRules(client: Client, { issuer, ownAudience, clientAssertions, clockTolerance }: Settings): SignerRules {
  const { token_endpoint_auth_signing_alg: algorithm, audience, requireJti, maxLifetime, jwks_uri } = client
  return {
    algorithms: algorithm === undefined || algorithm === null ? undefined : [algorithm],
    typ: undefined,
    commonTypes: undefined,
    audience: (audience ?? clientAssertions.audience) === 'issuer-or-token-endpoint' ? ownAudience : [issuer],
    defaultSub: undefined,
    requireJti: requireJti ?? clientAssertions.requireJti,
    maxLifetime: maxLifetime ?? clientAssertions.maxLifetime,
    clockTolerance,
    jwks_uri,
  }
}
