import { Child } from './child.mjs'
import { summary } from './stats.mjs'

/** Starts a contender on the servers' core. */
export async function startServer(contender, world, { node, flags, core = 0 } = {}) {
  const child = new Child('server.mjs', { node, flags, core })
  try {
    const port = await child.ask('start', { contender, world })
    return { contender, port, usage: (collect) => child.ask('usage', { collect }), end: () => child.end() }
  } catch (error) {
    await child.end()
    throw error
  }
}

/** Starts the load on the other core. */
export function startLoad() {
  const child = new Child('load.mjs', { core: 1, flags: ['--max-old-space-size=4096'] })
  return {
    prepare: (batch, kind, world, count, options) => child.ask('prepare', { batch, kind, world, count, options }),
    size: (batch) => child.ask('size', { batch }),
    closed: (batch, servers, { connections, from, to }) =>
      child.ask('closed', { batch, connections, from, to, ports: servers.map(({ port }) => port) }),
    open: (servers, streams) => child.ask('open', { streams, ports: servers.map(({ port }) => port) }),
    end: () => child.end(),
  }
}

/** Runs `work` with a load and a function that starts servers, and ends them all in any case. */
export async function withProcesses(node, work) {
  const started = []
  const load = startLoad()
  const start = async (contender, world, options = {}) => {
    const server = await startServer(contender, world, { node: node?.path, ...options })
    started.push(server)
    return server
  }
  const endServers = () => Promise.all(started.splice(0).map((server) => server.end()))
  try {
    return await work({ load, start, endServers })
  } finally {
    await endServers()
    await load.end()
  }
}

/**
 * Sends a batch, or a slice of it, and returns the cost: server CPU in µs per request, requests per second, latency in ms, and how busy
 * the server was (1: a core): if it was not, its requests per second are those of the load. Requests that were shed (503) do not count;
 * their CPU time is added to the others. Few connections, so that a server that sheds requests after waiting for 10 ms need not.
 */
export async function measure(load, server, batch, { connections = 8, expect, from, to } = {}) {
  const servers = [server].flat()
  const before = await total(servers)
  const { count, seconds, statuses, p50, p99 } = await load.closed(batch, servers, { connections, from, to })
  const used = (await total(servers)) - before
  const { 503: shed = 0, ...others } = statuses
  if (shed === count || (expect && Object.keys(others).some((status) => !expect(Number(status))))) {
    throw new Error(`${servers[0].contender}, ${batch}: unexpected answers ${JSON.stringify(statuses)}`)
  }
  return figures({ used, count, shed, seconds, statuses, p50, p99 })
}

const figures = ({ used, count, shed, seconds, ...rest }) => {
  const served = count - shed
  return {
    ...rest,
    busy: used / 1e6 / seconds,
    cpu: used / served,
    rate: served / seconds,
    shed: shed / count,
    sums: { used, count, shed, seconds },
  }
}

/**
 * Measures several at once: each gets its batch in slices, in turns, so that a slow phase of the machine is slow for all.
 * @param entrants `{ server, batch, expect }`
 * @returns what {@link measure} does, for each; `p50` and `p99` are the medians of its slices
 */
export async function measureInTurns(load, entrants, slices) {
  const sizes = await Promise.all(entrants.map(({ batch }) => load.size(batch)))
  const parts = entrants.map(() => [])
  for (let slice = 0; slice < slices; slice++) {
    for (const [index, { server, batch, expect }] of entrants.entries()) {
      const at = (place) => Math.round((sizes[index] * place) / slices)
      parts[index].push(await measure(load, server, batch, { expect, from: at(slice), to: at(slice + 1) }))
    }
  }
  return parts.map(together)
}

function together(parts) {
  const sum = (name) => parts.reduce((all, { sums }) => all + sums[name], 0)
  const middle = (name) => summary(parts.map((part) => part[name])).median
  const statuses = {}
  for (const part of parts) for (const [status, count] of Object.entries(part.statuses)) statuses[status] = (statuses[status] ?? 0) + count
  const sums = Object.fromEntries(['used', 'count', 'shed', 'seconds'].map((name) => [name, sum(name)]))
  return figures({ ...sums, statuses, p50: middle('p50'), p99: middle('p99') })
}

const total = async (servers) => {
  const usages = await Promise.all(servers.map((server) => server.usage()))
  return usages.reduce((sum, { cpu }) => sum + cpu, 0)
}

export const isOk = (status) => status === 200
export const isRefusal = (status) => status >= 400 && status < 500
