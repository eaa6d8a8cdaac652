// Requests that are refused: the cost of each for the server, compared with a valid one.
import { isOk, isRefusal, measure, withProcesses } from '../harness/bench.mjs'
import { refused } from '../harness/requests.mjs'
import { makeWorld } from '../harness/world.mjs'

const matches = [
  { use: 'grant', contenders: ['ours-express5', 'hand-written'] },
  { use: 'client', contenders: ['ours-express5', 'hand-written', 'oidc-provider'] },
]
const big = '90 kB validly signed'
const primed = 'replay' // the first of its kind is valid

export async function run({ node, keys, sizes, log }) {
  const results = []
  for (const { use, contenders } of matches) results.push(await compare(use, contenders, { node, keys, sizes, log }))
  return results
}

function compare(use, contenders, { node, keys, sizes, log }) {
  const world = makeWorld(keys, { use, token: 'ES256' })
  const names = Object.keys(refused)
  return withProcesses(node, async ({ load, start }) => {
    const servers = await Promise.all(
      contenders.map(async (contender) => {
        const cases = Object.fromEntries(['valid', ...names].map((name) => [name, []]))
        return { contender, cases, server: await start(contender, world) }
      }),
    )
    for (let round = -sizes.warmups; round < sizes.rounds; round++) {
      await load.prepare('valid', use, world, sizes.count)
      for (const name of names) {
        const count = name === big ? sizes.countBig : sizes.count
        await load.prepare(name, 'refused', world, count, { name, use })
      }
      for (const { contender, server, cases } of servers) {
        for (const name of ['valid', ...names]) {
          if (name === primed) await load.prepare(name, 'refused', world, sizes.count, { name, use })
          const expect = name === 'valid' ? isOk : contender.startsWith('ours') && name !== primed ? isRefusal : undefined
          const result = await measure(load, server, name, { expect })
          if (contender.startsWith('ours') && name === primed && result.statuses[200] !== 1) throw new Error('a replay was not refused')
          if (round >= 0) cases[name].push(result)
        }
      }
    }
    for (const { contender, cases } of servers) {
      log(
        `refusals of a ${use}: ${contender}`,
        Object.entries(cases).map(([name, rounds]) => ({ contender: name, rounds })),
      )
    }
    return { use, contenders: Object.fromEntries(servers.map(({ contender, cases }) => [contender, cases])) }
  })
}
