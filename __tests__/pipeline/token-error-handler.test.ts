import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from '@jest/globals'
import type { ErrorRequestHandler, Express, RequestHandler } from 'express'
import { OAuthError, type refusals, refusals as table } from '../../lib/host/errors.js'
import { tokenErrorHandler } from '../../lib/index.js'
import { type ExpressFactory, expresses } from '../support/express.js'
import { bytesOf, encode, form, RawConnection, type RawRequest, type RawResponse, sendRaw } from '../support/raw.js'
import { challengeOf, grantRequest, startWorld } from '../support/world.js'

const brand = Symbol.for('express-oauth-assertions.OAuthError')
const json = 'Content-Type: application/json'
const servers: { close(): void }[] = []
afterAll(() => {
  for (const server of servers.splice(0)) server.close()
})

/** An app whose token endpoint is `handlers` and this error handler. */
function start(express: ExpressFactory, handlers: (RequestHandler | ErrorRequestHandler)[]) {
  const app = express()
  app.use('/token', ...(handlers as RequestHandler[]), tokenErrorHandler())
  app.use(((error, _req, res, _next) => {
    if (res.headersSent) res.end(' and the host')
    else res.status(599).json({ host: String(error) })
  }) as ErrorRequestHandler)
  const server = app.listen(0)
  servers.push(server)
  return server
}

const throwing =
  (thrown: unknown): RequestHandler =>
  () => {
    throw thrown
  }

function expectRefusal({ status, headers, body }: RawResponse, reason: keyof typeof refusals) {
  const [expected, error, error_description] = table[reason]
  expect({ status, body: JSON.parse(body) }).toEqual({ status: expected, body: { error, error_description } })
  expect(headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  })
}

describe.each(expresses)('tokenErrorHandler on %s', (_, express) => {
  const parsing = start(express, [
    express.json({ limit: 1000 }),
    express.urlencoded({
      extended: false,
      limit: 1000,
      parameterLimit: 10,
      verify: (_req, _res, body) => {
        if (body.includes('unverified')) throw new Error('secret')
      },
    }),
    throwing(new Error('not refused by the parser')),
  ])

  it.each<[string, RawRequest, keyof typeof refusals]>([
    ['a body that is too large', { headers: [form], body: 'x'.repeat(1001) }, 'body_too_large'],
    ['a chunked body that is too large', { headers: [form], body: 'x'.repeat(1001), framing: 'chunked' }, 'body_too_large'],
    ['JSON that is too large', { headers: [json], body: JSON.stringify('x'.repeat(1001)) }, 'body_too_large'],
    ['a gzip bomb', { headers: [form, 'Content-Encoding: gzip'], body: gzipSync(Buffer.alloc(100_000, 'x')) }, 'body_too_large'],
    ['too many parameters', { headers: [form], body: 'x&'.repeat(20) }, 'too_many_parameters'],
    ['another charset', { headers: [`${form}; charset=utf-16`], body: 'x=y' }, 'unsupported_media_type'],
    ['another encoding', { headers: [form, 'Content-Encoding: odd'], body: 'x=y' }, 'unsupported_content_encoding'],
    ['broken JSON', { headers: [json], body: '{"assertion":"eyJ' }, 'body_unreadable'],
    ['broken gzip', { headers: [form, 'Content-Encoding: gzip'], body: 'x=y' }, 'body_unreadable'],
    ['what `verify` refuses', { headers: [form], body: 'unverified' }, 'body_unreadable'],
  ])("TE-15 T-31 T-32 RS-12: %s, refused by the host's parser", async (_, request, reason) => {
    const response = await sendRaw(parsing, request)
    expectRefusal(response, reason)
    if (!reason.includes('too_')) expect(response.headers.connection).toBe('keep-alive') // a parser may stop in the middle of a body
  })

  it('T-32 T-36: a sender who leaves while the parser reads harms nobody', async () => {
    const connection = new RawConnection(parsing)
    connection.socket.write(bytesOf({ headers: [form], body: 'x=y' }).subarray(0, -1))
    await new Promise((resolve) => setTimeout(resolve, 20))
    connection.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expectRefusal(await sendRaw(parsing, { headers: [form], body: 'x=y' }), 'hook_error')
  })

  const trap = () => {
    throw new Error('secret')
  }
  it.each<[string, unknown, keyof typeof refusals]>([
    ['an Error', new Error('secret'), 'hook_error'],
    ['an Error with a status of its own', Object.assign(new Error('secret'), { status: 500, expose: true }), 'hook_error'],
    ['an error of zlib', Object.assign(new Error('secret'), { status: 400, code: 'Z_DATA_ERROR' }), 'body_unreadable'],
    ['an abort', Object.assign(new Error('secret'), { status: 400, type: 'request.aborted' }), 'client_gone'],
    ['a wrong length', Object.assign(new Error('secret'), { status: 400, type: 'request.size.invalid' }), 'body_unreadable'],
    ['odd nesting', Object.assign(new Error('secret'), { status: 400, type: 'querystring.parse.rangeError' }), 'body_unreadable'],
    ['one that the host ran into itself', Object.assign(new Error('secret'), { code: 'Z_DATA_ERROR' }), 'hook_error'],
    ['a 502', Object.assign(new Error('secret'), { status: 502 }), 'hook_error'],
    ['an odd status', Object.assign(new Error('secret'), { status: '400' }), 'hook_error'],
    ['a success', Object.assign(new Error('secret'), { status: 200 }), 'hook_error'],
    ['a type from the prototype', Object.assign(new Error('secret'), { type: '__proto__' }), 'hook_error'],
    ['a type that is no text', Object.assign(new Error('secret'), { type: ['entity.too.large'] }), 'hook_error'],
    ['text', 'secret', 'hook_error'],
    ['a number', 400, 'hook_error'],
    ['an object without prototype', Object.create(null), 'hook_error'],
    ['a trap', Object.defineProperty(new Error('secret'), 'type', { get: trap }), 'hook_error'],
    ['another trap', Object.defineProperty(new Error('secret'), 'status', { get: trap }), 'hook_error'],
    ['a proxy full of traps', new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap }), 'hook_error'],
    ['an OAuthError of the suite', new OAuthError('invalid_request', table.body_unreadable[2]), 'body_unreadable'],
    ['a code that is none', Object.assign(new OAuthError('invalid_grant'), { error: 'ok"' }), 'hook_error'],
    ['a status that is none', Object.assign(new OAuthError('invalid_grant'), { status: 200 }), 'hook_error'],
    ['a status beyond all', Object.assign(new OAuthError('invalid_grant'), { status: 99999 }), 'hook_error'],
    ['an OAuthError without members', { [brand]: true }, 'hook_error'],
    ['an OAuthError full of traps', Object.defineProperty({ [brand]: true }, 'error', { get: trap }), 'hook_error'],
    [
      'an OAuthError that cannot be written',
      { [brand]: true, error: 'invalid_grant', error_description: 10n ** 20n, status: Symbol('x') },
      'hook_error',
    ],
  ])('RS-12 T-57 T-65: %s, thrown by the host', async (_, thrown, reason) => {
    const response = await sendRaw(start(express, [throwing(thrown)]), { headers: [form] })
    expectRefusal(response, reason)
    expect(response.body).not.toContain('secret')
  })

  it.each<[string, unknown, number, object]>([
    [
      'an OAuthError',
      new OAuthError('invalid_grant', 'The account is closed.'),
      400,
      { error: 'invalid_grant', error_description: 'The account is closed.' },
    ],
    ['one without description', new OAuthError('invalid_scope'), 400, { error: 'invalid_scope' }],
    [
      'one with a status',
      new OAuthError('temporarily_unavailable', 'Slower.', { status: 429 }),
      429,
      { error: 'temporarily_unavailable', error_description: 'Slower.' },
    ],
    [
      'one of another copy of the package',
      { [brand]: true, error: 'invalid_target', error_description: 'No.', status: 400, reason: 'hook_denied' },
      400,
      { error: 'invalid_target', error_description: 'No.' },
    ],
    [
      'a tampered description',
      Object.assign(new OAuthError('invalid_grant'), { error_description: 'a"\r\n\\é' }),
      400,
      { error: 'invalid_grant', error_description: 'a?????' },
    ],
    ['a description of null', Object.assign(new OAuthError('invalid_grant'), { error_description: null }), 400, { error: 'invalid_grant' }],
  ])('RS-05 RS-06: %s, thrown by the host, speaks to the client', async (_, thrown, status, body) => {
    const response = await sendRaw(start(express, [throwing(thrown)]), { headers: [form] })
    expect({ status: response.status, body: JSON.parse(response.body) }).toEqual({ status, body })
    expect(response.headers['retry-after']).toBe(status === 429 ? '5' : undefined)
  })

  const refused = { error: 'invalid_request', error_description: 'The request was refused.' }
  const failed = { error: 'invalid_client', error_description: 'Client authentication failed.' }
  const busy = { error: 'temporarily_unavailable', error_description: 'The server cannot answer now. Try again later.' }
  it.each<[status: number, body: object, retryAfter: string | undefined]>([
    [400, refused, undefined],
    [401, failed, undefined],
    [403, refused, undefined],
    [404, refused, undefined],
    [422, refused, undefined],
    [499, refused, undefined],
    [429, busy, '5'],
    [503, busy, '5'],
  ])('RS-05 RS-12 T-65: an HTTP error %i of the host keeps its status, and nothing of its text', async (status, body, retryAfter) => {
    for (const name of ['status', 'statusCode']) {
      const thrown = Object.assign(new Error('secret'), { [name]: status, expose: true, headers: { 'X-Secret': 'secret' } })
      const response = await sendRaw(start(express, [throwing(thrown)]), { headers: [form] })
      expect({ status: response.status, body: JSON.parse(response.body) }).toEqual({ status, body })
      expect(response.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
      expect([response.headers['retry-after'], response.headers['x-secret']]).toEqual([retryAfter, undefined])
    }
  })

  it('a code that is none of zlib does not make a 400 of the host an unreadable body', async () => {
    const thrown = Object.assign(new Error('secret'), { status: 400, code: 'EBADCSRFTOKEN' })
    expect(JSON.parse((await sendRaw(start(express, [throwing(thrown)]), { headers: [form] })).body)).toEqual(refused)
  })

  it('is called where it is mounted, and not mounted itself', () => {
    expect(() => tokenErrorHandler(...([new Error('secret')] as unknown as []))).toThrow(
      'tokenErrorHandler was mounted without being called: write tokenErrorHandler().',
    )
  })

  it('a Retry-After that a rate limit of the host set stays', async () => {
    const limit: RequestHandler = (_req, res, next) => {
      res.set('Retry-After', '77')
      next(Object.assign(new Error('secret'), { status: 429 }))
    }
    expect(await sendRaw(start(express, [limit]), { headers: [form] })).toMatchObject({ status: 429, headers: { 'retry-after': '77' } })
  })

  it.each([
    ['with an Authorization header', ['Authorization: Basic eDp5']],
    ['without', []],
  ])('RS-07: a 401 has a challenge, that of the host if it has set one, to a request %s', async (_what, more) => {
    const headers = [form, ...more]
    for (const [thrown, body] of [
      [new OAuthError('invalid_client'), { error: 'invalid_client' }],
      [new OAuthError('invalid_client', 'Say "who"\\ you are.'), { error: 'invalid_client', error_description: 'Say ?who?? you are.' }],
      [new OAuthError('invalid_dpop_proof', 'No.', { status: 401 }), { error: 'invalid_dpop_proof', error_description: 'No.' }],
      [{ status: 401 }, { error: 'invalid_client', error_description: 'Client authentication failed.' }],
    ] as const) {
      const answer = await sendRaw(start(express, [throwing(thrown)]), { headers })
      expect([answer.status, JSON.parse(answer.body)]).toEqual([401, body])
      expect(answer.headers['www-authenticate']).toBe(challengeOf(body))
    }
    const challenging: RequestHandler = (_req, res, next) => {
      res.set('WWW-Authenticate', 'Basic realm="legacy"')
      next(new OAuthError('invalid_client'))
    }
    const kept = await sendRaw(start(express, [challenging]), { headers })
    expect([kept.status, kept.headers['www-authenticate']]).toEqual([401, 'Basic realm="legacy"'])
  })

  describe('on a path', () => {
    const fails = throwing(new Error('secret'))
    /** `mount` adds what throws and the handler under test; the host's own error handler answers 599. */
    function startOn(mount: (app: Express) => void) {
      const app = express()
      mount(app)
      app.use(((error, req, res, _next) => void res.status(599).json([String(error), req.originalUrl])) as ErrorRequestHandler)
      const server = app.listen(0)
      servers.push(server)
      return server
    }
    const mounts: [string, (app: Express) => void, prefix: string][] = [
      ['of the app', (app) => void app.use(fails).use('/token', tokenErrorHandler()), ''],
      ['of a router', (app) => void app.use('/oauth', express.Router().use(fails).use('/token', tokenErrorHandler())), '/oauth'],
    ]

    it.each(
      mounts.flatMap(([where, mount, prefix]) =>
        [
          ['/token', true],
          ['/token/', true],
          ['/token?x', true],
          ['/token/?x=/revoke', true],
          ['/TOKEN', true],
          ['/token/revoke', false],
          ['/token/revoke?x', false],
          ['/tokens', false],
          ['/', false],
        ].map(([path, isOurs]) => [`${prefix}${path}`, where, mount, isOurs] as const),
      ),
    )('T-65 RS-12: %s, mounted on the path %s', async (path, _, mount, isOurs) => {
      const response = await sendRaw(startOn(mount), { path, headers: [form] })
      if (isOurs) expectRefusal(response, 'hook_error')
      else expect({ status: response.status, body: JSON.parse(response.body) }).toEqual({ status: 599, body: ['Error: secret', path] })
    })

    it.each(['/token', '/token/revoke', '/'])('RS-12: without a path, it answers %s', async (path) => {
      expectRefusal(
        await sendRaw(
          startOn((app) => void app.use(fails).use(tokenErrorHandler())),
          { path, headers: [form] },
        ),
        'hook_error',
      )
    })

    it.each(['/token', '/token/revoke'])('RS-12: in the route itself, it answers %s', async (path) => {
      const app = express()
      app.post(path, fails, tokenErrorHandler())
      const server = app.listen(0)
      servers.push(server)
      expectRefusal(await sendRaw(server, { path, headers: [form] }), 'hook_error')
    })
  })

  it('T-60: leaves an answer that was begun to the host', async () => {
    const begun: RequestHandler = (_req, res, next) => {
      res.status(200).type('text').write('begun')
      next(new Error('secret'))
    }
    const { status, body } = await sendRaw(start(express, [begun]), { headers: [form] })
    const text = body.replace(/(?:^|\r\n)[0-9a-f]+\r\n/g, '').trimEnd() // Node decides about the chunks
    expect({ status, text }).toEqual({ status: 200, text: 'begun and the host' })
  })

  it('takes headers of the host along, but for its caching', async () => {
    const headers: RequestHandler = (_req, res, next) => {
      res.set({ 'X-Request-Id': 'r1', 'Cache-Control': 'public, max-age=60', 'Content-Type': 'text/html', 'Content-Length': '3' })
      next(new Error('secret'))
    }
    const response = await sendRaw(start(express, [headers]), { headers: [form] })
    expectRefusal(response, 'hook_error')
    expect(response.headers).toMatchObject({ 'x-request-id': 'r1' })
  })

  it('RS-02 RS-12 T-63: behind the suite, no answer of the endpoint is HTML or stored', async () => {
    const world = startWorld(express, {
      options: { fallthrough: true },
      before: [express.json({ limit: 1000 })],
      after: [throwing(new Error('secret'))],
    })
    const asked: [RawRequest, number][] = [
      [{ headers: [form], body: encode(grantRequest()) }, 200],
      [{ headers: [form], body: encode(grantRequest('x')) }, 400],
      [{ headers: [form], body: encode(grantRequest('x', { client_id: 'basic-client', client_secret: 'x' })) }, 401],
      [{ headers: [form], body: 'grant_type=password' }, 500],
      [{ headers: [json], body: '{' }, 400],
      [{ headers: [json], body: JSON.stringify('x'.repeat(1001)) }, 413],
      [{ method: 'GET', framing: 'none' }, 500],
    ]
    for (const [request, status] of asked) {
      const response = await sendRaw(world.server, request)
      expect(response).toMatchObject({
        status,
        headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', pragma: 'no-cache' },
      })
      expect(response.body).not.toContain('secret')
    }
  })
})
