import type { ClientAuthentication } from '../state.js'
import { assertEnabled, assertUsable, findClient, registeredMethod } from './find-client.js'
import { implicitClient } from './jwt-bearer-grant.js'
import type { ClientAuthMechanism } from './method.js'
import { selfSignedTlsClientAuth } from './self-signed-tls-client-auth.js'
import { tlsClientAuth } from './tls-client-auth.js'

/**
 * A bare `client_id`: a public client that names itself (`none`), one whose TLS certificate proves it (RFC 8705 §2), or one that the grant proves. A
 * certificate alone is no credential: it counts for clients that registered it.
 */
export const clientId: ClientAuthMechanism = {
  isPresent: ({ parameters }) => parameters.client_id !== undefined,

  async authenticate(context): Promise<ClientAuthentication> {
    const client_id = context.request.parameters.client_id as string
    const client = await findClient(context, client_id)
    const isOn = client !== undefined && (client.enabled === undefined || client.enabled === true)
    const method = isOn ? registeredMethod(client) : undefined
    if (isOn && method === 'tls_client_auth') return tlsClientAuth(context, client)
    if (isOn && method === 'self_signed_tls_client_auth') return selfSignedTlsClientAuth(context, client)
    const implicit = method === 'none' ? undefined : await implicitClient(context, { client_id, client })
    if (implicit) return implicit
    assertEnabled(client)
    assertUsable(context, client, 'none')
    return { level: 'identified', method: 'none', client_id, client }
  },
}
