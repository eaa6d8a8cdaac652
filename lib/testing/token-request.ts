import { once } from 'node:events'
import { createServer, type RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The answer to {@link tokenRequest}. */
export interface TokenRequestAnswer {
  /** HTTP status. */
  status: number
  /** Header fields, by their names in lower case. */
  headers: Record<string, string>
  /** The parsed JSON. If the answer is no JSON, its text. */
  body: TokenRequestBody
}

/** What a token endpoint answers (RFC 6749 §5). */
export interface TokenRequestBody {
  access_token?: string
  token_type?: string
  expires_in?: number
  scope?: string
  error?: string
  error_description?: string
  [member: string]: unknown
}

/**
 * Sends a form to a token endpoint, by `fetch`. An app, or a server that does not listen, listens on a free port of loopback until it has
 * answered.
 *
 * @param app an Express app, a server of `node:http`, or the URL of the token endpoint
 * @param options `path` is where an app or a server has its token endpoint; a URL has it already. `signal` ends the request
 * @throws whatever `fetch` throws, if there is no answer
 * @example const { status, body } = await tokenRequest(app, { grant_type: 'client_credentials', ...client.clientAuthentication() })
 */
export async function tokenRequest(
  app: RequestListener | Server | URL | string,
  form: Readonly<Record<string, string>> | URLSearchParams,
  { path = '/token', ...request }: { path?: string; headers?: Readonly<Record<string, string>>; signal?: AbortSignal } = {},
): Promise<TokenRequestAnswer> {
  if (typeof app === 'string' || app instanceof URL) return await send(app, form, request)
  const server = app instanceof Server ? app : createServer(app)
  if (server.listening) return await send(urlOf(server, path), form, request)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await send(urlOf(server, path), form, request)
  } finally {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
}

/** The URL of a server that listens. If it listens on all addresses, the URL has the one of loopback. */
function urlOf(server: Server, path: string): string {
  const { address, port, family } = server.address() as AddressInfo
  const host = address === '::' || address === '0.0.0.0' ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}${path}`
}

async function send(url: URL | string, form: ConstructorParameters<typeof URLSearchParams>[0], request: RequestInit) {
  const response = await fetch(url, { ...request, method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  const text = await response.text()
  return { status: response.status, headers: Object.fromEntries(response.headers), body: parsed(text) }
}

function parsed(text: string): TokenRequestBody {
  try {
    return JSON.parse(text)
  } catch {
    return text as unknown as TokenRequestBody
  }
}
