/**
 * What holds for all requests, not only for those that somebody thought of. The runs are the same every time, and more of them in `npm run test:all`;
 * `FC_SEED` and `FC_RUNS` (a factor) make others and more.
 */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import fc from 'fast-check'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { assertionUses, refusals } from '../lib/host/errors.js'
import { auditLog, JWT_BEARER_GRANT, memoryReplayStore, metrics, type ReplayStore } from '../lib/index.js'
import { anyExpress } from './support/express.js'
import { forge, freshJti, now } from './support/jwt.js'
import { form, sendRaw } from './support/raw.js'
import { runs } from './support/test-all.js'
import {
  basic,
  byJwt,
  clientAssertion,
  clientCredentials,
  grant,
  grantRequest,
  idp,
  issuer,
  keys,
  openIdp,
  startWorld,
  tokenEndpointUrl,
  type World,
} from './support/world.js'

jest.setTimeout(120_000 * Number(process.env.FC_RUNS ?? 1)) // many requests each, and the machine may be busy

const { FC_SEED = '7523', FC_RUNS = '1' } = process.env
const holds = <T extends [unknown, ...unknown[]]>(property: fc.IAsyncProperty<T>, numRuns: number) =>
  fc.assert(property, {
    seed: Number(FC_SEED),
    numRuns: Math.ceil(runs(numRuns) * Number(FC_RUNS)),
    interruptAfterTimeLimit: 60_000 * Number(FC_RUNS),
  })

/** Every answer that there is: `status error`. */
const answers = new Set(
  [...Object.values(refusals), ...Object.values(assertionUses)].map(([status, error]) => `${status} ${error}`).concat('200 undefined'),
)
const bySecret = { client_id: 'post-client', client_secret: 'post-secret' }
const printed: unknown[] = []
beforeEach(() => {
  for (const method of ['log', 'info', 'warn', 'error'] as const)
    jest.spyOn(console, method).mockImplementation((...lines) => void printed.push(...lines))
})
afterEach(() => {
  jest.restoreAllMocks()
  expect(printed.splice(0)).toEqual([])
})

describe.each(anyExpress)('on %s', (_, express) => {
  const brief = async (asked: ReturnType<World['post']>) => {
    const { status, body } = await asked
    return `${status} ${body.error}`
  }

  it('T-33 T-57 any bytes get an answer that there is, and the next request is served', async () => {
    const world = startWorld(express)
    const names = fc.constantFrom(
      'grant_type',
      'assertion',
      'client_assertion',
      'client_assertion_type',
      'client_id',
      'client_secret',
      'scope',
      'resource',
      'x',
    )
    const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 20 }))
    const value = fc.oneof(
      text,
      fc.constantFrom(
        JWT_BEARER_GRANT,
        'client_credentials',
        'refresh_token',
        byJwt().client_assertion_type,
        'jwt-client',
        'post-client',
        'read',
        'https://a.example',
      ),
      fc.constantFrom('grant', 'client').map((role) => (role === 'grant' ? grant() : clientAssertion())),
      fc.tuple(text, text, text).map((parts) => parts.map((part) => Buffer.from(part).toString('base64url')).join('.')),
    )
    const start = fc.constantFrom<() => Record<string, string>>(
      () => ({}),
      () => ({ grant_type: JWT_BEARER_GRANT }),
      () => ({ grant_type: 'client_credentials', ...bySecret }),
      () => grantRequest(grant({ iss: openIdp }), {}),
      () => grantRequest(),
    )
    const encoded = fc.tuple(start, fc.array(fc.tuple(names, value), { maxLength: 3 })).map(([make, more]) => {
      const pairs = [...Object.entries(make()), ...more]
      return Buffer.from(pairs.map(([name, sent]) => `${name}=${encodeURIComponent(sent.toWellFormed())}`).join('&'))
    })
    const body = fc.oneof(
      { arbitrary: encoded, weight: 4 },
      {
        arbitrary: fc.tuple(encoded, fc.uint8Array({ maxLength: 8 })).map(([good, bad]) => Buffer.concat([good, Buffer.from(bad)])),
        weight: 1,
      },
      { arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)), weight: 1 },
    )
    const line = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 40 })
    const headers = fc.array(
      fc.oneof(
        fc.constantFrom(
          'Content-Type: text/plain',
          'Content-Encoding: gzip',
          'Authorization: Basic',
          `Authorization: ${basic('basic-client', 'basic-secret')}`,
          'Expect: 100-wait',
        ),
        line.map((rest) => `Authorization: Basic ${rest}`),
        line.map((rest) => `Content-Type: application/x-www-form-urlencoded;${rest}`),
        line.map((rest) => `X-Anything: ${rest}`),
      ),
      { maxLength: 2 },
    )
    const seen = new Set<string>()
    await holds(
      fc.asyncProperty(
        fc.constantFrom('POST', 'POST', 'POST', 'POST', 'PUT', 'GET'),
        headers,
        fc.constantFrom(true, true, true, false),
        body,
        async (method, more, isForm, bytes) => {
          const answer = await sendRaw(world.server, { method, headers: isForm ? [form, ...more] : more, body: bytes })
          if (!answer.headers['content-type']) return expect([400, 417]).toContain(answer.status) // from Node itself
          const got = `${answer.status} ${JSON.parse(answer.body).error}`
          seen.add(got)
          expect(answers).toContain(got)
          expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' })
        },
      ),
      800,
    )
    expect(await brief(world.post(grantRequest()))).toBe('200 undefined')
    expect([...seen]).toEqual(expect.arrayContaining(['200 undefined', '400 invalid_grant', '401 invalid_client', '400 invalid_scope']))
  })

  describe('a 200 means that jose and the rules agree', () => {
    const odd = fc.oneof(fc.constantFrom<unknown>(undefined, null, '', 0, -1, 1.5, true, [], {}), fc.string({ maxLength: 10 }))
    const time = fc.oneof(
      fc.integer({ min: -20, max: 20 }),
      fc.constantFrom(-13, -12, -9, 9, 12, 13, 299, 300, 309, 312, 313, 3599, 3609, 3612, 3613, 4000),
    )
    const oneOf = (name: string, ...values: unknown[]) => fc.tuple(fc.constant(name), fc.oneof(fc.constantFrom(...values), odd))
    const at = (name: string) =>
      fc.tuple(fc.constant(name), fc.oneof({ arbitrary: time.map((seconds) => now() + seconds), weight: 3 }, odd))
    const audiences = [tokenEndpointUrl, `${issuer}/`, 'https://other.example', 'jwt-client']
    const claim = fc.oneof(
      at('exp'),
      at('nbf'),
      at('iat'),
      oneOf('aud', issuer, [issuer], ...audiences, ...audiences.map((other) => [other]), ...audiences.map((other) => [issuer, other])),
      oneOf('iss', 'jwt-client', 'other-client', openIdp, idp),
      oneOf('sub', 'jwt-client', 'other-client', openIdp),
      oneOf('jti', undefined, 'x'.repeat(256), 'x'.repeat(257)),
      oneOf('client_id', 'jwt-client'),
      oneOf('scope', 'read', 'write', 'read write'),
    )
    const header = fc.oneof(
      oneOf('alg', 'none', 'HS256', 'RS256', 'ES384', 'es256'),
      oneOf('kid', 'idp-key', 'client-key', 'other-key'),
      oneOf('typ', 'JWT', 'jose', 'application/jwt', 'at+jwt', 'authorization-grant+jwt', 'client-authentication+jwt'),
      oneOf('crit', ['b64'], ['x']),
      oneOf('b64', false),
      oneOf('jwk', keys.other.jwk),
      oneOf('jku', 'https://evil.example/jwks'),
      oneOf('cty', 'JWT'),
    )
    const changes = fc.record({
      claims: fc.array(claim, { maxLength: 2 }),
      header: fc.option(header, { freq: 2 }).map((changed) => (changed ? [changed] : [])),
      jti: fc.nat(200),
      signer: fc.constantFrom('right', 'right', 'right', 'right', 'right', 'right', 'wrong'),
    })
    const set = (pairs: readonly (readonly [string, unknown])[]) => Object.fromEntries(pairs)

    /** The rules of RFC 7523 §3 and of the README, written down once more. @throws Error for what they refuse */
    async function judge(token: string, role: 'grant' | 'client', used: Set<string>): Promise<void> {
      const demand = (isSo: boolean, rule: string) => {
        if (!isSo) throw new Error(rule)
      }
      const pair = role === 'grant' ? keys.idp : keys.client
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [pair.jwk as never] }), {
        algorithms: ['ES256'],
        issuer: role === 'grant' ? openIdp : 'jwt-client',
        clockTolerance: 11,
        requiredClaims: ['iss', 'sub', 'aud', 'exp'],
      })
      const header = decodeProtectedHeader(token)
      const types = ['jwt', 'jose', role === 'grant' ? 'authorization-grant+jwt' : 'client-authentication+jwt']
      demand(header.typ === undefined || types.includes(header.typ.toLowerCase().replace('application/', '')), 'typ')
      for (const name of ['crit', 'b64', 'jwk', 'x5c', 'x5u', 'jku']) demand(!(name in header), name)
      const audience = [payload.aud].flat()
      demand(audience.length === 1 && (audience[0] === issuer || (role === 'grant' && audience[0] === tokenEndpointUrl)), 'aud')
      const { exp = 0, iat = now(), sub, jti } = payload
      demand(typeof sub === 'string' && sub !== '' && (role === 'grant' || sub === 'jwt-client'), 'sub')
      demand(exp - Math.min(iat, now()) <= (role === 'grant' ? 300 : 3600) + 11, 'lifetime')
      demand(jti === undefined || (typeof jti === 'string' && jti !== '' && jti.length <= 256), 'jti')
      if (role === 'grant') demand(payload.client_id === undefined, 'client_id')
      if (role === 'client' && jti === undefined) return
      const id = jti === undefined ? token.slice(0, token.lastIndexOf('.')) : `jti ${jti}`
      demand(!used.has(id), 'used')
      used.add(id)
    }

    it.each(['grant', 'client'] as const)('T-01 T-17 T-19 T-44 as %s', async (role) => {
      const world = startWorld(express)
      const used = new Set<string>()
      const base = role === 'grant' ? { iss: openIdp, sub: 'alice' } : { iss: 'jwt-client', sub: 'jwt-client' }
      const right = role === 'grant' ? keys.idp : keys.client
      let granted = 0
      await holds(
        fc.asyncProperty(changes, async ({ claims, header, jti, signer }) => {
          const token = forge(
            { alg: 'ES256', kid: right.kid, ...set(header) },
            { ...base, aud: issuer, exp: now() + 60, iat: now(), jti: `${jti}`, ...set(claims) },
            (signer === 'right' ? right : keys.other).privateKey,
          )
          const got = await brief(world.post(role === 'grant' ? grantRequest(token, {}) : clientCredentials(byJwt(token))))
          if (got === '200 undefined') {
            granted++
            await judge(token, role, used)
          } else expect(answers).toContain(got)
        }),
        1000,
      )
      expect(granted).toBeGreaterThan(runs(30))
    })
  })

  it('T-12 T-13 any one character changed: refused, or used up together with the JWT that it was', async () => {
    const world = startWorld(express)
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. +/%\0\n\u00e9']
    await holds(
      fc.asyncProperty(
        fc.constantFrom('grant', 'client'),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.constantFrom(...letters),
        fc.constantFrom('replace', 'insert', 'delete'),
        async (role, where, letter, change) => {
          const token = role === 'grant' ? grant({ iss: openIdp }) : clientAssertion()
          const at = Math.floor(where * token.length)
          const changed = token.slice(0, at) + (change === 'delete' ? '' : letter) + token.slice(change === 'insert' ? at : at + 1)
          const post = (text: string) => brief(world.post(role === 'grant' ? grantRequest(text, {}) : clientCredentials(byJwt(text))))
          const first = await post(changed)
          const second = await post(token)
          expect([first, second].filter((got) => got === '200 undefined')).toHaveLength(1)
        },
      ),
      400,
    )
  })

  it('T-44 T-49 in whatever order the store and the minting get on, no JWT yields two tokens', async () => {
    const requests = fc.array(fc.record({ grant: fc.nat(2), client: fc.option(fc.nat(1), { nil: undefined }), fails: fc.boolean() }), {
      minLength: 2,
      maxLength: 7,
    })
    await holds(
      fc.asyncProperty(fc.scheduler(), requests, fc.boolean(), async (scheduler, planned, mayFail) => {
        const memory = memoryReplayStore()
        const step = (name: string) => scheduler.schedule(Promise.resolve(), name)
        let waiting = planned.length
        let everybodyIsHere = () => {}
        const gate = new Promise<void>((resolve) => (everybodyIsHere = resolve))
        const replayStore: ReplayStore = {
          async consume(...marker) {
            if (--waiting === 0) everybodyIsHere()
            await gate // each request gets to its first marker, since each is good by itself
            await step('consume')
            const fresh = await memory.consume(...marker)
            await step('consumed')
            return fresh
          },
          async release(key) {
            await step('release')
            await memory.release?.(key)
            await step('released')
          },
        }
        const fails = new Set<string>()
        const world = startWorld(express, {
          options: { replayStore, hookTimeout: 10 },
          hooks: {
            mintToken: async ({ grant: { claims } = {} as never }) => {
              await step('mint')
              const id = String(claims.jti)
              if (fails.delete(id)) throw new Error('no token')
              return { access_token: id, token_type: 'Bearer', expires_in: 1 }
            },
          },
        })
        const grants = Array.from({ length: 3 }, () => grant())
        const ids = grants.map((token) => JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()).jti as string)
        const clients = Array.from({ length: 2 }, () => byJwt())
        for (const { grant: index, fails: isToFail } of planned) if (mayFail && isToFail) fails.add(ids[index] as string)
        const outcomes = await scheduler.waitFor(
          Promise.all(
            planned.map(async ({ grant: grantIndex, client }) => {
              const credential = client === undefined ? bySecret : (clients[client] as Record<string, string>)
              const got = await brief(world.post(grantRequest(grants[grantIndex], credential)))
              return { grantIndex, client, isGranted: got === '200 undefined' }
            }),
          ),
        )
        world.server.closeAllConnections()
        world.server.close()
        const granted = outcomes.filter(({ isGranted }) => isGranted)
        const once = (list: unknown[]) => expect(new Set(list).size).toBe(list.length)
        once(granted.map(({ grantIndex }) => grantIndex))
        once(granted.map(({ client }) => client).filter((client) => client !== undefined))
        if (!mayFail && planned.every(({ client }) => client === undefined))
          expect(granted).toHaveLength(new Set(planned.map(({ grant: index }) => index)).size)
      }),
      80,
    )
  })

  it('T-46 T-47 what issuer A sends changes no answer to issuer B', async () => {
    const kind = fc.constantFrom('good', 'again', 'expired', 'forged', 'without jti')
    const traffic = fc.array(fc.record({ who: fc.constantFrom('A', 'A', 'A', 'B'), kind, jti: fc.nat(9) }), {
      minLength: 10,
      maxLength: 40,
    })
    const tokens = (who: string, what: string, jti: number) => {
      const claims = { iss: who === 'A' ? openIdp : idp, jti: `${jti}` }
      if (what === 'expired') return grant({ ...claims, exp: now() - 100 })
      if (what === 'forged') return grant(claims, { key: { ...keys.idp, privateKey: keys.other.privateKey } })
      return grant(what === 'without jti' ? { ...claims, jti: undefined, n: jti } : claims)
    }
    const worldOf = () => startWorld(express, { options: { replayStore: memoryReplayStore({ max: 12, maxPerIssuer: 6 }) } })
    await holds(
      fc.asyncProperty(traffic, async (planned) => {
        const sent = planned.map(({ who, kind: what, jti }) => ({ who, token: tokens(who, what, jti) }))
        const run = async (list: typeof sent) => {
          const world = worldOf()
          const got: string[] = []
          for (const { who, token } of list) {
            const answer = await brief(world.post(grantRequest(token, who === 'A' ? {} : bySecret)))
            if (who === 'B') got.push(answer)
          }
          world.server.closeAllConnections()
          world.server.close()
          return got
        }
        expect(await run(sent)).toEqual(await run(sent.filter(({ who }) => who === 'B')))
      }),
      40,
    )
  })

  it('T-64 T-65 what is secret comes out nowhere: not in an error, an event, a log line or a metric', async () => {
    const secret = 'canary-hunter2'
    const texts: string[] = []
    const log = (...line: unknown[]) => texts.push(JSON.stringify(line))
    const instrument = { add: log, record: log }
    const write = [
      auditLog({ info: log, warn: log, error: log }),
      metrics({ createCounter: () => instrument, createHistogram: () => instrument }),
    ]
    const failing = new Set<string>()
    const part = <T>(name: string, value: T) => {
      if (failing.has(name)) throw Object.assign(new Error(`no access: password=${secret}`), { status: 400, secret })
      return value
    }
    const world = startWorld(express, {
      hooks: {
        verifyClientSecret: (client, sent) => part('verifyClientSecret', client?.client_secret === sent),
        authorizeGrant: ({ sub }) => part('authorizeGrant', { subject: sub, context: secret }),
        mintToken: () => part('mintToken', { access_token: secret, token_type: 'Bearer', expires_in: 60, refresh_token: secret }),
      },
      options: {
        onEvent: (event) => {
          texts.push(JSON.stringify(event))
          for (const listener of write) listener(event)
        },
      },
    })
    const credential = fc.constantFrom<() => [Record<string, string>, Record<string, string>]>(
      () => [byJwt(clientAssertion({ note: secret })), {}],
      () => [byJwt(clientAssertion({ note: secret }, { key: { ...keys.client, privateKey: keys.other.privateKey } })), {}],
      () => [{ ...byJwt(), client_secret: secret }, {}],
      () => [byJwt(secret), {}],
      () => [bySecret, {}],
      () => [{ client_id: 'post-client', client_secret: secret }, {}],
      () => [{}, { authorization: basic('basic-client', secret) }],
      () => [{}, { authorization: `Basic ${secret}` }],
      () => [{}, { authorization: `Bearer ${secret}` }],
      () => [{}, {}],
    )
    const asked = fc.constantFrom<() => Record<string, string>>(
      () => grantRequest(grant({ iss: openIdp, note: secret, email: secret }), {}),
      () => grantRequest(grant({ sub: secret, jti: `${secret}${freshJti()}`, scope: 'read' }), {}),
      () => grantRequest(grant({ note: secret }, { key: { ...keys.idp, privateKey: keys.other.privateKey } }), {}),
      () => grantRequest(grant({ aud: 'https://other.example', note: secret }, { header: { kid: 'unknown', x: secret } }), {}), // aud and kid are shown
      () => grantRequest(`${secret}.${secret}.${secret}`, {}),
      () => ({ grant_type: 'client_credentials', password: secret, code: secret, subject_token: secret }),
      () => ({ grant_type: 'client_credentials', scope: grant({ note: secret }) }), // scope is shown, but no JWT in it
    )
    const faulty = fc.subarray(['verifyClientSecret', 'authorizeGrant', 'mintToken'])
    const seen = new Set<number>()
    await holds(
      fc.asyncProperty(credential, asked, faulty, async (makeCredential, makeRequest, broken) => {
        texts.length = 0
        failing.clear()
        for (const name of broken) failing.add(name)
        const [parameters, headers] = makeCredential()
        const request: Record<string, string> = { ...makeRequest(), ...parameters }
        const { status, text, headers: got } = await world.post(request, headers)
        seen.add(status)
        const told = [...texts, ...(status === 200 ? [] : [text]), JSON.stringify(got)].join('\n')
        const { assertion, client_assertion } = request
        const signatures = [assertion, client_assertion].flatMap((token) => token?.split('.') ?? [])
        for (const hidden of [secret, Buffer.from(secret).toString('base64').slice(0, 16), 'post-secret', ...signatures])
          expect(told).not.toContain(hidden)
        expect(texts.length).toBeGreaterThan(0)
      }),
      250,
    )
    expect([...seen].sort()).toEqual(expect.arrayContaining([200, 400, 401, 500]))
  })
})
