/** Documents and hosts that are broken or hostile: what is answered, what is fetched, and who else is harmed. */
import type { RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { anyExpress } from '../support/express.js'
import { withClock } from '../support/fetches.js'
import { documentOf, type Headers, json, signedBy, startDocumentedWorld, startPublisher } from '../support/publisher.js'
import { clientCredentials, clients } from '../support/world.js'

const { origin, port, routes, visits, client_id } = await startPublisher()
const good = documentOf(client_id)
const publish = (answer: RequestListener) => {
  routes['/client.json'] = answer
}
beforeEach(() => {
  for (const path of Object.keys(routes)) delete routes[path]
  visits.length = 0
  publish(json(good))
})
const status =
  (code: number, headers: Headers = {}): RequestListener =>
  (_req, res) =>
    res.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(good))
const withType = (type: string) => json(good, { 'content-type': type })
/** The document, as long as it should be. */
const ofBytes = (size: number) => {
  const empty = JSON.stringify({ ...good, client_name: '' })
  return json({ ...good, client_name: 'x'.repeat(size - empty.length) })
}
const withMember = (text: string) => JSON.stringify({ ...good, x: 0 }).replace('"x":0', `"x":${text}`)

const wire = {
  client_metadata_unavailable: [503, 'temporarily_unavailable'],
  client_metadata_invalid: [401, 'invalid_client'],
  client_metadata_blocked: [401, 'invalid_client'],
} as const
type Fault = [name: string, answer: RequestListener, reason: keyof typeof wire]
const faults: Fault[] = [
  ['500', status(500), 'client_metadata_unavailable'],
  ['503', status(503), 'client_metadata_unavailable'],
  ['429', status(429), 'client_metadata_unavailable'],
  ['it hangs up', (_req, res) => res.destroy(), 'client_metadata_unavailable'],
  ['it hangs', () => {}, 'client_metadata_unavailable'],
  [
    'a slow body',
    (_req, res) => {
      res.setHeader('content-type', 'application/json')
      const timer = setInterval(() => res.write(' '), 50)
      res.on('close', () => clearInterval(timer))
    },
    'client_metadata_unavailable',
  ],
  [
    'half a body',
    (_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 }).write(JSON.stringify(good))
      setTimeout(() => res.destroy(), 10)
    },
    'client_metadata_unavailable',
  ],
  ['404', status(404), 'client_metadata_invalid'],
  ['403, as a page with a challenge', status(403, { 'content-type': 'text/html' }), 'client_metadata_invalid'],
  ['201', status(201), 'client_metadata_invalid'],
  ['204', (_req, res) => res.writeHead(204).end(), 'client_metadata_invalid'],
  ...[301, 302, 303, 307, 308].map(
    (code): Fault => [`${code} to a good document`, status(code, { location: '/good.json' }), 'client_metadata_invalid'],
  ),
  ['HTML', json('<!doctype html>', { 'content-type': 'text/html' }), 'client_metadata_invalid'],
  ['a good document as text', withType('text/plain'), 'client_metadata_invalid'],
  ['a good document as something like JSON', withType('application/jsonp'), 'client_metadata_invalid'],
  ['a good document as another kind of JSON', withType('text/json'), 'client_metadata_invalid'],
  ['a good document without a media type', (_req, res) => res.end(JSON.stringify(good)), 'client_metadata_invalid'],
  ['half a document', json('{"client_id":'), 'client_metadata_invalid'],
  ['nothing', json(''), 'client_metadata_invalid'],
  ['a byte order mark', json(`\ufeff${JSON.stringify(good)}`), 'client_metadata_invalid'],
  ['null', json('null'), 'client_metadata_invalid'],
  ['a list', json([good]), 'client_metadata_invalid'],
  ['a string', json('"x"'), 'client_metadata_invalid'],
  ['{}', json({}), 'client_metadata_invalid'],
  ['members of __proto__', json(`{"__proto__":${JSON.stringify(good)}}`), 'client_metadata_invalid'],
  ['a good document with a member of 2,200 levels', json(withMember('['.repeat(2200) + ']'.repeat(2200))), 'client_metadata_invalid'],
  ['a byte more than 5 KiB', ofBytes(5121), 'client_metadata_invalid'],
  ['6 KB', ofBytes(6000), 'client_metadata_invalid'],
  ['10 MB', json(' '.repeat(10_000_000)), 'client_metadata_invalid'],
  [
    'gzip',
    (_req, res) =>
      res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(good))),
    'client_metadata_invalid',
  ],
  [
    'a gzip bomb',
    (_req, res) =>
      res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(4_000_000))),
    'client_metadata_invalid',
  ],
]

describe.each(anyExpress)('CD-02 the server at the URL, on %s', (_, express) => {
  const start = (terms = {}) => startDocumentedWorld(express, { findClient: (id) => clients[id as 'jwt-client'], ...terms })
  const ask = () => signedBy(client_id)

  it.each(faults)(
    'CD-02 CD-03 %s: one answer, one fetch, nobody else is harmed, and nothing of it is kept',
    async (_name, fault, reason) => {
      const world = start()
      publish(fault)
      routes['/good.json'] = json(good)
      await withClock(async (forward) => {
        const [answers, other] = await Promise.all([
          Promise.all(Array.from({ length: 5 }, () => world.post(ask()))),
          world.post(clientCredentials()),
        ])
        expect(other.status).toBe(200)
        for (const { status, body, headers } of answers) {
          expect([status, body.error]).toEqual(wire[reason])
          expect(headers['retry-after']).toBe(status === 503 ? '5' : undefined)
        }
        expect(new Set(world.events.map((event) => event.reason))).toEqual(new Set([reason, undefined]))
        await world.post(ask())
        expect(visits).toEqual(['/client.json'])
        publish(json(good))
        forward(30_000)
        expect(await world.ask(ask())).toMatchObject({ status: 200, notices: [] })
        expect(visits).toEqual(['/client.json', '/client.json'])
      })
    },
    20_000,
  )

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/client-metadata+json',
    'application/vnd.a.b+json;v=1',
  ])('takes %s', async (type) => {
    publish(withType(type))
    expect((await start().ask(ask())).status).toBe(200)
  })

  it('takes 5 KiB', async () => {
    publish(ofBytes(5120))
    expect((await start().ask(ask())).status).toBe(200)
  })

  it.each<[name: string, url: string, reason: keyof typeof wire, wanted?: string]>([
    ['a server that speaks no TLS', `https://127.0.0.1:${port}/client.json`, 'client_metadata_unavailable'],
    ['a port where nobody listens', 'http://127.0.0.1:1/client.json', 'client_metadata_unavailable'],
    ['a name that cannot be one', `http://${'a'.repeat(64)}.invalid/client.json`, 'client_metadata_unavailable'],
  ])('%s', async (_name, url, reason) => {
    const { ask } = start()
    expect(await ask(signedBy(url))).toMatchObject({ status: wire[reason][0], error: wire[reason][1], reason })
    expect(visits).toEqual([])
  })

  it.each([
    ['loopback', `https://127.0.0.1:${port}/client.json`],
    ['loopback in another spelling', `https://127.1:${port}/client.json`],
    ['loopback in IPv6', `https://[::1]:${port}/client.json`],
    ['loopback as an IPv4-mapped address', `https://[::ffff:7f00:1]:${port}/client.json`],
    ['a name that resolves to loopback', `https://localhost:${port}/client.json`],
    ['a private network', 'https://10.0.0.1/client.json'],
    ['the metadata service of a cloud', 'https://169.254.169.254/latest/meta-data'],
  ])('CD-02 T-54 %s is not connected to', async (_name, url) => {
    const { ask } = start({ allowPrivateUrls: false })
    expect(await ask(signedBy(url))).toMatchObject({
      status: 401,
      error: 'invalid_client',
      reason: 'client_metadata_blocked',
      detail: { wanted: 'a public address, or allowPrivateUrls' },
    })
    expect(visits).toEqual([])
  })
})

describe.each(anyExpress)('CD-03 how long documents are kept, on %s', (_, express) => {
  const start = () => startDocumentedWorld(express)
  const inAnHour = () => new Date(Date.now() + 3_600_000).toUTCString()

  it.each<[name: string, headers: () => Headers, seconds: number]>([
    ['no headers', () => ({}), 300],
    ['max-age', () => ({ 'cache-control': 'public, max-age=3600' }), 3600],
    ['max-age and another date', () => ({ 'cache-control': 'max-age=3600', expires: '0' }), 3600],
    ['max-age less than a minute', () => ({ 'cache-control': 'max-age=0' }), 60],
    ['max-age of a year', () => ({ 'cache-control': 'max-age=31536000' }), 86_400],
    ['max-age that is no number', () => ({ 'cache-control': 'max-age=soon' }), 60],
    ['max-age of which most is over', () => ({ 'cache-control': 'max-age=3600', age: '3000' }), 600],
    ['no-store', () => ({ 'cache-control': 'no-store, max-age=3600' }), 60],
    ['no-cache', () => ({ 'cache-control': 'No-Cache' }), 60],
    ['Expires', () => ({ expires: inAnHour() }), 3600],
    ['Expires that is over', () => ({ expires: '0' }), 60],
  ])('%s: %s', async (_name, headers, seconds) => {
    publish(json(good, headers()))
    const { ask } = start()
    await withClock(async (forward) => {
      await ask(signedBy(client_id))
      forward((seconds - 5) * 1000)
      expect((await ask(signedBy(client_id))).status).toBe(200)
      expect(visits).toHaveLength(1)
      forward(10_000)
      expect((await ask(signedBy(client_id))).status).toBe(200)
      expect(visits).toHaveLength(2)
    })
  })

  it('one fetch is in flight, however many ask', async () => {
    publish((req, res) => void setTimeout(() => json(good)(req, res), 50))
    const { post } = start()
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(signedBy(client_id))))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(visits).toHaveLength(1)
  })

  it('a document that changes between requests: each answer is by one whole document, and the last one counts', async () => {
    let served = 0
    publish((req, res) =>
      json(served++ % 2 ? { ...good, token_endpoint_auth_method: 'none', jwks: undefined } : good, { 'cache-control': 'max-age=60' })(
        req,
        res,
      ),
    )
    const { ask } = startDocumentedWorld(express, { publicClients: true })
    await withClock(async (forward) => {
      for (let round = 0; round < 6; round++) {
        const answers = await Promise.all([ask(signedBy(client_id)), ask(signedBy(client_id)), ask(signedBy(client_id))])
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([round % 2 ? 401 : 200]))
        forward(61_000)
      }
      expect(visits).toHaveLength(6)
    })
  })

  it.each(faults.filter(([name]) => ['500', '429', 'it hangs up', 'half a body'].includes(name)))(
    '%s, once there was a document: it serves for an hour more, and no longer',
    async (_name, fault) => {
      const { ask } = start()
      await withClock(async (forward) => {
        expect((await ask(signedBy(client_id))).status).toBe(200)
        publish(fault)
        forward(3_000_000)
        expect((await ask(signedBy(client_id))).status).toBe(200)
        forward(900_000)
        expect(await ask(signedBy(client_id))).toMatchObject({ status: 503, reason: 'client_metadata_unavailable' })
        expect(visits).toHaveLength(3)
        publish(json(good))
        forward(30_000)
        expect(await ask(signedBy(client_id))).toMatchObject({ status: 200, notices: [] })
      })
    },
  )

  it('a document is never older than a day, whatever its headers and its host do', async () => {
    publish(json(good, { 'cache-control': 'max-age=86400' }))
    const { ask } = start()
    await withClock(async (forward) => {
      await ask(signedBy(client_id))
      publish(status(500))
      forward(86_395_000)
      expect((await ask(signedBy(client_id))).status).toBe(200)
      forward(10_000)
      expect((await ask(signedBy(client_id))).status).toBe(503)
    })
  })

  it.each(faults.filter(([name]) => ['404', '302 to a good document', '{}'].includes(name)))(
    '%s, once there was a document: the client is refused when it expires',
    async (_name, fault) => {
      const { ask } = start()
      await withClock(async (forward) => {
        expect((await ask(signedBy(client_id))).status).toBe(200)
        publish(fault)
        expect((await ask(signedBy(client_id))).status).toBe(200)
        forward(301_000)
        expect(await ask(signedBy(client_id))).toMatchObject({ status: 401, reason: 'client_metadata_invalid' })
        publish(status(500))
        forward(30_000)
        expect(await ask(signedBy(client_id))).toMatchObject({ status: 503, reason: 'client_metadata_unavailable' })
        publish(json(good))
        forward(30_000)
        expect((await ask(signedBy(client_id))).status).toBe(200)
      })
    },
  )

  it('T-53 1,000 requests with unknown URLs of one host: no more fetches than the bound, and known clients are served', async () => {
    const { post, ask } = start()
    expect((await ask(signedBy(client_id))).status).toBe(200)
    routes['*'] = status(404)
    const startedAt = performance.now()
    let next = 0
    const answers: number[] = []
    const sender = async () => {
      for (let index = next++; index < 1000; index = next++)
        answers.push((await post(clientCredentials({ client_id: `${origin}/unknown-${index}` }))).status)
    }
    await Promise.all(Array.from({ length: 25 }, sender))
    const windows = 1 + Math.floor((performance.now() - startedAt) / 30_000)
    expect(new Set(answers)).toEqual(new Set([401, 503]))
    const fetches = visits.length - 1
    expect(fetches).toBeGreaterThan(0)
    expect(fetches).toBeLessThanOrEqual(30 * windows)
    await withClock(async (forward) => {
      forward(301_000)
      await sleep(0)
      expect((await ask(signedBy(client_id))).status).toBe(200)
    })
  }, 60_000)
})
