import type { Client } from '../registration.js'
import type { ClientAuthentication } from '../state.js'
import { assertEnabled, assertUsable, findClient, isEnabled, registeredMethod } from './find-client.js'
import { assertGrantIsProven, implicitClient } from './implicit-client.js'
import type { ClientAuthContext, ClientAuthMechanism } from './method.js'
import { selfSignedTlsClientAuth } from './self-signed-tls-client-auth.js'
import { tlsClientAuth } from './tls-client-auth.js'

const byCertificate = new Map<string, (context: ClientAuthContext, client: Client) => Promise<ClientAuthentication>>([
  ['tls_client_auth', tlsClientAuth],
  ['self_signed_tls_client_auth', selfSignedTlsClientAuth],
])

/**
 * A bare `client_id`: a public client (`none`), a client with a TLS certificate (RFC 8705 §2), or one that the grant authenticates. A
 * certificate counts only for clients that registered it. If the grant is invalid, the error is about the grant, whatever `client_id` says,
 * so that responses do not reveal which clients exist.
 */
export const clientId: ClientAuthMechanism = {
  isPresent: ({ parameters }) => parameters.client_id !== undefined,

  async authenticate(context): Promise<ClientAuthentication> {
    const client_id = context.request.parameters.client_id as string
    const client = await findClient(context, client_id)
    const method = client && isEnabled(client) ? registeredMethod(client) : undefined
    const tls = method === undefined ? undefined : byCertificate.get(method)
    if (client && tls) return certifiedClient(context, client, tls)
    if (method === 'none') await assertGrantIsProven(context)
    const implicit = method === 'none' ? undefined : await implicitClient(context, { client_id, client })
    if (implicit) return implicit
    assertEnabled(client)
    assertUsable(context, client, 'none')
    return { level: 'identified', method: 'none', client_id, client }
  },
}

/** Authenticates by certificate. A failure gives the error that an unknown `client_id` would get, so that it does not reveal the client. */
async function certifiedClient(
  context: ClientAuthContext,
  client: Client,
  authenticate: (context: ClientAuthContext, client: Client) => Promise<ClientAuthentication>,
): Promise<ClientAuthentication> {
  let grantError: unknown
  try {
    await implicitClient(context, { client_id: client.client_id, client })
  } catch (error) {
    grantError = error
  }
  try {
    return await authenticate(context, client)
  } catch (error) {
    throw grantError ?? error
  }
}
