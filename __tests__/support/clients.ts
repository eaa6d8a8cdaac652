/** Clients as the README has them: none keeps a command for a server that is away. */
import { Redis } from 'ioredis'
import { createClient } from 'redis'

const ignore = () => {} // a client without listener throws what it could not reach

/** node-redis */
export async function nodeRedis(url: string) {
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: 50 } })
  client.on('error', ignore)
  await client.connect()
  return { client, command: (...args: string[]) => client.sendCommand(args), close: () => client.destroy() }
}

/** ioredis */
export async function ioRedis(url: string) {
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 50, lazyConnect: true })
  client.on('error', ignore)
  await client.connect()
  return {
    client,
    command: (name: string, ...args: string[]) => client.call(name, ...args),
    close: () => client.disconnect(),
  }
}
