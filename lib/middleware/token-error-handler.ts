import type { IncomingMessage, ServerResponse } from 'node:http'
import { ConfigurationError, OAuthError, ownOAuthError, refusal, type refusals } from '../errors.js'
import { renderError } from './step.js'

/** What a host's body parser may say (`err.type` of body-parser), and what the client reads. */
const parserErrors: Record<string, keyof typeof refusals> = {
  'entity.too.large': 'body_too_large',
  'parameters.too.many': 'too_many_parameters',
  'charset.unsupported': 'unsupported_media_type',
  'encoding.unsupported': 'unsupported_content_encoding',
  'entity.parse.failed': 'body_unreadable',
  'entity.verify.failed': 'body_unreadable',
  'request.aborted': 'client_gone',
  'request.size.invalid': 'body_unreadable',
}

/**
 * An Express error handler for the path of the token endpoint: what a host's own parser or handler throws is answered as an OAuth error in
 * JSON (RFC 6749 §5.2), never as HTML and never with a stack.
 *
 * @throws ConfigurationError if it is given arguments, as Express does where it is mounted without being called
 * @example app.use('/token', tokenErrorHandler())
 */
export function tokenErrorHandler(
  ...given: []
): (error: unknown, req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void {
  if ((given as unknown[]).length > 0)
    throw new ConfigurationError('tokenErrorHandler was mounted without being called: write tokenErrorHandler().')
  return function tokenErrorHandler(thrown, req, res, next) {
    if (res.headersSent) return next(thrown)
    const error = asOAuthError(thrown)
    renderError(res, error, error.status, req.headers.authorization !== undefined)
  }
}

function asOAuthError(thrown: unknown): OAuthError {
  try {
    return thrown instanceof OAuthError ? ownOAuthError(thrown) : refusal(reasonOf(thrown))
  } catch (odd) {
    return refusal('hook_error', odd)
  }
}

function reasonOf(thrown: unknown): keyof typeof refusals {
  const { type, status } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as { type?: unknown; status?: unknown }
  if (typeof type === 'string' && Object.hasOwn(parserErrors, type)) return parserErrors[type] as keyof typeof refusals
  return typeof status === 'number' && status >= 400 && status < 500 ? 'body_unreadable' : 'hook_error'
}
