import { createHash } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import {
  CLIENT_CREDENTIALS,
  JWT_BEARER_CLIENT_ASSERTION,
  JWT_BEARER_GRANT,
  JWT_SPIFFE_CLIENT_ASSERTION,
  memoryReplayStore,
  type Options,
  type TokenEndpointEvent,
  tokenEndpoint,
} from '../../lib/index.js'
import { withoutHandedOn } from '../support/events.js'
import { type ExpressFactory, expresses } from '../support/express.js'
import { combinations } from '../support/pairwise.js'
import { bytesOf, encode, form, RawConnection, type RawRequest, type RawResponse, sendRaw } from '../support/raw.js'
import { testAll } from '../support/test-all.js'
import {
  basic,
  byJwt,
  clientAssertion,
  clientCredentials,
  grant,
  grantRequest,
  hooks,
  issuer,
  keys,
  startWorld,
  tokenEndpointUrl,
} from '../support/world.js'

// --- the hosts: one old handler, and the ways in which hosts get at the body ---

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex')
const shortened = (value: unknown): unknown => {
  if (typeof value === 'string' && value.length > 200) return `${value.length} characters, ${sha256(value)}`
  if (Buffer.isBuffer(value)) return `${value.length} bytes, ${sha256(value)}`
  if (typeof value !== 'object' || value === null) return value === undefined ? 'undefined' : value
  if (Array.isArray(value)) return value.map(shortened)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortened(member)]))
}

/** An old token handler: it has opinions, and its answer shows all that it could see of the request. */
const legacyHandler: RequestHandler = (req, res) => {
  const { client_secret, grant_type } = (req.body ?? {}) as Record<string, unknown>
  res.set('X-Legacy', 'yes')
  if (client_secret === 'wrong') res.status(401).set('WWW-Authenticate', 'Basic realm="legacy"')
  else if (grant_type !== undefined && !['password', 'authorization_code', 'refresh_token'].includes(String(grant_type))) res.status(400)
  else res.cookie('session', 'legacy')
  const { client } = req.tokenState ?? {}
  res.json({
    method: req.method,
    url: [req.originalUrl, req.baseUrl, req.url, req.path],
    query: req.query,
    headers: req.rawHeaders,
    type: typeof req.body,
    prototype: req.body === undefined || req.body === null ? null : Object.getPrototypeOf(req.body) === Object.prototype,
    body: shortened(req.body),
    ...(client && { client_id: client.client_id, level: client.level, assertion: client.assertion?.claims.iss }),
  })
}

// without `received`: when a parser gives up depends on the size of the chunks, which is the network's choice
const legacyErrors: ErrorRequestHandler = (error, _req, res, _next) => {
  const { type, status, message, limit, length, expected, charset, encoding } = error
  res.status(status ?? 500).json({ legacy: type, message, limit, length, expected, charset, encoding })
}

/** Reads the raw body by hand, as handlers do that no parser stands in front of. */
type Reader = (req: IncomingMessage) => Promise<Buffer>
const byEvents: Reader = (req) =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('end', () => resolve(Buffer.concat(chunks)))
    req.on('error', reject)
  })
const byIteration: Reader = async (req) => {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const byReadable: Reader = (req) =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    req.on('readable', () => {
      for (let chunk = req.read(); chunk !== null; chunk = req.read()) chunks.push(chunk)
    })
    req.on('end', () => resolve(Buffer.concat(chunks)))
  })
const later: Reader = async (req) => {
  await delay(5)
  return byEvents(req)
}
const inText: Reader = (req) =>
  new Promise((resolve) => {
    let text = ''
    req.setEncoding('utf8')
    req.on('data', (chunk) => {
      text += chunk
    })
    req.on('end', () => resolve(Buffer.from(text)))
  })
const reading =
  (reader: Reader): RequestHandler =>
  (req, _res, next) => {
    reader(req).then((body) => {
      if (body.length < 32_768 && req.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
        req.body = Object.fromEntries(new URLSearchParams(body.toString('latin1')))
      else req.body = body
      next()
    }, next)
  }

/** Looks something up before anybody can read the body. */
const slow: RequestHandler = (_req, _res, next) => void setTimeout(next, 3)

const asText: RequestHandler = (req, _res, next) => {
  req.setEncoding('utf8')
  next()
}

interface Host {
  /** Mounted for the whole app. */
  before: RequestHandler[]
  /** Whether a parser is among them. */
  parsesBefore?: true
  /** On the route, behind ours. */
  behind: RequestHandler[]
}
const hosts: [string, (express: ExpressFactory) => Host][] = [
  ['its parser mounted globally', (e) => ({ before: [e.json(), e.urlencoded({ extended: true })], parsesBefore: true, behind: [] })],
  ['its plain parser mounted globally', (e) => ({ before: [e.urlencoded({ extended: false })], parsesBefore: true, behind: [] })],
  ['its parser on the route', (e) => ({ before: [], behind: [e.json(), e.urlencoded({ extended: true })] })],
  ['a parser for everything on the route', (e) => ({ before: [], behind: [e.raw({ type: () => true })] })],
  ['no parser, reading by events', () => ({ before: [], behind: [reading(byEvents)] })],
  ['no parser, reading by iteration', () => ({ before: [], behind: [reading(byIteration)] })],
  ['no parser, reading by `readable`', () => ({ before: [], behind: [reading(byReadable)] })],
  ['no parser, reading text', () => ({ before: [], behind: [reading(inText)] })],
  ['no parser, reading later', () => ({ before: [], behind: [reading(later)] })],
  ['no parser and no interest in the body', () => ({ before: [], behind: [] })],
  ['a slow session and a parser on the route', (e) => ({ before: [slow], behind: [e.urlencoded({ extended: true }), e.json()] })],
  ['a slow session, reading by events', () => ({ before: [slow], behind: [reading(byEvents)] })],
  [
    'its parser mounted globally, then a slow session',
    (e) => ({ before: [e.json(), e.urlencoded({ extended: true }), slow], parsesBefore: true, behind: [] }),
  ],
  ['text from the start, a slow session, reading text', () => ({ before: [asText, slow], behind: [reading(inText)] })],
  ['a slow session and no interest in the body', () => ({ before: [slow], behind: [] })],
]

const servers: Server[] = []
afterAll(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

interface Running {
  server: Server
  events: TokenEndpointEvent[]
}

/** Starts a legacy host, with or without our middlewares in front of its handler. */
function startHost(express: ExpressFactory, { before, behind }: Host, ours: Partial<Options> | null): Running {
  const events: TokenEndpointEvent[] = []
  const { calls: _, ...plain } = hooks()
  const onEvent = (event: TokenEndpointEvent) => void events.push(event)
  const app = express()
  for (const middleware of before) app.use(middleware)
  const suite = ours
    ? tokenEndpoint({ issuer, tokenEndpointUrl, hooks: plain, onEvent, fallthrough: true, replayStore: memoryReplayStore(), ...ours })
    : []
  app.use('/token', ...suite, ...behind, legacyHandler)
  app.use(legacyErrors)
  const server = app.listen(0)
  servers.push(server)
  return { server, events }
}

// --- what its clients send ---

const password = { grant_type: 'password', username: 'ann', password: 'p ä+&%', scope: 'a b' }
const json = 'Content-Type: application/json'
const big = (size: number, start = encode(password)) => `${start}&filler=`.padEnd(size, 'x')
const both = (request: RawRequest): RawRequest[] => [
  { ...request, framing: 'length' },
  { ...request, framing: 'chunked' },
]

const recorded: [string, RawRequest[]][] = [
  ['a form', both({ headers: [form], body: encode(password) })],
  ['a form with charset', [{ headers: [`${form}; charset=UTF-8`], body: encode(password) }]],
  ['a form in capitals', [{ headers: ['content-TYPE: Application/X-WWW-Form-Urlencoded'], body: encode(password) }]],
  ['an authorization code', [{ headers: [form, `Authorization: ${basic('a', 'b')}`], body: 'grant_type=authorization_code&code=x' }]],
  ['a refresh token', [{ headers: [form], body: 'grant_type=refresh_token&refresh_token=x&client_id=a&client_secret=b' }]],
  ['a wrong secret', [{ headers: [form], body: 'grant_type=password&client_id=a&client_secret=wrong' }]],
  ['client_credentials with a secret', [{ headers: [form], body: 'grant_type=client_credentials&client_id=post-client&client_secret=x' }]],
  [
    'client_credentials with Basic',
    [{ headers: [form, `Authorization: ${basic('basic-client', 'x')}`], body: 'grant_type=client_credentials' }],
  ],
  ['client_credentials without anything', [{ headers: [form], body: 'grant_type=client_credentials' }]],
  ['an unknown grant type', [{ headers: [form], body: 'grant_type=urn:example:odd&assertion=x' }]],
  ['a grant type like ours', [{ headers: [form], body: `grant_type=${JWT_BEARER_GRANT.toUpperCase()}&assertion=x` }]],
  ['a SAML grant', [{ headers: [form], body: 'grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer&assertion=x' }]],
  [
    'a SAML client assertion',
    [
      {
        headers: [form],
        body: 'grant_type=password&client_assertion=x&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      },
    ],
  ],
  [
    'a type without client_assertion',
    [{ headers: [form], body: encode({ ...password, client_assertion_type: JWT_BEARER_CLIENT_ASSERTION }) }],
  ],
  ['an empty form', [{ headers: [form], body: '' }]],
  ['an empty form with parameters in the URL', [{ path: '/token?grant_type=client_credentials', headers: [form], body: '' }]],
  ['no grant type', [{ headers: [form], body: 'code=x&foo=bar' }]],
  ['repeated parameters', both({ headers: [form], body: 'grant_type=password&scope=a&scope=b&username=x&username=y&grant_type=odd' })],
  ['nested parameters', [{ headers: [form], body: 'grant_type=password&scope[]=a&user[name]=x&user[mail]=y&a[0][b]=c&grant_type[x]=y' }]],
  ['names of Object.prototype', [{ headers: [form], body: 'grant_type=password&__proto__=x&constructor=y&hasOwnProperty=z&toString=w' }]],
  ['bad escapes', both({ headers: [form], body: 'grant_type=password&username=%&password=%zz&scope=%C3' })],
  ['control characters', [{ headers: [form], body: 'grant_type=password&username=%00%0D%0A\0\r\n' }]],
  ['parameters in the URL', [{ path: '/token?grant_type=password&client_secret=x&x=1', headers: [form], body: encode(password) }]],
  ['a deeper path', [{ path: '/token/revoke?x=%zz', headers: [form], body: 'token=x' }]],
  ['many parameters', [{ headers: [form], body: `grant_type=password${'&x=1'.repeat(200)}` }]],
  ['too many parameters even for the host', [{ headers: [form], body: `grant_type=password${'&x=1'.repeat(1200)}` }]],
  [
    'latin1',
    both({ headers: [`${form}; charset=iso-8859-1`], body: Buffer.from('grant_type=password&username=caf\xe9&password=%E9', 'latin1') }),
  ],
  // not as the last byte: of a stream that has ended, `setEncoding` of Node loses half a character there, suite or not
  ['raw latin1 without saying so', [{ headers: [form], body: Buffer.from('grant_type=password&username=caf\xe9&x=y', 'latin1') }]],
  ['utf-16', [{ headers: [`${form}; charset=utf-16`], body: Buffer.from('grant_type=password', 'utf16le') }]],
  ['an unknown charset', [{ headers: [`${form}; charset=x-odd`], body: encode(password) }]],
  ['JSON', both({ headers: [json], body: JSON.stringify(password) })],
  [
    'JSON that says jwt-bearer',
    [{ headers: [json], body: JSON.stringify({ grant_type: JWT_BEARER_GRANT, assertion: 'x', ...byJwt('x') }) }],
  ],
  ['broken JSON', [{ headers: [json], body: '{"grant_type":' }]],
  ['text', [{ headers: ['Content-Type: text/plain'], body: encode(password) }]],
  ['no content type', both({ body: encode(password) })],
  ['an odd content type', [{ headers: ['Content-Type: ;;;'], body: encode(password) }]],
  ['two content types', [{ headers: [form, json], body: encode(password) }]],
  ['two Authorization headers', [{ headers: [form, 'Authorization: Basic eDp5', 'Authorization: Bearer x'], body: encode(password) }]],
  [
    'multipart',
    both({
      headers: ['Content-Type: multipart/form-data; boundary=x'],
      body: '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\npassword\r\n--x--\r\n',
    }),
  ],
  ['gzip', both({ headers: [form, 'Content-Encoding: gzip'], body: gzipSync(encode(password)) })],
  ['gzip with our grant inside, JSON', [{ headers: [json, 'Content-Encoding: gzip'], body: gzipSync(JSON.stringify(password)) }]],
  ['broken gzip', [{ headers: [form, 'Content-Encoding: gzip'], body: encode(password) }]],
  ['an encoding without a name', both({ headers: [form, 'Content-Encoding: '], body: encode(password) })],
  ['an unknown encoding', [{ headers: [form, 'Content-Encoding: odd'], body: encode(password) }]],
  ['no body', [{ headers: [form] }, { headers: [form], framing: 'none' }]],
  ['an empty JSON body', [...both({ headers: [json] }), { headers: [json], framing: 'none' }]],
  ['nothing at all', [{ framing: 'none' }, ...both({})]],
  ['a body of our limit', both({ headers: [form], body: big(32_768) })],
  ['a body just larger than our limit', both({ headers: [form], body: big(32_769) })],
  ['a body of 60 kB', both({ headers: [form], body: big(60_000) })],
  ['a body as large as its own limit', both({ headers: [form], body: big(102_400) })],
  ['a body larger than its own limit', both({ headers: [form], body: big(102_401) })],
  ['a much larger body', both({ headers: [form], body: big(2_000_000) })],
  ['a larger JSON body', both({ headers: [json], body: JSON.stringify({ filler: 'x'.repeat(150_000) }) })],
  ['GET', [{ method: 'GET', path: '/token?grant_type=password&scope=a', framing: 'none' }]],
  ['GET with a body', [{ method: 'GET', headers: [form], body: encode(password) }]],
  [
    'GET with our grant',
    [{ method: 'GET', path: `/token?grant_type=${encodeURIComponent(JWT_BEARER_GRANT)}&assertion=x`, framing: 'none' }],
  ],
  ['HEAD', [{ method: 'HEAD', framing: 'none' }]],
  ['OPTIONS', [{ method: 'OPTIONS', headers: ['Origin: https://app.example', 'Access-Control-Request-Method: POST'], framing: 'none' }]],
  ['PUT', [{ method: 'PUT', headers: [form], body: encode(password) }]],
  ['DELETE', [{ method: 'DELETE', framing: 'none' }]],
]

/** Client assertions on grants of the host: those that the suite would refuse, those that it would take, and those that nobody can read. */
const assertionsForTheHost: [string, () => Record<string, string>][] = [
  ['client_credentials', () => clientCredentials()],
  ['client_credentials for the token endpoint', () => clientCredentials(byJwt(clientAssertion({ aud: tokenEndpointUrl })))],
  ['client_credentials with two values in aud', () => clientCredentials(byJwt(clientAssertion({ aud: [issuer, tokenEndpointUrl] })))],
  ['client_credentials for two hours', () => clientCredentials(byJwt(clientAssertion({ exp: Math.floor(Date.now() / 1000) + 7200 })))],
  ['an authorization code', () => ({ grant_type: 'authorization_code', code: 'x', ...byJwt() })],
  ['a refresh token, by an unknown client', () => ({ grant_type: 'refresh_token', ...byJwt(clientAssertion({ iss: 'nobody' })) })],
  ['a secret beside it', () => ({ ...password, ...byJwt(), client_id: 'post-client', client_secret: 'post-secret' })],
  ['no JWT', () => ({ grant_type: 'refresh_token', ...byJwt('x') })],
  ['a JWT-SVID', () => ({ grant_type: 'refresh_token', ...byJwt(), client_assertion_type: JWT_SPIFFE_CLIENT_ASSERTION })],
  ['no client_assertion_type', () => ({ grant_type: 'refresh_token', client_assertion: clientAssertion() })],
  ['no grant type', () => ({ code: 'x', ...byJwt() })],
  ['an unknown grant type', () => ({ grant_type: 'urn:example:odd', ...byJwt() })],
  ['a body larger than ours', () => ({ grant_type: 'refresh_token', ...byJwt(), filler: 'x'.repeat(40_000) })],
]

/** The answer, or how it failed to come. */
const answer = (server: Server, request: RawRequest): Promise<RawResponse | string> =>
  sendRaw(server, request).catch((error: Error) => error.message)

/** Which requests come to which host, on a connection of their own or on one for all of them. */
const meetings = new Set(
  combinations(
    expresses.map(([version]) => version),
    hosts.map(([name]) => name),
    recorded.map(([what]) => what),
    ['alone', 'together'],
  ).map((meeting) => meeting.join()),
)

describe.each(expresses)('fallthrough on %s', (version, express) => {
  describe.each(hosts)('in front of a host with %s', (name, hostOf) => {
    const met = (how: 'alone' | 'together') => recorded.filter(([what]) => meetings.has([version, name, what, how].join()))
    let bare: Running
    let wrapped: Running
    beforeAll(() => {
      bare = startHost(express, hostOf(express), null)
      wrapped = startHost(express, hostOf(express), {})
    })

    it.each(met('alone'))('changes nothing for %s', async (_, requests) => {
      for (const request of requests) {
        const expected = await answer(bare.server, request)
        expect(expected).toMatchObject({ status: expect.any(Number) })
        expect(await answer(wrapped.server, request)).toEqual(expected)
      }
      expect(withoutHandedOn(wrapped.events)).toEqual([])
    })

    it('changes nothing on a connection that is used for all of them', async () => {
      const connections = [new RawConnection(bare.server), new RawConnection(wrapped.server)] as const
      for (const [_, requests] of met('together')) {
        for (const request of requests) {
          const [expected, received] = await Promise.all(connections.map((connection) => connection.ask(request)))
          expect(received).toEqual(expected)
        }
      }
      for (const connection of connections) connection.close()
    })

    it.each(['length', 'chunked'] as const)('changes nothing for what follows a large body (%s)', async (framing) => {
      for (const { server } of [bare, wrapped]) {
        const connection = new RawConnection(server)
        await connection.ask({ headers: [form], body: big(2_000_000), framing })
        expect(await connection.ask({ headers: [form], body: encode(password) })).toMatchObject({ status: 200 })
        connection.close()
      }
    })

    it('changes nothing for a body that comes in pieces', async () => {
      const request = { headers: [form], body: encode(password) }
      const answers: RawResponse[] = []
      for (const { server } of [bare, wrapped]) {
        const connection = new RawConnection(server)
        connection.socket.setNoDelay(true)
        const bytes = bytesOf({ ...request, framing: 'length' })
        for (const [start, end] of [
          [0, -30],
          [-30, -20],
          [-20, -1],
          [-1, bytes.length],
        ] as const) {
          connection.socket.write(bytes.subarray(start, end))
          await delay(5)
        }
        answers.push(await connection.response())
        connection.close()
      }
      expect(answers[1]).toEqual(answers[0])
    })

    const framings = ['length', 'chunked'] as const
    const isUnread = !hostOf(express).parsesBefore // a parser in front reads all of it, within its own limit

    if (isUnread)
      it.each(framings)('leaves a body to the host if nothing in its first 32 KiB is for the suite (%s)', async (framing) => {
        for (const size of [32_720, 32_760, 40_000]) {
          const raw = { headers: [form], body: `${big(size, 'x=y')}&grant_type=${JWT_BEARER_GRANT}`, framing }
          expect(await answer(wrapped.server, raw)).toEqual(await answer(bare.server, raw))
        }
        const raw = { headers: [form], body: `grant_type=${JWT_BEARER_GRANT}&${big(40_000, 'x=y')}`, framing }
        expect(await answer(wrapped.server, raw)).toMatchObject({ status: 413, headers: { 'cache-control': 'no-store' } })
      })

    it('T-73: with hostVerifiesClientAssertions, changes nothing for a client_assertion on a grant of the host', async () => {
      const trusting = startHost(express, hostOf(express), { hostVerifiesClientAssertions: true })
      const isMet = (index: number) =>
        testAll || index % hosts.length === hosts.findIndex(([each]) => each === name) % assertionsForTheHost.length
      for (const [_, parameters] of assertionsForTheHost.filter((_, index) => isMet(index))) {
        for (const request of both({ headers: [form], body: encode(parameters()) })) {
          const expected = await answer(bare.server, request)
          expect(expected).toMatchObject({ status: expect.any(Number) })
          expect(await answer(trusting.server, request)).toEqual(expected)
        }
      }
      expect(withoutHandedOn(trusting.events)).toEqual([])
      expect(await sendRaw(trusting.server, { headers: [form], body: encode(grantRequest()) })).toMatchObject({ status: 200 })
      expect(withoutHandedOn(trusting.events)).toMatchObject([
        { outcome: 'issued', client_id: 'jwt-client', client_auth_method: 'private_key_jwt' },
      ])
    })

    if (isUnread)
      it('TE-11: answers an empty chunked form, whose end could not be given back', async () => {
        const connection = new RawConnection(wrapped.server)
        const empty = { headers: [form], framing: 'chunked' } as const
        const response = await connection.ask(empty)
        expect(response).toMatchObject({ status: 400, headers: { 'cache-control': 'no-store' } })
        expect(wrapped.events.at(-1)).toMatchObject({ outcome: 'refused', reason: 'missing_parameter' })
        const next = { headers: [form], body: encode(password) }
        expect(await connection.ask(next)).toEqual(await answer(bare.server, next))
        connection.close()
      })

    it('serves what is for the suite', async () => {
      const seen = wrapped.events.length
      const [headers, requests] = [[form], [encode(grantRequest()), encode(clientCredentials())]]
      for (const body of requests) {
        expect(await sendRaw(wrapped.server, { headers, body })).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } })
        expect(wrapped.events.at(-1)).toMatchObject({ outcome: 'issued' })
      }
      expect(wrapped.events.length - seen).toBe(requests.length)
    })

    describe('for a grant of the host with a client_assertion', () => {
      const request = (parameters: Record<string, string>): RawRequest => ({
        headers: [form],
        body: encode({ grant_type: 'authorization_code', code: 'x', ...parameters }),
      })

      it.each(['length', 'chunked'] as const)('JC-05: the handler knows the client and gets its body (%s)', async (framing) => {
        const client_assertion = clientAssertion()
        const raw = { ...request(byJwt(client_assertion)), framing }
        const { status, body, headers } = await sendRaw(wrapped.server, raw)
        const expected = JSON.parse((await sendRaw(bare.server, raw)).body)
        expect(JSON.parse(body)).toEqual({ ...expected, client_id: 'jwt-client', level: 'authenticated', assertion: 'jwt-client' })
        expect({ status, legacy: headers['x-legacy'] }).toEqual({ status: 200, legacy: 'yes' })
        if (!/no interest|everything/.test(name)) {
          expect(expected.body).toMatchObject({ grant_type: 'authorization_code', code: 'x' })
        }
        await until(() => wrapped.events.at(-1)?.outcome === 'handed_on')
        expect(wrapped.events.at(-1)).toMatchObject({
          outcome: 'handed_on',
          status: 200,
          client_id: 'jwt-client',
          client_auth_method: 'private_key_jwt',
          claimed: { grant_type: 'authorization_code', client_id: 'jwt-client' },
        })
        // it was one-time, and is spent
        expect(await sendRaw(wrapped.server, raw)).toMatchObject({ status: 401 })
        expect(wrapped.events.at(-1)).toMatchObject({ outcome: 'refused', reason: 'jti_replayed' })
      })

      it.each<[string, () => Record<string, string>, number, string]>([
        ['by a wrong key', () => byJwt(clientAssertion({}, { key: keys.other })), 401, 'invalid_client'],
        ['that has expired', () => byJwt(clientAssertion({ exp: 1 })), 401, 'invalid_client'],
        ['of another client', () => ({ ...byJwt(), client_id: 'other-client' }), 401, 'invalid_client'],
        ['that is no JWT', () => byJwt('x'), 401, 'invalid_client'],
        ['beside a secret', () => ({ ...byJwt(), client_secret: 'x' }), 401, 'invalid_client'],
        ['without type', () => ({ client_assertion: clientAssertion() }), 400, 'invalid_request'],
      ])('JC-05 JC-04: one %s is refused by the suite', async (_, parameters, status, error) => {
        const response = await sendRaw(wrapped.server, request(parameters()))
        expect(response).toMatchObject({ status, headers: { 'cache-control': 'no-store', pragma: 'no-cache' } })
        expect(response.headers).not.toHaveProperty('x-legacy')
        expect(JSON.parse(response.body)).toMatchObject({ error })
        expect(wrapped.events.at(-1)).toMatchObject({ outcome: 'refused', status })
      })

      it.each<[string, (good: string) => RawRequest, number]>([
        ['a repeated parameter', (good) => ({ headers: [form], body: `${good}&code=y` }), 400],
        ['a second client_assertion', (good) => ({ headers: [form], body: `${good}&client_assertion=y` }), 400],
        ['a bad escape', (good) => ({ headers: [form], body: `${good}&state=%zz` }), 400],
        [
          'too many parameters',
          (good) => ({ headers: [form], body: good + Array.from({ length: 50 }, (_, i) => `&x${i}=`).join('') }),
          413,
        ],
        ['a parameter in the URL', (good) => ({ path: '/token?client_id=jwt-client', headers: [form], body: good }), 400],
        ['another charset', (good) => ({ headers: [`${form}; charset=iso-8859-1`], body: good }), 400],
        ['two Authorization headers', (good) => ({ headers: [form, 'Authorization: a', 'Authorization: b'], body: good }), 400],
      ])('TE-05 TE-10: the suite is strict with it: %s', async (what, raw, status) => {
        const good = request(byJwt())
        const response = await sendRaw(wrapped.server, raw(good.body as string))
        // its own parser refused first, or had repaired it
        const isDecidedBefore = hostOf(express).parsesBefore && (response.status === 415 || what === 'a bad escape')
        if (isDecidedBefore) expect(response.status).toBe(what === 'a bad escape' ? 200 : 415)
        else {
          expect(response).toMatchObject({ status, headers: { 'cache-control': 'no-store' } })
          expect(JSON.parse(response.body)).toMatchObject({ error: 'invalid_request' })
        }
        if (response.status !== 200)
          expect(await sendRaw(wrapped.server, good)).toMatchObject({ status: 200, headers: { 'x-legacy': 'yes' } })
      })

      if (isUnread)
        it.each(framings)('T-32: of a body larger than ours nothing is believed (%s)', async (framing) => {
          const good = request(byJwt())
          const response = await sendRaw(wrapped.server, {
            ...good,
            body: `${big(40_000, good.body as string)}&client_id=other-client`,
            framing,
          })
          expect(response).toMatchObject({ status: 413, headers: { 'cache-control': 'no-store' } })
          expect(wrapped.events.at(-1)).toMatchObject({ reason: 'body_too_large' })
          expect(await sendRaw(wrapped.server, good)).toMatchObject({ status: 200, headers: { 'x-legacy': 'yes' } })
        })
    })
  })

  describe('whose request it is', () => {
    const host: Host = { before: [], behind: [express.urlencoded({ extended: false })] }
    const isLegacy = ({ headers }: RawResponse) => headers['x-legacy'] === 'yes'
    const post = async (ours: Partial<Options>, parameters: Record<string, string>, headers: string[] = []) => {
      const { server, events } = startHost(express, host, ours)
      const response = await sendRaw(server, { headers: [form, ...headers], body: encode(parameters) })
      return { status: response.status, legacy: isLegacy(response), reason: events.at(-1)?.reason }
    }
    const bySecret = { client_id: 'post-client', client_secret: 'post-secret' }

    it.each<[string, Partial<Options>, () => Record<string, string>, { status: number; legacy: boolean; reason?: string }]>([
      ['client_credentials with a secret: the host', {}, () => clientCredentials(bySecret), { status: 400, legacy: true }],
      ['client_credentials with a JWT: ours', {}, () => clientCredentials(), { status: 200, legacy: false }],
      [
        'client_credentials with a secret, listed: ours',
        { grantTypes: [CLIENT_CREDENTIALS] },
        () => clientCredentials(bySecret),
        { status: 200, legacy: false },
      ],
      [
        'client_credentials with a wrong secret, listed: ours',
        { grantTypes: [CLIENT_CREDENTIALS, JWT_BEARER_GRANT] },
        () => clientCredentials({ ...bySecret, client_secret: 'x' }),
        { status: 401, legacy: false, reason: 'client_secret_mismatch' },
      ],
      [
        'client_credentials, not listed: the host',
        { grantTypes: [JWT_BEARER_GRANT] },
        () => clientCredentials(bySecret),
        { status: 400, legacy: true },
      ],
      [
        'client_credentials with a JWT, not listed: the host, for a client that is known',
        { grantTypes: [JWT_BEARER_GRANT] },
        () => clientCredentials(),
        { status: 400, legacy: true },
      ],
      ['jwt-bearer: ours', {}, () => grantRequest(), { status: 200, legacy: false }],
      ['jwt-bearer with a secret: ours', {}, () => grantRequest(grant(), bySecret), { status: 200, legacy: false }],
      [
        'jwt-bearer without assertion: ours',
        {},
        () => ({ grant_type: JWT_BEARER_GRANT }),
        { status: 400, legacy: false, reason: 'missing_parameter' },
      ],
      [
        'jwt-bearer with a wrong assertion: ours',
        {},
        () => grantRequest(grant({}, { key: keys.other })),
        { status: 400, legacy: false, reason: 'key_not_found' },
      ],
      [
        'jwt-bearer, not listed: the host',
        { grantTypes: [CLIENT_CREDENTIALS] },
        () => ({ grant_type: JWT_BEARER_GRANT, assertion: 'x' }),
        { status: 400, legacy: true },
      ],
      [
        'another client_assertion_type on a grant of the host: the host',
        {},
        () => ({ ...password, client_assertion: 'x', client_assertion_type: 'urn:example:other' }),
        { status: 200, legacy: true },
      ],
      [
        'another client_assertion_type on our grant: ours',
        {},
        () => grantRequest(grant(), { client_assertion: 'x', client_assertion_type: 'urn:example:other' }),
        { status: 401, legacy: false, reason: 'unsupported_client_assertion_type' },
      ],
      [
        'a client_assertion where private_key_jwt is not enabled: the host',
        { clientAuthMethods: ['client_secret_basic', 'none'] },
        () => ({ ...password, ...byJwt() }),
        { status: 200, legacy: true },
      ],
      [
        'the same with client_credentials, which the host may serve: the host',
        { clientAuthMethods: ['client_secret_basic', 'none'] },
        () => ({ grant_type: CLIENT_CREDENTIALS, ...byJwt() }),
        { status: 400, legacy: true }, // its own word
      ],
      [
        'an empty client_assertion on a grant of the host: the host',
        {},
        () => ({ ...password, client_assertion: '', client_assertion_type: '' }),
        { status: 200, legacy: true },
      ],
      [
        'T-73: a client_assertion that the host verifies, with client_credentials: the host',
        { hostVerifiesClientAssertions: true },
        () => clientCredentials(),
        { status: 400, legacy: true }, // its own word
      ],
      [
        'T-73: the same, with client_credentials listed: ours',
        { hostVerifiesClientAssertions: true, grantTypes: [CLIENT_CREDENTIALS] },
        () => clientCredentials(),
        { status: 200, legacy: false },
      ],
      [
        'T-73: the same, listed, and wrong: ours',
        { hostVerifiesClientAssertions: true, grantTypes: [CLIENT_CREDENTIALS] },
        () => clientCredentials(byJwt(clientAssertion({ aud: tokenEndpointUrl }))),
        { status: 401, legacy: false, reason: 'aud_not_registered' },
      ],
      [
        'T-73: client_credentials with a secret, listed: ours',
        { hostVerifiesClientAssertions: true, grantTypes: [CLIENT_CREDENTIALS] },
        () => clientCredentials(bySecret),
        { status: 200, legacy: false },
      ],
      [
        'T-73: jwt-bearer with a wrong client_assertion: ours, whoever verifies the others',
        { hostVerifiesClientAssertions: true },
        () => grantRequest(grant(), byJwt(clientAssertion({}, { key: keys.other }))),
        { status: 401, legacy: false, reason: 'key_not_found' },
      ],
      [
        'T-73: jwt-bearer with another client_assertion_type: ours',
        { hostVerifiesClientAssertions: true },
        () => grantRequest(grant(), { client_assertion: 'x', client_assertion_type: 'urn:example:other' }),
        { status: 401, legacy: false, reason: 'unsupported_client_assertion_type' },
      ],
      [
        'T-73: jwt-bearer, not listed, with a client_assertion: the host',
        { hostVerifiesClientAssertions: true, grantTypes: [CLIENT_CREDENTIALS] },
        () => grantRequest(),
        { status: 400, legacy: true },
      ],
    ])('%s', async (_, ours, parameters, expected) => {
      expect(await post(ours, parameters())).toEqual({ reason: undefined, ...expected })
    })

    it('T-73: steps know nothing of a client_assertion that the host verifies', async () => {
      const states: unknown[] = []
      const noting: RequestHandler = (req, _res, next) => {
        states.push({ ...req.tokenState })
        next()
      }
      const { server } = startHost(express, { before: [], behind: [noting] }, { hostVerifiesClientAssertions: true })
      await sendRaw(server, { headers: [form], body: encode({ grant_type: 'refresh_token', ...byJwt() }) })
      expect(states).toEqual([{ request: null, client: null, grant: null, response: null }])
    })

    it('T-73 BI-11: `observe` tries out client assertions of served grants only, if the host verifies the others', async () => {
      const ours: Partial<Options> = { hostVerifiesClientAssertions: true, clientAssertions: { mode: 'observe' } }
      const { server, events } = startHost(express, host, ours)
      const two = { ...byJwt(clientAssertion({ iss: 'post-client' })), ...bySecret }
      const send = (parameters: Record<string, string>) => sendRaw(server, { headers: [form], body: encode(parameters) })
      expect(isLegacy(await send({ ...password, ...two }))).toBe(true)
      expect(isLegacy(await send(clientCredentials(two)))).toBe(true)
      expect(withoutHandedOn(events)).toEqual([])
      expect(await send(grantRequest(grant(), two))).toMatchObject({ status: 200 })
      expect(withoutHandedOn(events)).toMatchObject([
        { outcome: 'issued', client_auth_method: 'client_secret_post', observed: { method: 'private_key_jwt', result: 'jwks_invalid' } },
      ])
    })

    it('client_credentials with Basic: the host by default, ours where it is listed', async () => {
      const header = [`Authorization: ${basic('basic-client', 'basic-secret')}`]
      const parameters = { grant_type: CLIENT_CREDENTIALS }
      expect(await post({}, parameters, header)).toMatchObject({ status: 400, legacy: true })
      expect(await post({ grantTypes: [CLIENT_CREDENTIALS] }, parameters, header)).toMatchObject({ status: 200, legacy: false })
    })

    it('T-28: jwt-bearer in the URL alone stays with the host', async () => {
      const { server } = startHost(express, host, {})
      const raw = { path: `/token?grant_type=${encodeURIComponent(JWT_BEARER_GRANT)}&assertion=x`, headers: [form], body: encode(password) }
      expect(isLegacy(await sendRaw(server, raw))).toBe(true)
    })

    it.each([
      [`grant_type=password&grant_type=${JWT_BEARER_GRANT}`, 'duplicate_parameter'],
      [`grant_type=${JWT_BEARER_GRANT}&grant_type=password`, 'duplicate_parameter'],
      [`${encode({ ...password, ...byJwt('x') })}&client_assertion_type=urn:example:other`, 'duplicate_parameter'],
    ])('TE-05: %s is ours, and refused: parsers would not agree on it', async (body, reason) => {
      const { server, events } = startHost(express, host, {})
      expect(await sendRaw(server, { headers: [form], body })).toMatchObject({ status: 400 })
      expect(events).toMatchObject([{ outcome: 'refused', reason }])
    })

    it.each(['length', 'chunked'] as const)('T-32: a large body waits for its reader outside of the memory (%s)', async (framing) => {
      const lengths: number[] = []
      const noting: RequestHandler = async (req, _res, next) => {
        await delay(100)
        lengths.push(req.readableLength)
        next()
      }
      const { server } = startHost(express, { before: [slow], behind: [noting, reading(byEvents)] }, {})
      const connection = new RawConnection(server)
      for (let turn = 0; turn < 3; turn++) {
        const { status, body } = await connection.ask({ headers: [form], body: big(2_000_000), framing })
        expect({ status, body: JSON.parse(body).body }).toMatchObject({ status: 200, body: expect.stringContaining('2000000 bytes') })
      }
      connection.close()
      for (const length of lengths) expect(length).toBeLessThan(400_000)
    })

    it('T-36: a sender who leaves in mid-body harms nobody', async () => {
      const { server } = startHost(express, host, {})
      const connection = new RawConnection(server)
      connection.socket.write(bytesOf({ headers: [form], body: encode(password) }).subarray(0, -5))
      await delay(30)
      connection.close()
      await delay(30)
      expect(isLegacy(await sendRaw(server, { headers: [form], body: encode(password) }))).toBe(true)
    })
  })
})

describe.each(expresses)('who still uses a secret, with fallthrough on %s', (_, express) => {
  const world = startWorld(express, {
    options: { fallthrough: true },
    after: [express.json(), express.urlencoded({ extended: false }), (_req, res) => void res.status(201).json({ old: true })],
  })
  const send = async (request: RawRequest) => {
    world.events.length = 0
    expect(await sendRaw(world.server, request)).toMatchObject({ status: 201, body: '{"old":true}' })
    await delay(20)
    return world.events
  }
  const byBasic = `Authorization: ${basic('basic-client', 'hunter2')}`
  const basicOf = (text: string) => `Authorization: Basic ${Buffer.from(text).toString('base64')}`
  const refresh = 'grant_type=refresh_token&refresh_token=hunter2'

  it.each<[name: string, request: RawRequest, claimed: TokenEndpointEvent['claimed']]>([
    [
      'a secret in the body',
      { headers: [form], body: `${refresh}&client_id=a&client_secret=hunter2` },
      { grant_type: 'refresh_token', client_id: 'a', client_auth_method: 'client_secret_post' },
    ],
    [
      'a secret in the body of client_credentials',
      { headers: [form], body: 'grant_type=client_credentials&client_id=a&client_secret=hunter2' },
      { grant_type: 'client_credentials', client_id: 'a', client_auth_method: 'client_secret_post' },
    ],
    [
      'HTTP Basic',
      { headers: [form, byBasic], body: refresh },
      { grant_type: 'refresh_token', client_id: 'basic-client', client_auth_method: 'client_secret_basic' },
    ],
    [
      'HTTP Basic and a secret in the body',
      { headers: [form, byBasic], body: `${refresh}&client_secret=hunter2` },
      { grant_type: 'refresh_token', client_id: 'basic-client', client_auth_method: 'client_secret_basic' },
    ],
    [
      'HTTP Basic whose client_id is form-encoded',
      { headers: [form, basicOf('a%3Ab+c:hunter2')], body: refresh },
      { grant_type: 'refresh_token', client_id: 'a:b c', client_auth_method: 'client_secret_basic' },
    ],
    [
      'HTTP Basic with a bad escape',
      { headers: [form, basicOf('100%:hunter2')], body: refresh },
      { grant_type: 'refresh_token', client_id: '100%', client_auth_method: 'client_secret_basic' },
    ],
    [
      'HTTP Basic without a colon, which may all be a secret',
      { headers: [form, basicOf('hunter2')], body: refresh },
      { grant_type: 'refresh_token', client_auth_method: 'client_secret_basic' },
    ],
    [
      'HTTP Basic beside JSON, which is not read',
      { headers: ['Content-Type: application/json', byBasic], body: '{"grant_type":"refresh_token"}' },
      { client_id: 'basic-client', client_auth_method: 'client_secret_basic' },
    ],
  ])('T-64: one event for %s, without the secret', async (_name, request, claimed) => {
    for (const framed of both(request)) {
      const events = await send(framed)
      expect(events).toMatchObject([{ outcome: 'handed_on', status: 201, notices: [] }])
      expect(events[0]?.claimed).toEqual(claimed)
      expect([events[0]?.client_id, events[0]?.reason]).toEqual([undefined, undefined])
      expect(JSON.stringify(events)).not.toContain('hunter2')
    }
    expect(world.calls).toEqual({ findClient: 0, findIssuer: 0, authorizeGrant: 0, mintToken: 0 })
  })

  it.each<[name: string, request: RawRequest]>([
    ['no credential', { headers: [form], body: refresh }],
    ['a client_id alone', { headers: [form], body: `${refresh}&client_id=a` }],
    ['an empty secret', { headers: [form], body: `${refresh}&client_id=a&client_secret=` }],
    ['another scheme', { headers: [form, 'Authorization: Bearer hunter2'], body: refresh }],
    ['another method', { method: 'PUT', headers: [form, byBasic], body: refresh }],
  ])('no event for %s', async (_name, request) => {
    expect(await send(request)).toEqual([])
  })
})

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition() && turn < 400; turn++) await delay(5)
}
