/** Runs the steps of an endpoint on a request that nobody sent: the same code, without an effect. */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { keyChecker, keyFinder } from '../assertion/keys/find-keys.js'
import { RemoteKeySets } from '../assertion/keys/remote-key-sets.js'
import { refusal } from '../host/errors.js'
import type { TokenEndpointEvent } from '../host/event.js'
import type { Hooks } from '../host/hooks.js'
import type { ReplayStore } from '../host/replay-store.js'
import { type Endpoint, prepareEndpoint } from '../pipeline/endpoint.js'
import { LoadShedding } from '../pipeline/load-shedding.js'
import { type Request, Transaction } from '../pipeline/transaction.js'
import { tokenEndpoint } from '../token-endpoint.js'
import type { ExplainOptions, HowToExplain } from './explanation.js'

/** Remembers nothing: whether a JWT was used before is the one thing that only the endpoint knows. */
const forgetful: ReplayStore = { consume: () => true, release: () => {} }

/** A token request without a sender. */
export interface DryRequest {
  /** The body, form-encoded. */
  readonly form: string
  readonly authorization: string | undefined
}

/** What became of it. */
export interface Verdict extends Pick<TokenEndpointEvent, 'status' | 'error' | 'reason' | 'detail' | 'step'> {
  readonly accepted: boolean
  readonly leftToHost: boolean
  readonly error_description?: string
}

const notFetched = () => Promise.reject(refusal('jwks_unavailable', { seen: 'keys that were not fetched', wanted: 'fetchKeys: true' }))
const fetched = new RemoteKeySets()

const asked = ['findClient', 'findIssuer', 'authorizeGrant', 'verifyClientSecret', 'getClientCertificate'] as const

/** The hooks of the host that look something up, called on their own object: it may be an instance of a class. */
export function delegates(hooks: Partial<Hooks>): Partial<Hooks> {
  const present = asked.filter((name) => typeof hooks[name] === 'function')
  return Object.fromEntries(
    present.map((name) => [name, (...input: never[]) => (hooks[name] as (...input: never[]) => unknown).apply(hooks, input)]),
  )
}

/** Options and an endpoint that remembers nothing, fetches nothing unless asked, and reports to `onEvent`. */
export function dryEndpoint(
  given: ExplainOptions,
  { at, fetchKeys }: HowToExplain,
  hooks: Partial<Hooks>,
  onEvent: (event: TokenEndpointEvent) => void = () => {},
  withKeys: (endpoint: Pick<Endpoint, 'findKeys'>) => Endpoint['findKeys'] = ({ findKeys }) => findKeys,
): { options: ExplainOptions; endpoint: Endpoint } {
  const remote = fetchKeys ? fetched : new RemoteKeySets(notFetched)
  const mintToken = () => ({ access_token: 'dry-run', token_type: 'Bearer', expires_in: 1 })
  const options = { ...given, replayStore: forgetful, onEvent, hooks: { ...delegates(given.hooks), ...hooks, mintToken } }
  const parts = {
    now: at === undefined ? () => Date.now() / 1000 : () => at,
    load: new LoadShedding(Number.POSITIVE_INFINITY),
    findKeys: withKeys({ findKeys: keyFinder(remote, fetchKeys === true) }),
    hasKey: keyChecker(remote, fetchKeys === true),
  }
  return { options, endpoint: prepareEndpoint('explain', options, parts) }
}

/** A request and a response with a socket that leads nowhere. */
function exchange({ form, authorization }: DryRequest): { req: Request; res: ServerResponse } {
  const req = new IncomingMessage(new Socket()) as Request
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(Buffer.byteLength(form)),
    ...(authorization !== undefined && { authorization }),
  }
  Object.assign(req, { method: 'POST', url: '/token', headers, rawHeaders: Object.entries(headers).flat(), secure: true, complete: true })
  req.push(form)
  req.push(null)
  return { req, res: new ServerResponse(req) }
}

/** A transaction for a part of the steps. */
export function dryTransaction(endpoint: Endpoint): { transaction: Transaction; done(): void } {
  const { req, res } = exchange({ form: '', authorization: undefined })
  return { transaction: new Transaction(req, res, endpoint), done: () => req.destroy() }
}

/** Runs all four steps. */
export function dryRun(
  request: DryRequest,
  given: ExplainOptions,
  how: HowToExplain,
  hooks: Partial<Hooks>,
  withKeys?: Parameters<typeof dryEndpoint>[4],
): Promise<Verdict> {
  const { req, res } = exchange(request)
  let body: { error_description?: string } = {}
  res.end = ((text: string) => {
    body = JSON.parse(text)
    return res
  }) as typeof res.end
  return new Promise((resolve, reject) => {
    const { options } = dryEndpoint(
      given,
      how,
      hooks,
      ({ outcome, status, error, reason, detail, step }) => {
        const { error_description } = body
        resolve({ accepted: outcome === 'issued', leftToHost: false, status, error, reason, detail, step, error_description } as Verdict)
      },
      withKeys,
    )
    const pending = [...tokenEndpoint(options as Parameters<typeof tokenEndpoint>[0])]
    const next = (error?: unknown): void => {
      const step = pending.shift()
      if (error !== undefined) reject(error)
      else if (step) step(req, res, next)
      else resolve({ accepted: false, leftToHost: true, status: 0, step: 'next' })
    }
    next()
  })
}
