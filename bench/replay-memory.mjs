/**
 * What memoryReplayStore costs: heap a remembered id, and the time of single calls while it grows, in the long run, when all expires at once and when it is full.
 *
 *   npm run build && node --expose-gc bench/replay-memory.mjs [ids ...]      default: 100000 1000000 5000000
 *
 * Each call gets what the endpoint would give it: a key and an issuer that are strings of their own. The clock of the store is ours: ids live 300 s
 * and come evenly in that time. All times are of single calls and, where a call takes long, at most the processor time that the process spent in it: what
 * other processes take the core away for is no cost of ours. "stall" is the longest call; "less gc" is the longest without the garbage
 * collections that fell into it; "wall" is the longest by the clock on the wall.
 */
import { hash, randomUUID } from 'node:crypto'
import { createHistogram, PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { memoryReplayStore } from '../dist/esm/index.js'

if (!globalThis.gc) throw new Error('run it with node --expose-gc')
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1e5, 1e6, 5e6]
if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 1000)) throw new Error('each argument is a number of ids, from 1000')

const lifetime = 300 // s
const issuers = 100
const batch = 2000 // calls a turn of the event loop
const long = 0.2 // ms: longer calls are looked at closely

let clock = Date.now()
Date.now = () => clock

const processorTime = process.threadCpuUsage ?? process.cpuUsage // before Node 23.9 it includes what V8 does on other threads

const collections = []
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) collections.push({ from: startTime, to: startTime + duration })
}).observe({ entryTypes: ['gc'] })

const contenders = {
  memoryReplayStore: (max) => memoryReplayStore({ max, maxPerIssuer: max }),
  'one lru-cache': (max) => {
    const used = new LRUCache({ max, ttl: 1, ttlResolution: 0, perf: Date })
    return {
      consume(key, expiresAt, issuer) {
        if (used.has(key)) return false
        if (used.size >= max) used.purgeStale()
        if (used.size >= max) return 'full'
        used.set(key, issuer, { ttl: expiresAt * 1000 - clock })
        return true
      },
    }
  },
}

async function heap() {
  for (let i = 0; i < 3; i++) {
    await turn()
    globalThis.gc()
  }
  const { heapUsed, external } = process.memoryUsage() // external has the array buffers
  return heapUsed + external
}

/** Calls `consume` so many times, `pace` ms of the store's clock apart. */
async function run(store, calls, pace) {
  const times = createHistogram()
  const slow = []
  const answers = {}
  let sum = 0
  let wall = 0
  const began = clock
  for (let done = 0; done < calls; ) {
    for (const end = Math.min(calls, done + batch); done < end; done++) {
      clock = began + Math.floor(done * pace)
      const { iss, jti } = JSON.parse(`{"iss":"https://issuer-${done % issuers}.example.com","jti":"${randomUUID()}"}`)
      const key = hash('sha256', `${iss.length}:${iss}${jti}`, 'base64url')
      const expiresAt = Math.ceil(clock / 1000) + lifetime
      const before = processorTime()
      const from = performance.now()
      const answer = store.consume(key, expiresAt, iss, 0)
      const to = performance.now()
      answers[answer] = (answers[answer] ?? 0) + 1
      let time = to - from
      wall = Math.max(wall, time)
      if (time > long) {
        const { user, system } = processorTime(before)
        time = Math.min(time, (user + system) / 1000)
        slow.push({ from, to, time })
      }
      sum += time
      times.record(Math.max(1, Math.round(time * 1e6)))
    }
    await turn()
  }
  await turn()
  const lessGc = slow.map(({ from, to, time }) => {
    const collecting = collections.map((gc) => Math.max(0, Math.min(to, gc.to) - Math.max(from, gc.from)))
    return Math.max(0, time - collecting.reduce((total, part) => total + part, 0))
  })
  collections.length = 0
  return {
    'µs a call': (sum / calls) * 1000,
    'p99.99 µs': times.percentile(99.99) / 1000,
    'stall ms': times.max / 1e6,
    'less gc ms': Math.max(Math.min(long, times.max / 1e6), ...lessGc),
    'wall ms': wall,
    answers: Object.entries(answers).map((entry) => entry.join(' ')).join(', '),
  }
}

const rows = []
const note = (ids, store, phase, measured, bytes) => {
  const figures = Object.fromEntries(Object.entries(measured).map(([name, value]) => [name, value.toFixed?.(2) ?? value]))
  rows.push({ ids, store, phase, 'bytes an id': bytes === undefined ? '' : Math.round(bytes), ...figures })
}

for (const ids of sizes) {
  const pace = (lifetime * 1000) / ids
  for (const [name, make] of Object.entries(contenders)) {
    await run(make(1000), 20_000, 1000) // warms up
    const before = await heap()
    const store = make(2 * ids)
    note(ids, name, 'grows', await run(store, ids, pace), ((await heap()) - before) / ids)
    if (name !== 'memoryReplayStore') continue
    note(ids, name, 'long run', await run(store, 3 * ids, pace), ((await heap()) - before) / ids)
    clock += 2 * lifetime * 1000
    note(ids, name, 'all expired', await run(store, ids, 0), ((await heap()) - before) / ids)
    clock += 2 * lifetime * 1000
    const full = make(ids)
    await run(full, ids, 0)
    note(ids, name, 'full', await run(full, 200_000, 0.01))
    clock += 2 * lifetime * 1000
    note(ids, name, 'full of expired', await run(full, ids, pace))
  }
}
console.log(`Node ${process.version}, ${sizes.join(' ')} ids`)
console.table(rows)
