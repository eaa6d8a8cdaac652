/** The server whose requests and responses Express need not change, as the demo has it and as docs/scaling.md shows it. */
import { createServer, IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from '@jest/globals'
import type { Express, RequestHandler } from 'express'
import request from 'supertest'
import { createFastServer, requestClasses } from '../demo-server/fast-server.js'
import { tokenEndpoint } from '../lib/index.js'
import { issueCertificate } from './support/certificates.js'
import { expresses } from './support/express.js'
import { encode, form, RawConnection, sendRaw } from './support/raw.js'
import { recipeOf } from './support/recipe.js'
import { clientCredentials, grantRequest, hooks, issuer } from './support/world.js'

const fromDocs = await recipeOf<{ createFastServer: typeof createFastServer }>('docs/scaling.md', 'fast-server.mjs')
const recipes = { 'demo-server/fast-server.ts': createFastServer, 'docs/scaling.md': fromDocs.createFastServer }
const everywhere = Object.entries(recipes).flatMap(([where, create]) =>
  expresses.map(([name, express]) => [where, name, create, express] as const),
)

const servers: Server[] = []
afterAll(() => {
  for (const server of servers.splice(0)) server.close()
})
function listening<S extends Server>(server: S): S {
  servers.push(server)
  return server.listen(0) as S
}

interface Prototypes {
  request: unknown
  response: unknown
}
const prototypesOf = (req: object, res: object): Prototypes => ({
  request: Object.getPrototypeOf(req),
  response: Object.getPrototypeOf(res),
})
/** Whether the objects already are, before Express sees them, what it makes them. */
async function isNoOp(app: Express, server: Server, path = '/'): Promise<boolean> {
  const before: Prototypes[] = []
  const spy: RequestListener = (req, res) => void before.push(prototypesOf(req, res))
  server.prependListener('request', spy)
  await request(server).get(path).expect(200)
  server.off('request', spy)
  expect(before).toHaveLength(1)
  return before[0]?.request === app.request && before[0]?.response === app.response
}

describe.each(everywhere)('createFastServer of %s on %s', (_, __, create, express) => {
  it('makes objects that Express leaves as they are; createServer does not', async () => {
    const app = express()
    const seen: Prototypes[] = []
    app.get('/', (req, res) => {
      seen.push(prototypesOf(req, res))
      res.send('hello')
    })
    expect(await isNoOp(app, listening(create(app)))).toBe(true)
    expect(await isNoOp(app, listening(createServer(app)))).toBe(false)
    expect(seen.map(({ request, response }) => request === app.request && response === app.response)).toEqual([true, true])
  })

  it('gives handlers all that Express gives', async () => {
    const app = express()
    app.set('trust proxy', 1)
    app.post('/echo/:id', express.json(), (req, res) => {
      res.locals.host = req.get('host')
      res
        .status(201)
        .set('X-Own', 'yes')
        .cookie('c', 'v')
        .json({
          id: req.params.id,
          query: req.query.q,
          body: req.body,
          ip: req.ip,
          type: req.is('json'),
          accepts: req.accepts('json'),
          host: res.locals.host,
          app: req.app === app && res.app === app,
          kin: req instanceof IncomingMessage && res instanceof ServerResponse && req.res === res && res.req === req,
        })
    })
    const { status, headers, body } = await request(listening(create(app)))
      .post('/echo/7?q=x')
      .set({ Host: 'as.example.com', 'X-Forwarded-For': '192.0.2.1', Accept: 'application/json' })
      .send({ a: 1 })
    expect({ status, own: headers['x-own'], cookie: headers['set-cookie'], body }).toEqual({
      status: 201,
      own: 'yes',
      cookie: ['c=v; Path=/'],
      body: {
        id: '7',
        query: 'x',
        body: { a: 1 },
        ip: '192.0.2.1',
        type: 'json',
        accepts: 'json',
        host: 'as.example.com',
        app: true,
        kin: true,
      },
    })
  })

  it('serves routers and apps within the app', async () => {
    const app = express()
    const router = express.Router()
    router.get('/who', (req, res) => void res.json({ router: req.baseUrl, app: req.app === app }))
    const inner = express()
    inner.get('/who', (req, res) => void res.json({ app: req.app === inner, own: Object.getPrototypeOf(req) === inner.request }))
    app.use('/early', inner)
    const server = listening(create(app))
    app.use('/router', router)
    app.use('/late', inner) // routes may come after the server
    app.get('/after', (req, res) => void res.json({ app: req.app === app, own: Object.getPrototypeOf(req) === app.request }))
    expect((await request(server).get('/router/who')).body).toEqual({ router: '/router', app: true })
    for (const path of ['/early/who', '/late/who']) expect((await request(server).get(path)).body).toEqual({ app: true, own: true })
    expect(await isNoOp(app, server, '/router/who')).toBe(true)
    expect((await request(server).get('/after')).body).toEqual({ app: true, own: true })
    expect((await request(server).get('/none')).status).toBe(404)
  })

  it('serves the token endpoint, and the handler behind it', async () => {
    const { calls: ___, ...plain } = hooks()
    const app = express()
    const old: RequestHandler = (req, res) => void res.json({ client: req.tokenState?.client?.client_id, body: req.body.code })
    app.post('/token', ...tokenEndpoint({ issuer, hooks: plain, fallthrough: true }), express.urlencoded({ extended: false }), old)
    const server = listening(create(app))
    const post = (parameters: Record<string, string>) => request(server).post('/token').type('form').send(parameters)
    expect((await post(grantRequest())).body).toMatchObject({ access_token: 'token-of-local-alice' })
    expect((await post(clientCredentials())).body).toMatchObject({ access_token: 'token-of-jwt-client' })
    expect((await post({ ...clientCredentials(), grant_type: 'authorization_code', code: 'x' })).body).toEqual({
      client: 'jwt-client',
      body: 'x',
    })
    expect((await post({ grant_type: 'password', code: 'y' })).body).toEqual({ body: 'y' })
    expect(await post(grantRequest('x'))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  it('keeps connections, takes bodies of either framing, answers what is no HTTP', async () => {
    const { calls: ___, ...plain } = hooks()
    const app = express()
    app.post('/token', ...tokenEndpoint({ issuer, hooks: plain }))
    const server = listening(create(app))
    const connection = new RawConnection(server)
    for (const framing of ['length', 'chunked', 'length'] as const)
      expect(await connection.ask({ headers: [form], body: encode(grantRequest()), framing })).toMatchObject({ status: 200 })
    expect(await connection.ask({ method: 'HEAD', framing: 'none' })).toMatchObject({ status: 404 })
    expect(await connection.ask({ headers: [form], body: encode(grantRequest()) })).toMatchObject({ status: 200 })
    connection.close()
    expect(await sendRaw(server, { method: 'NO HTTP' })).toMatchObject({ status: 400 })
  })
})

it.each(expresses)('requestClasses are for https, too (%s)', async (_, express) => {
  const { key, cert } = await issueCertificate({ subject: 'CN=localhost', names: [{ type: 'dns', value: 'localhost' }], isAuthority: true })
  const app = express()
  app.get('/', (req, res) => void res.send(String(req.secure)))
  const server = listening(createTlsServer({ key, cert, ...requestClasses(app) }, app))
  const before: Prototypes[] = []
  server.prependListener('request', (req, res) => void before.push(prototypesOf(req, res)))
  const text = await new Promise((resolve, reject) => {
    get(
      { host: '127.0.0.1', servername: 'localhost', port: (server.address() as AddressInfo).port, ca: cert, agent: false },
      (response) => {
        response.setEncoding('utf8').once('data', resolve)
      },
    ).once('error', reject)
  })
  expect(text).toBe('true')
  expect(before[0]?.request === app.request && before[0]?.response === app.response).toBe(true)
})
