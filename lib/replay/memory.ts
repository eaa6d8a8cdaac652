import { LRUCache } from 'lru-cache'
import { aBoolean, aPositiveInteger, type Check, checkOptionsOf, tableOf } from '../host/checks.js'
import type { ReplayStore } from '../host/replay-store.js'

/** Options of `memoryReplayStore`. */
export interface MemoryReplayStoreOptions {
  /** How many used JWTs are remembered at once: of 322 grants a second that live 300 s and `clockTolerance`. @default 100_000 */
  max?: number
  /** How many of them one issuer may have. If you have only one issuer, set it to `max`. @default Math.ceil(max / 2) */
  maxPerIssuer?: number
  /**
   * Refuses JWTs that could have been used before this store was made. So a restarted process accepts no used JWT again. It also refuses
   * unused JWTs that were signed before the start. JWTs without `iat` are refused for as long as their longest lifetime.
   * @default false
   */
  startupGuard?: boolean
}

const optionChecks = tableOf({
  max: aPositiveInteger,
  maxPerIssuer: aPositiveInteger,
  startupGuard: aBoolean,
} satisfies Record<keyof MemoryReplayStoreOptions, Check>)

/** How many used JWTs of one issuer are remembered. */
type Share = { readonly issuer: string; records: number }

const looksPerCall = 2 // one more than a call adds: expired records become fewer, not more
const looksPerSearch = 250 // a tenth of a millisecond
const searchInterval = 2 // ms: a store that stays full spends at most a twentieth of its time on searching

/**
 * A `ReplayStore` for one process: an LRU cache (lru-cache) of used JWTs that never evicts a live record. A full store returns `'full'`.
 * Records live until `expiresAt` by the wall clock. The clock never runs backwards here: a JWT that was seen as expired stays refused.
 *
 * Each call drops the oldest records that have expired. If the store or the share of an issuer is full, a call also looks at 250 older
 * records, at most every 2 ms. So a full store of 100,000 records finds every expired one within a second of calls.
 *
 * @throws ConfigurationError if an option does not exist or is wrong
 */
export function memoryReplayStore(options: MemoryReplayStoreOptions = {}): ReplayStore {
  checkOptionsOf('memoryReplayStore', optionChecks, options)
  const { max = 100_000, maxPerIssuer = Math.ceil(max / 2), startupGuard = false } = options
  const remembersSince = startupGuard ? Date.now() / 1000 : Number.NEGATIVE_INFINITY
  const shares = new Map<string, Share>()
  let time = 0
  let lastSearch = Number.NEGATIVE_INFINITY
  const used = new LRUCache<string, Share>({
    maxSize: max, // not `max`, which would set all its memory aside at once; never reached, so nothing is evicted
    sizeCalculation: () => 1,
    ttl: 1, // each record has its own
    ttlResolution: 0,
    perf: { now: () => time },
    allowStale: true, // to find expired records by their place
    dispose: (share) => {
      if (--share.records === 0) shares.delete(share.issuer)
    },
  })

  const isFull = (issuer: string) => used.size >= max || (shares.get(issuer)?.records ?? 0) >= maxPerIssuer
  /** Looks at the oldest record, and drops it if it has expired. @returns the key of a live one */
  const lookAtOldest = (): string | undefined => {
    const [key] = used.rkeys()
    if (key === undefined || used.has(key)) return key
    used.delete(key)
    return undefined
  }
  /** Looks past live records: each becomes the newest, so that the next look meets another. */
  const search = () => {
    if (time - lastSearch < searchInterval) return
    lastSearch = time
    for (let looks = Math.min(looksPerSearch, used.size); looks > 0; looks--) {
      const live = lookAtOldest()
      if (live !== undefined) used.get(live)
    }
  }

  return {
    consume(key, expiresAt, issuer, usableFrom) {
      if (usableFrom < remembersSince) return 'forgotten'
      time = Math.max(time, Date.now())
      const expiry = Math.ceil(expiresAt * 1000)
      if (!(expiry > time) || used.has(key)) return false
      used.delete(key) // an expired record
      for (let looks = 0; looks < looksPerCall && lookAtOldest() === undefined; ) looks++
      if (isFull(issuer)) search()
      if (isFull(issuer)) return 'full'
      const share = shares.get(issuer) ?? { issuer: copyOf(issuer), records: 0 }
      used.set(copyOf(key), share, { ttl: expiry - time })
      share.records++
      shares.set(share.issuer, share)
      return true
    },
    release(key) {
      used.delete(key)
    },
  }
}

/** A string of its own: a slice would keep the whole text that it was cut out of in memory, such as a request body. */
const copyOf = (text: string) => Buffer.from(text).toString()
