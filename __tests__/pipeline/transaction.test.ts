/** The state of one request: what is timed, spent, rolled back and told. */
import { EventEmitter } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { isRefusal } from '../../lib/host/errors.js'
import { evidenceOf } from '../../lib/host/evidence.js'
import type { TokenEndpointEvent } from '../../lib/index.js'
import { Transaction } from '../../lib/pipeline/transaction.js'

const ended = { outcome: 'issued', status: 200 } as const
const marker = { key: 'key', expiresAt: 2, issuer: 'i', usableFrom: 1, use: 'grant' } as const

interface Given {
  req?: object
  res?: object
  store?: object
  isHeard?: boolean
}
function start({ req = {}, res = {}, store = {}, isHeard = true }: Given = {}) {
  const events: TokenEndpointEvent[] = []
  const calls: unknown[][] = []
  const noted =
    (name: string, answer: unknown) =>
    (...args: unknown[]) => {
      calls.push([name, ...args])
      return answer
    }
  const response = Object.assign(new EventEmitter(), { socket: {}, writableEnded: false, statusCode: 200, headersSent: false }, res)
  const replayStore = { consume: noted('consume', true), release: noted('release', undefined), ...store }
  const transaction = new Transaction(
    { headers: { 'x-request-id': 'r1' }, ...req } as never,
    Object.assign(response, { getHeader: () => undefined }) as never,
    { replayStore, hookTimeout: 0.05 } as never,
  )
  const listener = (event: TokenEndpointEvent) => void events.push(event)
  if (isHeard) transaction.addListener(listener)
  return { transaction, response, events, calls, listener }
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('timings', () => {
  it.each<[name: string, work: () => unknown]>([
    ['work that is done at once', () => 'x'],
    ['work that takes its time', async () => 'x'],
    [
      'work that throws',
      () => {
        throw new Error('x')
      },
    ],
    ['work that rejects', () => Promise.reject(new Error('x'))],
  ])('have %s', async (_name, work) => {
    const { transaction } = start()
    for (let i = 0; i < 2; i++) {
      try {
        expect(await transaction.timed('work', work)).toBe('x')
      } catch (error) {
        expect(String(error)).toBe('Error: x')
      }
    }
    expect(transaction.record.timings.work).toBeGreaterThanOrEqual(0)
    expect(transaction.record.timings.work).toBeLessThan(5000)
  })

  it('add up, and only end with the work', async () => {
    const { transaction } = start()
    const wait = () => new Promise((resolve) => setTimeout(resolve, 20))
    await transaction.timed('work', wait)
    const once = transaction.record.timings.work as number
    expect(once).toBeGreaterThan(15)
    await transaction.timed('work', wait)
    expect(transaction.record.timings.work).toBeGreaterThan(once + 15)
  })

  it('are not taken if nobody listens', () => {
    const { transaction } = start({ isHeard: false })
    expect(transaction.timed('work', () => 'x')).toBe('x')
    expect(transaction.record.timings).toEqual({})
  })
})

describe('a client that has gone', () => {
  it.each<[name: string, given: Given, isGone: boolean]>([
    ['is there', {}, false],
    ['has closed its response', { res: { destroyed: true } }, true],
    ['has closed its socket', { res: { socket: { destroyed: true } } }, true],
    ['has closed the socket of its pipelined request', { res: { socket: null }, req: { socket: { destroyed: true } } }, true],
    ['waits for its turn', { res: { socket: null }, req: { socket: { destroyed: false } } }, false],
    ['has no socket, as in a mock', { res: { socket: null } }, false],
  ])('T-36 one that %s', async (_name, given, isGone) => {
    const { transaction, calls } = start(given)
    const spend = transaction.spend(marker).catch((error) => error)
    if (isGone) expect(() => transaction.assertClientIsThere()).toThrow()
    else expect(() => transaction.assertClientIsThere()).not.toThrow()
    const error = await spend
    expect(isRefusal(error) ? error.reason : undefined).toBe(isGone ? 'client_gone' : undefined)
    expect(calls).toHaveLength(isGone ? 0 : 1)
  })
})

describe('markers', () => {
  it('OC-03 are given to the store whole, and given back once', async () => {
    const { transaction, calls } = start()
    expect(transaction.canRollBack).toBe(false)
    await transaction.spend(marker)
    expect(transaction.canRollBack).toBe(true)
    await transaction.rollBack()
    expect(transaction.canRollBack).toBe(false)
    await transaction.rollBack()
    expect(calls).toEqual([
      ['consume', 'key', 2, 'i', 1],
      ['release', 'key'],
    ])
    expect(transaction.record.notices).toEqual([])
  })

  it('T-49 stay once a token may have been delivered', async () => {
    const { transaction } = start()
    await transaction.spend(marker)
    transaction.commit()
    expect(transaction.canRollBack).toBe(false)
  })

  it('T-60 are not spent behind a response that was begun', async () => {
    const { transaction, calls } = start({ res: { headersSent: true } })
    await expect(transaction.spend(marker)).rejects.toMatchObject({ reason: 'misconfigured' })
    expect(calls).toEqual([])
  })

  it.each<[name: string, consume: () => unknown, reason: string, seen: unknown]>([
    ['says no', () => false, 'jti_replayed', 'a JWT that was used before'],
    ['throws', () => Promise.reject(new TypeError('x')), 'replay_store_error', 'consume threw TypeError'],
    ['hangs', () => new Promise(() => {}), 'replay_store_error', 'consume did not answer'],
  ])('T-45 of a store that %s: nothing to give back', async (_name, consume, reason, seen) => {
    const { transaction } = start({ store: { consume } })
    const error = await transaction.spend(marker).catch((thrown) => thrown)
    expect([error.reason, evidenceOf(error.evidence).seen]).toEqual([reason, seen])
    expect(transaction.canRollBack).toBe(false)
  })

  it.each<[name: string, release: unknown]>([
    ['has no release', undefined],
    ['throws', () => Promise.reject(new Error('x'))],
    ['hangs', () => new Promise(() => {})],
  ])('T-48 of a store that %s: a notice', async (_name, release) => {
    const { transaction } = start({ store: { release } })
    await transaction.spend(marker)
    await transaction.rollBack()
    expect(transaction.record.notices).toEqual(['release_failed'])
  })
})

describe('the event', () => {
  it('comes once, to each listener once', () => {
    const { transaction, events, listener } = start()
    const others: TokenEndpointEvent[] = []
    transaction.addListener(listener)
    transaction.addListener(undefined)
    transaction.addListener((event) => void others.push(event))
    transaction.end(ended)
    transaction.end(ended)
    expect([events.length, others.length]).toEqual([1, 1])
    expect(events[0]).toMatchObject({ ...ended, request_id: 'r1' })
  })

  it.each<[name: string, state: object, claimed: object, how: object, count: number]>([
    ['of ours', { request: {} }, {}, {}, 1],
    ['that was never parsed', {}, {}, {}, 1],
    ['of the host', { request: null }, {}, {}, 0],
    ['of the host, with a secret', { request: null }, { client_auth_method: 'client_secret_basic' }, {}, 1],
    ['of the host, which we answered', { request: null }, {}, { reason: 'misconfigured' }, 1],
  ])('T-64 of a request %s', (_name, state, claimed, how, count) => {
    const { transaction, events } = start()
    Object.assign(transaction.state, state)
    Object.assign(transaction.record.claimed, claimed)
    transaction.end({ ...ended, ...how } as never)
    expect(events).toHaveLength(count)
  })

  it('T-57 is lost, and nothing else, if an object of the host throws', () => {
    const { transaction, events } = start()
    Object.defineProperty(transaction.state, 'client', {
      get() {
        throw new Error('x')
      },
    })
    expect(() => transaction.end(ended)).not.toThrow()
    expect(events).toEqual([])
  })
})

describe('a response of the host that is closed', () => {
  it.each<[name: string, res: object, isSpent: boolean, outcome: string, released: number]>([
    ['answered', { writableEnded: true, statusCode: 200 }, true, 'handed_on', 0],
    ['failed', { writableEnded: true, statusCode: 500 }, true, 'handed_on', 1],
    ['failed without anything to give back', { writableEnded: true, statusCode: 503 }, false, 'handed_on', 0],
    ['refused', { writableEnded: true, statusCode: 499 }, true, 'handed_on', 0],
    ['left in the middle', { writableEnded: false, statusCode: 500 }, true, 'aborted', 0],
  ])('T-48 %s', async (_name, res, isSpent, outcome, released) => {
    const { transaction, response, events, calls } = start()
    if (isSpent) await transaction.spend(marker)
    Object.assign(response, res).emit('close')
    await turn()
    expect(events.map((event) => [event.outcome, event.status])).toEqual([[outcome, (res as { statusCode: number }).statusCode]])
    expect(calls.filter(([name]) => name === 'release')).toHaveLength(released)
  })

  it('T-48 after the end changes nothing', async () => {
    const { transaction, response, events, calls } = start()
    await transaction.spend(marker)
    transaction.end(ended)
    Object.assign(response, { writableEnded: true, statusCode: 500 }).emit('close')
    await turn()
    expect([events.length, calls.length]).toEqual([1, 1])
  })

  it('is watched once, and only if something depends on it', async () => {
    const { transaction, response } = start({ isHeard: false })
    expect(response.listenerCount('close')).toBe(0)
    await transaction.spend(marker)
    await transaction.spend(marker)
    transaction.addListener(() => {})
    expect(response.listenerCount('close')).toBe(1)
  })

  it('T-48 gives back what was spent, though nobody listens', async () => {
    const { transaction, response, calls } = start({ isHeard: false })
    await transaction.spend(marker)
    Object.assign(response, { writableEnded: true, statusCode: 500 }).emit('close')
    await turn()
    expect(calls.map(([name]) => name)).toEqual(['consume', 'release'])
  })
})
