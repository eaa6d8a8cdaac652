// Valid requests: the cost of a token for each contender.
import { isOk, measureInTurns, withProcesses } from '../harness/bench.mjs'
import { makeWorld } from '../harness/world.mjs'

const algorithms = [
  ['ES256', 'ES256'],
  ['RS256', 'ES256'],
  ['EdDSA', 'EdDSA'],
  ['RS256', 'opaque'],
  ['RS256', 'RS256'],
]
const ours = ['ours-express5', 'ours-express4', 'ours-steps']
const withGrants = ['limit', 'hand-written', ...ours]
const withClients = [...withGrants, 'oidc-provider']
/** Contenders without JWT credentials get a secret, and `hello` gets nothing. */
const kindOf = { hello: 'hello', 'node-oauth': 'secret', jmondi: 'secret' }

const contenders = { grant: withGrants, client: withClients, both: withGrants }

/** Every scenario and its contenders. Those without JWTs run together with the two that they are compared with. */
export const scenarios = [
  ...algorithms.flatMap(([alg, token]) => Object.keys(contenders).map((use) => ({ use, alg, token, contenders: contenders[use] }))),
  { use: 'client', alg: 'ES256', token: 'opaque', contenders: [...withClients, 'node-oauth'] },
  { use: 'reused', alg: 'ES256', token: 'opaque', contenders: ['limit', 'hand-written', 'ours-express5', 'node-oauth'] },
].map((scenario) =>
  scenario.use === 'client' && scenario.alg === 'ES256' && scenario.token === 'ES256'
    ? { ...scenario, contenders: ['hello', ...scenario.contenders, 'node-oauth', 'jmondi'] }
    : scenario,
)

export const nameOf = ({ use, alg, token }) => `${use} ${alg}→${token}`

/** In smoke mode: every use, every algorithm and every contender once. */
const forSmoke = [
  ['client', 'ES256', 'ES256'],
  ['grant', 'EdDSA', 'EdDSA'],
  ['both', 'RS256', 'opaque'],
  ['reused', 'ES256', 'opaque'],
].map((parts) => nameOf({ use: parts[0], alg: parts[1], token: parts[2] }))

export async function run({ node, keys, sizes, only, smoke, log }) {
  const chosen = scenarios.filter((scenario) => (smoke ? forSmoke.includes(nameOf(scenario)) : nameOf(scenario).includes(only ?? '')))
  const results = []
  for (const scenario of chosen) results.push(await compare(scenario, { node, keys, sizes, log }))
  return results
}

function compare(scenario, { node, keys, sizes, log }) {
  const world = makeWorld(keys, scenario)
  const count = scenario.alg === 'RS256' ? sizes.countRsa : sizes.count
  return withProcesses(node, async ({ load, start }) => {
    const servers = await Promise.all(
      scenario.contenders.map(async (contender) => {
        const kind = kindOf[contender] ?? scenario.use
        return { contender, kind, rounds: [], server: await start(contender, { ...world, use: kind }) }
      }),
    )
    for (let round = -sizes.warmups; round < sizes.rounds; round++) {
      const kinds = new Set(servers.map(({ kind }) => kind))
      for (const kind of kinds) await load.prepare(kind, kind, world, count) // the same JWTs for all: each has its own replay store
      const entrants = servers.map(({ server, kind }) => ({ server, batch: kind, expect: isOk }))
      const results = await measureInTurns(load, entrants, sizes.slices)
      if (round >= 0) for (const [index, { rounds }] of servers.entries()) rounds.push(results[index])
    }
    log(nameOf(scenario), servers)
    const { use, alg, token } = scenario
    return { use, alg, token, contenders: Object.fromEntries(servers.map(({ contender, rounds }) => [contender, rounds])) }
  })
}
