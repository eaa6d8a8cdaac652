/** T-79: the steps as handlers of an HTTP/2 server of Node (RFC 9113), without Express, which does not know HTTP/2. */
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
} from 'node:http2'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type Middleware, memoryReplayStore, type Options, type TokenEndpointEvent, tokenEndpoint } from '../../lib/index.js'
import { issueCertificate } from '../support/certificates.js'
import { encode } from '../support/raw.js'
import { byJwt, clientAssertion, clientCredentials, grantRequest, hooks, issuer, keys, tokenEndpointUrl } from '../support/world.js'

const { key, cert } = await issueCertificate({ names: [{ type: 'dns', value: 'localhost' }] })

type Handler = (req: Http2ServerRequest, res: Http2ServerResponse) => unknown
/** The old handler shows what it read. */
const oldHandler = async (req: Http2ServerRequest, res: Http2ServerResponse, read: string[]) => {
  const pieces: Buffer[] = []
  for await (const piece of req) pieces.push(piece)
  read.push(Buffer.concat(pieces).toString())
  const { client } = (req as { tokenState?: { client?: { client_id?: string } } }).tokenState ?? {}
  res.end(JSON.stringify({ read: read.at(-1), client: client?.client_id }))
}

const stops: (() => unknown)[] = []
afterAll(() => {
  for (const stop of stops) stop()
})
const warnings: Error[] = []
const warned = (warning: Error) => void warnings.push(warning)
beforeEach(() => void process.on('warning', warned))
afterEach(() => {
  process.off('warning', warned)
  expect(warnings.splice(0)).toEqual([])
})

interface World {
  port: number
  session: ClientHttp2Session
  events: TokenEndpointEvent[]
  /** How many requests have come. */
  arrived: () => number
  calls: Record<string, number>
  /** The bodies that the old handler read. */
  read: string[]
}
/** Starts a server, with TLS or without, whose requests all go through the suite and then to the old handler. */
async function start(options: Partial<Options> = {}, isSecure = false): Promise<World> {
  const events: TokenEndpointEvent[] = []
  const read: string[] = []
  let arrived = 0
  const { calls, ...plain } = hooks()
  const onEvent = (event: TokenEndpointEvent) => void events.push(event)
  const steps: Middleware[] = tokenEndpoint({
    issuer,
    tokenEndpointUrl,
    hooks: plain,
    onEvent,
    replayStore: memoryReplayStore(),
    ...options,
  })
  const handler: Handler = (req, res) => {
    arrived++
    const left = [...steps]
    const next = (): unknown => {
      const step = left.shift()
      return step ? step(req as never, res as never, next) : oldHandler(req, res, read)
    }
    next()
  }
  const listening = isSecure ? createSecureServer({ key, cert }, handler) : createServer(handler)
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  const origin = `${isSecure ? 'https' : 'http'}://localhost:${port}`
  const session = connect(origin, { rejectUnauthorized: false }).on('error', () => {})
  const sessions: ServerHttp2Session[] = []
  listening.on('session', (each) => sessions.push(each))
  stops.push(() => {
    for (const each of [session, ...sessions]) each.destroy()
    listening.close()
  })
  return { port, session, events, arrived: () => arrived, calls, read }
}

const post = (session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}, endStream = false) =>
  session.request({ ':method': 'POST', ':path': '/token', 'content-type': 'application/x-www-form-urlencoded', ...headers }, { endStream })
async function answerOf(stream: ReturnType<typeof post>) {
  const [headers] = await once(stream, 'response')
  const body = Buffer.concat(await stream.toArray()).toString()
  return { status: headers[':status'], headers, body: JSON.parse(body) }
}
/** Sends a body, in pieces with a pause between them, with its length or without. */
async function ask({ session }: World, pieces: (string | Buffer)[], headers: OutgoingHttpHeaders = {}) {
  const stream = post(session, headers)
  for (const piece of pieces.slice(0, -1)) {
    stream.write(piece)
    await delay(5)
  }
  stream.end(pieces.at(-1))
  return answerOf(stream)
}
const length = (form: string) => ({ 'content-length': Buffer.byteLength(form) })
const password = encode({ grant_type: 'password', username: 'ann' })
const halves = (form: string) => [form.slice(0, 20), form.slice(20)]

describe.each([
  ['over TLS', true],
  ['over TCP', false],
])('T-79 HTTP/2 %s', (_, isSecure) => {
  it('serves the whole flow', async () => {
    const world = await start({}, isSecure)
    const good = encode(grantRequest())
    expect(await ask(world, [good], length(good))).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' },
      body: { access_token: 'token-of-local-alice' },
    })
    expect(await ask(world, halves(encode(clientCredentials())))).toMatchObject({ status: 200 })
    expect(await ask(world, [good])).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(await ask(world, [encode(grantRequest('x'))])).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    const forged = byJwt(clientAssertion({}, { key: keys.other, header: { kid: keys.client.kid } }))
    expect(await ask(world, [encode(clientCredentials(forged))])).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(await ask(world, [password])).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } })
    expect(world.events.map(({ reason, outcome }) => reason ?? outcome)).toEqual([
      'issued',
      'issued',
      'jti_replayed',
      'jwt_malformed',
      'signature_invalid',
      'unsupported_grant_type',
    ])
  })

  it('TE-13: knows whether the connection is encrypted', async () => {
    const world = await start({ requireTls: true }, isSecure)
    const { status } = await ask(world, [encode(grantRequest())])
    expect({ status, reason: world.events.at(-1)?.reason }).toEqual(
      isSecure ? { status: 200, reason: undefined } : { status: 400, reason: 'tls_required' },
    )
  })

  it.each([[33_000], [2_000_000]])('TE-15 T-32: refuses a body of %i bytes, and serves the next on the same connection', async (size) => {
    const world = await start({}, isSecure)
    const stream = post(world.session).on('error', () => {}) // the rest of it is not wanted
    stream.end(`${password}&x=`.padEnd(size, 'x'))
    const answer = await answerOf(stream)
    expect(answer).toMatchObject({ status: 413, body: { error: 'invalid_request' } })
    expect(answer.headers).not.toHaveProperty('connection')
    expect((await ask(world, [encode(grantRequest())])).status).toBe(200)
    expect(world.events).toMatchObject([{ reason: 'body_too_large' }, { outcome: 'issued' }])
  })

  it.each([
    ['with its length', [password], length(password)],
    ['without length', [password], {}],
    ['in pieces', halves(password), {}],
    ['byte by byte', [...password], {}],
    ['larger than the limit', [`${password}&x=`.padEnd(40_000, 'x')], {}],
    ['much larger', [`${password}&x=`.padEnd(2_000_000, 'x')], {}],
  ])('an old handler gets its body %s', async (_, pieces, headers) => {
    const world = await start({ fallthrough: true }, isSecure)
    for (let times = 0; times < 3; times++)
      expect(await ask(world, pieces, headers)).toMatchObject({ status: 200, body: { read: pieces.join('') } })
    expect(world.events).toEqual([])
  })

  it('JC-05: an old handler knows the client of a JWT, and gets its body', async () => {
    const world = await start({ fallthrough: true }, isSecure)
    const form = encode({ grant_type: 'authorization_code', code: 'x', ...byJwt() })
    expect(await ask(world, [form])).toMatchObject({ status: 200, body: { read: form, client: 'jwt-client' } })
  })

  it('hands on a request without a body', async () => {
    const world = await start({ fallthrough: true }, isSecure)
    expect(await answerOf(post(world.session, {}, true))).toMatchObject({ status: 200, body: { read: '' } })
  })

  it.each(['GET', 'PUT'])('TE-01: refuses %s', async (method) => {
    const world = await start({}, isSecure)
    expect(await answerOf(post(world.session, { ':method': method }, true))).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  })

  it('T-36 T-79: a connection that is lost in mid-body has sent no whole body', async () => {
    const world = await start({}, isSecure)
    const stream = post(world.session).on('error', () => {})
    stream.write(encode(grantRequest()))
    await until(() => world.arrived() > 0)
    await delay(20)
    world.session.destroy()
    await until(() => world.events.length > 0)
    expect(world.events).toMatchObject([{ outcome: 'aborted' }])
    expect(world.calls).toMatchObject({ findClient: 0, mintToken: 0 })
  })
})

// --- streams that are reset; frames as they are written here, since a client of Node ends its body before it resets a stream ---

const frame = (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}
/** A header as HPACK has it without compression (RFC 7541 §6.2.2). */
const field = (name: string, value: string) =>
  Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)])
const endStream = 1
const requestHeaders = (more: Record<string, string> = {}) => {
  const all = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/token',
    ':authority': 'localhost',
    'content-type': 'application/x-www-form-urlencoded',
    ...more,
  }
  return frame(1, 4, 1, Buffer.concat(Object.entries(all).map(([name, value]) => field(name, value))))
}
const data = (text: string, flags = 0) => frame(0, flags, 1, Buffer.from(text))
const reset = (code: number) => frame(3, 0, 1, Buffer.of(0, 0, 0, code))
const opening = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)])

describe('T-36 T-79 an HTTP/2 stream that is reset', () => {
  const good = encode(grantRequest())
  const size = { 'content-length': String(good.length) }
  const beginnings: [string, Buffer[]][] = [
    ['before its body', [requestHeaders()]],
    ['in the middle of its body', [requestHeaders(), data(good.slice(0, 100))]],
    ['in the middle of its body of known length', [requestHeaders(size), data(good.slice(0, 100))]],
    ['behind what looks like all of its body', [requestHeaders(), data(good)]],
    ['behind what looks like all of its body, and an empty frame', [requestHeaders(), data(good), data('')]],
    ['behind all of its length, without an end', [requestHeaders(size), data(good)]],
    ['behind two frames', [requestHeaders(), data(good.slice(0, 9)), data(good.slice(9))]],
  ]
  const codes = Object.entries({ NO_ERROR: 0, INTERNAL_ERROR: 2, CANCEL: 8 })

  describe.each(codes)('with %s', (_, code) => {
    it.each(beginnings)('%s, has sent no whole body', async (_, frames) => {
      for (const fallthrough of [false, true]) {
        for (const pause of [0, 20]) {
          const world = await start({ fallthrough })
          const socket = connectTcp(world.port).on('error', () => {})
          if (pause === 0) socket.write(Buffer.concat([opening, ...frames, reset(code)]))
          else {
            for (const each of [opening, ...frames]) socket.write(each)
            await delay(pause)
            socket.write(reset(code))
          }
          await until(() => world.events.length > 0)
          await delay(5)
          expect(world.events).toMatchObject([{ outcome: 'aborted', step: 'parseTokenRequest', claimed: {} }])
          expect(world.calls).toMatchObject({ findClient: 0, findIssuer: 0, authorizeGrant: 0, mintToken: 0 })
          socket.destroy()
        }
      }
    })
  })

  it('never reaches an old handler with half a body', async () => {
    for (const [what, frames] of beginnings) {
      const world = await start({ fallthrough: true })
      const ours = frames.map((each) => Buffer.from(each.toString('latin1').replace('grant_type=urn', 'grant_type=old'), 'latin1'))
      const socket = connectTcp(world.port).on('error', () => {})
      socket.write(Buffer.concat([opening, ...ours]))
      await delay(20)
      socket.write(reset(0))
      await until(() => world.events.length > 0)
      await delay(5)
      expect([what, world.read]).toEqual([what, []])
      socket.destroy()
    }
  })

  it('is served if its body had ended, and nobody reset it', async () => {
    for (const fallthrough of [false, true]) {
      const world = await start({ fallthrough })
      const socket = connectTcp(world.port)
      socket.write(Buffer.concat([opening, requestHeaders(), data(encode(grantRequest()), endStream)]))
      await until(() => world.events.length > 0)
      expect(world.events).toMatchObject([{ outcome: 'issued' }])
      socket.destroy()
    }
  })

  it('spends nothing: the same JWTs may come again', async () => {
    const world = await start()
    const socket = connectTcp(world.port)
    const form = encode(grantRequest())
    socket.write(Buffer.concat([opening, requestHeaders(), data(form), reset(0)]))
    await until(() => world.events.length > 0)
    expect((await ask(world, [form])).status).toBe(200)
    socket.destroy()
  })
})

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 400) throw new Error('It did not happen in time')
    await delay(5)
  }
}
