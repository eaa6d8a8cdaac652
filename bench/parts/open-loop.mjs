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

const turns = 5
/** The best of several measurements: a capacity that was disturbed would make the overload milder. */
async function best(times, measurement) {
  let most = 0
  for (let time = 0; time < times; time++) most = Math.max(most, await measurement())
  return most
}

/** A new server for each round, since an overloaded one would affect the next. */
async function oneRound(contender, world, sizes, { load, start }) {
  const { seconds, lead, honestRate, floodRate } = sizes
  const server = await start(contender, world)
  const valid = (count) => load.prepare('valid', use, world, Math.ceil(count))
  for (let warmup = 0; warmup < sizes.warmups; warmup++) {
    await valid(sizes.count)
    await measure(load, server, 'valid')
  }
  const capacity = await best(turns, async () => {
    await valid(sizes.count / 2)
    return (await measure(load, server, 'valid', { connections: 64 })).rate
  })

  await load.prepare('expired', 'refused', world, 2000, { name: 'expired', use })
  await load.prepare('garbage', 'refusedInTurn', world, 600, { names: garbage, use })
  await load.prepare('bulk', 'refusedInTurn', world, 400, { names: withBulk, use })
  /** Valid requests at a constant rate, and perhaps garbage; first for some seconds that do not count, until the JIT compiler knows the mix. */
  const arrivals = async (rate, other, otherRate) => {
    const during = async (seconds) => {
      await valid(rate * seconds)
      const streams = [{ name: 'valid', batch: 'valid', rate, seconds }]
      if (other) streams.push({ name: other, batch: other, rate: otherRate, seconds })
      return load.open([server], streams)
    }
    if (lead > 0) await during(lead)
    return during(seconds)
  }

  const rate = capacity * shareOfCapacity
  const calm = await arrivals(rate)
  const halfGarbage = await arrivals(rate, 'garbage', rate)
  const halfBulk = await arrivals(rate, 'bulk', rate)
  const flood = await arrivals(honestRate, 'expired', floodRate)
  const overload = await arrivals(2 * capacity)
  return { capacity, rate, flood, calm, halfGarbage, halfBulk, overload: overload.valid }
}

const inWords = ({ capacity, flood, calm, halfGarbage, halfBulk, overload }) =>
  `p99 ms of valid requests: in a flood ${flood.valid.p99.toFixed(1)}, calm ${calm.valid.p99.toFixed(1)}, with as much garbage ${halfGarbage.valid.p99.toFixed(1)}, some of it of 100 kB ${halfBulk.valid.p99.toFixed(1)}; ` +
  `twice the capacity of ${capacity.toFixed(0)}/s: ${overload.accepted.p99?.toFixed(1)}, goodput ${(overload.goodput / capacity).toFixed(2)}`
