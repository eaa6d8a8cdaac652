import { get as httpGet, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { get as httpsGet, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { type AssertionReason, type RefusalReason, refusal } from '../../host/errors.js'
import { shown } from '../../host/shown.js'
import { BlockedAddress, isPublicAddress, publicLookup } from './public-address.js'

type Reason = RefusalReason | AssertionReason

/** What differs between the documents that are fetched: all of them pass the same guards. */
export interface DocumentKind {
  /** What evidence calls its URL. */
  readonly url: string
  /** What the body must be, in words. */
  readonly body: string
  readonly accept: string
  /** The media types that count. Without it, all do. */
  readonly mediaType?: RegExp
  readonly maxBytes: number
  /** Milliseconds, for the whole response. */
  readonly timeout: number
  /** Resolves names, and refuses private addresses. @default publicLookup */
  readonly lookup?: LookupFunction
  /** The option that allows private addresses. */
  readonly optIn: string
  readonly reasons: { readonly blocked: Reason; readonly unavailable: Reason; readonly invalid: Reason }
}

/** The size of a key set at most. */
export const maxBytes = 256 * 1024

export const keySetDocument: DocumentKind = {
  url: 'jwks_uri',
  body: 'a JWK Set as JSON',
  accept: 'application/jwk-set+json, application/json',
  maxBytes,
  timeout: 3000,
  optIn: 'allowPrivateJwksUri',
  reasons: { blocked: 'jwks_blocked', unavailable: 'jwks_unavailable', invalid: 'jwks_invalid' },
}

/**
 * Parses a registered URL and checks that it may be fetched. With `allowPrivate`, http and private addresses are allowed.
 * @throws Refusal `jwks_blocked` unless it is https, without user information or fragment, and its host is not a private address
 */
export const checkKeySetUrl = (url: string, allowPrivate: boolean): URL => checkUrl(url, allowPrivate, keySetDocument)

function checkUrl(url: string, allowPrivate: boolean, kind: DocumentKind): URL {
  const blocked = (wanted: string) => refusal(kind.reasons.blocked, { seen: { [kind.url]: shown(url) }, wanted })
  if (!URL.canParse(url)) throw blocked('a URL')
  const target = new URL(url)
  const host = target.hostname.replace(/^\[|\]$/g, '')
  if (target.protocol !== 'https:' && !(allowPrivate && target.protocol === 'http:')) throw blocked(`an https URL, or ${kind.optIn}`)
  if (target.username || target.password || target.hash) throw blocked('a URL without user information and fragment')
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw blocked(aPublicAddress(kind))
  return target
}

const aPublicAddress = ({ optIn }: DocumentKind) => `a public address, or ${optIn}`

/** There was no response. Says why: the code and the message of Node, such as `CERT_HAS_EXPIRED`. */
const unreachable = (url: string, kind: DocumentKind, cause: Error & { code?: string }) => {
  const isBlocked = cause instanceof BlockedAddress
  return refusal(isBlocked ? kind.reasons.blocked : kind.reasons.unavailable, {
    seen: { [kind.url]: url, code: cause.code, error: cause.message },
    wanted: isBlocked ? aPublicAddress(kind) : { status: 200 },
    cause,
  })
}

/** Why the head of a response is not that of a document: nothing of its body is read then. */
function refusalOfHead(url: string, kind: DocumentKind, { statusCode: status = 0, headers }: IncomingMessage) {
  const isDown = status >= 500 || status === 429
  if (status !== 200)
    return refusal(isDown ? kind.reasons.unavailable : kind.reasons.invalid, { seen: { [kind.url]: url, status }, wanted: { status: 200 } })
  const content_type = headers['content-type'] ?? ''
  if (kind.mediaType && !kind.mediaType.test(content_type))
    return refusal(kind.reasons.invalid, { seen: { [kind.url]: url, content_type }, wanted: { content_type: kind.accept } })
  return undefined
}

/** Whoever reads a document may be recursive, as `JSON.stringify` is: its publisher must not choose how deep. */
const maxLevels = 32

function documentOf(text: string, url: string, kind: DocumentKind): unknown {
  const unfit = (body: string, cause?: unknown) =>
    refusal(kind.reasons.invalid, { seen: { [kind.url]: url, body }, wanted: kind.body, cause })
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw unfit('no JSON', error)
  }
  if (hasMoreLevels(document)) throw unfit(`JSON of more than ${maxLevels} levels`)
  return document
}

const objectsOf = (values: unknown[]) => values.filter((value) => typeof value === 'object' && value !== null)

function hasMoreLevels(document: unknown): boolean {
  let level = objectsOf([document])
  for (let depth = 1; depth <= maxLevels; depth++) level = level.flatMap((value) => objectsOf(Object.values(value)))
  return level.length > 0
}

export interface FetchedJson {
  readonly document: unknown
  /** Size of the response body. */
  readonly bytes: number
}
export interface FetchedDocument extends FetchedJson {
  /** Headers of the response. */
  readonly headers: IncomingHttpHeaders
}

/**
 * Fetches a small JSON document from a URL, which may be hostile: no redirects, as many bytes and as long as its kind allows.
 * @param inspect sees each response before its status is judged, for a report. It must not throw
 * @throws Refusal with a reason of the kind: `blocked`; `invalid` (a response, but not such a document: a retry would not help, so it is
 * not a 503); `unavailable` (503: no response, or a 5xx or 429)
 */
export function fetchJson(
  url: string,
  allowPrivate: boolean,
  kind: DocumentKind = keySetDocument,
  inspect?: (response: IncomingMessage) => void,
): Promise<FetchedDocument> {
  const target = checkUrl(url, allowPrivate, kind)
  const { maxBytes, timeout, reasons } = kind
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(deadline)
      request.destroy()
      reject(error)
    }
    const options: RequestOptions = {
      agent: false,
      headers: {
        accept: kind.accept,
        'accept-encoding': 'identity',
        'user-agent': 'express-oauth-assertions', // some firewalls refuse requests without one
      },
      ...(!allowPrivate && { lookup: kind.lookup ?? publicLookup }),
    }
    const request = (target.protocol === 'https:' ? httpsGet : httpGet)(target, options, (response) => {
      inspect?.(response)
      const refused = refusalOfHead(url, kind, response)
      if (refused) return fail(refused)
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > maxBytes) fail(refusal(reasons.invalid, { seen: { [kind.url]: url, bytes: size }, wanted: { at_most: maxBytes } }))
        else chunks.push(chunk)
      })
      response.on('error', (error) => fail(unreachable(url, kind, error)))
      response.on('end', () => {
        clearTimeout(deadline)
        try {
          resolve({ document: documentOf(Buffer.concat(chunks).toString('utf8'), url, kind), bytes: size, headers: response.headers })
        } catch (error) {
          reject(error)
        }
      })
    })
    request.on('error', (error) => fail(unreachable(url, kind, error)))
    const noAnswer = { seen: { [kind.url]: url, error: 'no complete answer' }, wanted: { within_milliseconds: timeout } }
    const deadline = setTimeout(() => fail(refusal(reasons.unavailable, noAnswer)), timeout)
  })
}
