/** What a host, or a package that it uses, has done to the process or to the response before a request arrives. */

import { createSecretKey } from 'node:crypto'
import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import request from 'supertest'
import { type Client, JWT_BEARER_CLIENT_ASSERTION, tokenEndpoint } from '../lib/index.js'
import { expresses } from './support/express.js'
import { forge, freshJti, now } from './support/jwt.js'
import {
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  hooks,
  issuer,
  keys,
  startWorld,
} from './support/world.js'

describe.each(expresses)('on %s', (_, express) => {
  describe('T-57 a host that replaced the global Promise, as legacy hosts do with Bluebird', () => {
    const { Promise: own } = globalThis
    const replacePromise = () => {
      globalThis.Promise = class HostPromise<T> extends own<T> {} as PromiseConstructor
    }
    afterEach(() => {
      globalThis.Promise = own
    })

    const plain = hooks()
    const eventually = {
      findClient: async (id: string) => plain.findClient(id),
      findIssuer: async (iss: string) => plain.findIssuer(iss),
      authorizeGrant: async (candidate: Parameters<typeof plain.authorizeGrant>[0]) => plain.authorizeGrant(candidate),
      mintToken: async (granted: Parameters<typeof plain.mintToken>[0]) => plain.mintToken(granted),
    }
    const forged = () => clientAssertion({}, { key: keys.other, header: { kid: keys.client.kid } })

    it.each([
      ['hooks that answer at once', {}],
      ['hooks that answer later', eventually],
    ])('gets the same answers: %s', async (_, over) => {
      const world = startWorld(express, { hooks: over })
      replacePromise()
      for (const [form, status] of [
        [grantRequest(), 200],
        [clientCredentials(), 200],
        [grantRequest(grant(), { client_id: 'public-client' }), 400],
        [grantRequest(grant({}, { key: keys.other, header: { kid: keys.idp.kid } })), 400],
        [clientCredentials(byJwt(forged())), 401],
      ] as const)
        expect((await world.post(form)).status).toBe(status)
    })

    it('has nobody for a client whose credential is not verified yet', async () => {
      const secret = 'a secret that is long enough for HS256'
      const world = startWorld(express, {
        options: { fallthrough: true },
        hooks: {
          findClient: (client_id) => ({
            ...clients['post-client'],
            client_id,
            token_endpoint_auth_method: 'client_secret_jwt',
            client_secret: secret,
          }),
        },
        after: [(_req, res) => void res.json({ host: true })],
      })
      const request = (key: string) => ({
        grant_type: 'authorization_code',
        client_assertion_type: JWT_BEARER_CLIENT_ASSERTION,
        client_assertion: forge(
          { alg: 'HS256' },
          { iss: 'it', sub: 'it', aud: issuer, exp: now() + 60, jti: freshJti() },
          createSecretKey(Buffer.from(key)),
          'HS256',
        ),
      })
      replacePromise()
      expect((await world.post(request('not the secret, but as long as one'))).body).toMatchObject({ error: 'invalid_client' })
      expect((await world.post(request(secret))).body).toEqual({ host: true })
    })
  })

  describe('a host that has changed Error', () => {
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor
    afterEach(() => {
      Object.defineProperty(Error, 'stackTraceLimit', limit)
    })
    const readOnly = { value: 10, writable: false, configurable: true, enumerable: true }

    it.each([
      ['hardened: stackTraceLimit cannot be set', () => Object.defineProperty(Error, 'stackTraceLimit', readOnly), readOnly],
      ['deleted stackTraceLimit', () => Reflect.deleteProperty(Error, 'stackTraceLimit'), undefined],
    ])('%s', async (_, change, after) => {
      const world = startWorld(express)
      change()
      for (const [form, error] of [
        [{}, 'invalid_request'],
        [grantRequest('no.jwt'), 'invalid_grant'],
        [clientCredentials(byJwt('no.jwt')), 'invalid_client'],
      ] as const)
        expect((await world.post(form)).body).toMatchObject({ error })
      expect(world.events).toHaveLength(3)
      expect(Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')).toEqual(after)
    })
  })

  it.each([
    ['at once', <T>(issuer: T) => issuer],
    ['later', async <T>(issuer: T) => issuer],
  ])('T-57 what a function of a registration throws cannot even be looked at: %s', async (_, given) => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const throws = () => {
      throw proxy
    }
    const world = startWorld(express, {
      hooks: { findIssuer: (iss) => given({ issuer: iss, jwks: { keys: [keys.idp.jwk] }, clients: 'any', subjects: throws }) },
    })
    const form = grantRequest()
    for (let times = 0; times < 2; times++) expect(await world.post(form)).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(world.events).toMatchObject([{ reason: 'hook_error' }, { reason: 'hook_error' }])
  })

  it('T-63 sends its headers also through a writeHead that was wrapped, by one that misreads a list of them, too (CVE-2025-7339)', async () => {
    /** What on-headers before 1.1 does, in express-session, compression and morgan of their time. */
    const wrapped: RequestHandler = (_req, res, next) => {
      const { writeHead } = res
      res.set('Cache-Control', 'public').set('Content-Type', 'text/html')
      res.writeHead = ((status: number, headers: string[][] | Record<string, string> = {}) => {
        for (const [name, value] of Array.isArray(headers) ? headers : Object.entries(headers)) res.setHeader(String(name), String(value))
        return writeHead.call(res, status)
      }) as typeof writeHead
      next()
    }
    const world = startWorld(express, {
      before: [wrapped],
      hooks: { findIssuer: () => new Promise(() => {}) },
      options: { hookTimeout: 0.05 },
    })
    for (const [form, status, more] of [
      [clientCredentials(), 200, {}],
      [{}, 400, {}],
      [grantRequest(), 503, { 'retry-after': '5' }],
    ] as const) {
      const response = await world.post(form)
      expect(response.status).toBe(status)
      expect(response.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        pragma: 'no-cache',
        'content-length': String(response.text.length),
        ...more,
      })
      expect(Object.keys(response.headers).filter((name) => name.length < 2)).toEqual([])
    }
  })

  it('T-49 a token that was sent is not sent again, when what a host hung on res.end throws after it', async () => {
    const failingLog: RequestHandler = (_req, res, next) => {
      const end = res.end.bind(res) as (json: unknown) => void
      res.end = ((json: unknown) => {
        end(json)
        throw new Error('the log is full')
      }) as typeof res.end
      next()
    }
    const ignoreErrors: ErrorRequestHandler = (_error, _req, _res, _next) => {}
    const world = startWorld(express, { before: [failingLog], after: [ignoreErrors as unknown as RequestHandler] })
    const form = grantRequest()
    expect((await world.post(form)).body).toHaveProperty('access_token')
    expect(world.last()).toMatchObject({ outcome: 'failed', replay_keys: [expect.any(String), expect.any(String)] })
    for (let times = 0; times < 2; times++) expect((await world.post(form)).body).toMatchObject({ error: 'invalid_client' })
    expect((await world.post(grantRequest(form.assertion))).body).toMatchObject({ error: 'invalid_grant' })
  })
})

describe.each([
  ['at once', (client: Client) => client],
  ['later', async (client: Client) => client],
])('behind a router that does not catch what a handler throws, and hooks that answer %s', (_, given) => {
  it.each([
    ['after it has answered', 200, 401],
    ['after it has answered that it failed', 500, 500],
    ['without an answer', undefined, 500],
  ])('T-49 a handler of the host throws %s', async (_, answer, again) => {
    const { calls, ...plain } = hooks({ findClient: () => given(clients['jwt-client']) })
    const steps = tokenEndpoint({ issuer, fallthrough: true, hooks: plain })
    const server = createServer((req, res) => {
      const [...left] = steps
      const next = (error?: unknown): void => {
        const step = left.shift()
        if (error) res.end()
        else if (step) step(req, res, next)
        else fail()
      }
      const fail = () => {
        if (answer) res.writeHead(answer).end()
        throw new Error('from the host')
      }
      next()
    }).listen(0)
    const form = { grant_type: 'authorization_code', ...byJwt() }
    const post = () => request(server).post('/').type('form').send(form)
    expect((await post()).status).toBe(answer ?? 500)
    expect((await post()).status).toBe(again)
    server.close()
  })
})
