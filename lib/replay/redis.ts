import { randomBytes } from 'node:crypto'
import { ConfigurationError } from '../errors.js'
import { consumeScript, releaseScript } from './redis-scripts.js'
import type { ReplayStore } from './store.js'
import { checkStoreOptions } from './store-options.js'

export type { ReplayStore } from './store.js'

/** ioredis and iovalkey, single or cluster. */
export interface CallingRedisClient {
  call(command: string, ...args: string[]): Promise<unknown>
}
/** node-redis 4 and later: client, pool, cluster or sentinel. */
export interface EvaluatingRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

export interface RedisReplayStoreOptions {
  /** In front of every key. The part in braces keeps the keys on one shard of a cluster, as they must be. Default `{oauth-replay}:`. */
  prefix?: string
  /**
   * Takes an empty Redis that this process meets for the first time for one that has lost its memory, and refuses what could have been used
   * before. Default false: it is taken for new, unless this process has known it with records.
   */
  startupGuard?: boolean
  /**
   * Says that a restart or a fail-over of Redis loses no record, not the very last one either: `appendfsync always`, and `WAIT` for replicas. Default
   * false: after one, what was usable before is refused.
   */
  durable?: boolean
}

const answers: Record<string, boolean | 'forgotten'> = { fresh: true, used: false, forgotten: 'forgotten' }
const latestMoment = 8.64e15 // ms: as far as a Date goes; Redis overflows later
const givableBack = 10_000 // how many records a process can give back: as many as may be waiting for their tokens

/**
 * A `ReplayStore` for many processes, on Redis 6.2 and later or Valkey. It needs `maxmemory-policy noeviction`: a Redis that evicts
 * live records lets used JWTs pass. The client must not keep commands for a server that is away, or a request waits for `hookTimeout`.
 *
 * A call gives `'full'` when Redis has no memory left, and rejects when Redis fails or is away. An ACL must allow, on keys with the prefix, EVAL, GET, SET,
 * DEL, HMGET and HSET; besides TIME and, unless `durable`, INFO.
 *
 * @param client a connected client of node-redis or ioredis
 * @throws ConfigurationError if the client is none of these, or an option is wrong
 * @example redisReplayStore(await createClient({ url, disableOfflineQueue: true }).connect())
 * @example redisReplayStore(new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 }))
 */
export function redisReplayStore(client: CallingRedisClient | EvaluatingRedisClient, options: RedisReplayStoreOptions = {}): ReplayStore {
  checkStoreOptions('redisReplayStore', options, ['prefix', 'startupGuard', 'durable'], ['startupGuard', 'durable'])
  const { prefix = '{oauth-replay}:', startupGuard = false, durable = false } = options
  if (typeof prefix !== 'string' || prefix === '') throw new ConfigurationError('redisReplayStore: prefix is a non-empty string.')
  const evaluate = evaluator(client)
  const epochKey = `${prefix}epoch`
  const markerKey = (key: string) => `${prefix}jwt:${key}`
  const name = randomBytes(16).toString('hex')
  const owners = new Map<string, string>()
  let calls = 0
  let knownEpoch = ''

  return {
    async consume(key, expiresAt, _issuer, usableFrom) {
      const now = Date.now()
      if (!(expiresAt * 1000 > now)) return false
      const owner = `${name}:${++calls}`
      let reply: unknown
      try {
        // EVAL, not EVALSHA: one round trip also on the first call of a server that was restarted, for 2 KB on the way
        reply = await evaluate(
          consumeScript,
          [markerKey(key), epochKey],
          [
            owner,
            String(Math.ceil(Math.min(expiresAt * 1000, latestMoment))),
            String(Math.floor(Math.max(usableFrom, 0) * 1000)),
            String(now),
            knownEpoch,
            randomBytes(16).toString('hex'),
            startupGuard ? '1' : '0',
            durable ? '1' : '0',
          ],
        )
      } catch (error) {
        if (error instanceof Error && /\bOOM\b/.test(error.message)) return 'full'
        throw error
      }
      const [epoch, word] = Array.isArray(reply) ? reply.map((part) => String(part ?? '')) : []
      const answer = answers[word ?? '']
      if (!epoch || answer === undefined) throw new TypeError('redisReplayStore: the client did not give the answer of Redis')
      knownEpoch = epoch
      if (answer === true) remember(owners, key, owner)
      return answer
    },
    async release(key) {
      const owner = owners.get(key)
      if (!owner) throw new Error('redisReplayStore: this process did not record the key, or too many since')
      owners.delete(key)
      await evaluate(releaseScript, [markerKey(key)], [owner])
    },
  }
}

function remember(owners: Map<string, string>, key: string, owner: string): void {
  owners.delete(key)
  owners.set(key, owner)
  const [oldest] = owners.keys()
  if (owners.size > givableBack && oldest !== undefined) owners.delete(oldest)
}

function evaluator(client: CallingRedisClient | EvaluatingRedisClient) {
  const { call, eval: evaluate } = (client ?? {}) as Partial<CallingRedisClient & EvaluatingRedisClient>
  if (typeof call === 'function') {
    return (script: string, keys: string[], args: string[]) =>
      call.call(client, 'EVAL', script, String(keys.length), ...keys, ...args) as Promise<unknown>
  }
  if (typeof evaluate === 'function')
    return (script: string, keys: string[], args: string[]) => evaluate.call(client, script, { keys, arguments: args }) as Promise<unknown>
  throw new ConfigurationError(
    'redisReplayStore: the first argument is a client: createClient() of redis 4 or later, or new Redis() of ioredis.',
  )
}
