/** The registered methods of client authentication that are more than one way to send a secret, and the function of each. Nothing else imports mtls/ and workload/. */

import type { ReadAssertion } from '../host/assertion.js'
import type { Client } from '../host/client.js'
import { refusal } from '../host/errors.js'
import { secretAlgorithms } from '../host/options.js'
import type { ClientAuthentication } from '../host/token-state.js'
import { isSpiffeCredential } from '../rules/jwt-demands.js'
import { verifyClientSecretJwt } from './client-secret-jwt.js'
import { assertWellRegistered, registeredMethod } from './find-client.js'
import type { ClientAuthContext } from './mechanism.js'
import { selfSignedTlsClientAuth } from './mtls/self-signed-tls-client-auth.js'
import { tlsClientAuth } from './mtls/tls-client-auth.js'
import { verifyPrivateKeyJwt } from './private-key-jwt.js'
import { federatedCredential, verifyFederatedJwt } from './workload/federated-jwt.js'

const byCertificate = new Map([
  ['tls_client_auth', tlsClientAuth],
  ['self_signed_tls_client_auth', selfSignedTlsClientAuth],
])

/**
 * Authenticates a client by its TLS certificate, if that is its registered method (RFC 8705 §2): whether the request or its grant named it.
 * @returns `undefined` for a client that registered another method
 * @throws Refusal `mtls_cert_missing`, `mtls_mismatch` and others of the two methods
 */
export function certifiedClient(context: ClientAuthContext, client: Client): Promise<ClientAuthentication> | undefined {
  return byCertificate.get(registeredMethod(client))?.(context, client)
}

/** What the token of another issuer says, and which tokens the client registered. */
const foreignToken = (client: Client | undefined, { claims: { iss, sub, aud } }: ReadAssertion, isSvid: boolean) => ({
  seen: { iss, sub, aud, isSvid, client: client?.client_id },
  wanted: (client?.federated_credentials ?? []).map(({ issuer, subject, audience }) => ({ issuer, subject, audience })),
})

/** Authenticates a client by a JWT that it signed itself: `alg` decides between `private_key_jwt` and `client_secret_jwt`. */
export function clientByItsJwt(context: ClientAuthContext, client: Client | undefined, jwt: ReadAssertion): Promise<ClientAuthentication> {
  const isByKey = !secretAlgorithms.includes(jwt.header.alg as string)
  return isByKey ? verifyPrivateKeyJwt(context, client, jwt) : verifyClientSecretJwt(context, client, jwt)
}

/**
 * Authenticates a client by the token of a workload: its registration has exactly the issuer, subject and audience of the token.
 * @throws Refusal `client_identity_mismatch` if it has not
 */
export async function clientByWorkload(
  context: ClientAuthContext,
  client: Client | undefined,
  jwt: ReadAssertion,
  isSvid: boolean,
): Promise<ClientAuthentication> {
  if (client) assertWellRegistered(client)
  const credential = client && federatedCredential(client, jwt, context.endpoint)
  if (!client || !credential || (isSvid && !isSpiffeCredential(credential)))
    throw refusal('client_identity_mismatch', () => foreignToken(client, jwt, isSvid))
  return await verifyFederatedJwt(context, client, credential, jwt)
}
