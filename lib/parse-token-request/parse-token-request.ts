import type { ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { type RefusalReason, refusal } from '../host/errors.js'
import type { Hooks } from '../host/hooks.js'
import type { Options } from '../host/options.js'
import type { TokenRequest } from '../host/token-state.js'
import { type Endpoint, endpointOf } from '../pipeline/endpoint.js'
import { type Middleware, step } from '../pipeline/step.js'
import type { Exchange, Request } from '../pipeline/transaction.js'
import { type Form, fromParsedBody, isReadAsKnown, parseForm } from './form.js'
import { readBody } from './read-body.js'
import { tokenRequest } from './token-request.js'
import { isForIssuing, isOurs } from './whose-request.js'

/**
 * Step 1: parses the request into `req.tokenState.request` (RFC 6749 §3.2). Reads the form unless the host's parser did. Calls no hook.
 *
 * @throws ConfigurationError at mount, naming the option, the problem and the fix
 */
export function parseTokenRequest(options: Options<Partial<Hooks>>): Middleware {
  const endpoint = endpointOf('parseTokenRequest', options, [])
  return step({ name: 'parseTokenRequest', needs: [], adds: 'request', run: (_, exchange) => parse(exchange, endpoint) }, endpoint)
}

const formType = /^application\/x-www-form-urlencoded[\t ]*(?:;(.*))?$/i
const utf8Charsets = /(?<=^|;)[\t ]*charset[\t ]*=[\t ]*(?:utf-?8|"utf-?8")[\t ]*(?=;|$)/gi

function parse(exchange: Exchange, endpoint: Endpoint): TokenRequest | null | Promise<TokenRequest | null> {
  const { req } = exchange
  const { fallthrough, limits } = endpoint
  if (req.method !== 'POST') {
    if (fallthrough || req.method === 'OPTIONS') return null // a CORS preflight is for the host
    throw refusal('method_not_allowed')
  }
  const { headers } = req
  const parameters = formType.exec(headers['content-type'] ?? '')
  if (!parameters) {
    if (fallthrough) return null
    throw refusal('unsupported_media_type')
  }
  const isUnread = isInStream(req)
  if (isUnread && (headers['content-encoding'] || 'identity').toLowerCase() !== 'identity') {
    if (fallthrough) return null
    throw refusal('unsupported_content_encoding')
  }

  if (!fallthrough && !endpoint.load.admit()) throw refusal('overloaded')
  const judged = (form: Form) => judge(exchange, form, parameters[1], endpoint)
  return isUnread ? readForm(exchange, endpoint).then(judged) : judged(fromParsedBody(req.body, limits.parameters))
}

/** Decides about a request by its form. `null`: it is left to the host. */
function judge(exchange: Exchange, form: Form, mediaTypeParameters: string | undefined, endpoint: Endpoint): TokenRequest | null {
  const { req } = exchange
  noteUnverified(exchange, form)
  if (endpoint.fallthrough) {
    if (!isOurs(form, endpoint)) return null
    if (!endpoint.load.admit()) throw refusal('overloaded')
  }
  if (endpoint.requireTls && !(req.secure ?? (req.socket as Partial<TLSSocket> | undefined)?.encrypted)) throw refusal('tls_required')
  if (hasOtherCharset(mediaTypeParameters)) throw refusal('unsupported_media_type')
  const repeated = repeatedHeader(req)
  if (repeated) throw refusal(repeated)
  if (hasParameterInQuery(req)) throw refusal('credential_in_query')
  return tokenRequest(form, req.headers.authorization, endpoint)
}

/**
 * Whether the body is still in the stream: `fallthrough` can only leave a request unchanged that nobody has read. `readableDidRead` is true
 * once any parser has read the stream; then only `req.body` counts. An empty body that a parser has seen ends without having been read.
 * Adapters of serverless platforms put the bytes into `req.body` too, and end the stream before a parser can read it a second time.
 */
function isInStream(req: Request): boolean {
  if (!hasBody(req) || Buffer.isBuffer(req.body)) return false
  try {
    return req.readableDidRead === false && req.readableEnded !== true
  } catch {
    return false // a mock request that Express made an IncomingMessage, without a stream inside
  }
}

/**
 * Whether a body was announced (RFC 9112 §6.3; RFC 9113 §8.1). A stream without one is not touched: its end could not be given back to the
 * host's handler.
 */
function hasBody({ headers, httpVersion, stream }: Request & { stream?: ServerHttp2Stream }): boolean {
  const length = headers['content-length']
  if (length !== undefined) return Number(length) !== 0
  return httpVersion === '2.0' ? stream?.endAfterHeaders !== true : headers['transfer-encoding'] !== undefined
}

/** Reads the form from the stream. A body for the host's handler is put back. */
function readForm({ req, res }: Exchange, endpoint: Endpoint): Promise<Form> {
  const { limits, fallthrough } = endpoint
  return readBody(req, limits.body, (body, complete) => {
    if (!complete && !fallthrough) return { value: { values: {} }, becomes: 'kept' } // refused as too large
    if (body.length === 0 && fallthrough) throw refusal('missing_parameter') // cannot be given back
    const form = parseForm(complete ? body : body.subarray(0, Math.max(0, body.lastIndexOf('&'))), limits.parameters)
    const isKept = !fallthrough || (complete ? isForIssuing(form, endpoint) : isOurs(form, endpoint))
    if (!isKept) res.once('finish', () => isRead(req) || req.resume()) // else a body that nobody reads blocks the connection
    return { value: form, becomes: isKept ? 'kept' : 'given-back' }
  })
}

const isRead = (req: Request) => req.listenerCount('data') > 0 || req.listenerCount('readable') > 0

/** Records the unverified grant type and client for the event. */
function noteUnverified({ record }: Exchange, { values }: Form): void {
  const [grantType, clientId] = [values.grant_type?.[0], values.client_id?.[0]]
  if (typeof grantType === 'string') record.claimed.grant_type = grantType
  if (typeof clientId === 'string') record.claimed.client_id = clientId
}

/** Parsers disagree on which of two charsets counts: each has to be UTF-8. */
const hasOtherCharset = (parameters = '') => parameters !== '' && /charset/i.test(parameters.replace(utf8Charsets, ''))

/** Headers that must not repeat: Node keeps the first of two, a proxy perhaps the last. */
const soleHeaders: Readonly<Record<string, RefusalReason>> = {
  'content-type': 'unsupported_media_type',
  authorization: 'malformed_authorization',
}

const soleLengths = Object.keys(soleHeaders).map(({ length }) => length)

function repeatedHeader({ rawHeaders = [] }: Request): RefusalReason | undefined {
  const seen: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const written = rawHeaders[i] ?? ''
    if (!soleLengths.includes(written.length)) continue
    const name = written.toLowerCase()
    if (seen.includes(name) && Object.hasOwn(soleHeaders, name)) return soleHeaders[name]
    seen.push(name)
  }
  return undefined
}

/** URLs are logged: a known parameter in one is refused, even if the body has it too (RFC 6749 §2.3.1), in any spelling. */
function hasParameterInQuery(req: Request): boolean {
  const { url = '' } = req
  const query = url.includes('?') && url.slice(url.indexOf('?') + 1)
  if (!query) return false
  for (const name of new URLSearchParams(query).keys()) if (isReadAsKnown(name)) return true
  return false
}
