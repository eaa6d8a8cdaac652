import type { KeyObject, X509Certificate } from 'node:crypto'
import { nameOfKey } from '../../assertion/keys/thumbprint.js'
import type { Client } from '../../host/client.js'
import { refusal } from '../../host/errors.js'
import type { ClientAuthentication } from '../../host/token-state.js'
import { assertUsable } from '../find-client.js'
import type { ClientAuthContext } from '../mechanism.js'
import { clientCertificate, thumbprint } from './certificate.js'

/**
 * `self_signed_tls_client_auth` (RFC 8705 §2.2): a certificate whose public key is in the client's key set; its chain is not checked.
 * @throws Refusal `mtls_cert_missing`, `mtls_mismatch`, `jwks_invalid`, `jwks_blocked`: one text for all; `jwks_unavailable` (503)
 */
export async function selfSignedTlsClientAuth(context: ClientAuthContext, client: Client): Promise<ClientAuthentication> {
  assertUsable(context, client, 'self_signed_tls_client_auth')
  const { certificate } = await clientCertificate(context)
  const publicKey = publicKeyOf(certificate)
  if (!publicKey || !(await context.endpoint.hasKey(client, publicKey)))
    throw refusal('mtls_mismatch', () => ({
      seen: { thumbprint: publicKey ? nameOfKey(publicKey) : 'a key that cannot be read' },
      wanted: 'a key of the jwks of the client',
    }))
  return {
    level: 'authenticated',
    method: 'self_signed_tls_client_auth',
    client_id: client.client_id,
    client,
    certificateThumbprint: thumbprint(certificate),
  }
}

/** The public key, or `undefined` if it cannot be a JWK, and so cannot be registered. */
function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    const { publicKey } = certificate
    publicKey.export({ format: 'jwk' })
    return publicKey
  } catch {
    return undefined
  }
}
