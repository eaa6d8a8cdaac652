/** Rate limits and helmet around the token endpoint, as the demo server has them and as docs/guides/rate-limits.md shows them. */
import type { Server } from 'node:http'
import { afterAll, describe, expect, it } from '@jest/globals'
import helmet from 'helmet'
import request from 'supertest'
import { claimedClient, type Limits, protectedTokenEndpoint } from '../demo-server/protect.js'
import { JWT_BEARER_GRANT, type Options, type TokenEndpointEvent, tokenErrorHandler } from '../lib/index.js'
import { type ExpressFactory, expresses } from './support/express.js'
import { forge } from './support/jwt.js'
import { form, RawConnection } from './support/raw.js'
import { recipeOf } from './support/recipe.js'
import { basic, byJwt, clientAssertion, clientCredentials, grant, grantRequest, hooks, issuer, keys, openIdp } from './support/world.js'

const servers: Server[] = []
afterAll(() => {
  for (const server of servers.splice(0)) server.close()
})

const recipes: [where: string, recipe: typeof protectedTokenEndpoint][] = [
  ['demo-server/protect.ts', protectedTokenEndpoint],
  [
    'docs/guides/rate-limits.md',
    (await recipeOf<{ protectedTokenEndpoint: typeof protectedTokenEndpoint }>('docs/guides/rate-limits.md', 'protect.mjs'))
      .protectedTokenEndpoint,
  ],
]
const everywhere = recipes.flatMap(([where, recipe]) => expresses.map(([name, express]) => [where, name, recipe, express] as const))

type Parameters = Record<string, string>
interface Who {
  /** Address that the proxy names. */
  from?: string
  authorization?: string
}

/** A server behind one proxy, so that a request comes from where the test says. */
function start(recipe: typeof protectedTokenEndpoint, express: ExpressFactory, limits: Limits, options: Partial<Options> = {}) {
  const events: TokenEndpointEvent[] = []
  const { calls, ...plain } = hooks(options.hooks)
  const onEvent = (event: TokenEndpointEvent) => void events.push(event)
  const app = express()
  app.set('trust proxy', 1)
  app.use(helmet())
  app.post('/token', ...recipe({ issuer, onEvent, ...options, hooks: plain }, limits), (_req, res) => void res.status(418).send('old'))
  app.use('/token', tokenErrorHandler())
  const server = app.listen(0)
  servers.push(server)
  const post = (parameters: Parameters, { from = '192.0.2.1', authorization }: Who = {}) => {
    const test = request(server).post('/token').type('form').set('X-Forwarded-For', from)
    return (authorization ? test.set('Authorization', authorization) : test).send(parameters)
  }
  /** The statuses of so many requests, one after the other. */
  async function statuses(count: number, parameters: () => Parameters, who?: Who): Promise<number[]> {
    const seen = []
    for (let i = 0; i < count; i++) seen.push((await post(parameters(), who)).status)
    return seen
  }
  return { post, statuses, events, calls, server }
}

const forged = () => byJwt(clientAssertion({}, { key: keys.other, header: { kid: keys.client.kid } }))
const wrong = () => clientCredentials(forged())
const good = () => clientCredentials()
const goodOther = () => clientCredentials(byJwt(clientAssertion({ iss: 'other-client', sub: 'other-client' }, { key: keys.other })))
const bySecret = { grant_type: 'client_credentials' }
const guess = { authorization: basic('basic-client', 'guess') }

describe.each(everywhere)('the rate limits of %s, on %s', (_, __, recipe, express) => {
  const begin = (limits: Limits, options?: Partial<Options>) => start(recipe, express, limits, options)

  it('RS-02 RS-10: in a Router that has a path, the answer over a limit is the same', async () => {
    const { calls: _calls, ...plain } = hooks()
    const app = express()
    app.use('/oauth', express.Router().post('/token', ...recipe({ issuer, hooks: plain }, { requests: 1 })))
    const server = app.listen(0)
    servers.push(server)
    const ask = () => request(server).post('/oauth/token').type('form').send(good())
    expect((await ask()).status).toBe(200)
    const { status, headers, body } = await ask()
    expect({ status, error: body.error }).toEqual({ status: 429, error: 'temporarily_unavailable' })
    expect(headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache', 'retry-after': expect.stringMatching(/^\d+$/) })
  })

  describe('failures of a client at an address', () => {
    it('TE-14: beyond the budget, 429 before anything is looked up or verified', async () => {
      const { statuses, calls, post } = begin({ failures: 3 })
      expect(await statuses(5, wrong)).toEqual([401, 401, 401, 429, 429])
      expect(calls.findClient).toBe(3)
      expect((await post(good())).status).toBe(429)
    })

    it('TE-14: 20 wrong secrets for one client', async () => {
      const { statuses, post } = begin({ failures: 5 })
      expect(await statuses(20, () => bySecret, guess)).toEqual([...Array(5).fill(401), ...Array(15).fill(429)])
      expect((await post(bySecret, { authorization: basic('basic-client', 'basic-secret') })).status).toBe(429)
      expect((await post(bySecret, { authorization: basic('basic-client', 'basic-secret'), from: '192.0.2.2' })).status).toBe(200)
    })

    it('TE-14: one client has one budget, however it is spelt', async () => {
      const { statuses } = begin({ failures: 2 })
      const spelling = (id: string) => ({ authorization: `basic ${Buffer.from(`${id}:guess`).toString('base64')}` })
      const seen = []
      for (const id of ['basic-client', '%62asic-client', 'basic%2Dclient', 'basic%2dclient'])
        seen.push(...(await statuses(1, () => bySecret, spelling(id))))
      expect(seen).toEqual([401, 401, 429, 429])
    })

    it('RS-02 RS-10: the answer is an OAuth error in JSON, with the time to wait, and is not stored', async () => {
      const { statuses, post } = begin({ failures: 1 })
      await statuses(1, wrong)
      const { status, headers, body } = await post(wrong())
      expect({ status, body }).toEqual({
        status: 429,
        body: { error: 'temporarily_unavailable', error_description: 'Too many requests. Try again later.' },
      })
      expect(headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        pragma: 'no-cache',
        'retry-after': expect.stringMatching(/^(?:5\d|60)$/), // what is left of the minute, not the 5 seconds of the suite
      })
    })

    it('counts failures only', async () => {
      const { statuses } = begin({ failures: 2 })
      expect(await statuses(6, good)).toEqual(Array(6).fill(200))
      expect(await statuses(1, wrong)).toEqual([401])
      expect(await statuses(3, good)).toEqual([200, 200, 200])
      expect(await statuses(2, wrong)).toEqual([401, 429])
    })

    it('does not count faults of the server', async () => {
      const { statuses } = begin({ failures: 2 }, { hooks: { ...hooks(), mintToken: () => Promise.reject(new Error('down')) } })
      expect(await statuses(4, good)).toEqual([500, 500, 500, 500])
    })

    it('counts a request until it is answered: the budget bounds those in flight, too', async () => {
      const { post } = begin({ failures: 5 })
      const answers = await Promise.all(Array.from({ length: 5 }, () => post(good())))
      expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200))
      const guesses = await Promise.all(Array.from({ length: 50 }, () => post(bySecret, guess)))
      expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5)
      expect(guesses.filter(({ status }) => status === 429)).toHaveLength(45)
    })

    it("one client's failures do not lock out another one behind the same address", async () => {
      const { statuses } = begin({ failures: 2 })
      expect(await statuses(4, wrong)).toEqual([401, 401, 429, 429])
      expect(await statuses(2, goodOther)).toEqual([200, 200])
      expect(await statuses(1, () => grantRequest(grant({ iss: openIdp }), {}))).toEqual([200])
    })

    it('who names a client from elsewhere does not lock it out', async () => {
      const { statuses } = begin({ failures: 2 })
      expect(await statuses(4, wrong, { from: '198.51.100.7' })).toEqual([401, 401, 429, 429])
      expect(await statuses(2, good)).toEqual([200, 200])
    })

    it('who names an issuer from elsewhere does not lock it out', async () => {
      const { statuses } = begin({ failures: 2 })
      const forgedGrant = () => grantRequest(grant({ iss: openIdp }, { key: keys.other }), {})
      expect(await statuses(3, forgedGrant, { from: '198.51.100.7' })).toEqual([400, 400, 429])
      expect(await statuses(2, () => grantRequest(grant({ iss: openIdp }), {}))).toEqual([200, 200])
    })

    it('the addresses of an IPv6 subnet are one address; an IPv4 address is one in either notation', async () => {
      const { statuses } = begin({ failures: 2 })
      const seen = []
      for (const from of ['2001:db8:0:1::1', '2001:db8:0:1::2', '2001:db8:0:2::3', '2001:db8:1::1'])
        seen.push(...(await statuses(1, wrong, { from })))
      for (const from of ['192.0.2.9', '::ffff:192.0.2.9', '::ffff:c000:209']) seen.push(...(await statuses(1, wrong, { from })))
      expect(seen).toEqual([401, 401, 429, 401, 401, 401, 429])
    })

    it('known and unknown clients are limited alike', async () => {
      const { post } = begin({ failures: 2 })
      const course = async (id: string) => {
        const seen = []
        for (let i = 0; i < 3; i++) {
          const { status, headers, body } = await post(bySecret, { authorization: basic(id, 'guess'), from: `192.0.2.${id.length}` })
          seen.push({ status, body, limits: String(headers.ratelimit).replace(/t=\d+/g, 't') })
        }
        return seen
      }
      expect(await course('basic-client')).toEqual(await course('nobody'))
    })

    it('with fallthrough, what is for the old handler reaches it', async () => {
      const { statuses } = begin({ failures: 1 }, { fallthrough: true })
      expect(await statuses(3, () => ({ grant_type: 'password', client_id: 'basic-client' }))).toEqual([418, 418, 418])
    })
  })

  it('requests of an address: beyond the limit, 429 to all that it asks', async () => {
    const { statuses, post, calls } = begin({ requests: 3 })
    expect(await statuses(5, good)).toEqual([200, 200, 200, 429, 429])
    expect(await post(goodOther())).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable' } })
    expect((await post(goodOther(), { from: '192.0.2.2' })).status).toBe(200)
    expect(calls.mintToken).toBe(4)
  })

  it('each limit says what is left of it, in headers of its own name', async () => {
    const { post } = begin({ requests: 10, failures: 5 })
    const { headers } = await post(good())
    expect(headers.ratelimit).toMatch(/^"requests"; r=9; t=\d+, "failures"; r=4; t=\d+$/)
  })

  it('a request over the budget has its event, as one that was answered for the suite', async () => {
    const { statuses, events } = begin({ failures: 1 })
    await statuses(2, wrong)
    expect(events).toMatchObject([
      { outcome: 'refused', status: 401, reason: 'signature_invalid' },
      { outcome: 'handed_on', status: 429, step: 'parseTokenRequest', claimed: { grant_type: 'client_credentials' } },
    ])
  })

  it('a refused request leaves its connection usable, though nobody read its body', async () => {
    const { server } = begin({ requests: 1 })
    const connection = new RawConnection(server)
    const big = { headers: [form, 'X-Forwarded-For: 192.0.2.1'], body: 'y'.repeat(20_000) }
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await connection.ask(big)).status)
    connection.close()
    expect(statuses).toEqual([400, 429, 429])
  })

  it("helmet's headers stand beside ours", async () => {
    const { post } = begin({})
    for (const [parameters, status] of [
      [good(), 200],
      [wrong(), 401],
    ] as const) {
      const answer = await post(parameters)
      expect(answer.status).toBe(status)
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        pragma: 'no-cache',
        'x-content-type-options': 'nosniff',
        'strict-transport-security': expect.stringContaining('max-age'),
        'content-security-policy': expect.stringContaining("default-src 'self'"),
      })
      expect(answer.headers).not.toHaveProperty('x-powered-by')
      expect(answer.body).toHaveProperty(status === 200 ? 'access_token' : 'error')
    }
  })
})

it.each(expresses)(
  'the counters of demo-server/protect.ts are bounded: a flood of names makes it forget, not grow (%s)',
  async (_, express) => {
    const { statuses } = start(protectedTokenEndpoint, express, { failures: 1, counters: 3 })
    expect(await statuses(2, wrong)).toEqual([401, 429])
    for (let i = 0; i < 7; i++) await statuses(1, () => bySecret, { authorization: basic(`made-up-${i}`, 'x') })
    expect(await statuses(1, wrong)).toEqual([401])
  },
)

describe('who a request claims to come from', () => {
  const jwt = (claims: unknown) => forge({ alg: 'ES256' }, claims, null)
  const header = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  it.each<[string, Parameters, string | undefined, string]>([
    ['nobody', {}, undefined, ''],
    ['client_id', { client_id: 'a' }, undefined, 'a'],
    ['the header', {}, header('a%20b:secret'), 'a b'],
    ['the header, form-encoded', {}, header('a+b:secret'), 'a b'],
    ['the header, not form-encoded', {}, header('100%:secret'), '100%'],
    ['the header, whatever client_id says', { client_id: 'b' }, header('a:secret'), 'a'],
    ['another scheme says nothing', { client_id: 'b' }, 'Bearer x', 'b'],
    ['the client assertion', { client_assertion: jwt({ iss: 'a' }) }, undefined, 'a'],
    ['client_id, for whom a foreign token stands', { client_id: 'b', client_assertion: jwt({ iss: 'a' }) }, undefined, 'b'],
    ['the grant', { grant_type: JWT_BEARER_GRANT, assertion: jwt({ iss: 'a' }) }, undefined, 'a'],
    ['the client assertion before the grant', { client_assertion: jwt({ iss: 'a' }), assertion: jwt({ iss: 'b' }) }, undefined, 'a'],
    ['no JWT', { client_assertion: 'x' }, undefined, ''],
    ['no JSON', { client_assertion: 'x.eA.x' }, undefined, ''],
    ['null', { client_assertion: jwt('null') }, undefined, ''],
    ['an iss that is no string', { client_assertion: jwt({ iss: ['a'] }) }, undefined, ''],
  ])('%s', (_, parameters, authorization, expected) => {
    expect(claimedClient({ parameters, authorization })).toBe(expected)
  })
})
