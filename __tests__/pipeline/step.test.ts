import { describe, expect, it } from '@jest/globals'
import type { ErrorRequestHandler, RequestHandler, Response } from 'express'
import request from 'supertest'
import {
  authenticateClient,
  CLIENT_CREDENTIALS,
  ConfigurationError,
  type Hooks,
  issueToken,
  JWT_BEARER_GRANT,
  type Middleware,
  memoryReplayStore,
  type Options,
  parseTokenRequest,
  type TokenEndpointEvent,
  type TokenState,
  tokenEndpoint,
  tokenErrorHandler,
  verifyJwtGrant,
} from '../../lib/index.js'
import { type ExpressFactory, expresses } from '../support/express.js'
import { byJwt, clientAssertion, clientCredentials, grant, grantRequest, hooks, issuer, tokenEndpointUrl } from '../support/world.js'

const steps = { parseTokenRequest, authenticateClient, verifyJwtGrant, issueToken }
type StepName = keyof typeof steps
const order = Object.keys(steps) as StepName[]
const flow = `The order is ${order.join(', ')}.`
/** The text of the table: the event alone says what is wrong. */
const notSetUp = { error: 'server_error', error_description: 'The token endpoint is not set up correctly.' }
const key: Record<StepName, keyof TokenState> = {
  parseTokenRequest: 'request',
  authenticateClient: 'client',
  verifyJwtGrant: 'grant',
  issueToken: 'response',
}

/** Options with their own events and counts. */
function world(over: Partial<Options> = {}, overHooks: Partial<Hooks> = {}) {
  const events: TokenEndpointEvent[] = []
  const { calls, ...plain } = hooks(overHooks)
  const onEvent = (event: TokenEndpointEvent) => void events.push(event)
  const options: Options = { issuer, tokenEndpointUrl, hooks: plain, onEvent, replayStore: memoryReplayStore(), ...over }
  return { options, events, calls }
}
const mount = (names: readonly StepName[], options: Options) => names.map((name) => steps[name](options))

function serve(express: ExpressFactory, ...handlers: (Middleware | RequestHandler | ErrorRequestHandler)[]) {
  const app = express()
  app.use('/token', ...(handlers as RequestHandler[]))
  return app
}
type App = ReturnType<typeof serve>
const post = (app: App, form: Record<string, string> = grantRequest(), path = '/token') => request(app).post(path).type('form').send(form)
/** The events, once the response is closed on the server's side too. */
const settled = async <T>(events: T[], count = 1): Promise<T[]> => {
  for (let tries = 0; events.length < count && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 10))
  return events
}
const hostHandler: RequestHandler = (req, res) => void res.json({ host: true, reached: Object.keys(req.tokenState ?? {}) })

/** All ordered choices of steps without repetition. */
function* arrangements(rest: readonly StepName[] = order, chosen: readonly StepName[] = []): Generator<readonly StepName[]> {
  if (chosen.length > 0) yield chosen
  for (const name of rest) {
    yield* arrangements(
      rest.filter((other) => other !== name),
      [...chosen, name],
    )
  }
}
const isInOrder = (names: readonly StepName[]) => names.every((name, index) => name === order[index])
/** The first step that lacks what an earlier one adds, and what it says. */
function complaint(names: readonly StepName[]): string {
  for (const [index, name] of names.entries()) {
    const missing = order.slice(0, order.indexOf(name)).find((needed) => !names.slice(0, index).includes(needed))
    if (missing) return `${name} needs req.tokenState.${key[missing]}: mount ${missing}(options) before ${name}(options). ${flow}`
  }
  throw new Error('in order')
}

describe.each(expresses)('steps on %s', (_, express) => {
  describe('T-61 in a wrong order, or with one missing', () => {
    const wrong = [...arrangements()].filter((names) => !isInOrder(names))

    it('there are 60 ways to get it wrong', () => expect(wrong).toHaveLength(60))

    it.each(wrong.map((names) => [names.join(', '), complaint(names), names] as const))('%s → %s', async (_names, says, names) => {
      const { options, events, calls } = world()
      const { status, body, headers, type } = await post(serve(express, ...mount(names, options), hostHandler))
      expect({ status, type, body }).toEqual({
        status: 500,
        type: 'application/json',
        body: notSetUp,
      })
      expect(headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
      expect(calls.mintToken).toBe(0)
      expect(await settled(events)).toEqual([
        expect.objectContaining({
          outcome: 'failed',
          status: 500,
          error: 'server_error',
          reason: 'misconfigured',
          detail: { seen: says, wanted: 'what the message says' },
        }),
      ])
      expect(events[0]?.cause).toBeInstanceOf(ConfigurationError)
    })

    it.each(order.slice(1))('%s alone, with fallthrough and a request of the host', async (name) => {
      const { options, events } = world({ fallthrough: true })
      const { status, body } = await post(serve(express, ...mount([name], options), hostHandler), { grant_type: 'password' })
      expect({ status, body }).toEqual({ status: 500, body: notSetUp })
      expect(await settled(events)).toMatchObject([{ detail: { seen: complaint([name]) } }])
    })
  })

  describe('T-62 twice on one request', () => {
    it.each(order.map((name, index) => [name, [...order.slice(0, index + 1), name]] as const))('%s', async (name, names) => {
      const { options, events, calls } = world({ fallthrough: true })
      // a request whose last step passes it on: else the second would never run
      const { status, body } = await post(serve(express, ...mount(names, options), hostHandler), { grant_type: 'password', ...byJwt() })
      expect({ status, body }).toEqual({ status: 500, body: notSetUp })
      expect(calls.mintToken).toBe(0)
      expect(await settled(events)).toHaveLength(1)
      expect(events).toMatchObject([{ detail: { seen: `${name} ran twice on one request: mount it once on this route. ${flow}` } }])
    })

    it('the whole suite, by app.use and by app.post', async () => {
      const { options, calls, events } = world({ fallthrough: true })
      const app = express()
      app.use(...tokenEndpoint(options))
      app.post('/token', ...tokenEndpoint(options), hostHandler)
      const { status, body } = await post(app, { grant_type: 'password' })
      expect({ status, body }).toEqual({ status: 500, body: notSetUp })
      expect(await settled(events)).toMatchObject([{ detail: { seen: expect.stringContaining('parseTokenRequest ran twice') } }])
      expect((await post(app)).status).toBe(200)
      expect(calls.mintToken).toBe(1)
    })
  })

  describe('not called', () => {
    it.each(order)('app.post(path, %s)', async (name) => {
      let thrown: unknown
      const catcher: ErrorRequestHandler = (error, _req, _res, next) => {
        thrown = error
        next(error)
      }
      const { status, body } = await post(serve(express, steps[name] as unknown as RequestHandler, catcher, tokenErrorHandler()))
      expect({ status, error: body.error }).toEqual({ status: 500, error: 'server_error' })
      expect(thrown).toBeInstanceOf(ConfigurationError)
      expect((thrown as Error).message).toBe(`${name} was mounted without being called: write ${name}(options).`)
    })
  })

  describe('with different options', () => {
    const differing: [what: string, over: Partial<Options>][] = [
      ['another replay store', { replayStore: memoryReplayStore() }],
      ['no replay store, which makes a store of its own', { replayStore: undefined }],
      ['another clockTolerance, by which a used JWT would be forgotten too early', { clockTolerance: 5 }],
      ['another issuer', { issuer: 'https://other.example.com' }],
      ['CA-04 another ceiling for public clients', { publicClients: { scope: 'read write' } }],
      ['other grant types, which would pass where the client is held to its own', { grantTypes: [CLIENT_CREDENTIALS] }],
    ]
    it.each(differing.flatMap(([what, over]) => order.slice(1).map((name) => [name, what, over] as const)))(
      '%s with %s is refused',
      async (name, _what, over) => {
        const { options, calls, events } = world()
        const handlers = order.map((step) => steps[step](step === name ? { ...options, ...over } : options))
        const { status, body } = await post(serve(express, ...handlers))
        expect({ status, body }).toEqual({ status: 500, body: notSetUp })
        const says = `${name} has another issuer or replayStore or clockTolerance or grantTypes or publicClients than the steps before it: give the same options object to each step.`
        expect(await settled(events)).toMatchObject([{ detail: { seen: says } }])
        expect(calls.mintToken).toBe(0)
      },
    )

    it('one object each, of the same issuer and replay store, with just the hooks of the step', async () => {
      const { options, events } = world({ grantTypes: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS] })
      const { issuer, replayStore, onEvent, hooks } = options
      const { findClient, findIssuer, authorizeGrant, mintToken } = hooks
      const app = serve(
        express,
        parseTokenRequest({ issuer, replayStore, hooks: {}, onEvent, grantTypes: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS] }),
        authenticateClient({ issuer, replayStore, hooks: { findClient } }),
        verifyJwtGrant({ issuer, replayStore, hooks: { findIssuer, authorizeGrant } }),
        issueToken({ issuer, replayStore, hooks: { mintToken } }),
      )
      expect((await post(app)).status).toBe(200)
      expect(await settled(events)).toHaveLength(1)
    })
  })

  describe('with different rules for grants', () => {
    const byGrantAlone = { grant_type: JWT_BEARER_GRANT, assertion: clientAssertion({ sub: 'alice' }) }
    it.each<[string, Partial<Options>, Partial<Hooks>]>([
      ['other algorithms', { algorithms: ['RS256'] }, {}],
      ['other trusted issuers', {}, { findIssuer: () => undefined }],
    ])('a grant that one step proved meets those of the step that issues: %s', async (_, over, overHooks) => {
      const { options, calls } = world()
      const strict = { ...options, ...over, hooks: { ...options.hooks, ...overHooks } }
      const app = serve(express, parseTokenRequest(options), authenticateClient(options), verifyJwtGrant(strict), issueToken(strict))
      const { status, body } = await post(app, byGrantAlone)
      expect({ status, body }).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect(calls.mintToken).toBe(0)
      expect((await post(serve(express, ...mount(order, options)), byGrantAlone)).status).toBe(200)
    })
  })

  describe('T-61 nothing that stands on the request can stand in for a step', () => {
    const client = { level: 'authenticated', method: 'private_key_jwt', client_id: 'jwt-client', client: { client_id: 'jwt-client' } }
    const forgedRequest = { grant_type: CLIENT_CREDENTIALS, parameters: {}, resource: [], audience: [], authorization: undefined }
    const forged = { request: forgedRequest, client, grant: null }
    const forge: RequestHandler = (req, _res, next) => {
      Object.assign(req, { tokenState: forged })
      next()
    }
    const forgeBody: RequestHandler = (req, _res, next) => {
      req.body = { ...clientCredentials({}), tokenState: forged, ...forged }
      next()
    }

    it('a forged req.tokenState before issueToken', async () => {
      const { options, calls, events } = world()
      const { status, body } = await post(serve(express, forge, issueToken(options)), clientCredentials({}))
      expect({ status, body }).toEqual({ status: 500, body: notSetUp })
      expect(await settled(events)).toMatchObject([{ detail: { seen: complaint(['issueToken']) } }])
      expect(calls.mintToken).toBe(0)
    })

    it.each([
      ['req.tokenState before the steps', [0]],
      ['req.tokenState before each step', [0, 1, 2, 3]],
    ])('a forged %s', async (_what, places) => {
      const { options, calls } = world()
      const handlers = mount(order, options).flatMap((step, index) => (places.includes(index) ? [forge, step] : [step]))
      const { status, body } = await post(serve(express, ...handlers), clientCredentials({}))
      expect({ status, body }).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(calls.mintToken).toBe(0)
    })

    it('a forged req.body', async () => {
      const { options, calls } = world()
      const app = serve(express, express.urlencoded({ extended: true }), forgeBody, ...tokenEndpoint(options))
      const { status, body } = await post(app, { a: 'b' })
      expect({ status, body }).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(calls.mintToken).toBe(0)
    })
  })

  describe('T-78 what a host writes to req.tokenState between the steps changes nothing', () => {
    const members = Object.values(key)
    const attacker = {
      level: 'authenticated',
      method: 'private_key_jwt',
      client_id: 'attacker',
      client: { client_id: 'attacker', grant_types: [CLIENT_CREDENTIALS, JWT_BEARER_GRANT], scope: 'read write admin' },
    }
    const forged: Record<string, unknown> = {
      request: { grant_type: CLIENT_CREDENTIALS, parameters: { scope: 'admin' }, resource: [], audience: [], authorization: undefined },
      client: attacker,
      grant: { issuer: { issuer: 'https://attacker.example' }, sub: 'root', subject: 'root', scope: 'admin', allowRefreshToken: true },
      response: { access_token: 'forged', token_type: 'Bearer' },
    }
    const tampering: Record<string, (req: { tokenState?: object }) => void> = {
      'a forged value in each member': (req) => Object.assign(req.tokenState as object, forged),
      'null in each member': (req) => Object.assign(req.tokenState as object, Object.fromEntries(members.map((name) => [name, null]))),
      'no member left': (req) => {
        for (const name of members) delete (req.tokenState as Record<string, unknown>)[name]
      },
      'a forged whole': (req) => {
        req.tokenState = { ...forged }
      },
      'a frozen whole': (req) => {
        req.tokenState = Object.freeze({})
      },
      'no whole': (req) => {
        req.tokenState = undefined
      },
    }
    /** The chain with a middleware of the host in each gap: it looks, then tampers, unless `tamper` is not given. */
    async function run(form: Record<string, string>, isOurs: boolean, tamper?: (req: { tokenState?: object }) => void) {
      const minted: unknown[] = []
      const { options, events } = world(
        { fallthrough: true, grantTypes: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS] },
        {
          mintToken: ({ client, subject, scope, grant, allowRefreshToken }) => {
            minted.push([client.client_id, subject, scope, grant?.issuer.issuer, allowRefreshToken])
            return { access_token: 'token', token_type: 'Bearer' }
          },
        },
      )
      const seen: unknown[] = []
      const states: unknown[] = []
      const look: RequestHandler = (req, _res, next) => {
        const { request, client, grant, ...rest } = req.tokenState ?? {}
        seen.push([request?.grant_type, client?.client_id, client?.level, grant?.subject, grant?.scope, Object.keys(rest)])
        states.push(req.tokenState)
        tamper?.(req)
        next()
      }
      const app = serve(express, ...mount(order, options).flatMap((each) => [each, look]), hostHandler)
      const { status, body } = await post(app, form)
      expect(new Set(states).size).toBe(states.length)
      const [event] = await settled(events, isOurs ? 1 : 0)
      const { outcome, reason, client_id, issuer, scope } = event ?? {}
      return { status, body, minted, seen, event: { outcome, reason, client_id, issuer, scope } }
    }
    const requests: Record<string, { form: () => Record<string, string>; status: number; seen: number }> = {
      'a grant': { form: () => ({ ...grantRequest(), scope: 'read' }), status: 200, seen: 3 },
      'a client for itself': { form: () => clientCredentials(), status: 200, seen: 3 },
      'a public client with a grant that is not for it': {
        form: () => grantRequest(grant(), { client_id: 'public-client' }),
        status: 400,
        seen: 1,
      },
      'a grant without a client': { form: () => grantRequest(grant(), {}), status: 401, seen: 2 },
      'a grant of the host by JWT': { form: () => ({ grant_type: 'authorization_code', ...byJwt() }), status: 200, seen: 4 },
      'a request of the host': { form: () => ({ grant_type: 'password' }), status: 200, seen: 4 },
    }
    it.each(Object.keys(requests).flatMap((what) => Object.keys(tampering).map((how) => [what, how] as const)))(
      '%s, %s',
      async (what, how) => {
        const { form, status, seen } = requests[what] as (typeof requests)[string]
        const isOurs = what !== 'a request of the host'
        const untouched = await run(form(), isOurs)
        const tampered = await run(form(), isOurs, tampering[how])
        expect(untouched.event.outcome !== undefined).toBe(isOurs)
        expect(untouched.status).toBe(status)
        expect(untouched.seen).toHaveLength(seen)
        const lastLook = status === 200 && seen === 4 // then the handler behind it sees what the last gap left
        expect(lastLook ? { ...tampered, body: untouched.body } : tampered).toEqual(untouched)
      },
    )

    it('everything that decides, and all that is in it, is frozen', async () => {
      const { options } = world()
      const unfrozen: string[] = []
      let visited = 0
      const belongsToHost = ['.client.client', '.grant.issuer', '.grant.context']
      const visit = (value: unknown, path: string): void => {
        if (typeof value !== 'object' || value === null || Buffer.isBuffer(value) || belongsToHost.includes(path)) return
        visited++
        if (!Object.isFrozen(value)) unfrozen.push(path)
        for (const [name, member] of Object.entries(value)) visit(member, `${path}.${name}`)
      }
      const look: RequestHandler = (req, _res, next) => {
        for (const [name, member] of Object.entries(req.tokenState ?? {})) visit(member, `.${name}`)
        next()
      }
      const act = { sub: 'a', of: [{ sub: 'b' }] }
      const nested = { header: { x: { y: ['z'] } } }
      const form = grantRequest(grant({ act }, nested), byJwt(clientAssertion({ act }, nested)))
      expect((await post(serve(express, ...mount(order, options).flatMap((each) => [each, look])), form)).status).toBe(200)
      expect(unfrozen).toEqual([])
      expect(visited).toBeGreaterThan(20)
    })
  })

  describe('a part of the chain, then the host', () => {
    it('parse, then the host: it reads a checked request', async () => {
      const { options } = world({ fallthrough: true })
      const host: RequestHandler = (req, res) => void res.json(req.tokenState?.request)
      const { body } = await post(
        serve(express, parseTokenRequest({ ...options, hooks: {} }), host),
        clientCredentials({ ...byJwt(), scope: 'read' }),
      )
      expect(body).toMatchObject({ grant_type: CLIENT_CREDENTIALS, parameters: { scope: 'read' } })
    })

    it('JC-05 parse and authenticate, then the host serves its own grant to a proven client', async () => {
      const { options, events } = world({ fallthrough: true })
      const { findClient } = options.hooks
      const o = { ...options, hooks: { findClient } }
      const host: RequestHandler = (req, res) => {
        const { client } = req.tokenState as TokenState
        res.json({ token_for: client?.level === 'authenticated' ? client.client_id : null, code: req.tokenState?.request?.parameters.code })
      }
      const app = serve(express, parseTokenRequest(o), authenticateClient(o), host)
      const form = { grant_type: 'authorization_code', code: 'c0de', ...byJwt() }
      expect((await post(app, form)).body).toEqual({ token_for: 'jwt-client', code: 'c0de' })
      expect(await settled(events)).toEqual([
        expect.objectContaining({ outcome: 'handed_on', status: 200, client_id: 'jwt-client', client_auth_method: 'private_key_jwt' }),
      ])
      const again = await post(app, form)
      expect({ status: again.status, body: again.body }).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    })

    it('parse, authenticate and verify, then the host mints', async () => {
      const { options, events } = world()
      const { mintToken: _, ...rest } = options.hooks
      const o = { ...options, hooks: rest }
      const host: RequestHandler = (req, res) => {
        const { client, grant } = req.tokenState as TokenState
        res.json({ access_token: `${grant?.subject}@${client?.client_id}`, scope: grant?.scope })
      }
      const app = serve(express, parseTokenRequest(o), authenticateClient(o), verifyJwtGrant(o), host)
      const form = grantRequest()
      expect((await post(app, form)).body).toEqual({ access_token: 'local-alice@jwt-client', scope: 'read write' })
      const again = await post(app, { ...form, ...byJwt() })
      expect({ status: again.status, body: again.body }).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect((await settled(events, 2)).map(({ outcome, reason }) => [outcome, reason])).toEqual([
        ['handed_on', undefined],
        ['refused', 'jti_replayed'],
      ])
      expect(events[0]).toMatchObject({ step: 'verifyJwtGrant', issuer: 'https://idp.example.org', client_id: 'jwt-client' })
    })

    it.each([1, 2, 3, 4])('%i steps leave in req.tokenState what they are named for', async (count) => {
      const { options } = world({ fallthrough: true })
      const names = order.slice(0, count)
      const { body } = await post(serve(express, ...mount(names, options), hostHandler), { grant_type: 'authorization_code', ...byJwt() })
      expect(body).toEqual({ host: true, reached: names.map((name) => key[name]) })
    })

    it('what the host is handed is null, step by step, where the request is its own', async () => {
      const { options, calls } = world({ fallthrough: true })
      const host: RequestHandler = (req, res) => void res.json(req.tokenState)
      const { body } = await post(serve(express, ...tokenEndpoint(options), host), { grant_type: 'password', username: 'a' })
      expect(body).toEqual({ request: null, client: null, grant: null, response: null })
      expect(calls).toMatchObject({ findClient: 0, findIssuer: 0 })
    })

    it('a middleware of the host stands between two steps', async () => {
      const { options } = world()
      const [parse, authenticate, verify, issue] = tokenEndpoint(options)
      let seen: string | undefined
      const between: RequestHandler = (req, _res, next) => {
        seen = req.tokenState?.client?.client_id
        setTimeout(next, 5)
      }
      expect((await post(serve(express, parse, authenticate, between, verify, issue))).status).toBe(200)
      expect(seen).toBe('jwt-client')
    })
  })

  describe('T-60 the host wrote already', () => {
    const writes: [what: string, write: (res: Response) => unknown, text: string][] = [
      ['headers only', (res) => res.status(202).flushHeaders(), '"the host again"'],
      ['a part of the body', (res) => res.status(202).write('{"host":'), '{"host":"the host again"'],
      ['everything', (res) => res.status(202).json({ host: true }), '{"host":true}'],
    ]
    const requests: [what: string, form: () => Record<string, string>][] = [
      ['a good request', () => grantRequest()],
      ['a bad one', () => ({ grant_type: 'nonsense' })],
    ]
    const asText = (res: request.Response, done: (error: Error | null, body: string) => void) => {
      let text = ''
      res.on('data', (chunk: Buffer) => {
        text += chunk
      })
      res.on('end', () => done(null, text))
    }
    it.each(writes.flatMap(([wrote, write, text]) => requests.map(([what, form]) => [wrote, what, write, text, form] as const)))(
      '%s, before %s',
      async (_wrote, _what, write, text, form) => {
        const { options, events } = world()
        let errors = 0
        const early: RequestHandler = (_req, res, next) => {
          write(res)
          next()
        }
        const late: ErrorRequestHandler = (_error, _req, res, _next) => {
          errors++
          if (!res.writableEnded) res.end('"the host again"')
        }
        const app = serve(express, early, ...tokenEndpoint(options), late)
        const answer = await post(app, form()).buffer().parse(asText)
        expect({ status: answer.status, text: answer.body, pragma: answer.headers.pragma }).toEqual({
          status: 202,
          text,
          pragma: undefined,
        })
        expect(await settled(events)).toHaveLength(1)
        expect(errors).toBe(1)
        expect((await post(serve(express, ...tokenEndpoint(options)))).status).toBe(200) // the process is well
      },
    )

    it('a grant that could not be answered may be sent again', async () => {
      const { options } = world()
      const form = grantRequest()
      const swallow: ErrorRequestHandler = (_error, _req, res, _next) => void res.end()
      const early: RequestHandler = (_req, res, next) => {
        res.flushHeaders()
        next()
      }
      await post(serve(express, early, ...tokenEndpoint(options), swallow), form)
      expect((await post(serve(express, ...tokenEndpoint(options)), form)).status).toBe(200)
    })
  })

  it('T-49 a grant stays used up where the host answered it between the steps, and went on all the same', async () => {
    const { options } = world()
    const form = grantRequest()
    const mintedByHost: RequestHandler = (_req, res, next) => {
      res.json({ access_token: 'of the host', token_type: 'Bearer' })
      next()
    }
    const swallow: ErrorRequestHandler = (_error, _req, _res, _next) => undefined
    const [parse, authenticate, verify, issue] = tokenEndpoint(options)
    const app = serve(express, parse, authenticate, verify, mintedByHost, issue, swallow)
    expect((await post(app, form)).body.access_token).toBe('of the host')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await post(serve(express, ...tokenEndpoint(options)), form)).body.error).toBe('invalid_client')
    const { assertion, ...again } = form
    expect((await post(serve(express, ...tokenEndpoint(options)), { ...again, ...byJwt(), assertion })).body.error).toBe('invalid_grant')
  })

  it('T-49 a JWT is given back once, even if a step fails again after the host has answered', async () => {
    const released: string[] = []
    const store = memoryReplayStore()
    const release = (key: string) => {
      released.push(key)
      return store.release?.(key)
    }
    const { options, events } = world({ replayStore: { ...store, release } })
    const failed: unknown[] = []
    const hostFails: RequestHandler = (_req, res, next) => {
      res.once('close', () => setTimeout(next, 5)) // goes on all the same
      res.status(500).json({ host: true })
    }
    const swallow: ErrorRequestHandler = (error, _req, _res, _next) => void failed.push(error)
    const [parse, authenticate, verify, issue] = tokenEndpoint(options)
    const form = grantRequest()
    expect((await post(serve(express, parse, authenticate, verify, hostFails, issue, swallow), form)).status).toBe(500)
    expect(await settled(failed)).toHaveLength(1)
    expect(released).toHaveLength(2) // the client assertion and the grant
    expect(new Set(released).size).toBe(2)
    expect(await settled(events)).toHaveLength(1)
    expect((await post(serve(express, ...tokenEndpoint(options)), form)).status).toBe(200)
  })

  describe('errors around the steps', () => {
    const fail: RequestHandler = () => {
      throw new Error('the host has a problem')
    }
    it.each<[where: string, place: number, last: string]>([
      ['before', 0, ''],
      ['between', 2, 'authenticateClient'],
      ['behind', 4, 'issueToken'],
    ])("%s: they are the error handler's, and one event at most", async (_where, place, last) => {
      const { options, events } = world({ fallthrough: true })
      const handlers: (Middleware | RequestHandler)[] = tokenEndpoint(options)
      handlers.splice(place, 0, fail)
      const catcher: ErrorRequestHandler = (_error, _req, res, _next) => void res.status(418).json({ caught: true })
      const { status, body } = await post(serve(express, ...handlers, catcher), { grant_type: 'authorization_code', ...byJwt() })
      expect({ status, body }).toEqual({ status: 418, body: { caught: true } })
      const all = (await settled(events, place === 0 ? 0 : 1)).map(({ outcome, status, step }) => ({ outcome, status, step }))
      expect(all).toEqual(place === 0 ? [] : [{ outcome: 'handed_on', status: 418, step: last }])
    })

    it('a refusal never reaches the handlers behind it', async () => {
      const { options } = world()
      let reached = 0
      const behind: RequestHandler = (_req, _res, next) => {
        reached++
        next()
      }
      const behindErrors: ErrorRequestHandler = (_error, _req, _res, next) => {
        reached++
        next()
      }
      const { status } = await post(serve(express, ...tokenEndpoint(options), behind, behindErrors), grantRequest('not a JWT'))
      expect({ status, reached }).toEqual({ status: 400, reached: 0 })
    })
  })

  it('T-62 two mounts in one app are independent', async () => {
    const one = world()
    const two = world(
      { issuer: 'https://two.example.com', tokenEndpointUrl: undefined },
      { mintToken: () => ({ access_token: 'two', token_type: 'Bearer' }) },
    )
    const app = express()
    app.post('/token', ...tokenEndpoint(one.options))
    app.post('/two/token', ...tokenEndpoint(two.options))
    const forTwo = () =>
      grantRequest(grant({ aud: two.options.issuer, jti: 'shared' }), byJwt(clientAssertion({ aud: two.options.issuer })))
    const answers = await Promise.all([
      post(app, grantRequest(grant({ jti: 'shared' }))),
      post(app, forTwo(), '/two/token'),
      post(app, grantRequest(), '/two/token'),
      post(app, forTwo()),
    ])
    expect(answers.map(({ status, body }) => [status, body.access_token ?? body.error])).toEqual([
      [200, 'token-of-local-alice'],
      [200, 'two'],
      [401, 'invalid_client'],
      [401, 'invalid_client'],
    ])
    expect(
      [await settled(one.events, 2), await settled(two.events, 2)].map((events) => events.map(({ outcome }) => outcome).sort()),
    ).toEqual([
      ['issued', 'refused'],
      ['issued', 'refused'],
    ])
  })

  describe('one event per request', () => {
    const answers: [what: string, form: () => Record<string, string>, outcome: string, status: number][] = [
      ['issued', () => grantRequest(), 'issued', 200],
      ['refused', () => grantRequest('x'), 'refused', 400],
      ['handed on', () => ({ grant_type: 'authorization_code', ...byJwt() }), 'handed_on', 200],
    ]
    it.each(answers)('%s', async (_what, form, outcome, status) => {
      const { options, events } = world({ fallthrough: true })
      const answer = await post(serve(express, ...tokenEndpoint(options), hostHandler), form())
      expect(answer.status).toBe(status)
      expect((await settled(events)).map((event) => [event.outcome, event.status])).toEqual([[outcome, status]])
    })

    it("none for a request that is the host's from the start", async () => {
      const { options, events } = world({ fallthrough: true })
      expect((await post(serve(express, ...tokenEndpoint(options), hostHandler), { grant_type: 'password' })).status).toBe(200)
      expect(await settled(events, 0)).toEqual([])
    })

    it('but one where a mistake of the host was answered', async () => {
      const { options, events } = world({ fallthrough: true })
      const app = serve(express, ...tokenEndpoint(options), issueToken(options))
      expect((await post(app, { grant_type: 'password' })).status).toBe(500)
      expect(await settled(events)).toEqual([expect.objectContaining({ outcome: 'failed', reason: 'misconfigured', step: 'issueToken' })])
    })

    it('for each listener of steps that are mounted apart', async () => {
      const heard: string[] = []
      const { options } = world()
      const { issuer, replayStore, hooks } = options
      const [first, second] = ['first', 'second'].map((name) => () => void heard.push(name))
      const { findClient, findIssuer, authorizeGrant, mintToken } = hooks
      const app = serve(
        express,
        parseTokenRequest({ issuer, replayStore, hooks: {}, onEvent: first }),
        authenticateClient({ issuer, replayStore, hooks: { findClient }, onEvent: first }),
        verifyJwtGrant({ issuer, replayStore, hooks: { findIssuer, authorizeGrant } }),
        issueToken({ issuer, replayStore, hooks: { mintToken }, onEvent: second }),
      )
      expect((await post(app)).status).toBe(200)
      expect(await settled(heard, 2)).toEqual(['first', 'second'])
    })

    it('a hook that fails', async () => {
      const { options, events } = world({}, { findClient: () => Promise.reject('no database') })
      expect((await post(serve(express, ...tokenEndpoint(options)))).status).toBe(500)
      expect((await settled(events)).map(({ outcome, status, reason }) => [outcome, status, reason])).toEqual([
        ['failed', 500, 'hook_error'],
      ])
    })

    it.each<[what: string, onEvent: () => unknown]>([
      [
        'throws',
        () => {
          throw new Error('no log')
        },
      ],
      [
        'throws nothing that is an error',
        () => {
          throw undefined
        },
      ],
      ['rejects', () => Promise.reject(new Error('no log'))],
      ['never ends', () => new Promise(() => {})],
    ])('T-59 a listener that %s changes nothing', async (_what, onEvent) => {
      let calls = 0
      const counted = () => {
        calls++
        return onEvent()
      }
      const { options } = world({ fallthrough: true, onEvent: counted })
      const app = serve(express, ...tokenEndpoint(options), hostHandler)
      const statuses = []
      for (const [, form] of answers) statuses.push((await post(app, form())).status)
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect({ statuses, calls }).toEqual({ statuses: [200, 400, 200], calls: 3 })
    })
  })

  it('each middleware is named after its step, so that Express shows it', () => {
    expect(tokenEndpoint(world().options).map(({ name }) => name)).toEqual(order)
  })
})
