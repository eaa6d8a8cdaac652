/** As in production: https, and no private addresses. What a name resolves to, and which authority is trusted, is told by the test here. */
import * as https from 'node:https'
import * as net from 'node:net'
import { afterAll, expect, it, jest } from '@jest/globals'
import { type Certificate, issueCertificate } from '../support/certificates.js'

const trusted: string[] = []
const resolved: string[] = []
jest.unstable_mockModule('node:dns', () => ({
  lookup: (name: string, _: object, callback: (error: Error | null, addresses?: object[]) => void) => {
    resolved.push(name)
    process.nextTick(() => callback(null, [{ address: '127.0.0.1', family: 4 }]))
  },
}))
jest.unstable_mockModule('node:net', () => ({
  ...net,
  BlockList: class extends net.BlockList {
    override check() {
      return false
    }
  },
}))
jest.unstable_mockModule('node:https', () => ({
  ...https,
  get: (url: URL, options: https.RequestOptions, answer: () => void) => https.get(url, { ...options, ca: trusted }, answer),
}))
const { CLIENT_CREDENTIALS, clientMetadataDocuments } = await import('../../lib/index.js')
const { anyExpress } = await import('../support/express.js')
const { chatGpt, signedBy } = await import('../support/publisher.js')
const { rsa } = await import('../support/keys.js')
const { startWorld, tokenEndpointUrl } = await import('../support/world.js')

const servers: https.Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})
const key = rsa('cimd-20260428030119')

/** ChatGPT behind a certificate: its origin, and what was asked for. */
async function publish({ cert, key: privateKey }: Certificate) {
  const asked: string[] = []
  const documents: Record<string, unknown> = { '/oauth/jwks.json': { keys: [key.jwk] } }
  const server = https.createServer({ cert, key: privateKey }, (req, res) => {
    asked.push(`${req.headers.host} ${req.headers.accept} ${req.url}`)
    res.setHeader('content-type', 'application/json').end(JSON.stringify(documents[req.url as string]))
  })
  server.on('tlsClientError', () => {})
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `chatgpt.example:${(server.address() as net.AddressInfo).port}`
  documents['/oauth/client.json'] = { ...chatGpt(`https://${host}`), grant_types: [CLIENT_CREDENTIALS] }
  return { host, asked, client_id: `https://${host}/oauth/client.json` }
}

it.each(anyExpress)('CD-02 CD-07 a document and its keys over TLS, by addresses that were checked, on %s', async (_, express) => {
  resolved.length = 0
  const authority = await issueCertificate({ subject: 'CN=authority', isAuthority: true })
  trusted.splice(0, trusted.length, authority.cert) // two of one name: OpenSSL may try the other one
  const names = [{ type: 'dns', value: 'chatgpt.example' }] as const
  const good = await publish(await issueCertificate({ issuer: authority, names: [...names] }))
  const stranger = await publish(await issueCertificate({ names: [...names] }))
  const findClient = clientMetadataDocuments({
    findClient: () => undefined,
    allow: [good.host, stranger.host],
    grant_types: [CLIENT_CREDENTIALS],
    scope: 'read',
  })
  const world = startWorld(express, { hooks: { findClient } })
  const ask = async (client_id: string) => (await world.post(signedBy(client_id, { aud: tokenEndpointUrl }, key))).status
  expect(await ask(good.client_id)).toBe(200)
  expect(world.last()).toMatchObject({ client_id: good.client_id, client_auth_method: 'private_key_jwt', notices: ['aud_legacy'] })
  expect(await findClient(good.client_id)).toMatchObject({ allowPrivateJwksUri: false })
  expect(good.asked).toEqual([
    `${good.host} application/json /oauth/client.json`,
    `${good.host} application/jwk-set+json, application/json /oauth/jwks.json`,
  ])
  expect(await ask(stranger.client_id)).toBe(503)
  expect(world.last()).toMatchObject({ reason: 'client_metadata_unavailable' })
  expect(stranger.asked).toEqual([])
  expect(resolved).toEqual(Array(3).fill('chatgpt.example'))
})
