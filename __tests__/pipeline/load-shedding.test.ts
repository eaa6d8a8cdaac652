import { describe, expect, it } from '@jest/globals'
import { LoadShedding } from '../../lib/pipeline/load-shedding.js'
import { anyExpress } from '../support/express.js'
import { bytesOf, encode, form, RawConnection } from '../support/raw.js'
import { byJwt, clientCredentials, clients, grant, grantRequest, openIdp, startWorld } from '../support/world.js'

describe('LoadShedding', () => {
  const clockwork = (budget = 20) => {
    const time = { now: 0, endTurn: () => {} }
    const load = new LoadShedding(
      budget / 1000,
      () => time.now,
      (end) => {
        time.endTurn = end
      },
    )
    return { time, load }
  }

  /** Lets turns of so many milliseconds go by, each with `each` requests a millisecond; tells how many of each turn were sent away. */
  const sentAway = (turns: readonly number[], { budget = 20, each = 10, idle = 0 } = {}) => {
    const { time, load } = clockwork(budget)
    return turns.map((length) => {
      time.now += idle
      let count = 0
      for (const end = time.now + length; time.now < end; time.now++) for (let i = 0; i < each; i++) if (!load.admit()) count++
      time.endTurn()
      return count
    })
  }

  it.each<[what: string, turns: number[], expected: number[], more: object]>([
    ['short turns', [10, 10, 10, 10], [0, 0, 0, 0], {}],
    ['a burst, in one long turn', [500], [0], {}],
    ['a burst, and short turns', [500, 10, 10], [0, 0, 0], {}],
    ['long turns, for a tenth of a second', [40, 40, 10], [0, 0, 0], {}],
    ['long turns, for longer: the budget of each is served', [40, 50, 40, 30], [0, 0, 190, 90], {}],
    ['a burst, and another one behind it', [500, 500], [0, 4790], {}],
    ['long turns, with idle time between them', [50, 60, 40, 30], [0, 0, 0, 0], { idle: 51 }],
    ['long turns, and a short one between them', [40, 50, 40, 10, 60, 30], [0, 0, 190, 0, 0, 0], {}],
    ['no bound', [500, 500, 500], [0, 0, 0], { budget: Number.POSITIVE_INFINITY }],
    ['long turns of few requests: something else takes the time', [100, 100, 100, 100], [0, 0, 0, 0], { each: 1 }],
    ['long turns, with more than a handful of requests late in them', [180, 180], [0, 52], { each: 1 }],
    ['turns of few requests that take ten budgets', [125, 125], [0, 104], { each: 1, budget: 2 }],
  ])('%s', (_, turns, expected, more) => {
    expect(sentAway(turns, more)).toEqual(expected)
  })

  it('lets one request of each turn go on to its next step, however long its look-up took', () => {
    const { time, load } = clockwork()
    for (let turn = 0; turn < 5; turn++) {
      expect(load.admit()).toBe(true)
      time.now += 250
      expect(load.admit()).toBe(turn === 0)
      expect(load.goesOn()).toBe(true)
      expect(load.goesOn()).toBe(turn === 0)
      time.endTurn()
    }
  })
})

describe.each(anyExpress)('load shedding on %s', (_, express) => {
  const block = (ms: number) => {
    const end = performance.now() + ms
    while (performance.now() < end);
  }

  const asGrant = () => grantRequest(grant({ iss: openIdp }), {})
  const asClient = () => clientCredentials({ ...byJwt(grant()), client_id: 'jwt-client' })
  it.each<[name: string, form: () => Record<string, string>, status: number]>([
    ['a grant', asGrant, 400],
    ['a token of another issuer for a client', asClient, 401],
  ])(
    'T-46 answers %s that comes too late in a turn with 503 and Retry-After, before its signature; afterwards all is well',
    async (_, parameters, status) => {
      let lookups = 0
      let then = () => {}
      const looked = <T>(found: T): T => {
        block(40)
        if (++lookups === 4) then()
        return found
      }
      const world = startWorld(express, {
        options: { turnBudget: 0.002 },
        hooks: {
          findIssuer: (iss) => looked({ issuer: iss, jwks: { keys: [] }, client_authentication: 'none' }),
          findClient: () => looked(clients['jwt-client']),
        },
      })
      const request = () => bytesOf({ headers: [form], body: encode(parameters()) })
      const [first, second] = [new RawConnection(world.server), new RawConnection(world.server)]
      await second.ask({ method: 'GET' })
      then = () => void second.socket.write(Buffer.concat([request(), request(), request()])) // it waits while the loop is busy
      first.socket.write(Buffer.concat([request(), request(), request(), request()]))
      const answers = []
      for (const connection of [first, first, first, first, second, second, second]) answers.push(await connection.response())
      expect(answers.map(({ status }) => status)).toEqual([status, status, status, status, status, 503, 503])
      expect(answers[6]).toMatchObject({ headers: { 'retry-after': '5', 'cache-control': 'no-store' } })
      expect(JSON.parse(answers[6]?.body ?? '')).toMatchObject({ error: 'temporarily_unavailable' })
      expect(lookups).toBeLessThanOrEqual(7)
      expect(world.last()).toMatchObject({ outcome: 'failed', status: 503, reason: 'overloaded' })
      for (const connection of [first, second]) connection.close()
      expect((await world.post(parameters())).status).toBe(status)
    },
  )
})
