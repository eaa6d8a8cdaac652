/** The pages in docs/reference/: they are what the code and its docstrings make them, and what they say is true. */
import { execFile, spawnSync } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, jest } from '@jest/globals'
import express, { type RequestHandler } from 'express'
import { isEnabled, registeredMethod } from '../lib/authenticate-client/find-client.js'
import { assertUnexpiredSecret } from '../lib/authenticate-client/secret.js'
import type { Help } from '../lib/development/help/help.js'
import { helpTexts } from '../lib/development/help/texts.js'
import { assertTrustedIssuer } from '../lib/host/check-registration.js'
import { clientAuthMethodNames, type FederatedCredential } from '../lib/host/client.js'
import { assertionRefusals, refusals } from '../lib/host/refusals.js'
import * as suite from '../lib/index.js'
import {
  authenticateClient,
  CLIENT_CREDENTIALS,
  type Client,
  type ClientAuthentication,
  type Granted,
  issueToken,
  JWT_BEARER_GRANT,
  memoryReplayStore,
  type Options,
  parseTokenRequest,
  type TokenEndpointEvent,
  type TokenRequest,
  type TrustedIssuer,
  verifyJwtGrant,
} from '../lib/index.js'
import { endpointOf } from '../lib/pipeline/endpoint.js'
import * as profileFunctions from '../lib/profiles/index.js'
import { postgresReplaySchema } from '../lib/replay/postgres/postgres.js'
import { checksBeforeLookup, checksOfRegistration } from '../lib/rules/jwt-checks.js'
import { demandsOfClient, demandsOfIssuer, demandsOfWorkload } from '../lib/rules/jwt-demands.js'
import { clientPolicy, issuerPolicy, scopePolicy } from '../lib/rules/policy.js'
import * as testing from '../lib/testing/index.js'
import { ioRedis } from './support/clients.js'
import { describeWith } from './support/describe-with.js'
import { ec } from './support/keys.js'
import { form, type RawRequest, sendRaw } from './support/raw.js'
import { ownRedisNeed, postgresNeed, redisNeed, startRedis, usePostgres, useRedis } from './support/services.js'
import {
  basic,
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  hooks,
  idp,
  issuer,
  issuers,
  keys,
  startWorld,
  tokenEndpointUrl,
} from './support/world.js'

interface Member {
  name: string
  optional: boolean
  type: string
  text: string
  default: string | undefined
  members?: Member[]
}
interface Reader {
  membersOf(text: string, name: string): Member[]
  literalsOf(text: string, name: string): { name: string; text: string }[]
}

const build = join(dirname(fileURLToPath(import.meta.url)), '..')
const root = join(build, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const { membersOf, literalsOf }: Reader = await import(pathToFileURL(join(root, 'scripts/read-interface.mjs')).href)

const pages = readdirSync(join(root, 'docs/reference')).filter((name) => name.endsWith('.md'))
const page = (name: string) => read(`docs/reference/${name}.md`)
const headings = (text: string) => [...text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, title]) => title as string)
const sectionsOf = (text: string) => [...text.matchAll(/^### (.*)$/gm)].map(([, title]) => title as string)
const source = (file: string) => read(`lib/${file}.ts`)
const flat = (members: readonly Member[], path = ''): Member[] =>
  members.flatMap((member) => [{ ...member, name: path + member.name }, ...flat(member.members ?? [], `${path}${member.name}.`)])

/** The names in an interface, found in another way than by the script: every line that declares one. */
const declared = (file: string, name: string) => {
  const [body = ''] = new RegExp(`^export interface ${name}\\b.*?^}`, 'ms').exec(source(file)) ?? []
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => member as string)
}
const keyMembers = declared('host/jwk', 'KeyRegistration')

const options = { issuer, tokenEndpointUrl, hooks: {} }
const settings = endpointOf('t', options, [])
/** The value of a `@default`. It may name other settings. */
const evaluated = (expression: string, scope: Record<string, unknown> = {}): unknown => {
  const names = { ...settings, memoryReplayStore, ...scope }
  return new Function(...Object.keys(names), `return (${expression})`)(...Object.values(names))
}

it('the pages, and the table in SECURITY.md, are what the code makes them', () => {
  const env = { ...process.env, BUILD_DIR: `${basename(build)}/` }
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/reference.mjs'), '--check'], { env, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

describe('members: each is on its page, and nothing else is', () => {
  it.each([
    ['client', [...declared('host/client', 'ClientMetadata'), ...keyMembers], 27],
    [
      'trusted-issuer',
      [...declared('host/trusted-issuer', 'TrustedIssuer'), ...keyMembers, ...declared('host/jwk', 'IssuerKeys'), 'limits.assertion'],
      20,
    ],
    ['hooks', declared('host/hooks', 'Hooks'), 6],
    ['events', declared('host/event', 'TokenEndpointEvent'), 18],
  ])('%s', (name, members, least) => {
    expect(members.length).toBeGreaterThanOrEqual(least)
    expect(sectionsOf(page(name)).sort()).toEqual([...members].sort())
  })

  it('options', () => {
    const nested = flat(membersOf(source('host/options'), 'Options')).filter(({ name }) => name.includes('.'))
    expect(nested.length).toBeGreaterThanOrEqual(9)
    expect(sectionsOf(page('options')).sort()).toEqual([...declared('host/options', 'Options'), ...nested.map(({ name }) => name)].sort())
  })

  it.each([
    ['client', 'host/client', 'FederatedCredential'],
    ['hooks', 'host/hooks', 'GrantCandidate'],
    ['hooks', 'host/hooks', 'Granted'],
    ['hooks', 'host/client', 'ClientCertificate'],
    ['hooks', 'client-metadata-documents/client-metadata-documents', 'ClientMetadataDocumentsOptions'],
    ['hooks', 'issue-token/token-minter', 'TokenMinterOptions'],
    ['hooks', 'issue-token/jwt-signer', 'JwtSignerOptions'],
    ['steps', 'host/token-state', 'TokenState'],
    ['steps', 'host/token-state', 'TokenRequest'],
    ['steps', 'host/token-state', 'JwtGrant'],
    ['stores', 'replay/memory', 'MemoryReplayStoreOptions'],
    ['stores', 'replay/redis/redis', 'RedisReplayStoreOptions'],
    ['stores', 'replay/postgres/postgres', 'PostgresReplayStoreOptions'],
    ['stores', 'replay/postgres/postgres-statements', 'PostgresTableOptions'],
    ['testing', 'testing/test-issuer', 'TestIssuerOptions'],
    ['testing', 'testing/test-issuer', 'TestIssuer'],
    ['testing', 'testing/test-client', 'TestClientOptions'],
    ['testing', 'testing/test-client', 'TestClient'],
    ['testing', 'testing/signer', 'TestSigner'],
    ['testing', 'testing/signer', 'JwtOverrides'],
    ['testing', 'testing/spoiled-jwt', 'SpoiledJwt'],
    ['testing', 'testing/token-request', 'TokenRequestAnswer'],
  ])('%s: the table of %s %s', (name, file, type) => {
    const members = declared(file, type)
    expect(members.length).toBeGreaterThanOrEqual(1)
    for (const member of members) expect(page(name)).toContain(`| \`${member}\` | `)
  })

  it('every one of them is described', () => {
    for (const [file, name] of [
      ['host/options', 'Options'],
      ['host/client', 'ClientMetadata'],
      ['host/client', 'FederatedCredential'],
      ['host/jwk', 'KeyRegistration'],
      ['host/trusted-issuer', 'TrustedIssuer'],
      ['host/hooks', 'Hooks'],
      ['host/event', 'TokenEndpointEvent'],
    ] as const)
      expect(flat(membersOf(source(file), name)).filter(({ text }) => text.length < 10)).toEqual([])
  })

  it('spoiled JWTs, and every function of the test helpers', () => {
    const functions = Object.entries(testing).filter(([, value]) => typeof value === 'function')
    expect(functions.length).toBeGreaterThanOrEqual(7)
    for (const [name] of functions) expect(page('testing')).toContain(`\`${name}(`)
    for (const name of Object.keys(testing.spoiled)) expect(page('testing')).toContain(`| \`${name}\` | `)
  })

  it('notices', () => {
    const [union = ''] = /^export type Notice =.*$/ms.exec(source('host/notice')) ?? []
    const notices = [...union.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, notice]) => notice as string)
    expect(notices.length).toBeGreaterThanOrEqual(8)
    expect(literalsOf(source('host/notice'), 'Notice').map(({ name }) => name)).toEqual(notices)
    for (const notice of notices) expect(page('events')).toContain(`| \`${notice}\` | `)
  })

  it('methods of client authentication', () => {
    const [, methods = ''] = page('client').split(/^## Methods$/m)
    const listed = [...methods.split(/^## /m)[0]!.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    expect(listed).toEqual([...clientAuthMethodNames, 'federated_jwt', 'jwt_bearer_grant'])
  })
})

describe('defaults of options', () => {
  const members = flat(membersOf(source('host/options'), 'Options'))
  const withDefault = members.filter((member) => member.default !== undefined && !member.name.startsWith('publicClients.'))
  const set = (name: string, value: unknown) =>
    name.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>
  const settingOf = (from: object, name: string) =>
    name.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], from)

  it.each(withDefault.map((member) => [member.name, member.default as string]))('%s is %s', (name, expression) => {
    if (name === 'replayStore') return expect(Object.keys(settings.replayStore)).toEqual(Object.keys(evaluated(expression) as object))
    expect(settingOf(settings, name)).toEqual(evaluated(expression))
  })

  it('publicClients.maxLifetime has its default once publicClients is set', () => {
    const { default: expression } = members.find(({ name }) => name === 'publicClients.maxLifetime') as Member
    const { publicClients } = endpointOf('t', { ...options, publicClients: { scope: 'a' } }, [])
    expect(publicClients?.maxLifetime).toBe(evaluated(expression as string))
    expect(settings.publicClients).toBeUndefined()
  })

  it('an option without a default is required, or not set', () => {
    for (const { name, optional, members: nested } of members.filter(({ default: value }) => value === undefined)) {
      if (name === 'publicClients.scope' || nested || name === 'onEvent') continue
      const { [name as 'issuer']: _, ...rest } = options
      if (optional) expect(endpointOf('t', rest as Options, [])).toMatchObject({ [name]: undefined })
      else expect(() => endpointOf('t', rest as Options, [])).toThrow(name)
    }
  })

  it.each(members.map(({ name }) => [name]))('%s is checked', (name) => {
    const wrong = { ...options, ...set(name, Symbol('wrong')) }
    expect(() => endpointOf('t', wrong as never, [])).toThrow(`option ${name}`)
  })
})

/** How a registration behaves that sets a member to something, to nothing, and to `other`. */
interface Probe<T> {
  other: unknown
  behaviour(over: Partial<T>): unknown
}
/** Each `@default` of a type has a probe. Without the member, all is as with the default, and otherwise with another value. */
function describeDefaults<T>(name: string, members: readonly Member[], probes: Record<string, Probe<T>>) {
  const known = members.filter((member) => member.default !== undefined)
  describe(`defaults of ${name}`, () => {
    it('each has a probe', () => {
      expect(known.map((member) => member.name).sort()).toEqual(Object.keys(probes).sort())
    })
    it.each(known.map((member) => [member.name, member.default as string]))('%s is %s', async (member, expression) => {
      const { other, behaviour } = probes[member] as Probe<T>
      const [byDefault, explicit, otherwise] = [
        await behaviour({}),
        await behaviour({ [member]: evaluated(expression) } as Partial<T>),
        await behaviour({ [member]: other } as Partial<T>),
      ]
      expect(explicit).toEqual(byDefault)
      expect(otherwise).not.toEqual(byDefault)
    })
  })
}

const world = (over: Parameters<typeof startWorld>[1]) => startWorld(express as never, over)
const jwtClient = clients['jwt-client']
/** The reason, if any, and the notices. */
const answerOf = async ({ post, last }: ReturnType<typeof world>, sent: Record<string, string>, headers = {}) => {
  await post(sent, headers)
  return [last().reason, last().notices]
}
const withClient = (over: Partial<Client>, more: Partial<Client> = {}) =>
  world({ hooks: { findClient: () => ({ ...jwtClient, ...more, ...over }) } })
const withIssuer = (over: Partial<TrustedIssuer>) => world({ hooks: { findIssuer: () => ({ ...issuers[idp], ...over }) as TrustedIssuer } })
const authenticated = (over: Partial<Client>): ClientAuthentication => ({
  level: 'authenticated',
  method: 'private_key_jwt',
  client_id: 'c',
  client: { client_id: 'c', grant_types: [CLIENT_CREDENTIALS], ...over },
})
const requestOf = (grant_type: string) => ({ grant_type, parameters: {} }) as unknown as TokenRequest
const byKeySource = { jwks: undefined, jwks_uri: 'https://127.0.0.1:1/jwks' }
const twice = async (ask: ReturnType<typeof world>, sent: Record<string, string>) => [await answerOf(ask, sent), await answerOf(ask, sent)]

const membersOfClient = [...membersOf(source('host/client'), 'ClientMetadata'), ...membersOf(source('host/jwk'), 'KeyRegistration')]
describeDefaults<Client>('Client', membersOfClient, {
  token_endpoint_auth_method: { other: 'none', behaviour: (over) => registeredMethod({ client_id: 'c', ...over }) },
  grant_types: {
    other: [CLIENT_CREDENTIALS],
    behaviour: (over) => {
      const client = { level: 'authenticated', method: 'private_key_jwt', client_id: 'c', client: { client_id: 'c', ...over } } as const
      return [JWT_BEARER_GRANT, CLIENT_CREDENTIALS, 'authorization_code', 'refresh_token'].map((type) =>
        clientPolicy(client, requestOf(type), settings),
      )
    },
  },
  client_secret_expires_at: {
    other: 1,
    behaviour: (over) => {
      try {
        assertUnexpiredSecret({ client_id: 'c', ...over }, Date.now() / 1000)
        return 'good'
      } catch {
        return 'expired'
      }
    },
  },
  tls_client_certificate_bound_access_tokens: {
    other: true,
    behaviour: async (over) => {
      const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      const mint = suite.tokenMinter({ issuer, audience: 'https://api.example.com', key })
      const granted = { client: authenticated(over), subject: 'c', scope: '', resource: [] } as unknown as Granted
      return (async () => mint(granted))().then(
        () => 'a token',
        () => 'refused',
      )
    },
  },
  dpop_bound_access_tokens: {
    other: true,
    behaviour: (over) => clientPolicy(authenticated(over), requestOf(CLIENT_CREDENTIALS), settings),
  },
  audience: { other: 'issuer-or-token-endpoint', behaviour: (over) => demandsOfClient({ client_id: 'c', ...over }, settings) },
  requireJti: { other: true, behaviour: (over) => demandsOfClient({ client_id: 'c', ...over }, settings) },
  maxLifetime: { other: 60, behaviour: (over) => demandsOfClient({ client_id: 'c', ...over }, settings) },
  clockTolerance: { other: 0, behaviour: (over) => demandsOfClient({ client_id: 'c', ...over }, settings) },
  requireScope: {
    other: true,
    behaviour: (over) =>
      clientPolicy(authenticated({ ...over, grant_types: [CLIENT_CREDENTIALS] }), requestOf(CLIENT_CREDENTIALS), settings),
  },
  replay: { other: 'reusable', behaviour: (over) => twice(withClient(over), clientCredentials()) },
  client_assertion_mode: {
    other: 'observe',
    behaviour: (over) => {
      const both = withClient(over, { token_endpoint_auth_method: 'client_secret_basic', client_secret: 's' })
      return answerOf(both, clientCredentials(), { authorization: basic('jwt-client', 's') })
    },
  },
  require_explicit_auth: {
    other: true,
    behaviour: (over) => answerOf(withClient(over), grantRequest(grant({ iss: 'jwt-client' }, { key: keys.client }), {})),
  },
  require_named_grant: {
    other: true,
    behaviour: (over) => issuerPolicy(authenticated(over), { issuer: 'i', clients: 'any' }, {}),
  },
  enabled: { other: false, behaviour: (over) => isEnabled({ client_id: 'c', ...over }) },
  ignoreX5c: { other: true, behaviour: (over) => demandsOfClient({ client_id: 'c', ...over } as Client, settings) },
  allowPrivateJwksUri: {
    other: true,
    behaviour: (over) => answerOf(withClient({ ...byKeySource, ...over } as unknown as Partial<Client>), clientCredentials()),
  },
})

const scopeOf = (over: Partial<TrustedIssuer>) =>
  scopePolicy({ level: 'anonymous' }, { issuer: 'i', scope: 'a b', ...over }, 'a', 'b', settings)
const trusted = (over: Partial<TrustedIssuer>): TrustedIssuer => ({ issuer: 'i', ...over })

describeDefaults<TrustedIssuer>(
  'TrustedIssuer',
  [
    ...membersOf(source('host/trusted-issuer'), 'TrustedIssuer'),
    ...['KeyRegistration', 'IssuerKeys'].flatMap((name) => membersOf(source('host/jwk'), name)),
  ],
  {
    clients: { other: 'any', behaviour: (over) => issuerPolicy(authenticated({}), trusted(over), {}) },
    client_authentication: {
      other: 'none',
      behaviour: (over) => issuerPolicy({ level: 'anonymous' }, trusted(over), {}),
    },
    scope_from: { other: 'parameter', behaviour: scopeOf },
    audience: { other: 'https://other.example', behaviour: (over) => demandsOfIssuer(trusted(over), settings) },
    algorithms: {
      other: ['RS256'],
      behaviour: async (over) => answerOf(withIssuer(over), grantRequest()),
    },
    requireJti: { other: true, behaviour: (over) => demandsOfIssuer(trusted(over), settings) },
    maxLifetime: { other: 60, behaviour: (over) => demandsOfIssuer(trusted(over), settings) },
    clockTolerance: { other: 0, behaviour: (over) => demandsOfIssuer(trusted(over), settings) },
    replay: {
      other: 'reusable',
      behaviour: async (over) => {
        const [ask, assertion] = [withIssuer(over), grant()]
        return [await answerOf(ask, grantRequest(assertion)), await answerOf(ask, grantRequest(assertion))]
      },
    },
    enabled: { other: false, behaviour: (over) => answerOf(withIssuer(over), grantRequest()) },
    discovery: { other: true, behaviour: (over) => answerOf(withIssuer(over), grantRequest()) },
    subject: { other: ['tenant'], behaviour: (over) => answerOf(withIssuer(over), grantRequest()) },
    ignoreX5c: { other: true, behaviour: (over) => demandsOfIssuer(trusted(over), settings) },
    allowPrivateJwksUri: {
      other: true,
      behaviour: (over) => {
        const { jwks: _, ...rest } = issuers[idp]
        const ask = world({ hooks: { findIssuer: () => ({ ...rest, jwks_uri: byKeySource.jwks_uri, ...over }) as TrustedIssuer } })
        return answerOf(ask, grantRequest())
      },
    },
  },
)

const workload = ec('workload')
const credential: FederatedCredential = { issuer: 'https://workloads.example', subject: 'w', jwks: { keys: [workload.jwk] } }

describeDefaults<FederatedCredential>('FederatedCredential', membersOf(source('host/client'), 'FederatedCredential'), {
  audience: { other: 'https://other.example', behaviour: (over) => demandsOfWorkload({ ...credential, ...over }, settings) },
  maxLifetime: { other: 60, behaviour: (over) => demandsOfWorkload({ ...credential, ...over }, settings) },
  replay: {
    other: 'reusable',
    behaviour: (over) => {
      const token = clientAssertion({ iss: credential.issuer, sub: 'w' }, { key: workload })
      const ask = withClient({ federated_credentials: [{ ...credential, ...over }] })
      return twice(ask, { ...clientCredentials(byJwt(token)), client_id: 'jwt-client' })
    },
  },
})

describe('defaults of stores and of tokenMinter', () => {
  /** What the code writes in `const { name = value } = options`. */
  const written = (file: string, name: string) => new RegExp(`[{,] ${name} = ('[^']*'|[\\w.]+(?:\\(.*?\\))?)`).exec(source(file))?.[1]
  it.each([
    ['replay/memory', 'MemoryReplayStoreOptions'],
    ['replay/redis/redis', 'RedisReplayStoreOptions'],
    ['replay/postgres/postgres', 'PostgresReplayStoreOptions'],
    ['issue-token/token-minter', 'TokenMinterOptions'],
  ])('%s', (file, name) => {
    const members = membersOf(source(file), name).filter(({ optional }) => optional)
    expect(members.length).toBeGreaterThanOrEqual(1)
    for (const member of members) expect([member.name, written(file, member.name)]).toEqual([member.name, member.default])
  })

  it('the table of PostgreSQL', () => {
    const [table] = membersOf(source('replay/postgres/postgres-statements'), 'PostgresTableOptions')
    expect(postgresReplaySchema()).toContain(`"${evaluated(table?.default as string)}"`)
  })

  it('the memory store has room for as many grants as the page says', async () => {
    const store = memoryReplayStore()
    const now = Date.now() / 1000
    /** How many are consumed before another answer than `true`, and that answer. */
    const fill = async (name: string) => {
      for (let call = 0; ; call++) {
        const answer = await store.consume(`${name}${call}`, now + 310, name, now)
        if (answer !== true) return [call, answer]
      }
    }
    expect(await fill('a')).toEqual([50_000, 'full'])
    expect(await fill('b')).toEqual([50_000, 'full'])
    expect(store.consume('c', now + 310, 'c', now)).toBe('full')
    expect(page('stores')).toContain(`${Math.floor(50_000 / (300 + settings.clockTolerance))} grants a second`)
    expect(source('replay/memory')).toContain(`${Math.floor(100_000 / (300 + settings.clockTolerance))} grants a second`)
  })
})

describe('docs/reference/errors.md', () => {
  const errors = page('errors')
  const reasons: Record<string, Help> = helpTexts
  const known = [...Object.keys(refusals), ...Object.keys(assertionRefusals), 'hook_denied']

  it('has a cause and a fix for each reason, and for nothing else', () => {
    expect(Object.keys(reasons).sort()).toEqual([...known].sort())
    expect(sectionsOf(errors).sort()).toEqual([...known].sort())
    for (const { cause, fix } of Object.values(reasons)) for (const text of [cause, fix]) expect(text).toMatch(/^[A-Z`0-9].{5,}[.]$/)
  })

  it('has a check for each reason of a JWT: of the list of checks, or else its own', () => {
    const listed = new Set<string>([...checksBeforeLookup, ...checksOfRegistration].map(({ reason }) => reason))
    const own = Object.keys(assertionRefusals).filter((reason) => !listed.has(reason))
    expect(Object.keys(reasons).filter((reason) => reasons[reason]?.check)).toEqual(own)
  })

  it('says what is on the wire', async () => {
    const { post, last } = world({})
    const { status, body } = await post(grantRequest(grant({ exp: 1 })))
    const { expired = '' } = Object.fromEntries([...errors.matchAll(/^### (\w+)\n\n(.*)$/gm)].map(([, reason, line]) => [reason, line]))
    expect(last().reason).toBe('expired')
    expect(expired).toContain(`${status} \`${body.error}\` for an \`assertion\``)
    expect(expired).toContain(`"${body.error_description}"`)
  })

  const listeners = [errors, page('events')].flatMap((text) =>
    [...text.matchAll(/^```js\n(.*?onEvent.*?)^```$/gms)].map(([, block]) => [block as string]),
  )
  it.each(listeners)('has a listener that tells the reason: %s', async (block) => {
    const lines: [fields: object, message: string][] = []
    const write = (fields: object, message: string) => lines.push([fields, message])
    const error = jest.fn()
    const scope = { auditLog: suite.auditLog, logger: { info: write, warn: write, error: write }, console: { error } }
    const onEvent: (event: TokenEndpointEvent) => void = new Function(...Object.keys(scope), `${block}\nreturn onEvent`)(
      ...Object.values(scope),
    )
    const cause = new Error('the database is down')
    const { post, last } = world({ hooks: { findClient: () => Promise.reject(cause) } })
    expect((await post(clientCredentials())).status).toBe(500)
    onEvent(last())
    const shown = { reason: 'hook_error', cause: { name: 'Error', message: 'the database is down' } }
    expect(lines).toMatchObject([[shown, 'token request failed: hook_error']])
    expect(JSON.stringify(lines)).not.toContain('reference.test') // no stack
    expect(error.mock.calls).toEqual(block.includes('cause') ? [[cause]] : [])
  })

  describe('lists the requests without an event', () => {
    const byOther = { client_assertion: 'x', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }
    const refresh = { grant_type: 'refresh_token' }
    const text = (sent: Record<string, string>) => new URLSearchParams(sent).toString()
    const devour: RequestHandler = (req, _res, next) => void req.on('end', next).resume()
    const byHandler: RequestHandler = (_req, res) => void res.status(418).send('the old answer')
    /** For each, what the list says. */
    const cases: [listed: string, request: () => RawRequest, options: Partial<Options>, before: RequestHandler[]][] = [
      ['The method is not POST', () => ({ method: 'PUT', headers: [form], body: text(grantRequest()) }), {}, []],
      ['The body is not a form', () => ({ headers: ['Content-Type: application/json'], body: JSON.stringify(grantRequest()) }), {}, []],
      [
        'The body has a `Content-Encoding`',
        () => ({ headers: [form, 'Content-Encoding: gzip'], body: gzipSync(text(grantRequest())) }),
        {},
        [],
      ],
      [
        'and there is no `client_assertion`.',
        () => ({ headers: [form], body: text({ ...grantRequest(grant(), {}), grant_type: 'JWT' }) }),
        {},
        [],
      ],
      [
        'The grant is `client_credentials`',
        () => ({ headers: [form], body: `grant_type=${CLIENT_CREDENTIALS}&client_id=basic-client` }),
        {},
        [],
      ],
      ['`client_assertion_type` is not that of a JWT', () => ({ headers: [form], body: text({ ...refresh, ...byOther }) }), {}, []],
      [
        '`clientAuthMethods` has neither',
        () => ({ headers: [form], body: text({ ...refresh, ...byJwt() }) }),
        { clientAuthMethods: ['client_secret_basic'] },
        [],
      ],
      [
        'you have set `hostVerifiesClientAssertions`',
        () => ({ headers: [form], body: text({ ...refresh, ...byJwt() }) }),
        { hostVerifiesClientAssertions: true },
        [],
      ],
      ['in the URL alone', () => ({ path: `/token?${text(grantRequest())}`, headers: [form], body: 'x=y' }), {}, []],
      ['larger than `limits.body`', () => ({ headers: [form], body: `x=${'y'.repeat(40_000)}&${text(grantRequest())}` }), {}, []],
      ['without leaving it in `req.body`', () => ({ headers: [form], body: text(grantRequest()) }), {}, [devour]],
    ]

    it.each(cases)('%s', async (_listed, request, over, before) => {
      const { server, events } = world({ options: { fallthrough: true, ...over }, before, after: [byHandler] })
      expect(await sendRaw(server, request())).toMatchObject({ status: 418 })
      expect(await sendRaw(server, { headers: [form], body: 'grant_type=refresh_token' })).toMatchObject({ status: 418 })
      expect(events).toEqual([])
    })

    it('and no others', () => {
      const list =
        errors
          .split('## No event')[1]
          ?.split(/^## /m)[0]
          ?.match(/^\* .*$/gm) ?? []
      expect(list.map((line) => cases.filter(([listed]) => line.includes(listed)).length)).toEqual(cases.map(() => 1))
    })
  })

  it('says how strict a TrustedIssuer is, and a Client not', async () => {
    const by = async (asked: ReturnType<typeof world>) => {
      const { status, body } = await asked.post(grantRequest())
      return [status, body.error, String(asked.last().cause)]
    }
    const asIssuer = (over: object) => by(withIssuer(over as Partial<TrustedIssuer>))
    const asClient = (over: object) => by(withClient(over as Partial<Client>))
    const noted = expect.any(String)
    expect(await asIssuer({})).toEqual([200, undefined, noted])
    for (const [over, member] of [
      [{ maxLifetme: 60 }, 'maxLifetme'],
      [{ scope: null }, 'scope'],
      [{ maxLifetime: '60' }, 'maxLifetime'],
    ] as const)
      expect(await asIssuer(over)).toEqual([500, 'server_error', expect.stringContaining(`TrustedIssuer.${member}`)])
    expect(await asIssuer({ jwks_uri: null })).toEqual([200, undefined, noted])
    expect(await asIssuer({ enabled: null })).toEqual([400, 'invalid_grant', noted])
    expect(await asClient({ owner: 'ops', maxLifetme: 60, maxLifetime: null, jwks_uri: null })).toEqual([200, undefined, noted])
    expect(await asClient({ enabled: null })).toEqual([401, 'invalid_client', noted])
    expect(await asClient({ grant_types: 'x' })).toEqual([400, 'unauthorized_client', noted])
    expect(await asClient({ maxLifetime: '60' })).toEqual([401, 'invalid_client', expect.stringContaining('Client.maxLifetime')])
  })
})

describe('anchors and code blocks', () => {
  const anchorOf = (title: string) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')

  it.each(pages)('%s: each anchor is unique', (name) => {
    const anchors = headings(read(`docs/reference/${name}`)).map(anchorOf)
    expect(anchors.length).toBeGreaterThanOrEqual(2)
    expect(anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index)).toEqual([])
  })

  const blocks = pages.flatMap((name) =>
    [...read(`docs/reference/${name}`).matchAll(/^```js\n(.*?)^```$/gms)].map(([, text]) => text as string),
  )
  const nameOf = (text: string) => /^\/\/ (\S+\.mjs)\n/.exec(text)?.[1]

  it.each(blocks.filter((text) => !nameOf(text)).map((text) => [text]))('runs: %s', (text) => {
    const scope = {
      ...suite,
      ...profileFunctions,
      issuer,
      hooks: hooks(),
      key: ec('k').privateKey,
      logger: { info() {}, warn() {}, error() {} },
    }
    const { calls: _, ...plain } = scope.hooks
    const last = [...text.matchAll(/^const (\w+) = /gm)].at(-1)?.[1] as string
    const made = new Function(...Object.keys(scope), `${text.replace(/^import .*$/gm, '')}\nreturn ${last}`)(
      ...Object.values({ ...scope, hooks: plain }),
    )
    expect(made).toBeDefined()
    if (last === 'idp') assertTrustedIssuer(made)
  })

  /** Runs a program beside the files of the pages, on the lib of this test, and returns what it prints. */
  async function runBeside(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const folder = mkdtempSync(join(build, 'reference-'))
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
    const files = { redis: 'replay/redis/redis', postgres: 'replay/postgres/postgres', testing: 'replay/testing/index' }
    const here = (_found: string, name?: keyof typeof files) => `'../lib/${name ? files[name] : 'index'}.js'`
    try {
      for (const text of blocks) {
        const file = nameOf(text)
        if (file) writeFileSync(join(folder, file), text.replaceAll(/'express-oauth-assertions(?:\/(\w+))?'/g, here))
      }
      return (await promisify(execFile)(process.execPath, args, { cwd: folder, env: { ...inherited, ...env } })).stdout
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  const useTwice = (file: string) => `
    const { replayStore } = await import('./${file}')
    const use = () => replayStore.consume('${randomUUID()}', Math.ceil(Date.now() / 1000) + 60, 'a', Date.now() / 1000)
    console.log(await use(), await use())
    process.exit()`
  const runStore = (file: string, env: Record<string, string>) => runBeside(['--input-type=module', '--eval', useTwice(file)], env)

  it('names the files that run below', () => {
    expect(blocks.flatMap((text) => nameOf(text) ?? [])).toEqual([
      'acme-hr.mjs', // profiles/own-profile.test.ts
      'redis-store.mjs',
      'ioredis-store.mjs',
      'postgres-store.mjs',
      'my-store.test.mjs',
    ])
  })

  it('my-store.test.mjs passes', async () => {
    expect(await runBeside(['--test', '--test-reporter=tap', 'my-store.test.mjs'])).toMatch(/^# fail 0$/m)
  }, 20_000)

  describeWith(redisNeed, 'on Redis', () => {
    it.each(['redis-store.mjs', 'ioredis-store.mjs'])(
      '%s runs as it stands',
      async (file) => {
        const { url, stop } = await useRedis()
        try {
          expect(await runStore(file, { REDIS_URL: url })).toBe('true false\n')
        } finally {
          await stop()
        }
      },
      20_000,
    )
  })

  describeWith(ownRedisNeed, 'on the settings of Redis', () => {
    it('has a command for docker compose that Redis takes, and that drops no record', async () => {
      const arguments_ = / command: redis-server (.*)\n/.exec(page('stores'))?.[1]?.split(' ') ?? []
      const redis = await startRedis(...arguments_)
      const { command, close } = await ioRedis(redis.url)
      try {
        expect(await command('CONFIG', 'GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
        expect(await command('CONFIG', 'GET', 'appendonly')).toEqual(['appendonly', 'yes'])
      } finally {
        close()
        await redis.stop()
      }
    })
  })

  describeWith(postgresNeed, 'on PostgreSQL', () => {
    it('postgres-store.mjs runs as it stands', async () => {
      const { url, stop } = await usePostgres()
      try {
        expect(await runStore('postgres-store.mjs', { DATABASE_URL: url })).toBe('true false\n')
      } finally {
        await stop()
      }
    }, 60_000)
  })

  it('stores.md says what npm run replays counts: its command prints these rows', () => {
    const rows = [...page('stores').matchAll(/^\| (?:memory|Redis|PostgreSQL) \| (\d) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$/gm)]
    expect(rows.map(([, ...cells]) => cells.map(Number))).toEqual([
      [1, 5000, 20_000, 5000, 0],
      [4, 5000, 20_000, 5000, 0],
      [4, 5000, 20_000, 5000, 0],
    ])
  })
})

it('docs/reference/hooks.md says which hooks are needed', () => {
  const { calls: _, ...all } = hooks()
  const needs = [...page('hooks').matchAll(/^\| (\[.*?) \| (.*) \|$/gm)].map(([, names = '', when]) => [
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name as string),
    when,
  ])
  expect(needs.flatMap(([names]) => names)).toEqual(declared('host/hooks', 'Hooks'))
  const makes = (without: string, grantTypes: readonly string[], make: (options: never) => unknown) => {
    const given = Object.fromEntries(Object.entries(all).filter(([name]) => name !== without))
    try {
      make({ issuer, hooks: given, grantTypes } as never)
      return true
    } catch (error) {
      expect(String(error)).toContain(without)
      return false
    }
  }
  const both = [JWT_BEARER_GRANT, CLIENT_CREDENTIALS]
  const found = (['findClient', 'findIssuer', 'authorizeGrant', 'mintToken', 'verifyClientSecret', 'getClientCertificate'] as const).map(
    (name) => [
      name,
      !makes(name, both, suite.tokenEndpoint),
      !makes(name, [CLIENT_CREDENTIALS], suite.tokenEndpoint),
      !makes(name, both, authenticateClient),
    ],
  )
  expect(found).toEqual([
    ['findClient', true, true, true], // always
    ['findIssuer', true, false, false], // if the JWT grant is served
    ['authorizeGrant', true, false, false],
    ['mintToken', true, true, false], // by issueToken and tokenEndpoint
    ['verifyClientSecret', false, false, false],
    ['getClientCertificate', false, false, false],
  ])
})

it('docs/reference/steps.md says what each step adds, and which hooks it calls', async () => {
  const rows = [...page('steps').matchAll(/^\| `(\w+)` \| .*? \| (.*) \|$/gm)]
  const steps = { parseTokenRequest, authenticateClient, verifyJwtGrant }
  const calls: string[] = []
  const record =
    (name: string, hook: unknown) =>
    (...args: never[]) => {
      calls.push(name)
      return (hook as (...all: never[]) => unknown)(...args)
    }
  const recorded = Object.fromEntries(Object.entries(hooks()).map(([name, hook]) => [name, record(name, hook)]))
  const { calls: _, ...plain } = recorded
  const app = express()
  const seen: [step: string, added: string[], called: string[]][] = []
  const shared = { issuer, hooks: plain } as unknown as Options
  for (const [step, make] of Object.entries(steps)) {
    const note: RequestHandler = (req, _res, next) => {
      seen.push([step, Object.keys(req.tokenState ?? {}), calls.splice(0)])
      next()
    }
    app.use('/token', make(shared) as RequestHandler, note)
  }
  app.use('/token', issueToken(shared) as RequestHandler)
  const server = app.listen(0)
  const { port } = server.address() as { port: number }
  const { status } = await fetch(`http://127.0.0.1:${port}/token`, { method: 'POST', body: new URLSearchParams(grantRequest()) })
  server.close()
  expect(status).toBe(200)
  expect(seen.map(([, added]) => added)).toEqual([['request'], ['request', 'client'], ['request', 'client', 'grant']])
  for (const [step, , called] of [...seen, ['issueToken', [], calls] as const])
    for (const hook of called) expect(rows.find(([, name]) => name === step)?.[2]).toContain(`\`${hook}\``)
  expect(seen.map(([, , called]) => called.length)).toEqual([0, 1, 2])
  expect(calls).toContain('mintToken')
})

describe('docs/scaling.md', () => {
  const scaling = read('docs/scaling.md')
  /** The example in the row of the table of formulas. */
  const example = (row: string) => new RegExp(`^\\| ${row} \\|.*\\| (.*) \\|$`, 'm').exec(scaling)?.[1] as string
  const perRecord = (row: string) => Number(new RegExp(`^\\| ${row} \\|.* × (\\d+) bytes`, 'm').exec(scaling)?.[1])

  it('has examples that follow from its formulas', () => {
    const [grants, lifetime] = [500, 300]
    const records = grants * (lifetime + settings.clockTolerance)
    expect(example('live records')).toBe(`${grants} × ${lifetime + settings.clockTolerance} = ${records.toLocaleString('en')}`)
    expect(example('cores')).toMatch(/^500 × 0\.00016 = 0\.08 /)
    for (const row of ['memory store', 'Redis']) expect(example(row)).toBe(`${Math.round((records * perRecord(row)) / 1e6)} MB`)
    expect(example('PostgreSQL')).toBe(`${Math.round(((records + 600 * grants) * perRecord('PostgreSQL')) / 1e6)} MB`)
    expect(Math.round((1 - (60 + 10) / (3600 + 10)) * 100)).toBe(98)
    expect(scaling).toContain('save 98 % of the memory')
  })

  it('names limits and caches that the code has', () => {
    expect(source('assertion/keys/find-keys')).toContain('max: 10_000')
    expect(scaling).toContain('for 10,000 key sets')
    expect(`${settings.limits.body / 1024}k`).toBe(/client_max_body_size (\d+k)/.exec(scaling)?.[1])
    expect(scaling).toContain(`${settings.limits.assertion / 1024} KiB, which is \`limits.assertion\``)
  })
})

describe('docs/mutation.md', () => {
  const mutation = read('docs/mutation.md')

  it('names files that there are', () => {
    const [, table = ''] = mutation.split('## Changes that may survive')
    const files = [...table.matchAll(/`([\w/-]+\.ts)`/g)].map(([, file]) => file as string)
    expect(files.length).toBeGreaterThanOrEqual(10)
    expect(files.filter((file) => !existsSync(join(root, 'lib', file)))).toEqual([])
  })

  it('judges every file of lib that does anything, by tests that there are', async () => {
    const { groups } = await import(pathToFileURL(join(root, 'scripts/mutation-groups.mjs')).href)
    const all = Object.values(groups as Record<string, { mutate: string[]; tests: string[] }>)
    const alternatives = (glob: string): string[] => {
      const [, before = glob, names, after = ''] = /^(.*?)\{(.*?)\}(.*)$/.exec(glob) ?? []
      return names === undefined ? [glob] : names.split(',').flatMap((name) => alternatives(before + name + after))
    }
    const star = (stars: string) => (stars === '*' ? '[^/]*' : '.*')
    const patterns = (globs: string[]) =>
      globs.flatMap(alternatives).map((glob) => new RegExp(`^${glob.replaceAll('.', '\\.').replace(/\*\*\/\*|\*/g, star)}$`))
    const filesIn = (folder: string) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file.replaceAll('\\', '/')}`)

    const mutated = patterns(all.flatMap(({ mutate }) => mutate.filter((glob) => !glob.startsWith('!'))))
    const code = filesIn('lib').filter((file) => file.endsWith('.ts') && file !== 'lib/index.ts')
    expect(code.filter((file) => !mutated.some((pattern) => pattern.test(file)))).toEqual([])
    expect(mutated.filter((pattern) => !code.some((file) => pattern.test(file)))).toEqual([])
    const tests = filesIn('__tests__')
    const judges = patterns(all.flatMap(({ tests }) => tests.map((test) => `__tests__/${test}.test.ts`)))
    expect(judges.filter((pattern) => !tests.some((file) => pattern.test(file)))).toEqual([])
  })

  it('says below which score the command fails, and calls it with groups that there are', () => {
    expect(mutation).toContain(`fails below ${/const least = (\d+)/.exec(read('scripts/mutation.mjs'))?.[1]} %`)
    const [, asked = ''] = /npm run mutation -- ([a-z/ -]+?) +#/.exec(mutation) ?? []
    for (const name of asked.split(' ')) expect(mutation).toMatch(new RegExp(`^\\| \`${name}[\`/]`, 'm'))
  })
})
