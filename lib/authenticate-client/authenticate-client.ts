import type { Client } from '../host/client.js'
import { refusal } from '../host/errors.js'
import type { Options } from '../host/options.js'
import type { ClientAuthentication } from '../host/token-state.js'
import { endpointOf } from '../pipeline/endpoint.js'
import { type Middleware, step } from '../pipeline/step.js'
import { clientMarker } from '../rules/one-time-use.js'
import { clientPolicy } from '../rules/policy.js'
import { clientId } from './bare-client-id.js'
import { implicitClient } from './by-its-grant.js'
import { clientAssertion } from './client-assertion.js'
import { clientSecretBasic } from './client-secret-basic.js'
import { clientSecretPost } from './client-secret-post.js'
import { contextOf, noticesOf } from './find-client.js'
import type { ClientAuthContext, ClientAuthMechanism, ClientHooks } from './mechanism.js'
import { observeClientAssertion } from './observe.js'

/** The mechanisms that carry a credential. A request may use at most one of them (RFC 6749 §2.3). */
const credentials: readonly ClientAuthMechanism[] = [clientAssertion, clientSecretBasic, clientSecretPost]

/**
 * Step 2: authenticates the client and adds `req.tokenState.client` (RFC 6749 §2.3, RFC 7521 §4.2, RFC 8705 §2). A credential that is
 * sent must be valid, even if the grant needs none. Calls `findClient`. If given, also `findIssuer` and the other hooks about clients.
 *
 * @throws ConfigurationError at mount, naming the option, the problem and the fix
 */
export function authenticateClient<C extends Client = Client>(options: Options<ClientHooks<C>>): Middleware {
  const endpoint = endpointOf<ClientHooks>('authenticateClient', options, ['findClient'])
  return step(
    {
      name: 'authenticateClient',
      needs: ['request'],
      adds: 'client',
      use: 'client',
      run: async ({ request }, transaction) => {
        const client = Object.freeze(await authenticate(contextOf(request, transaction, endpoint)))
        transaction.record.notices.push(...noticesOf(client))
        const isIssuedHere = endpoint.grantTypes.includes(request.grant_type)
        const policy = isIssuedHere ? clientPolicy(client, request, endpoint) : undefined
        if (policy) throw refusal(policy.refused, policy)
        const marker = clientMarker(client, endpoint.clockTolerance)
        if (marker)
          await transaction.spend(marker) // for any later handler; released if a step of ours refuses
        else if (client.assertion) transaction.record.notices.push('client_assertion_reusable')
        return client
      },
    },
    endpoint,
  )
}

/** By the one credential in the request; else by a bare `client_id`; else by the grant, if a client signed it; else anonymous. */
async function authenticate(context: ClientAuthContext): Promise<ClientAuthentication> {
  const { request } = context
  const present = credentials.filter((credential) => credential.isPresent(request))
  const [first, second] = present
  if (second) return await severalCredentials(context, present)
  if (first) return await first.authenticate(context)
  if (clientId.isPresent(request)) return await clientId.authenticate(context)
  return (await implicitClient(context)) ?? { level: 'anonymous' }
}

/** Several credentials are refused (RFC 7521 §4.2.1, RFC 6749 §2.3), except in `observe` mode a client assertion beside one secret. */
async function severalCredentials(context: ClientAuthContext, present: readonly ClientAuthMechanism[]): Promise<ClientAuthentication> {
  const severalSent = { seen: present.map(({ sentIn }) => sentIn), wanted: 'one of them' }
  if (!present.includes(clientAssertion)) throw refusal('multiple_client_auth', severalSent)
  const [secret, another] = present.filter((credential) => credential !== clientAssertion)
  if (!secret || another) throw refusal('multiple_client_auth_assertion', severalSent)
  return await observeClientAssertion(context, secret, clientAssertion)
}
