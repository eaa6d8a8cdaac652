/**
 * The frame of every step of the token endpoint. Only this file checks the order of the steps, catches their errors and writes their
 * responses. It releases the markers of a request that a step refuses (of one that the host's handler fails, exchange.ts does).
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AssertionUse,
  assertionRefusal,
  ConfigurationError,
  isConstantRefusal,
  OAuthError,
  ownOAuthError,
  refusal,
} from '../host/errors.js'
import type { TokenState } from '../host/token-state.js'
import type { Endpoint } from './endpoint.js'
import { renderError, respond } from './response.js'
import { Exchange, type Request } from './transaction.js'

/** An Express request handler, by structure: it fits the types of Express 4 and 5. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

type Key = keyof TokenState
/** The state of a request that is for this suite: `request` and `client` are set; the grant may still be left to the host. */
type Owned = { [K in Key]: K extends 'request' | 'client' ? NonNullable<TokenState[K]> : TokenState[K] }

export interface StepDefinition<Needs extends Key, Adds extends Key> {
  name: string
  needs: readonly Needs[]
  adds: Adds
  /** The use of a JWT that this step refuses, which determines the error code. Default `grant`. */
  assertion?: AssertionUse
  /** The value to add; `null` if the request, or this part, is left to the host. Throws `OAuthError` or `AssertionError` to refuse. */
  run(state: Pick<Owned, Needs>, exchange: Exchange): TokenState[Adds] | Promise<TokenState[Adds]>
}

/** The step that adds each member of the state, in the order of the flow. */
const order: Record<Key, string> = {
  request: 'parseTokenRequest',
  client: 'authenticateClient',
  grant: 'verifyJwtGrant',
  response: 'issueToken',
}
const flow = `The order is ${Object.values(order).join(', ')}.`

/** The property of a request that holds its exchange, private to this file. (A WeakMap of all requests costs garbage collection.) */
const exchangeOfRequest = Symbol('token exchange')

/** Makes the Express middleware of one step. `run` can read only what `needs` names. */
export function step<Needs extends Key, Adds extends Key>(definition: StepDefinition<Needs, Adds>, endpoint: Endpoint): Middleware {
  const { name, needs, adds, assertion = 'grant', run } = definition

  const handle = async (req: Request, res: ServerResponse, next: (error?: unknown) => void) => {
    const exchange = exchangeOf(req, res, endpoint)
    const { state, record } = exchange
    record.step = name
    try {
      assertOrder(definition, exchange, endpoint)
      const isLeftToHost = needs.length > 0 && state.request === null
      const value = isLeftToHost ? null : await exchange.timed(name, () => run(state as Pick<Owned, Needs>, exchange))
      state[adds] = value as TokenState[Adds]
      show(exchange)
      if (adds === 'response' && value !== null) {
        exchange.assertClientIsThere()
        respond(res, 200, value)
        exchange.end({ outcome: 'issued', status: 200 })
      } else next()
    } catch (thrown) {
      if (res.headersSent && res.statusCode < 500) exchange.keepSpent() // what is on its way, ours or the host's, may be a token
      if (exchange.hasSpent) await exchange.release()
      refuse(exchange, assertionRefusal(assertion, thrown), next)
    }
  }
  const middleware: Middleware = (req, res, next) => void handle(req, res, next).catch(next) // Express 4 does not look at promises
  return Object.defineProperty(middleware, 'name', { value: name })
}

/** Shows the state to the host: as a new copy after each step, so that what a host assigned to the last one reaches nobody. */
function show({ req, state }: Exchange): void {
  req.tokenState = { ...state }
}

/** The exchange of a request. */
function exchangeOf(req: Request & { [exchangeOfRequest]?: Exchange }, res: ServerResponse, endpoint: Endpoint): Exchange {
  let exchange = req[exchangeOfRequest]
  if (!exchange) {
    exchange = new Exchange(req, res, endpoint)
    req[exchangeOfRequest] = exchange
    show(exchange)
  }
  exchange.addListener(endpoint.hooks.onEvent)
  return exchange
}

/** What the steps of one endpoint must agree on. */
const shared = ['issuer', 'replayStore', 'clockTolerance', 'grantTypes', 'publicClients'] as const
const isSame = (one: unknown, other: unknown, option: string) =>
  one === other || (option !== 'replayStore' && JSON.stringify(one) === JSON.stringify(other))

function assertOrder<Needs extends Key, Adds extends Key>(
  { name, needs, adds }: StepDefinition<Needs, Adds>,
  { state, endpoint: first }: Exchange,
  endpoint: Endpoint,
): void {
  const missing = needs.find((key) => !(key in state))
  if (missing)
    throw new ConfigurationError(
      `${name} needs req.tokenState.${missing}: mount ${order[missing]}(options) before ${name}(options). ${flow}`,
    )
  if (adds in state) throw new ConfigurationError(`${name} ran twice on one request: mount it once on this route. ${flow}`)
  if (first !== endpoint && !shared.every((option) => isSame(first[option], endpoint[option], option))) {
    throw new ConfigurationError(
      `${name} has another ${shared.join(' or ')} than the steps before it: give the same options object to each step.`,
    )
  }
}

/** Renders an error (RFC 6749 §5.2) and ends the exchange. */
function refuse(exchange: Exchange, thrown: unknown, next: (error?: unknown) => void): void {
  const { req, res, endpoint } = exchange
  const error = asOAuthError(thrown)
  const usedHeader = req.headers.authorization !== undefined
  const status = error.error === 'invalid_client' && error.status === 401 && !usedHeader ? endpoint.invalidClientStatus : error.status
  const outcome = error.reason === 'client_gone' ? 'aborted' : status < 500 ? 'refused' : 'failed'
  const how = { outcome, status, error: error.error, reason: error.reason, cause: error.cause } as const
  try {
    if (res.headersSent)
      next(isConstantRefusal(thrown) ? ownOAuthError(thrown) : thrown) // already answered: left to Express
    else renderError(res, error, status)
  } catch (unwritable) {
    res.destroy(unwritable as Error)
  } finally {
    exchange.end(how)
  }
}

/** The error to send for anything that was thrown. */
function asOAuthError(thrown: unknown): OAuthError {
  if (isConstantRefusal(thrown)) return thrown
  try {
    if (thrown instanceof ConfigurationError)
      return new OAuthError('server_error', thrown.message, { reason: 'misconfigured', cause: thrown })
    if (!(thrown instanceof OAuthError)) return refusal('hook_error', thrown)
    return ownOAuthError(thrown)
  } catch (odd) {
    return refusal('hook_error', odd)
  }
}
