import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it, jest } from '@jest/globals'
import type { RequestHandler } from 'express'
import { type Client, ConfigurationError, internalClientSecrets, type Options } from '../../lib/index.js'
import { expresses } from '../support/express.js'
import { basic, byJwt, clientAssertion, clients, startWorld } from '../support/world.js'

const key = 'a key of thirty-two bytes, or more'
const { fillIn, secretOf, isSecretOf } = internalClientSecrets({ key })

describe('internal secrets', () => {
  it('are the HMAC-SHA-256 of the client_id', () => {
    expect(secretOf('reports')).toBe(createHmac('sha256', key).update('reports').digest('base64url'))
    expect(secretOf('reports')).toMatch(/^[\w-]{43}$/)
    expect(internalClientSecrets({ key: Buffer.from(key) }).secretOf('reports')).toBe(secretOf('reports'))
  })

  it('are those of the process without a key, and of the key as it was', () => {
    const [one, other] = [internalClientSecrets(), internalClientSecrets({ key: undefined as never })]
    expect(one.secretOf('reports')).toBe(one.secretOf('reports'))
    expect(one.secretOf('reports')).not.toBe(other.secretOf('reports'))
    const bytes = randomBytes(32)
    const { secretOf: ofBytes } = internalClientSecrets({ key: bytes })
    const before = ofBytes('reports')
    bytes.fill(0)
    expect(ofBytes('reports')).toBe(before)
  })

  it.each<[unknown, unknown, boolean]>([
    ['reports', secretOf('reports'), true],
    ['reports', secretOf('other'), false],
    ['reports', `${secretOf('reports')}=`, false],
    ['reports', '', false],
    ['reports', undefined, false],
    ['reports', null, false],
    ['reports', [secretOf('reports')], false],
    [undefined, secretOf('undefined'), false],
    [['reports'], secretOf('reports'), false],
  ])('T-72: isSecretOf(%j, %j) is %s', (id, secret, expected) => expect(isSecretOf(id, secret)).toBe(expected))

  it.each<[unknown, string]>([
    [{ key: 'hunter2' }, 'option key must be a string or Uint8Array of at least 32 bytes'],
    [{ key: 'ä'.repeat(15) }, 'option key'],
    [{ key: new Uint8Array(31) }, 'option key'],
    [{ key: 32 }, 'option key'],
    [{ key: null }, 'option key'],
    [{ key: new Array(32).fill(1) }, 'option key'],
    [{ secret: key }, 'option secret does not exist: it must be one of key.'],
    [null, 'options must be an object'],
    [key, 'options must be an object'],
  ])('refuses %j, and does not show the key', (options, message) => {
    const make = () => internalClientSecrets(options as never)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(message)
    expect(make).not.toThrow(/hunter2|thirty/)
  })
  it('takes a key whose bytes are enough', () => expect(internalClientSecrets({ key: 'ä'.repeat(16) }).secretOf('a')).toHaveLength(43))
})

describe.each(expresses)('fillIn on %s', (_, express) => {
  const refresh = { grant_type: 'refresh_token', refresh_token: 'r' }
  /** What the old handler finds. */
  const old: RequestHandler = (req, res) =>
    void res.json({ body: req.body ?? 'none', proto: req.body ? Object.getPrototypeOf(req.body) === null : undefined })
  const start = (behind: RequestHandler[], before: RequestHandler[] = [], options: Partial<Options> = {}, client?: Client) =>
    startWorld(express, {
      options: { fallthrough: true, ...options },
      hooks: { findClient: (id) => (id === client?.client_id ? client : clients[id as 'jwt-client']) },
      before,
      after: [...behind, fillIn, old],
    })
  const filled = { ...refresh, client_id: 'jwt-client', client_secret: secretOf('jwt-client') }
  const [flat, deep] = [express.urlencoded({ extended: false }), express.urlencoded({ extended: true })]

  it.each<[string, RequestHandler[], RequestHandler[]]>([
    ['behind the suite', [flat], []],
    ['behind the suite, by qs', [deep], []],
    ['in front of everything', [], [flat]],
    ['in front of everything, by qs', [], [deep]],
  ])('JC-05: a client that proved itself by JWT has an internal secret in a body that was parsed %s', async (_name, behind, before) => {
    const { post } = start(behind, before)
    expect((await post({ ...refresh, ...byJwt() })).body.body).toEqual(filled)
    expect((await post({ ...refresh, client_id: 'jwt-client', ...byJwt() })).body.body).toEqual(filled)
  })

  it('leaves a null prototype as it is', async () => {
    const asNull: RequestHandler = (req, _res, next) => {
      req.body = Object.assign(Object.create(null), req.body)
      next()
    }
    const { post } = start([flat, asNull])
    expect((await post({ ...refresh, ...byJwt() })).body).toEqual({ body: filled, proto: true })
  })

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['nobody', {}, {}],
    ['a bare client_id', { client_id: 'jwt-client' }, {}],
    ['a public client', { client_id: 'public-client' }, {}],
    ['a secret in the body', { client_id: 'post-client', client_secret: 'post-secret' }, {}],
    ['a secret in the header', {}, { authorization: basic('basic-client', 'basic-secret') }],
    ['an empty client_assertion', { client_id: 'jwt-client', ...byJwt('') }, {}],
    ['a SAML assertion', { client_id: 'jwt-client', client_assertion: 'x', client_assertion_type: 'urn:example:saml' }, {}],
  ])('T-72: leaves a request as it is: %s', async (_name, parameters, headers) => {
    expect((await start([flat]).post({ ...refresh, ...parameters }, headers)).body.body).toEqual({ ...refresh, ...parameters })
  })

  it.each(['client_secret_post', 'client_secret_basic'])(
    'leaves a request as it is if its secret proved the client: %s',
    async (method) => {
      const observed = {
        ...clients['post-client'],
        token_endpoint_auth_method: method,
        jwks: clients['jwt-client'].jwks,
        client_assertion_mode: 'observe', // a key is only tried out
      } as Client
      const { post, last } = start([flat], [], {}, observed)
      const isBasic = method === 'client_secret_basic'
      const parameters: Record<string, string> = {
        ...refresh,
        client_id: 'post-client',
        ...(isBasic ? {} : { client_secret: 'post-secret' }),
        ...byJwt(clientAssertion({ iss: 'post-client' })),
      }
      const headers: Record<string, string> = isBasic ? { authorization: basic('post-client', 'post-secret') } : {}
      expect((await post(parameters, headers)).body.body).toEqual(parameters)
      expect(last().observed).toMatchObject({ result: 'ok' })
    },
  )

  it('T-72: leaves routes without the suite as they are, states that are null, and clients that have proved nothing', () => {
    const identified = { level: 'identified', method: 'none', client_id: 'a', client: { client_id: 'a' } }
    for (const tokenState of [
      undefined,
      null,
      {},
      { client: null },
      { client: undefined },
      { request: null, client: null, grant: null },
      { client: identified },
      { client: { level: 'anonymous' } },
    ]) {
      const req = { tokenState, body: { client_id: 'a' } }
      const next = jest.fn()
      fillIn(req as never, {} as never, next)
      expect(next.mock.calls).toEqual([[]])
      expect(req.body).toEqual({ client_id: 'a' })
    }
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['bytes', Buffer.from('grant_type=refresh_token')],
    ['text', 'grant_type=refresh_token'],
    ['a list', ['refresh_token']],
    ['an empty object', {}],
    ['a map', new URLSearchParams({ grant_type: 'refresh_token' })],
  ])('T-48: says that it needs a parser if the body is %s, and the client assertion is given back', async (_name, body) => {
    let isLost = true
    const lose: RequestHandler = (req, _res, next) => {
      if (isLost) req.body = body
      next()
    }
    const { post, events } = start([flat, lose])
    const parameters = { ...refresh, ...byJwt() }
    const refused = await post(parameters)
    expect({ status: refused.status, error: refused.body.error }).toEqual({ status: 500, error: 'server_error' })
    while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    isLost = false
    expect((await post(parameters)).body.body).toEqual(filled)
    const next = jest.fn()
    fillIn({ tokenState: { client: { level: 'authenticated', client_id: 'a' } }, body } as never, {} as never, next)
    expect(next).toHaveBeenCalledWith(expect.any(ConfigurationError))
    expect(String(next.mock.calls[0])).toContain('express.urlencoded({ extended: false })')
  })

  it('T-64: no event has the internal secret', async () => {
    const { post, events } = start([flat])
    await post({ ...refresh, ...byJwt() })
    await post({ ...refresh, client_id: 'jwt-client', client_secret: secretOf('jwt-client'), ...byJwt() }) // refused: two methods
    while (events.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(events.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['handed_on', 'refused']))
    expect(JSON.stringify(events)).not.toContain(secretOf('jwt-client'))
  })
})
