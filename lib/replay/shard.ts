import { LRUCache } from 'lru-cache'

/** The number of records of one issuer; all of them refer to one object. */
export interface Share {
  issuer: string
  records: number
}

/** The clock (ms) of a store, and its callback for a record that was removed. */
export interface Keeper {
  now(): number
  dropped(share: Share): void
}

const headroom = 1.5 // capacity for each live record: less means more copying, more means more memory
const smallest = 16
const start = -1 // of every record (ms), so that its ttl determines its expiry; not 0, which lru-cache treats as unset

/**
 * Some of the records of a memory store, in one lru-cache. An lru-cache allocates its capacity when it is made, and its Map stalls when it
 * is rehashed, after many additions or deletions. So a shard is small, and when it is full, its live records move to a new lru-cache of
 * fitting capacity: in this one step a shard grows, shrinks and drops expired records. Nothing is ever evicted.
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

  /** Whether there is a live record with this key. Deletes one that has expired. */
  has(key: string): boolean {
    if (this.#records.has(key)) return true
    if (this.#nextExpiry < this.#keeper.now()) this.#records.delete(key)
    return false
  }

  /** Adds a record that lives until `expiry` (ms). `has(key)` must have returned false before. */
  add(key: string, share: Share, expiry: number): void {
    if (this.#records.size === this.#records.max) this.sweep()
    this.#put(key, share, expiry)
  }

  delete(key: string): void {
    this.#records.delete(key)
  }

  /** Drops expired records, and moves the others to a new lru-cache of fitting capacity. */
  sweep(): void {
    const old = this.#records
    const now = this.#keeper.now()
    if (this.#nextExpiry < now) old.purgeStale()
    this.#records = this.#room(Math.max(smallest, Math.ceil(old.size * headroom)))
    this.#nextExpiry = Number.POSITIVE_INFINITY
    old.rforEach((share, key) => this.#put(key, share, now + old.getRemainingTTL(key)))
  }

  #put(key: string, share: Share, expiry: number) {
    this.#records.set(key, share, { start, ttl: expiry - start, status: undefined }) // with `status`, lru-cache need not copy the object
    this.#nextExpiry = Math.min(this.#nextExpiry, expiry)
  }

  #room(max: number) {
    return new LRUCache<string, Share>({
      max,
      ttl: 1, // enables expiry
      ttlResolution: 0,
      perf: this.#keeper,
      dispose: this.#keeper.dropped,
    })
  }
}
