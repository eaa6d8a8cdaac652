import { isUtf8 } from 'node:buffer'
import { emptyRecord } from './empty-record.js'
import type { RefusalReason } from './errors.js'

/** The registered parameters of a token request (IANA OAuth Parameters), and whether they may repeat. All others are ignored. */
export const knownParameters: ReadonlyMap<string, 'once' | 'many'> = new Map(
  Object.entries({
    grant_type: 'once',
    assertion: 'once',
    client_assertion: 'once',
    client_assertion_type: 'once',
    client_id: 'once',
    client_secret: 'once',
    scope: 'once',
    resource: 'many', // RFC 8707 §2
    audience: 'many', // RFC 8693 §2.1
    authorization_details: 'once',
    code: 'once',
    redirect_uri: 'once',
    code_verifier: 'once',
    refresh_token: 'once',
    username: 'once',
    password: 'once',
    device_code: 'once',
    auth_req_id: 'once',
    requested_token_type: 'once',
    subject_token: 'once',
    subject_token_type: 'once',
    actor_token: 'once',
    actor_token_type: 'once',
  } as const),
)

/** The values of known parameters as they were sent. `problem` only matters if the request is for this suite. */
export interface Form {
  /** A null-prototype object. */
  readonly values: Record<string, unknown[]>
  problem?: RefusalReason
}

/** Reads `application/x-www-form-urlencoded` bytes (RFC 6749 App. B): strict percent-encoding, strict UTF-8, bounded count. */
export function parseForm(bytes: Buffer, maxParameters: number): Form {
  const form: Form = { values: emptyRecord() }
  if (!isUtf8(bytes)) form.problem = 'parameter_malformed'
  let text = bytes.toString('utf8')
  if (text.startsWith('\ufeff')) {
    text = text.slice(1) // parsers disagree on whether to strip it
    form.problem = 'parameter_malformed'
  }
  let start = 0
  for (let count = 0; start < text.length; ) {
    let end = text.indexOf('&', start)
    if (end < 0) end = text.length
    if (end > start) {
      if (++count > maxParameters) {
        form.problem ??= 'too_many_parameters'
        break
      }
      addPair(form, text.slice(start, end))
    }
    start = end + 1
  }
  return form
}

function addPair(form: Form, pair: string): void {
  const equals = pair.indexOf('=')
  try {
    const name = decodeComponent(equals < 0 ? pair : pair.slice(0, equals))
    const value = decodeComponent(equals < 0 ? '' : pair.slice(equals + 1))
    if (!knownParameters.has(name)) {
      const plain = name.replace(/^\[/, '').replace(/[[\]].*/s, '') // a nesting parser reads `client_id[]` and `[client_id]` as client_id
      if (knownParameters.has(plain)) form.problem ??= 'parameter_shape'
      return
    }
    const sent = form.values[name]
    if (sent) sent.push(value)
    else form.values[name] = [value]
  } catch {
    form.problem ??= 'parameter_malformed'
  }
}

/** Form-decodes one component. @throws URIError on a bad escape or bytes that are not UTF-8 */
export const decodeComponent = (text: string) =>
  text.includes('%') || text.includes('+') ? decodeURIComponent(text.replaceAll('+', ' ')) : text

/** Converts a body that the host's parser read: only own members with known names, of any shape. */
export function fromParsedBody(body: unknown, maxParameters: number): Form {
  if (typeof body === 'string') return parseForm(Buffer.from(body), maxParameters)
  if (Buffer.isBuffer(body)) return parseForm(body, maxParameters)
  const form: Form = { values: emptyRecord() }
  if (typeof body !== 'object' || body === null) return form
  if (Object.keys(body).length > maxParameters) form.problem = 'too_many_parameters'
  for (const name of knownParameters.keys()) {
    if (!Object.hasOwn(body, name)) continue
    const value = (body as Record<string, unknown>)[name]
    // a list of one is how parsers read `name[]=`: kept as a list, which is refused as no plain string
    form.values[name] = Array.isArray(value) && value.length > 1 ? value : [value]
  }
  return form
}
