import { describe, expect, it } from '@jest/globals'
import { VerifiedSignatures } from '../../lib/assertion/verified-signatures.js'
import { reportOptions } from '../../lib/host/check-options.js'
import { JWT_SPIFFE_CLIENT_ASSERTION } from '../../lib/host/options.js'
import { settingsOf } from '../../lib/host/settings.js'
import {
  authenticateClient,
  CLIENT_CREDENTIALS,
  ConfigurationError,
  issueToken,
  JWT_BEARER_GRANT,
  memoryReplayStore,
  type Options,
  parseTokenRequest,
  tokenEndpoint,
  verifyJwtGrant,
} from '../../lib/index.js'
import { type Endpoint, endpointOf } from '../../lib/pipeline/endpoint.js'
import { hooks, issuer, tokenEndpointUrl } from '../support/world.js'

const { calls: _, ...all } = hooks()
const options = (over: object = {}) => ({ issuer, hooks: all, ...over }) as Options
const thrownBy = (act: () => unknown): Error => {
  try {
    act()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
const problemOf = (over: object) => thrownBy(() => endpointOf('tokenEndpoint', options(over), []))

const seconds = (from: number, to: number) => `must be a number of seconds from ${from} to ${to}`
const anyTime = 'must be a number of seconds, at least 1'
const aUrl = 'must be an absolute https URL, such as https://as.example.com'
const noHttp = 'must be an https URL (http is for loopback addresses only)'

/** `[option, what it is set to, what the error says of it]` */
const mistakes: [option: string, over: object, problem: string][] = [
  // values of the wrong type, or out of range
  ...[
    'https://as.example.com/ ',
    ' https://as.example.com',
    'https://as.example.com\n',
    'as.example.com',
    'https:as.example.com',
    '',
    7,
    null,
  ].map((value): [string, object, string] => ['issuer', { issuer: value }, aUrl]),
  ['issuer', { issuer: ['https://as.example.com'] }, aUrl],
  ['issuer', { issuer: 'https://me@as.example.com' }, 'must be a URL without user information'],
  ['issuer', { issuer: 'https://:secret@as.example.com' }, 'must be a URL without user information'],
  ['issuer', { issuer: 'ftp://localhost' }, noHttp],
  ['responseMembers', { responseMembers: ['patient', 7] }, 'must be a list of names of response members'],
  ['responseMembers', { responseMembers: ['a b'] }, 'must be a list of names of response members'],
  ['issuer', { issuer: 'http://as.example.com' }, noHttp],
  ['issuer', { issuer: 'http://localhost.example.com' }, noHttp],
  ['issuer', { issuer: 'http://127.0.0.1.example.com' }, noHttp],
  ['issuer', { issuer: 'ftp://as.example.com' }, noHttp],
  ['issuer', { issuer: 'https://as.example.com?a=1' }, 'must be a URL without a query (RFC 8414 §2)'],
  ['issuer', { issuer: 'https://as.example.com?' }, 'must be a URL without a query (RFC 8414 §2)'],
  ['issuer', { issuer: 'https://as.example.com#a' }, 'must be a URL without a fragment'],
  ['issuer', { issuer: 'https://as.example.com#' }, 'must be a URL without a fragment'],
  ['issuer', { issuer: 'https://me:secret@as.example.com' }, 'must be a URL without user information'],
  ['tokenEndpointUrl', { tokenEndpointUrl: '/token' }, aUrl],
  ['tokenEndpointUrl', { tokenEndpointUrl: 'http://as.example.com/token' }, noHttp],
  ['tokenEndpointUrl', { tokenEndpointUrl: 'https://as.example.com/token#a' }, 'must be a URL without a fragment'],
  ['hooks', { hooks: true }, 'must be an object'],
  ['hooks', { hooks: null }, 'must be an object'],
  ...['findClient', 'findIssuer', 'authorizeGrant', 'mintToken', 'verifyClientSecret'].map((hook): [string, object, string] => [
    `hooks.${hook}`,
    { hooks: { ...all, [hook]: {} } },
    'must be a function',
  ]),
  ['onEvent', { onEvent: {} }, 'must be a function, or false for silence'],
  ['onEvent', { onEvent: true }, 'must be a function, or false for silence'],
  ['revealReasons', { revealReasons: 'staging' }, 'must be true or false'],
  ['hooks.onEvent', { hooks: { ...all, onEvent: () => undefined } }, 'does not exist: did you mean onEvent?'],
  ['fallthrough', { fallthrough: 'yes' }, 'must be true or false'],
  ['fallthrough', { fallthrough: null }, 'must be true or false'],
  ['hostVerifiesClientAssertions', { fallthrough: true, hostVerifiesClientAssertions: 1 }, 'must be true or false'],
  ['hostVerifiesClientAssertions', { hostVerifiesClientAssertions: true }, 'needs fallthrough: true'],
  ['hostVerifiesClientAssertions', { hostVerifiesClientAssertions: true, fallthrough: false }, 'needs fallthrough: true'],
  [
    'grantTypes',
    { grantTypes: 'client_credentials' },
    `must be a non-empty list of some of '${JWT_BEARER_GRANT}', '${CLIENT_CREDENTIALS}'`,
  ],
  ['grantTypes', { grantTypes: [] }, `must be a non-empty list of some of '${JWT_BEARER_GRANT}', '${CLIENT_CREDENTIALS}'`],
  [
    'grantTypes',
    { grantTypes: ['password'] },
    `must be a non-empty list of some of '${JWT_BEARER_GRANT}', '${CLIENT_CREDENTIALS}', not ["password"].`,
  ],
  [
    'clientAuthMethods',
    { clientAuthMethods: ['private_key_jwt', 'attest_jwt_client_auth'] },
    'not ["private_key_jwt", "attest_jwt_client_auth"].',
  ],
  ['clientAssertions', { clientAssertions: 'issuer' }, 'must be an object'],
  [
    'clientAssertions.audience',
    { clientAssertions: { audience: 'any' } },
    "must be one of 'issuer', 'issuer-or-token-endpoint', not \"any\".",
  ],
  ['clientAssertions.audience', { clientAssertions: { audience: 'issuer-or-token-endpoint' } }, 'needs option tokenEndpointUrl'],
  ['clientAssertions.requireJti', { clientAssertions: { requireJti: 1 } }, 'must be true or false'],
  ['clientAssertions.maxLifetime', { clientAssertions: { maxLifetime: 0 } }, anyTime],
  ['publicClients', { publicClients: true }, 'must be an object'],
  ['publicClients.scope', { publicClients: {} }, 'is missing: set it to what public clients may be granted'],
  ['publicClients.scope', { publicClients: { scope: ['read'] } }, 'must be a string'],
  ['publicClients.maxLifetime', { publicClients: { scope: 'read', maxLifetime: -1 } }, anyTime],
  ['algorithms', { algorithms: 'ES256' }, "must be a non-empty list of some of 'ES256'"],
  ...['none', 'HS256', 'es256', 'RS1', undefined, null].map((name): [string, object, string] => [
    'algorithms',
    { algorithms: ['ES256', name] },
    "must be a non-empty list of some of 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512', 'EdDSA', 'Ed25519'",
  ]),
  ...[60.1, 3600, -1, '10', Number.NaN, Number.POSITIVE_INFINITY].map((value): [string, object, string] => [
    'clockTolerance',
    { clockTolerance: value },
    seconds(0, 60),
  ]),
  ['replayStore', { replayStore: {} }, 'must be a ReplayStore: an object with consume(key, expiresAt, issuer, usableFrom)'],
  ['replayStore', { replayStore: new Map() }, 'must be a ReplayStore: an object with consume(key, expiresAt, issuer, usableFrom)'],
  ['replayStore', { replayStore: null }, 'must be a ReplayStore: an object with consume(key, expiresAt, issuer, usableFrom)'],
  ...[0, 601, '3', Number.POSITIVE_INFINITY].map((value): [string, object, string] => [
    'hookTimeout',
    { hookTimeout: value },
    seconds(0.001, 600),
  ]),
  ...[0, -1, '1', Number.NaN, null].map((value): [string, object, string] => [
    'turnBudget',
    { turnBudget: value },
    'must be a number of seconds, at least 0.001',
  ]),
  ['invalidClientStatus', { invalidClientStatus: 403 }, 'must be one of 400, 401'],
  ['invalidClientStatus', { invalidClientStatus: '401' }, 'must be one of 400, 401'],
  ['requireTls', { requireTls: 'true' }, 'must be true or false'],
  ['responseMembers', { responseMembers: 'patient' }, 'must be a list of names of response members'],
  ['responseMembers', { responseMembers: [['refresh_token']] }, 'must be a list of names of response members'],
  ['responseMembers', { responseMembers: ['__proto__'] }, 'must be a list of names of response members'],
  ['responseMembers', { responseMembers: ['patient', 'refresh_token'] }, 'must not list refresh_token, which is sent anyway'],
  ['limits', { limits: 32768 }, 'must be an object'],
  ...['body', 'parameters', 'assertion'].flatMap((limit) =>
    [0, -1, 1.5, '32kb', Number.POSITIVE_INFINITY, null].map((value): [string, object, string] => [
      `limits.${limit}`,
      { limits: { [limit]: value } },
      'must be a whole number above 0',
    ]),
  ),
  // names that do not exist: a misspelt option is never ignored
  ['fallThrough', { fallThrough: true }, 'does not exist: did you mean fallthrough?'],
  ['clocktolerance', { clocktolerance: 5 }, 'does not exist: did you mean clockTolerance?'],
  ['clientAssertion', { clientAssertion: {} }, 'does not exist: did you mean clientAssertions?'],
  ['clientAuthMethod', { clientAuthMethod: [] }, 'does not exist: did you mean clientAuthMethods?'],
  ['algoritms', { algoritms: [] }, 'does not exist: did you mean algorithms?'],
  ['clockSkew', { clockSkew: 5 }, 'does not exist: it must be one of issuer, tokenEndpointUrl, hooks'],
  ['findClient', { findClient: () => undefined }, 'does not exist: did you mean hooks.findClient?'],
  ['requireJti', { requireJti: true }, 'does not exist: did you mean clientAssertions.requireJti?'],
  ['hooks.replayStore', { hooks: { ...all, replayStore: {} } }, 'does not exist: did you mean replayStore?'],
  ['grant_types', { grant_types: [] }, 'does not exist: did you mean grantTypes?'],
  ['replayStorage', { replayStorage: {} }, 'does not exist: did you mean replayStore?'],
  ['requireTLS', { requireTLS: undefined }, 'does not exist: did you mean requireTls?'],
  ['hooks.findclient', { hooks: { ...all, findclient: () => undefined } }, 'does not exist: did you mean hooks.findClient?'],
  ['hooks.getClient', { hooks: { ...all, getClient: () => undefined } }, 'does not exist: it must be one of findClient, findIssuer'],
  ['clientAssertions.aud', { clientAssertions: { aud: issuer } }, 'does not exist: it must be one of audience, requireJti, maxLifetime'],
  ['clientAssertions.required', { clientAssertions: { required: true } }, 'does not exist: did you mean clientAssertions.requireJti?'],
  ['publicClients.scopes', { publicClients: { scopes: 'read' } }, 'does not exist: did you mean publicClients.scope?'],
  ['limits.bodySize', { limits: { bodySize: 1 } }, 'does not exist: it must be one of body, parameters, assertion'],
  ['__proto__', JSON.parse('{ "__proto__": 1 }'), 'does not exist: it must be one of issuer'],
  ['toString', { toString: 1 }, 'does not exist: it must be one of issuer'],
]

describe('an option that is wrong is refused at mount, with its name, the problem and the fix', () => {
  it.each(mistakes.map(([option, over, problem]) => [option, JSON.stringify(Object.values(over)[0]) ?? '', problem, over] as const))(
    '%s = %s %s',
    (option, _value, problem, over) => {
      const merged = option === '__proto__' ? Object.defineProperty(options(), '__proto__', { value: 1, enumerable: true }) : options(over)
      const error = thrownBy(() => endpointOf('tokenEndpoint', merged, []))
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(error.message.startsWith(`tokenEndpoint: option ${option} `)).toBe(true)
      expect(error.message).toContain(problem)
    },
  )

  it('never repeats what may be a secret', () => {
    expect(problemOf({ issuer: 'https://me:s3cret@as.example.com' }).message).toBe(
      'tokenEndpoint: option issuer must be a URL without user information, not "…@as.example.com".',
    )
  })

  it.each([
    [
      'BI-04 issuer',
      { issuer: undefined },
      'issuer is missing: set it to the issuer identifier of this server, such as https://as.example.com',
    ],
    ['hooks', { hooks: undefined }, 'hooks is missing: it holds the functions that the steps call'],
  ])('%s is required', (_, over, problem) => {
    expect(problemOf(over).message).toContain(`tokenEndpoint: option ${problem}`)
  })
})

describe('each step asks for the hooks that it calls, and for no others', () => {
  const steps = { parseTokenRequest, authenticateClient, verifyJwtGrant, issueToken }
  const needed: [step: keyof typeof steps, hooks: (keyof typeof all)[]][] = [
    ['parseTokenRequest', []],
    ['authenticateClient', ['findClient']],
    ['verifyJwtGrant', ['findIssuer', 'authorizeGrant']],
    ['issueToken', ['mintToken']],
  ]
  const mountOf = (name: keyof typeof steps, given: object) => steps[name](given as never)
  const mount = (name: keyof typeof steps, given: object) => mountOf(name, { issuer, hooks: given })

  it.each(needed)('%s: %j', (name, names) => {
    const enough = Object.fromEntries(names.map((hook) => [hook, all[hook]]))
    expect(mount(name, enough).name).toBe(name)
    for (const hook of names) {
      const error = thrownBy(() => mount(name, { ...enough, [hook]: undefined }))
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(error.message).toBe(`${name}: option hooks.${hook} is missing: it must be a function, which ${name} calls.`)
    }
  })

  it.each(needed.flatMap(([, names]) => names))('tokenEndpoint needs hooks.%s', (hook) => {
    expect(() => tokenEndpoint(options({ hooks: { ...all, [hook]: undefined } }))).toThrow(`option hooks.${hook} is missing`)
  })

  it('demands the hooks of the JWT grant only if that is served', () => {
    const { findClient, mintToken } = all
    const hooks = { findClient, mintToken }
    expect(tokenEndpoint({ issuer, hooks, grantTypes: [CLIENT_CREDENTIALS] })).toHaveLength(4)
    expect(mountOf('verifyJwtGrant', { issuer, hooks: {}, grantTypes: [CLIENT_CREDENTIALS] }).name).toBe('verifyJwtGrant')
    for (const grantTypes of [undefined, [JWT_BEARER_GRANT], [CLIENT_CREDENTIALS, JWT_BEARER_GRANT]])
      expect(() => tokenEndpoint({ issuer, hooks, grantTypes } as never)).toThrow('option hooks.findIssuer is missing')
    for (const missing of ['findClient', 'mintToken'])
      expect(() => tokenEndpoint({ issuer, hooks: { ...hooks, [missing]: undefined }, grantTypes: [CLIENT_CREDENTIALS] })).toThrow(
        `option hooks.${missing} is missing`,
      )
  })

  it('takes hooks that are methods of an object', () => {
    class Registry {
      findClient = all.findClient
      findIssuer(iss: string) {
        return all.findIssuer(iss)
      }
      authorizeGrant = all.authorizeGrant
      mintToken = all.mintToken
    }
    expect(tokenEndpoint({ issuer, hooks: new Registry() })).toHaveLength(4)
  })
})

describe('what stands where the options should', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['https://as.example.com', '"https://as.example.com"'],
    [7, '7'],
    [() => options(), 'a function'],
  ])('%p', (value, shown) => {
    const message = `authenticateClient: options must be an object with issuer and hooks, not ${shown}.`
    expect(() => authenticateClient(value as never)).toThrow(message)
  })
})

describe('good options', () => {
  it.each([
    'https://as.example.com',
    'https://as.example.com/',
    'https://as.example.com:8443/tenant/1',
    'http://localhost:3000',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'http://as.localhost',
  ])('issuer %s stays as it is spelt', (value) => {
    expect(endpointOf('tokenEndpoint', options({ issuer: value }), []).issuer).toBe(value)
  })

  it('defaults', () => {
    const settings = endpointOf('tokenEndpoint', options(), [])
    const { replayStore, findKeys, hasKey, load, now, verifiedSignatures, hooks: given, ...plain } = settings
    const secretAlgorithms = ['HS256', 'HS384', 'HS512']
    const common = { typ: ['jwt', 'jose'], required: ['iss', 'aud', 'exp'], audience: undefined, clockTolerance: 10 }
    const algorithms = ['ES256', 'ES384', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512', 'EdDSA', 'Ed25519']
    expect(plain).toEqual({
      issuer,
      tokenEndpointUrl: undefined,
      onEvent: undefined,
      revealReasons: false,
      ownAudience: [issuer],
      fallthrough: false,
      hostVerifiesClientAssertions: false,
      grantTypes: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS],
      secretsStayWithHost: false,
      clientAuthMethods: [
        'private_key_jwt',
        'tls_client_auth',
        'self_signed_tls_client_auth',
        'client_secret_jwt',
        'client_secret_basic',
        'client_secret_post',
        'none',
      ],
      algorithms,
      clientAlgorithms: [...algorithms, ...secretAlgorithms],
      implicitErrors: 'grant',
      clientAssertions: { audience: 'issuer', requireJti: false, maxLifetime: 3600, mode: 'enforce' },
      publicClients: undefined,
      clockTolerance: 10,
      hookTimeout: 3,
      turnBudget: 0.015,
      invalidClientStatus: 401,
      requireTls: false,
      responseMembers: [],
      limits: { body: 32_768, parameters: 50, assertion: 8192 },
      demands: {
        clientAssertion: {
          ...common,
          algorithms: [...algorithms, ...secretAlgorithms],
          typ: [...common.typ, 'client-authentication+jwt'],
          audience: [issuer],
        },
        svid: { ...common, algorithms: algorithms.slice(0, 8), required: ['sub', 'aud', 'exp'] },
        grant: { ...common, algorithms, typ: undefined },
      },
    } satisfies Omit<Endpoint, 'replayStore' | 'findKeys' | 'hasKey' | 'load' | 'verifiedSignatures' | 'hooks' | 'now'>)
    expect(verifiedSignatures).toBeInstanceOf(VerifiedSignatures)
    expect(load.admit()).toBe(true)
    expect(given).toBe(all)
    expect([replayStore.consume, findKeys, hasKey].map((each) => typeof each)).toEqual(['function', 'function', 'function'])
    expect(Math.abs(now() - Date.now() / 1000)).toBeLessThan(60)
  })

  it('an option that is undefined has its default, in groups too', () => {
    const nothing = Object.fromEntries(
      ['tokenEndpointUrl', 'fallthrough', 'grantTypes', 'algorithms', 'clockTolerance', 'hookTimeout', 'replayStore', 'publicClients'].map(
        (name) => [name, undefined],
      ),
    )
    const settings = endpointOf(
      'tokenEndpoint',
      options({
        ...nothing,
        clientAssertions: { audience: undefined, requireJti: true, maxLifetime: undefined },
        limits: { body: undefined, parameters: 7 },
      }),
      [],
    )
    expect(settings).toMatchObject({
      fallthrough: false,
      clockTolerance: 10,
      hookTimeout: 3,
      clientAssertions: { audience: 'issuer', requireJti: true, maxLifetime: 3600 },
      limits: { body: 32_768, parameters: 7, assertion: 8192 },
    })
  })

  it('what is set is what holds', () => {
    const replayStore = memoryReplayStore()
    const set = {
      tokenEndpointUrl,
      fallthrough: true,
      hostVerifiesClientAssertions: true,
      grantTypes: [CLIENT_CREDENTIALS],
      clientAuthMethods: ['private_key_jwt'],
      clientAssertions: { audience: 'issuer-or-token-endpoint', requireJti: true, maxLifetime: 60 },
      publicClients: { scope: 'read', maxLifetime: 60 },
      clockTolerance: 0,
      replayStore,
      hookTimeout: 0.5,
      turnBudget: 0.5,
      invalidClientStatus: 400,
      requireTls: true,
      limits: { body: 1000, parameters: 10, assertion: 4096 },
    }
    const settings = endpointOf('tokenEndpoint', options({ ...set, algorithms: ['ES512'] }), [])
    expect(settings).toMatchObject({ ...set, ownAudience: [issuer, tokenEndpointUrl], secretsStayWithHost: false })
    expect(settings.demands.grant).toMatchObject({ algorithms: ['ES512'], clockTolerance: 0 })
    expect(settings.replayStore).toBe(replayStore)
  })

  it('publicClients limits tokens to 300 s', () => {
    expect(endpointOf('tokenEndpoint', options({ publicClients: { scope: '' } }), []).publicClients).toEqual({
      scope: '',
      maxLifetime: 300,
    })
  })

  it('with fallthrough, client secrets stay with the host unless grantTypes says otherwise', () => {
    const { secretsStayWithHost } = endpointOf('tokenEndpoint', options({ fallthrough: true }), [])
    expect(secretsStayWithHost).toBe(true)
  })

  it('T-73: if the host verifies client assertions, only the JWT grant is served by default', () => {
    const over = { fallthrough: true, hostVerifiesClientAssertions: true }
    expect(endpointOf('tokenEndpoint', options(over), []).grantTypes).toEqual([JWT_BEARER_GRANT])
    const grantTypes = [CLIENT_CREDENTIALS]
    expect(endpointOf('tokenEndpoint', options({ ...over, grantTypes }), []).grantTypes).toEqual(grantTypes)
  })

  it('one options object is one endpoint, two are two', () => {
    const one = options()
    expect(endpointOf('parseTokenRequest', one, [])).toBe(endpointOf('issueToken', one, []))
    expect(endpointOf('issueToken', options(), []).replayStore).not.toBe(endpointOf('issueToken', one, []).replayStore)
  })
})

describe('each value that is right', () => {
  it.each<[name: string, over: object]>([
    ['onEvent: false', { onEvent: false }],
    ['onEvent: a function', { onEvent: () => {} }],
    ['clientAssertions.mode: enforce', { clientAssertions: { mode: 'enforce' } }],
    ['clientAssertions.mode: observe', { clientAssertions: { mode: 'observe' } }],
    ['implicitErrors: grant', { implicitErrors: 'grant' }],
    ['implicitErrors: split', { implicitErrors: 'split' }],
    ['the smallest hookTimeout', { hookTimeout: 0.001 }],
    ['the smallest turnBudget', { turnBudget: 0.001 }],
    ['responseMembers', { responseMembers: ['patient', 'x.y-z'] }],
    ['no responseMembers', { responseMembers: [] }],
  ])('%s', (_name, over) => {
    expect(() => endpointOf('tokenEndpoint', options(over), [])).not.toThrow()
  })

  it('an issuer over http, on a loopback address', () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]', 'as.localhost'])
      expect(() => endpointOf('tokenEndpoint', options({ issuer: `http://${host}:3000` }), [])).not.toThrow()
  })
})

describe('reportOptions', () => {
  const problemsOf = (over: object) => {
    const problems: string[] = []
    reportOptions('', options(over), (problem) => problems.push(problem))
    return problems
  }

  it('reports what must hold between options only if each of them is right', () => {
    const between = { publicClients: {}, hostVerifiesClientAssertions: true }
    expect(problemsOf(between)).toHaveLength(2)
    expect(problemsOf({ ...between, clockTolerance: 'x' })).toEqual([expect.stringContaining('clockTolerance')])
  })

  it.each([
    ['production', true, 1],
    ['production', false, 0],
    ['production', undefined, 0],
    ['test', true, 0],
  ])('under NODE_ENV=%s, revealReasons: %s is a mistake: %i', (environment, revealReasons, count) => {
    const before = process.env.NODE_ENV
    process.env.NODE_ENV = environment
    try {
      const problems = problemsOf({ revealReasons })
      expect(problems).toHaveLength(count)
      if (count > 0) expect(problems[0]).toMatch(/^revealReasons must not be true under NODE_ENV=production/)
    } finally {
      process.env.NODE_ENV = before
    }
  })
})

it('SP-01 the type of a JWT-SVID is spelt as its draft has it', () => {
  expect(JWT_SPIFFE_CLIENT_ASSERTION).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-spiffe')
})

it('settings name what is theirs, and nothing else', () => {
  const settings = settingsOf('tokenEndpoint', options())
  expect(settings.ownAudience).toStrictEqual([issuer])
  expect(settingsOf('tokenEndpoint', options({ tokenEndpointUrl })).ownAudience).toEqual([issuer, tokenEndpointUrl])
  expect(settingsOf('tokenEndpoint', options({ clientAuthMethods: ['client_secret_basic'] })).clientAlgorithms).toEqual([])
  const [byKey, bySecret] = [['private_key_jwt'], ['client_secret_jwt']].map(
    (clientAuthMethods) => settingsOf('tokenEndpoint', options({ clientAuthMethods })).clientAlgorithms,
  )
  expect(byKey).toEqual(settings.algorithms)
  expect(bySecret).toEqual(['HS256', 'HS384', 'HS512'])
})
