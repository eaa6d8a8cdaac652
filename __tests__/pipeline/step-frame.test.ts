/** The frame of a step, without Express: when load is shed, how an error is answered, and what is rolled back. */
import { EventEmitter } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { OAuthError, refusal } from '../../lib/host/errors.js'
import type { TokenEndpointEvent } from '../../lib/index.js'
import { type StepDefinition, step } from '../../lib/pipeline/step.js'

type Definition = StepDefinition<'request', 'request' | 'client' | 'grant' | 'response'>
const marker = { key: 'key', expiresAt: 2, issuer: 'i', usableFrom: 1, use: 'grant' } as const
const places = { request: [], client: ['request'], grant: ['request'], response: ['request'] } as const

/** One request, and a function that runs a step on it. */
interface Given {
  method?: string
  headers?: object
  res?: object
  fallthrough?: boolean
  load?: object
}
function start({ method = 'POST', headers = {}, res = {}, ...over }: Given = {}) {
  const calls: string[] = []
  const events: TokenEndpointEvent[] = []
  const passed: unknown[] = []
  const load = { admit: () => calls.push('admit') > 0, goesOn: () => calls.push('goesOn') > 0 }
  const endpoint = {
    fallthrough: false,
    load,
    invalidClientStatus: 400,
    hookTimeout: 1,
    replayStore: { consume: () => true, release: (key: string) => void calls.push(`release ${key}`) },
    onEvent: (event: TokenEndpointEvent) => void events.push(event),
    ...over,
  }
  const written = new Map<string, unknown>()
  const response = Object.assign(new EventEmitter(), {
    socket: {},
    headersSent: false,
    statusCode: 200,
    getHeader: () => undefined,
    hasHeader: () => false,
    setHeader: (name: string, value: unknown) => written.set(name, value),
    writeHead: (status: number) => written.set('status', status),
    end: (body: string) => written.set('body', JSON.parse(body)),
    destroy: (error: unknown) => written.set('destroyed', error),
    ...res,
  })
  const req = { method, headers: { 'x-request-id': 'r1', ...headers } }
  const run = async (adds: Definition['adds'], work: Definition['run'] = () => ({}) as never) => {
    const middleware = step({ name: adds, needs: places[adds] as never, adds, use: 'client', run: work }, endpoint as never)
    middleware(req as never, response as never, (error) => void passed.push(error))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { run, calls, events, written, passed, response }
}
const throwing = (thrown: unknown) => () => {
  throw thrown
}
const evidence = { seen: 'x', wanted: 'y' }

describe('T-46 load', () => {
  it.each<[name: string, given: Given, request: unknown, counted: string[][]]>([
    ['of ours', {}, {}, [['admit'], ['goesOn'], [], []]],
    ['that is no POST', { method: 'GET' }, null, [[], [], [], []]],
    ['with fallthrough', { fallthrough: true }, {}, [[], ['admit'], [], []]],
    ['with fallthrough, of the host', { fallthrough: true }, null, [[], [], [], []]],
  ])('is counted once, as soon as a request is ours: one %s', async (_name, given, request, counted) => {
    const { run, calls } = start(given)
    for (const adds of ['request', 'client', 'grant', 'response'] as const) {
      await run(adds, () => (adds === 'request' ? request : {}) as never)
      expect([adds, calls.splice(0)]).toEqual([adds, counted.shift()])
    }
  })

  it.each<[name: string, given: Given, done: number]>([
    ['before step 1', { load: { admit: () => false } }, 0],
    ['before step 2', { load: { admit: () => true, goesOn: () => false } }, 1],
  ])('is shed %s, and nothing runs', async (_name, over, done) => {
    const { run, written, events } = start(over)
    let ran = 0
    const work = () => {
      ran++
      return {} as never
    }
    await run('request', work)
    if (done > 0) await run('client', work)
    expect(ran).toBe(done)
    expect(written.get('status')).toBe(503)
    expect(events).toMatchObject([{ outcome: 'failed', reason: 'overloaded', status: 503 }])
  })
})

describe('an error', () => {
  it.each<[name: string, thrown: unknown, headers: object, status: number, outcome: string]>([
    ['invalid_client without a header', refusal('client_unknown', evidence), {}, 400, 'refused'],
    ['invalid_client with a header', refusal('client_unknown', evidence), { authorization: 'Basic x' }, 401, 'refused'],
    ['invalid_client of a hook, with a status of its own', new OAuthError('invalid_client', 'x', { status: 403 }), {}, 403, 'refused'],
    ['another 401 of a hook', new OAuthError('invalid_dpop_proof', 'x', { status: 401 }), {}, 401, 'refused'],
    ['another error', refusal('target_invalid', evidence), {}, 400, 'refused'],
    ['a client that has gone', refusal('client_gone', evidence), {}, 400, 'aborted'],
    ['the status 499', new OAuthError('invalid_request', 'x', { status: 499 }), {}, 499, 'refused'],
    ['an exception', new Error('hunter2'), {}, 500, 'failed'],
    ['a busy store', refusal('replay_store_full', evidence), {}, 503, 'failed'],
  ])('RS-08 is answered and told: %s', async (_name, thrown, headers, status, outcome) => {
    const { run, written, events, passed } = start({ headers })
    await run('request', throwing(thrown))
    expect(written.get('status')).toBe(status)
    expect(events).toMatchObject([{ outcome, status, step: 'request' }])
    expect(passed).toEqual([])
  })

  it('T-60 behind an answer that was begun goes to Express, with its status and its reason', async () => {
    const cause = new Error('x')
    const { run, written, passed, events } = start({ res: { headersSent: true } })
    await run('request', throwing(refusal('registration_invalid', { ...evidence, cause })))
    expect(passed).toMatchObject([{ name: 'OAuthError', error: 'server_error', status: 500, reason: 'registration_invalid' }])
    expect((passed[0] as Error).cause).toBe(cause)
    expect([...written.keys(), events.length]).toEqual([1])
  })

  it('T-60 of a hook goes to Express as it is', async () => {
    const thrown = new Error('x')
    const { run, passed } = start({ res: { headersSent: true } })
    await run('request', throwing(thrown))
    expect(passed).toEqual([thrown])
  })

  it('T-57 that cannot be written ends the connection, and is told', async () => {
    const broken = new Error('broken')
    const { run, written, events } = start({ res: { setHeader: throwing(broken) } })
    await run('request', throwing(refusal('target_invalid', evidence)))
    expect(written.get('destroyed')).toBe(broken)
    expect(events).toMatchObject([{ outcome: 'refused', reason: 'target_invalid' }])
  })
})

describe('T-48 T-49 what was spent', () => {
  it.each<[name: string, res: object, released: string[]]>([
    ['is given back', {}, ['release key']],
    ['stays, if an answer is on its way', { headersSent: true, statusCode: 200 }, []],
    ['stays, if a refusal of the host is on its way', { headersSent: true, statusCode: 499 }, []],
    ['is given back, if the answer of the host is a failure', { headersSent: true, statusCode: 500 }, ['release key']],
  ])('%s when a step fails', async (_name, res, released) => {
    const { run, calls, response } = start()
    await run('request', async (_state, transaction) => {
      await transaction.spend(marker)
      Object.assign(response, res)
      throw refusal('target_invalid', evidence)
    })
    expect(calls.filter((call) => call !== 'admit')).toEqual(released)
  })
})

it('a step that needs the request does not run for one of the host', async () => {
  const { run, passed } = start({ fallthrough: true })
  let ran = false
  await run('request', () => null as never)
  await run('client', () => {
    ran = true
    return {} as never
  })
  expect([ran, passed]).toEqual([false, [undefined, undefined]])
})
