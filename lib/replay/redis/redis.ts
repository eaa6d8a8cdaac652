import { randomBytes } from 'node:crypto'
import { aBoolean, aName, type Check, checkOptionsOf, tableOf } from '../../host/checks.js'
import { ConfigurationError } from '../../host/errors.js'
import type { ReplayStore } from '../../host/replay-store.js'
import { consumeScript, releaseScript } from './redis-scripts.js'

export type { ReplayStore } from '../../host/replay-store.js'

/** ioredis and iovalkey, single or cluster. */
export interface CallingRedisClient {
  call(command: string, ...args: string[]): Promise<unknown>
}
/** node-redis 4 and later: client, pool, cluster or sentinel. */
export interface EvaluatingRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** Options of `redisReplayStore`. */
export interface RedisReplayStoreOptions {
  /**
   * Prefix of every key. The part in braces keeps all keys on one shard of a cluster, which is required. Each authorization server needs a
   * prefix of its own.
   * @default '{oauth-replay}:'
   */
  prefix?: string
  /**
   * Treats a Redis that is empty at the first call of this process as one that lost its records. JWTs that could have been used before are
   * refused. Without it, an empty Redis counts as new, unless this process has seen it with records.
   * @default false
   */
  startupGuard?: boolean
  /**
   * Declares that a restart or a fail-over of Redis loses no record, not even the last one: `appendfsync always`, and `WAIT` for replicas.
   * Without it, JWTs that were usable before a restart or a fail-over are refused.
   * @default false
   */
  durable?: boolean
}

const optionChecks = tableOf({ prefix: aName, startupGuard: aBoolean, durable: aBoolean } satisfies Record<
  keyof RedisReplayStoreOptions,
  Check
>)

const answers: Record<string, boolean | 'forgotten'> = { fresh: true, used: false, forgotten: 'forgotten' }
const latestMoment = 8.64e15 // ms: the largest Date; Redis overflows later
const givableBack = 10_000 // how many of its latest records a process can release: as many as may be waiting for their tokens

/**
 * A `ReplayStore` for many processes, on Redis 6.2 and later or Valkey. It needs `maxmemory-policy noeviction`, since a Redis that evicts
 * live records accepts used JWTs: with another policy and a `maxmemory`, calls reject. The client must not queue commands while Redis is
 * unavailable, or requests wait for `hookTimeout`.
 *
 * A call returns `'full'` if Redis has no memory left, and rejects if Redis fails or is unavailable. An ACL must allow EVAL, GET, SET, DEL,
 * HMGET and HSET on keys with the prefix, and TIME and, unless `durable`, INFO.
 *
 * @param client a connected client of node-redis or ioredis
 * @throws ConfigurationError if the client is none of these, or an option is wrong
 * @example redisReplayStore(await createClient({ url, disableOfflineQueue: true }).connect())
 * @example redisReplayStore(new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 }))
 */
export function redisReplayStore(client: CallingRedisClient | EvaluatingRedisClient, options: RedisReplayStoreOptions = {}): ReplayStore {
  checkOptionsOf('redisReplayStore', optionChecks, options)
  const { prefix = '{oauth-replay}:', startupGuard = false, durable = false } = options
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
        // EVAL, not EVALSHA: one round trip even for a restarted server, at the cost of sending 2 KB
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
    'redisReplayStore: the first argument must be a client: createClient() of redis 4 or later, or new Redis() of ioredis.',
  )
}
