import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JSONWebKeySet } from '../host/jwk.js'

/** Serves a key set on a port of loopback; on a free port without one. */
export async function serveJwks(jwks: JSONWebKeySet, wanted = 0): Promise<{ jwks_uri: string; close(): Promise<void> }> {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'application/jwk-set+json').end(JSON.stringify(jwks))
  }).listen(wanted, '127.0.0.1')
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
