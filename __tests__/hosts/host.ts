/** What each host of this folder is asked: a real library, as it was, and behind the suite as docs/guides/server-libraries.md says. */

import type { Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { ErrorRequestHandler, Express } from 'express'
import { type Client, type Hooks, memoryReplayStore, type Options, tokenEndpoint } from '../../lib/index.js'
import { type ExpressFactory, expresses } from '../support/express.js'
import { now } from '../support/jwt.js'
import { encode, form, type RawRequest, type RawResponse, sendRaw } from '../support/raw.js'
import { expectSameAnswer } from '../support/twins.js'
import { basic, byJwt, clientAssertion, clients, hooks, issuer, keys } from '../support/world.js'

export type Parameters = Record<string, string>

/** The clients that each host has: `secret` is what it compares with; without one, the client is public or has moved to keys. */
export const registered = [
  { id: 'basic-client', secret: 'basic-secret' },
  { id: 'public-client' },
  { id: 'jwt-client' },
  { id: 'other-client' },
  { id: 'moving-client', secret: 'old-secret' },
  { id: 'moved-client', secret: 'old-secret' },
] as const
export const secretOfHost = (id: string): string | undefined => {
  const client = registered.find((one) => one.id === id)
  return client && 'secret' in client ? client.secret : undefined
}
export const isRegistered = (id: string) => registered.some((one) => one.id === id)
export const redirectUri = 'https://app.example/callback'
export const codeVerifier = 'v'.repeat(43)

const moving = {
  token_endpoint_auth_method: 'private_key_jwt' as const,
  jwks: { keys: [keys.client.jwk] },
  previous_auth_method: 'client_secret_post' as const,
}
const moved: Record<string, Client> = {
  'moving-client': { ...moving, client_id: 'moving-client' },
  'moved-client': { ...moving, client_id: 'moved-client', previous_auth_method_expires_at: 1 },
}

/** What a code block of the recipe finds in its scope, besides what is the host's. */
export interface Suite {
  app: Express
  express: ExpressFactory
  issuer: string
  hooks: Hooks
  tokenEndpoint(options: Options): ReturnType<typeof tokenEndpoint>
}

/** A fresh grant of the host's own, made for this client: the same sequence for the same calls. */
export type FreshGrant = (client_id: string) => Parameters

/** Mounts the host's routes on the app, without the suite, or by the recipe. */
export type Mount = (app: Express, express: ExpressFactory, suite: Suite | undefined) => Promise<FreshGrant> | FreshGrant

export interface RunningHost {
  server: Server
  freshGrant: FreshGrant
  post(parameters: Parameters, headers?: readonly string[]): Promise<RawResponse>
}

/** The host's own way to answer what its handlers throw. */
const hostErrors: ErrorRequestHandler = (error, _req, res, _next) =>
  void res.status(error.code ?? error.status ?? 500).json({ host: error.name, message: error.message })

const servers: Server[] = []
afterAll(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** Starts a host. @param over hooks of the suite; `false`: without the suite */
export async function startHost(mount: Mount, express: ExpressFactory, over: Partial<Hooks> | false = {}): Promise<RunningHost> {
  const app = express()
  const freshGrant = await mount(app, express, over === false ? undefined : suiteFor(app, express, over))
  app.use(hostErrors)
  const server = app.listen(0)
  servers.push(server)
  const post = (parameters: Parameters, headers: readonly string[] = []) =>
    sendRaw(server, { headers: [form, ...headers], body: encode(parameters) })
  return { server, freshGrant, post }
}

function suiteFor(app: Express, express: ExpressFactory, over: Partial<Hooks>): Suite {
  const { calls: _, ...plain } = hooks({ findClient: (id) => moved[id] ?? clients[id as 'jwt-client'], ...over })
  const replayStore = memoryReplayStore()
  return {
    ...{ app, express, issuer, hooks: plain },
    tokenEndpoint: (options) => tokenEndpoint({ ...options, replayStore, turnBudget: Number.POSITIVE_INFINITY }),
  }
}

/** A client assertion of a client with the key of `jwt-client`, in the parameters of a request. */
export const byKey = (client_id: string, claims: object = {}) => byJwt(clientAssertion({ iss: client_id, ...claims }))

export const isToken = ({ body }: RawResponse) => body.includes('access_token')
/** What a test compares: `token`, or the answer that is none. */
export const outcome = (response: RawResponse) => (response.status === 200 && isToken(response) ? 'token' : response)

const json = 'Content-Type: application/json'
const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'
const ofBasic = { client_id: 'basic-client', client_secret: 'basic-secret' }
const post = (parameters: Parameters, ...headers: string[]): RawRequest => ({ headers: [form, ...headers], body: encode(parameters) })
const authorize = (query: Parameters): RawRequest => ({ method: 'GET', path: `/authorize?${encode(query)}`, framing: 'none' })
const loginOf = (client_id: string) => ({
  ...{ response_type: 'code', client_id, redirect_uri: redirectUri, state: 'xyz' },
  ...{ code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' },
})

/** Requests that are not for the suite. `grant` is a fresh one for that client. */
const legacy = {
  'a secret in the body': (grant) => post({ ...grant('basic-client'), ...ofBasic }),
  'a secret in the header': (grant) => post(grant('basic-client'), `Authorization: ${basic('basic-client', 'basic-secret')}`),
  'a wrong secret in the body': (grant) => post({ ...grant('basic-client'), ...ofBasic, client_secret: 'wrong' }),
  'a wrong secret in the header': (grant) => post(grant('basic-client'), `Authorization: ${basic('basic-client', 'wrong')}`),
  'a client_id without a secret': (grant) => post({ ...grant('basic-client'), client_id: 'basic-client' }),
  'an unknown client': (grant) => post({ ...grant('nobody'), client_id: 'nobody', client_secret: 'x' }),
  'no client': (grant) => post(grant('basic-client')),
  'a public client': (grant) => post({ ...grant('public-client'), client_id: 'public-client' }),
  "another client's grant": (grant) => post({ ...grant('public-client'), ...ofBasic }),
  'a grant that does not exist': () => post({ grant_type: 'refresh_token', refresh_token: 'none', ...ofBasic }),
  'a grant without its parameter': () => post({ grant_type: 'refresh_token', ...ofBasic }),
  'a wrong authorization code': () =>
    post({ grant_type: 'authorization_code', code: 'x', redirect_uri: redirectUri, code_verifier: codeVerifier, ...ofBasic }),
  'a grant type that is unknown': () => post({ grant_type: 'urn:example:odd', ...ofBasic }),
  'no grant type': () => post(ofBasic),
  'client_credentials by secret': () => post({ grant_type: 'client_credentials', ...ofBasic }),
  'an empty client_assertion beside a secret': (grant) =>
    post({ ...grant('basic-client'), ...ofBasic, client_assertion: '', client_assertion_type: '' }),
  'a SAML client assertion beside a secret': (grant) =>
    post({ ...grant('basic-client'), ...ofBasic, client_assertion: 'x', client_assertion_type: saml }),
  'a repeated parameter': (grant) => ({
    headers: [form],
    body: `${encode({ ...grant('basic-client'), ...ofBasic })}&scope=a&scope=b&client_id=x`,
  }),
  'a form that is empty': () => ({ headers: [form] }),
  'another charset': () => ({ headers: [`${form}; charset=x-odd`], body: encode(ofBasic) }),
  JSON: (grant) => ({ headers: [json], body: JSON.stringify({ ...grant('basic-client'), ...ofBasic }) }),
  'JSON that is broken': () => ({ headers: [json], body: '{' }),
  'JSON that is empty': () => ({ headers: [json] }),
  text: () => ({ headers: ['Content-Type: text/plain'], body: encode(ofBasic) }),
  'no body': () => ({ framing: 'none' }),
  'GET /token': () => ({ method: 'GET', framing: 'none' }),
  'PUT /token': () => ({ method: 'PUT', headers: [form], body: encode(ofBasic) }),
  'a preflight': () => ({
    method: 'OPTIONS',
    headers: ['Origin: https://app.example', 'Access-Control-Request-Method: POST'],
    framing: 'none',
  }),
  'a login of a client with a secret': () => authorize(loginOf('basic-client')),
  'a login of a client with keys': () => authorize(loginOf('jwt-client')),
  'a login of a public client': () => authorize(loginOf('public-client')),
  'a login of an unknown client': () => authorize(loginOf('nobody')),
  'a login that is malformed': () => authorize({ client_id: 'basic-client' }),
  'another route': () => ({ method: 'GET', path: '/elsewhere', framing: 'none' }),
} satisfies Record<string, (grant: FreshGrant) => RawRequest>
export type LegacyName = keyof typeof legacy

/** Attempts to be `jwt-client` without its key. */
const attempts: readonly ((client: string) => [Parameters, string[]?])[] = [
  (client_id) => [{ client_id }],
  (client_id) => [{ client_id, client_secret: 'any' }],
  (client_id) => [{ client_id, client_secret: '' }],
  (client_id) => [{ client_id, client_secret: 'undefined' }],
  (client_id) => [{ client_id, client_secret: 'null' }],
  (client_id) => [{ client_id, client_assertion: '', client_assertion_type: '' }],
  (client_id) => [{ client_id, ...byJwt('') }],
  (client_id) => [{ client_id, client_assertion: 'x', client_assertion_type: saml }],
  (client_id) => [{ client_id, client_secret: 'any', client_assertion: 'x', client_assertion_type: saml }],
  (client_id) => [{ client_id, client_assertion: '', client_assertion_type: 'urn:example:odd' }],
  (client_id) => [{ client_id, code_verifier: codeVerifier }],
  (client_id) => [{ client_id, client_secret: 'any', code_verifier: codeVerifier }],
  (client_id) => [{}, [`Authorization: ${basic(client_id, '')}`]],
  (client_id) => [{ code_verifier: codeVerifier }, [`Authorization: ${basic(client_id, '')}`]],
  (client_id) => [{}, [`Authorization: ${basic(client_id, 'any')}`]],
  (client_id) => [{ client_id }, [`Authorization: ${basic(client_id, 'any')}`]],
  (client_id) => [{ 'client_id[]': client_id, 'client_secret[]': 'any' }],
  (client_id) => [byJwt(clientAssertion({ iss: client_id }, { key: keys.other, header: { kid: keys.client.kid } }))],
  (client_id) => [{ client_id, ...byJwt(clientAssertion({ iss: client_id, exp: now() - 60 })) }],
  () => [{}],
]

/** The answers that are the same at all these hosts. */
const usual: Partial<Record<LegacyName, number>> = {
  'a secret in the body': 200,
  'an empty client_assertion beside a secret': 200,
  'a SAML client assertion beside a secret': 200,
  'another charset': 415,
  'GET /token': 404,
  'PUT /token': 404,
  'a preflight': 200,
  'a login of a client with a secret': 302,
  'a login of a client with keys': 302,
  'a login of a public client': 302,
  'another route': 404,
}

interface Expectations {
  /** The status of the answers to legacy requests, with and without the suite, and of those that are not listed. */
  statuses: Partial<Record<LegacyName, number>>
  otherwise: number
  /** What client assertions are addressed to. */
  audience?: string
  /** Whether the host compares with one secret only, so that a client that is moving uses its old one. */
  hasOneSecret?: boolean
  /** Whether the host forgets an old secret by itself when `isMoved`. */
  endsOldSecrets?: boolean
  /** Whether the host takes a client without a secret for a public client. */
  takesForPublic?: boolean
}

export function describeHost(name: string, mount: Mount, expected: Expectations): void {
  const audience = expected.audience ?? issuer
  const byOwnKey = (client_id: string) => byKey(client_id, { aud: audience })
  describe.each(expresses)(`${name} on %s`, (_, express) => {
    describe('a request that is not for the suite', () => {
      let twins: readonly [RunningHost, RunningHost]
      beforeAll(async () => {
        // only the clock stands still, so that both say the same of their tokens
        jest.useFakeTimers({
          doNotFake: [
            'hrtime',
            'nextTick',
            'performance',
            'queueMicrotask',
            'setImmediate',
            'clearImmediate',
            'setInterval',
            'clearInterval',
            'setTimeout',
            'clearTimeout',
          ],
        })
        twins = [await startHost(mount, express, false), await startHost(mount, express)]
      })
      afterAll(() => void jest.useRealTimers())

      it.each(Object.entries(legacy))('has the answer of old, to the byte: %s', async (name, requestOf) => {
        const [request, same] = twins.map(({ freshGrant }) => requestOf(freshGrant))
        expect(same).toEqual(request)
        const [bare, fronted] = twins
        const { status } = await expectSameAnswer([bare.server, fronted.server], request as RawRequest)
        expect(status).toBe({ ...usual, ...expected.statuses }[name as LegacyName] ?? expected.otherwise)
      })
    })

    it('JC-05: a client gets a token by its key, for a grant that the host answers', async () => {
      const { post, freshGrant } = await startHost(mount, express)
      expect(outcome(await post({ ...freshGrant('jwt-client'), ...byOwnKey('jwt-client') }))).toBe('token')
      expect(outcome(await post({ ...freshGrant('jwt-client'), client_id: 'jwt-client', ...byOwnKey('jwt-client') }))).toBe('token')
      const ofOther = byJwt(clientAssertion({ iss: 'other-client', aud: audience }, { key: keys.other }))
      expect(outcome(await post({ ...freshGrant('other-client'), ...ofOther }))).toBe('token')
      expect(outcome(await post({ ...freshGrant('other-client'), ...byOwnKey('jwt-client') }))).not.toBe('token') // its grant is another client's
      expect(await post({ ...freshGrant('jwt-client'), client_id: 'other-client', ...byOwnKey('jwt-client') })).toMatchObject({
        status: 401,
      })
    })

    it('a client that is moving has its key and its old secret', async () => {
      const { post, freshGrant } = await startHost(mount, express)
      const old = { client_id: 'moving-client', client_secret: 'old-secret' }
      expect(outcome(await post({ ...freshGrant('moving-client'), ...old }))).toBe('token')
      expect(outcome(await post({ ...freshGrant('moving-client'), ...byOwnKey('moving-client') })) === 'token').toBe(!expected.hasOneSecret)
      expect(outcome(await post({ ...freshGrant('moving-client'), ...old, client_secret: 'wrong' }))).not.toBe('token')
    })

    if (expected.endsOldSecrets) {
      it('a client that has moved has its key, and its old secret no more', async () => {
        const { post, freshGrant } = await startHost(mount, express)
        expect(outcome(await post({ ...freshGrant('moved-client'), ...byOwnKey('moved-client') }))).toBe('token')
        const old = { client_id: 'moved-client', client_secret: 'old-secret' }
        expect(outcome(await post({ ...freshGrant('moved-client'), ...old }))).not.toBe('token')
      })
    }

    if (expected.takesForPublic) {
      it('T-72: without an internal secret it takes a client with keys for a public one', async () => {
        const { post, freshGrant } = await startHost(mount, express, false)
        expect(outcome(await post({ ...freshGrant('jwt-client'), client_id: 'jwt-client' }))).toBe('token')
      })
    }

    it('T-72 T-71: nobody is a client with keys without its key, however many requests prove theirs meanwhile', async () => {
      const host = await startHost(mount, express)
      const { proven, strangers } = await flood(host, 200, audience)
      expect(proven.filter(isToken)).toHaveLength(200)
      expect(strangers).toHaveLength(200)
      expect(strangers.filter(isToken)).toEqual([])
    }, 60_000)
  })
}

/** So many requests of `jwt-client` by its key, mixed with half as many that only claim to be it; and then the other half, alone. */
export async function flood({ post, freshGrant }: RunningHost, count: number, audience = issuer) {
  const proven: RawResponse[] = []
  const strangers: RawResponse[] = []
  const claim = async (index: number) => {
    const [parameters, headers] = (attempts[index % attempts.length] as (typeof attempts)[number])('jwt-client')
    strangers.push(await post({ ...freshGrant('jwt-client'), ...parameters }, headers))
  }
  const prove = async () => {
    proven.push(await post({ ...freshGrant('jwt-client'), ...byKey('jwt-client', { aud: audience }) }))
  }
  for (let i = 0; i < count; i += 40) {
    const together = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? [prove(), claim((i + index) / 2)] : [prove()]))
    await Promise.all(together.flat())
  }
  for (let i = 0; i < count / 2; i += 20) await Promise.all(Array.from({ length: 20 }, (_, index) => claim(i + index)))
  return { proven, strangers }
}
