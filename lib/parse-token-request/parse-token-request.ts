import type { TLSSocket } from 'node:tls'
import { refusal } from '../host/errors.js'
import type { Hooks } from '../host/hooks.js'
import type { Options } from '../host/options.js'
import type { TokenRequest } from '../host/token-state.js'
import { type Endpoint, endpointOf } from '../pipeline/endpoint.js'
import { type Middleware, step } from '../pipeline/step.js'
import type { Transaction } from '../pipeline/transaction.js'
import { type Form, fromParsedBody, parseForm } from './form.js'
import { noteBasicSecret, noteForm } from './note-unverified.js'
import { readBody } from './read-body.js'
import { hasOtherCharset, hasParameterInQuery, isInStream, repeatedHeader } from './request-shape.js'
import { tokenRequest } from './token-request.js'
import { isForIssuing, isOurs } from './whose-request.js'

/**
 * Step 1: parses the request into `req.tokenState.request` (RFC 6749 §3.2). Reads the form unless the host's parser did. Calls no hook.
 *
 * @throws ConfigurationError at mount, naming the option, the problem and the fix
 */
export function parseTokenRequest(options: Options<Partial<Hooks>>): Middleware {
  const endpoint = endpointOf('parseTokenRequest', options, [])
  return step(
    { name: 'parseTokenRequest', needs: [], adds: 'request', use: 'client', run: (_, transaction) => parse(transaction, endpoint) },
    endpoint,
  )
}

const formType = /^application\/x-www-form-urlencoded[\t ]*(?:;(.*))?$/i

/** Waits only for a body that it reads: see step.ts. */
function parse(transaction: Transaction, endpoint: Endpoint): TokenRequest | null | Promise<TokenRequest | null> {
  const { req } = transaction
  const { fallthrough, limits } = endpoint
  if (req.method !== 'POST') {
    if (fallthrough || req.method === 'OPTIONS') return null // a CORS preflight is for the host
    throw refusal('method_not_allowed', { seen: req.method, wanted: 'POST' })
  }
  const { headers } = req
  noteBasicSecret(transaction.record.claimed, headers.authorization)
  const parameters = formType.exec(headers['content-type'] ?? '')
  if (!parameters) {
    if (fallthrough) return null
    throw refusal('unsupported_media_type', { seen: headers['content-type'], wanted: 'application/x-www-form-urlencoded' })
  }
  const isUnread = isInStream(req)
  if (isUnread && (headers['content-encoding'] || 'identity').toLowerCase() !== 'identity') {
    if (fallthrough) return null
    throw refusal('unsupported_content_encoding', { seen: headers['content-encoding'], wanted: 'identity' })
  }

  const judged = (form: Form) => judge(transaction, form, parameters[1], endpoint)
  return isUnread ? readForm(transaction, endpoint).then(judged) : judged(fromParsedBody(req.body, limits.parameters))
}

/** Decides about a request by its form. `null`: it is left to the host. */
function judge(transaction: Transaction, form: Form, mediaTypeParameters: string | undefined, endpoint: Endpoint): TokenRequest | null {
  const { req } = transaction
  noteForm(transaction.record.claimed, form)
  if (endpoint.fallthrough && !isOurs(form, endpoint)) return null
  if (endpoint.requireTls && !(req.secure ?? (req.socket as Partial<TLSSocket> | undefined)?.encrypted))
    throw refusal('tls_required', { seen: 'no TLS', wanted: 'TLS, or a trusted proxy with TLS' })
  if (hasOtherCharset(mediaTypeParameters))
    throw refusal('unsupported_media_type', { seen: mediaTypeParameters, wanted: 'charset=utf-8, or none' })
  const repeated = repeatedHeader(req)
  if (repeated) throw refusal(repeated, { seen: 'Content-Type or Authorization twice', wanted: 'each of them once' })
  if (hasParameterInQuery(req))
    throw refusal('credential_in_query', { seen: 'a known parameter in the URL', wanted: 'all parameters in the body' })
  return tokenRequest(form, req.headers.authorization, endpoint)
}

/** Reads the form from the stream. A body for the host's handler is put back. */
function readForm({ req, res }: Transaction, endpoint: Endpoint): Promise<Form> {
  const { limits, fallthrough } = endpoint
  return readBody(req, limits.body, (body, complete) => {
    if (!complete && !fallthrough) return { value: { values: {} }, becomes: 'kept' } // refused as too large
    if (body.length === 0 && fallthrough) throw refusal('missing_parameter', { seen: 'an empty body', wanted: 'grant_type' }) // cannot be given back
    const form = parseForm(complete ? body : body.subarray(0, Math.max(0, body.lastIndexOf('&'))), limits.parameters)
    const isKept = !fallthrough || (complete ? isForIssuing(form, endpoint) : isOurs(form, endpoint))
    if (!isKept) res.once('finish', () => req.listenerCount('data') + req.listenerCount('readable') > 0 || req.resume()) // else a body that nobody reads blocks the connection
    return { value: form, becomes: isKept ? 'kept' : 'given-back' }
  })
}
