import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Safe in a header and in a log. */
const wellFormed = /^[\w.:+/=@-]{1,128}$/

/**
 * The identifier of a request: what the host set as `X-Request-Id` of the response or as `req.id`, as many loggers do; what a proxy or the
 * client sent; otherwise a new one.
 */
export function requestIdOf(req: IncomingMessage & { readonly id?: unknown }, res: ServerResponse): string {
  for (const given of [res.getHeader('x-request-id'), req.id, req.headers['x-request-id']]) {
    const id = typeof given === 'number' ? String(given) : given
    if (typeof id === 'string' && wellFormed.test(id)) return id
  }
  return randomUUID()
}
