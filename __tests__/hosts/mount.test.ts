/** How a host mounts the suite: with CORS and rate limits, in a Router of its own, by `app.all`. The recipes of docs/guides/rate-limits.md. */
import type { Server } from 'node:http'
import { afterAll, describe, expect, it } from '@jest/globals'
import cors from 'cors'
import type { Express, RequestHandler } from 'express'
import { type Middleware, memoryReplayStore, type TokenEndpointEvent, tokenEndpoint } from '../../lib/index.js'
import { withoutHandedOn } from '../support/events.js'
import { type ExpressFactory, expresses } from '../support/express.js'
import { encode, form, type RawRequest, sendRaw } from '../support/raw.js'
import { recipeOf } from '../support/recipe.js'
import { byJwt, clientAssertion, clientCredentials, grantRequest, hooks, issuer, keys } from '../support/world.js'

interface Mount {
  mount(app: Express, suite: Middleware[], oldTokenHandler: RequestHandler): void
}
interface MountRouter {
  mountRouter(app: Express, express: ExpressFactory, suite: Middleware[]): void
}
const { mount } = await recipeOf<Mount>('docs/guides/rate-limits.md', 'mount.mjs')
const { mountRouter } = await recipeOf<MountRouter>('docs/guides/rate-limits.md', 'mount-router.mjs')

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

function listen(app: Express): Server {
  const server = app.listen(0)
  servers.push(server)
  return server
}

const origin = 'https://app.example.com'
const from = `Origin: ${origin}`
const old: RequestHandler = (req, res) => void res.status(201).json({ old: req.method, url: req.originalUrl })

function newSuite() {
  const events: TokenEndpointEvent[] = []
  const { calls: _, ...plain } = hooks()
  const onEvent = (event: TokenEndpointEvent) => void events.push(event)
  return { events, suite: tokenEndpoint({ issuer, hooks: plain, onEvent, fallthrough: true, replayStore: memoryReplayStore() }) }
}

const preflight: RawRequest = {
  method: 'OPTIONS',
  headers: [from, 'Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization,content-type'],
  framing: 'none',
}
/** Requests of the host. */
const ofTheHost: [string, RawRequest][] = [
  ['a preflight', preflight],
  ['a preflight with a query', { ...preflight, path: '/token?x=1' }],
  ['a preflight with a slash', { ...preflight, path: '/token/' }],
  ['a preflight of /token/revoke', { ...preflight, path: '/token/revoke' }],
  ['OPTIONS that is no preflight', { method: 'OPTIONS', framing: 'none' }],
  ['GET', { method: 'GET', headers: [from], framing: 'none' }],
  ['HEAD', { method: 'HEAD', headers: [from], framing: 'none' }],
  ['PUT', { method: 'PUT', headers: [from, form], body: 'x=y' }],
  ['DELETE', { method: 'DELETE', headers: [from], framing: 'none' }],
  ['a grant of the host', { headers: [from, form], body: 'grant_type=refresh_token&refresh_token=x' }],
  ['JSON', { headers: [from, 'Content-Type: application/json'], body: '{}' }],
  ['/token/revoke', { path: '/token/revoke', headers: [from, form], body: encode({ token: 'x', ...byJwt('x') }) }],
  ['another path', { path: '/elsewhere', headers: [from, form], body: encode(grantRequest()) }],
]

/** Hosts, each as it stands behind the suite. */
const hosts: [string, (app: Express) => void][] = [
  [
    'CORS on its routes',
    (app) => {
      app.options('/token', cors({ origin }))
      app.post('/token', cors({ origin }), old)
      app.post('/token/revoke', cors({ origin }), old)
    },
  ],
  ['CORS for a path', (app) => void app.use('/token', cors({ origin })).post('/token', old)],
  ['CORS for all', (app) => void app.use(cors()).post('/token', old)],
  ['no CORS', (app) => void app.post('/token', old).post('/token/revoke', old)],
  ['a handler for all methods', (app) => void app.all('/token', old)],
]

/** Ways to mount the suite in front of them. */
const ways: [string, (app: Express, express: ExpressFactory, suite: Middleware[]) => void][] = [
  ['the recipe for a Router', mountRouter],
  ['app.all', (app, _, suite) => void app.all('/token', ...suite)],
]

describe.each(expresses)('on %s', (_, express) => {
  describe.each(ways)('the suite mounted by %s', (_, mountWith) => {
    describe.each(hosts)('in front of a host with %s', (_, host) => {
      const [bare, wrapped] = [express(), express()]
      const { suite, events } = newSuite()
      mountWith(wrapped, express, suite)
      for (const app of [bare, wrapped]) host(app)
      const [without, behind] = [listen(bare), listen(wrapped)]

      it.each(ofTheHost)('TE-01: changes nothing for %s', async (_, request) => {
        expect(await sendRaw(behind, request)).toEqual(await sendRaw(without, request))
        expect(withoutHandedOn(events)).toEqual([])
      })

      it('TE-01: serves what is for the suite', async () => {
        for (const parameters of [grantRequest(), clientCredentials()])
          expect(await sendRaw(behind, { headers: [form], body: encode(parameters) })).toMatchObject({ status: 200 })
        const forged = clientCredentials(byJwt(clientAssertion({}, { key: keys.other })))
        expect(await sendRaw(behind, { headers: [form], body: encode(forged) })).toMatchObject({ status: 401 })
        expect(withoutHandedOn(events).map(({ outcome }) => outcome)).toEqual(['issued', 'issued', 'refused'])
      })
    })
  })

  it('TE-01: a Router with router.post alone answers the preflight itself, which is why the recipe has router.all', async () => {
    const app = express()
    app.use(express.Router().post('/token', ...newSuite().suite))
    hosts[0]?.[1](app)
    const { status, headers } = await sendRaw(listen(app), preflight)
    expect(status).toBe(200)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  describe('the suite and the old handler on one route, with CORS and a limit in front', () => {
    const app = express()
    const { suite } = newSuite()
    mount(app, suite, old)
    const server = listen(app)

    it('answers the preflight as cors does', async () => {
      const bare = express().use('/token', cors({ origin })).post('/token', old)
      expect(await sendRaw(server, preflight)).toEqual(await sendRaw(listen(bare), preflight))
    })

    it.each<[string, () => string, number]>([
      ['a token', () => encode(grantRequest()), 200],
      ['a refusal', () => encode(grantRequest('x')), 400],
      ['the old handler', () => 'grant_type=refresh_token', 201],
    ])('CORS and the rate limit cover %s', async (_, body, status) => {
      const response = await sendRaw(server, { headers: [from, form], body: body() })
      expect(response).toMatchObject({ status, headers: { 'access-control-allow-origin': origin } })
      expect(Object.keys(response.headers)).toEqual(expect.arrayContaining(['x-ratelimit-remaining']))
    })
  })

  it('CORS and rate limits of the old route do not cover the suite that is mounted separately', async () => {
    const app = express()
    mountRouter(app, express, newSuite().suite)
    app.post('/token', cors({ origin }), old)
    const { status, headers } = await sendRaw(listen(app), { headers: [from, form], body: encode(grantRequest()) })
    expect(status).toBe(200)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })
})
