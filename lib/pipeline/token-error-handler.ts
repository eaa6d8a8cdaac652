import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerTo, busyText, ConfigurationError, OAuthError, type RefusalReason, refusal, unexpected } from '../host/errors.js'
import { requestIdOf } from './request-id.js'
import { renderError } from './response.js'

/** Errors of the host's body parser (`err.type` of body-parser and raw-body), and the refusal for each. */
const parserErrors: Record<string, RefusalReason> = {
  'entity.too.large': 'body_too_large',
  'parameters.too.many': 'too_many_parameters',
  'charset.unsupported': 'unsupported_media_type',
  'encoding.unsupported': 'unsupported_content_encoding',
  'entity.parse.failed': 'body_unreadable',
  'entity.verify.failed': 'body_unreadable',
  'request.aborted': 'client_gone',
  'request.size.invalid': 'body_unreadable',
  'querystring.parse.rangeError': 'body_unreadable',
}

/** A request as Express passes it on: `baseUrl` is the path on which a handler or its router is mounted, `url` is what follows it. */
type MountedRequest = IncomingMessage & { baseUrl?: string }

/**
 * An Express error handler for the path of the token endpoint: errors of the host's parser or handler are answered as OAuth errors in JSON
 * (RFC 6749 §5.2), never as HTML and never with a stack. An HTTP error keeps its status, and a `Retry-After` or `WWW-Authenticate` that the host set
 * is kept.
 *
 * Mounted on a path, it answers errors of exactly this path; those of a path below, such as `/token/revoke`, go to the next error handler.
 * Mounted without a path, it answers all errors. In a router that has a path, mount it on the path of the token endpoint, too.
 *
 * @throws ConfigurationError if it gets arguments: it was mounted without being called
 * @example app.use('/token', tokenErrorHandler())
 */
export function tokenErrorHandler(
  ...given: []
): (error: unknown, req: MountedRequest, res: ServerResponse, next: (error?: unknown) => void) => void {
  if ((given as unknown[]).length > 0)
    throw new ConfigurationError('tokenErrorHandler was mounted without being called: write tokenErrorHandler().')
  return function tokenErrorHandler(thrown, req, res, next) {
    if (res.headersSent || isBelowMountPath(req)) return next(thrown)
    renderError(res, answerTo(httpRefusal(thrown), 'client'), requestIdOf(req, res))
  }
}

/** Express strips the mount path from `url`: what is left of the mount path itself is `/`, with or without a slash at its end. */
const isBelowMountPath = ({ baseUrl = '', url = '' }: MountedRequest) => baseUrl !== '' && url.split('?', 1)[0] !== '/'

/** What an error of the host's parser or handler comes to: an `OAuthError` stays what it is. */
function httpRefusal(thrown: unknown): unknown {
  try {
    if (thrown instanceof OAuthError) return thrown
    const { type, code, status, statusCode } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>
    if (typeof type === 'string' && Object.hasOwn(parserErrors, type))
      return refusal(parserErrors[type] as RefusalReason, { seen: type, wanted: 'a body that the parser can read' })
    if (status === 400 && typeof code === 'string' && code.startsWith('Z_'))
      return refusal('body_unreadable', { seen: code, wanted: 'a body that the parser can read' }) // zlib, by body-parser
    return fromHttpError(status ?? statusCode, thrown)
  } catch (odd) {
    return unexpected(odd)
  }
}

/**
 * An HTTP error of the host's handler keeps its status; its text is not sent. The OAuth code: 401 is `invalid_client`, 429 and 503
 * `temporarily_unavailable`, another 4xx `invalid_request`, everything else a `server_error` (500).
 */
function fromHttpError(status: unknown, thrown: unknown): unknown {
  if (status === 401) return refusal('client_unknown', { seen: { status }, wanted: 'no error of your handler' })
  if (status === 429 || status === 503) return new OAuthError('temporarily_unavailable', busyText, { status })
  if (!Number.isInteger(status) || (status as number) < 400 || (status as number) > 499) return unexpected(thrown)
  return new OAuthError('invalid_request', 'The request was refused.', { status: status as number })
}
