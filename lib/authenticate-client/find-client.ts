import { assertClient } from '../host/check-registration.js'
import type { Client, ClientAuthMethodName } from '../host/client.js'
import { refusal } from '../host/errors.js'
import { invalid } from '../host/evidence.js'
import { areNotices } from '../host/notice.js'
import type { ClientAuthentication, TokenRequest } from '../host/token-state.js'
import type { Endpoint } from '../pipeline/endpoint.js'
import type { Transaction } from '../pipeline/transaction.js'
import { maxNameLength } from '../rules/claims.js'
import type { ClientAuthContext, ClientHooks } from './mechanism.js'

const noClient = { seen: 'findClient returned no client, or one with another client_id', wanted: 'a client with exactly this client_id' }
const vschar = /^[\x20-\x7e]+$/

/** What the mechanisms may use, for one request. */
export function contextOf(request: TokenRequest, transaction: Transaction, endpoint: Endpoint<ClientHooks>): ClientAuthContext {
  const findClient = async (client_id: string) => {
    if (client_id.length > maxNameLength || !vschar.test(client_id))
      throw refusal('client_id_malformed', { seen: client_id, wanted: 'printable ASCII of 1 to 1024 characters' }) // RFC 6749 App. A.1
    transaction.record.claimed.client_id = client_id
    const client = await transaction.call('findClient', endpoint.hookTimeout, () => endpoint.hooks.findClient(client_id))
    if (client === undefined || client === null) return undefined
    if (typeof client !== 'object')
      throw refusal('hook_result_invalid', { seen: `findClient returned a ${typeof client}`, wanted: 'a Client, undefined or null' })
    if (client.client_id !== client_id) return undefined
    return client
  }
  return { request, transaction, endpoint, findClient, methods: endpoint.clientAuthMethods, registeredMethod }
}

/** Whether a client is enabled: `enabled` is absent or `true`; any other value disables it. */
export const isEnabled = ({ enabled }: Client) => enabled === undefined || enabled === true

/**
 * Asserts that a client exists, is enabled and well registered.
 * @throws Refusal `client_unknown`, `client_disabled`, `client_misconfigured`: one text for all, so that it does not reveal clients
 */
export function assertEnabled(client: Client | undefined): asserts client is Client {
  if (!client) throw refusal('client_unknown', noClient)
  if (!isEnabled(client)) throw refusal('client_disabled', { seen: { enabled: client.enabled }, wanted: { enabled: true } })
  assertWellRegistered(client)
}

/** @throws Refusal `client_misconfigured` */
export function assertWellRegistered(client: Client): void {
  try {
    assertClient(client)
  } catch (error) {
    throw refusal('client_misconfigured', () => invalid(error, 'a Client without mistakes'))
  }
}

/** What the registration of an authenticated client reports. It may not have been checked: the signature of a grant is enough. */
export const noticesOf = ({ client }: ClientAuthentication) => (areNotices(client?.event_notices) ? client.event_notices : [])

/** The one method that the client registered (RFC 7591 §2). */
export const registeredMethod = (client: Client) => client.token_endpoint_auth_method ?? 'client_secret_basic'

/**
 * Asserts that a client may use `method` now: its registered method, or temporarily its previous one.
 * @throws Refusal `auth_method_not_enabled`; `client_unknown`, `client_disabled`, `auth_method_not_registered`: one text for these
 */
export function assertUsable(
  { endpoint, methods, registeredMethod, transaction }: ClientAuthContext,
  client: Client | undefined,
  method: ClientAuthMethodName,
): asserts client is Client {
  if (!methods.includes(method)) throw refusal('auth_method_not_enabled', { seen: method, wanted: methods })
  assertEnabled(client)
  if (registeredMethod(client) === method) return
  const { previous_auth_method, previous_auth_method_expires_at: expiresAt } = client
  const isStillGood = (expiresAt ?? Number.POSITIVE_INFINITY) > endpoint.now()
  if (previous_auth_method !== method || method === 'none' || !isStillGood)
    throw refusal('auth_method_not_registered', {
      seen: method === previous_auth_method ? { method, previous_auth_method_expires_at: expiresAt } : { method },
      wanted: { token_endpoint_auth_method: registeredMethod(client) },
    })
  transaction.record.notices.push('previous_auth_method')
}
