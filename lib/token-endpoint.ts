/*
 * THE MAP. A token request passes the four steps in this order; each is the file of its name in the folder of its name.
 *
 *   step                  asks                                    calls of your hooks             adds to req.tokenState   refuses with
 *   parse-token-request/  is it ours, and is it well-formed?      none                            request                  invalid_request, unsupported_grant_type
 *   authenticate-client/  who asks?                               findClient, verifyClientSecret, client                   invalid_client, unauthorized_client
 *                                                                 getClientCertificate
 *   verify-jwt-grant/     is the grant valid, and may it be used? findIssuer, authorizeGrant      grant                    invalid_grant, invalid_scope
 *   issue-token/          what is issued?                         mintToken                       response                 server_error
 *
 * Below the steps, each floor knows only those under it:
 *   pipeline/   what a step is: the frame that catches every error, the transaction of one request, the endpoint that steps share
 *   assertion/  is this JWT what it says? Decoding, the keys of a signer, signatures. No HTTP, no clients, no grants
 *   replay/     one-time use: stores that remember used JWTs
 *   rules/      every decision, as data and pure functions: a security review starts here
 *   host/       what you write and get: options, hooks, registrations, events, errors, and the table of all refusals
 *
 * Start with rules/ and host/refusals.ts. Read last, if at all: assertion/der.ts, authenticate-client/mtls/, replay/redis/, replay/postgres/.
 * Beside the house: check/ (registrations), development/ (its log), explain/ (why refused?), profiles/ (known clients), testing/ (your tests),
 * and client-metadata-documents/ (a URL as client_id), cli/ (command).
 */
import { authenticateClient } from './authenticate-client/authenticate-client.js'
import type { Client } from './host/client.js'
import type { Hooks } from './host/hooks.js'
import type { CLIENT_CREDENTIALS, Options } from './host/options.js'
import { issueToken } from './issue-token/issue-token.js'
import { parseTokenRequest } from './parse-token-request/parse-token-request.js'
import { endpointOf } from './pipeline/endpoint.js'
import type { Middleware } from './pipeline/step.js'
import { verifyJwtGrant } from './verify-jwt-grant/verify-jwt-grant.js'

/** Options of an endpoint that serves `client_credentials` alone: nothing calls the hooks of the JWT grant. */
type WithoutJwtGrant<C extends Client = Client> = Options<Pick<Hooks<C>, 'findClient' | 'mintToken'> & Partial<Hooks<C>>> & {
  grantTypes: readonly (typeof CLIENT_CREDENTIALS)[]
}
type Steps = [Middleware, Middleware, Middleware, Middleware]

/**
 * The token endpoint (RFC 6749 §3.2) with both uses of a JWT (RFC 7523), as the four Express handlers in the order of the flow. A step that
 * refuses ends the request with an OAuth error response. With `fallthrough`, a request that is not for this suite reaches the next handler
 * unchanged.
 *
 * @param options checked now, not per request. `findIssuer` and `authorizeGrant` are needed only if the JWT grant is served.
 * @throws ConfigurationError naming the option, the problem and the fix
 * @example app.post('/token', ...tokenEndpoint({ issuer: 'https://as.example.com', hooks }))
 * @example app.post('/token', ...tokenEndpoint({ issuer, hooks, fallthrough: true }), oldTokenHandler)
 */
export function tokenEndpoint<C extends Client = Client>(options: WithoutJwtGrant<C>): Steps
export function tokenEndpoint<C extends Client = Client>(options: Options<Hooks<C>>): Steps
export function tokenEndpoint(given: WithoutJwtGrant | Options<Hooks>): Steps {
  endpointOf('tokenEndpoint', given, ['findClient', 'findIssuer', 'authorizeGrant', 'mintToken'])
  const options = given as Options<Hooks> // it has the hooks that are called
  return [parseTokenRequest(options), authenticateClient(options), verifyJwtGrant(options), issueToken(options)]
}
