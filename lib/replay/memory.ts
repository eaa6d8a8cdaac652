import { ConfigurationError } from '../errors.js'
import { compactKey } from './compact-key.js'
import { Shard, type Share } from './shard.js'
import type { ReplayStore } from './store.js'

/** Options of `memoryReplayStore`. */
export interface MemoryReplayStoreOptions {
  /** How many used JWTs are remembered at once. Default 100,000: 333 grants per second that live 300 s. */
  max?: number
  /** How many of them one issuer may have. Default: half of `max`. */
  maxPerIssuer?: number
  /**
   * Refuses JWTs that could have been used before this store was made, so that a restarted process accepts no used one again. Default
   * false, since it also refuses unused JWTs signed before the start, and those without `iat` for as long as their longest lifetime.
   */
  startupGuard?: boolean
}

const recordsPerShard = 2048 // in a full store; sweeping a shard takes about a millisecond
const mostShards = 2 ** 14 // for 33 million records; with more, shards are larger
const sweepInterval = 10 // ms: a store that stays full spends about a tenth of its time on sweeping

/**
 * A `ReplayStore` for one process, on lru-cache. A live record is never evicted: a full store returns `'full'`. Records live until
 * `expiresAt` by the wall clock, which never runs backwards here: a JWT that was once seen as expired stays refused.
 *
 * The records are distributed over many small lru-caches, the shards, so that no call purges or copies more than two of them, whatever the
 * number of records. At most every 10 ms a full store looks for a shard with expired records and sweeps it: so it has room at once, and an
 * issuer with a full quota has room at the latest when all shards were swept, which is half a second for 100,000 records.
 *
 * @throws ConfigurationError if a limit is not a positive integer
 */
export function memoryReplayStore(options: MemoryReplayStoreOptions = {}): ReplayStore {
  const { max = 100_000, maxPerIssuer = Math.ceil(max / 2), startupGuard = false, ...unknown } = options
  for (const name of Object.keys(unknown))
    throw new ConfigurationError(`memoryReplayStore: ${name} does not exist. Its options are max, maxPerIssuer, startupGuard.`)
  for (const [name, value] of Object.entries({ max, maxPerIssuer })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new ConfigurationError(`memoryReplayStore: ${name} is a positive integer.`)
  }
  if (typeof startupGuard !== 'boolean') throw new ConfigurationError('memoryReplayStore: startupGuard is true or false.')
  const remembersSince = startupGuard ? Date.now() / 1000 : Number.NEGATIVE_INFINITY
  let time = 0
  let size = 0
  const shares = new Map<string, Share>()
  const isFull = (share?: Share) => size >= max || (share !== undefined && share.records >= maxPerIssuer)
  const keeper = {
    now: () => time,
    dropped(share: Share) {
      size--
      if (--share.records === 0) shares.delete(share.issuer)
    },
  }

  const shards = new Array<Shard | undefined>(Math.min(Math.ceil(max / recordsPerShard), mostShards)).fill(undefined)
  /** Shards differ in size by up to a factor of two: equal ones would all grow at the same time. */
  const shardAt = (place: number) => {
    const index = Math.floor(Math.log2(1 + place) * shards.length)
    const shard = shards[index] ?? new Shard(keeper)
    shards[index] = shard
    return shard
  }

  let lastLook = Number.NEGATIVE_INFINITY
  let lastSwept = 0
  const makeRoom = () => {
    if (time - lastLook < sweepInterval) return
    lastLook = time
    for (let i = 1; i <= shards.length; i++) {
      const index = (lastSwept + i) % shards.length
      const shard = shards[index]
      if (shard === undefined || shard.nextExpiry >= time) continue
      shard.sweep()
      lastSwept = index
      return
    }
  }

  return {
    consume(text, expiresAt, issuer, usableFrom) {
      if (usableFrom < remembersSince) return 'forgotten'
      time = Math.max(time, Date.now())
      const expiry = Math.ceil(expiresAt * 1000)
      if (!(expiry > time)) return false
      const { key, place } = compactKey(text)
      const shard = shardAt(place)
      if (shard.has(key)) return false
      if (isFull(shares.get(issuer))) makeRoom()
      let share = shares.get(issuer)
      if (isFull(share)) return 'full'
      if (share === undefined) {
        share = { issuer, records: 0 }
        shares.set(issuer, share)
      }
      share.records++
      size++
      shard.add(key, share, expiry)
      return true
    },
    release(text) {
      const { key, place } = compactKey(text)
      shardAt(place).delete(key)
    },
  }
}
