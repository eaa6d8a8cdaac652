/** What Express makes slow on Node 20 and 22 is made fast again, and nothing else is changed. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { afterAll, describe, expect, it } from '@jest/globals'
import type { Express } from 'express'
import request from 'supertest'
import { createFastServer } from '../../demo-server/fast-server.js'
import { parseTokenRequest } from '../../lib/index.js'
import { toDictionaries } from '../../lib/middleware/dictionary-mode.js'
import { expresses } from '../support/express.js'
import { clientCredentials, hooks, issuer } from '../support/world.js'

setFlagsFromString('--allow-natives-syntax')
const isDictionary: (object: object) => boolean = runInThisContext('(object) => !%HasFastProperties(object)')
const sharesItsClass: (one: object, other: object) => boolean = runInThisContext('(one, other) => %HaveSameMap(one, other)')
const isSlowNode = Number.parseInt(process.versions.v8, 10) < 13

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

interface Seen {
  req: IncomingMessage
  res: ServerResponse
}
/** The requests and responses that a handler behind our step gets. */
async function seenBehindStep(create: (app: Express) => Server, express: (typeof expresses)[number][1]): Promise<Seen[]> {
  const { calls: _, ...plain } = hooks()
  const app = express()
  const seen: Seen[] = []
  app.post('/token', parseTokenRequest({ issuer, hooks: plain }), (req, res) => {
    seen.push({ req, res })
    res.end()
  })
  const server = create(app).listen(0)
  servers.push(server)
  for (let sent = 0; sent < 3; sent++) await request(server).post('/token').type('form').send(clientCredentials()).expect(200)
  return seen
}

describe.each(expresses)('on %s', (_, express) => {
  it('makes dictionaries of requests and responses where V8 would give each a hidden class of its own', async () => {
    const seen = await seenBehindStep(createServer, express)
    for (const { req, res } of seen) expect([isDictionary(req), isDictionary(res)]).toEqual([isSlowNode, isSlowNode])
    const [{ req: first } = {}, { req: second } = {}] = seen.slice(-2)
    expect(sharesItsClass(first as object, second as object)).toBe(true)
  })

  it('leaves them as they are where the server gave them the prototypes of Express', async () => {
    const seen = await seenBehindStep(createFastServer as (app: Express) => Server, express)
    for (const { req, res } of seen) expect([isDictionary(req), isDictionary(res)]).toEqual([false, false])
  })
})

it('leaves every property as it was, and headers may still be sent without a date', async () => {
  const states: [before: object, after: object][] = []
  const listener: RequestListener = (req, res) => {
    Object.setPrototypeOf(req, Object.create(Object.getPrototypeOf(req)))
    Object.setPrototypeOf(res, Object.create(Object.getPrototypeOf(res)))
    if (req.url === '/undated') res.sendDate = false
    const state = () => [req, res].map((object) => ({ ...Object.getOwnPropertyDescriptors(object) }))
    const before = state()
    toDictionaries(req, res)
    states.push([before, state()])
    res.end()
  }
  const server = createServer(listener).listen(0)
  servers.push(server)
  expect((await request(server).get('/')).headers).toHaveProperty('date')
  expect((await request(server).get('/undated')).headers).not.toHaveProperty('date')
  for (const [before, after] of states) expect(after).toEqual(before)
})

it.each([
  ['without a socket', undefined],
  ['on a socket without a server', {}],
  ['of a server that names no class', { server: {} }],
])('leaves a request %s as it is', (_, socket) => {
  const [req, res] = [
    { socket, statusMessage: null, a: 1 },
    { sendDate: true, a: 1 },
  ]
  toDictionaries(req as unknown as IncomingMessage, res as unknown as ServerResponse)
  expect([isDictionary(req), isDictionary(res)]).toEqual([false, false])
})
