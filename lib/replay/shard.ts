import { type CompactKey, distribution } from './compact-key.js'

/** The clock (ms) of a store, and its callback for a record that was removed, given the number of its issuer in `Shares`. */
export interface Keeper {
  now(): number
  dropped(issuer: number): void
}

const smallest = 64 // slots
const headroom = 2 // slots for each live record in a new table
const fullest = 0.75 // of the slots in use: more makes searches longer, less takes more memory
/** The expiry of a slot without a record. A search ends at a slot that is empty; it goes on at one whose record is gone. */
const [empty, gone] = [0, -1]

const placeOf = distribution() // not the one of memory.ts: the keys of one shard are close together there

/**
 * Some of the records of a memory store: a hash table with linear probing, in typed arrays. Nothing is ever evicted: when three quarters of
 * the slots were used, the live records move to a new table of fitting size. In this one step a shard grows, shrinks and drops expired records.
 *
 * Not an lru-cache, which makes several objects of each record: twice the memory, more time while it grows, and pauses of the garbage
 * collector that grow with the records, while nobody needs an order of use where nothing may be evicted (docs/scaling.md).
 */
export class Shard {
  readonly #keeper: Keeper
  #table = emptyTable(smallest)
  /** Slots that are not empty. */
  #used = 0
  #nextExpiry = Number.POSITIVE_INFINITY

  constructor(keeper: Keeper) {
    this.#keeper = keeper
  }

  /** No record expires before this time (ms). */
  get nextExpiry(): number {
    return this.#nextExpiry
  }

  /** Whether there is a live record with this key. */
  has(key: CompactKey): boolean {
    return this.#find(key) !== undefined
  }

  /** Adds a record that lives until `expiry` (ms). `has(key)` must have returned false before. */
  add(key: CompactKey, issuer: number, expiry: number): void {
    if (this.#used >= fullest * this.#table.slots) this.sweep()
    const { expiries, issuers, keys } = this.#table
    let slot = this.#home(key)
    while (this.#isLive(slot)) slot = this.#next(slot)
    if (expiries[slot] === empty) this.#used++
    expiries[slot] = expiry
    issuers[slot] = issuer
    keys[4 * slot] = key.a
    keys[4 * slot + 1] = key.b
    keys[4 * slot + 2] = key.c
    keys[4 * slot + 3] = key.d
    this.#nextExpiry = Math.min(this.#nextExpiry, expiry)
  }

  /** Deletes the live record with this key, if there is one. */
  delete(key: CompactKey): void {
    const slot = this.#find(key)
    if (slot !== undefined) this.#drop(slot)
  }

  /** Drops expired records, and moves the others to a new table of fitting size. */
  sweep(): void {
    const { slots, expiries, issuers, keys } = this.#table
    let live = 0
    for (let slot = 0; slot < slots; slot++) if (this.#isLive(slot)) live++
    this.#table = emptyTable(Math.max(smallest, headroom * live))
    this.#used = 0
    this.#nextExpiry = Number.POSITIVE_INFINITY
    for (let slot = 0; slot < slots; slot++) {
      const expiry = expiries[slot] as number
      if (expiry > empty) this.add(keyAt(keys, slot), issuers[slot] as number, expiry)
    }
  }

  /** The slot of the live record with this key. */
  #find(key: CompactKey): number | undefined {
    for (let slot = this.#home(key); this.#table.expiries[slot] !== empty; slot = this.#next(slot)) {
      if (this.#isLive(slot) && this.#isAt(slot, key)) return slot
    }
    return undefined
  }

  /** The slot at which a search for a key begins. */
  #home(key: CompactKey): number {
    return Math.floor(placeOf(key) * this.#table.slots)
  }

  #next(slot: number): number {
    return slot + 1 === this.#table.slots ? 0 : slot + 1
  }

  #isAt(slot: number, { a, b, c, d }: CompactKey): boolean {
    const { keys } = this.#table
    const at = 4 * slot
    return keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d
  }

  /** Whether a slot has a live record. Drops one that has expired. */
  #isLive(slot: number): boolean {
    const expiry = this.#table.expiries[slot] as number
    if (expiry <= empty) return false
    if (expiry >= this.#keeper.now()) return true
    this.#drop(slot)
    return false
  }

  #drop(slot: number): void {
    this.#table.expiries[slot] = gone
    this.#keeper.dropped(this.#table.issuers[slot] as number)
  }
}

interface Table {
  readonly slots: number
  readonly expiries: Float64Array // ms
  readonly issuers: Uint32Array
  readonly keys: Int32Array // four words each
}

/** A table in one piece of memory, 28 bytes a slot. */
function emptyTable(slots: number): Table {
  const memory = new ArrayBuffer(28 * slots)
  return {
    slots,
    expiries: new Float64Array(memory, 0, slots),
    issuers: new Uint32Array(memory, 8 * slots, slots),
    keys: new Int32Array(memory, 12 * slots, 4 * slots),
  }
}

function keyAt(keys: Int32Array, slot: number): CompactKey {
  const word = (index: number) => keys[4 * slot + index] as number
  return { a: word(0), b: word(1), c: word(2), d: word(3) }
}
