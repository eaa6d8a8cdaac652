import { describe, expect, it } from '@jest/globals'
import type { Client, FederatedCredential } from '../../lib/host/client.js'
import { type Settings, settingsOf } from '../../lib/host/settings.js'
import type { TrustedIssuer } from '../../lib/host/trusted-issuer.js'
import {
  demandsOfClient,
  demandsOfClientAssertion,
  demandsOfGrant,
  demandsOfIssuer,
  demandsOfSvid,
  demandsOfWorkload,
  type EndpointDemands,
  isSpiffeCredential,
  type SignerDemands,
} from '../../lib/rules/jwt-demands.js'

const us = 'https://as.example.com'
const url = 'https://as.example.com/token'
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const
const settings: Settings = settingsOf('tokenEndpoint', {
  issuer: us,
  tokenEndpointUrl: url,
  hooks: {} as never,
  algorithms,
  clientAuthMethods: ['private_key_jwt'],
  clockTolerance: 7,
})

describe('what the endpoint demands', () => {
  const required = ['iss', 'aud', 'exp']
  const typ = ['jwt', 'jose', 'client-authentication+jwt']
  const withSecrets: Settings = { ...settings, clientAuthMethods: ['client_secret_jwt'] }
  const common = { clockTolerance: 7 }

  it.each<[what: string, demands: EndpointDemands, expected: EndpointDemands]>([
    [
      'of a client assertion (RFC 7523 §3, RFC 7523bis §4)',
      demandsOfClientAssertion(settings),
      { ...common, algorithms, typ, required, audience: [us, url] },
    ],
    [
      'of a client assertion, if it may be signed with a secret',
      demandsOfClientAssertion(withSecrets),
      { ...common, algorithms: [...algorithms, 'HS256', 'HS384', 'HS512'], typ, required, audience: [us, url] },
    ],
    [
      'of a JWT-SVID: its algorithms are ES, RS and PS, and it needs no iss (JWT-SVID §2, §3)',
      demandsOfSvid(settings),
      { ...common, algorithms: ['ES256', 'RS256', 'PS256'], typ: ['jwt', 'jose'], required: ['sub', 'aud', 'exp'], audience: undefined },
    ],
    [
      'of a grant: its issuer names typ and aud (RFC 7523 §3)',
      demandsOfGrant(settings),
      { ...common, algorithms, typ: undefined, required, audience: undefined },
    ],
  ])('%s', (_, demands, expected) => {
    expect(demands).toEqual(expected)
  })
})

/** What a registration demands that says nothing of its own. */
const nothing: SignerDemands = {
  algorithms: undefined,
  typ: undefined,
  commonTypes: undefined,
  audience: [us],
  defaultSub: undefined,
  requireJti: false,
  maxLifetime: 3600,
  clockTolerance: 7,
  jwks_uri: undefined,

  ignoreX5c: false,
}

describe('what the registration of a client demands of its assertions', () => {
  it.each<[registered: Partial<Client>, demands: Partial<SignerDemands>]>([
    [{}, {}],
    [{ token_endpoint_auth_signing_alg: 'ES256' }, { algorithms: ['ES256'] }],
    [{ audience: 'issuer' }, { audience: [us] }],
    [{ audience: 'issuer-or-token-endpoint' }, { audience: [us, url] }],
    [{ requireJti: true }, { requireJti: true }],
    [{ maxLifetime: 60 }, { maxLifetime: 60 }],
    [{ clockTolerance: 0 }, { clockTolerance: 0 }],
    [{ clockTolerance: 8 }, { clockTolerance: 7 }], // never more than the option
    [{ clockTolerance: null }, {}],
    [{ jwks_uri: 'https://c.example/jwks' }, { jwks_uri: 'https://c.example/jwks' }],
    // a database may say null
    [{ token_endpoint_auth_signing_alg: null, audience: null, requireJti: null, maxLifetime: null }, {}],
  ])('%j', (registered, demands) => {
    expect(demandsOfClient({ client_id: 'c', ...registered }, settings)).toEqual({ ...nothing, ...demands })
  })

  const demanding: Settings = {
    ...settings,
    clientAssertions: { audience: 'issuer-or-token-endpoint', requireJti: true, maxLifetime: 90, mode: 'enforce' },
  }
  it.each<[registered: Partial<Client>, demands: Partial<SignerDemands>]>([
    [{}, { audience: [us, url], requireJti: true, maxLifetime: 90 }],
    [
      { audience: null, requireJti: null, maxLifetime: null },
      { audience: [us, url], requireJti: true, maxLifetime: 90 },
    ],
    [
      { audience: 'issuer', requireJti: false, maxLifetime: 60 },
      { audience: [us], requireJti: false, maxLifetime: 60 },
    ],
  ])('%j, if the option clientAssertions demands more', (registered, demands) => {
    expect(demandsOfClient({ client_id: 'c', ...registered }, demanding)).toEqual({ ...nothing, ...demands })
  })
})

describe('what the registration of a workload demands of its tokens', () => {
  const workload: FederatedCredential = { issuer: 'https://ci.example', subject: 'repo:a' }
  it.each<[registered: Partial<FederatedCredential>, demands: Partial<SignerDemands>]>([
    [{}, {}],
    [{ issuer: 'spiffe://example.org' }, { algorithms: ['ES256', 'RS256', 'PS256'] }],
    [{ audience: 'api://x' }, { audience: ['api://x'] }],
    [{ maxLifetime: 60 }, { maxLifetime: 60 }],
    [{ jwks_uri: 'https://ci.example/jwks' }, { jwks_uri: 'https://ci.example/jwks' }],
  ])('%j', (registered, demands) => {
    const other: Settings = { ...settings, clientAssertions: { ...settings.clientAssertions, maxLifetime: 1, requireJti: true } }
    expect(demandsOfWorkload({ ...workload, ...registered }, other)).toEqual({ ...nothing, ...demands })
  })

  it.each<[issuer: string, is: boolean]>([
    ['spiffe://example.org', true],
    ['spiffe:example.org', false],
    ['https://spiffe.example', false],
    ['https://a.example/spiffe://example.org', false],
  ])('isSpiffeCredential(%j): %s', (issuer, is) => {
    expect(isSpiffeCredential({ ...workload, issuer })).toBe(is)
  })
})

describe('what is registered about the grants of an issuer', () => {
  const commonTypes = ['jwt', 'jose', 'authorization-grant+jwt']
  it.each<[registered: Partial<TrustedIssuer>, demands: Partial<SignerDemands>]>([
    [{}, {}],
    [{ algorithms: ['ES256'] }, { algorithms: ['ES256'] }],
    [{ clockTolerance: 0 }, { clockTolerance: 0 }],
    [{ clockTolerance: 8 }, { clockTolerance: 7 }],
    [{ typ: 'x+jwt' }, { typ: 'x+jwt' }],
    [{ audience: 'https://old.example' }, { audience: ['https://old.example'] }],
    [{ audience: ['https://old.example', us] }, { audience: ['https://old.example', us] }],
    [{ default_sub: 'iss' }, { defaultSub: 'iss' }],
    [{ requireJti: true }, { requireJti: true }],
    [{ maxLifetime: 60 }, { maxLifetime: 60 }],
    [{ jwks_uri: 'https://idp.example/jwks' }, { jwks_uri: 'https://idp.example/jwks' }],
  ])('%j', (registered, demands) => {
    const found = demandsOfIssuer({ issuer: 'https://idp.example', ...registered }, settings)
    expect(found).toEqual({ ...nothing, commonTypes, audience: [us, url], maxLifetime: 300, ...demands })
  })
})

it.each([
  [true, true],
  [false, false],
  [undefined, false],
  [null, false],
  ['true', false],
])('ignoreX5c: %j of a registration lets x5c be there: %j', (ignoreX5c, is) => {
  const registered = { issuer: us, client_id: 'c', ...(ignoreX5c !== undefined && { ignoreX5c: ignoreX5c as boolean }) }
  for (const demands of [
    demandsOfClient(registered, settings),
    demandsOfWorkload({ ...registered, subject: 's' }, settings),
    demandsOfIssuer(registered, settings),
  ])
    expect(demands.ignoreX5c).toBe(is)
})
