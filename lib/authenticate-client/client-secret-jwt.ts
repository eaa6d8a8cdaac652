import { createSecretKey, type KeyObject } from 'node:crypto'
import { verifyAssertion } from '../assertion/verify.js'
import type { ReadAssertion } from '../host/assertion.js'
import type { Client } from '../host/client.js'
import { refusal } from '../host/errors.js'
import type { ClientAuthentication } from '../host/token-state.js'
import { demandsOfClient } from '../rules/jwt-demands.js'
import { assertUsable } from './find-client.js'
import type { ClientAuthContext } from './mechanism.js'
import { noteLegacyAudience } from './private-key-jwt.js'
import { assertUnexpiredSecret } from './secret.js'

/**
 * `client_secret_jwt` (OpenID Connect Core §9): a JWT with an HMAC whose key is the client secret as UTF-8.
 * @throws Refusal with the reason; `client_secret_too_short` for a secret shorter than the hash (RFC 7518 §3.2)
 */
export async function verifyClientSecretJwt(
  context: ClientAuthContext,
  client: Client | undefined,
  jwt: ReadAssertion,
): Promise<ClientAuthentication> {
  const { endpoint } = context
  assertUsable(context, client, 'client_secret_jwt')
  const findKeys = () => [secretKey(client, jwt.header.alg as string)]
  const verify = () => verifyAssertion(jwt, demandsOfClient(client, endpoint), client, findKeys, endpoint.now())
  const assertion = await context.transaction.timed('signature', verify)
  assertUnexpiredSecret(client, endpoint.now())
  noteLegacyAudience(context, assertion.claims.aud)
  const reusable = client.replay === 'reusable'
  return { level: 'authenticated', method: 'client_secret_jwt', client_id: client.client_id, client, assertion, reusable }
}

function secretKey({ client_secret }: Client, algorithm: string): KeyObject {
  const bytes = Buffer.from(typeof client_secret === 'string' ? client_secret : '', 'utf8')
  if (bytes.length < Number(algorithm.slice(2)) / 8)
    throw refusal('client_secret_too_short', { seen: { bytes: bytes.length }, wanted: { at_least: Number(algorithm.slice(2)) / 8 } })
  return createSecretKey(bytes)
}
