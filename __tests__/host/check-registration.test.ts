import { describe, expect, it } from '@jest/globals'
import { checkDecision } from '../../lib/host/check-decision.js'
import { assertClient, assertTrustedIssuer, objectsOf } from '../../lib/host/check-registration.js'
import { type Client, ConfigurationError, type TrustedIssuer } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import {
  basic,
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  idp,
  issuers,
  keys,
  startWorld,
  type World,
} from '../support/world.js'

const base = { issuer: idp, jwks: { keys: [keys.idp.jwk] } }
const check = (over: object) => assertTrustedIssuer({ ...base, ...over } as TrustedIssuer)

/** What a trusted issuer must not be: each would be read more leniently than it was meant, or break in the middle of a request. */
const mistakes: [member: string, values: unknown[], problem: string][] = [
  ['client_authentication', ['None', 'optional', '', null, true], "must be one of 'required', 'identified', 'none', not "],
  ['scope_from', ['claim', 'Assertion', null], "must be one of 'intersection', 'parameter', 'assertion', not "],
  ['default_sub', ['sub', true, null], "must be 'iss', not "],
  ['replay', ['once', 'reuse', false, null], "must be one of 'one-time', 'one-time-jti', 'same-client', 'reusable', not "],
  ['allowPrivateJwksUri', ['false', 0], 'must be true or false, not '],
  ['requireJti', ['yes', 0, null], 'must be true or false, not '],
  ['clients', ['jwt-client', 'all', ['a', undefined], {}, null], "must be a list of strings or 'any', not "],
  ['subjects', ['alice', [7], new Set(['alice']), null], 'must be a list of strings or a function, not '],
  ['maxLifetime', [0, -1, '300', Number.NaN, Number.POSITIVE_INFINITY, null], 'must be a number of seconds above 0, not '],
  ['clockTolerance', [-1, 61, '10', null], 'must be a number of seconds from 0 to 60, not '],
  ['scope_once', ['', 7, null], 'must be a non-empty string, not '],
  ['not_after', ['2030-01-01', 1893456000, new Date('never'), null], 'must be a valid Date, not '],
  ['audience', [[undefined], ['https://as.example.com', null], {}, 7, null], 'must be a string or a list of strings, not '],
  ['algorithms', ['RS256', [256], {}, null], 'must be a list of strings, not '],
  ['scope', [['read'], {}, null], 'must be a string, not '],
  ['typ', [['jwt'], null], 'must be a string, not '],
  ['client_id', [7, null], 'must be a string, not '],
  ['client', ['jwt-client'], 'does not exist: did you mean clients?'],
  ['clientAuthentication', ['required'], 'does not exist: did you mean client_authentication?'],
  ['notAfter', [new Date(0)], 'does not exist: did you mean not_after?'],
  ['toString', ['x'], 'does not exist: it must be one of issuer, jwks'],
]

describe('assertTrustedIssuer', () => {
  it.each(mistakes.flatMap(([member, values, problem]) => values.map((value) => [member, value, problem] as const)))(
    'TrustedIssuer.%s = %p %s',
    (member, value, problem) => {
      const issuer = { ...base, [member]: value } as unknown as TrustedIssuer
      expect(() => assertTrustedIssuer(issuer)).toThrow(ConfigurationError)
      expect(() => assertTrustedIssuer(issuer)).toThrow(`TrustedIssuer.${member} ${problem}`)
    },
  )

  const good: object[] = [
    {},
    ...Object.values(issuers),
    {
      jwks: undefined,
      jwks_uri: 'https://idp.example.org/jwks',
      allowPrivateJwksUri: false,
      client_id: 'c',
      clients: [],
      client_authentication: 'identified',
      subjects: ['alice'],
      scope: '',
      scope_from: 'assertion',
      default_sub: 'iss',
      audience: ['https://as.example.com'],
      algorithms: ['RS256'],
      typ: 'JWT',
      requireJti: true,
      maxLifetime: 0.5,
      replay: 'same-client',
      enabled: true,
      not_after: new Date(),
    },
    { clients: 'any', subjects: () => true, audience: 'https://as.example.com' },
    { jwks: null, jwks_uri: 'https://idp.example.org/jwks', allowPrivateJwksUri: null },
    Object.fromEntries(mistakes.slice(0, 15).map(([member]) => [member, undefined])),
  ]
  it.each(good)('takes registration %#', (over) => {
    expect(() => check(over)).not.toThrow()
    expect(() => assertTrustedIssuer(Object.freeze({ ...base, ...over }) as TrustedIssuer)).not.toThrow()
  })

  it('T-67 looks again at an object that it has seen: the host may have changed it', () => {
    const issuer: TrustedIssuer = { ...base }
    assertTrustedIssuer(issuer)
    issuer.client_authentication = 'nobody' as never
    expect(() => assertTrustedIssuer(issuer)).toThrow('TrustedIssuer.client_authentication')
  })
})

/** What a client must not be. */
const federated = { issuer: 'https://idp.example', subject: 'workload', jwks: { keys: [keys.idp.jwk] } }
const clientMistakes: [member: string, values: unknown[], problem: string][] = [
  ['token_endpoint_auth_method', [['none'], 7], 'Client.token_endpoint_auth_method must be a string, not '],
  ['scope', [['read'], 7], 'Client.scope must be a string, not '],
  [
    'client_secret_expires_at',
    ['never', '1', new Date(1), Number.NaN, -1, Number.POSITIVE_INFINITY, 1.7e12],
    'Client.client_secret_expires_at must be a number of seconds since 1970, not ',
  ],
  ['audience', ['both', true], "Client.audience must be one of 'issuer', 'issuer-or-token-endpoint', not "],
  ['maxLifetime', ['3600', 0, -1, Number.NaN, Number.POSITIVE_INFINITY], 'Client.maxLifetime must be a number of seconds above 0, not '],
  ['clockTolerance', [-1, 61, '10'], 'Client.clockTolerance must be a number of seconds from 0 to 60, not '],
  ['requireScope', ['yes', 1], 'Client.requireScope must be true or false, not '],
  ['replay', ['once', 'same-client', true], "Client.replay must be one of 'one-time', 'reusable', not "],
  ['previous_auth_method', [['none'], true], 'Client.previous_auth_method must be a string, not '],
  [
    'previous_auth_method_expires_at',
    ['2030-01-01', new Date(0), 1.7e12],
    'Client.previous_auth_method_expires_at must be a number of seconds since 1970, not ',
  ],
  ['client_assertion_mode', ['Observe', 'on', true], "Client.client_assertion_mode must be one of 'enforce', 'observe', not "],
  ['federated_credentials', [federated, 'x', { length: 1 }], 'Client.federated_credentials must be a list of objects, not '],
  ['federated_credentials', [['x'], [null], [federated, 7]], 'Client.federated_credentials must be a list of objects, not '],
  ...(
    [
      [{ issuer: undefined }, 'issuer must be a non-empty string, not undefined.'],
      [{ issuer: '' }, 'issuer must be a non-empty string, not '],
      [{ issuer: [federated.issuer] }, 'issuer must be a non-empty string, not '],
      [{ subject: null }, 'subject must be a non-empty string, not null.'],
      [{ subject: '' }, 'subject must be a non-empty string, not '],
      [{ audience: ['x'] }, 'audience must be a non-empty string, not '],
      [{ maxLifetime: '3600' }, 'maxLifetime must be a number of seconds above 0, not '],
      [{ replay: 'many' }, "replay must be one of 'one-time', 'reusable', not \"many\"."],
      [{ allowPrivateJwksUri: 'false' }, 'allowPrivateJwksUri must be true or false, not "false".'],
      [{ audiences: ['x'] }, 'audiences does not exist: did you mean audience?'],
      [{ sub: 'x' }, 'sub does not exist: it must be one of issuer, subject'],
    ] as const
  ).map(([over, problem]): [string, unknown[], string] => [
    'federated_credentials',
    [[{ ...federated, ...over }]],
    `FederatedCredential.${problem}`,
  ]),
]
const clientMistake = clientMistakes.flatMap(([member, values, problem]) => values.map((value) => [member, value, problem] as const))

describe('assertClient', () => {
  it.each(clientMistake)('T-57 %s = %p: %s', (member, value, problem) => {
    const client = { ...clients['jwt-client'], [member]: value } as Client
    expect(() => assertClient(client)).toThrow(ConfigurationError)
    expect(() => assertClient(client)).toThrow(problem)
  })

  it.each([
    {},
    ...Object.values(clients),
    { 'a member of the host': 1, clientAssertionMode: 'x' },
    { replay: 'one-time' },
    { replay: 'reusable' },
    { federated_credentials: [federated, { ...federated, audience: null, maxLifetime: 60, replay: 'reusable', jwks: undefined }] },
    { federated_credentials: [{ ...federated, maxLifetime: null, replay: null, jwks: null, jwks_uri: null, allowPrivateJwksUri: null }] },
    { client_secret_expires_at: 0, previous_auth_method_expires_at: 253402300799, maxLifetime: 31536000, client_assertion_mode: 'observe' },
    ...[undefined, null].map((nothing) => Object.fromEntries(clientMistakes.map(([member]) => [member, nothing]))),
  ])('takes registration %#', (over) => {
    expect(() => assertClient({ ...clients['jwt-client'], ...over } as Client)).not.toThrow()
  })
})

describe('T-57 checkDecision', () => {
  const reasons = "'subject_unknown', 'subject_disabled', 'consent_missing'"
  it.each<[decision: unknown, problem: string | undefined]>([
    [{ subject: 'alice' }, undefined],
    [{ subject: 'alice', scope: 'read', context: {}, more: 1 }, undefined],
    [{ refused: 'subject_unknown' }, undefined],
    [{ refused: 'subject_disabled' }, undefined],
    [{ refused: 'consent_missing' }, undefined],
    ['alice', 'authorizeGrant must return an object, undefined or null, not a string.'],
    [true, 'authorizeGrant must return an object, undefined or null, not a boolean.'],
    [{}, 'authorizeGrant: subject must be a non-empty string, not undefined.'],
    [{ subject: '' }, 'authorizeGrant: subject must be a non-empty string, not "".'],
    [{ subject: 'alice', scope: ['read'] }, 'authorizeGrant: scope must be a string, not ["read"].'],
    [{ refused: 'whim' }, `authorizeGrant: refused must be one of ${reasons}, not "whim".`],
    [{ refused: undefined, subject: 'alice' }, `authorizeGrant: refused must be one of ${reasons}, not undefined.`],
  ])('%j: %s', (decision, problem) => {
    const check = () => checkDecision(decision as never)
    if (problem === undefined) expect(check).not.toThrow()
    else expect(check).toThrow(new ConfigurationError(problem))
  })
})

it('T-24 a member that somebody gave to Object.prototype is none of the checks', () => {
  Object.defineProperty(Object.prototype, 'extend', { value: () => 'hi', enumerable: true, configurable: true })
  try {
    expect(() => assertClient(clients['jwt-client'])).not.toThrow()
    expect(() => assertTrustedIssuer({ ...base, clients: 'any' } as TrustedIssuer)).not.toThrow()
  } finally {
    delete (Object.prototype as { extend?: unknown }).extend
  }
})

describe.each(anyExpress)('a wrong trusted issuer on %s', (_, express) => {
  it.each([
    [
      'a member that does not exist',
      { ...base, clients: 'any', client_auth: 'none' },
      'registration_invalid',
      /^TrustedIssuer\.client_auth /,
    ],
    [
      'a value outside its list',
      { ...base, clients: 'any', replay: 'Reusable' },
      'registration_invalid',
      /^TrustedIssuer\.replay must be /,
    ],
    ['no object', 'https://idp.example.org', 'hook_result_invalid', /^findIssuer returned a string$/],
  ])('T-57 %s is a fault of the server, told to the event only', async (_name, registered, reason, seen) => {
    const world = startWorld(express, { hooks: { findIssuer: () => registered as never } })
    const { status, body } = await world.post(grantRequest(grant()))
    expect({ status, body }).toEqual({ status: 500, body: { error: 'server_error', error_description: 'The server could not answer.' } })
    expect(world.last()).toMatchObject({ outcome: 'failed', reason, step: 'verifyJwtGrant', detail: { seen: expect.stringMatching(seen) } })
    expect(world.calls).toMatchObject({ authorizeGrant: 0, mintToken: 0 })
  })
})

describe.each(anyExpress)('a wrong client on %s', (_, express) => {
  const kinds: [name: string, sent: (id: string) => [Record<string, string>, Record<string, string>], over: Partial<Client>][] = [
    ['private_key_jwt', (id) => [byJwt(clientAssertion({ iss: id })), {}], {}],
    [
      'client_secret_basic',
      (id) => [{}, { authorization: basic(id, 's') }],
      { client_secret: 's', token_endpoint_auth_method: 'client_secret_basic' },
    ],
    [
      'client_secret_post',
      (id) => [{ client_id: id, client_secret: 's' }, {}],
      { client_secret: 's', token_endpoint_auth_method: 'client_secret_post' },
    ],
    ['none', (id) => [{ client_id: id }, {}], { token_endpoint_auth_method: 'none' }],
    [
      'federated_jwt',
      (id) => [{ ...byJwt(clientAssertion({ iss: federated.issuer, sub: federated.subject }, { key: keys.idp })), client_id: id }, {}],
      { federated_credentials: [federated] },
    ],
  ]

  it.each(kinds)('T-40 T-57 by %s: is answered as an unknown one is, and the event says what is wrong', async (_name, sent, over) => {
    for (const [member, value, problem] of clientMistake) {
      if (member in over) continue
      const client = { ...clients['jwt-client'], client_id: 'wrong', ...over, [member]: value } as Client
      const world = startWorld(express, { hooks: { findClient: (id) => (id === 'wrong' ? client : undefined) } })
      const [answer, unknown] = [await ask(world, sent('wrong')), await ask(world, sent('nobody'))]
      expect([member, answer]).toEqual([member, unknown])
      expect(answer.status).toBe(401)
      expect(world.events[0]).toMatchObject({ reason: 'client_misconfigured', outcome: 'refused' })
      expect(String(world.events[0]?.cause)).toContain(problem)
    }
  })

  const ask = async (world: World, [form, headers]: [Record<string, string>, Record<string, string>]) => {
    const { status, body } = await world.post(clientCredentials(form), headers)
    return { status, body }
  }

  it.each(kinds.slice(0, 3))('null is nothing: a client by %s from a database', async (_name, sent, over) => {
    const nothing = {
      ...Object.fromEntries(clientMistakes.map(([member]) => [member, null])),
      token_endpoint_auth_signing_alg: null,
      jwks_uri: null,
      allowPrivateJwksUri: null,
      federated_credentials: null,
      token_endpoint_auth_method: 'private_key_jwt',
    }
    const client = { ...clients['jwt-client'], ...nothing, client_id: 'right', ...over } as unknown as Client
    const world = startWorld(express, { hooks: { findClient: (id) => (id === 'right' ? client : undefined) } })
    expect(await ask(world, sent('right'))).toMatchObject({ status: 200 })
  })
})

it('objectsOf takes the objects of a list, and nothing of anything else', () => {
  expect(objectsOf([{ a: 1 }, null, 'x', 7, undefined, ['y']])).toEqual([{ a: 1 }, ['y']])
  for (const none of [undefined, null, 'x', 7, { length: 1, 0: {} }]) expect(objectsOf(none)).toEqual([])
})
