import type { Client } from '../host/client.js'
import { refusal } from '../host/errors.js'
import { isEqual } from './constant-time.js'
import { assertUsable } from './find-client.js'
import type { ClientAuthContext } from './mechanism.js'

/**
 * Returns the client if one of `secrets` is its secret (RFC 6749 §2.3.1). For a client that is unknown, or may not use `method`, a dummy
 * comparison takes as long: `verifyClientSecret` gets `undefined`, never a client without a hash.
 *
 * @param secrets the decodings that the sender may have meant; all are compared
 * @throws Refusal with one text for all failures
 */
export async function assertSecret(
  context: ClientAuthContext,
  client: Client | undefined,
  method: 'client_secret_basic' | 'client_secret_post',
  secrets: readonly string[],
): Promise<Client> {
  try {
    assertUsable(context, client, method)
  } catch (refused) {
    if (context.methods.includes(method)) await Promise.allSettled(secrets.map((secret) => matchesSecret(context, undefined, secret)))
    throw refused
  }
  const matches = await Promise.all(secrets.map((secret) => matchesSecret(context, client, secret)))
  if (!matches.includes(true))
    throw refusal('client_secret_mismatch', { seen: whyNoMatch(context, client), wanted: 'the secret of the client' })
  assertUnexpiredSecret(client, context.endpoint.now())
  return client
}

async function matchesSecret({ endpoint, transaction }: ClientAuthContext, client: Client | undefined, secret: string): Promise<boolean> {
  const { hooks, hookTimeout } = endpoint
  if (!hooks.verifyClientSecret) return isSecretOf(client, secret)
  return (await transaction.call('verifyClientSecret', hookTimeout, () => hooks.verifyClientSecret?.(client, secret))) === true
}

function whyNoMatch({ endpoint }: ClientAuthContext, { client_secret }: Client): string {
  if (endpoint.hooks.verifyClientSecret) return 'verifyClientSecret did not return true'
  return typeof client_secret === 'string' && client_secret !== '' ? 'another secret' : 'a client without client_secret'
}

function isSecretOf(client: Client | undefined, secret: string): boolean {
  const registered = typeof client?.client_secret === 'string' ? client.client_secret : ''
  const equal = isEqual(registered, secret)
  return equal && registered !== ''
}

/** @throws Refusal `client_secret_expired` (RFC 7591 §3.2.1) */
export function assertUnexpiredSecret({ client_secret_expires_at }: Client, now: number): void {
  const expiresAt = client_secret_expires_at ?? 0
  if (expiresAt !== 0 && expiresAt <= now)
    throw refusal('client_secret_expired', {
      seen: { client_secret_expires_at: expiresAt },
      wanted: { later_than: Math.round(now) },
    })
}
