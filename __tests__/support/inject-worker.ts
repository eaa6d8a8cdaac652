/** light-my-request in a worker: Jest's `require` cannot load the ES modules in it. One worker is one host; it answers forms in their order. */
import { parentPort, workerData } from 'node:worker_threads'
import inject from 'light-my-request'
import type { Client, TrustedIssuer } from '../../lib/index.js'
import { expresses } from './express.js'
import { type OldHost, oldHost } from './old-host.js'

export interface InjectData {
  express: string
  host: OldHost
  clients: Record<string, Client>
  issuers: Record<string, TrustedIssuer>
}

const { express, host, clients, issuers }: InjectData = workerData
const [, create] = expresses.find(([name]) => name === express) ?? []
if (!create || !parentPort) throw new Error('not started by a test')
const port = parentPort
const { app, events } = oldHost(
  create,
  {
    findClient: (id) => clients[id],
    findIssuer: (iss) => issuers[iss],
    authorizeGrant: ({ sub }) => ({ subject: `local-${sub}` }),
    mintToken: ({ subject }) => ({ access_token: `token-of-${subject}`, token_type: 'Bearer', expires_in: 300 }),
  },
  host,
)
const headers = { 'content-type': 'application/x-www-form-urlencoded' }
port.on('message', async (form: string) => {
  const { statusCode, payload } = await inject(app as never, { method: 'POST', url: '/token', headers, payload: form })
  port.postMessage({ status: statusCode, body: JSON.parse(payload), events: events.map(({ outcome, reason }) => ({ outcome, reason })) })
})
