import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A port for a program that must be told one. It lies below those that a system hands out to whoever listens on port 0:
 * a test of another process cannot get it before the program listens. Redis Cluster uses the port 10,000 above, too.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port)
  const free = await once(server, 'listening').then(
    () => true,
    () => false,
  )
  if (free) await new Promise((resolve) => server.close(resolve))
  return free
}
