import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { memoryReplayStore, type ReplayStore } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { now } from '../support/jwt.js'
import { testAll } from '../support/test-all.js'
import { byJwt, clientAssertion, clientCredentials, grant, grantRequest, openIdp, startWorld } from '../support/world.js'

afterEach(() => void jest.restoreAllMocks())

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A store that is atomic, but answers late. */
function slow(delay: number): ReplayStore {
  const store = memoryReplayStore()
  return {
    async consume(...args) {
      await sleep(delay / 2)
      const fresh = await store.consume(...args)
      await sleep(delay / 2)
      return fresh
    },
    async release(key) {
      await sleep(delay)
      await store.release?.(key)
    },
  }
}

describe.each(anyExpress)('T-44 copies of one JWT at once, on %s', (_, express) => {
  describe.each(testAll ? [0, 1, 5, 50] : [0, 5])('store that answers after %d ms', (delay) => {
    const world = startWorld(express, { options: { replayStore: delay === 0 ? memoryReplayStore() : slow(delay) } })
    const outcomes = async (copies: number, form: () => Record<string, string>) => {
      const statuses = await Promise.all(Array.from({ length: copies }, () => world.post(form()).then(({ status }) => status)))
      return {
        granted: statuses.filter((status) => status === 200).length,
        others: [...new Set(statuses.filter((status) => status !== 200))],
      }
    }

    it('200 copies of a grant: exactly one token', async () => {
      const assertion = grant({ iss: openIdp })
      expect(await outcomes(200, () => grantRequest(assertion, {}))).toEqual({ granted: 1, others: [400] })
    })

    it('50 copies of a grant without jti: exactly one token', async () => {
      const assertion = grant({ iss: openIdp, jti: undefined })
      expect(await outcomes(50, () => grantRequest(assertion, {}))).toEqual({ granted: 1, others: [400] })
    })

    it('50 copies of a client assertion: exactly one token', async () => {
      const assertion = clientAssertion()
      expect(await outcomes(50, () => clientCredentials(byJwt(assertion)))).toEqual({ granted: 1, others: [401] })
    })

    it('50 copies of a grant, each with its own client assertion: exactly one token', async () => {
      const assertion = grant()
      expect(await outcomes(50, () => grantRequest(assertion))).toEqual({ granted: 1, others: [400] })
    })

    it('50 grants with copies of one client assertion: exactly one token', async () => {
      const client = byJwt()
      expect(await outcomes(50, () => grantRequest(grant(), client))).toEqual({ granted: 1, others: [401] })
    })
  })
})

describe.each(anyExpress)('a replay store that fails, on %s', (_, express) => {
  it.each<[name: string, consume: () => unknown, reason: string]>([
    [
      'T-58 throws',
      () => {
        throw new Error('x')
      },
      'replay_store_error',
    ],
    [
      'T-58 rejects with what cannot be read',
      () =>
        Promise.reject(
          new Proxy(
            {},
            {
              get: () => {
                throw new Error('x')
              },
            },
          ),
        ),
      'replay_store_error',
    ],
    ['T-58 rejects', () => Promise.reject(new Error('x')), 'replay_store_error'],
    ['T-58 says something odd', () => 'OK', 'replay_store_error'],
    ['T-58 says nothing', () => undefined, 'replay_store_error'],
    ['T-58 hangs', () => new Promise(() => {}), 'replay_store_error'],
    ['JW-21 is full', () => 'full', 'replay_store_full'],
  ])('%s: 503 with Retry-After, and no token', async (_name, consume, reason) => {
    const world = startWorld(express, { options: { hookTimeout: 0.05, replayStore: { consume: consume as never } } })
    const { status, body, headers } = await world.post(grantRequest())
    expect({ status, error: body.error, retry: headers['retry-after'] }).toEqual({
      status: 503,
      error: 'temporarily_unavailable',
      retry: '5',
    })
    expect(world.last().reason).toBe(reason)
    expect(world.calls.mintToken).toBe(0)
  })

  it('says so in the event, if a used grant cannot be given back', async () => {
    const { consume } = memoryReplayStore()
    const world = startWorld(express, { options: { replayStore: { consume } }, hooks: { mintToken: () => Promise.reject(new Error('x')) } })
    expect((await world.post(grantRequest())).status).toBe(500)
    expect(world.last().notices).toEqual(['release_failed', 'release_failed'])
  })
})

describe.each(anyExpress)('T-45 a store that cannot know whether a JWT was used, on %s', (_, express) => {
  it('has it refused in either role, as any bad JWT; one signed since is honoured', async () => {
    const world = startWorld(express, { options: { replayStore: memoryReplayStore({ startupGuard: true }), clockTolerance: 0 } })
    const old = { iat: now() - 30 }
    expect(await world.post(grantRequest(grant({ ...old, iss: openIdp }), {})).then(({ status, body }) => [status, body.error])).toEqual([
      400,
      'invalid_grant',
    ])
    expect(world.last().reason).toBe('not_provably_fresh')
    expect(await world.post(clientCredentials(byJwt(clientAssertion(old)))).then(({ status, body }) => [status, body.error])).toEqual([
      401,
      'invalid_client',
    ])
    expect(world.last().reason).toBe('not_provably_fresh')
    const later = Date.now() + 1000 // iat has whole seconds
    jest.spyOn(Date, 'now').mockReturnValue(later)
    expect((await world.post(grantRequest(grant(), byJwt(clientAssertion())))).status).toBe(200)
  })
})

describe.each(anyExpress)('T-36 a client that goes away, on %s', (_, express) => {
  it('while the grant is verified: nothing is minted, nothing is used up', async () => {
    let arrived = () => {}
    let go = () => {}
    const asked = new Promise<void>((resolve) => (arrived = resolve))
    const gate = new Promise<void>((resolve) => (go = resolve))
    const world = startWorld(express, {
      hooks: {
        authorizeGrant: async ({ sub }) => {
          arrived()
          await gate
          return { subject: sub }
        },
      },
    })
    const [assertion, client] = [grant(), byJwt()]
    const aborter = new AbortController()
    const abandoned = fetch(world.url, {
      method: 'POST',
      body: new URLSearchParams(grantRequest(assertion, client)),
      signal: aborter.signal,
    }).catch((error) => error.name)
    await asked
    aborter.abort()
    expect(await abandoned).toBe('AbortError')
    while (world.events.length === 0) await sleep(5)
    go()
    await sleep(20)
    expect(world.events).toMatchObject([{ outcome: 'aborted' }])
    expect(world.calls.mintToken).toBe(0)
    expect((await world.post(grantRequest(assertion, client))).status).toBe(200)
  })
})
