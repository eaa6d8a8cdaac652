import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { CLIENT_CREDENTIALS, type Client, type JWK } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { ec, type Pair } from '../support/keys.js'
import { testAll } from '../support/test-all.js'
import { byJwt, clientAssertion, clientCredentials, startWorld, type World } from '../support/world.js'

const count = testAll ? 1000 : 200
const atOnce = 50
const cooldown = 30_000 // ms

const ids = Array.from({ length: count }, (_, index) => `client-${index}`)
const pairs = new Map(ids.map((id) => [id, ec(`${id}-key`)]))

/** What stands at each URL now, and how often each was fetched. */
const published = new Map<string, JWK[]>()
const fetched = new Map<string, number>()
const keySetServer = createServer((req, res) => {
  const id = String(req.url).slice(1)
  fetched.set(id, (fetched.get(id) ?? 0) + 1)
  res.setHeader('content-type', 'application/jwk-set+json').end(JSON.stringify({ keys: published.get(id) }))
})

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    keySetServer.listen(0, '127.0.0.1', resolve)
  })
})
afterAll(() => {
  keySetServer.closeAllConnections()
  keySetServer.close()
})

async function inBatches<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < items.length; i += atOnce) await Promise.all(items.slice(i, i + atOnce).map(run))
}

describe.each(anyExpress)(`a host with ${count} clients on jwks_uri, on %s`, (_, express) => {
  let world: World
  let later = 0
  const signedBy = (id: string, key = pairs.get(id) as Pair) => clientCredentials(byJwt(clientAssertion({ iss: id }, { key })))
  const statuses = async (asked: readonly string[]) => {
    const seen = new Map<number, number>()
    await inBatches(asked, async (id) => {
      const { status } = await world.post(signedBy(id))
      seen.set(status, (seen.get(status) ?? 0) + 1)
    })
    return Object.fromEntries(seen)
  }
  const fetches = () => ({ urls: fetched.size, most: Math.max(...fetched.values()), all: [...fetched.values()].reduce((a, b) => a + b, 0) })

  beforeEach(() => {
    later = 0
    const performanceNow = performance.now.bind(performance)
    jest.spyOn(performance, 'now').mockImplementation(() => performanceNow() + later)
    fetched.clear()
    for (const [id, { jwk }] of pairs) published.set(id, [jwk])
    const base = `http://127.0.0.1:${(keySetServer.address() as AddressInfo).port}`
    const clients = new Map<string, Client>(
      ids.map((id) => [
        id,
        {
          client_id: id,
          token_endpoint_auth_method: 'private_key_jwt',
          jwks_uri: `${base}/${id}`,
          allowPrivateJwksUri: true,
          grant_types: [CLIENT_CREDENTIALS],
        },
      ]),
    )
    world = startWorld(express, { hooks: { findClient: (id) => clients.get(id) } })
  })
  afterEach(() => void jest.restoreAllMocks())

  it('all authenticate, twice and all at once, and each URL is fetched once', async () => {
    expect(await statuses(ids)).toEqual({ 200: count })
    expect(fetches()).toEqual({ urls: count, most: 1, all: count })
    expect(await statuses([...ids].reverse())).toEqual({ 200: count })
    expect(fetches()).toEqual({ urls: count, most: 1, all: count })
  }, 60_000)

  it('single flight: many first requests of one client fetch its keys once', async () => {
    expect(await statuses(Array.from({ length: atOnce }, () => 'client-7'))).toEqual({ 200: atOnce })
    expect(fetches()).toEqual({ urls: 1, most: 1, all: 1 })
  })

  it('T-53 the rotation of one is followed after the cooldown only, and concerns no other', async () => {
    const [rotating, ...others] = ids.slice(0, 100) as [string, ...string[]]
    expect(await statuses([rotating, ...others])).toEqual({ 200: 100 })
    const renewed = ec(`${rotating}-renewed`)
    published.set(rotating, [renewed.jwk])

    later = cooldown - 5000
    for (let i = 0; i < 5; i++) expect((await world.post(signedBy(rotating, renewed))).status).toBe(401)
    expect(world.last().reason).toBe('key_not_found')
    expect((await world.post(signedBy(rotating))).status).toBe(200) // the old keys still serve
    expect(fetches()).toEqual({ urls: 100, most: 1, all: 100 })

    later = cooldown + 5000
    expect((await world.post(signedBy(rotating, renewed))).status).toBe(200)
    expect((await world.post(signedBy(rotating))).status).toBe(401) // and the old one is gone with its document
    expect(fetched.get(rotating)).toBe(2)
    expect(await statuses(others)).toEqual({ 200: others.length })
    expect(fetches()).toEqual({ urls: 100, most: 2, all: 101 })
  })

  it('T-53 a stranger’s kid makes no fetch within the cooldown, and one after it', async () => {
    expect((await world.post(signedBy('client-1'))).status).toBe(200)
    const stranger = ec('stranger')
    for (const [elapsed, fetchesSoFar] of [
      [0, 1],
      [cooldown + 1000, 2],
      [2 * cooldown - 1000, 2],
    ] as const) {
      later = elapsed
      await inBatches(Array.from({ length: 10 }), async () => expect((await world.post(signedBy('client-1', stranger))).status).toBe(401))
      expect([elapsed, fetched.get('client-1')]).toEqual([elapsed, fetchesSoFar])
    }
    expect((await world.post(signedBy('client-1'))).status).toBe(200)
  })
})
