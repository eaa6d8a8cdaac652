import { AssertionError, OAuthError, refusal, refusals } from '../errors.js'
import type { Client } from '../registration.js'
import type { ClientAuthentication } from '../state.js'
import type { ClientAuthContext, ClientAuthMechanism, ClientHooks } from './method.js'

/**
 * Tries out the key of a client that still has a secret: the secret decides, and the event tells what the client assertion beside it would have come to.
 *
 * Whatever is wrong, the answer is the one to two credentials where nobody is observed: it does not say who is, nor who exists. The event has the reason.
 *
 * @throws OAuthError unless the client, or else the endpoint, is set to `observe`, and the secret is right
 */
export async function observeClientAssertion(
  context: ClientAuthContext,
  secret: ClientAuthMechanism,
  assertion: ClientAuthMechanism,
): Promise<ClientAuthentication> {
  const { settings, exchange } = context
  const findClient = async (client_id: string) => {
    const client = await settings.hooks.findClient(client_id)
    const mode = client?.client_assertion_mode ?? settings.clientAssertions.mode
    if (mode !== 'observe') throw refusal('multiple_client_auth_assertion') // before its secret is looked at
    return client
  }
  let client: ClientAuthentication
  try {
    client = await secret.authenticate({ ...context, settings: { ...settings, hooks: withFindClient(settings.hooks, findClient) } })
  } catch (error) {
    throw oneRefusal(error)
  }
  const { notices, claimed } = exchange.notes
  const client_id = claimed.client_id
  exchange.notes.notices = []
  exchange.notes.observed = await outcome(context, client, assertion)
  exchange.notes.notices = notices
  claimed.client_id = client_id
  return client
}

/** The reason stays, the answer is the one to two credentials; a server that could not check says so, and what the host's hook says stands. */
function oneRefusal(error: unknown): unknown {
  if (!(error instanceof OAuthError) || error.status >= 500 || error.reason === 'hook_denied') return error
  const [status, code, description] = refusals.multiple_client_auth_assertion
  return new OAuthError(code, description, { status, reason: error.reason, cause: error.cause })
}

async function outcome(context: ClientAuthContext, { client_id, client }: ClientAuthentication, assertion: ClientAuthMechanism) {
  const settings = { ...context.settings, clientAuthMethods: ['private_key_jwt', 'client_secret_jwt'] as const }
  const hooks = withFindClient(settings.hooks, () => client && byKey(client))
  try {
    const proven = await assertion.authenticate({ ...context, settings: { ...settings, hooks } })
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

/** The client as it will be; it may be an object of a class, whose getters a spread would lose. */
const byKey = (client: Client): Client => Object.create(client, { token_endpoint_auth_method: { value: 'private_key_jwt' } })

/** The host's hooks with another `findClient`; they may be methods of a class, which a spread alone would lose. */
function withFindClient(hooks: ClientHooks, findClient: ClientHooks['findClient']): ClientHooks {
  return { ...hooks, ...(hooks.verifyClientSecret && { verifyClientSecret: hooks.verifyClientSecret.bind(hooks) }), findClient }
}
