/** T-32, T-36: senders who are slow, and senders who leave. Whatever the moment, one event tells of it and nothing stays behind. */
import type { EventEmitter } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { RequestHandler } from 'express'
import { type Hooks, memoryReplayStore, type Options, type ReplayStore, type TokenEndpointEvent, tokenEndpoint } from '../../lib/index.js'
import { expresses } from '../support/express.js'
import { bytesOf, encode, form, RawConnection } from '../support/raw.js'
import { basic, grant, grantRequest, hooks, idp, issuer, issuers, keys, openIdp, startWorld, type World } from '../support/world.js'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await condition()) return
    await sleep(5)
  }
  throw new Error('It did not come true in 5 seconds')
}

const servers: Server[] = []
afterAll(() => {
  for (const server of servers.splice(0)) server.close()
})

setFlagsFromString('--expose_gc')
const collectGarbage = runInNewContext('gc') as () => void
const connectionsOf = (server: Server) => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => void unhandled.push(reason)
beforeEach(() => {
  process.on('unhandledRejection', onUnhandled)
  process.on('uncaughtException', onUnhandled)
})
afterEach(() => {
  process.off('unhandledRejection', onUnhandled)
  process.off('uncaughtException', onUnhandled)
  expect(unhandled.splice(0)).toEqual([])
})

type Leave = (connection: RawConnection) => void
const ways: readonly [way: string, leave: Leave][] = [
  ['a reset', ({ socket }) => void socket.resetAndDestroy()],
  ['a close', ({ socket }) => void socket.destroy()],
  ['a half close', ({ socket }) => void socket.end()],
]

/** A place where a request waits until the test lets it go on. */
function gate() {
  let reach = () => {}
  let open = () => {}
  const reached = new Promise<void>((resolve) => (reach = resolve))
  const opened = new Promise<void>((resolve) => (open = resolve))
  let closed = true
  return {
    reached,
    open: () => {
      closed = false
      open()
    },
    /** Waits, unless the gate is open. */
    pass: async () => {
      if (!closed) return
      reach()
      await opened
    },
  }
}
type Gate = ReturnType<typeof gate>

/** What a host has that can be slow: each waits at the gate. */
interface Slow {
  options?: Partial<Options>
  hooks?: Partial<Hooks>
}
const base = hooks()
const slowHook =
  <N extends keyof Hooks>(name: N) =>
  ({ pass }: Gate): Slow => ({
    hooks: {
      [name]: async (...args: never[]) => {
        await pass()
        return (base[name] as (...args: never[]) => unknown)(...args)
      },
    },
  })
/** A store whose `nth` call of consume waits, before or after the JWT is marked. */
const slowStore =
  (nth: number, when: 'before' | 'after') =>
  ({ pass }: Gate): Slow => {
    const store = memoryReplayStore()
    let calls = 0
    const consume: ReplayStore['consume'] = async (...args) => {
      const isSlow = ++calls === nth
      if (isSlow && when === 'before') await pass()
      const fresh = await store.consume(...args)
      if (isSlow && when === 'after') await pass()
      return fresh
    }
    return { options: { replayStore: { ...store, consume } } }
  }
/** A store that is slow to take JWTs back, and a first token that cannot be minted. */
const slowRelease = ({ pass }: Gate): Slow => {
  const store = memoryReplayStore()
  let failures = 1
  return {
    options: {
      replayStore: {
        ...store,
        release: async (key) => {
          await pass()
          await store.release?.(key)
        },
      },
    },
    hooks: {
      mintToken: (granted) => {
        if (failures-- > 0) throw new Error('down')
        return base.mintToken(granted)
      },
    },
  }
}

const bySecret = { authorization: basic('basic-client', 'basic-secret') }
interface Stage {
  slow: (at: Gate) => Slow
  /** How often `mintToken` is called for a request whose sender leaves here. */
  minted: number
  /** The request has a client secret instead of a client assertion. */
  headers?: Record<string, string>
}
const stages: Record<string, Stage> = {
  findClient: { slow: slowHook('findClient'), minted: 0 },
  verifyClientSecret: {
    slow: ({ pass }) => ({ hooks: { verifyClientSecret: () => pass().then(() => true) } }),
    minted: 0,
    headers: bySecret,
  },
  findIssuer: { slow: slowHook('findIssuer'), minted: 0 },
  authorizeGrant: { slow: slowHook('authorizeGrant'), minted: 0 },
  'consume of the client assertion, which is not marked yet': { slow: slowStore(1, 'before'), minted: 0 },
  'consume of the client assertion, which is marked already': { slow: slowStore(1, 'after'), minted: 0 },
  'consume of the grant, which is not marked yet': { slow: slowStore(2, 'before'), minted: 0 },
  'consume of the grant, which is marked already': { slow: slowStore(2, 'after'), minted: 0 },
  mintToken: { slow: slowHook('mintToken'), minted: 1 },
  'release, after mintToken failed': { slow: slowRelease, minted: 1 },
}

describe.each(expresses)('T-36 on %s', (_, express) => {
  describe.each(Object.entries(stages))('gone while the server waits for %s', (_name, { slow, minted, headers = {} }) => {
    it.each(ways)('by %s: one event, no token, and the same request may come again', async (_way, leave) => {
      const at = gate()
      const world = startWorld(express, slow(at))
      const parameters = grantRequest(grant(), ...(headers.authorization ? [{}] : []))
      const connection = new RawConnection(world.server)
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
      connection.socket.write(bytesOf({ headers: [form, ...lines], body: encode(parameters) }))
      await at.reached
      leave(connection)
      await until(() => world.events.length > 0)
      at.open()
      await sleep(20)
      expect(world.events).toMatchObject([{ outcome: 'aborted' }])
      expect(world.calls.mintToken).toBe(minted)

      expect(await world.post(parameters, headers)).toMatchObject({ status: 200 })
      expect(world.calls.mintToken).toBe(minted + 1)
      expect(await world.post(parameters, headers)).toMatchObject({ status: headers.authorization ? 400 : 401 })
      expect(world.events.map(({ outcome }) => outcome)).toEqual(['aborted', 'issued', 'refused'])
      connection.close()
      await closes(world)
    })
  })

  it.each<[stage: keyof typeof stages, way: string, consumed: number, leave: Leave]>(
    ways.flatMap(([way, leave]): [keyof typeof stages, string, number, Leave][] => [
      ['findClient', way, 0, leave],
      ['findIssuer', way, 1, leave], // the client assertion, before
      ['authorizeGrant', way, 1, leave],
    ]),
  )('gone while the server waits for %s, by %s: no JWT is consumed after that', async (stage, _way, consumed, leave) => {
    const at = gate()
    const store = memoryReplayStore()
    let calls = 0
    const consume: ReplayStore['consume'] = (...args) => {
      calls++
      return store.consume(...args)
    }
    const world = startWorld(express, { ...stages[stage]?.slow(at), options: { replayStore: { ...store, consume } } })
    const connection = new RawConnection(world.server)
    connection.socket.write(bytesOf({ headers: [form], body: encode(grantRequest()) }))
    await at.reached
    leave(connection)
    await until(() => world.events.length > 0)
    at.open()
    await sleep(20)
    expect(calls).toBe(consumed)
    connection.close()
    await closes(world)
  })

  it('gone while the keys of the issuer are fetched', async () => {
    const at = gate()
    const keyServer = createServer(async (_req, res) => {
      await at.pass()
      res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [keys.idp.jwk] }))
    }).listen(0, '127.0.0.1')
    await until(() => keyServer.listening)
    const { jwks: __, ...rest } = issuers[idp]
    const jwks_uri = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/jwks`
    const world = startWorld(express, { hooks: { findIssuer: () => ({ ...rest, jwks_uri, allowPrivateJwksUri: true }) } })
    const parameters = grantRequest()
    const connection = new RawConnection(world.server)
    connection.socket.write(bytesOf({ headers: [form], body: encode(parameters) }))
    await at.reached
    connection.close()
    await until(() => world.events.length > 0)
    at.open()
    await sleep(20)
    expect(world.events).toMatchObject([{ outcome: 'aborted' }])
    expect(world.calls).toMatchObject({ mintToken: 0 })
    expect((await world.post(parameters)).status).toBe(200)
    await closes(world)
    keyServer.close()
    keyServer.closeAllConnections()
  })

  describe.each(['length', 'chunked'] as const)('T-32 a body that comes byte by byte and stops (%s)', (framing) => {
    const parameters = grantRequest(grant({ iss: openIdp }), {})
    const bytes = bytesOf({ headers: [form], body: encode(parameters), framing })
    const bodyAt = bytes.indexOf('\r\n\r\n') + 4
    const world = startWorld(express)
    it.each<[where: string, sent: number, outcomes: string[]]>([
      ['in the request line', 3, []],
      ['in the headers', bodyAt - 2, []],
      ['behind the headers', bodyAt, ['aborted']],
      ['behind one byte of the body', bodyAt + 1, ['aborted']],
      ['in the body', bodyAt + 100, ['aborted']],
      ['before its last byte', bytes.length - 1, ['aborted']],
    ])('%s', async (_where, sent, outcomes) => {
      const seen = world.events.length
      for (const [, leave] of ways) {
        const connection = new RawConnection(world.server)
        connection.socket.setNoDelay(true)
        const start = Math.max(0, sent - 20)
        connection.socket.write(bytes.subarray(0, start))
        for (let i = start; i < sent; i++) {
          connection.socket.write(bytes.subarray(i, i + 1))
          await sleep(1)
        }
        await until(async () => (await connectionsOf(world.server)) > 0)
        await sleep(5)
        leave(connection)
        await until(async () => (await connectionsOf(world.server)) === 0)
        connection.close()
      }
      const expected = ways.flatMap(() => outcomes)
      await until(() => world.events.length >= seen + expected.length)
      expect(world.events.slice(seen).map(({ outcome }) => outcome)).toEqual(expected)
      expect(world.calls).toMatchObject({ findIssuer: 0, mintToken: 0 })
    })

    it('leaves the server healthy, and the grant unused', async () => {
      expect((await world.post(parameters)).status).toBe(200)
      await closes(world)
    })
  })

  it('T-32: 200 at once, at every stage: nothing of them stays', async () => {
    const requests: WeakRef<IncomingMessage>[] = []
    const remember: RequestHandler = (req, _res, next) => {
      requests.push(new WeakRef(req))
      next()
    }
    const slow =
      <A extends unknown[], R>(hook: (...args: A) => R) =>
      async (...args: A) => {
        await sleep(Math.random() * 20)
        return hook(...args)
      }
    const slowly = Object.fromEntries(
      (['findClient', 'findIssuer', 'authorizeGrant', 'mintToken'] as const).map((name) => [name, slow(base[name] as never)]),
    )
    const world = startWorld(express, { hooks: slowly, before: [remember], options: { hookTimeout: 60 } })
    const timersBefore = timers()
    const bodies = Array.from({ length: 200 }, () => encode(grantRequest()))
    const manyArrived = until(() => requests.length > 100) // on a busy machine, all would leave before
    await Promise.all(
      bodies.map(async (body, i) => {
        const connection = new RawConnection(world.server)
        const bytes = bytesOf({ headers: [form], body })
        connection.socket.write(i % 4 === 0 ? bytes.subarray(0, -10) : bytes)
        if (i % 10 !== 0) await manyArrived
        await sleep(Math.random() * 60)
        ways[i % ways.length]?.[1](connection)
        connection.socket.resume()
      }),
    )
    await until(async () => (await connectionsOf(world.server)) === 0)
    await until(() => timers() <= timersBefore)
    expect(requests.length).toBeGreaterThan(100)
    expect(world.events).toHaveLength(requests.length)
    expect([...new Set(world.events.map(({ outcome }) => outcome))].filter((outcome) => !['aborted', 'issued'].includes(outcome))).toEqual(
      [],
    )
    await until(async () => {
      await sleep(1)
      collectGarbage()
      return requests.every((request) => request.deref() === undefined)
    })
    expect((await world.post(grantRequest())).status).toBe(200)
    await closes(world)
  })

  it('T-32 T-36: a connection has no more listeners after many requests than after the first', async () => {
    const sockets = new Set<EventEmitter>()
    const remember: RequestHandler = (req, _res, next) => {
      sockets.add(req.socket)
      next()
    }
    const world = startWorld(express, { before: [remember] })
    const connection = new RawConnection(world.server)
    const counts = async (body: string) => {
      await connection.ask({ headers: [form], body })
      await sleep(5)
      return [...sockets].map((socket) => Object.fromEntries(socket.eventNames().map((name) => [String(name), socket.listenerCount(name)])))
    }
    const first = await counts(encode(grantRequest()))
    for (let i = 0; i < 20; i++) await counts(i % 2 ? encode(grantRequest()) : 'grant_type=x')
    expect(await counts(encode(grantRequest()))).toEqual(first)
    expect(sockets.size).toBe(1)
    connection.close()
    await closes(world)
  })

  it("T-32: Node's own time limits end a slow sender; one event tells of it", async () => {
    const events: TokenEndpointEvent[] = []
    const { calls: __, ...plain } = hooks()
    const app = express()
    app.post('/token', ...tokenEndpoint({ issuer, hooks: plain, onEvent: (event) => void events.push(event) }))
    const server = createServer({ headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 }, app).listen(0)
    servers.push(server)
    await until(() => server.listening)
    const bytes = bytesOf({ headers: [form], body: encode(grantRequest(grant({ iss: openIdp }), {})) })
    const connection = new RawConnection(server)
    connection.socket.write(bytes.subarray(0, -40))
    for (let i = 40; i > 1 && !connection.closed; i--) {
      await sleep(20)
      connection.socket.write(bytes.subarray(-i, -i + 1))
    }
    await until(() => connection.closed)
    expect(events).toMatchObject([{ outcome: 'aborted' }])
    expect(await connectionsOf(server)).toBe(0)
    await new Promise((resolve) => server.close(resolve))
  })
})

/** Nobody has to be thrown out for it: no connection and no request is left hanging. */
async function closes({ server }: World): Promise<void> {
  await until(async () => (await connectionsOf(server)) === 0)
  await new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())))
}
