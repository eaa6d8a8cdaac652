import { type RefusalReason, refusal } from '../errors.js'
import type { Exchange, Request } from '../exchange.js'
import { type Form, fromParsedBody, knownParameters, parseForm } from '../form.js'
import type { Hooks } from '../hooks.js'
import { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_SPIFFE_CLIENT_ASSERTION, type Options } from '../options.js'
import { type Settings, settingsOf } from '../settings.js'
import type { TokenRequest } from '../state.js'
import { tokenRequest } from '../token-request.js'
import { readBody } from './read-body.js'
import { type Middleware, step } from './step.js'

/**
 * Step 1: the HTTP request becomes `req.tokenState.request` (RFC 6749 §3.2). Reads the form itself unless a parser of the host's did. Calls no hook.
 *
 * @throws ConfigurationError at mount, naming the option, the problem and the fix
 */
export function parseTokenRequest(options: Options<Partial<Hooks>>): Middleware {
  const settings = settingsOf('parseTokenRequest', options, [])
  return step({ name: 'parseTokenRequest', needs: [], adds: 'request', run: (_, exchange) => parse(exchange, settings) }, settings)
}

const formType = /^application\/x-www-form-urlencoded[\t ]*(?:;(.*))?$/i
const utf8Charsets = /(?<=^|;)[\t ]*charset[\t ]*=[\t ]*(?:utf-?8|"utf-?8")[\t ]*(?=;|$)/gi
const jwtAssertionTypes: readonly string[] = [JWT_BEARER_CLIENT_ASSERTION, JWT_SPIFFE_CLIENT_ASSERTION]

function parse(exchange: Exchange, settings: Settings): TokenRequest | null | Promise<TokenRequest | null> {
  const { req } = exchange
  const { fallthrough, limits } = settings
  if (req.method !== 'POST') {
    if (fallthrough || req.method === 'OPTIONS') return null
    throw refusal('method_not_allowed')
  }
  const parameters = formType.exec(req.headers['content-type'] ?? '')
  if (!parameters) {
    if (fallthrough) return null
    throw refusal('unsupported_media_type')
  }
  if ((req.headers['content-encoding'] || 'identity').toLowerCase() !== 'identity' && isUnread(req)) {
    if (fallthrough) return null
    throw refusal('unsupported_content_encoding')
  }

  if (!fallthrough && !settings.load.hasRoom()) throw refusal('overloaded')
  const judged = (form: Form) => judge(exchange, form, parameters[1], settings)
  if (!isUnread(req)) return judged(fromParsedBody(req.body, limits.parameters))
  return readForm(exchange, settings).then(judged)
}

/** Judges a request by its form. `null`: it is the host's. */
function judge(exchange: Exchange, form: Form, mediaTypeParameters: string | undefined, settings: Settings): TokenRequest | null {
  const { req } = exchange
  claim(exchange, form)
  if (settings.fallthrough) {
    if (!isOurs(form, settings)) return null
    if (!settings.load.hasRoom()) throw refusal('overloaded')
  }
  if (settings.requireTls && !(req.secure ?? 'encrypted' in req.socket)) throw refusal('tls_required')
  if (hasOtherCharset(mediaTypeParameters)) throw refusal('unsupported_media_type')
  const repeated = repeatedHeader(req)
  if (repeated) throw refusal(repeated)
  if (hasParameterInQuery(req)) throw refusal('credential_in_query')
  return tokenRequest(form, req.headers.authorization, settings)
}

/** Whether the body is still in the stream. Objects that only look like a request say nothing: their `body` counts. */
const isUnread = (req: Request) => req.readableDidRead === false && req.readableEnded !== true // an empty body ends unread

/** The form in the stream. A body for the host's handler stays there. */
function readForm({ req, res }: Exchange, settings: Settings): Promise<Form> {
  const { limits, fallthrough } = settings
  return readBody(req, limits.body, (body, complete) => {
    if (!complete && !fallthrough) return { value: { values: {} }, becomes: 'kept' } // it is too large, whatever it says
    const form = parseForm(complete ? body : body.subarray(0, Math.max(0, body.lastIndexOf('&'))), limits.parameters)
    const isKept = !fallthrough || (complete ? isForIssuing(form, settings) : isOurs(form, settings))
    if (!isKept) res.once('finish', () => req.readableFlowing ?? req.resume()) // the connection waits for a body that nobody reads
    return { value: form, becomes: isKept ? 'kept' : 'given-back' }
  })
}

/** Whether the grant type is one that the steps behind this one serve. */
function isForIssuing(form: Form, settings: Settings): boolean {
  const { grantTypes, secretsStayWithHost } = settings
  const staysWithHost = (grantType: unknown) =>
    secretsStayWithHost && grantType === CLIENT_CREDENTIALS && !authenticatesByJwt(form, settings)
  return (form.values.grant_type ?? []).some((grantType) => grantTypes.includes(grantType as string) && !staysWithHost(grantType))
}

/** Under `fallthrough`, a request is ours if it asks for one of our grants, or carries a JWT as client authentication. */
function isOurs(form: Form, settings: Settings): boolean {
  return isForIssuing(form, settings) || authenticatesByJwt(form, settings)
}

const authenticatesByJwt = (form: Form, { clientAlgorithms }: Settings) => clientAlgorithms.length > 0 && carriesJwt(form)

/** Whether a JWT is sent as client credential; an assertion of another type is the host's to judge. */
function carriesJwt({ values: { client_assertion, client_assertion_type } }: Form): boolean {
  return (
    isSent(client_assertion) && (!isSent(client_assertion_type) || jwtAssertionTypes.some((type) => client_assertion_type.includes(type)))
  )
}

/** A parameter without value counts as absent (RFC 6749 §3.2). */
const isSent = (sent: unknown[] | undefined): sent is unknown[] => sent?.some((value) => value !== '') ?? false

/** Notes for the event what the request claims to be. */
function claim({ notes }: Exchange, { values }: Form): void {
  const [grantType, clientId] = [values.grant_type?.[0], values.client_id?.[0]]
  if (typeof grantType === 'string') notes.claimed.grant_type = grantType
  if (typeof clientId === 'string') notes.claimed.client_id = clientId
}

/** Which of two charsets counts is read differently: each has to be UTF-8. */
const hasOtherCharset = (parameters = '') => parameters !== '' && /charset/i.test(parameters.replace(utf8Charsets, ''))

/** Headers that may come once: Node keeps the first of two, a proxy perhaps the last. */
const soleHeaders: Readonly<Record<string, RefusalReason>> = {
  'content-type': 'unsupported_media_type',
  authorization: 'malformed_authorization',
}

function repeatedHeader({ rawHeaders = [] }: Request): RefusalReason | undefined {
  const seen: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const length = rawHeaders[i]?.length
    if (length !== 12 && length !== 13) continue // as long as one of the two
    const name = (rawHeaders[i] as string).toLowerCase()
    if (seen.includes(name) && Object.hasOwn(soleHeaders, name)) return soleHeaders[name]
    seen.push(name)
  }
  return undefined
}

/** URLs end up in logs: a parameter in one is refused even where the body has it too (RFC 6749 §2.3.1). */
function hasParameterInQuery(req: Request): boolean {
  const query = req.url?.includes('?') && req.url.slice(req.url.indexOf('?') + 1)
  if (!query) return false
  for (const name of new URLSearchParams(query).keys()) if (name in knownParameters) return true
  return false
}
