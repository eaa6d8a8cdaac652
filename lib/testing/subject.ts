import { randomBytes } from 'node:crypto'
import type { Awaitable } from '../hooks.js'
import type { ReplayStore } from '../replay/store.js'

/** The store under test, and what the host can do to it. What is not given is not checked: each function adds checks. */
export interface ReplayStoreSubject {
  /** A store with room for 3,000 records, best a new one for each call. It may hold records already: every check brings keys of its own. */
  makeStore(): Awaitable<ReplayStore>
  /** The store of another process: it shares the records of `store`. For stores that several processes use. */
  makePeer?(store: ReplayStore): Awaitable<ReplayStore>
  /** A store that is full after 1 to 3,000 records. For stores that say `'full'`. */
  makeSmallStore?(): Awaitable<ReplayStore>
  /** A store whose backend is away. For stores that have one. */
  makeUnreachableStore?(): Awaitable<ReplayStore>
  /** Takes all records away from a store, as a restart without persistence does. For stores that answer `'forgotten'`. */
  loseMemory?(store: ReplayStore): Awaitable<unknown>
  /** False for a store that cannot give a record back. Default true. */
  canRelease?: boolean
  /** Seconds within which an answer must come. Default 5. */
  timeout?: number
  /** Seconds after `expiresAt` within which a record must be gone, so that records do not pile up; `Infinity` to leave that open. Default 5. */
  goneWithin?: number
}

export type Answer = Awaited<ReturnType<ReplayStore['consume']>>
/** What a call came to; `rejected` for a throw, too. */
export type Outcome = Answer | 'rejected' | 'unanswered'

/** Seconds since the epoch. */
export const now = () => Date.now() / 1000
export const sleep = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))
/** A key as the suite makes them: 43 base64url characters. */
export const newKey = () => randomBytes(32).toString('base64url')
export const newKeys = (count: number) => Array.from({ length: count }, newKey)

/** @throws Error `message`, with what was seen */
export function demand(holds: boolean, message: string, seen?: unknown): asserts holds {
  if (!holds) throw new Error(seen === undefined ? message : `${message}; it gave ${describeValue(seen)}`)
}
const describeValue = (value: unknown) => (Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value))

export interface ConsumeOptions {
  /** Seconds from now, up to the next whole second, as the suite has it. Default 60. */
  lives?: number
  issuer?: string
  /** Seconds from now. Default 0. */
  usableFrom?: number
}

/** Calls to a store, each bound in time. */
export class Caller {
  constructor(
    readonly store: ReplayStore,
    readonly timeout = 5,
  ) {}

  /** Asks the store; anything but the four answers of the contract is an error. */
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

  /** What a call came to, within the time. */
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

/** Runs with the clock of this process stepped by some seconds. The timers of the process, and the clocks of others, go on. */
export async function withClockStepped<T>(seconds: number, run: () => Promise<T>): Promise<T> {
  const { now } = Date
  Date.now = () => now() + seconds * 1000
  try {
    return await run()
  } finally {
    Date.now = now
  }
}
