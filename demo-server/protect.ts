/**
 * The token endpoint with rate limits. Counted are all requests of an address; and the failures for each client that an address claims to
 * be. Such a claim is not verified, so it only counts together with the address: nobody can exhaust the limit of a client at another
 * address.
 */
import { hash } from 'node:crypto'
import type { RequestHandler } from 'express'
import { ipKeyGenerator, MemoryStore, rateLimit } from 'express-rate-limit'
import { type Options, type TokenRequest, tokenEndpoint } from '../lib/index.js'

export interface Limits {
  /** Requests per minute of one address. */
  requests?: number
  /** Failed requests per minute of one client at one address. A request counts as failed until it is answered. */
  failures?: number
  /** Counters that are kept, about 350 bytes each; each limit drops its oldest at the latest when there are twice as many. */
  counters?: number
}

/** `app.post('/token', ...protectedTokenEndpoint(options))`: `tokenEndpoint`, with the limits in their places. */
export function protectedTokenEndpoint(
  options: Options,
  { requests = 600, failures = 100, counters = 20_000 }: Limits = {},
  [parse, ...steps] = tokenEndpoint(options),
): RequestHandler[] {
  const common = { windowMs: 60_000, standardHeaders: 'draft-8', legacyHeaders: false, handler: tooMany } as const
  const requestLimit = rateLimit({ ...common, identifier: 'requests', limit: requests, store: new BoundedStore(counters) })
  const failureLimit = rateLimit({
    ...common,
    identifier: 'failures',
    limit: failures,
    store: new BoundedStore(counters),
    skip: ({ tokenState }) => !tokenState?.request, // with fallthrough: for the old handler
    keyGenerator: ({ ip = '', tokenState }) =>
      `${ipKeyGenerator(ip)} ${hash('sha256', claimedClient(tokenState?.request as TokenRequest))}`,
    skipSuccessfulRequests: true,
    requestWasSuccessful: (_req, { statusCode }) => statusCode < 400 || statusCode >= 500, // a server error is not a failure of the client
  })
  return [requestLimit, parse, failureLimit, ...steps]
}

const tooManyRequests = { error: 'temporarily_unavailable', error_description: 'Too many requests. Try again later.' }

/** 429 in the form of an OAuth error; `Retry-After` is set already. */
const tooMany: RequestHandler = (_req, res) =>
  void res.status(429).set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' }).json(tooManyRequests)

/** The unverified client of the request: the one whose credential would be checked. Normalized, so that each client has one name. */
export function claimedClient({ authorization = '', parameters }: Pick<TokenRequest, 'authorization' | 'parameters'>): string {
  const basic = /^basic (.*)$/i.exec(authorization)?.[1]
  if (basic !== undefined) return formDecode(Buffer.from(basic, 'base64').toString().split(':', 1)[0] as string)
  return parameters.client_id ?? issuerOf(parameters.client_assertion) ?? issuerOf(parameters.assertion) ?? ''
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** `iss` of a JWT that nobody has verified. */
function issuerOf(jwt = ''): string | undefined {
  try {
    const { iss } = JSON.parse(Buffer.from(jwt.split('.')[1] as string, 'base64url').toString())
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}

/** Counters in memory, in two generations: a flood of new keys makes it drop old ones sooner, but not grow. */
class BoundedStore extends MemoryStore {
  constructor(readonly most: number) {
    super()
  }
  override increment(key: string) {
    if (this.current.size >= this.most) {
      this.previous = this.current
      this.current = new Map()
    }
    return super.increment(key)
  }
}
