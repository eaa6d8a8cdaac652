import type { Client } from '../registration.js'
import type { ClientAuthentication } from '../state.js'
import { registeredMethod } from './find-client.js'
import type { ClientAuthContext } from './method.js'
import { selfSignedTlsClientAuth } from './self-signed-tls-client-auth.js'
import { tlsClientAuth } from './tls-client-auth.js'

const certificateMethods = new Map([
  ['tls_client_auth', tlsClientAuth],
  ['self_signed_tls_client_auth', selfSignedTlsClientAuth],
])

/**
 * Authenticates a client by its TLS certificate, if that is its registered method (RFC 8705 §2): whether the request or its grant named it.
 * @returns `undefined` for a client that registered another method
 * @throws OAuthError `mtls_cert_missing`, `mtls_mismatch` and others of the two methods
 */
export function certifiedClient(context: ClientAuthContext, client: Client): Promise<ClientAuthentication> | undefined {
  return certificateMethods.get(registeredMethod(client))?.(context, client)
}
