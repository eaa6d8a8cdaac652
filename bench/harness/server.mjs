// A contender, in its own process.
import { createServer } from 'node:http'
import { serve } from './ipc.mjs'

serve({
  async start({ contender, world }) {
    const { listener } = await import(`../contenders/${contender}.mjs`)
    const server = createServer(await listener(world))
    await new Promise((resolve) => server.listen(0, '127.0.0.1', 2048, resolve))
    return server.address().port
  },
  /** CPU microseconds used so far by all threads of this process, and its memory; `collect` needs --expose-gc. */
  usage({ collect = false }) {
    if (collect) for (let round = 0; round < 3; round++) globalThis.gc()
    const { user, system } = process.cpuUsage()
    const { heapUsed, external, rss } = process.memoryUsage() // external includes array buffers, where used JWTs are remembered
    return { cpu: user + system, heapUsed, memory: heapUsed + external, rss }
  },
})
