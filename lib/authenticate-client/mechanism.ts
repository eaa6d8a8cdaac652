import type { Hooks } from '../host/hooks.js'
import type { ClientAuthentication, TokenRequest } from '../host/token-state.js'
import type { Endpoint } from '../pipeline/endpoint.js'
import type { Exchange } from '../pipeline/transaction.js'

export type ClientHooks = Pick<Hooks, 'findClient'> &
  Partial<Pick<Hooks, 'findIssuer' | 'verifyClientSecret' | 'getClientCertificate' | 'onEvent'>>

/** What a method may use to verify a credential. */
export interface ClientAuthContext {
  readonly endpoint: Endpoint<ClientHooks>
  readonly request: TokenRequest
  readonly exchange: Exchange
}

/**
 * One way to send a credential. `authenticateClient` finds the one that the request uses. If it serves several registered methods (a
 * `client_assertion`, a bare `client_id`), the client's registration decides among them.
 */
export interface ClientAuthMechanism {
  /** Whether the request has such a credential. Uses only the request. */
  isPresent(request: TokenRequest): boolean
  /**
   * Authenticates the client.
   * @throws OAuthError, AssertionError if the credential is not valid
   */
  authenticate(context: ClientAuthContext): Promise<ClientAuthentication>
}
