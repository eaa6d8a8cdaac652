import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Client, TrustedIssuer } from '../../../lib/index.js'
import { anyExpress } from '../../support/express.js'
import { countFetches, withClock } from '../../support/fetches.js'
import { runs } from '../../support/test-all.js'
import {
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  idp,
  issuers,
  keys,
  startWorld,
} from '../../support/world.js'

const json =
  (body: unknown): RequestListener =>
  (_req, res) =>
    res.end(JSON.stringify(body))
const status =
  (code: number): RequestListener =>
  (_req, res) =>
    res.writeHead(code).end(JSON.stringify(jwks))
const jwks = { keys: [keys.idp.jwk, keys.client.jwk] }

type Fault = [name: string, answer: RequestListener, reason: 'jwks_unavailable' | 'jwks_invalid']
const faults: Fault[] = [
  ['500', status(500), 'jwks_unavailable'],
  ['429', status(429), 'jwks_unavailable'],
  ['it hangs up', (_req, res) => res.destroy(), 'jwks_unavailable'],
  ['it hangs', () => {}, 'jwks_unavailable'],
  [
    'it drips',
    (_req, res) => {
      const timer = setInterval(() => res.write(' '), 50)
      res.on('close', () => clearInterval(timer))
    },
    'jwks_unavailable',
  ],
  ['404', status(404), 'jwks_invalid'],
  ['403', status(403), 'jwks_invalid'],
  ['HTML', (_req, res) => res.end('<!doctype html>'), 'jwks_invalid'],
  ['{}', json({}), 'jwks_invalid'],
  ['[]', json([]), 'jwks_invalid'],
  ['keys that are no list', json({ keys: jwks }), 'jwks_invalid'],
  ['an empty list', json({ keys: [] }), 'jwks_invalid'],
  ['10,000 keys', json({ keys: Array(10_000).fill({ kty: 'EC' }) }), 'jwks_invalid'],
  ['10 MB', (_req, res) => res.end(Buffer.alloc(10_000_000, ' ')), 'jwks_invalid'],
  ['a gzip bomb', (_req, res) => res.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(20_000_000))), 'jwks_invalid'],
  ['a redirect to this host', (_req, res) => res.writeHead(302, { location: '/internal' }).end(), 'jwks_invalid'],
  ['depth 100,000', (_req, res) => res.end(`{"keys":[${'['.repeat(100_000)}${']'.repeat(100_000)}]}`), 'jwks_invalid'],
]

describe.each(anyExpress)('a jwks_uri that fails, on %s', (_, express) => {
  let server: Server
  let base = ''
  let answer: RequestListener = json(jwks)
  const visits: string[] = []
  beforeAll(async () => {
    server = createServer((req, res) => {
      visits.push(req.url as string)
      answer(req, res)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  /** One issuer and one client whose keys are behind the URL, beside those of the world. */
  const faulty = 'https://faulty.example'
  const start = (jwks_uri: string) => {
    const registered = { jwks: undefined, jwks_uri, allowPrivateJwksUri: true }
    const issuer: TrustedIssuer = { ...issuers[idp], ...registered, issuer: faulty }
    const client: Client = { ...clients['jwt-client'], ...registered, client_id: 'remote-client' }
    visits.length = 0
    return startWorld(express, {
      hooks: {
        findIssuer: (iss) => (iss === faulty ? issuer : issuers[iss as typeof idp]),
        findClient: (id) => (id === 'remote-client' ? client : clients[id as 'jwt-client']),
      },
    })
  }
  const asGrant = () => grantRequest(grant({ iss: faulty }))
  const asClient = () => clientCredentials(byJwt(clientAssertion({ iss: 'remote-client' })))
  const served = (world: ReturnType<typeof start>) => world.post(grantRequest())
  const expected = {
    jwks_unavailable: { grant: [503, 'temporarily_unavailable'], client: [503, 'temporarily_unavailable'] },
    jwks_invalid: { grant: [400, 'invalid_grant'], client: [401, 'invalid_client'] },
  }

  it.each(faults)(
    'T-52 ER-41 ER-42: %s: one answer, one fetch, and nobody else is harmed',
    async (_name, fault, reason) => {
      const world = start(`${base}/jwks`)
      answer = fault
      await withClock(async (forward) => {
        const [answers, other] = await Promise.all([
          Promise.all([asGrant(), asClient(), asGrant(), asClient(), asGrant()].map((form) => world.post(form))),
          served(world),
        ])
        expect(other.status).toBe(200)
        answers.forEach(({ status, body, headers }, index) => {
          expect([status, body.error]).toEqual(expected[reason][index % 2 ? 'client' : 'grant'])
          expect(headers['retry-after']).toBe(status === 503 ? '5' : undefined)
        })
        expect(new Set(world.events.map(({ reason }) => reason))).toEqual(new Set([reason, undefined]))
        await world.post(asGrant())
        expect(visits).toEqual(['/jwks'])

        answer = json(jwks)
        forward(30_000)
        expect((await world.post(asGrant())).status).toBe(200)
        expect((await world.post(asClient())).status).toBe(200)
        expect(visits).toEqual(['/jwks', '/jwks'])
      })
    },
    20_000,
  )

  it.each(faults.filter(([name]) => name !== 'it drips'))(
    'T-52 %s, once there were keys: they serve for an hour more, and no longer',
    async (_name, fault, reason) => {
      const world = start(`${base}/jwks`)
      answer = json(jwks)
      await withClock(async (forward) => {
        expect((await world.post(asGrant())).status).toBe(200)
        answer = fault
        forward(11 * 60_000)
        expect((await world.post(asGrant())).status).toBe(200)
        forward(60 * 60_000)
        expect((await world.post(asGrant())).body.error).toBe(expected[reason].grant[1])
        expect(visits).toHaveLength(3)
      })
    },
    20_000,
  )

  it.each<[name: string, url: () => string, reason: 'jwks_unavailable' | 'jwks_blocked']>([
    ['a server that speaks no TLS', () => `${base.replace('http', 'https')}/jwks`, 'jwks_unavailable'],
    ['a port where nobody listens', () => 'http://127.0.0.1:1/jwks', 'jwks_unavailable'],
    ['a name that cannot be one', () => `http://${'a'.repeat(64)}.invalid/jwks`, 'jwks_unavailable'],
    ['T-54 no URL', () => 'jwks', 'jwks_blocked'],
    ['T-54 a file', () => 'file:///etc/passwd', 'jwks_blocked'],
    ['T-54 data', () => `data:application/json,${JSON.stringify(jwks)}`, 'jwks_blocked'],
  ])('T-52 %s', async (_name, url, reason) => {
    const world = start(url())
    const wire = expected[reason === 'jwks_blocked' ? 'jwks_invalid' : reason]
    for (const [form, [status, error]] of [
      [asGrant(), wire.grant],
      [asClient(), wire.client],
    ] as const) {
      expect(await world.post(form)).toMatchObject({ status, body: { error } })
      expect(world.last().reason).toBe(reason)
    }
    expect((await served(world)).status).toBe(200)
    expect(visits).toEqual([])
  })
})

it('T-52 T-53 hostile requests cause no more fetches than promised: npm run fetches', async () => {
  const each = runs(200)
  const rows = await countFetches(each)
  expect(rows.filter(({ fetches, atMost }) => fetches > atMost)).toEqual([])
  expect(rows.map(({ answers }) => answers)).toEqual([
    { '200 token': each },
    ...Array(2).fill({ '400 invalid_grant': each }),
    ...Array(3).fill({ '503 temporarily_unavailable': each }),
    ...Array(2).fill({ '400 invalid_grant': each }),
  ])
  // at most one for each cooldown: unknown `kid`, key server down; none for an unknown issuer
  expect([1, 3, 6].map((row) => rows[row]?.fetches)).toEqual([1, 1, 0])
}, 60_000)
