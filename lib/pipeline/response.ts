/** All responses of the suite are written here. */
import { ServerResponse } from 'node:http'
import type { ErrorAnswer } from '../host/errors.js'
import { pageOf } from '../host/help-page.js'

/** Writes one JSON response that must not be cached (RFC 6749 §5.1); `headers` alternates names and values. */
export function respond(res: ServerResponse, status: number, body: object, headers?: readonly string[]): void {
  const json = JSON.stringify(body)
  const length = String(Buffer.byteLength(json))
  const ours = [
    'Content-Type',
    'application/json; charset=utf-8',
    'Cache-Control',
    'no-store',
    'Pragma',
    'no-cache',
    'Content-Length',
    length,
  ]
  const all = headers ? [...headers, ...ours] : ours
  if (res.writeHead === ServerResponse.prototype.writeHead) res.writeHead(status, all)
  else {
    // a wrapper of writeHead may lose headers given as a list (CVE-2025-7339)
    for (let at = 0; at < all.length; at += 2) res.setHeader(all[at] as string, all[at + 1] as string)
    res.writeHead(status)
  }
  res.end(json)
}

/** Writes an OAuth error response (RFC 6749 §5.2), with an identifier that a client can quote, and with the reason if that is `revealed`. */
export function renderError(res: ServerResponse, given: ErrorAnswer, requestId?: string, revealed = false): void {
  const answer = revealed ? { ...given, error_description: `${given.error_description} (${given.reason})`.trim() } : given
  const { status, error, error_description, reason } = answer
  const id = requestId === undefined || res.hasHeader('X-Request-Id') ? [] : ['X-Request-Id', requestId]
  const body = { error, ...(error_description && { error_description }), ...(revealed && { error_uri: pageOf(reason) }) }
  respond(res, status, body, [...extraHeaders(res, answer), ...id])
}

const headersOf: Readonly<Record<number, readonly string[]>> = {
  405: ['Allow', 'POST'],
  413: ['Connection', 'close'], // the rest of the body is not read
  429: ['Retry-After', '5'],
  503: ['Retry-After', '5'],
}

/**
 * The headers of a status. A challenge or a `Retry-After` of the host is kept; so is the connection, if the body was read to its end. HTTP/2
 * has no header for the connection (RFC 9113 §8.2.2).
 */
function extraHeaders(res: ServerResponse, answer: ErrorAnswer): readonly string[] {
  const { status } = answer
  if (status === 401) return res.hasHeader('WWW-Authenticate') ? [] : ['WWW-Authenticate', challenge(answer)]
  if (status === 413 && (res.req?.complete || res.req?.httpVersion === '2.0')) return []
  const headers = headersOf[status] ?? []
  return headers[0] === 'Retry-After' && res.hasHeader('Retry-After') ? [] : headers
}

/**
 * The challenge that each 401 needs (RFC 9110 §15.5.2, RFC 7617 §2). It names the error too, as a Bearer challenge does (RFC 6750 §3): some
 * clients read nothing else of an answer that has a challenge. No text of an answer has a quote or a backslash.
 */
function challenge({ error, error_description }: ErrorAnswer): string {
  const description = error_description && `, error_description="${error_description}"`
  return `Basic realm="token endpoint", charset="UTF-8", error="${error}"${description}`
}
