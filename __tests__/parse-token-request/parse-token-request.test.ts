import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { type RequestHandler, urlencoded } from 'express'
import request from 'supertest'
import { oauthErrorCodes, refusals } from '../../lib/host/errors.js'
import { CLIENT_CREDENTIALS, JWT_BEARER_GRANT, parseTokenRequest, tokenEndpoint } from '../../lib/index.js'
import { knownParameters } from '../../lib/parse-token-request/form.js'
import { anyExpress, type ExpressFactory, expresses } from '../support/express.js'
import { bytesOf, encode, form, RawConnection, type RawRequest, sendRaw } from '../support/raw.js'
import {
  basic,
  byJwt,
  clientAssertion,
  clientCredentials,
  grant,
  grantRequest,
  hooks,
  idp,
  issuer,
  startWorld,
  type World,
  type WorldOptions,
} from '../support/world.js'

/** Hooks as options take them. */
const plainHooks = (over: Parameters<typeof hooks>[0] = {}) => {
  const { calls: _, ...plain } = hooks(over)
  return plain
}

type Reason = keyof typeof refusals

const goodForm = () => encode(grantRequest())
/** A good form, filled up with a parameter that nobody knows to exactly `size` bytes. */
const formOf = (size: number, start = goodForm()) => `${start}&filler=`.padEnd(size, 'x')
/** A good form, filled up to `count` parameters. */
const pairs = (count: number, start = goodForm()) =>
  [...start.split('&'), ...Array.from({ length: count - start.split('&').length }, (_, i) => `filler${i}=x`)].join('&')

/** The response is the refusal `reason`, whole and in form, and the event says so. */
function expectRefusal(
  world: World,
  { status, headers, body }: { status: number; headers: Record<string, string>; body: string | object },
  reason: Reason,
) {
  const [expectedStatus, error, error_description] = refusals[reason]
  expect({ status, body: typeof body === 'string' ? JSON.parse(body) : body }).toEqual({
    status: expectedStatus,
    body: { error, error_description },
  })
  expect(headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  })
  expect(world.last()).toMatchObject({ outcome: 'refused', status: expectedStatus, error, reason, step: 'parseTokenRequest' })
}

/** Sends a request that must be refused before anybody was asked anything; the same JWTs then do their work. */
async function expectUnspent(world: World, reason: Reason, good: string, bad: RawRequest) {
  const calls = { ...world.calls }
  expectRefusal(world, await sendRaw(world.server, bad), reason)
  expect(world.calls).toMatchObject(calls)
  expect((await world.post(good)).status).toBe(200)
}

/** Only this step, and a handler that shows what it made of the request. */
function startParser(express: ExpressFactory, before: RequestHandler[] = []) {
  const app = express()
  for (const middleware of before) app.use(middleware)
  app.use('/token', parseTokenRequest({ issuer, hooks: {} }), (req, res) => {
    const { request } = req.tokenState ?? {}
    const isPlain = Object.getPrototypeOf(request?.parameters) === null && Object.isFrozen(request) && Object.isFrozen(request?.parameters)
    res.json({ ...request, isPlain })
  })
  return { post: (body: string) => request(app).post('/token').type('form').send(body) }
}

describe.each(anyExpress)('parseTokenRequest on %s shows what it saw', (_, express) => {
  const text = (body: string, headers: string[] = []): RawRequest => ({ headers: [form, ...headers], body })
  it.each<[name: string, request: RawRequest, detail: object]>([
    ['JSON', { headers: ['Content-Type: application/json'], body: '{}' }, { seen: 'application/json' }],
    ['gzip', text('x', ['Content-Encoding: gzip']), { seen: 'gzip', wanted: 'identity' }],
    ['a bad escape', text('grant_type=x&code=%zz'), { seen: { readable_parameters: ['grant_type'] }, wanted: 'form-encoded UTF-8' }],
    ['brackets', text('grant_type=x&scope[]=a'), { wanted: 'plain names, without brackets' }],
    ['many', text('x&'.repeat(60)), { seen: { readable_parameters: [] }, wanted: 'fewer parameters than limits.parameters' }],
    ['no grant type', text('code=x&scope=y'), { seen: ['code', 'scope'], wanted: 'grant_type' }],
    ['no assertion', text(`grant_type=${JWT_BEARER_GRANT}&scope=y`), { seen: ['grant_type', 'scope'], wanted: 'assertion' }],
  ])('%s', async (_name, request, detail) => {
    const world = startWorld(express)
    await sendRaw(world.server, request)
    expect(world.last().detail).toMatchObject(detail)
  })

  it('a list in req.body', async () => {
    const parser: RequestHandler = (req, _res, next) => {
      req.body = { grant_type: { x: 'y' } }
      next()
    }
    const world = startWorld(express, { before: [parser] })
    await sendRaw(world.server, { headers: [form, 'Content-Length: 0'], framing: 'none' })
    expect(world.last().detail).toEqual({ seen: { grant_type: 'object' }, wanted: 'a plain string' })
  })

  it('names itself if its options are wrong', () => {
    expect(() => parseTokenRequest(undefined as never)).toThrow('parseTokenRequest: options must be an object')
  })

  it('T-32: a body that is cut off in the middle of a value is not ours by what is left of that value', async () => {
    const start = `grant_type=password&grant_type=${JWT_BEARER_GRANT}`
    const legacy: RequestHandler = (_req, res) => void res.json({ legacy: true })
    const world = startWorld(express, { options: { fallthrough: true, limits: { body: start.length } }, after: [legacy] })
    const answerTo = async (body: string) => JSON.parse((await sendRaw(world.server, { headers: [form], body })).body)
    expect(await answerTo(`${start}-of-another-kind`)).toEqual({ legacy: true })
    expect((await answerTo(`grant_type=${JWT_BEARER_GRANT}&${'x'.repeat(start.length)}`)).error).toBe('invalid_request')
  })
})

describe.each(expresses)('parseTokenRequest on %s', (_, express) => {
  const world = startWorld(express)
  const start = (options: WorldOptions) => startWorld(express, options)

  describe('method', () => {
    it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])('TE-01 T-34 RS-02: %s is no token request', async (method) => {
      const body = goodForm()
      const { headers, ...response } = await sendRaw(world.server, { method, headers: [form], body: method === 'HEAD' ? '' : body })
      expect(headers).toMatchObject({ allow: 'POST', 'cache-control': 'no-store', pragma: 'no-cache' })
      expect(headers).not.toHaveProperty('access-control-allow-origin')
      if (method === 'HEAD') expect(response).toMatchObject({ status: 405, body: '' })
      else expectRefusal(world, { ...response, headers }, 'method_not_allowed')
      expect((await world.post(body)).status).toBe(200)
    })

    it('T-34: OPTIONS is left to the host, for its CORS', async () => {
      const cors = start({ after: [(_req, res) => void res.set('Access-Control-Allow-Origin', 'https://app.example').status(204).end()] })
      const { status, headers } = await sendRaw(cors.server, { method: 'OPTIONS', framing: 'none' })
      expect({ status, origin: headers['access-control-allow-origin'], cache: headers['cache-control'] }).toEqual({
        status: 204,
        origin: 'https://app.example',
        cache: undefined,
      })
      expect((await sendRaw(world.server, { method: 'OPTIONS', framing: 'none' })).status).toBe(404)
      expect(cors.events).toEqual([])
    })
  })

  describe('content type', () => {
    it.each<[string, string[]]>([
      ['none', []],
      ['empty', ['Content-Type: ']],
      ['JSON', ['Content-Type: application/json']],
      ['text', ['Content-Type: text/plain']],
      ['multipart', ['Content-Type: multipart/form-data; boundary=x']],
      ['anything', ['Content-Type: */*']],
      ['half', ['Content-Type: application/']],
      ['longer', ['Content-Type: application/x-www-form-urlencoded-x']],
      ['prefixed', ['Content-Type: x-application/x-www-form-urlencoded']],
      ['two in one', ['Content-Type: application/x-www-form-urlencoded, application/json']],
      ['parameters without semicolon', ['Content-Type: application/x-www-form-urlencoded charset=utf-8']],
      ['latin1', [`${form}; charset=iso-8859-1`]],
      ['utf-16', [`${form}; charset=utf-16`]],
      ['quoted utf-16', [`${form}; charset="utf-16"`]],
      ['utf-7', [`${form};charset=UTF-7`]],
      ['empty charset', [`${form}; charset=`]],
      ['charset that only begins well', [`${form}; charset=utf-8x`]],
      ['two charsets', [`${form}; charset=utf-8; charset=iso-8859-1`]],
      ['two charsets, the other way round', [`${form}; charset=iso-8859-1; charset=utf-8`]],
      ['charset in a quoted parameter', [`${form}; x="; charset=utf-8"; charset=iso-8859-1`]],
      ['extended charset parameter', [`${form}; charset*=utf-8''iso-8859-1`]],
      ['two headers', [form, 'Content-Type: application/json']],
      ['two equal headers', [form, form]],
      ['two headers, the other way round', ['Content-Type: application/json', form]],
    ])('TE-02 TE-03 T-31: refuses %s', async (_, headers) => {
      const body = goodForm()
      await expectUnspent(world, 'unsupported_media_type', body, { headers, body })
    })

    it.each([
      'application/x-www-form-urlencoded',
      'APPLICATION/X-WWW-FORM-URLENCODED',
      'application/x-www-form-urlencoded;charset=utf-8',
      'application/x-www-form-urlencoded; charset=UTF-8',
      'application/x-www-form-urlencoded ; charset="utf-8"',
      'application/x-www-form-urlencoded; charset=utf-8; charset=UTF-8',
      'application/x-www-form-urlencoded; boundary=x; charset=utf-8',
      'application/x-www-form-urlencoded;',
    ])('TE-02 TE-03: takes %s', async (type) => {
      expect((await sendRaw(world.server, { headers: [`Content-Type: ${type}`], body: goodForm() })).status).toBe(200)
    })

    it.each(['application/json', 'application/json; charset=utf-8', 'application/vnd.oauth+json'])(
      "TE-02 T-31: refuses %s that the host's own parser read",
      async (type) => {
        const host = start({ before: [express.json({ type: '*/*' })] })
        const body = JSON.stringify(grantRequest())
        expectRefusal(host, await sendRaw(host.server, { headers: [`Content-Type: ${type}`], body }), 'unsupported_media_type')
      },
    )

    it('TE-02 T-29: a form is read as a form beside a host-wide express.json()', async () => {
      const parsing = start({ before: [express.json()] })
      const parameters = grantRequest()
      await expectUnspent(parsing, 'unsupported_media_type', encode(parameters), {
        headers: ['Content-Type: application/json'],
        body: JSON.stringify(parameters),
      })
    })
  })
})

describe.each(anyExpress)('parseTokenRequest on %s reads a body itself', (_, express) => {
  const world = startWorld(express)
  const start = (options: WorldOptions) => startWorld(express, options)

  describe('encoding', () => {
    const malformed: [string, string | Buffer][] = [
      ['a lone percent sign', 'scope=%'],
      ['half an escape', 'scope=%4'],
      ['no escape', 'scope=%zz'],
      ['half a character', 'scope=%C3'],
      ['a lone continuation byte', 'scope=%80'],
      ['an overlong slash', 'scope=%C0%AF'],
      ['a surrogate', 'scope=%ED%A0%80'],
      ['beyond Unicode', 'scope=%F5%80%80%80'],
      ['no UTF-8', 'scope=%FF'],
      ['raw latin1', Buffer.from('scope=caf\xe9', 'latin1')],
      ['raw latin1 in an unknown parameter', Buffer.from('unknown=caf\xe9', 'latin1')],
      ['raw overlong bytes', Buffer.from([...Buffer.from('scope='), 0xc0, 0xaf])],
      ['a bad escape in an unknown parameter', 'unknown=%zz'],
      ['a bad escape in a name', '%zz=1'],
      ['NUL', 'scope=read%00'],
      ['NUL, raw', 'scope=read\0'],
      ['a line break', 'scope=read%0D%0ASet-Cookie:x'],
      ['a line break in username', 'username=a%0Ab'],
      ['a tab', 'code=a%09b'],
      ['DEL', 'code=a%7F'],
    ]
    it.each(malformed)('TE-03 T-33: refuses %s', async (_, bad) => {
      const good = goodForm()
      const body = Buffer.concat([Buffer.from(`${good}&`), Buffer.from(bad)])
      await expectUnspent(world, 'parameter_malformed', good, { headers: [form], body })
    })

    it.each([
      ['grant_type', `${JWT_BEARER_GRANT}\0`],
      ['assertion', `${grant()}\n`],
      ['client_assertion', `\r\n${clientAssertion()}`],
      ['client_id', 'jwt-client\0'],
      ['resource', 'https://api.example.com/\0'],
    ])('T-33: refuses a control character in %s', async (name, value) => {
      expectRefusal(world, await world.post({ ...grantRequest(), [name]: value }), 'parameter_malformed')
    })

    it.each<[string, string, object]>([
      ['+ as space', 'scope=read+write', { scope: 'read write' }],
      ['%20 as space', 'scope=read%20write', { scope: 'read write' }],
      ['%2B as plus', 'client_id=a%2Bb', { client_id: 'a+b' }],
      ['escaped names', '%63lient_id=a', { client_id: 'a' }],
      ['UTF-8', 'username=%E2%82%AC%C3%A9%F0%9F%98%80', { username: '€é😀' }],
      ['raw UTF-8', 'username=€é😀', { username: '€é😀' }],
      ['a byte order mark as what it is', 'username=%EF%BB%BFa', { username: '\ufeffa' }],
      ['an equals sign in a value', 'code=a==b', { code: 'a==b' }],
      ['an escaped ampersand', 'code=a%26scope=b', { code: 'a&scope=b' }],
      ['a double escape, once', 'code=%2541', { code: '%41' }],
      ['empty pairs', '&&code=a&&', { code: 'a' }],
      ['a semicolon as no separator', 'code=a;scope=b', { code: 'a;scope=b' }],
    ])('TE-03: reads %s', async (_, body, parameters) => {
      const { status, body: seen } = await startParser(express).post(`grant_type=client_credentials&${body}`)
      expect({ status, seen }).toEqual({
        status: 200,
        seen: {
          grant_type: 'client_credentials',
          parameters: { grant_type: 'client_credentials', ...parameters },
          resource: [],
          audience: [],
          isPlain: true,
        },
      })
    })
  })

  describe('values', () => {
    it.each<[string, string, Reason]>([
      ['no grant_type', 'scope=read', 'missing_parameter'],
      ['grant_type without value', 'grant_type=&scope=read', 'missing_parameter'],
      ['grant_type without even an equals sign', 'grant_type&scope=read', 'missing_parameter'],
      ['a grant without assertion', encode({ grant_type: JWT_BEARER_GRANT, ...byJwt() }), 'missing_parameter'],
      ['a grant with an empty assertion', encode(grantRequest('')), 'missing_parameter'],
      ['Grant_Type', `Grant_Type=${CLIENT_CREDENTIALS}`, 'missing_parameter'],
      ['grant_type[]', `grant_type[]=${CLIENT_CREDENTIALS}`, 'parameter_shape'],
      ['grant_type[a]', `grant_type%5Ba%5D=${CLIENT_CREDENTIALS}`, 'parameter_shape'],
      ['grant_type.a', `grant_type.a=${CLIENT_CREDENTIALS}`, 'missing_parameter'],
      ['a name with a space', `grant_type+=${CLIENT_CREDENTIALS}`, 'missing_parameter'],
      ['no parameter at all', '', 'missing_parameter'],
      ['only ampersands', '&&&', 'missing_parameter'],
      ['an unknown grant type', 'grant_type=foo', 'unsupported_grant_type'],
      ["a grant type of the host's", 'grant_type=authorization_code&code=x', 'unsupported_grant_type'],
      ['a grant type in capitals', `grant_type=${JWT_BEARER_GRANT.toUpperCase()}&assertion=x`, 'unsupported_grant_type'],
      ['a grant type with a space behind', `grant_type=${JWT_BEARER_GRANT}+&assertion=x`, 'unsupported_grant_type'],
      ['a grant type with more behind', `grant_type=${JWT_BEARER_GRANT}-x&assertion=x`, 'unsupported_grant_type'],
      ['the short name of the grant', 'grant_type=jwt-bearer&assertion=x', 'unsupported_grant_type'],
      ['a grant type from the prototype', 'grant_type=__proto__', 'unsupported_grant_type'],
    ])('TE-04 TE-11 TE-12 JG-01 T-29 T-35: refuses %s', async (_, body, reason) => {
      expectRefusal(world, await world.post(body), reason)
    })

    it.each([
      ['client_secret', 'is no second mechanism'],
      ['client_id', 'names nobody'],
      ['scope', 'asks for the default'],
      ['resource', 'names no resource'],
      ['audience', 'names no audience'],
    ])('TE-04 T-35: %s without value %s', async (name) => {
      expect((await world.post(`${goodForm()}&${name}=`)).body).toMatchObject({ scope: 'read write' })
      expect((await world.post(`${goodForm()}&${name}`)).body).toMatchObject({ scope: 'read write' })
    })

    it('TE-04: client_assertion and its type without value are as good as none', async () => {
      const empty = { client_assertion: '', client_assertion_type: '', client_id: 'post-client', client_secret: 'post-secret' }
      expect((await world.post(clientCredentials(empty))).status).toBe(200)
    })

    const once = [...knownParameters].filter(([, times]) => times === 'once').map(([name]) => name)
    it.each(once)('TE-05 T-27: refuses %s twice, with equal or other values, full or empty', async (name) => {
      const parameters = grantRequest() as Record<string, string>
      const value = parameters[name] ?? 'x'
      const { [name]: ___, ...others } = parameters
      for (const [first, second] of [
        [value, value],
        [value, 'other'],
        [value, ''],
        ['', value],
        ['', ''],
      ] as const) {
        await expectUnspent(world, 'duplicate_parameter', encode(grantRequest()), {
          headers: [form],
          body: encode([...Object.entries(others), [name, first], [name, second]]),
        })
      }
      expect((await world.post(encode(parameters))).status).toBe(200)
    })

    it('TE-05: a name is the same name when it is escaped', async () => {
      const good = goodForm()
      await expectUnspent(world, 'duplicate_parameter', good, { headers: [form], body: `${good}&gr%61nt_type=foo` })
    })

    it('TE-06: resource and audience may repeat', async () => {
      const body = `grant_type=client_credentials&resource=https://a.example/&audience=x&resource=urn:b&resource=&audience=y`
      expect((await startParser(express).post(body)).body).toMatchObject({
        resource: ['https://a.example/', 'urn:b'],
        audience: ['x', 'y'],
        parameters: { grant_type: 'client_credentials' },
      })
      expect((await world.post(`${goodForm()}&resource=https://a.example/&resource=https://b.example/`)).status).toBe(200)
    })

    it.each([
      '/api',
      'api.example.com',
      'https://',
      'https://a.example/#',
      'https://a.example/#part',
      ' https://a.example/',
      'https://a.example/b c',
      'https:\\\\a.example',
      'https://a.example/\u00fc',
      'https://a.example/"',
    ])('RI-01: refuses resource=%s', async (resource) => {
      const good = goodForm()
      const bad = encode([...new URLSearchParams(good), ['resource', 'https://a.example/'], ['resource', resource]])
      await expectUnspent(world, 'target_invalid', good, { headers: [form], body: bad })
    })

    it('TE-07: ignores unknown parameters, also when they repeat', async () => {
      const body = `${goodForm()}&foo=1&foo=2&foo[]=3&Scope=admin&client_id.x=y&=z&state=${'s'.repeat(9000)}`
      expect((await world.post(body)).body).toMatchObject({ scope: 'read write' })
    })

    it.each(['client_id[]=victim', '[client_id]=victim', '%5Bclient_id%5D=victim', 'client_id[a]=victim', '[client_secret]=x'])(
      'TE-08: refuses %s, which a parser behind us reads as the plain name',
      async (more) => {
        expect((await world.post(`${goodForm()}&${more}`)).body.error).toBe('invalid_request')
        expect(world.last().reason).toBe('parameter_shape')
      },
    )

    it.each(['\ufeff', '?', '\ufeff?'])('T-12 T-74: refuses %j in front, which a parser behind us may strip', async (mark) => {
      const good = goodForm()
      await expectUnspent(world, 'parameter_malformed', good, { headers: [form], body: `${mark}client_id=victim&${good}` })
    })

    it('T-74: a grant behind a question mark is ours with `fallthrough`, and never reaches a handler that strips it', async () => {
      const seen: unknown[] = []
      const handler: RequestHandler = async (req, res) => {
        const body = Buffer.concat(await req.toArray())
        const parsed = await new Response(body, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }).formData()
        seen.push(Object.fromEntries(parsed))
        res.json({})
      }
      const host = start({ options: { fallthrough: true }, after: [handler] })
      await host.post('?grant_type=password&username=ann')
      expect(seen).toEqual([{ grant_type: 'password', username: 'ann' }])
      expectRefusal(host, await host.post(`?${goodForm()}`), 'parameter_malformed')
      expect(seen).toHaveLength(1)
    })

    it('TE-09 T-30: names of Object.prototype are ignored and pollute nothing', async () => {
      const names = [
        '__proto__',
        'constructor',
        'prototype',
        'hasOwnProperty',
        'toString',
        'valueOf',
        '__defineGetter__',
        '__proto__[polluted]',
      ]
      const more = names.flatMap((name) => [`${encodeURIComponent(name)}=x`, `${encodeURIComponent(name)}=y`]).join('&')
      expect((await world.post(`${more}&${goodForm()}`)).status).toBe(200)
      expect((await startParser(express).post(`grant_type=client_credentials&${more}`)).body.parameters).toEqual({
        grant_type: 'client_credentials',
      })
      expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    })

    it.each<[string, RawRequest, Reason]>([
      ['no body, no content type', { framing: 'none' }, 'unsupported_media_type'],
      ['no body', { headers: [form], framing: 'none' }, 'missing_parameter'],
      ['an empty body', { headers: [form], framing: 'length' }, 'missing_parameter'],
      ['an empty chunked body', { headers: [form], framing: 'chunked' }, 'missing_parameter'],
    ])('TE-09 TE-11: refuses %s', async (_, raw, reason) => {
      expectRefusal(world, await sendRaw(world.server, raw), reason)
    })

    it.each<[string, number]>([
      ['grant_type', 256],
      ['client_assertion', 8192],
      ['client_id', 1024],
      ['scope', 2048],
    ])('TE-15 T-14: refuses %s beyond %i characters', async (name, most) => {
      const good = grantRequest()
      expectRefusal(world, await world.post({ ...good, [name]: 'x'.repeat(most + 1) }), 'parameter_too_large')
      await world.post({ ...good, [name]: 'x'.repeat(most) })
      expect(world.last().reason).not.toBe('parameter_too_large')
      expect((await world.post(good)).status).toBe(200)
    })

    it('TE-15 T-14: refuses an assertion that is larger than a body may be', async () => {
      const parsed = start({ before: [urlencoded({ extended: false }) as RequestHandler] })
      expectRefusal(parsed, await parsed.post({ ...grantRequest(), assertion: 'x'.repeat(32_769) }), 'parameter_too_large')
      expect(parsed.calls).toMatchObject({ findIssuer: 0 })
    })

    it('TE-15: limits.assertion sets the length of a JWT', async () => {
      const [good, tight] = [grantRequest(), start({ options: { limits: { assertion: 100 } } })]
      expectRefusal(tight, await tight.post(good), 'parameter_too_large')
      const wide = start({ options: { limits: { assertion: 20_000 } } })
      expect((await wide.post(grantRequest(grant({ long: 'x'.repeat(9000) })))).status).toBe(200)
    })
  })
})

describe.each(expresses)('parseTokenRequest on %s', (_, express) => {
  const world = startWorld(express)
  const start = (options: WorldOptions) => startWorld(express, options)

  describe('URL', () => {
    it.each([...knownParameters.keys()])('TE-10 T-28: refuses %s in the query string', async (name) => {
      const body = goodForm()
      await expectUnspent(world, 'credential_in_query', body, { path: `/token?x=1&${name}=secret`, headers: [form], body })
    })

    it.each([
      '/token?client%5Fsecret=x',
      '/token?client_secret',
      '/token?&&assertion=',
      '/token/?scope=a',
      '/token?a=b&client_id=jwt-client#x',
      '/token?client_id[]=victim',
      '/token?[client_id]=victim',
      '/token?client_secret%5Bx%5D=victim',
      '/token??client_id=victim',
      '/token?x=y&%3Fclient_id=victim',
      '/token?%EF%BB%BFclient_id=victim',
    ])('TE-10 T-28 T-74: refuses %s', async (path) => {
      const body = goodForm()
      await expectUnspent(world, 'credential_in_query', body, { path, headers: [form], body })
    })

    it.each([
      '/token?',
      '/token?x[client_id]=1&client[_id]=2',
      '/token?x=1&x=2',
      '/token?__proto__=x&constructor=y',
      '/token?%zz',
      '/token/?tenant=a',
    ])('TE-10: other query parameters are the business of the host: %s', async (path) => {
      expect((await sendRaw(world.server, { path, headers: [form], body: goodForm() })).status).toBe(200)
    })

    it('TE-10 T-28: refuses one where app.post() leaves the path in req.url, too', async () => {
      const app = express()
      app.post('/token', parseTokenRequest({ issuer, hooks: {} }), (_req, res) => res.json({}))
      const post = (path: string) => request(app).post(path).type('form').send('grant_type=client_credentials')
      expect(await post('/token?client_secret=x')).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      expect(await post('/token?x=client_secret')).toMatchObject({ status: 200 })
    })

    it('TE-10 T-28: nothing is read from the query string', async () => {
      const response = await sendRaw(world.server, { path: `/token?${goodForm()}`, headers: [form] })
      expectRefusal(world, response, 'credential_in_query')
    })
  })

  describe("a body that the host's parser read", () => {
    const parsers: [string, RequestHandler[]][] = [
      ['urlencoded({ extended: true })', [express.urlencoded({ extended: true })]],
      ['urlencoded({ extended: false })', [express.urlencoded({ extended: false })]],
      ['text()', [express.text({ type: '*/*' })]],
      ['raw()', [express.raw({ type: '*/*' })]],
    ]
    it.each(parsers)('TE-08: reads the form behind %s', async (_, before) => {
      const host = start({ before })
      expect((await host.post(`${goodForm()}&foo=1&foo=2&scope=read`)).body).toMatchObject({ scope: 'read' })
      const good = goodForm()
      await expectUnspent(host, 'duplicate_parameter', good, { headers: [form], body: `${good}&scope=read&scope=write` })
      expectRefusal(host, await host.post(''), 'missing_parameter')
      expectRefusal(host, await host.post(pairs(51)), 'too_many_parameters')
    })

    it.each<[string, Reason]>([
      ['client_id[]', 'parameter_shape'],
      ['client_id[x]', 'parameter_shape'],
      ['?client_id', 'parameter_malformed'],
    ])('T-74: refuses %s behind a parser that nests, and behind one that does not', async (name, reason) => {
      for (const extended of [true, false]) {
        const host = start({ before: [express.urlencoded({ extended })] })
        const good = goodForm()
        await expectUnspent(host, reason, good, { headers: [form], body: `${name}=victim&${good}` })
      }
    })

    it('T-74: refuses [client_id], which some parsers leave and others read as the plain name', async () => {
      for (const extended of [true, false]) {
        const host = start({ before: [express.urlencoded({ extended })] })
        expect((await host.post(`[client_id]=victim&${goodForm()}`)).status).not.toBe(200)
        expect(['parameter_shape', 'client_identity_mismatch']).toContain(host.last().reason)
      }
    })

    it('TE-15 T-32: counts values that a parser made lists and objects of', async () => {
      const host = start({ before: [express.urlencoded({ extended: true })] })
      const good = goodForm()
      const left = 50 - good.split('&').length
      expect((await host.post(`${good}${'&x=1'.repeat(left)}`)).status).toBe(200)
      for (const more of ['&x=1', '&x[]=1', '&x[a][b]=1'])
        expectRefusal(host, await host.post(`${goodForm()}${more.repeat(20)}&${'y=1&'.repeat(left - 19)}`), 'too_many_parameters')
    })

    it.each([
      'assertion[]=x',
      'assertion[x]=y',
      'assertion[x][y]=z',
      'scope[a]=read',
      'scope[]=read',
      'grant_type[x]=y',
      'grant_type[]=client_credentials',
      'client_assertion[]=x',
      'client_id[toString]=x',
      'resource[]=https://a.example/',
      'resource[x]=https://a.example/',
      'resource[0][x]=https://a.example/&resource[1]=https://b.example/',
    ])('TE-08 T-29: refuses %s in nested form', async (bad) => {
      const host = start({ before: [express.urlencoded({ extended: true })] })
      const name = bad.slice(0, bad.indexOf('['))
      const { [name]: ___, ...others } = grantRequest() as Record<string, string>
      expectRefusal(host, await host.post(`${encode(others)}&${bad}`), 'parameter_shape')
    })

    it('TE-08 T-29: refuses a nested value beside a plain one', async () => {
      const host = start({ before: [express.urlencoded({ extended: true })] })
      const good = goodForm()
      await expectUnspent(host, 'duplicate_parameter', good, { headers: [form], body: `${good}&assertion=x` })
      for (const more of ['assertion[x]=y', 'assertion[]=y', 'grant_type[]=client_credentials']) {
        expect((await host.post(`${goodForm()}&${more}`)).body).toMatchObject({ error: 'invalid_request' })
      }
    })

    it('TE-06 TE-08: resource may repeat here too', async () => {
      const host = startParser(express, [express.urlencoded({ extended: true })])
      const { body } = await host.post('grant_type=client_credentials&resource=https://a.example/&resource=urn:b')
      expect(body.resource).toEqual(['https://a.example/', 'urn:b'])
    })

    it.each<[string, unknown, Reason]>([
      ['nothing', undefined, 'missing_parameter'],
      ['null', null, 'missing_parameter'],
      ['a number', 42, 'missing_parameter'],
      ['a function', () => {}, 'missing_parameter'],
      ['a list', [['grant_type', 'x']], 'missing_parameter'],
      ['inherited parameters', Object.create(grantRequest()), 'missing_parameter'],
      ['a number as value', { grant_type: 7 }, 'parameter_shape'],
      ['null as value', { grant_type: null }, 'parameter_shape'],
      ['an object that turns itself into text', { grant_type: { toString: () => CLIENT_CREDENTIALS } }, 'parameter_shape'],
      ['an empty list as value', { grant_type: CLIENT_CREDENTIALS, scope: [] }, 'parameter_shape'],
      ['a lone surrogate', { grant_type: CLIENT_CREDENTIALS, scope: '\ud800' }, 'parameter_malformed'],
    ])('TE-08 TE-09 T-29 T-33: refuses %s as req.body', async (_, body, reason) => {
      const host = start({
        before: [
          express.text({ type: '*/*' }),
          (req, _res, next) => {
            req.body = body
            next()
          },
        ],
      })
      expectRefusal(host, await host.post('x=y'), reason)
    })

    it('TE-09 T-61: what stands in req.body or req.tokenState is not taken for the state of the suite', async () => {
      const forged = { request: { grant_type: CLIENT_CREDENTIALS, parameters: {} }, client: { level: 'authenticated', client_id: 'x' } }
      const host = start({
        before: [
          (req, _res, next) => {
            req.body = forged
            Object.assign(req, { tokenState: forged })
            next()
          },
        ],
      })
      expectRefusal(host, await host.post('scope=read'), 'missing_parameter')
      expect((await host.post(goodForm())).status).toBe(200)
    })
  })

  describe('limits', () => {
    it.each(['length', 'chunked'] as const)('TE-15 T-32: a body of 32 KiB and no more (%s)', async (framing) => {
      expect((await sendRaw(world.server, { headers: [form], body: formOf(32_768), framing })).status).toBe(200)
      const good = goodForm()
      for (const size of [32_769, 65_536, 200_000, 3_000_000]) {
        const refused = await sendRaw(world.server, { headers: [form], body: formOf(size, good), framing })
        expectRefusal(world, refused, 'body_too_large')
        expect(refused.headers.connection).toBe(size > 1_100_000 ? 'close' : 'keep-alive') // of the longest, the rest is not read
      }
      expect((await world.post(good)).status).toBe(200)
    })

    it('TE-15 T-32: answers a body without end', async () => {
      const connection = new RawConnection(world.server)
      connection.socket.write(`POST /token HTTP/1.1\r\nHost: x\r\n${form}\r\nTransfer-Encoding: chunked\r\n\r\n`)
      const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`
      const writing = setInterval(() => connection.socket.write(chunk), 1)
      try {
        expectRefusal(world, await connection.response(), 'body_too_large')
      } finally {
        clearInterval(writing)
        connection.close()
      }
    })

    it('TE-15: limits.body and limits.parameters set both', async () => {
      const host = start({ options: { limits: { body: 2000, parameters: 6 } } })
      expect((await host.post(formOf(2000))).status).toBe(200)
      expectRefusal(host, await host.post(formOf(2001)), 'body_too_large')
      expectRefusal(host, await host.post(pairs(7)), 'too_many_parameters')
    })

    it('TE-15 T-32: 50 parameters and no more, known or not', async () => {
      expect((await world.post(pairs(50))).status).toBe(200)
      for (const count of [51, 1001]) {
        const good = goodForm()
        for (const body of [pairs(count, good), `${good}${'&x'.repeat(count)}`, `${'=&'.repeat(count)}${good}`])
          expectRefusal(world, await world.post(body), 'too_many_parameters')
        expect((await world.post(good)).status).toBe(200)
      }
    })

    it.each(['gzip', 'deflate', 'br', 'x-unknown', 'GZIP', 'gzip, identity'])('T-32: refuses Content-Encoding: %s', async (encoding) => {
      const good = goodForm()
      const refused = { headers: [form, `Content-Encoding: ${encoding}`], body: gzipSync(good) }
      await expectUnspent(world, 'unsupported_content_encoding', good, refused)
    })

    it.each(['identity', 'Identity', '', '  '])('T-32: Content-Encoding: %j says nothing', async (encoding) => {
      for (const host of [world, start({ options: { fallthrough: true } })])
        expect((await sendRaw(host.server, { headers: [form, `Content-Encoding: ${encoding}`], body: goodForm() })).status).toBe(200)
    })

    it("T-32: the host's own parser may inflate, within its limit", async () => {
      const host = start({ before: [express.urlencoded({ extended: false, limit: '40kb' })] })
      const gzip = [form, 'Content-Encoding: gzip']
      expect((await sendRaw(host.server, { headers: gzip, body: gzipSync(goodForm()) })).status).toBe(200)
      const bomb = await sendRaw(host.server, { headers: gzip, body: gzipSync(Buffer.alloc(20_000_000, 'x')) })
      expect(bomb).toMatchObject({ status: 413, headers: { 'cache-control': 'no-store', pragma: 'no-cache' } })
      expect(JSON.parse(bomb.body)).toMatchObject({ error: 'invalid_request' })
    })
  })

  describe('transport', () => {
    it('TE-13: requireTls refuses plain HTTP', async () => {
      const host = start({ options: { requireTls: true } })
      expectRefusal(host, await host.post(goodForm()), 'tls_required')
      expectRefusal(host, await host.post(goodForm(), { 'X-Forwarded-Proto': 'https' }), 'tls_required')
    })

    it('TE-13: requireTls heeds `trust proxy`', async () => {
      const trusting: RequestHandler = (req, _res, next) => {
        req.app.set('trust proxy', true)
        next()
      }
      const host = start({ options: { requireTls: true }, before: [trusting] })
      expect((await host.post(goodForm(), { 'X-Forwarded-Proto': 'https' })).status).toBe(200)
      expectRefusal(host, await host.post(goodForm(), { 'X-Forwarded-Proto': 'http' }), 'tls_required')
    })

    it('T-37: refuses two Authorization headers', async () => {
      const header = `Authorization: ${basic('basic-client', 'basic-secret')}`
      const assertion = grant()
      const body = encode({ grant_type: JWT_BEARER_GRANT, assertion })
      for (const second of [header, 'Authorization: Bearer x', 'authorization: ']) {
        for (const headers of [
          [header, second],
          [second, header],
        ]) {
          expectRefusal(world, await sendRaw(world.server, { headers: [form, ...headers], body }), 'malformed_authorization')
        }
      }
      expect((await sendRaw(world.server, { headers: [form, header], body })).status).toBe(200)
    })

    it('T-37: Content-Length beside Transfer-Encoding never gets here', async () => {
      const seen = world.events.length
      const { status } = await sendRaw(world.server, { headers: [form, 'Content-Length: 4'], body: goodForm(), framing: 'chunked' })
      expect({ status, events: world.events.length - seen }).toEqual({ status: 400, events: 0 })
    })

    it('T-36: takes a body that comes byte by byte', async () => {
      const connection = new RawConnection(world.server)
      connection.socket.setNoDelay(true)
      const bytes = bytesOf({ headers: [form], body: goodForm() })
      const bodyAt = bytes.indexOf('\r\n\r\n') + 4
      connection.socket.write(bytes.subarray(0, bodyAt))
      for (let at = bodyAt; at < bytes.length; at += 40) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        connection.socket.write(bytes.subarray(at, at + 40))
      }
      expect((await connection.response()).status).toBe(200)
      connection.close()
    })

    const ways: [string, (connection: RawConnection) => void][] = [
      ['is reset', ({ socket }) => void socket.resetAndDestroy()],
      ['is closed', ({ socket }) => void socket.destroy()],
      ['is half closed', ({ socket }) => void socket.end()],
    ]
    it.each(ways)('T-32 T-36: a connection that %s in mid-body spends nothing and harms nobody', async (_, leave) => {
      const good = goodForm()
      const seen = world.events.length
      const connection = new RawConnection(world.server)
      connection.socket.write(bytesOf({ headers: [form], body: good }).subarray(0, -20))
      await until(() => connection.socket.bytesWritten > good.length)
      await new Promise((resolve) => setTimeout(resolve, 20))
      leave(connection)
      await until(() => world.events.length > seen)
      connection.close()
      expect(world.events.slice(seen)).toMatchObject([{ outcome: 'aborted' }])
      expect((await world.post(good)).status).toBe(200)
    })

    it('T-32 T-36: a malformed chunk in mid-body harms nobody', async () => {
      const seen = world.events.length
      const connection = new RawConnection(world.server)
      connection.socket.write(`POST /token HTTP/1.1\r\nHost: x\r\n${form}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ngrant\r\n`)
      await new Promise((resolve) => setTimeout(resolve, 20))
      connection.socket.write('zz\r\nnonsense\r\n')
      await until(() => world.events.length > seen)
      connection.close()
      expect(world.last()).toMatchObject({ outcome: 'aborted' })
      expect((await world.post(goodForm())).status).toBe(200)
    })

    it('T-36: a connection serves many requests, refused ones among them', async () => {
      const connection = new RawConnection(world.server)
      const big = 'x'.repeat(20_000)
      const turns: [RawRequest, number][] = [
        [{ method: 'GET', framing: 'none' }, 405],
        [{ method: 'PUT', headers: [form], body: big }, 405],
        [{ headers: ['Content-Type: application/json'], body: JSON.stringify({ big }) }, 400],
        [{ headers: [form, form], body: `scope=${big}` }, 400],
        [{ headers: [form, 'Content-Encoding: gzip'], body: gzipSync(big) }, 415],
        [{ headers: [form, 'Authorization: Basic eA==', 'Authorization: Basic eA=='], body: `state=${big}` }, 400],
        [{ path: '/token?client_secret=x', headers: [form], body: big, framing: 'chunked' }, 400],
        [{ headers: [form], body: 'grant_type=foo&grant_type=bar' }, 400],
        [{ headers: [form], framing: 'chunked' }, 400],
        [{ headers: [form] }, 400],
        [{ headers: [form], framing: 'none' }, 400],
        [{ headers: [form], body: pairs(60) }, 413],
      ]
      for (const [bad, status] of turns) {
        expect(await connection.ask(bad)).toMatchObject({ status })
        if (status === 413) break // which ends the connection
        for (const framing of ['length', 'chunked'] as const)
          expect(await connection.ask({ headers: [form], body: goodForm(), framing })).toMatchObject({ status: 200 })
      }
      connection.close()
    })

    it('T-36: pipelined requests are answered in their order', async () => {
      const connection = new RawConnection(world.server)
      const requests = [
        { headers: [form], body: goodForm() },
        { headers: [form] },
        { headers: [form], body: goodForm(), framing: 'chunked' as const },
      ]
      connection.socket.write(Buffer.concat(requests.map(bytesOf)))
      const statuses = []
      for (const __ of requests) statuses.push((await connection.response()).status)
      expect(statuses).toEqual([200, 400, 200])
      connection.close()
    })
  })

  it('T-62: a second run on the same request is refused as a mistake of the host', async () => {
    const events: unknown[] = []
    const options = { issuer, hooks: plainHooks(), onEvent: (event: unknown) => void events.push(event) }
    const app = express()
    app.use('/token', parseTokenRequest(options), parseTokenRequest(options))
    const { status, body } = await request(app).post('/token').type('form').send('grant_type=client_credentials')
    expect({ status, body }).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(events).toMatchObject([{ outcome: 'failed', reason: 'misconfigured' }])
  })

  it('T-62: two endpoints in one app do not know each other', async () => {
    const options = () => ({ issuer, hooks: plainHooks() })
    const app = express()
    app.use('/a', ...tokenEndpoint(options()))
    app.use('/b', ...tokenEndpoint(options()))
    const body = goodForm()
    for (const path of ['/a', '/b']) expect((await request(app).post(path).type('form').send(body)).status).toBe(200)
    expect((await request(app).post('/a').type('form').send(body)).status).toBe(401)
  })

  it('T-64: what the request claims reaches the event printable and cut', async () => {
    await world.post({ grant_type: `foo\r\n\x1b[31m\${jndi:ldap://x}"`, client_id: 'é'.repeat(5000) })
    expect(world.last().claimed).toEqual({ grant_type: `foo???[31m\${jndi:ldap://x}"`, client_id: '?'.repeat(256) })
    const secrets = ['assertion-canary', 'client-assertion-canary', 'secret-canary', 'header-canary']
    const [assertion, client_assertion, client_secret, header] = secrets as [string, string, string, string]
    await world.post({ grant_type: JWT_BEARER_GRANT, assertion, client_assertion, client_secret, scope: '\0' }, { Authorization: header })
    for (const secret of secrets) expect(JSON.stringify(world.last())).not.toContain(secret)
  })

  it('T-65: no answer repeats what was sent', async () => {
    const canary = 'canary-7f3a'
    for (const name of [...knownParameters.keys(), canary]) {
      const { text, body } = await world.post(`grant_type=${canary}&${name}=${canary}%00&iss=${idp}`)
      expect(text).not.toContain(canary)
      expect(oauthErrorCodes).toContain(body.error)
    }
  })
})

/** Waits for what happens on the other side of a connection. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 4000) throw new Error('It did not happen in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
