/** A server on loopback at which clients publish what others register: their documents, and their keys. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from '@jest/globals'
import { CLIENT_CREDENTIALS, type ClientMetadataDocumentsOptions, clientMetadataDocuments, JWT_BEARER_GRANT } from '../../lib/index.js'
import type { ExpressFactory } from './express.js'
import type { Pair } from './keys.js'
import { byJwt, clientAssertion, clientCredentials, keys, startWorld, type WorldOptions } from './world.js'

export type Document = Record<string, unknown>
export type Headers = Record<string, string>

/** Serves a document as its client would. */
export const json =
  (document: unknown, headers: Headers = {}): RequestListener =>
  (_req, res) => {
    for (const [name, value] of Object.entries({ 'content-type': 'application/json', ...headers })) res.setHeader(name, value)
    res.end(typeof document === 'string' ? document : JSON.stringify(document))
  }

/** A publisher: what it serves can be changed at any time, and it counts its visits. It is taken down after the tests of the file. */
export async function startPublisher() {
  const routes: Record<string, RequestListener> = {}
  const visits: string[] = []
  const server = createServer((req, res) => {
    const path = req.url as string
    visits.push(path)
    const serve = routes[path] ?? routes['*'] ?? ((_, answer) => answer.writeHead(404).end())
    serve(req, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, port, routes, visits, client_id: `http://127.0.0.1:${port}/client.json` }
}
export type Publisher = Awaited<ReturnType<typeof startPublisher>>

/** A good document of a client with a key. */
export const documentOf = (client_id: string, over: Document = {}): Document =>
  Object.fromEntries(
    Object.entries({
      client_id,
      client_name: 'An app',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [keys.client.jwk] },
      grant_types: [CLIENT_CREDENTIALS, JWT_BEARER_GRANT],
      ...over,
    }).filter(([, value]) => value !== undefined),
  )

/** As ChatGPT publishes it (django-oauth-toolkit issue 1845), but at another origin. */
export const chatGpt = (origin: string): Document => ({
  client_id: `${origin}/oauth/client.json`,
  client_uri: 'https://chatgpt.com/',
  redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  client_name: 'ChatGPT',
  logo_uri: 'https://persistent.oaistatic.com/sonic/misc/openai-logo.png',
  token_endpoint_auth_signing_alg: 'RS256',
  jwks_uri: `${origin}/oauth/jwks.json`,
})

/** As Claude publishes it (claude-ai-mcp issue 487), but at another origin. */
export const claude = (origin: string): Document => ({
  client_id: `${origin}/oauth/mcp-oauth-client-metadata`,
  client_name: 'Claude',
  client_uri: 'https://claude.ai',
  redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
  grant_types: ['authorization_code', 'refresh_token', JWT_BEARER_GRANT],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
})

/** A form of a client with a URL as `client_id`, which signs. */
export const signedBy = (client_id: string, claims: Document = {}, key: Pair = keys.client) =>
  clientCredentials(byJwt(clientAssertion({ iss: client_id, ...claims }, { key })))

type Terms = Partial<ClientMetadataDocumentsOptions>

/** A server that accepts clients with a URL as `client_id`, besides those of the world. */
export function startDocumentedWorld(express: ExpressFactory, terms: Terms = {}, more: WorldOptions = {}) {
  const findClient = clientMetadataDocuments({
    findClient: () => undefined,
    allow: () => true,
    grant_types: [CLIENT_CREDENTIALS, JWT_BEARER_GRANT, 'authorization_code'],
    scope: 'read write',
    allowPrivateUrls: true,
    ...terms,
  })
  const world = startWorld(express, { ...more, hooks: { findClient, ...more.hooks } })
  /** The answer to a form: status, error, exact reason, and notices. */
  const ask = async (form: Record<string, string>) => {
    const { status, body } = await world.post(form)
    const { reason, detail, notices } = world.last()
    return { status, error: body.error, body, reason, detail, notices }
  }
  return { ...world, ask, findClient }
}
