import { Child } from './child.mjs'

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
    closed: (batch, servers, connections) => child.ask('closed', { batch, connections, ports: servers.map(({ port }) => port) }),
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
 * Sends a batch and returns the cost: server CPU in µs per request, requests per second, latency in ms, and how busy both sides were (1:
 * a core): if the server was not, its requests per second are those of the load. Requests that were shed (503) do not count; their CPU
 * time is added to the others. Few connections, so that a server that sheds requests after waiting for 10 ms need not.
 */
export async function measure(load, server, batch, { connections = 8, expect } = {}) {
  const servers = [server].flat()
  const before = await total(servers)
  const { count, seconds, statuses, p50, p99, loadBusy } = await load.closed(batch, servers, connections)
  const cpu = (await total(servers)) - before
  const { 503: shed = 0, ...others } = statuses
  if (shed === count || (expect && Object.keys(others).some((status) => !expect(Number(status))))) {
    throw new Error(`${servers[0].contender}, ${batch}: unexpected answers ${JSON.stringify(statuses)}`)
  }
  const served = count - shed
  return { cpu: cpu / served, rate: served / seconds, p50, p99, busy: cpu / 1e6 / seconds, loadBusy, statuses, shed: shed / count }
}

const total = async (servers) => {
  const usages = await Promise.all(servers.map((server) => server.usage()))
  return usages.reduce((sum, { cpu }) => sum + cpu, 0)
}

export const isOk = (status) => status === 200
export const isRefusal = (status) => status >= 400 && status < 500
