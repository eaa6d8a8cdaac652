import { describe, expect, it } from '@jest/globals'
import { ConfigurationError, type TrustedIssuer } from '../../lib/index.js'
import { githubActions, idJag, mcpEnterprise } from '../../lib/profiles/index.js'

const jag = { issuer: 'https://idp.example.org', discovery: true, audience: 'https://as.example.com' }

describe('the arguments of a profile', () => {
  it.each<[what: string, more: object, member: string]>([
    ['IJ-05 a client that its signature would authenticate', { client_id: 'a-client' }, 'client_id is not an argument'],
    ['a default subject', { default_sub: 'iss' }, 'default_sub is not an argument'],
    ['another place of the scope', { scope_from: 'parameter' }, 'scope_from is not an argument'],
    ['an ignored header', { ignoreX5c: true }, 'ignoreX5c is not an argument'],
    ['a misspelt member', { maxLifeTime: 10 }, 'maxLifeTime is not an argument'],
    ['what every object has', { constructor: {} }, 'constructor is not an argument'],
    ['a prototype, as JSON can have it', JSON.parse('{ "__proto__": {} }'), '__proto__ is not an argument'],
    ['a longer lifetime', { maxLifetime: 301 }, 'maxLifetime must not be more lenient'],
    ['no lifetime', { maxLifetime: null }, 'maxLifetime must not be more lenient'],
    ['no jti', { requireJti: false }, 'requireJti must not be more lenient'],
    ['no authentication', { client_authentication: 'identified' }, 'client_authentication must not be more lenient'],
    ['another algorithm', { algorithms: ['ES512'] }, 'algorithms must not be more lenient'],
    ['a list that is none', { algorithms: 'ES256' }, 'algorithms must not be more lenient'],
    ['more replays', { replay: 'reusable' }, 'replay must not be more lenient'],
    ['a longer grant', { limits: { assertion: 16_385 } }, 'limits must not be more lenient'],
    ['another rule for a claim', { claims: { client_id: 'a' } }, 'claims.client_id must not be set'],
    ['a rule that is none', { claims: { tenant: [] } }, 'TrustedIssuer.claims must be an object of claim rules'],
    ['no clients', { clients: null }, 'clients must not be more lenient'],
    ['a scope that is none', { scope: 7 }, 'TrustedIssuer.scope must be a string'],
  ])('are refused: %s', (_what, more, problem) => {
    expect(() => idJag({ ...jag, ...more })).toThrow(ConfigurationError)
    expect(() => idJag({ ...jag, ...more })).toThrow(problem)
  })

  it.each<[what: string, more: object, made: Partial<TrustedIssuer>]>([
    ['nothing', {}, { maxLifetime: 300, replay: 'same-client' }],
    ['what is undefined', { maxLifetime: undefined }, { maxLifetime: 300 }],
    ['a shorter lifetime', { maxLifetime: 60 }, { maxLifetime: 60 }],
    ['fewer replays', { replay: 'one-time' }, { replay: 'one-time' }],
    ['a list of clients', { clients: ['a'] }, { clients: ['a'] }],
    ['fewer algorithms', { algorithms: ['ES256'] }, { algorithms: ['ES256'] }],
    ['a shorter grant', { limits: { assertion: 100 } }, { limits: { assertion: 100 } }],
    ['no limit of its own: that of the profile stays', { limits: {} }, { limits: { assertion: 16_384 } }],
    ['one more claim', { claims: { tenant: 't' } }, { claims: { client_id: { present: true }, iat: { present: true }, tenant: 't' } }],
  ])('may be %s', (_what, more, made) => {
    expect(idJag({ ...jag, ...more })).toMatchObject(made)
  })

  it.each([
    ['no issuer', { issuer: '' }],
    ['no audience', { audience: undefined as never }],
    ['IJ-12 itself as issuer', { issuer: 'https://as.example.com' }],
    ['IJ-12 itself as issuer, spelt otherwise', { issuer: 'https://as.example.com/' }],
  ])('must name another server: %s', (_what, more) => {
    expect(() => idJag({ ...jag, ...more })).toThrow(ConfigurationError)
  })

  it('must name resources, if tokens are for MCP servers', () => {
    expect(() => mcpEnterprise({ ...jag, resources: [] })).toThrow('mcpEnterprise: resources must list your MCP servers.')
  })

  it.each<[what: string, pin: unknown]>([
    ['a function', () => true],
    ['presence', { present: true }],
    ['a prefix', { prefix: '7' }],
    ['nothing', ''],
    ['an empty list', []],
    ['null', null],
  ])('WI-04 T-81 pin a tenant by values alone, and not by %s', (_what, pin) => {
    expect(() => githubActions({ repository_id: pin as never, audience: 'https://as.example.com', scope: 'deploy' })).toThrow(
      /repository_id/,
    )
  })
})
