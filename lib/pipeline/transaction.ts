import type { IncomingMessage, ServerResponse } from 'node:http'
import { types } from 'node:util'
import type { ProvenGrant } from '../host/assertion.js'
import { type RefusalReason, refusal } from '../host/errors.js'
import type { Awaitable, Hooks } from '../host/hooks.js'
import type { TokenState } from '../host/token-state.js'
import type { ReplayMarker } from '../rules/one-time-use.js'
import { callHook } from './call-hook.js'
import { buildEvent, deliverEvent, type Ending, type EventRecord } from './emit-event.js'
import type { Endpoint } from './endpoint.js'
import { requestIdOf } from './request-id.js'
import { refusalOfStore } from './store-answer.js'

const responseBegun = { seen: 'a response that was begun before the steps were done', wanted: 'steps that answer before your handler' }

/** The parts of Express's request that a step may use; `body` is whatever the host's parser left there. */
export type Request = IncomingMessage & { body?: unknown; secure?: boolean; tokenState?: Partial<TokenState> }

/**
 * The state of one token request across the steps: the only mutable state of a request. Private to the suite: `req.tokenState` is a copy.
 *
 * Roll-back rule: a marker that was rolled back implies that no token was delivered. A client assertion is spent at the end of step 2, a grant
 * at the end of step 3. `step` rolls both back if a later step refuses, even if the client has gone and the event was sent. A complete 5xx
 * response of the host's own handler does so too (`#closed`), unless the transaction has ended. `commit` prevents any roll-back once headers
 * went out with a status below 500.
 *
 * `endpoint` is that of the first step that ran: `replayStore`, with the timeout of its calls, and `invalidClientStatus` come from it.
 * Steps that disagree on what matters are refused (`shared` in step.ts).
 */
export class Transaction {
  readonly state: { -readonly [K in keyof TokenState]?: TokenState[K] } = {}
  readonly record: EventRecord = { step: '', isCounted: false, claimed: {}, notices: [], timings: {}, startedAt: performance.now() }
  /** The proof of the request's grant, made once. */
  proof: { readonly endpoint: Endpoint; readonly grant: Promise<ProvenGrant> } | undefined
  /** Whether the grant, if it is valid, authenticates a client; `undefined` until its issuer was found. */
  mayBeImplicit: boolean | undefined
  #spent: string[] = []
  #mayRollBack = true
  readonly #listeners: NonNullable<Endpoint['onEvent']>[] = []
  #ended = false
  #isWatched = false
  #requestId: string | undefined

  constructor(
    readonly req: Request,
    readonly res: ServerResponse,
    readonly endpoint: Endpoint,
  ) {}

  /** Only asked for if it is shown: in an event or a refusal. */
  get requestId(): string {
    this.#requestId ??= requestIdOf(this.req, this.res)
    return this.#requestId
  }

  /** Steps mounted separately may have different listeners; each is called once. */
  addListener(listener: Endpoint['onEvent']): void {
    if (!listener || this.#listeners.includes(listener)) return
    this.#listeners.push(listener)
    this.#watch()
  }

  /** Watches for `close` of the response, which costs time: only called if a listener or a marker depends on it. */
  #watch(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    this.res.on('close', () => this.#closed())
  }

  /** Runs `work` and adds its duration in milliseconds to the timings of the event, also if it fails. Without a listener, only runs it. */
  timed<R>(name: string, work: () => R): R {
    if (this.#listeners.length === 0) return work()
    const { timings } = this.record
    const startedAt = performance.now()
    const note = () => {
      timings[name] = (timings[name] ?? 0) + performance.now() - startedAt
    }
    let result: R | undefined
    try {
      result = work()
      return types.isPromise(result) ? (result.finally(note) as R) : result
    } finally {
      if (!types.isPromise(result)) note()
    }
  }

  /** @throws Refusal `client_gone` if the client has disconnected: then nothing may be consumed or issued */
  assertClientIsThere(): void {
    const socket = this.res.socket ?? this.req.socket // a pipelined response has no socket yet
    if (this.res.destroyed || socket?.destroyed)
      throw refusal('client_gone', { seen: 'a closed connection', wanted: 'a client that waits for the answer' })
  }

  /**
   * Calls a hook of the host with a timeout of `budget` seconds, and records its duration.
   * @throws Refusal as {@link callHook} does
   */
  call<T>(name: keyof Hooks | 'consume', budget: number, hook: () => Awaitable<T>, failure?: RefusalReason): Promise<T> {
    return this.timed(name, () => callHook(name, budget, hook, failure, failure))
  }

  /**
   * Consumes the marker of a one-time JWT: the last check of step 2 for a client assertion, of step 3 for a grant.
   * @throws Refusal `jti_replayed`, `not_provably_fresh`; `replay_store_full`, `replay_store_error` (503)
   */
  async spend(marker: ReplayMarker): Promise<void> {
    const { key, expiresAt, issuer, usableFrom } = marker
    const { replayStore, hookTimeout } = this.endpoint
    this.assertClientIsThere()
    if (this.res.headersSent) throw refusal('misconfigured', responseBegun) // no token could follow
    this.#watch()
    const consume = () => replayStore.consume(key, expiresAt, issuer, usableFrom)
    const fresh = await this.call('consume', hookTimeout, consume, 'replay_store_error')
    const refused = refusalOfStore(fresh, marker)
    if (refused) throw refused
    this.#spent.push(key)
  }

  /** Whether there are markers to roll back if the request fails. */
  get canRollBack(): boolean {
    return this.#mayRollBack && this.#spent.length > 0
  }

  /** From now on nothing is rolled back: a token may have been delivered. */
  commit(): void {
    this.#mayRollBack = false
  }

  /** Gives the markers of this request back to the store, because no token was delivered for them. Never rejects: a failure is a notice. */
  async rollBack(): Promise<void> {
    const { replayStore, hookTimeout } = this.endpoint
    const spent = this.#spent
    this.#spent = []
    for (const key of spent) {
      try {
        if (!replayStore.release) throw new TypeError('the store has no release')
        await callHook('release', hookTimeout, () => replayStore.release?.(key))
      } catch {
        this.record.notices.push('release_failed')
      }
    }
  }

  /** The response is closed. If the host's handler answered 5xx, the JWTs of the request may be sent again. */
  #closed(): void {
    if (this.#ended) return
    const { writableEnded, statusCode } = this.res
    const end = () => this.end({ outcome: writableEnded ? 'handed_on' : 'aborted', status: statusCode })
    if (writableEnded && statusCode >= 500 && this.canRollBack) this.rollBack().then(end)
    else end()
  }

  /** Emits the event, once; none for a request that was left to the host from the start, unless it carries a secret or we answered it. */
  end(how: Ending): void {
    if (this.#ended || (this.state.request === null && !how.reason && !this.record.claimed.client_auth_method)) return
    this.#ended = true
    if (this.#listeners.length === 0) return
    try {
      const event = buildEvent(this.state, this.record, this.#spent, this.requestId, how)
      for (const listener of this.#listeners) deliverEvent(listener, event, this.req)
    } catch {
      // reading an object of the host may throw; the response does not depend on it
    }
  }
}
