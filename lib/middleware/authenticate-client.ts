import { after } from '../after.js'
import { clientAssertion } from '../client-auth/client-assertion.js'
import { clientId } from '../client-auth/client-id.js'
import { clientSecretBasic } from '../client-auth/client-secret-basic.js'
import { clientSecretPost } from '../client-auth/client-secret-post.js'
import { implicitClient } from '../client-auth/jwt-bearer-grant.js'
import type { ClientAuthContext, ClientAuthMechanism, ClientHooks } from '../client-auth/method.js'
import { observeClientAssertion } from '../client-auth/observe.js'
import { runWithClient } from '../current-client.js'
import { refusal } from '../errors.js'
import type { Options } from '../options.js'
import { clientPolicy } from '../policy.js'
import { clientMarker } from '../replay/marker.js'
import { settingsOf } from '../settings.js'
import type { ClientAuthentication } from '../state.js'
import { type Middleware, step } from './step.js'

/** What carries a credential. At most one of them may be in a request (RFC 6749 §2.3). */
const credentials: readonly ClientAuthMechanism[] = [clientAssertion, clientSecretBasic, clientSecretPost]

/**
 * Step 2: who is asking? Adds `req.tokenState.client` (RFC 6749 §2.3, RFC 7521 §4.2, RFC 8705 §2). A credential that is present must be right, whether or
 * not the grant needs one. Calls `findClient`; `findIssuer`, `verifyClientSecret` and `getClientCertificate` if they are there.
 *
 * @throws ConfigurationError at mount, naming the option, the problem and the fix
 */
export function authenticateClient(options: Options<ClientHooks>): Middleware {
  const settings = settingsOf('authenticateClient', options, ['findClient'])
  return step(
    {
      name: 'authenticateClient',
      needs: ['request'],
      adds: 'client',
      assertion: 'client',
      run: ({ request }, exchange) => {
        const isIssuedHere = settings.grantTypes.includes(request.grant_type)
        return after(authenticate({ settings, request, exchange }), (client) => {
          const policy = isIssuedHere ? clientPolicy(client, request, settings) : undefined
          if (policy) throw refusal(policy.refused)
          Object.freeze(client)
          const marker = clientMarker(client, settings.clockTolerance)
          if (!marker) {
            if (client.assertion) exchange.notes.notices.push('client_assertion_reusable')
            return client
          }
          return after(exchange.spend(marker), () => client) // whatever stands behind this step; a step of ours that refuses gives it back
        })
      },
      // the host's handler may ask currentClient(); a request that is answered here does not pay for it
      proceed: (client, { request }, next) =>
        client && !settings.grantTypes.includes(request.grant_type) ? runWithClient(client, next) : next(),
    },
    settings,
  )
}

/** By the one credential in the request; else by the grant that the client signed; else by its name; else no client. */
function authenticate(context: ClientAuthContext): ClientAuthentication | Promise<ClientAuthentication> {
  const { request } = context
  const present = credentials.filter((credential) => credential.isPresent(request))
  const [first, second] = present
  if (second) return severalCredentials(context, present)
  if (first) return first.authenticate(context)
  if (clientId.isPresent(request)) return clientId.authenticate(context)
  return after(implicitClient(context), (client) => client ?? { level: 'anonymous' })
}

/** Refused (RFC 7521 §4.2.1, RFC 6749 §2.3), unless a client that moves from its secret to a key is being observed. */
async function severalCredentials(context: ClientAuthContext, present: readonly ClientAuthMechanism[]): Promise<ClientAuthentication> {
  if (!present.includes(clientAssertion)) throw refusal('multiple_client_auth')
  const [secret, another] = present.filter((credential) => credential !== clientAssertion)
  if (!secret || another) throw refusal('multiple_client_auth_assertion')
  return observeClientAssertion(context, secret, clientAssertion)
}
