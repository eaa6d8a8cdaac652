/**
 * The frame of every step: only this file sheds load, catches errors and has responses written. It rolls back a request that a step refuses;
 * transaction.ts rolls back one that the host's handler fails.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { types } from 'node:util'
import { type AssertionUse, answerTo, isRefusal, OAuthError, refusal } from '../host/errors.js'
import { evidenceOf } from '../host/evidence.js'
import type { TokenState } from '../host/token-state.js'
import type { Endpoint } from './endpoint.js'
import { renderError, respond } from './response.js'
import { assertOrder } from './step-order.js'
import { type Request, Transaction } from './transaction.js'

/** An Express request handler, by structure: it fits the types of Express 4 and 5. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

type Key = keyof TokenState
/** The state of a request that is for this suite: `request` and `client` are set; the grant may still be left to the host. */
type Owned = { [K in Key]: K extends 'request' | 'client' ? NonNullable<TokenState[K]> : TokenState[K] }

export interface StepDefinition<Needs extends Key, Adds extends Key> {
  name: string
  needs: readonly Needs[]
  adds: Adds
  /** The use of a JWT that this step refuses, which determines the error code. */
  use: AssertionUse
  /** The value to add; `null` if the request, or this part, is left to the host. Throws a `Refusal`. */
  run(state: Pick<Owned, Needs>, transaction: Transaction): TokenState[Adds] | Promise<TokenState[Adds]>
}

/** Makes the Express middleware of one step. `run` can read only what `needs` names. */
export function step<Needs extends Key, Adds extends Key>(definition: StepDefinition<Needs, Adds>, endpoint: Endpoint): Middleware {
  const { name, needs, adds, use, run } = definition

  const handle = async (req: Request, res: ServerResponse, next: (error?: unknown) => void) => {
    const transaction = transactionOf(req, res, endpoint)
    const { state, record } = transaction
    record.step = name
    try {
      assertOrder(definition, transaction, endpoint)
      if (adds === 'request' || adds === 'client') shedLoad(transaction, endpoint)
      const isLeftToHost = needs.length > 0 && state.request === null
      const running = isLeftToHost ? null : transaction.timed(name, () => run(state as Pick<Owned, Needs>, transaction))
      // at once if possible: adapters of AWS Lambda end the stream of a request as soon as somebody waits, and the host could not read it
      const value = types.isPromise(running) ? await running : running
      state[adds] = value as TokenState[Adds]
      show(transaction)
      if (adds !== 'response' || value === null) return next()
      transaction.assertClientIsThere()
      respond(res, 200, value)
      transaction.end({ outcome: 'issued', status: 200 })
    } catch (thrown) {
      if (res.headersSent && res.statusCode < 500) transaction.commit() // what is on its way, ours or the host's, may be a token
      if (transaction.canRollBack) await transaction.rollBack()
      refuse(transaction, thrown, use, next)
    }
  }
  const middleware: Middleware = (req, res, next) => void handle(req, res, next).catch(next) // Express 4 does not look at promises
  return Object.defineProperty(middleware, 'name', { value: name })
}

/** Shows the state to the host: as a new copy after each step, so that what a host assigned to the last one reaches nobody. */
function show({ req, state }: Transaction): void {
  req.tokenState = { ...state }
}

/** The property of a request that holds its transaction, private to this file. (A WeakMap of all requests costs garbage collection.) */
const transactionOfRequest = Symbol('token request')

function transactionOf(req: Request & { [transactionOfRequest]?: Transaction }, res: ServerResponse, endpoint: Endpoint): Transaction {
  let transaction = req[transactionOfRequest]
  if (!transaction) {
    transaction = new Transaction(req, res, endpoint)
    req[transactionOfRequest] = transaction
    show(transaction)
  }
  transaction.addListener(endpoint.onEvent)
  return transaction
}

/**
 * Under overload, refuses a request of ours before anything is looked up or verified for it: before step 1, and again before step 2. With
 * `fallthrough` only before step 2: until then it may be the host's. Later it is finished: most of its work is done.
 * @throws Refusal `overloaded` (503)
 */
function shedLoad({ req, state, record }: Transaction, { fallthrough, load }: Endpoint): void {
  const isOurs = state.request === undefined ? !fallthrough && req.method === 'POST' : state.request !== null
  if (!isOurs) return
  const isServed = record.isCounted ? load.goesOn() : load.admit()
  record.isCounted = true
  if (!isServed)
    throw refusal('overloaded', { seen: 'more requests than this process can answer in time', wanted: 'fewer requests, or more processes' })
}

/** Answers an error (RFC 6749 §5.2) and ends the transaction. */
function refuse(transaction: Transaction, thrown: unknown, use: AssertionUse, next: (error?: unknown) => void): void {
  const { req, res, endpoint } = transaction
  const answer = answerTo(thrown, use)
  const { error, error_description, reason, evidence } = answer
  const isHeaderless = error === 'invalid_client' && answer.status === 401 && req.headers.authorization === undefined
  const status = isHeaderless ? endpoint.invalidClientStatus : answer.status
  const outcome = reason === 'client_gone' ? 'aborted' : status < 500 ? 'refused' : 'failed'
  try {
    if (!res.headersSent) renderError(res, { ...answer, status }, transaction.requestId, endpoint.revealReasons)
    else next(isRefusal(thrown) ? new OAuthError(error, error_description, { status, reason, cause: evidenceOf(evidence).cause }) : thrown) // already answered: left to Express
  } catch (unwritable) {
    res.destroy(unwritable as Error)
  } finally {
    transaction.end({ outcome, status, error, reason, evidence })
  }
}
