import type { Client } from '../host/client.js'
import { answerTo, isRefusal, OAuthError, Refusal, refusal } from '../host/errors.js'
import type { TokenEndpointEvent } from '../host/event.js'
import type { ClientAuthentication } from '../host/token-state.js'
import type { ClientAuthContext, ClientAuthMechanism } from './mechanism.js'

/**
 * Tries out the key of a client that still has a secret: the secret decides, and the event has the result of the client assertion.
 *
 * Every refusal is answered as two credentials are without `observe`: only the event tells the reason, and which clients exist or are
 * observed.
 *
 * @throws Refusal unless the client, or else the endpoint, is set to `observe`, and the secret is valid
 */
export async function observeClientAssertion(
  context: ClientAuthContext,
  secret: ClientAuthMechanism,
  assertion: ClientAuthMechanism,
): Promise<ClientAuthentication> {
  const { endpoint, transaction } = context
  const findObserved = async (client_id: string) => {
    const client = await context.findClient(client_id)
    const mode = client?.client_assertion_mode ?? endpoint.clientAssertions.mode
    if (mode !== 'observe')
      throw refusal('multiple_client_auth_assertion', { seen: { client_assertion_mode: mode }, wanted: 'observe, or one credential' }) // before the secret is compared
    return client
  }
  const client = await secret.authenticate({ ...context, findClient: findObserved }).catch((error) => {
    throw likeTwoCredentials(error)
  })
  const { notices, claimed } = transaction.record
  const { client_id } = claimed
  transaction.record.notices = [] // what the client assertion gives rise to is not about this request
  transaction.record.observed = await resultOf(context, client, assertion)
  transaction.record.notices = notices
  claimed.client_id = client_id
  return client
}

/** Server errors, and errors that a hook threw, stay as they are. */
function likeTwoCredentials(error: unknown): unknown {
  if (!isRefusal(error) || answerTo(error, 'client').status >= 500) return error
  return new Refusal(error.reason, error.evidence, 'client', 'multiple_client_auth_assertion')
}

/** What would become of the client assertion if the client had registered its key already. */
async function resultOf(
  context: ClientAuthContext,
  { client_id, client }: ClientAuthentication,
  assertion: ClientAuthMechanism,
): Promise<TokenEndpointEvent['observed']> {
  try {
    const proven = await assertion.authenticate({
      ...context,
      findClient: async (id) => (id === client_id ? client : undefined),
      methods: ['private_key_jwt', 'client_secret_jwt'],
      registeredMethod: (_: Client) => 'private_key_jwt',
    })
    return { method: String(proven.method), result: proven.client_id === client_id ? 'ok' : 'client_identity_mismatch' }
  } catch (error) {
    const isKnown = isRefusal(error) || error instanceof OAuthError
    return { method: 'private_key_jwt', result: isKnown ? error.reason : 'hook_error' }
  }
}
