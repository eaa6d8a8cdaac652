/** What a token request must be besides its form: the headers, the URL, the stream (RFC 6749 §2.3.1, §3.2; RFC 9110). */
import type { ServerHttp2Stream } from 'node:http2'
import type { RefusalReason } from '../host/errors.js'
import type { Request } from '../pipeline/transaction.js'
import { isReadAsKnown } from './form.js'

const utf8Charsets = /(?<=^|;)[\t ]*charset[\t ]*=[\t ]*(?:utf-?8|"utf-?8")[\t ]*(?=;|$)/gi

/**
 * Whether the body is still in the stream: `fallthrough` can only leave a request unchanged that nobody has read. `readableDidRead` is true
 * once any parser has read the stream; then only `req.body` counts. An empty body that a parser has seen ends without having been read.
 * Adapters of serverless platforms put the bytes into `req.body` too, and end the stream before a parser can read it a second time.
 */
export function isInStream(req: Request): boolean {
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

/** Parsers disagree on which of two charsets counts: each has to be UTF-8. */
export const hasOtherCharset = (parameters = '') => parameters !== '' && /charset/i.test(parameters.replace(utf8Charsets, ''))

/** Headers that must not repeat: Node keeps the first of two, a proxy perhaps the last. */
const soleHeaders: Readonly<Record<string, RefusalReason>> = {
  'content-type': 'unsupported_media_type',
  authorization: 'malformed_authorization',
}

const soleLengths = Object.keys(soleHeaders).map(({ length }) => length)

export function repeatedHeader({ rawHeaders = [] }: Request): RefusalReason | undefined {
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
export function hasParameterInQuery(req: Request): boolean {
  const { url = '' } = req
  const query = url.includes('?') && url.slice(url.indexOf('?') + 1)
  if (!query) return false
  for (const name of new URLSearchParams(query).keys()) if (isReadAsKnown(name)) return true
  return false
}
