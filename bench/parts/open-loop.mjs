// Constant arrival rates: the effect of a flood on valid clients, and of twice its capacity on a server.
import { measure, withProcesses } from '../harness/bench.mjs'
import { makeWorld } from '../harness/world.mjs'

const contenders = ['ours-express5', 'hand-written', 'oidc-provider']
const use = 'client' // all three do that
const garbage = ['not a JWT', 'expired', 'bad signature']
const withBulk = [...garbage, '100 kB garbage'] // Node reads it, 64 KiB of new memory at a time, even if it is refused
const shareOfCapacity = 0.3 // valid traffic of the run with garbage, whose other half it is

export async function run({ node, keys, sizes, log }) {
  const world = makeWorld(keys, { use })
  const results = Object.fromEntries(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < sizes.rounds; round++) {
    for (const contender of contenders) {
      const result = await withProcesses(node, (processes) => oneRound(contender, world, sizes, processes))
      results[contender].push(result)
      log(`open loop, round ${round + 1}: ${contender}`, inWords(result))
    }
  }
  return results
}

/** A new server for each round, since an overloaded one would affect the next. */
async function oneRound(contender, world, sizes, { load, start }) {
  const { seconds, honestRate, floodRate } = sizes
  const server = await start(contender, world)
  const valid = (count) => load.prepare('valid', use, world, Math.ceil(count))
  const open = (...streams) => load.open([server], streams)
  for (let warmup = 0; warmup < sizes.warmups; warmup++) {
    await valid(sizes.count)
    await measure(load, server, 'valid')
  }
  await valid(sizes.count * 2)
  const capacity = (await measure(load, server, 'valid', { connections: 64 })).rate

  await load.prepare('expired', 'refused', world, 2000, { name: 'expired', use })
  await load.prepare('garbage', 'refusedInTurn', world, 600, { names: garbage, use })
  await load.prepare('bulk', 'refusedInTurn', world, 400, { names: withBulk, use })
  const stream = (name, rate) => ({ name, batch: name, rate, seconds })

  await valid(honestRate * seconds)
  const flood = await open(stream('valid', honestRate), stream('expired', floodRate))

  const rate = capacity * shareOfCapacity
  await valid(rate * seconds)
  const calm = await open(stream('valid', rate))
  await valid(rate * seconds)
  const halfGarbage = await open(stream('valid', rate), stream('garbage', rate))
  await valid(rate * seconds)
  const halfBulk = await open(stream('valid', rate), stream('bulk', rate))

  await valid(2 * capacity * seconds)
  const overload = await open(stream('valid', 2 * capacity))
  return { capacity, rate, flood, calm, halfGarbage, halfBulk, overload: overload.valid }
}

const inWords = ({ capacity, flood, calm, halfGarbage, halfBulk, overload }) =>
  `p99 ms of valid requests: in a flood ${flood.valid.p99.toFixed(1)}, calm ${calm.valid.p99.toFixed(1)}, with as much garbage ${halfGarbage.valid.p99.toFixed(1)}, some of it of 100 kB ${halfBulk.valid.p99.toFixed(1)}; ` +
  `twice the capacity of ${capacity.toFixed(0)}/s: ${overload.accepted.p99?.toFixed(1)}, goodput ${(overload.goodput / capacity).toFixed(2)}`
