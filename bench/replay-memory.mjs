/**
 * What memoryReplayStore costs: heap per remembered id, and the time of single calls.
 *
 *   npm run build && node --expose-gc bench/replay-memory.mjs [ids ...]      default: 100000 1000000 5000000
 *
 * Each call gets what the endpoint would pass: a key and an issuer that are separate strings. The clock of the store is simulated: ids live
 * 300 s and arrive evenly in that time. Every round makes the same calls with the same keys. "stall" is the longest call, where each call
 * counts with its fastest round: its own work is the same in every round, garbage collections are not. "with gc" is the longest call of the
 * quietest round. A long call that the system interrupted counts in neither; "lost" calls were interrupted in every round, and the longest
 * of them took at most "lost ms": the less loaded the machine, the fewer they are.
 */
import { hash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { memoryReplayStore } from '../dist/esm/index.js'

if (!globalThis.gc) throw new Error('run it with node --expose-gc')
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1e5, 1e6, 5e6]
if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 1000)) throw new Error('each argument is a number of ids, from 1000')

const lifetime = 300 // s
const issuers = 100
const rounds = 3
const batch = 2000 // calls per turn of the event loop
const long = 0.2 // ms: shorter calls are not checked for interruptions

let clock = Date.now()
Date.now = () => clock

const ours = (max) => memoryReplayStore({ max, maxPerIssuer: max })

/** A plain lru-cache without quotas, for comparison. */
const oneCache = (max) => {
  const used = new LRUCache({ max, ttl: 1, ttlResolution: 0, perf: Date })
  return {
    consume(key, expiresAt, issuer) {
      if (used.has(key)) return false
      used.set(key, issuer, { ttl: expiresAt * 1000 - clock })
      return true
    },
  }
}

const interruptions = () => process.resourceUsage().involuntaryContextSwitches

async function heap() {
  for (let i = 0; i < 3; i++) {
    await turn()
    globalThis.gc()
  }
  const { heapUsed, external } = process.memoryUsage() // external includes array buffers
  return heapUsed + external
}

/** Shifts the garbage collections of this round to other calls than in the round before. */
function shiftCollections() {
  globalThis.gc()
  let left
  for (let i = Math.random() * 100_000; i > 0; i--) left = { left: i }
  return left
}

/** For a number of calls: the fastest time (ms) of each; of interrupted ones, in `interrupted`; and the longest of each round. */
const times = (calls) => ({ best: new Float32Array(calls).fill(Number.POSITIVE_INFINITY), interrupted: new Map(), longest: [] })

/** Calls `consume` once for each element of `best`, `pace` ms of the store's clock apart. */
async function run(store, name, { best, interrupted }, pace, expected = true) {
  shiftCollections()
  const began = clock
  let longest = 0
  for (let i = 0; i < best.length; ) {
    for (const end = Math.min(best.length, i + batch); i < end; i++) {
      clock = began + Math.floor(i * pace)
      const { iss, jti } = JSON.parse(`{"iss":"https://issuer-${i % issuers}.example.com","jti":"${name} ${i}"}`)
      const key = hash('sha256', `${iss.length}:${iss}${jti}`, 'base64url')
      const expiresAt = Math.ceil(clock / 1000) + lifetime
      const before = interruptions()
      const from = performance.now()
      const answer = store.consume(key, expiresAt, iss, 0)
      const time = performance.now() - from
      if (answer !== expected) throw new Error(`${name}, call ${i}: ${answer}`)
      if (time > long && interruptions() !== before) {
        interrupted.set(i, Math.min(interrupted.get(i) ?? time, time))
        continue
      }
      best[i] = Math.min(best[i], time)
      longest = Math.max(longest, time)
    }
    await turn()
  }
  return longest
}

async function measure(ids) {
  const pace = (lifetime * 1000) / ids
  const phases = {}
  const phase = async (name, store, calls, ...how) => {
    phases[name] ??= times(calls)
    phases[name].longest.push(await run(store, name, phases[name], ...how))
  }
  const rest = () => {
    clock += 10 * lifetime * 1000
  }
  for (let round = 0; round < rounds; round++) {
    rest()
    const lone = oneCache(ids)
    await phase('one lru-cache: grows', lone, ids, pace)
    rest()
    const store = ours(ids)
    await phase('grows', store, ids, pace)
    await phase('is full', store, 100_000, 0, 'full')
    rest()
    await phase('is full of expired', store, ids, pace)
    rest()
    const lasting = ours(2 * ids)
    await phase('grows in twice the room', lasting, ids, pace)
    await phase('long run', lasting, ids, pace)
  }
  return phases
}

/** Heap (bytes) per id, with `ids` live ones: in a new store, and after all were replaced twice. */
async function weigh(make, ids) {
  const pace = (lifetime * 1000) / ids
  const ignored = times(ids)
  const before = await heap()
  const store = make(2 * ids)
  const weights = []
  for (const name of ['first', 'second', 'third']) {
    await run(store, name, ignored, pace)
    weights.push(((await heap()) - before) / ids)
  }
  store.consume('so that it is alive until here', 0, '', 0)
  return [weights[0], weights[2]].map(Math.round)
}

const rounded = (number) => Number(number.toFixed(2))

console.log(`Node ${process.version}`)
await measure(20_000) // warms up
for (const ids of sizes) {
  const [grown, lasting] = await weigh(ours, ids)
  console.log(`\n${ids} ids: ${grown} bytes an id, ${lasting} in the long run`)
  const rows = {}
  for (const [phase, { best: all, interrupted, longest }] of Object.entries(await measure(ids))) {
    const best = all.filter(Number.isFinite)
    const mean = best.reduce((sum, time) => sum + time, 0) / best.length
    best.sort()
    rows[phase] = {
      'µs a call': rounded(mean * 1000),
      'p99.99 ms': rounded(best[Math.floor(best.length * 0.9999)]),
      'stall ms': rounded(best.at(-1)),
      'with gc ms': rounded(Math.min(...longest)),
      lost: all.length - best.length,
      'lost ms': rounded(Math.max(0, ...[...interrupted].map(([i, time]) => (Number.isFinite(all[i]) ? 0 : time)))),
    }
  }
  console.table(rows)
}
