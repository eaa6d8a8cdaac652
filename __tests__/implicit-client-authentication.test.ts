/** What docs/implicit-client-authentication.md says: each row of its tables is sent to a real endpoint, with both settings of `implicitErrors`. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import request from 'supertest'
import {
  CLIENT_CREDENTIALS,
  type Client,
  type GrantDecision,
  type Hooks,
  JWT_BEARER_GRANT,
  memoryReplayStore,
  type Options,
  type ReplayStore,
  type TokenEndpointEvent,
  type TrustedIssuer,
  tokenEndpoint,
} from '../lib/index.js'
import { camara } from '../lib/profiles/index.js'
import { type ExpressFactory, expresses } from './support/express.js'
import { forge, freshJti, now } from './support/jwt.js'
import { ec, type Pair } from './support/keys.js'
import { byJwt, challengeOf } from './support/world.js'

type Rule = NonNullable<Options['implicitErrors']>
type Claims = Record<string, unknown>

const page = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../../docs/implicit-client-authentication.md'), 'utf8')
const [key, otherKey] = [ec('shop-key'), ec('other-key')]

/** The rows of every table whose first column has this name, each as its cells. */
function rowsOf(first: string): string[][] {
  const tables = page.split('\n\n').filter((part) => part.startsWith(`| ${first} |`))
  return tables.flatMap((table) => table.trim().split('\n').slice(2)).map((line) => line.slice(2, -2).split(' | '))
}

/** The objects of the code block, with keys and accounts of the test. */
function registrations() {
  const [, block] = /```js\n(.*?)```/s.exec(page) as unknown as [string, string]
  const accounts: [string, GrantDecision][] = [
    ['tel:+34666666666', { subject: 'account-1' }],
    ['operatortoken:opaque', { subject: 'account-2' }],
    ['tel:+34777777777', { refused: 'consent_missing' }],
  ]
  const scope = {
    camara,
    publicJwk: key.jwk,
    subscribers: new Map(accounts),
    mintToken: () => ({ access_token: 'token', token_type: 'Bearer', expires_in: 60 }),
  }
  const read = new Function(...Object.keys(scope), `${block.replace(/^import .*$/gm, '')}\nreturn { consumer, consumerClient, options }`)
  return read(...Object.values(scope)) as { consumer: TrustedIssuer; consumerClient: Client; options: Options }
}
const registered = registrations()
const { issuer, tokenEndpointUrl = '' } = registered.options
const { scope = '' } = registered.consumer

/** A grant as CAMARA's consumers sign it, but for what `claims` changes; `undefined` takes a claim away. */
function own(claims: Claims = {}, { key: by = key, header = {} }: { key?: Pair; header?: Claims } = {}): string {
  const at = now()
  const all = { iss: 'shop', sub: 'tel:+34666666666', aud: tokenEndpointUrl, exp: at + 60, iat: at, jti: freshJti(), scope, ...claims }
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  return forge({ alg: by.alg, kid: by.kid, ...header }, present, by.privateKey, by.alg)
}
/** Signed with another key under the name of the right one. */
const forged = (claims: Claims = {}) => own(claims, { key: otherKey, header: { kid: key.kid } })
const clientAssertion = (client_id: string, by = key) =>
  byJwt(own({ iss: client_id, sub: client_id, aud: issuer, scope: undefined }, { key: by, header: { kid: key.kid } }))

const servers: Server[] = []
const keyServer = { url: '', fetches: 0, answer: ((_req, res) => void res.end()) as RequestListener }
beforeAll(async () => {
  const server = createServer((req, res) => {
    keyServer.fetches++
    keyServer.answer(req, res)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  keyServer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
})
afterAll(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})
const serveKeys: RequestListener = (_req, res) => void res.end(JSON.stringify({ keys: [key.jwk] }))

/** What differs from the registrations of the page; `null`: it is not there. */
interface Setup {
  consumer?: () => Partial<TrustedIssuer>
  client?: Partial<Client> | null
  hooks?: Partial<Hooks>
  answer?: RequestListener
}

function start(express: ExpressFactory, implicitErrors: Rule, { consumer, client = {}, hooks, answer }: Setup = {}) {
  const calls = { findIssuer: 0, findClient: 0, authorizeGrant: 0, consume: 0 }
  const events: TokenEndpointEvent[] = []
  const trusted = { ...registered.consumer, ...consumer?.() } as TrustedIssuer
  const one = client && ({ ...registered.consumerClient, ...client } as Client)
  const another: Client = { ...registered.consumerClient, client_id: 'other', jwks: { keys: [{ ...otherKey.jwk, kid: key.kid }] } }
  const all: Hooks = {
    ...registered.options.hooks,
    findIssuer: (iss) => (iss === 'shop' ? trusted : undefined),
    findClient: (id) => (id === 'shop' ? (one ?? undefined) : id === 'other' ? another : undefined),
    ...hooks,
  }
  const counted = <N extends 'findIssuer' | 'findClient' | 'authorizeGrant'>(name: N) => ({
    [name]: (given: never) => {
      calls[name]++
      return all[name](given)
    },
  })
  const store = memoryReplayStore()
  const replayStore: ReplayStore = {
    consume: (...given) => {
      calls.consume++
      return store.consume(...given)
    },
    release: (...given) => store.release?.(...given),
  }
  const onEvent = (event: TokenEndpointEvent) => void events.push(event)
  const options: Options = {
    ...registered.options,
    hooks: { ...all, ...counted('findIssuer'), ...counted('findClient'), ...counted('authorizeGrant') },
    implicitErrors,
    replayStore,
    onEvent,
  }
  keyServer.answer = answer ?? serveKeys
  keyServer.fetches = 0
  const app = express().use('/token', ...tokenEndpoint(options))
  const post = (assertion: string, more: Record<string, string> = {}) =>
    request(app)
      .post('/token')
      .type('form')
      .send({ grant_type: JWT_BEARER_GRANT, assertion, ...more })
  return { app, post, calls, last: () => events.at(-1) as TokenEndpointEvent, events }
}
const byUrl = (): Partial<TrustedIssuer> => ({ jwks: undefined, jwks_uri: keyServer.url, allowPrivateJwksUri: true })

interface Row extends Setup {
  /** The rows of the checklist that it proves. */
  ids?: string
  jwt?: () => string
  form?: () => Record<string, string>
  /** Whether the same grant was used before. */
  isSecond?: boolean
}
/** The requests of the tables of answers, by what the page says is wrong with them. */
const wrong: Record<string, Row> = {
  // nobody is proven
  '`iss` names nobody': { ids: 'I1 CM-02', jwt: () => own({ iss: 'nobody' }) },
  'the client has no keys': { ids: 'I2', consumer: () => ({ jwks: undefined }) },
  'its key set is empty': { ids: 'I2', consumer: () => ({ jwks: { keys: [] } }) },
  'it has both `jwks` and `jwks_uri`': { ids: 'I2', consumer: () => ({ jwks_uri: 'https://shop.example/jwks' }) },
  'its `jwks_uri` has a private address': { ids: 'I2', consumer: () => ({ jwks: undefined, jwks_uri: 'https://127.0.0.1/jwks' }) },
  'its `jwks_uri` answers 404': { ids: 'I2', consumer: byUrl, answer: (_req, res) => void res.writeHead(404).end() },
  'its registration as an issuer has ended': { ids: 'I2', consumer: () => ({ not_after: new Date(Date.now() - 1000) }) },
  'its registration as an issuer is switched off': { ids: 'I4', consumer: () => ({ enabled: false }) },
  'its registration as a client is gone': { ids: 'I1', client: null },
  'its registration as a client is switched off': { ids: 'I4', client: { enabled: false } },
  '`kid` names no key of the client': { ids: 'I3', jwt: () => own({}, { header: { kid: 'nobody' } }) },
  'the signature is of another key': { ids: 'I3 CM-10', jwt: forged },
  // the JWT
  'it is no JWT': { ids: 'I5', jwt: () => 'nonsense' },
  '`alg` is not allowed': { ids: 'I5', jwt: () => own({}, { header: { alg: 'none' } }) },
  '`exp` is missing': { ids: 'I5 CM-05', jwt: () => own({ exp: undefined }) },
  'it has expired': { ids: 'I5', jwt: () => own({ iat: now() - 90, exp: now() - 30 }) },
  '`iat` is in the future': { ids: 'I5 CM-08', jwt: () => own({ iat: now() + 5 }) },
  '`jti` is missing': { ids: 'I5 CM-05', jwt: () => own({ jti: undefined }) },
  '`aud` is not the registered one': { ids: 'I5 CM-04', jwt: () => own({ aud: issuer }) },
  '`exp` is more than 300 seconds ahead': { ids: 'I5 CM-06', jwt: () => own({ iat: undefined, exp: now() + 310 }) },
  '`exp` is more than 300 seconds after `iat`': { ids: 'I5 CM-07', jwt: () => own({ iat: now() - 200, exp: now() + 150 }) },
  // the client is proven
  'the client may not use this grant': { ids: 'I6 CM-11', client: { grant_types: [CLIENT_CREDENTIALS] } },
  'it is registered as a public client': { ids: 'I6', client: { token_endpoint_auth_method: 'none', jwks: null } },
  'it must send a credential (`require_explicit_auth`)': { ids: 'I11', client: { require_explicit_auth: true } },
  '`client_id` names another client': { ids: 'I9', form: () => ({ client_id: 'other' }) },
  'there is a `scope` parameter': { ids: 'CM-01', form: () => ({ scope: 'number-verification:verify' }) },
  'the `scope` claim is beyond what is registered': { ids: 'I7 CM-12', jwt: () => own({ scope: 'dpv:Marketing' }) },
  'the `scope` claim has two purposes': { ids: 'CM-09', jwt: () => own({ scope: `${scope} dpv:Marketing` }) },
  '`sub` is neither `tel:` nor `operatortoken:`': { ids: 'CM-03', jwt: () => own({ sub: 'ipport:198.51.100.1:4711' }) },
  'nobody has this number': { ids: 'I8 CM-13', jwt: () => own({ sub: 'tel:+34888888888' }) },
  'there is no consent': { ids: 'I8 CM-13', jwt: () => own({ sub: 'tel:+34777777777' }) },
  'the grant was used before': { ids: 'CM-15', isSecond: true },
  // a credential
  'a good grant, a forged `client_assertion`': { ids: 'I10', form: () => clientAssertion('shop', otherKey) },
  'a good grant, the `client_assertion` of another client': { ids: 'I10', form: () => clientAssertion('other', otherKey) },
  'a forged grant, a good `client_assertion`': { ids: 'I10', jwt: forged, form: () => clientAssertion('shop') },
  'a good grant, two credentials': { ids: 'AF-10', form: () => ({ ...clientAssertion('shop'), client_id: 'shop', client_secret: 'x' }) },
  // the server
  "the `jwks_uri` of the client can't be reached": { ids: 'ER-41', consumer: byUrl, answer: (req) => void req.socket.destroy() },
  'the registration in your database is malformed': { consumer: () => ({ maxLifetime: 'long' as never }) },
  'a hook throws': {
    ids: 'ER-44',
    hooks: {
      authorizeGrant: () => {
        throw new Error('hunter2')
      },
    },
  },
}

const answers = rowsOf('what is wrong').map(([what = '', reasons = '', byDefault = '', split = '']) => {
  const codes = [...reasons.matchAll(/`(\w+)`/g)].map(([, reason]) => reason as string)
  const answer = (cell: string) => /^(\d{3}) `(\w+)`$/.exec(cell)?.slice(1) as [status: string, error: string]
  return { what, grant: [...answer(byDefault), codes[0]], split: [...answer(split), codes.at(-1)] }
})
const cases = answers.flatMap((row) =>
  (['grant', 'split'] as const).map((rule) => ({ ...row, rule, ids: wrong[row.what]?.ids ?? '', expected: row[rule] })),
)

async function send(express: ExpressFactory, rule: Rule, { jwt = own, form = () => ({}), isSecond, ...setup }: Row, more = {}) {
  const world = start(express, rule, setup)
  const assertion = jwt()
  if (isSecond) expect((await world.post(assertion)).status).toBe(200)
  return { ...world, response: await world.post(assertion, { ...form(), ...more }) }
}

/** The requests of the table of costs, by what the page says is sent. */
const sent: Record<string, Row & { isNoForm?: boolean }> = {
  'no form': { isNoForm: true },
  'an `assertion` of more than 8 KiB': { jwt: () => own({ note: 'x'.repeat(8192) }) },
  'no JWT': { jwt: () => 'nonsense' },
  'a JWT with `alg: none`': { jwt: () => own({}, { header: { alg: 'none' } }) },
  'a JWT with a key in its header': { jwt: () => own({}, { key: otherKey, header: { jwk: otherKey.jwk } }) },
  'an expired JWT': { jwt: () => own({ iat: now() - 90, exp: now() - 30 }) },
  'an `iss` that nobody has': { jwt: () => own({ iss: 'nobody' }) },
  'a URL of keys in the header (`jku`)': { jwt: () => own({}, { header: { jku: `${keyServer.url}?evil` } }) },
  'the `aud` of another server': { jwt: () => own({ aud: 'https://other.example/token' }) },
  'a lifetime of an hour': { jwt: () => own({ exp: now() + 3600 }) },
  'an unknown `kid`': { jwt: () => own({}, { header: { kid: 'nobody' } }) },
  'a forged signature': { jwt: forged },
  'a forged signature and the `client_id` of the client': { jwt: forged, form: () => ({ client_id: 'shop' }) },
  'a good grant for a scope that the client may not have': { jwt: () => own({ scope: 'dpv:Marketing' }) },
  'a grant that was used before': { isSecond: true },
}
const costs = rowsOf('sent').map(([what = '', ...numbers]) => [what, numbers.map(Number)] as const)

describe('the tables of the page', () => {
  it('and the requests of this test are about the same things, in the same order', () => {
    expect(answers.map(({ what }) => what)).toEqual(Object.keys(wrong))
    expect(costs.map(([what]) => what)).toEqual(Object.keys(sent))
  })
})

describe.each(expresses)('docs/implicit-client-authentication.md on %s', (_, express) => {
  it('AF-04 CM-02 the registrations of the page: a CAMARA grant authenticates its client, and gets a token once', async () => {
    const { post, last, events } = start(express, 'grant')
    const assertion = own()
    const { status, body } = await post(assertion)
    expect([status, body]).toEqual([200, { access_token: 'token', token_type: 'Bearer', expires_in: 60, scope }])
    expect(last()).toMatchObject({ client_id: 'shop', client_level: 'authenticated', client_auth_method: 'jwt_bearer_grant' })
    expect((await post(assertion)).status).toBe(400)
    expect(events).toHaveLength(2)
  })

  it('CM-03 CM-06 CM-07 what CAMARA allows is accepted: an operator token, and 300 seconds', async () => {
    const { post } = start(express, 'grant')
    const at = now()
    for (const claims of [{ sub: 'operatortoken:opaque' }, { iat: at, exp: at + 300 }]) expect((await post(own(claims))).status).toBe(200)
  })

  it.each(cases)('$ids $what, by $rule: $expected', async ({ what, rule, expected }) => {
    const { response, last, events } = await send(express, rule, wrong[what] as Row)
    expect([String(response.status), response.body.error, last().reason]).toEqual(expected)
    expect(response.headers['www-authenticate']).toBe(response.status === 401 ? challengeOf(response.body) : undefined)
    expect(response.body).not.toHaveProperty('access_token')
    expect(events).toHaveLength(wrong[what]?.isSecond ? 2 : 1)
  })

  it.each<Rule>(['grant', 'split'])("by '%s', the client_id of the client changes no answer of the first three tables", async (rule) => {
    const before = Object.entries(wrong).slice(0, Object.keys(wrong).indexOf('a good grant, a forged `client_assertion`'))
    for (const [what, row] of before.filter(([, { form }]) => !form?.().client_id)) {
      const [alone, named] = [await send(express, rule, row), await send(express, rule, row, { client_id: 'shop' })]
      expect([what, named.response.status, named.response.body.error]).toEqual([what, alone.response.status, alone.response.body.error])
    }
  })

  it.each<Rule>(['grant', 'split'])("by '%s', nobody who is not proven learns which clients exist from a text", async (rule) => {
    const strangers = Object.values(wrong).slice(0, Object.keys(wrong).indexOf('it is no JWT'))
    const bodies = []
    for (const row of strangers) bodies.push((await send(express, rule, row)).response.body)
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1)
  })

  it('CM-13 an unknown number and a missing consent have one answer', async () => {
    const of = async (what: string) => (await send(express, 'grant', wrong[what] as Row)).response.body
    expect(await of('nobody has this number')).toEqual(await of('there is no consent'))
  })

  it('by default, each fault of a JWT gets one answer, whether its iss is known or not', async () => {
    const faults: Claims[] = [{ exp: undefined }, { iat: now() - 90, exp: now() - 30 }, { iat: now() + 5 }, { jti: undefined }]
    for (const claims of [...faults, { aud: issuer }, { exp: now() + 3600 }, {}]) {
      const of = async (iss: string) => (await start(express, 'grant').post(forged({ ...claims, iss }))).body
      expect(await of('shop')).toEqual(await of('nobody'))
    }
  })

  it.each(costs)('the cost of %s: %j', async (what, numbers) => {
    const { isNoForm, isSecond, jwt = own, form = () => ({}) } = sent[what] as (typeof sent)[string]
    const assertion = jwt()
    const world = start(express, 'grant', { consumer: byUrl })
    const { app, post, calls } = world
    if (isSecond) expect((await post(assertion)).status).toBe(200)
    const before = { ...calls }
    const response = await (isNoForm
      ? request(app).post('/token').send({ grant_type: JWT_BEARER_GRANT, assertion })
      : post(assertion, form()))
    expect(response.status).toBe(400)
    const { findIssuer, findClient, authorizeGrant, consume } = calls
    expect([
      findIssuer - before.findIssuer,
      findClient - before.findClient,
      authorizeGrant - before.authorizeGrant,
      keyServer.fetches,
      consume - before.consume,
    ]).toEqual(numbers)
    expect(world.events).toHaveLength(isSecond ? 2 : 1)
  })

  it('all strangers together cause one fetch of a jwks_uri, and use up nothing', async () => {
    const { post, last } = start(express, 'grant', { consumer: byUrl })
    const good = own()
    const [, payload] = good.split('.') as [string, string, string]
    const copy = [...good.split('.').slice(0, 2), forged().split('.')[2]].join('.')
    expect(copy).toContain(payload)
    for (let at = 0; at < 20; at += 1) await post(own({}, { key: otherKey, header: { kid: `unknown-${at}` } }))
    expect((await post(copy)).status).toBe(400)
    expect(last()).toMatchObject({ reason: 'signature_invalid', claimed: { issuer: 'shop' } })
    expect((await post(good)).status).toBe(200)
    expect(keyServer.fetches).toBe(1)
  })

  it('a client with a certificate method needs its certificate', async () => {
    const certified: Partial<Client> = {
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=shop',
    }
    const { post, last } = start(express, 'grant', { client: certified })
    expect((await post(own())).status).toBe(401)
    expect(last().reason).toBe('mtls_cert_missing')
  })

  it('a signature does not authenticate the client if others may present its grants', async () => {
    const { post, last } = start(express, 'grant', { consumer: () => ({ clients: ['shop', 'other'] }) })
    expect((await post(own())).status).toBe(401)
    expect(last().reason).toBe('client_auth_missing')
  })
})
