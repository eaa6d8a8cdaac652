import { randomBytes } from 'node:crypto'
import type { Awaitable } from '../../host/hooks.js'
import type { ReplayStore } from '../../host/replay-store.js'

/** The store under test, and functions that set up situations: each adds checks, those without their function are left out. */
export interface ReplayStoreSubject {
  /** A store with room for 3,000 records, preferably a new one for each call. It may have records: every check uses new keys. */
  makeStore(): Awaitable<ReplayStore>
  /** The store of another process: it shares the records of `store`. For stores that several processes use. */
  makePeer?(store: ReplayStore): Awaitable<ReplayStore>
  /** A store that is full after 1 to 3,000 records. For stores that say `'full'`. */
  makeSmallStore?(): Awaitable<ReplayStore>
  /** A store whose backend is unavailable. For stores that have one. */
  makeUnreachableStore?(): Awaitable<ReplayStore>
  /** Removes all records of a store, as a restart without persistence does. For stores that return `'forgotten'`. */
  loseMemory?(store: ReplayStore): Awaitable<unknown>
  /** False for a store that cannot release a record. Default true. */
  canRelease?: boolean
  /** Seconds within which a call must settle. Default 5. */
  timeout?: number
  /** Seconds after `expiresAt` within which a record must be gone, so that records do not pile up; `Infinity`: not checked. Default 5. */
  goneWithin?: number
}

export type Answer = Awaited<ReturnType<ReplayStore['consume']>>
/** The outcome of a call; `rejected` also for a synchronous throw. */
export type Outcome = Answer | 'rejected' | 'unanswered'

/** Seconds since the epoch. */
export const now = () => Date.now() / 1000
export const sleep = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))
/** A key in the format of the suite: 43 base64url characters. */
export const newKey = () => randomBytes(32).toString('base64url')
export const newKeys = (count: number) => Array.from({ length: count }, newKey)

/** @throws Error `message`, with the value that was seen */
export function demand(holds: boolean, message: string, seen?: unknown): asserts holds {
  if (!holds) throw new Error(seen === undefined ? message : `${message}; it gave ${describeValue(seen)}`)
}
const describeValue = (value: unknown) => (Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value))

export interface ConsumeOptions {
  /** Seconds from now, rounded up to a whole second, as the suite does. Default 60. */
  lives?: number
  issuer?: string
  /** Seconds from now. Default 0. */
  usableFrom?: number
}

/** Calls a store, each call with a timeout in seconds. */
export class Caller {
  constructor(
    readonly store: ReplayStore,
    readonly timeout = 5,
  ) {}

  /** Calls `consume`; a result other than the four of the contract is an error. */
  async consume(key: string, { lives = 60, issuer = 'https://issuer.example', usableFrom = 0 }: ConsumeOptions = {}): Promise<Answer> {
    const answer = await this.outcome(() => this.store.consume(key, Math.ceil(now() + lives), issuer, now() + usableFrom))
    demand(answer !== 'rejected' && answer !== 'unanswered', 'consume must answer', answer)
    demand(
      [true, false, 'full', 'forgotten'].includes(answer),
      "consume must give true, false, 'full' or 'forgotten'",
      JSON.stringify(answer),
    )
    return answer
  }

  async release(key: string): Promise<void> {
    demand(typeof this.store.release === 'function', 'the store has no release: say canRelease: false, or add one')
    const outcome = await this.outcome(() => this.store.release?.(key) as Awaitable<Answer>)
    demand(outcome !== 'rejected' && outcome !== 'unanswered', 'release must resolve', outcome)
  }

  /** The outcome of a call, within the timeout. */
  async outcome(call: () => Awaitable<Answer>): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'unanswered'>((resolve) => {
      timer = setTimeout(resolve, this.timeout * 1000, 'unanswered')
    })
    const answer = (async () => call())().catch((): 'rejected' => 'rejected')
    const outcome = await Promise.race([answer, late])
    clearTimeout(timer)
    return outcome
  }
}

/** Runs with `Date.now` of this process shifted by `seconds`. Timers, and the clocks of other processes, are unaffected. */
export async function withClockStepped<T>(seconds: number, run: () => Promise<T>): Promise<T> {
  const { now } = Date
  Date.now = () => now() + seconds * 1000
  try {
    return await run()
  } finally {
    Date.now = now
  }
}
