// One issuer floods the store with ten times its capacity: used grants of another issuer stay refused, new ones work, memory is bounded.
import { withProcesses } from '../harness/bench.mjs'
import { idp, makeWorld } from '../harness/world.mjs'

const victim = 'https://victim.example.org'
const times = 10 // the capacity of the store
const earlier = 200 // grants the victim used before
const during = 4 // and uses after each chunk of the flood
const maxGrowth = 64 * 2 ** 20

export async function run({ node, keys, sizes, log }) {
  const max = sizes.storeMax
  const world = makeWorld(keys, { use: 'grant', max, maxPerIssuer: Math.ceil(max / 2), maxLifetime: 3600, otherIssuers: [victim] })
  const used = Math.min(earlier, max / 5)
  return withProcesses(node, async ({ load, start }) => {
    const server = await start('ours-express5', world, { flags: ['--expose-gc'] })
    const prepare = (batch, signer, count) => load.prepare(batch, 'grant', world, count, { signer })
    const fire = async (batch, connections) => (await load.closed(batch, [server], { connections })).statuses

    await prepare('earlier', victim, used)
    const before = await fire('earlier', 2)
    await prepare('flood', idp, Math.min(sizes.chunk, max / 2))
    const flood = await fire('flood', 16)
    const atStart = (await server.usage(true)).memory

    const other = {}
    let sent = Math.min(sizes.chunk, max / 2)
    for (; sent < times * max; sent += sizes.chunk) {
      await prepare('flood', idp, sizes.chunk)
      add(flood, await fire('flood', 16))
      await prepare('other', victim, during)
      add(other, await fire('other', 2))
    }
    const again = await fire('earlier', 2)
    const growth = (await server.usage(true)).memory - atStart
    const result = { max, sent, flood, before, other, again, growth }
    log('flood', result)
    if (before[200] !== used) throw new Error('flood: the grants before were not all honoured')
    if (again[400] !== used) throw new Error('flood: an earlier grant of another issuer was not refused')
    if (Object.keys(other).some((status) => status !== '200')) throw new Error('flood: another issuer was not served')
    if (!flood[503]) throw new Error('flood: the store was never full')
    if (growth > maxGrowth) throw new Error('flood: memory grew by more than 64 MB')
    return result
  })
}

function add(sum, statuses) {
  for (const [status, count] of Object.entries(statuses)) sum[status] = (sum[status] ?? 0) + count
}
