/**
 * T-79: requests that no socket made: of test tools (light-my-request, node-mocks-http) and of AWS Lambda (serverless-express). The suite
 * serves them, and an old handler gets from them what it gets without the suite.
 */
import { EventEmitter, once } from 'node:events'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from '@jest/globals'
import type { Express } from 'express'
import httpMocks from 'node-mocks-http'
import { type Options, type TokenEndpointEvent, tokenEndpoint } from '../../lib/index.js'
import { expresses } from '../support/express.js'
import type { InjectData } from '../support/inject-worker.js'
import { type Answer, type OldHost, oldHost, type Place } from '../support/old-host.js'
import { encode } from '../support/raw.js'
import { byJwt, clientCredentials, clients, grantRequest, hooks, issuer, issuers } from '../support/world.js'

const require = createRequire(import.meta.url)

type Outcome = Pick<TokenEndpointEvent, 'outcome' | 'reason'>
/** Starts a host and sends forms to it; then the answers, and the events of the suite. */
type AskAll = (version: (typeof expresses)[number], host: OldHost, forms: string[]) => Promise<{ answers: Answer[]; events: Outcome[] }>
type Ask = (app: Express, form: string) => Promise<Answer>
const inProcess =
  (ask: Ask): AskAll =>
  async ([, express], host, forms) => {
    const { calls: _, ...plain } = hooks()
    const { app, events } = oldHost(express, plain, host)
    const answers: Answer[] = []
    for (const form of forms) answers.push(await ask(app, form))
    return { answers, events }
  }
const inWorker: AskAll = async ([express], host, forms) => {
  const workerData: InjectData = { express, host, clients, issuers }
  const worker = new Worker(new URL('../support/inject-worker.js', import.meta.url), { workerData })
  const answers: Answer[] = []
  let events: Outcome[] = []
  for (const form of forms) {
    worker.postMessage(form)
    const [{ events: all, ...answer }] = await once(worker, 'message')
    answers.push(answer)
    events = all
  }
  await worker.terminate()
  return { answers, events }
}

const headers = (form: string) => ({
  'content-type': 'application/x-www-form-urlencoded',
  'content-length': String(Buffer.byteLength(form)),
})

type Lambda = (event: object, context: object) => Promise<{ statusCode: number; body: string }>
const lambda = (name: string, event: (form: string) => object) =>
  inProcess(async (app, form) => {
    const serverlessExpress = require(name) as { configure(options: { app: Express }): Lambda }
    const { statusCode, body } = await serverlessExpress.configure({ app })(event(form), {})
    return { status: statusCode, body: JSON.parse(body) }
  })
const body = (form: string, isBase64Encoded: boolean) => ({
  body: isBase64Encoded ? Buffer.from(form).toString('base64') : form,
  isBase64Encoded,
})
const httpApi = (form: string) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: '/token',
  rawQueryString: '',
  headers: headers(form),
  requestContext: { http: { method: 'POST', path: '/token', sourceIp: '192.0.2.1' }, stage: '$default' },
  ...body(form, true),
})
const restApi = (form: string) => ({
  resource: '/{proxy+}',
  path: '/token',
  httpMethod: 'POST',
  headers: headers(form),
  multiValueHeaders: Object.fromEntries(Object.entries(headers(form)).map(([name, value]) => [name, [value]])),
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  requestContext: { stage: 'prod', identity: { sourceIp: '192.0.2.1' } },
  ...body(form, false),
})

const mock = async (app: Express, form: string, parsed: object, more: object = {}): Promise<Answer> => {
  const { 'content-length': _, ...type } = headers(form)
  const sent = { method: 'POST', url: '/token', headers: { ...type, ...more }, body: parsed, eventEmitter: EventEmitter } as const
  const req = httpMocks.createRequest(sent)
  const res = httpMocks.createResponse({ eventEmitter: EventEmitter })
  const ended = new Promise((resolve) => res.on('end', resolve))
  app(req, res)
  await ended
  return { status: res._getStatusCode(), body: res._getJSONData() }
}

interface Adapter {
  name: string
  askAll: AskAll
  /** The request comes with a body that is parsed already: a parser of the host finds nothing to read. */
  isParsed?: true
  /** Only what reads the body before the first asynchronous step finds it in the stream. */
  endsSoon?: true
}
const adapters: Adapter[] = [
  { name: '@vendia/serverless-express, of an HTTP API', askAll: lambda('@vendia/serverless-express', httpApi), endsSoon: true },
  { name: '@vendia/serverless-express, of a REST API', askAll: lambda('@vendia/serverless-express', restApi), endsSoon: true },
  { name: '@codegenie/serverless-express, of an HTTP API', askAll: lambda('@codegenie/serverless-express', httpApi), endsSoon: true },
  { name: '@codegenie/serverless-express, of a REST API', askAll: lambda('@codegenie/serverless-express', restApi), endsSoon: true },
  {
    name: 'node-mocks-http, with a parsed body',
    askAll: inProcess((app, form) => mock(app, form, Object.fromEntries(new URLSearchParams(form)))),
    isParsed: true,
  },
  { name: 'node-mocks-http, with bytes', askAll: inProcess((app, form) => mock(app, form, Buffer.from(form))), isParsed: true },
  { name: 'light-my-request', askAll: inWorker },
]

const password = { grant_type: 'password', username: 'ann', password: 'p ä+&%' }
const large = (size: number) => `${encode(password)}&filler=`.padEnd(size, 'x')

describe.each(adapters)('T-79 $name', ({ askAll, isParsed, endsSoon }) => {
  describe.each(expresses)('on %s', (...version) => {
    describe.each<Place>(['in front', 'behind', 'of its own, behind'])('with a parser %s', (place) => {
      if (isParsed && place === 'of its own, behind') return // there is no stream to read

      it('an old handler gets as without the suite what is not for the suite', async () => {
        const forms = [
          encode(password),
          'grant_type=client_credentials&client_id=a&client_secret=b',
          'grant_type=password&scope=a&scope=b',
          large(32_768),
          large(60_000),
        ]
        const bare = await askAll(version, { place, ours: null }, forms)
        const wrapped = await askAll(version, { place, ours: { issuer, fallthrough: true } }, forms)
        expect(bare.answers.map(({ status }) => status)).toEqual(forms.map(() => 200))
        expect(wrapped.answers).toEqual(bare.answers)
        expect(wrapped.events.filter(({ outcome }) => outcome !== 'handed_on')).toEqual([]) // one says who still uses a secret
      })

      it.each([true, false])('serves what is for the suite (fallthrough: %s)', async (fallthrough) => {
        const good = encode(grantRequest())
        const forms = [good, encode(clientCredentials()), good, `${encode(grantRequest())}&scope[]=read`]
        const { answers, events } = await askAll(version, { place, ours: { issuer, fallthrough } }, forms)
        expect(answers).toMatchObject([
          { status: 200, body: { access_token: 'token-of-local-alice' } },
          { status: 200, body: { access_token: 'token-of-jwt-client' } },
          { status: 401, body: { error: 'invalid_client' } },
          { status: 400, body: { error: 'invalid_request' } },
        ])
        expect(events.map(({ outcome, reason }) => reason ?? outcome)).toEqual(['issued', 'issued', 'jti_replayed', 'parameter_shape'])
      })

      if (endsSoon && place !== 'in front') return // nobody who waits for something finds the body in such a stream
      it('JC-05: an old handler knows the client of a JWT, and gets its body', async () => {
        const forms = [encode({ grant_type: 'authorization_code', code: 'x', ...byJwt() })]
        const [bare] = (await askAll(version, { place, ours: null }, forms)).answers
        const [wrapped] = (await askAll(version, { place, ours: { issuer, fallthrough: true } }, forms)).answers
        expect(wrapped).toEqual({ status: 200, body: { ...(bare?.body as object), client: 'jwt-client' } })
      })
    })
  })
})

it.each(expresses)('T-79 node-mocks-http on %s: serves a request that announces a body and has no stream', async (_, express) => {
  const { calls: __, ...plain } = hooks()
  const { app } = oldHost(express, plain, { place: 'behind', ours: { issuer } })
  const form = encode(grantRequest())
  expect(await mock(app, form, Object.fromEntries(new URLSearchParams(form)), headers(form))).toMatchObject({ status: 200 })
})

describe('T-79 node-mocks-http without Express', () => {
  /** Calls the steps as handlers, with a request that lacks what Node or Express would add. */
  async function ask(options: Partial<Options>, form: Record<string, string>, lacks: readonly string[] = []) {
    const { calls: _, ...plain } = hooks()
    const req = httpMocks.createRequest({ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form })
    for (const name of lacks) Reflect.deleteProperty(req, name)
    const res = httpMocks.createResponse({ eventEmitter: EventEmitter })
    const ended = new Promise((resolve) => res.on('end', resolve))
    const steps = [...tokenEndpoint({ issuer, hooks: plain, ...options })]
    const next = () => steps.shift()?.(req, res, next)
    next()
    await ended
    return { status: res._getStatusCode(), body: res._getJSONData() }
  }

  it.each([[[]], [['socket']], [['rawHeaders', 'socket', 'query', 'url']]])('serves one that lacks %j', async (lacks) => {
    expect(await ask({}, grantRequest(), lacks)).toMatchObject({ status: 200 })
    expect(await ask({}, { grant_type: 'x' }, lacks)).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } })
  })

  it.each([[[]], [['socket']]])('TE-13: does not take one that lacks %j for encrypted', async (lacks) => {
    expect(await ask({ requireTls: true }, grantRequest(), lacks)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  it('CA-05: finds no certificate in one without a socket', async () => {
    const client = {
      client_id: 'tls',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'a.example',
      grant_types: ['client_credentials'],
    }
    const { calls: _, ...plain } = hooks({ findClient: () => client })
    const answer = await ask({ hooks: plain }, { grant_type: 'client_credentials', client_id: 'tls' }, ['socket'])
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })
})
