import { LRUCache } from 'lru-cache'

/** The records of one issuer: its name is held once, however many they are. */
export interface Share {
  issuer: string
  records: number
}

/** The clock (ms) of a store, and what it does when a record goes. */
export interface Keeper {
  now(): number
  dropped(share: Share): void
}

const headroom = 1.5 // times the records that live: less means more copying, more means more memory
const smallest = 16
const start = -1 // every record's, so that its ttl tells its expiry: lru-cache takes 0 for none

/**
 * Some of the records of a memory store, in one lru-cache. An lru-cache sets its room aside when it is made, and its Map stalls when it is rehashed, after many
 * additions or deletions. So a shard is kept small, and when it is full, what lives in it moves to a new lru-cache, made to measure: the one step
 * by which a shard grows, shrinks and gets rid of what has expired. Nothing is ever evicted.
 */
export class Shard {
  readonly #keeper: Keeper
  #records: LRUCache<string, Share>
  #nextExpiry = Number.POSITIVE_INFINITY

  constructor(keeper: Keeper) {
    this.#keeper = keeper
    this.#records = this.#room(smallest)
  }

  /** No record expires before this time (ms). */
  get nextExpiry(): number {
    return this.#nextExpiry
  }

  /** Whether a record of that key lives. One that has expired is gone after this. */
  has(key: string): boolean {
    if (this.#records.has(key)) return true
    if (this.#nextExpiry < this.#keeper.now()) this.#records.delete(key)
    return false
  }

  /** Adds a record that lives until `expiry` (ms). `has` must have said that there is none of that key. */
  add(key: string, share: Share, expiry: number): void {
    if (this.#records.size === this.#records.max) this.sweep()
    this.#put(key, share, expiry)
  }

  delete(key: string): void {
    this.#records.delete(key)
  }

  /** Lets go of what has expired, and moves the rest to where it fits. */
  sweep(): void {
    const old = this.#records
    const now = this.#keeper.now()
    if (this.#nextExpiry < now) old.purgeStale()
    this.#records = this.#room(Math.max(smallest, Math.ceil(old.size * headroom)))
    this.#nextExpiry = Number.POSITIVE_INFINITY
    old.rforEach((share, key) => this.#put(key, share, now + old.getRemainingTTL(key)))
  }

  #put(key: string, share: Share, expiry: number) {
    this.#records.set(key, share, { start, ttl: expiry - start, status: undefined }) // status: lru-cache writes it, and would make a second object for it
    this.#nextExpiry = Math.min(this.#nextExpiry, expiry)
  }

  #room(max: number) {
    return new LRUCache<string, Share>({
      max,
      ttl: 1, // switches expiry on
      ttlResolution: 0,
      perf: this.#keeper,
      dispose: this.#keeper.dropped,
    })
  }
}
