import { describe, expect, it } from '@jest/globals'
import { ConfigurationError, type TrustedIssuer } from '../lib/index.js'
import { checkTrustedIssuer } from '../lib/registration.js'
import { expresses } from './support/express.js'
import { grant, grantRequest, idp, issuers, keys, startWorld } from './support/world.js'

const base = { issuer: idp, jwks: { keys: [keys.idp.jwk] } }
const check = (over: object) => checkTrustedIssuer({ ...base, ...over } as TrustedIssuer)

/** What a trusted issuer must not be: each would be read more leniently than it was meant, or break in the middle of a request. */
const mistakes: [member: string, values: unknown[], problem: string][] = [
  ['client_authentication', ['None', 'optional', '', null, true], 'is one of required, identified, none.'],
  ['scope_from', ['claim', 'Assertion', null], 'is one of intersection, parameter, assertion.'],
  ['default_sub', ['sub', true, null], 'is one of iss.'],
  ['replay', ['once', 'reuse', false, null], 'is one of one-time, same-client, reusable.'],
  ['allowPrivateJwksUri', ['false', 0, null], 'is one of true, false.'],
  ['requireJti', ['yes', 0, null], 'is one of true, false.'],
  ['clients', ['jwt-client', 'all', ['a', undefined], {}, null], "is a list of client_ids, or 'any'."],
  ['subjects', ['alice', [7], new Set(['alice']), null], 'is a list, or a function.'],
  ['maxLifetime', [0, -1, '300', Number.NaN, Number.POSITIVE_INFINITY, null], 'is a positive number of seconds.'],
  ['not_after', ['2030-01-01', 1893456000, new Date('never'), null], 'is a valid Date.'],
  ['audience', [[undefined], ['https://as.example.com', null], {}, 7, null], 'is a string, or a list of strings.'],
  ['algorithms', ['RS256', [256], {}, null], 'is a list of strings.'],
  ['scope', [['read'], {}, null], 'is a string.'],
  ['typ', [['jwt'], null], 'is a string.'],
  ['client_id', [7, null], 'is a string.'],
  ['client', ['jwt-client'], 'does not exist: remove it, or correct its spelling.'],
  ['clientAuthentication', ['required'], 'does not exist: remove it, or correct its spelling.'],
  ['notAfter', [new Date()], 'does not exist: remove it, or correct its spelling.'],
  ['toString', ['x'], 'does not exist: remove it, or correct its spelling.'],
]

describe('checkTrustedIssuer', () => {
  it.each(mistakes.flatMap(([member, values, problem]) => values.map((value) => [member, value, problem] as const)))(
    'TrustedIssuer.%s = %p %s',
    (member, value, problem) => {
      const issuer = { ...base, [member]: value } as unknown as TrustedIssuer
      expect(() => checkTrustedIssuer(issuer)).toThrow(ConfigurationError)
      expect(() => checkTrustedIssuer(issuer)).toThrow(`TrustedIssuer.${member} ${problem}`)
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
    Object.fromEntries(mistakes.slice(0, 15).map(([member]) => [member, undefined])),
  ]
  it.each(good)('takes %j', (over) => {
    expect(() => check(over)).not.toThrow()
    expect(() => checkTrustedIssuer(Object.freeze({ ...base, ...over }) as TrustedIssuer)).not.toThrow()
  })

  it('T-67 looks again at an object that it has seen: the host may have changed it', () => {
    const issuer: TrustedIssuer = { ...base }
    checkTrustedIssuer(issuer)
    issuer.client_authentication = 'nobody' as never
    expect(() => checkTrustedIssuer(issuer)).toThrow('TrustedIssuer.client_authentication')
  })
})

describe.each(expresses)('a wrong trusted issuer on %s', (_, express) => {
  it.each([
    ['a member that does not exist', { ...base, clients: 'any', client_auth: 'none' }],
    ['a value outside its list', { ...base, clients: 'any', replay: 'Reusable' }],
    ['no object', 'https://idp.example.org'],
  ])('T-57 %s is a fault of the server, told to the event only', async (_name, registered) => {
    const world = startWorld(express, { hooks: { findIssuer: () => registered as never } })
    const { status, body } = await world.post(grantRequest(grant()))
    expect({ status, body }).toEqual({ status: 500, body: { error: 'server_error', error_description: 'The server could not answer.' } })
    expect(world.last()).toMatchObject({ outcome: 'failed', reason: 'hook_error', step: 'verifyJwtGrant' })
    expect(world.last().cause).toBeInstanceOf(Error)
    expect(world.calls).toMatchObject({ authorizeGrant: 0, mintToken: 0 })
  })
})
