import type { ClientAuthentication } from '../host/token-state.js'
import { clientBySignature, grantSigner } from './by-its-grant.js'
import { assertEnabled, assertUsable, isEnabled, registeredMethod } from './find-client.js'
import type { ClientAuthMechanism } from './mechanism.js'
import { certifiedClient } from './methods.js'

/**
 * A bare `client_id`: a public client (`none`), a client with a TLS certificate (RFC 8705 §2), or one that the grant authenticates. A
 * certificate counts only for clients that registered it. The grant is verified first: if it is invalid, the error is about the grant,
 * whatever `client_id` says, so that responses do not reveal which clients exist.
 */
export const clientId: ClientAuthMechanism = {
  sentIn: 'client_id',
  isPresent: ({ parameters }) => parameters.client_id !== undefined,

  async authenticate(context): Promise<ClientAuthentication> {
    const client_id = context.request.parameters.client_id as string
    const signer = await grantSigner(context, client_id)
    const client = await context.findClient(client_id)
    const isPublic = client !== undefined && isEnabled(client) && registeredMethod(client) === 'none'
    if (signer !== undefined && !isPublic) return await clientBySignature(context, signer, client)
    const certified = client && certifiedClient(context, client)
    if (certified) return certified
    assertEnabled(client)
    assertUsable(context, client, 'none')
    return { level: 'identified', method: 'none', client_id, client }
  },
}
