import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JSONWebKeySet } from '../host/jwk.js'

/** Serves a key set on a free port of loopback. */
export async function serveJwks(jwks: JSONWebKeySet): Promise<{ jwks_uri: string; close(): Promise<void> }> {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'application/jwk-set+json').end(JSON.stringify(jwks))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    jwks_uri: `http://127.0.0.1:${port}/jwks`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
