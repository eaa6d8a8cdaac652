import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { Cluster } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { ConfigurationError } from '../../../lib/index.js'
import { type RedisReplayStoreOptions, redisReplayStore } from '../../../lib/replay/redis/redis.js'
import { releaseScript } from '../../../lib/replay/redis/redis-scripts.js'
import { ioRedis, nodeRedis } from '../../support/clients.js'
import { expectContract } from '../../support/contract.js'
import { describeInAll, describeWith } from '../../support/describe-with.js'
import { anyExpress } from '../../support/express.js'
import { now } from '../../support/jwt.js'
import { type OwnRedis, ownRedisNeed, redisNeed, type Service, startRedis, useRedis } from '../../support/services.js'
import { testAll } from '../../support/test-all.js'
import { grant, grantRequest, openIdp, startWorld } from '../../support/world.js'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const run = randomBytes(6).toString('hex') // one process may run these tests again, on the same server
let count = 0
const freshKey = () => `key-${run}-${count++}`.padEnd(43, '-')
const freshPrefix = () => `{test-${run}-${count++}}:`

describe('redisReplayStore', () => {
  it.each<[what: string, client: unknown, options: unknown, message: RegExp]>([
    ['no client', undefined, {}, /first argument must be a client: createClient\(\) of redis 4 or later, or new Redis\(\) of ioredis/],
    ['a URL', 'redis://localhost', {}, /first argument must be a client/],
    [
      'an option that does not exist',
      { call() {} },
      { ttl: 1 },
      /option ttl does not exist: it must be one of prefix, startupGuard, durable/,
    ],
    ['a guard that is no boolean', { call() {} }, { startupGuard: 'yes' }, /startupGuard must be true or false, not "yes"/],
    ['a durability that is none', { call() {} }, { durable: 1 }, /durable must be true or false, not 1/],
    ['no options object', { call() {} }, null, /options must be an object, not null/],
    ['an empty prefix', { call() {} }, { prefix: '' }, /prefix must be a non-empty string, not ""/],
    ['a prefix that is no string', { call() {} }, { prefix: 1 }, /prefix must be a non-empty string, not 1/],
  ])('refuses %s', (_, client, options, message) => {
    const make = () => redisReplayStore(client as never, options as never)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(message)
    expect(make).toThrow(/^redisReplayStore: /)
  })

  it.each([undefined, null, 'OK', [], ['id'], ['id', 'true'], ['', 'fresh'], [null, 'fresh'], true])(
    'T-58 rejects when the client gives %p',
    async (reply) => {
      const store = redisReplayStore({ call: async () => reply })
      await expect(store.consume(freshKey(), now() + 60, 'a', now())).rejects.toThrow('the client did not give the answer of Redis')
    },
  )

  it.each([
    "OOM command not allowed when used memory > 'maxmemory'. script: 4f, on @user_script:1.",
    "ERR Error running script (call to f_4f): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
  ])('JW-21 is full when Redis says %p', async (message) => {
    const call = async () => {
      throw new Error(message)
    }
    expect(await redisReplayStore({ call }).consume(freshKey(), now() + 60, 'a', now())).toBe('full')
  })

  it('T-45 refuses what has expired by the clock of the process, and does not ask', async () => {
    const { now: here } = Date
    const moment = Math.floor(here() / 1000) * 1000
    let asked = 0
    const call = async () => {
      asked++
      return ['id', 'fresh']
    }
    Date.now = () => moment
    try {
      for (const [expiresAt, isFresh] of [
        [moment / 1000 - 1, false],
        [moment / 1000, false],
        [Number.NaN, false],
        [moment / 1000 + 1, true],
      ] as const)
        expect(await redisReplayStore({ call }).consume(freshKey(), expiresAt, 'a', 0)).toBe(isFresh)
    } finally {
      Date.now = here
    }
    expect(asked).toBe(1)
  })

  it('gives back what this process recorded, and nothing else', async () => {
    const commands: string[][] = []
    const store = redisReplayStore({
      call: async (...command) => {
        commands.push(command)
        return ['id', 'fresh']
      },
    })
    await expect(async () => store.release?.(freshKey())).rejects.toThrow(/did not record/)
    const keys = Array.from({ length: 10_001 }, freshKey)
    for (const key of keys) await store.consume(key, now() + 60, 'a', now())
    await expect(async () => store.release?.(keys[0] as string)).rejects.toThrow(/too many since/)
    await store.release?.(keys[1] as string)
    await expect(async () => store.release?.(keys[1] as string)).rejects.toThrow(/did not record/)
    expect(commands.filter(([, script]) => script === releaseScript)).toHaveLength(1)
  })
})

const clients = [
  ['node-redis', nodeRedis],
  ['ioredis', ioRedis],
] as const

describeWith(redisNeed, 'redisReplayStore on a server', () => {
  describe.each(clients)('by %s', (_, connect) => {
    let service: Service
    const open: { close(): unknown }[] = []
    const newStore = async (options: RedisReplayStoreOptions) => {
      const client = await connect(service.url)
      open.push(client)
      return redisReplayStore(client.client, options)
    }
    let prefix: string
    beforeAll(async () => {
      service = await useRedis()
    })
    afterAll(async () => {
      for (const client of open) await client.close()
      await service.stop()
    })
    expectContract({
      makeStore() {
        prefix = freshPrefix()
        return newStore({ prefix })
      },
      makePeer: () => newStore({ prefix }),
    })
  })
})

describeWith(ownRedisNeed, 'redisReplayStore on a server that is full, away, or a cluster', () => {
  describe.each(testAll ? clients : clients.slice(0, 1))('by %s', (_, connect) => {
    let redis: OwnRedis
    let dead: OwnRedis
    const open: { close(): unknown }[] = []
    const clientOf = async ({ url }: Service) => {
      const opened = await connect(url)
      open.push(opened)
      return opened
    }
    beforeAll(async () => {
      redis = await startRedis('--maxmemory-policy', 'noeviction')
      dead = await startRedis()
    })
    afterAll(async () => {
      for (const client of open) await client.close()
      await redis.stop()
      await dead.stop()
    })
    expectContract({
      async makeStore() {
        const { client, command } = await clientOf(redis)
        await command('CONFIG', 'SET', 'maxmemory', '0')
        return redisReplayStore(client)
      },
      async makeSmallStore() {
        const { client, command } = await clientOf(redis)
        const used = Number(/used_memory:(\d+)/.exec(String(await command('INFO', 'memory')))?.[1])
        await command('CONFIG', 'SET', 'maxmemory', String(used + 200_000))
        return redisReplayStore(client)
      },
      async makeUnreachableStore() {
        const { client } = await clientOf(dead)
        await dead.kill()
        return redisReplayStore(client)
      },
      async loseMemory() {
        await (await clientOf(redis)).command('FLUSHALL')
      },
    })
  })

  describeInAll('a cluster', () => {
    let node: OwnRedis
    let cluster: ReturnType<typeof createCluster>
    let ioCluster: Cluster
    beforeAll(async () => {
      node = await startRedis('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
      const { command, close } = await ioRedis(node.url)
      await command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
      while (!String(await command('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20)
      await close()
      cluster = createCluster({ rootNodes: [{ url: node.url }] })
      await cluster.connect()
      ioCluster = new Cluster([{ host: '127.0.0.1', port: node.port }])
    })
    afterAll(async () => {
      await cluster.close()
      ioCluster.disconnect()
      await node.stop()
    })
    it.each([
      ['node-redis', () => redisReplayStore(cluster)],
      ['ioredis', () => redisReplayStore(ioCluster)],
    ])('by %s: its keys are on one shard', async (_, make) => {
      const store = make()
      for (const key of [freshKey(), freshKey(), freshKey()]) {
        expect(await store.consume(key, now() + 60, 'a', now())).toBe(true)
        expect(await store.consume(key, now() + 60, 'a', now())).toBe(false)
        await store.release?.(key)
        expect(await store.consume(key, now() + 60, 'a', now())).toBe(true)
      }
    })
  })
})

describeWith(ownRedisNeed, 'T-45 a Redis that loses its memory', () => {
  let redis: OwnRedis
  let client: Awaited<ReturnType<typeof nodeRedis>>
  beforeAll(async () => {
    redis = await startRedis()
    client = await nodeRedis(redis.url)
  })
  afterAll(async () => {
    await client.close()
    await redis.stop()
  })
  beforeEach(async () => void (await client.command('FLUSHALL')))

  /** The store of one process, by the time at which a JWT was usable. */
  const newProcess = (options?: RedisReplayStoreOptions) => {
    const store = redisReplayStore(client.client, options)
    const consume = (key: string, usableFrom = Date.now() / 1000 - 5) => store.consume(key, now() + 60, 'a', usableFrom)
    return { consume, release: (key: string) => store.release?.(key) }
  }
  const restart = async () => {
    await redis.kill()
    await redis.start()
    while (!client.client.isReady) await sleep(10)
  }

  it('a new store honours what was signed before its first use; with startupGuard, it does not', async () => {
    expect(await newProcess().consume(freshKey())).toBe(true)
    await client.command('FLUSHALL')
    expect(await newProcess({ startupGuard: true }).consume(freshKey())).toBe('forgotten')
  })

  it.each([{}, { startupGuard: true }, { durable: true }])('a rolling restart refuses nothing: the store stays (%j)', async (options) => {
    expect(await newProcess().consume(freshKey())).toBe(true)
    const used = freshKey()
    for (let i = 0; i < 4; i++) expect(await newProcess(options).consume(used)).toBe(i === 0)
    expect(await newProcess(options).consume(freshKey())).toBe(true)
  })

  it('FLUSHALL: whoever has known it closes it for all, also for those who come new', async () => {
    const [old, newcomer] = [newProcess(), newProcess()]
    const used = freshKey()
    expect(await old.consume(used)).toBe(true)
    await client.command('FLUSHALL')
    expect(await old.consume(used)).toBe('forgotten')
    expect(await newcomer.consume(used)).toBe('forgotten')
    expect(await old.consume(freshKey(), Date.now() / 1000 + 1)).toBe(true)
  })

  it('one that a newcomer found empty is closed by the first that has known another; and never opened again', async () => {
    const [old, older] = [newProcess(), newProcess()]
    for (const one of [old, older]) expect(await one.consume(freshKey())).toBe(true)
    await client.command('FLUSHALL')
    const newcomer = newProcess()
    expect(await newcomer.consume(freshKey())).toBe(true)
    await sleep(20)
    const sinceThen = Date.now() / 1000
    await sleep(20)
    for (const one of [old, newcomer, older, newProcess(), newProcess({ durable: true })]) {
      expect(await one.consume(freshKey())).toBe('forgotten')
      expect(await one.consume(freshKey(), sinceThen)).toBe(true) // it lost nothing that was used since the newcomer found it
    }
  })

  it('all of a process at once: one answer for the used key', async () => {
    const [old, used] = [newProcess(), freshKey()]
    expect(await old.consume(used)).toBe(true)
    await client.command('FLUSHALL')
    const answers = await Promise.all(Array.from({ length: 50 }, () => old.consume(used)))
    expect(new Set(answers)).toEqual(new Set(['forgotten']))
  })

  it('an evicted epoch closes it too', async () => {
    const old = newProcess()
    expect(await old.consume(freshKey())).toBe(true)
    await client.command('DEL', '{oauth-replay}:epoch')
    expect(await old.consume(freshKey())).toBe('forgotten')
  })

  it('killed, and back with nothing', async () => {
    const [old, used] = [newProcess(), freshKey()]
    expect(await old.consume(used)).toBe(true)
    await restart()
    expect(await old.consume(used)).toBe('forgotten')
    expect(await newProcess().consume(used)).toBe('forgotten')
  })

  it('killed, and back with a snapshot that lacks what was used last, for a new process too', async () => {
    const used = freshKey()
    expect(await newProcess().consume(freshKey())).toBe(true)
    await client.command('SAVE')
    expect(await newProcess().consume(used)).toBe(true)
    await restart()
    expect(await newProcess().consume(used)).toBe('forgotten')
    expect(await newProcess().consume(freshKey(), Date.now() / 1000 + 1)).toBe(true)
  })

  it('killed, and back with all of it: durable says so', async () => {
    const [first, used] = [newProcess({ durable: true }), freshKey()]
    expect(await first.consume(used)).toBe(true)
    await client.command('SAVE')
    await restart()
    expect(await first.consume(used)).toBe(false)
    expect(await first.consume(freshKey())).toBe(true)
  })

  it('epoch and markers are two kinds of keys, and markers alone expire', async () => {
    const [one, key] = [newProcess(), freshKey()]
    await one.consume(key)
    expect((await client.client.keys('*')).sort()).toEqual(['{oauth-replay}:epoch', `{oauth-replay}:jwt:${key}`])
    expect(await client.command('PTTL', '{oauth-replay}:epoch')).toBe(-1)
    expect(Number(await client.command('PEXPIRETIME', `{oauth-replay}:jwt:${key}`)) / 1000 - now()).toBeGreaterThan(55)
  })

  it('needs no more of an ACL than it says', async () => {
    const rules = [
      'on',
      '>secret',
      '~{oauth-replay}:*',
      '-@all',
      ...['eval', 'get', 'set', 'del', 'hmget', 'hset', 'time', 'info'].map((name) => `+${name}`),
    ]
    await client.command('ACL', 'SETUSER', 'endpoint', ...rules)
    const limited = createClient({ url: redis.url, username: 'endpoint', password: 'secret', RESP: 2, disableClientInfo: true })
    limited.on('error', () => {})
    await limited.connect()
    try {
      const [store, key] = [redisReplayStore(limited), freshKey()]
      expect(await store.consume(key, now() + 60, 'a', now())).toBe(true)
      expect(await store.consume(key, now() + 60, 'a', now())).toBe(false)
      await store.release?.(key)
      expect(await store.consume(key, now() + 60, 'a', now())).toBe(true)
      await client.command('ACL', 'SETUSER', 'endpoint', '-info')
      await expect(async () => store.consume(freshKey(), now() + 60, 'a', now())).rejects.toThrow(/can't run this command|permission/i)
      expect(await redisReplayStore(limited, { durable: true }).consume(freshKey(), now() + 60, 'a', now())).toBe(true)
    } finally {
      limited.destroy()
    }
  })

  it('T-45 asks nothing of a server that may evict records, and says so', async () => {
    const consume = (store = redisReplayStore(client.client)) => store.consume(freshKey(), now() + 60, 'a', now())
    const configure = async (limit: string, policy: string) => {
      await client.command('CONFIG', 'SET', 'maxmemory', limit)
      await client.command('CONFIG', 'SET', 'maxmemory-policy', policy)
    }
    try {
      for (const policy of ['volatile-lru', 'allkeys-lfu', 'volatile-ttl']) {
        await configure('100mb', policy)
        for (const options of [{}, { durable: true }]) {
          const store = redisReplayStore(client.client, options)
          for (let attempt = 0; attempt < 2; attempt++)
            await expect(async () => consume(store)).rejects.toThrow(`maxmemory-policy ${policy} drops live records: set noeviction`)
        }
        await configure('0', policy) // without a limit nothing is evicted
        expect(await consume()).toBe(true)
      }
      await configure('100mb', 'noeviction')
      const known = redisReplayStore(client.client)
      expect(await consume(known)).toBe(true)
      await configure('100mb', 'volatile-lru')
      expect(await consume(known)).toBe(true) // not asked again
      await client.command('FLUSHALL')
      await expect(async () => consume(known)).rejects.toThrow('volatile-lru')
    } finally {
      await configure('0', 'noeviction')
    }
  })

  it('refuses what has expired by the clock of Redis: its record would be gone at once', async () => {
    const { now: here } = Date
    Date.now = () => here() - 120_000
    try {
      expect(await redisReplayStore(client.client).consume(freshKey(), here() / 1000 - 60, 'a', here() / 1000)).toBe(false)
    } finally {
      Date.now = here
    }
  })

  it('bears any time that a JWT can have', async () => {
    const store = redisReplayStore(client.client)
    for (const [expiresAt, usableFrom] of [
      [1e15, -Number.MAX_SAFE_INTEGER],
      [Number.MAX_SAFE_INTEGER, 0],
      [now() + 60.123456, now() - 0.5],
    ] as const) {
      const key = freshKey()
      expect(await store.consume(key, expiresAt, 'a', usableFrom)).toBe(true)
      expect(await store.consume(key, expiresAt, 'a', usableFrom)).toBe(false)
    }
  })

  it('a command that a client sends twice, since the first answer got lost, gives the same answer', async () => {
    const twice = {
      eval: async (...args: Parameters<typeof client.client.eval>) => {
        await client.client.eval(...args)
        return client.client.eval(...args)
      },
    }
    const [store, key] = [redisReplayStore(twice as never), freshKey()]
    expect(await store.consume(key, now() + 60, 'a', now())).toBe(true)
    expect(await store.consume(key, now() + 60, 'a', now())).toBe(false)
  })

  it('a release that a client sends twice takes no record away that another request has made since', async () => {
    let last: Parameters<typeof client.client.eval> | undefined
    const recording = {
      eval: (...args: Parameters<typeof client.client.eval>) => {
        last = args
        return client.client.eval(...args)
      },
    }
    const [store, other, key] = [redisReplayStore(recording as never), newProcess(), freshKey()]
    await store.consume(key, now() + 60, 'a', now())
    await store.release?.(key)
    expect(await other.consume(key)).toBe(true)
    await client.client.eval(...(last as NonNullable<typeof last>))
    expect(await other.consume(key)).toBe(false)
  })

  describe.each(anyExpress)('a token endpoint on %s', (_, express) => {
    it.each(testAll ? [false, true] : [false])(
      'honours no used grant again after a restart without persistence, and goes on (startupGuard: %p)',
      async (startupGuard) => {
        const replayStore = redisReplayStore(client.client, { startupGuard })
        const world = startWorld(express, { options: { replayStore, clockTolerance: 0, hookTimeout: 1 } })
        const ask = async (assertion: string) => {
          const { status, body, headers } = await world.post(grantRequest(assertion, {}))
          return { status, error: body.error, reason: world.last().reason, retry: headers['retry-after'] }
        }
        const fresh = () => grant({ iss: openIdp })
        const lost = { status: 400, error: 'invalid_grant', reason: 'not_provably_fresh' }
        const used = fresh()
        if (startupGuard) {
          expect(await ask(used)).toEqual(lost)
          await sleep(1001) // iat has whole seconds
        }
        const second = startupGuard ? fresh() : used
        expect(await ask(second)).toEqual({ status: 200 })
        await redis.kill()
        expect(await ask(fresh())).toEqual({ status: 503, error: 'temporarily_unavailable', reason: 'replay_store_error', retry: '5' })
        await redis.start()
        while (!client.client.isReady) await sleep(10)
        expect(await ask(second)).toEqual(lost)
        await sleep(1001)
        expect(await ask(second)).toEqual(lost)
        expect(await ask(fresh())).toEqual({ status: 200 })
      },
    )
  })
})
