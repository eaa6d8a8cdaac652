import type { IncomingMessage, ServerResponse } from 'node:http'
import { after } from './after.js'
import { AssertionError, type AssertionUse, assertionRefusal, type RefusalReason, refusal } from './errors.js'
import { buildEvent, deliverEvent, type Notes, type TokenEndpointEvent } from './events.js'
import { type Awaitable, callHook, type Hooks } from './hooks.js'
import type { Proof } from './prove-grant.js'
import type { TrustedIssuer } from './registration.js'
import type { Settings } from './settings.js'
import type { TokenState } from './state.js'
import { timed } from './timed.js'

/** What a step may use of Express's request: `body` is whatever a host's parser left there. */
export type Request = IncomingMessage & { body?: unknown; secure?: boolean; tokenState?: Partial<TokenState> }

/** A marker of a one-time JWT: the arguments of `ReplayStore.consume`. */
export interface ReplayMarker {
  readonly key: string
  readonly expiresAt: number
  readonly issuer: string
  readonly usableFrom: number
  readonly use: AssertionUse
}

/** One token request on its way through the steps: the only mutable thing there is. Private to the suite. */
export class Exchange {
  readonly state: { -readonly [K in keyof TokenState]?: TokenState[K] } = {}
  readonly notes: Notes = { step: '', claimed: {}, notices: [], timings: {}, startedAt: performance.now() }
  /** The proof of the request's grant, made once. */
  proof: Proof | undefined
  /** The issuer that the grant names, as soon as it was found. */
  grantIssuer: TrustedIssuer | undefined
  #spent: string[] = []
  #mayRelease = true
  readonly #listeners: NonNullable<Settings['hooks']['onEvent']>[] = []
  #ended = false
  #isWatched = false

  constructor(
    readonly req: Request,
    readonly res: ServerResponse,
    readonly settings: Settings,
  ) {}

  /** Steps that are mounted apart may bring listeners of their own: each hears the event once. */
  addListener(listener: Settings['hooks']['onEvent']): void {
    if (!listener || this.#listeners.includes(listener)) return
    this.#listeners.push(listener)
    this.#watch()
  }

  /** Waits for the end of the connection's work on this request; not where neither a listener nor a marker depends on it. */
  #watch(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    this.res.on('close', () => this.#closed())
  }

  /** Where to note how long things took; `undefined` if nobody listens. */
  get timings(): Record<string, number> | undefined {
    return this.#listeners.length === 0 ? undefined : this.notes.timings
  }

  /** @throws OAuthError `client_gone` if nobody is there to take an answer: then nothing may be used up and nothing issued */
  assertClientIsThere(): void {
    const socket = this.res.socket ?? this.req.socket // a response that waits behind another one has none yet
    if (this.res.destroyed || socket?.destroyed) throw refusal('client_gone')
  }

  /**
   * Calls a hook of the host within its time budget (seconds), and notes how long it took.
   * @throws OAuthError as {@link callHook} does
   */
  call<T>(name: keyof Hooks | 'consume', budget: number, hook: () => Awaitable<T>, failure?: RefusalReason): T | Promise<T> {
    return timed(this.timings, name, () => callHook(budget, hook, failure, failure))
  }

  /**
   * Uses up a one-time JWT: the last check of a request.
   * @throws OAuthError `jti_replayed`, `not_provably_fresh`; `replay_store_full`, `replay_store_error` (503)
   */
  spend({ key, expiresAt, issuer, usableFrom, use }: ReplayMarker): void | Promise<void> {
    const { replayStore, hookTimeout } = this.settings
    this.assertClientIsThere()
    if (this.res.headersSent) throw refusal('misconfigured', new Error('the response was begun before the steps were done')) // no token could follow
    this.#watch()
    const consume = () => replayStore.consume(key, expiresAt, issuer, usableFrom)
    return after(this.call('consume', hookTimeout, consume, 'replay_store_error'), (fresh) => {
      if (fresh === true) this.#spent.push(key)
      else if (fresh === false) throw assertionRefusal(use, new AssertionError('jti_replayed'))
      else if (fresh === 'forgotten') throw assertionRefusal(use, new AssertionError('not_provably_fresh'))
      else throw refusal(fresh === 'full' ? 'replay_store_full' : 'replay_store_error')
    })
  }

  /** Whether markers are to be given back if the request fails. */
  get hasSpent(): boolean {
    return this.#mayRelease && this.#spent.length > 0
  }

  /** From here on nothing is given back: a token may have been delivered. */
  keepSpent(): void {
    this.#mayRelease = false
  }

  /** Gives the markers of this request back, because no token was delivered for them. */
  async release(): Promise<void> {
    const { replayStore, hookTimeout } = this.settings
    const spent = this.#spent
    this.#spent = []
    for (const key of spent) {
      try {
        if (!replayStore.release) throw new TypeError('the store has no release')
        await callHook(hookTimeout, () => replayStore.release?.(key))
      } catch {
        this.notes.notices.push('release_failed')
      }
    }
  }

  /** The connection is done with this request. If the host's handler failed, the client assertion that it came with may be sent again. */
  #closed(): void {
    if (this.#ended) return
    const { writableEnded, statusCode } = this.res
    const end = () => this.end({ outcome: writableEnded ? 'handed_on' : 'aborted', status: statusCode })
    if (writableEnded && statusCode >= 500 && this.hasSpent) this.release().then(end)
    else end()
  }

  /** Emits the event, once; none for a request that was the host's from the start, unless the suite had to answer it. */
  end(how: Pick<TokenEndpointEvent, 'outcome' | 'status' | 'error' | 'reason' | 'cause'>): void {
    if (this.#ended || (this.state.request === null && !how.reason)) return
    this.#ended = true
    if (this.#listeners.length === 0) return
    try {
      const event = buildEvent(this.state, this.notes, this.#spent, how)
      for (const listener of this.#listeners) deliverEvent(listener, event, this.req)
    } catch {
      // objects of the host may throw when they are read; the answer stands
    }
  }
}
