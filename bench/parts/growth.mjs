// Cost per request as things grow.
import { freemem } from 'node:os'
import { hasRedisStore } from '../contenders/redis-store.mjs'
import { isOk, measure, measureInTurns, withProcesses } from '../harness/bench.mjs'
import { Child } from '../harness/child.mjs'
import { privateRedis } from '../harness/redis.mjs'
import { makeWorld } from '../harness/world.mjs'

const contender = 'ours-express5'
const bytesEach = 800 // of memory per signer or remembered id in total, to estimate what fits

/** What grows: the points, the world at a point, and the requests for it. */
const axes = (sizes) => ({
  clients: { points: sizes.growth.crowd, world: (clients) => ({ use: 'client', clients }), touch: true },
  'clients, a new object for each request': {
    points: sizes.growth.crowd.slice(0, 2),
    world: (clients) => ({ use: 'client', clients, anew: true }),
  },
  issuers: { points: sizes.growth.crowd, world: (issuers) => ({ use: 'grant', issuers }), touch: true },
  'keys of an issuer': { points: sizes.growth.keysEach, world: (keysEach) => ({ use: 'grant', keysEach }) },
  'remembered ids': { points: sizes.growth.remembered, world: (remembered) => ({ use: 'grant', remembered }) },
  'bytes of an assertion': { points: sizes.bytes, world: () => ({ use: 'grant' }), options: (bytes) => ({ bytes }) },
})

export async function run({ node, keys, sizes, only, log }) {
  const results = { axes: {}, processes: {} }
  for (const [name, axis] of Object.entries(axes(sizes))) {
    if (name.includes(only ?? '')) results.axes[name] = await grow(name, axis, { node, keys, sizes, log })
  }
  if ('processes'.includes(only ?? '')) results.processes = await processes({ node, keys, sizes, log })
  if ('store'.includes(only ?? '')) results.store = await storeAlone({ node, sizes, log })
  return results
}

function grow(name, { points, world, options, touch }, { node, keys, sizes, log }) {
  return withProcesses(node, async ({ load, start }) => {
    const servers = await Promise.all(
      points.map(async (point) => {
        const grown = makeWorld(keys, world(point))
        const server = await start(contender, grown, { flags: ['--max-old-space-size=6000', '--expose-gc'] })
        return { point, grown, server, rounds: [] }
      }),
    )
    const prepare = ({ grown, point }, count, every) =>
      load.prepare(`growth ${point}`, grown.use, grown, count, { every, ...options?.(point) })
    const entrants = servers.map(({ point, server }) => ({ server, batch: `growth ${point}`, expect: isOk }))
    for (const [index, one] of servers.entries()) {
      await prepare(one, touch ? Math.max(sizes.count, one.point) : sizes.count, true)
      one.first = await measure(load, one.server, entrants[index].batch, { expect: isOk })
    }
    for (let round = -sizes.warmups; round < sizes.rounds; round++) {
      for (const one of servers) await prepare(one, sizes.count, false)
      const results = await measureInTurns(load, entrants, sizes.slices)
      if (round >= 0) for (const [index, { rounds }] of servers.entries()) rounds.push(results[index])
    }
    for (const one of servers) one.heapUsed = (await one.server.usage(true)).heapUsed
    log(
      `growth: ${name}`,
      servers.map(({ point, rounds }) => ({ contender: String(point), rounds })),
    )
    return servers.map(({ point, rounds, first, heapUsed }) => ({ point, rounds, first: first.cpu, heapUsed }))
  })
}

/** One and two processes; two share a Redis store, or have a memory store each. Server CPU is that of all processes. */
async function processes({ node, keys, sizes, log }) {
  const redis = hasRedisStore ? await privateRedis() : undefined
  if (!hasRedisStore) log('growth: processes with Redis: skipped, dist/ has no Redis store')
  else if (!redis) log('growth: processes with Redis: skipped, no redis-server here and no REDIS_URL')
  const stores = redis ? ['memory', 'redis'] : ['memory']
  try {
    return await withProcesses(node, async ({ load, start }) => {
      const setups = []
      for (const store of stores) {
        for (const count of [1, 2]) {
          const world = makeWorld(keys, { use: 'grant', store, redisUrl: redis?.url })
          const servers = []
          for (let core = 0; core < count; core++) servers.push(await start(contender, world, { core }))
          setups.push({ name: `${store}, ${count}`, world, servers, rounds: [] })
        }
      }
      for (let round = -sizes.warmups; round < sizes.rounds; round++) {
        const entrants = setups.map(({ name, servers }) => ({ server: servers, batch: name, expect: isOk }))
        for (const { name, world } of setups) await load.prepare(name, 'grant', world, sizes.count)
        const results = await measureInTurns(load, entrants, sizes.slices)
        if (round >= 0) for (const [index, { rounds }] of setups.entries()) rounds.push(results[index])
      }
      log(
        'growth: processes',
        setups.map(({ name, rounds }) => ({ contender: name, rounds })),
      )
      return Object.fromEntries(setups.map(({ name, rounds }) => [name, rounds]))
    })
  } finally {
    await redis?.end()
  }
}

/** The memory store alone, up to the memory that is free. */
async function storeAlone({ node, sizes, log }) {
  const points = sizes.growthStore.filter((ids) => ids * bytesEach < freemem())
  const skipped = sizes.growthStore.filter((ids) => !points.includes(ids))
  if (skipped.length > 0) log(`growth: store: ${skipped.join(', ')} ids skipped, there is too little memory`)
  const results = []
  for (const ids of points) {
    const child = new Child('store.mjs', { node: node?.path, core: 0, flags: ['--expose-gc', '--max-old-space-size=12000'] })
    try {
      results.push(await child.ask('fill', { ids }))
    } finally {
      await child.end()
    }
  }
  for (const { ids, consume, stall, bytes } of results) {
    log(`growth: store, ${ids} ids`, `${consume.toFixed(2)} µs a consume, worst ${stall.toFixed(1)} ms, ${bytes.toFixed(0)} bytes an id`)
  }
  return results
}
