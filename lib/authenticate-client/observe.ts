import type { Client } from '../host/client.js'
import { AssertionError, OAuthError, refusal, refusals } from '../host/errors.js'
import type { ClientAuthentication } from '../host/token-state.js'
import type { ClientAuthContext, ClientAuthMechanism, ClientHooks } from './mechanism.js'

/**
 * Tries out the key of a client that still has a secret: the secret decides, and the event has the result of the client assertion.
 *
 * Every refusal is the one for two credentials without `observe`: only the event reveals the reason, and which clients exist or are
 * observed.
 *
 * @throws OAuthError unless the client, or else the endpoint, is set to `observe`, and the secret is valid
 */
export async function observeClientAssertion(
  context: ClientAuthContext,
  secret: ClientAuthMechanism,
  assertion: ClientAuthMechanism,
): Promise<ClientAuthentication> {
  const { endpoint, exchange } = context
  const findClient = async (client_id: string) => {
    const client = await endpoint.hooks.findClient(client_id)
    const mode = client?.client_assertion_mode ?? endpoint.clientAssertions.mode
    if (mode !== 'observe') throw refusal('multiple_client_auth_assertion') // before the secret is compared
    return client
  }
  let client: ClientAuthentication
  try {
    client = await secret.authenticate({ ...context, endpoint: { ...endpoint, hooks: withFindClient(endpoint.hooks, findClient) } })
  } catch (error) {
    throw oneRefusal(error)
  }
  const { notices, claimed } = exchange.record
  const client_id = claimed.client_id
  exchange.record.notices = []
  exchange.record.observed = await outcome(context, client, assertion)
  exchange.record.notices = notices
  claimed.client_id = client_id
  return client
}

/** Replaces the response by that for two credentials and keeps the reason. Server errors and errors that a hook threw stay as they are. */
function oneRefusal(error: unknown): unknown {
  if (!(error instanceof OAuthError) || error.status >= 500 || error.reason === 'hook_denied') return error
  const [status, code, description] = refusals.multiple_client_auth_assertion
  return new OAuthError(code, description, { status, reason: error.reason, cause: error.cause })
}

async function outcome(context: ClientAuthContext, { client_id, client }: ClientAuthentication, assertion: ClientAuthMechanism) {
  const endpoint = { ...context.endpoint, clientAuthMethods: ['private_key_jwt', 'client_secret_jwt'] as const }
  const hooks = withFindClient(endpoint.hooks, () => client && byKey(client))
  try {
    const proven = await assertion.authenticate({ ...context, endpoint: { ...endpoint, hooks } })
    return {
      method: String(proven.method),
      result: proven.client_id === client_id ? ('ok' as const) : ('client_identity_mismatch' as const),
    }
  } catch (error) {
    return {
      method: 'private_key_jwt',
      result: error instanceof OAuthError || error instanceof AssertionError ? error.reason : ('hook_error' as const),
    }
  }
}

/** The client as it will be registered; a spread would lose the getters of a class. */
const byKey = (client: Client): Client => Object.create(client, { token_endpoint_auth_method: { value: 'private_key_jwt' } })

/**
 * The host's hooks with another `findClient`. The spread copies own members and loses the methods of a class: so `verifyClientSecret`, the
 * only other hook that is called from these hooks, is bound and added.
 */
function withFindClient(hooks: ClientHooks, findClient: ClientHooks['findClient']): ClientHooks {
  return { ...hooks, ...(hooks.verifyClientSecret && { verifyClientSecret: hooks.verifyClientSecret.bind(hooks) }), findClient }
}
