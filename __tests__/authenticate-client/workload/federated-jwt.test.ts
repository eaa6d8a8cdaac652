import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { JWT_SPIFFE_CLIENT_ASSERTION } from '../../../lib/host/options.js'
import {
  CLIENT_CREDENTIALS,
  type Client,
  type FederatedCredential,
  JWT_BEARER_CLIENT_ASSERTION,
  type Options,
  type TrustedIssuer,
} from '../../../lib/index.js'
import { anyExpress, type ExpressFactory } from '../../support/express.js'
import { forge, freshJti, now } from '../../support/jwt.js'
import { ec, ed, type Pair, rsa } from '../../support/keys.js'
import { clientAssertion, clients, grant, grantRequest, issuer, keys, startWorld, tokenEndpointUrl } from '../../support/world.js'

const generic = { error: 'invalid_client', error_description: 'Client authentication failed.' }

interface Workload {
  name: string
  client_id: string
  type: string
  key: Pair
  credential: FederatedCredential
  /** What its platform puts into a token. */
  claims: () => Record<string, unknown>
}

const cluster = 'https://kubernetes.default.svc.cluster.local'
const actions = 'https://token.actions.githubusercontent.com'
const tenant = 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0'
const trustDomain = 'spiffe://prod.example'

const platformKeys = { kubernetes: rsa('k8s-key'), github: rsa('gha-key'), entra: rsa('entra-key'), spiffe: ec('svid-key') }

const workload = (
  name: keyof typeof platformKeys,
  { issuer: iss, subject, ...rest }: FederatedCredential,
  more: () => Record<string, unknown>,
  type = JWT_BEARER_CLIENT_ASSERTION,
): Workload => ({
  name,
  client_id: `${name}-workload`,
  type,
  key: platformKeys[name],
  credential: { issuer: iss, subject, jwks: { keys: [platformKeys[name].jwk] }, ...rest },
  claims: () => ({ iss, sub: subject, aud: rest.audience ?? issuer, exp: now() + 600, iat: now(), ...more() }),
})

const kubernetes = workload('kubernetes', { issuer: cluster, subject: 'system:serviceaccount:prod:billing' }, () => ({
  aud: [issuer],
  exp: now() + 3600,
  nbf: now(),
  'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'billing' } },
}))
const github = workload('github', { issuer: actions, subject: 'repo:octo-org/app:ref:refs/heads/main' }, () => ({
  jti: freshJti(),
  nbf: now() - 5,
  repository: 'octo-org/app',
}))
const entra = workload(
  'entra',
  { issuer: tenant, subject: '3d5a1c2e-0000-4000-8000-1b2c3d4e5f60', audience: 'api://AzureADTokenExchange' },
  () => ({ jti: freshJti(), nbf: now(), tid: '9188040d-6c67-4c5b-b112-36a304b66dad' }),
)
const spiffe = workload(
  'spiffe',
  { issuer: trustDomain, subject: `${trustDomain}/ns/prod/sa/billing` },
  () => ({ iss: undefined }),
  JWT_SPIFFE_CLIENT_ASSERTION,
)
const workloads = [kubernetes, github, entra, spiffe]

/** Each has a key of its own besides, and the same registration but for its credential. */
const clientOf = ({ client_id, credential }: Workload, over: Partial<Client> = {}): Client => ({
  ...clients['jwt-client'],
  client_id,
  federated_credentials: [credential],
  ...over,
})

type Over = { key?: Pair; kid?: string; alg?: string; header?: Record<string, unknown> }

const withoutUndefined = (claims: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))

const tokenOf = (
  { claims, key: own }: Workload,
  over: Record<string, unknown> = {},
  { key = own, kid = key.kid, alg = key.alg, header = {} }: Over = {},
) => forge({ alg, kid, typ: 'JWT', ...header }, withoutUndefined({ ...claims(), ...over }), key.privateKey, alg)

const form = ({ type, client_id }: Workload, token: string, more: Record<string, string> = {}) => ({
  grant_type: CLIENT_CREDENTIALS,
  client_id,
  client_assertion_type: type,
  client_assertion: token,
  ...more,
})

function federatedWorld(
  express: ExpressFactory,
  registered: Client[] = workloads.map((each) => clientOf(each)),
  options: Partial<Options> = {},
) {
  const all = new Map<string, Client>([...Object.values<Client>(clients), ...registered].map((client) => [client.client_id, client]))
  return startWorld(express, { options, hooks: { findClient: (id) => all.get(id) } })
}

type Attempt = (subject: Workload) => Record<string, string>
const sub =
  (change: (value: string) => string): Attempt =>
  (each) =>
    form(each, tokenOf(each, { sub: change(each.credential.subject) }))

/** One step away from the token that is registered. */
const nearMisses: [name: string, attempt: Attempt, reason: string][] = [
  ['another subject', sub(() => 'somebody'), 'client_identity_mismatch'],
  ['a subject that goes on', sub((value) => `${value}2`), 'client_identity_mismatch'],
  ['a subject that is cut', sub((value) => value.slice(0, -1)), 'client_identity_mismatch'],
  ['a subject in another case', sub((value) => value.toUpperCase()), 'client_identity_mismatch'],
  ['a subject with a space', sub((value) => `${value} `), 'client_identity_mismatch'],
  ['DI-11 the client itself as subject', (each) => form(each, tokenOf(each, { sub: each.client_id })), 'client_identity_mismatch'],
  ['another audience', (each) => form(each, tokenOf(each, { aud: 'https://other.example' })), 'client_identity_mismatch'],
  ['the token endpoint URL as audience', (each) => form(each, tokenOf(each, { aud: tokenEndpointUrl })), 'client_identity_mismatch'],
  [
    'a second audience',
    (each) => form(each, tokenOf(each, { aud: [each.credential.audience ?? issuer, 'https://other.example'] })),
    'client_identity_mismatch',
  ],
  [
    'the audience twice',
    (each) => form(each, tokenOf(each, { aud: [each.credential.audience ?? issuer, each.credential.audience ?? issuer] })),
    'client_identity_mismatch',
  ],
  [
    'an audience with a slash',
    (each) => form(each, tokenOf(each, { aud: `${each.credential.audience ?? issuer}/` })),
    'client_identity_mismatch',
  ],
  ['a key of nobody', (each) => form(each, tokenOf(each, {}, { key: ec('stranger') })), 'key_not_found'],
  ["keys only of the credential: the client's own key", (each) => form(each, tokenOf(each, {}, { key: keys.client })), 'key_not_found'],
  [
    "a key of another client's credential",
    (each) => form(each, tokenOf(each, {}, { key: each === github ? kubernetes.key : github.key })),
    'key_not_found',
  ],
  [
    'a forged signature under the right kid',
    (each) => form(each, tokenOf(each, {}, { key: each === spiffe ? ec('svid-key') : rsa(each.key.kid) })),
    'signature_invalid',
  ],
  ["another client's name", (each) => form(each, tokenOf(each), { client_id: 'other-client' }), 'client_identity_mismatch'],
  [
    "another workload's name",
    (each) => form(each, tokenOf(each), { client_id: (each === github ? entra : github).client_id }),
    'client_identity_mismatch',
  ],
  ['an unknown client', (each) => form(each, tokenOf(each), { client_id: 'nobody' }), 'client_identity_mismatch'],
  ['X-07 a lifetime of two hours', (each) => form(each, tokenOf(each, { exp: now() + 7200 })), 'lifetime_too_long'],
]

const specific: [name: string, attempt: Attempt, reason: string][] = [
  ['an expired token', (each) => form(each, tokenOf(each, { exp: now() - 60, iat: now() - 600 })), 'expired'],
  ['no exp', (each) => form(each, tokenOf(each, { exp: undefined })), 'claim_missing'],
  ['no aud', (each) => form(each, tokenOf(each, { aud: undefined })), 'claim_missing'],
  ['an empty aud', (each) => form(each, tokenOf(each, { aud: [] })), 'claim_malformed'],
  ['nbf in the future', (each) => form(each, tokenOf(each, { nbf: now() + 300 })), 'not_yet_valid'],
  ['BI-08 an access token', (each) => form(each, tokenOf(each, {}, { header: { typ: 'at+jwt' } })), 'typ_not_allowed'],
  [
    'JW-05 the public key as HMAC secret',
    (each) =>
      form(
        each,
        forge(
          { alg: 'HS256', kid: each.key.kid },
          withoutUndefined(each.claims()),
          String(each.key.publicKey.export({ type: 'spki', format: 'pem' })),
          'HS256',
        ),
      ),
    'alg_not_allowed',
  ],
  ['JW-06 no signature', (each) => form(each, forge({ alg: 'none' }, withoutUndefined(each.claims()), null)), 'jwt_malformed'],
  [
    'JC-06 a key of its own',
    (each) => form(each, tokenOf(each, {}, { key: keys.other, header: { jwk: keys.other.jwk } })),
    'header_not_allowed',
  ],
]

describe.each(anyExpress)('X-15 a foreign token as client credential on %s', (_, express) => {
  const world = federatedWorld(express)
  const noSecretJwt = federatedWorld(express, undefined, { clientAuthMethods: ['private_key_jwt'] })

  describe.each(workloads.map((each) => [each.name, each] as const))('%s', (_name, each) => {
    it('DI-11, DI-12, DI-13, SP-01 stands for the client that registered exactly it', async () => {
      expect((await world.post(form(each, tokenOf(each)))).status).toBe(200)
      expect(world.last()).toMatchObject({
        outcome: 'issued',
        client_id: each.client_id,
        client_level: 'authenticated',
        client_auth_method: 'federated_jwt',
        timings: { signature: expect.any(Number) },
      })
    })

    it('DI-11 shows what the token says, and what the client registered', async () => {
      await world.post(form(each, tokenOf(each, { sub: 'somebody' })))
      const { issuer, subject, audience = null } = each.credential
      const { iss = null } = each.claims() as { iss?: string }
      expect(world.last().detail).toEqual({
        seen: { iss, sub: 'somebody', aud: each.claims().aud, isSvid: each === spiffe, client: each.client_id },
        wanted: [{ issuer, subject, audience }],
      })
      for (const client_id of ['nobody', 'jwt-client']) {
        await world.post(form(each, tokenOf(each), { client_id }))
        expect(world.last().detail).toMatchObject({ seen: { client: client_id === 'nobody' ? null : client_id }, wanted: [] })
      }
    })

    it('refuses it for a client with a mistake', async () => {
      const world = federatedWorld(express, [clientOf(each, { maxLifetime: '60' as never })])
      expect(await world.post(form(each, tokenOf(each, { sub: 'somebody' })))).toMatchObject({ status: 401, body: generic })
      expect(world.last().reason).toBe('client_misconfigured')
    })

    it('the token it gets is the client’s own, not its platform subject’s', async () => {
      const { body } = await world.post(form(each, tokenOf(each)))
      expect(body.access_token).toBe(`token-of-${each.client_id}`)
    })

    it('JC-05 authenticates the client for a grant too', async () => {
      const { grant_type: _, ...credential } = form(each, tokenOf(each))
      expect((await world.post(grantRequest(grant(), credential))).status).toBe(200)
      expect(world.last()).toMatchObject({ client_id: each.client_id, client_auth_method: 'federated_jwt' })
    })

    it.each(nearMisses)('refuses %s', async (_miss, attempt, reason) => {
      const { status, body } = await world.post(attempt(each))
      expect({ status, body }).toEqual({ status: 401, body: generic })
      expect(world.last().reason).toBe(reason)
      expect(world.last().client_id).toBeUndefined()
    })

    it.each(specific)('refuses %s', async (_miss, attempt, reason) => {
      const { status, body } = await noSecretJwt.post(attempt(each))
      expect({ status, error: body.error }).toEqual({ status: 401, error: 'invalid_client' })
      expect(noSecretJwt.last().reason).toBe(reason)
    })

    it('JW-05 refuses the public key as HMAC secret where client_secret_jwt is enabled, too', async () => {
      const pem = String(each.key.publicKey.export({ type: 'spki', format: 'pem' }))
      const token = forge({ alg: 'HS256', kid: each.key.kid }, withoutUndefined(each.claims()), pem, 'HS256')
      expect(await world.post(form(each, token))).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    })

    it('DI-11 refuses it without client_id', async () => {
      const { client_id: _, ...rest } = form(each, tokenOf(each))
      expect(await world.post(rest)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    })

    it('T-67 refuses it for a disabled client, in the words for an unknown one', async () => {
      const world = federatedWorld(express, [clientOf(each, { enabled: false })])
      const disabled = await world.post(form(each, tokenOf(each)))
      expect([disabled.status, disabled.body]).toEqual([401, generic])
      expect(world.last().reason).toBe('client_disabled')
      const unknown = await world.post(form(each, tokenOf(each), { client_id: 'nobody' }))
      expect([unknown.status, unknown.body]).toEqual([disabled.status, disabled.body])
    })

    it('refuses it once its credential is gone from the registration', async () => {
      const client = clientOf(each)
      const world = federatedWorld(express, [client])
      expect((await world.post(form(each, tokenOf(each)))).status).toBe(200)
      client.federated_credentials = []
      expect((await world.post(form(each, tokenOf(each)))).status).toBe(401)
    })

    it("JW-10 holds it against its own credential's keys, not those of the next one of the same client", async () => {
      const [other] = workloads.filter((one) => one !== each && one.type === JWT_BEARER_CLIENT_ASSERTION) as [Workload]
      const both = [other.credential, each.credential]
      const world = federatedWorld(express, [clientOf(each, { federated_credentials: both })])
      expect((await world.post(form(each, tokenOf(each)))).status).toBe(200)
      for (const kid of [other.key.kid, each.key.kid]) {
        const crossed = tokenOf(each, {}, { key: other.key, kid })
        expect(await world.post(form(each, crossed))).toMatchObject({ status: 401, body: generic })
      }
      // nor does the client's registered method let the platform sign for it
      const asClient = clientAssertion({ iss: each.client_id }, { key: each.key })
      expect(await world.post(form({ ...each, type: JWT_BEARER_CLIENT_ASSERTION }, asClient))).toMatchObject({ status: 401, body: generic })
    })

    it.each<[name: string, credential: Partial<FederatedCredential>, jti: boolean, statuses: number[]]>([
      ['OC-03 with a jti, once', {}, true, [200, 401]],
      ['T-51 without a jti, until it expires', {}, false, [200, 200, 200]],
      ['DI-13 with a jti, until it expires where that is registered', { replay: 'reusable' }, true, [200, 200, 200]],
      ['registered as one-time, without a jti', { replay: 'one-time' }, false, [200, 200]],
    ])('may be sent %s', async (_name, over, jti, statuses) => {
      const world = federatedWorld(express, [clientOf(each, { federated_credentials: [{ ...each.credential, ...over }] })])
      const token = tokenOf(each, { jti: jti ? freshJti() : undefined })
      // a JWT-SVID is for use until it expires, whatever is in it
      const expected = each === spiffe ? statuses.map(() => 200) : statuses
      for (const status of expected) expect((await world.post(form(each, token))).status).toBe(status)
      if (expected.at(-1) === 401) expect(world.last().reason).toBe('jti_replayed')
    })

    it('WI-04 T-81 has the claims that are registered besides its subject', async () => {
      const world = federatedWorld(express, [
        clientOf(each, { federated_credentials: [{ ...each.credential, claims: { tier: ['a', 'b'] } }] }),
      ])
      expect((await world.post(form(each, tokenOf(each, { tier: 'b' })))).status).toBe(200)
      for (const tier of [undefined, 'c']) {
        expect(await world.post(form(each, tokenOf(each, { tier })))).toMatchObject({ status: 401, body: generic })
        expect(world.last()).toMatchObject({ reason: 'claim_not_allowed', detail: { seen: { tier: tier ?? null } } })
      }
    })

    it('X-07 lives as long as its registration lets it', async () => {
      const world = federatedWorld(express, [clientOf(each, { federated_credentials: [{ ...each.credential, maxLifetime: 86_400 }] })])
      expect((await world.post(form(each, tokenOf(each, { exp: now() + 86_000 })))).status).toBe(200)
      expect((await world.post(form(each, tokenOf(each, { exp: now() + 90_000 })))).status).toBe(401)
    })

    it('CA-08 leaves the registered method of the client as it was', async () => {
      const more = { client_assertion_type: JWT_BEARER_CLIENT_ASSERTION }
      expect((await world.post(form(each, clientAssertion({ iss: each.client_id }), more))).status).toBe(200)
      expect(world.last()).toMatchObject({ client_id: each.client_id, client_auth_method: 'private_key_jwt' })
    })
  })

  describe.each([kubernetes, github, entra].map((each) => [each.name, each] as const))('the issuer of %s', (_name, each) => {
    it.each<[name: string, change: (iss: string) => unknown, reason: string]>([
      ['with a slash', (iss) => `${iss}/`, 'client_identity_mismatch'],
      ['in another case', (iss) => iss.toUpperCase(), 'client_identity_mismatch'],
      ['with its port', (iss) => iss.replace(/^https:\/\/[^/]+/, '$&:443'), 'client_identity_mismatch'],
      ['over http', (iss) => iss.replace('https', 'http'), 'client_identity_mismatch'],
      ['of another', () => 'https://evil.example', 'client_identity_mismatch'],
      ['missing', () => undefined, 'claim_missing'],
    ])('JG-03 is compared character by character: %s', async (_miss, change, reason) => {
      const iss = change(each.credential.issuer)
      expect(await world.post(form(each, tokenOf(each, { iss })))).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(world.last().reason).toBe(reason)
    })

    it('SP-01 is not a trust domain: its token is no JWT-SVID', async () => {
      expect(await world.post(form({ ...each, type: JWT_SPIFFE_CLIENT_ASSERTION }, tokenOf(each)))).toMatchObject({
        status: 401,
        body: generic,
      })
      expect(world.last().reason).toBe('client_identity_mismatch')
    })
  })

  describe('SPIFFE', () => {
    it.each<[name: string, claims: Record<string, unknown>, over: Over]>([
      ['SP-02 no iss, no jti', {}, {}],
      ['SP-02 any iss, which means nothing', { iss: 'https://spire.example' }, {}],
      ['SP-02 no iat', { iat: undefined }, {}],
      ['SP-02 JOSE', {}, { header: { typ: 'JOSE' } }],
      ['SP-02 no typ', {}, { header: { typ: undefined } }],
      ['BI-02 an array of one', { aud: [issuer] }, {}],
    ])('takes %s', async (_name, claims, over) => {
      expect((await world.post(form(spiffe, tokenOf(spiffe, claims, over)))).status).toBe(200)
    })

    it.each<[name: string, subject: string]>([
      ['an unknown trust domain', 'spiffe://evil.example/ns/prod/sa/billing'],
      ['a trust domain that goes on', 'spiffe://prod.example.evil.example/ns/prod/sa/billing'],
      ['a trust domain in another case', 'spiffe://PROD.example/ns/prod/sa/billing'],
      ['a trust domain with a port', 'spiffe://prod.example:443/ns/prod/sa/billing'],
      ['a trust domain alone', trustDomain],
      ['another path', 'spiffe://prod.example/ns/prod/sa/billing/admin'],
      ['no SPIFFE ID', 'ns/prod/sa/billing'],
    ])('SP-01 refuses %s', async (_name, subject) => {
      expect(await world.post(form(spiffe, tokenOf(spiffe, { sub: subject })))).toMatchObject({ status: 401, body: generic })
      expect(world.last().reason).toBe('client_identity_mismatch')
    })

    it.each(['spiffe://evil.example/x', `https://evil.example/?${trustDomain}/x`])(
      'SP-01 refuses a registration whose subject is not of its trust domain: %s',
      async (subject) => {
        const credential = { ...spiffe.credential, subject }
        const world = federatedWorld(express, [clientOf(spiffe, { federated_credentials: [credential] })])
        expect((await world.post(form(spiffe, tokenOf(spiffe, { sub: credential.subject })))).status).toBe(401)
      },
    )

    it.each([JWT_SPIFFE_CLIENT_ASSERTION, JWT_BEARER_CLIENT_ASSERTION])('SP-02 refuses EdDSA, sent as %s', async (type) => {
      const key = ed('svid-ed')
      const credential = { ...spiffe.credential, jwks: { keys: [key.jwk, spiffe.key.jwk] } }
      const world = federatedWorld(express, [clientOf(spiffe, { federated_credentials: [credential] })])
      const iss = 'https://spire.example'
      for (const alg of ['EdDSA', 'Ed25519'])
        expect(await world.post(form({ ...spiffe, type }, tokenOf(spiffe, { iss }, { key, alg })))).toMatchObject({
          status: 401,
          body: { error: 'invalid_client' },
        })
      expect((await world.post(form({ ...spiffe, type }, tokenOf(spiffe, { iss })))).status).toBe(200)
    })

    it('SP-02 refuses other types of JWT, such as that of client assertions', async () => {
      const token = tokenOf(spiffe, {}, { header: { typ: 'client-authentication+jwt' } })
      expect((await world.post(form(spiffe, token))).status).toBe(401)
      expect(world.last().reason).toBe('typ_not_allowed')
    })

    it("SP-01 refuses the client's own assertion under this type", async () => {
      const token = clientAssertion({ iss: spiffe.client_id })
      expect(await world.post(form(spiffe, token))).toMatchObject({ status: 401, body: generic })
    })

    it('SP-01 a client without such a credential is none', async () => {
      expect(await world.post(form(spiffe, tokenOf(spiffe), { client_id: 'jwt-client' }))).toMatchObject({ status: 401, body: generic })
    })
  })

  it('a token for the client is no grant: its issuer is trusted for nothing else', async () => {
    expect(await world.post(grantRequest(tokenOf(kubernetes), { client_id: kubernetes.client_id }))).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'The assertion was refused.' },
    })
  })

  it.each(workloads.map((each) => [each.name, each] as const))(
    'CA-08 refuses a token of %s if private_key_jwt is not enabled',
    async (_name, each) => {
      const world = federatedWorld(express, undefined, {
        clientAuthMethods: ['client_secret_jwt', 'client_secret_basic', 'tls_client_auth'],
      })
      const { grant_type: _, ...credential } = form(each, tokenOf(each))
      for (const sent of [form(each, tokenOf(each)), grantRequest(grant(), credential)]) {
        expect(await world.post(sent)).toMatchObject({ status: 401, body: generic })
        expect(world.last().reason).toBe('auth_method_not_enabled')
      }
      expect(world.calls.mintToken).toBe(0)
    },
  )

  it('JW-14 one token, spent as credential, is spent as grant', async () => {
    const trusted: TrustedIssuer = { issuer: actions, jwks: { keys: [github.key.jwk] }, client_authentication: 'none', maxLifetime: 3600 }
    const world = startWorld(express, { hooks: { findClient: () => clientOf(github), findIssuer: () => trusted } })
    const token = tokenOf(github)
    expect((await world.post(form(github, token))).status).toBe(200)
    expect(await world.post(grantRequest(token, {}))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(world.last().reason).toBe('jti_replayed')
  })

  it('ER-31 one token is not both credential and grant of a request', async () => {
    const trusted: TrustedIssuer = { issuer: actions, jwks: { keys: [github.key.jwk] }, client_authentication: 'none', maxLifetime: 3600 }
    const world = startWorld(express, { hooks: { findClient: () => clientOf(github), findIssuer: () => trusted } })
    const token = tokenOf(github)
    const { grant_type: _, ...credential } = form(github, token)
    expect((await world.post(grantRequest(token, credential))).status).toBe(400)
    expect(world.last().reason).toBe('jwt_kind_confusion')
  })

  describe('DI-10 an Entra certificate: PS256, x5t#S256 and no kid, the token endpoint URL', () => {
    const key = rsa('', 2048, 'PS256')
    const { kid: _kid, ...jwk } = key.jwk
    const x5t = createHash('sha256').update('certificate').digest('base64url')
    const client: Client = {
      ...clients['jwt-client'],
      client_id: 'entra-client',
      jwks: { keys: [jwk] },
      audience: 'issuer-or-token-endpoint',
      token_endpoint_auth_signing_alg: 'PS256',
    }
    const world = federatedWorld(express, [client])
    it.each<[name: string, header: Record<string, unknown>, claims: Record<string, unknown>, status: number]>([
      ['as it is sent', { 'x5t#S256': x5t }, {}, 200],
      ['with the older x5t', { x5t }, {}, 200],
      ['in RS256', { alg: 'RS256', 'x5t#S256': x5t }, {}, 401],
      ['for another subject', { 'x5t#S256': x5t }, { sub: 'other-client' }, 401],
      ['with the chain in its header', { x5c: ['MIIB'] }, {}, 401],
    ])('%s', async (_name, header, claims, status) => {
      const { alg = 'PS256' } = header
      const token = forge(
        { alg, typ: 'JWT', ...header },
        { iss: client.client_id, sub: client.client_id, aud: tokenEndpointUrl, jti: freshJti(), exp: now() + 300, nbf: now(), ...claims },
        key.privateKey,
        String(alg),
      )
      const sent = { grant_type: CLIENT_CREDENTIALS, client_assertion_type: JWT_BEARER_CLIENT_ASSERTION, client_assertion: token }
      expect((await world.post({ ...sent, client_id: client.client_id })).status).toBe(status)
      if (status === 200) expect(world.last().notices).toEqual(['aud_legacy'])
    })
  })
})
