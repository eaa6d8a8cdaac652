import { endpointOf } from './endpoint.js'
import type { Hooks } from './hooks.js'
import { authenticateClient } from './middleware/authenticate-client.js'
import { issueToken } from './middleware/issue-token.js'
import { parseTokenRequest } from './middleware/parse-token-request.js'
import type { Middleware } from './middleware/step.js'
import { verifyJwtGrant } from './middleware/verify-jwt-grant.js'
import type { Options } from './options.js'

/**
 * The token endpoint (RFC 6749 §3.2) with both uses of a JWT (RFC 7523), as Express handlers in the order of the flow:
 *
 *     POST /token
 *       │ parseTokenRequest    HTTP form            → req.tokenState.request
 *       │ authenticateClient   credentials          → req.tokenState.client
 *       │ verifyJwtGrant       assertion            → req.tokenState.grant     (other grants: null)
 *       ▼ issueToken           grant or client      → 200 and a token          (other grants: next())
 *
 * A step that refuses ends the request with an OAuth error response. With `fallthrough`, a request that is not for this suite reaches the
 * next handler unchanged.
 *
 * @param options validated now, not per request
 * @throws ConfigurationError naming the option, the problem and the fix
 * @example app.post('/token', ...tokenEndpoint({ issuer: 'https://as.example.com', hooks }))
 * @example app.post('/token', ...tokenEndpoint({ issuer, hooks, fallthrough: true }), oldTokenHandler)
 */
export function tokenEndpoint(options: Options<Hooks>): [Middleware, Middleware, Middleware, Middleware] {
  endpointOf('tokenEndpoint', options, ['findClient', 'findIssuer', 'authorizeGrant', 'mintToken'])
  return [parseTokenRequest(options), authenticateClient(options), verifyJwtGrant(options), issueToken(options)]
}
