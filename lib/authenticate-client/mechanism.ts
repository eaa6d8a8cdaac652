import type { Client, ClientAuthMethodName } from '../host/client.js'
import type { Hooks } from '../host/hooks.js'
import type { ClientAuthentication, TokenRequest } from '../host/token-state.js'
import type { Endpoint } from '../pipeline/endpoint.js'
import type { Transaction } from '../pipeline/transaction.js'

export type ClientHooks<C extends Client = Client> = Pick<Hooks<C>, 'findClient'> &
  Partial<Pick<Hooks<C>, 'findIssuer' | 'verifyClientSecret' | 'getClientCertificate'>>

/** What a method may use to verify a credential. */
export interface ClientAuthContext {
  readonly endpoint: Endpoint<ClientHooks>
  readonly request: TokenRequest
  readonly transaction: Transaction
  /**
   * Looks a client up by an unverified identifier.
   * @throws Refusal `client_id_malformed`; `hook_error` (500), `hook_timeout` (503)
   * @returns `undefined` if there is no client with exactly this identifier
   */
  readonly findClient: (client_id: string) => Promise<Client | undefined>
  /** The enabled methods. */
  readonly methods: readonly ClientAuthMethodName[]
  /** The one method that a client registered (RFC 7591 §2). */
  readonly registeredMethod: (client: Client) => string
}

/**
 * One way to send a credential. `authenticateClient` finds the one that the request uses. If it serves several registered methods (a
 * `client_assertion`, a bare `client_id`), the client's registration decides among them.
 */
export interface ClientAuthMechanism {
  /** The parameter or header that carries it. */
  readonly sentIn: string
  /** Whether the request has such a credential. Uses only the request. */
  isPresent(request: TokenRequest): boolean
  /**
   * Authenticates the client.
   * @throws Refusal if the credential is not valid
   */
  authenticate(context: ClientAuthContext): Promise<ClientAuthentication>
}
