import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Options, TokenEndpointEvent } from '../lib/index.js'
import { createApp } from './app.js'
import { createRegistry, type MoreParties, type Registry } from './registry.js'

export interface DemoServer {
  registry: Registry
  /** The requested port, if another process uses it. */
  takenPort: number | undefined
  close(): Promise<void>
}

/** Starts the demo on `port` of 127.0.0.1, or on a free one if that is in use or 0. */
export async function startServer(
  port: number,
  onEvent?: (event: TokenEndpointEvent) => void,
  { more, changes }: { more?: MoreParties; changes?: Partial<Options> } = {},
): Promise<DemoServer> {
  const server = createServer()
  let takenPort: number | undefined
  try {
    await listen(server, port)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    takenPort = port
    await listen(server, 0)
  }
  // the issuer identifier contains the port, so the app is made after listening
  const registry = await createRegistry(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, more)
  server.on('request', createApp(registry, onEvent, changes))
  return { registry, takenPort, close: () => close(server) }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
