import { LRUCache } from 'lru-cache'
import { ConfigurationError } from '../errors.js'
import type { ReplayStore } from './store.js'

export interface MemoryReplayStoreOptions {
  /** How many used JWTs are remembered at once. Default 100,000: 333 grants a second that live 300 s. */
  max?: number
  /** How many of them one issuer may fill. Default: half of `max`. */
  maxPerIssuer?: number
  /**
   * Refuses what could have been used before this store was made: a restarted process honours no used JWT again. Default false, since it also
   * refuses JWTs that were signed before the start and never used, and for their longest lifetime those without `iat`.
   */
  startupGuard?: boolean
}

const purgeInterval = 1000 // ms: how often a full store may look for expired records

/**
 * A `ReplayStore` for one process, on lru-cache. A live record is never evicted: a full store says `'full'`. Records live until
 * `expiresAt` by the wall clock, and the clock never runs backwards here: what was once seen as expired stays refused.
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
  let latest = 0
  const now = () => {
    latest = Math.max(latest, Date.now())
    return latest
  }
  const perIssuer = new Map<string, number>()
  const count = (issuer: string, change: 1 | -1) => {
    const next = (perIssuer.get(issuer) ?? 0) + change
    if (next > 0) perIssuer.set(issuer, next)
    else perIssuer.delete(issuer)
  }
  const used = new LRUCache<string, string>({
    max,
    ttl: 1, // switches expiry on; every record brings its own
    ttlResolution: 0,
    perf: { now },
    dispose: (issuer) => count(issuer, -1),
  })
  let lastPurge = Number.NEGATIVE_INFINITY
  const makeRoom = (time: number) => {
    if (time - lastPurge < purgeInterval) return
    lastPurge = time
    used.purgeStale()
  }

  return {
    consume(key, expiresAt, issuer, usableFrom) {
      if (usableFrom < remembersSince) return 'forgotten'
      const time = now()
      const ttl = expiresAt * 1000 - time
      if (ttl <= 0 || used.has(key)) return false
      used.delete(key) // an expired record of the same key still counts until it is gone
      if (used.size >= max || (perIssuer.get(issuer) ?? 0) >= maxPerIssuer) makeRoom(time)
      if (used.size >= max || (perIssuer.get(issuer) ?? 0) >= maxPerIssuer) return 'full'
      used.set(key, issuer, { ttl: Math.ceil(ttl) })
      count(issuer, 1)
      return true
    },
    release(key) {
      used.delete(key)
    },
  }
}
