import { isUtf8 } from 'node:buffer'
import type { RefusalReason } from '../host/errors.js'
import { decodeComponent } from '../rules/form-encoding.js'

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

/** What some parsers strip from the front of a body, and others read as a part of the first name: a byte order mark, a `?`. */
const leadingMark = /^(?:\ufeff\??|\?)/

/**
 * Whether some parser reads a name, already decoded, as a known parameter: besides `client_id` also `client_id[]`, `client_id[x]` and
 * `[client_id]`, which parsers that nest take for it, and `?client_id`.
 */
export const isReadAsKnown = (name: string) =>
  knownParameters.has(
    name
      .replace(leadingMark, '')
      .replace(/^\[/, '')
      .replace(/[[\]].*/s, ''),
  )

/** Reads `application/x-www-form-urlencoded` bytes (RFC 6749 App. B): strict percent-encoding, strict UTF-8, bounded count. */
export function parseForm(bytes: Buffer, maxParameters: number): Form {
  const form: Form = { values: Object.setPrototypeOf({}, null) }
  const sent = bytes.toString('utf8')
  const text = sent.replace(leadingMark, '')
  if (text !== sent || !isUtf8(bytes)) form.problem = 'parameter_malformed'
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
    if (knownParameters.has(name)) add(form, name, value)
    else if (isReadAsKnown(name)) form.problem ??= 'parameter_shape'
  } catch {
    form.problem ??= 'parameter_malformed'
  }
}

/** Converts a body that the host's parser read: only own members with known names, of any shape. */
export function fromParsedBody(body: unknown, maxParameters: number): Form {
  if (typeof body === 'string') return parseForm(Buffer.from(body), maxParameters)
  if (Buffer.isBuffer(body)) return parseForm(body, maxParameters)
  const form: Form = { values: Object.setPrototypeOf({}, null) }
  if (typeof body !== 'object' || body === null) return form
  for (const name of knownParameters.keys()) {
    if (!Object.hasOwn(body, name)) continue
    const value = (body as Record<string, unknown>)[name]
    // a list of one is how parsers read `name[]=`: kept as a list, which is refused as no plain string
    form.values[name] = Array.isArray(value) && value.length > 1 ? value : [value]
  }
  let left = maxParameters
  for (const name of Object.keys(body)) {
    const value = (body as Record<string, unknown>)[name]
    left -= countValues(value, left)
    if (left < 0) {
      form.problem ??= 'too_many_parameters'
      break
    }
    if (knownParameters.has(name) || !isReadAsKnown(name)) continue
    const unmarked = name.replace(leadingMark, '')
    if (knownParameters.has(unmarked)) add(form, unmarked, value)
    form.problem ??= unmarked === name ? 'parameter_shape' : 'parameter_malformed'
  }
  return form
}

function add({ values }: Form, name: string, value: unknown): void {
  const sent = values[name]
  if (sent) sent.push(value)
  else values[name] = [value]
}

const mostLevels = 32 // how deep parsers of forms nest at most

/** How many parameters made a value of a parsed body: the leaves of a list or an object. Stops counting at more than `most`. */
function countValues(value: unknown, most: number, level = 0): number {
  if (typeof value !== 'object' || value === null || level > mostLevels) return 1
  let count = 0
  for (const member of Object.values(value)) {
    count += countValues(member, most - count, level + 1)
    if (count > most) break
  }
  return Math.max(count, 1)
}
