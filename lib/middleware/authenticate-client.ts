import { clientAssertion } from '../client-auth/client-assertion.js'
import { clientId } from '../client-auth/client-id.js'
import { clientSecretBasic } from '../client-auth/client-secret-basic.js'
import { clientSecretPost } from '../client-auth/client-secret-post.js'
import { implicitClient } from '../client-auth/implicit-client.js'
import type { ClientAuthContext, ClientAuthMechanism, ClientHooks } from '../client-auth/method.js'
import { observeClientAssertion } from '../client-auth/observe.js'
import { endpointOf } from '../endpoint.js'
import { refusal } from '../errors.js'
import type { Options } from '../options.js'
import { clientPolicy } from '../policy.js'
import { clientMarker } from '../replay/marker.js'
import type { ClientAuthentication } from '../state.js'
import { type Middleware, step } from './step.js'

/** The mechanisms that carry a credential. A request may use at most one of them (RFC 6749 §2.3). */
const credentials: readonly ClientAuthMechanism[] = [clientAssertion, clientSecretBasic, clientSecretPost]

/**
 * Step 2: authenticates the client and adds `req.tokenState.client` (RFC 6749 §2.3, RFC 7521 §4.2, RFC 8705 §2). A credential that is
 * present must be valid, even if the grant needs none. Calls `findClient`, and if given, `findIssuer`, `verifyClientSecret` and
 * `getClientCertificate`.
 *
 * @throws ConfigurationError at mount, naming the option, the problem and the fix
 */
export function authenticateClient(options: Options<ClientHooks>): Middleware {
  const endpoint = endpointOf('authenticateClient', options, ['findClient'])
  return step(
    {
      name: 'authenticateClient',
      needs: ['request'],
      adds: 'client',
      assertion: 'client',
      run: async ({ request }, exchange) => {
        const client = Object.freeze(await authenticate({ endpoint, request, exchange }))
        const isIssuedHere = endpoint.grantTypes.includes(request.grant_type)
        const policy = isIssuedHere ? clientPolicy(client, request, endpoint) : undefined
        if (policy) throw refusal(policy.refused)
        const marker = clientMarker(client, endpoint.clockTolerance)
        if (marker)
          await exchange.spend(marker) // for any later handler; released if a step of ours refuses
        else if (client.assertion) exchange.record.notices.push('client_assertion_reusable')
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
  if (second) return severalCredentials(context, present)
  if (first) return first.authenticate(context)
  if (clientId.isPresent(request)) return clientId.authenticate(context)
  return (await implicitClient(context)) ?? { level: 'anonymous' }
}

/** Several credentials are refused (RFC 7521 §4.2.1, RFC 6749 §2.3), except in `observe` mode a client assertion beside one secret. */
async function severalCredentials(context: ClientAuthContext, present: readonly ClientAuthMechanism[]): Promise<ClientAuthentication> {
  if (!present.includes(clientAssertion)) throw refusal('multiple_client_auth')
  const [secret, another] = present.filter((credential) => credential !== clientAssertion)
  if (!secret || another) throw refusal('multiple_client_auth_assertion')
  return observeClientAssertion(context, secret, clientAssertion)
}
