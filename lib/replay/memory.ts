import { ConfigurationError } from '../errors.js'
import { type CompactKey, compactKey, distribution } from './compact-key.js'
import { Shard } from './shard.js'
import { Shares } from './shares.js'
import type { ReplayStore } from './store.js'
import { checkStoreOptions } from './store-options.js'

/** Options of `memoryReplayStore`. */
export interface MemoryReplayStoreOptions {
  /** How many used JWTs are remembered at once. Default 100,000: 322 grants a second that live 300 s and `clockTolerance`. */
  max?: number
  /** How many of them one issuer may have. Default: half of `max`; where there is but one issuer, set it to `max`. */
  maxPerIssuer?: number
  /**
   * Refuses JWTs that could have been used before this store was made, so that a restarted process accepts no used one again. Default
   * false, since it also refuses unused JWTs signed before the start, and those without `iat` for as long as their longest lifetime.
   */
  startupGuard?: boolean
}

const recordsPerShard = 2048 // in a full store; sweeping a shard takes 0.2 ms
const mostShards = 2 ** 14 // for 33 million records; with more, shards are larger
const sweepInterval = 2 // ms: a store that stays full spends at most a tenth of its time on sweeping

const placeOf = distribution() // decides on the shard

/**
 * A `ReplayStore` for one process. A live record is never evicted: a full store returns `'full'`. Records live until `expiresAt` by the wall
 * clock, which never runs backwards here: a JWT that was once seen as expired stays refused.
 *
 * The records are distributed over many small tables, the shards, so that no call sweeps more than two of them, whatever the number of records.
 * At most every 2 ms a full store looks for a shard with expired records and sweeps it: so it has room at once, and an issuer with a full
 * quota has room at the latest when all shards were swept, which is a tenth of a second for 100,000 records.
 *
 * @throws ConfigurationError if an option does not exist, a limit is not a positive integer, or a switch not boolean
 */
export function memoryReplayStore(options: MemoryReplayStoreOptions = {}): ReplayStore {
  checkStoreOptions('memoryReplayStore', options, ['max', 'maxPerIssuer', 'startupGuard'], ['startupGuard'])
  const { max = 100_000, maxPerIssuer = Math.ceil(max / 2), startupGuard = false } = options
  for (const [name, value] of Object.entries({ max, maxPerIssuer })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new ConfigurationError(`memoryReplayStore: ${name} is a positive integer.`)
  }
  const remembersSince = startupGuard ? Date.now() / 1000 : Number.NEGATIVE_INFINITY
  let time = 0
  const shares = new Shares()
  const isFull = (issuer: string) => shares.total >= max || shares.of(issuer) >= maxPerIssuer
  const keeper = {
    now: () => time,
    dropped: (issuer: number) => shares.drop(issuer),
  }

  const shards = new Array<Shard | undefined>(Math.min(Math.ceil(max / recordsPerShard), mostShards)).fill(undefined)
  const shardOf = (key: CompactKey) => {
    const index = Math.floor(placeOf(key) * shards.length)
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
      const key = compactKey(text)
      const shard = shardOf(key)
      if (shard.has(key)) return false
      if (isFull(issuer)) makeRoom()
      if (isFull(issuer)) return 'full'
      const share = shares.add(issuer)
      try {
        shard.add(key, share, expiry)
      } catch (error) {
        shares.drop(share) // there is no memory for a larger table
        throw error
      }
      return true
    },
    release(text) {
      const key = compactKey(text)
      shardOf(key).delete(key)
    },
  }
}
