import { refusal } from '../host/errors.js'
import type { ClientAuthMechanism } from './mechanism.js'
import { assertSecret } from './secret.js'

/** `client_secret_post` (RFC 6749 §2.3.1): identifier and secret as parameters of the request body. */
export const clientSecretPost: ClientAuthMechanism = {
  sentIn: 'client_secret',
  isPresent: ({ parameters }) => parameters.client_secret !== undefined,

  async authenticate(context) {
    const { client_id, client_secret = '' } = context.request.parameters
    if (client_id === undefined) throw refusal('missing_parameter', { seen: 'client_secret', wanted: 'client_id' })
    const client = await context.findClient(client_id)
    return {
      level: 'authenticated',
      method: 'client_secret_post',
      client_id,
      client: await assertSecret(context, client, 'client_secret_post', [client_secret]),
    }
  },
}
