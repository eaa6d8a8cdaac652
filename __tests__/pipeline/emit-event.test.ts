/** Every reason of the tables, provoked at the endpoint: what its event says, and what it does not. */
import { describe, expect, it, jest } from '@jest/globals'
import type { RequestHandler, Response } from 'express'
import request from 'supertest'
import { assertionRefusals, type Reason, refusals } from '../../lib/host/errors.js'
import {
  CLIENT_CREDENTIALS,
  type Client,
  type ClientMetadataDocumentsOptions,
  clientMetadataDocuments,
  type Hooks,
  issueToken,
  JWT_BEARER_GRANT,
  OAuthError,
  type Options,
  type TokenEndpointEvent,
  type TrustedIssuer,
} from '../../lib/index.js'
import { buildEvent, type EventRecord } from '../../lib/pipeline/emit-event.js'
import { LoadShedding } from '../../lib/pipeline/load-shedding.js'
import { issueCertificate } from '../support/certificates.js'
import { anyExpress } from '../support/express.js'
import { forge, now } from '../support/jwt.js'
import {
  basic,
  byJwt,
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
  tokenEndpointUrl,
  type World,
} from '../support/world.js'

const secret = 'canary-secret-hunter2'
const accessToken = 'canary-access-token-hunter2'
const byPost = (client_id = 'post-client') => ({ client_id, client_secret: secret })

/** How a reason is provoked. */
interface Case {
  form?: Record<string, string> | string
  headers?: Record<string, string>
  options?: Partial<Options>
  hooks?: Partial<Hooks>
  before?: RequestHandler[]
  /** Otherwise a form is posted. */
  send?: (world: World) => PromiseLike<{ status: number; headers: Record<string, string> }>
  /** What the event says, in addition. */
  event?: object
}

const trust = (over: Partial<TrustedIssuer>): Partial<Hooks> => ({ findIssuer: () => ({ ...issuers[idp], ...over }) as TrustedIssuer })
const register = (over: object): Partial<Hooks> => ({ findClient: () => ({ ...clients['jwt-client'], ...over }) as Client })
const published = (over: Partial<ClientMetadataDocumentsOptions> = {}): Partial<Hooks> => ({
  findClient: clientMetadataDocuments({
    findClient: () => undefined,
    allow: () => true,
    grant_types: [CLIENT_CREDENTIALS],
    scope: '',
    ...over,
  }),
})
const consume = (answer: unknown): Partial<Options> => ({ replayStore: { consume: () => answer as boolean } })
const own = (claims = {}) => grantRequest(grant({ iss: 'jwt-client', ...claims }, { key: keys.client }), {})
const open = (claims = {}, over = {}) => grantRequest(grant({ iss: openIdp, ...claims }, over), {})
const mtls = { token_endpoint_auth_method: 'self_signed_tls_client_auth' }
const certificate = (await issueCertificate()).x509
let leaving: Response | undefined

const cases: Record<Exclude<keyof typeof refusals, 'body_unreadable'> | 'hook_denied', Case> = {
  method_not_allowed: {
    send: ({ server }) => request(server).get('/token'),
    event: { detail: { seen: 'GET', wanted: 'POST' } },
  },
  tls_required: { options: { requireTls: true } },
  unsupported_media_type: {
    send: ({ server }) => request(server).post('/token').set('Content-Type', 'application/json').send('{}'),
    event: { detail: { seen: 'application/json', wanted: 'application/x-www-form-urlencoded' } },
  },
  unsupported_content_encoding: { headers: { 'content-encoding': 'gzip' }, event: { detail: { seen: 'gzip', wanted: 'identity' } } },
  body_too_large: { form: `a=${'x'.repeat(40_000)}`, event: { detail: { wanted: { at_most: 32_768 } } } },
  too_many_parameters: { form: 'a&'.repeat(60), event: { detail: { wanted: 'fewer parameters than limits.parameters' } } },
  parameter_malformed: { form: 'grant_type=x&client_secret=%zz' },
  parameter_shape: { form: `grant_type=x&client_secret[]=${secret}` },
  parameter_too_large: {
    form: { ...clientCredentials(), scope: 'x'.repeat(3000) },
    event: { detail: { seen: { scope: 3000 }, wanted: { at_most: 2048 } } },
  },
  duplicate_parameter: {
    form: `grant_type=x&client_secret=${secret}&client_secret=${secret}`,
    event: { detail: { seen: { client_secret: 2 }, wanted: { client_secret: 1 } } },
  },
  credential_in_query: {
    send: ({ server }) => request(server).post(`/token?client_secret=${secret}`).type('form').send(clientCredentials()),
  },
  missing_parameter: { form: byPost(), event: { detail: { seen: ['client_id', 'client_secret'], wanted: 'grant_type' } } },
  unsupported_grant_type: {
    form: { grant_type: grant().slice(0, 200) },
    event: { detail: { seen: '(a JWT)', wanted: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS] }, claimed: { grant_type: '(a JWT)' } },
  },
  incomplete_client_assertion: { form: clientCredentials({ client_assertion: clientAssertion() }) },
  malformed_authorization: { form: clientCredentials({}), headers: { authorization: `Basic !${secret}` } },
  multiple_client_auth: {
    form: clientCredentials(byPost()),
    headers: { authorization: basic('basic-client', secret) },
    event: { detail: { seen: expect.arrayContaining(['Authorization', 'client_secret']), wanted: 'one of them' } },
  },
  multiple_client_auth_assertion: { form: clientCredentials({ ...byJwt(), ...byPost('jwt-client') }) },
  client_id_mismatch: {
    form: clientCredentials({ client_id: 'post-client' }),
    headers: { authorization: basic('basic-client', secret) },
    event: { detail: { seen: { client_id: 'post-client' }, wanted: { client_id: 'basic-client' } } },
  },
  unsupported_client_assertion_type: {
    form: clientCredentials({ client_assertion: 'urn:x', client_assertion_type: clientAssertion() }),
    event: { detail: { seen: '(a JWT)' } },
  },
  unsupported_auth_scheme: {
    form: clientCredentials({}),
    headers: { authorization: secret },
    event: { detail: { seen: 'none that is known', wanted: 'Basic' } },
  },
  auth_method_not_enabled: {
    form: clientCredentials(byPost()),
    options: { clientAuthMethods: ['private_key_jwt'] },
    event: { detail: { seen: 'client_secret_post', wanted: ['private_key_jwt'] } },
  },
  client_auth_missing: { form: clientCredentials({}) },
  client_id_malformed: { form: clientCredentials(byPost('caf\u00e9')), event: { detail: { seen: 'caf?' } } },
  client_unknown: { form: clientCredentials(byPost('nobody')), event: { claimed: { client_id: 'nobody' } } },
  client_disabled: {
    form: clientCredentials(byJwt(clientAssertion({ iss: 'disabled-client', sub: 'disabled-client' }))),
    event: {
      detail: { seen: { enabled: false }, wanted: { enabled: true } },
      claimed: { client_id: 'disabled-client', kid: 'client-key' },
    },
  },
  client_secret_mismatch: { form: clientCredentials(byPost()), event: { detail: { seen: 'another secret' } } },
  client_secret_expired: {
    form: clientCredentials(byPost()),
    hooks: { findClient: () => ({ ...clients['post-client'], client_secret: secret, client_secret_expires_at: 1 }) },
    event: { detail: { seen: { client_secret_expires_at: 1 } } },
  },
  auth_method_not_registered: {
    form: clientCredentials(byPost('jwt-client')),
    event: { detail: { seen: { method: 'client_secret_post' }, wanted: { token_endpoint_auth_method: 'private_key_jwt' } } },
  },
  client_identity_mismatch: {
    form: clientCredentials(byJwt(clientAssertion({ sub: 'other-client' }))),
    event: { detail: { seen: { iss: 'jwt-client', sub: 'other-client' } }, claimed: { kid: 'client-key' } },
  },
  client_secret_too_short: {
    form: clientCredentials(byJwt(clientAssertion({}, { alg: 'HS256', key: { ...keys.client, privateKey: 'short' as never } }))),
    options: { clientAuthMethods: ['client_secret_jwt'] },
    hooks: register({ token_endpoint_auth_method: 'client_secret_jwt', client_secret: 'canary' }),
    event: { detail: { seen: { bytes: 6 }, wanted: { at_least: 32 } } },
  },
  client_misconfigured: {
    hooks: register({ maxLifetime: '60' }),
    event: { detail: { seen: expect.stringContaining('Client.maxLifetime'), wanted: 'a Client without mistakes' } },
  },
  client_url_not_allowed: {
    form: clientCredentials({ client_id: 'https://app.example.org:8443/client.json' }),
    hooks: published({ allow: ['app.example.org'] }),
    event: { detail: { seen: { host: 'app.example.org:8443' }, wanted: ['app.example.org'] } },
  },
  client_metadata_blocked: {
    form: clientCredentials({ client_id: 'https://127.0.0.1/client.json' }),
    hooks: published(),
    event: { detail: { wanted: 'a public address, or allowPrivateUrls' } },
  },
  client_metadata_invalid: {
    send: ({ post, url }) => post(clientCredentials({ client_id: `${new URL(url).origin}/nothing` })),
    hooks: published({ allowPrivateUrls: true }),
    event: { detail: { seen: { status: 404 }, wanted: { status: 200 } } },
  },
  client_metadata_unavailable: {
    form: clientCredentials({ client_id: 'http://127.0.0.1:1/client.json' }),
    hooks: published({ allowPrivateUrls: true }),
    event: { detail: { seen: { client_id: 'http://127.0.0.1:1/client.json', code: 'ECONNREFUSED' } } },
  },
  mtls_cert_missing: {
    form: clientCredentials({ client_id: 'jwt-client' }),
    options: { clientAuthMethods: ['self_signed_tls_client_auth'] },
    hooks: { ...register(mtls), getClientCertificate: () => undefined },
  },
  mtls_mismatch: {
    form: clientCredentials({ client_id: 'jwt-client' }),
    options: { clientAuthMethods: ['self_signed_tls_client_auth'] },
    hooks: { ...register(mtls), getClientCertificate: () => ({ certificate, verified: true }) },
    event: { detail: { seen: { thumbprint: expect.stringMatching(/^[\w-]{43}$/) } } },
  },
  grant_not_allowed_for_client: {
    hooks: register({ grant_types: ['authorization_code'] }),
    event: { detail: { seen: { grant_types: ['authorization_code'] }, wanted: CLIENT_CREDENTIALS } },
  },
  public_client_not_allowed: { form: clientCredentials({ client_id: 'public-client' }) },
  implicit_auth_not_allowed: { form: own(), hooks: register({ token_endpoint_auth_method: 'none' }) },
  dpop_not_supported: { hooks: register({ dpop_bound_access_tokens: true }) },
  scope_malformed: { form: { ...clientCredentials(), scope: 'a  b' }, event: { detail: { seen: 'a  b' } } },
  scope_exceeds_client: {
    form: { ...clientCredentials(), scope: 'admin' },
    event: { detail: { seen: ['admin'], wanted: ['read', 'write'] } },
  },
  scope_exceeds_issuer: { form: { ...open(), scope: 'write' }, event: { detail: { seen: ['write'], wanted: ['read'] } } },
  scope_exceeds_grant: {
    form: { ...grantRequest(grant({ scope: 'read' })), scope: 'write' },
    event: { detail: { seen: ['write'], wanted: ['read'] } },
  },
  scope_missing: { hooks: register({ requireScope: true }) },
  scope_not_once: {
    form: { ...grantRequest(), scope: 'read' },
    hooks: trust({ scope_once: 'dpv:' }),
    event: { detail: { seen: ['read'], wanted: 'exactly one value that begins with dpv:' } },
  },
  scope_param_forbidden: { form: { ...grantRequest(), scope: 'read' }, hooks: trust({ scope_from: 'assertion' }) },
  target_invalid: {
    form: { ...clientCredentials(), resource: `https://user:${secret}@api.example.com/#x` },
    event: { detail: { seen: 'https://...@api.example.com/#x' } },
  },
  target_not_allowed: {
    form: { ...grantRequest(), resource: 'https://other.example' },
    hooks: trust({ resources: ['https://api.example'] }),
    event: { detail: { seen: { resource: ['https://other.example'] } } },
  },
  pop_required: { form: grantRequest(grant({ cnf: { jwk: { kty: 'oct', k: secret } } })) },
  jwt_kind_confusion: { form: grantRequest(clientAssertion(), {}), event: { claimed: { issuer: 'jwt-client', kid: 'client-key' } } },
  grant_client_unknown: { form: own(), hooks: { findClient: () => undefined } },
  grant_client_disabled: { form: own(), hooks: register({ enabled: false }) },
  client_binding_mismatch: {
    form: grantRequest(grant({ client_id: 'other-client' })),
    event: {
      detail: { seen: { client_id: 'jwt-client' }, wanted: { client_id: 'other-client' } },
      claimed: { issuer: idp, kid: 'idp-key' },
    },
  },
  subject_not_allowed: {
    form: grantRequest(),
    hooks: trust({ subjects: ['bob'] }),
    event: { detail: { seen: 'a sub that is not allowed', wanted: 'a sub that `subjects` allows' } },
  },
  subject_incomplete: {
    form: grantRequest(),
    hooks: trust({ subject: ['tenant'] }),
    event: { detail: { seen: expect.arrayContaining(['iss', 'sub']), wanted: ['tenant'] } },
  },
  resource_not_allowed: {
    form: grantRequest(grant({ resource: 'https://other.example' })),
    hooks: trust({ resources: ['https://api.example'] }),
    event: { detail: { seen: { resource: ['https://other.example'] }, wanted: { resources: ['https://api.example'] } } },
  },
  subject_unknown: { form: grantRequest(), hooks: { authorizeGrant: () => undefined } },
  subject_disabled: { form: grantRequest(), hooks: { authorizeGrant: () => ({ refused: 'subject_disabled' }) } },
  consent_missing: { form: grantRequest(), hooks: { authorizeGrant: () => ({ refused: 'consent_missing' }) } },
  subject_is_client: { form: grantRequest(), hooks: { authorizeGrant: () => ({ subject: 'jwt-client' }) } },
  hook_denied: {
    hooks: { findClient: () => Promise.reject(new OAuthError('invalid_target', 'Not now.')) },
    event: { detail: { seen: { error: 'invalid_target', error_description: 'Not now.' } } },
  },
  hook_error: {
    hooks: { findClient: () => Promise.reject(new RangeError(secret)) },
    event: { detail: { seen: 'findClient threw RangeError', wanted: 'a result of findClient' } },
  },
  hook_result_invalid: {
    form: grantRequest(),
    hooks: { mintToken: () => ({ access_token: accessToken, token_type: 7 as never }) },
    event: { detail: { seen: expect.stringContaining('token_type must be'), wanted: 'a token response' } },
  },
  registration_invalid: {
    form: grantRequest(),
    hooks: trust({ maxLifetme: 60 } as object),
    event: {
      detail: { seen: expect.stringContaining('TrustedIssuer.maxLifetme'), wanted: 'a TrustedIssuer without mistakes' },
      claimed: { issuer: idp, kid: 'idp-key' },
    },
  },
  hook_timeout: {
    options: { hookTimeout: 0.05 },
    hooks: { findClient: () => new Promise(() => {}) },
    event: { detail: { seen: 'findClient did not answer', wanted: { within_seconds: 0.05 } } },
  },
  misconfigured: {
    send: ({ options }) => {
      const app = (anyExpress[0] as (typeof anyExpress)[0])[1]()
      app.use('/token', issueToken(options) as RequestHandler)
      return request(app).post('/token')
    },
    event: { detail: { seen: expect.stringContaining('issueToken needs req.tokenState.request') } },
  },
  overloaded: {
    before: [
      (_req, _res, next) => {
        jest.spyOn(LoadShedding.prototype, 'admit').mockReturnValueOnce(false)
        next()
      },
    ],
  },
  jwks_unavailable: {
    hooks: register({ jwks: undefined, jwks_uri: 'http://127.0.0.1:1/jwks', allowPrivateJwksUri: true }),
    event: { detail: { seen: { jwks_uri: 'http://127.0.0.1:1/jwks', code: 'ECONNREFUSED' } } },
  },
  replay_store_error: { options: consume(secret), event: { detail: { seen: { consume: 'string' } } } },
  replay_store_full: { options: consume('full'), event: { detail: { seen: { consume: 'full' }, wanted: { consume: true } } } },
  client_gone: {
    hooks: {
      findClient: () => {
        leaving?.destroy()
        return { ...clients['post-client'], client_secret: secret }
      },
    },
    before: [
      (_req, res, next) => {
        leaving = res
        next()
      },
    ],
    send: async ({ post }) => {
      await post(clientCredentials(byPost())).catch(() => {})
      return { status: 0, headers: {} }
    },
  },
}

/** A JWT in either role, of one party that is registered as a client and as an issuer. */
const party = 'jwt-client'
type Spoiled = { claims?: Record<string, unknown>; header?: Record<string, unknown>; key?: (typeof keys)['client']; alg?: string }
const jwtCases: Record<
  keyof typeof assertionRefusals,
  Spoiled & { raw?: string; over?: object; options?: Partial<Options>; grantOnly?: true; clientOnly?: true; detail?: object }
> = {
  jwt_encrypted: { raw: 'eyJhbGciOiJkaXIifQ..aaaa.canary.aaaa', detail: { seen: { parts: 5 }, wanted: { parts: 3 } } },
  jwt_malformed: { raw: 'canary', detail: { seen: { parts: 1, empty_parts: 0, other_characters: false } } },
  header_too_large: { header: { x: 'x'.repeat(2100) } },
  duplicate_member: { raw: forge('{"alg":"ES256","kid":"client-key","kid":"a"}', '{"iss":"jwt-client"}', keys.client.privateKey) },
  alg_not_allowed: { header: { alg: 'none' }, detail: { seen: { alg: 'none' } } },
  typ_not_allowed: { header: { typ: 7 }, detail: { seen: { typ: 7 } } },
  header_not_allowed: { header: { crit: ['x'] }, detail: { seen: ['crit'] } },
  kid_malformed: { header: { kid: ['client-key'] }, detail: { seen: { kid: ['client-key'], type: 'list' } } },
  claim_missing: { claims: { exp: undefined }, detail: { wanted: ['exp'] } },
  claim_malformed: { claims: { exp: '60' }, detail: { seen: { exp: '60', type: 'string' } } },
  claim_too_large: { claims: { jti: 'j'.repeat(300) }, detail: { seen: { jti: 300 } } },
  exp_in_ms: { claims: { exp: now() * 1000 } },
  expired: { claims: { exp: now() - 100, iat: now() - 160 }, detail: { seen: { seconds_ago: expect.any(Number) } } },
  not_yet_valid: { claims: { nbf: now() + 600, exp: now() + 700 } },
  iat_future: { claims: { iat: now() + 600, exp: now() + 700 } },
  aud_mismatch: {
    claims: { aud: 'https://other.example' },
    clientOnly: true,
    detail: { seen: { aud: 'https://other.example' }, wanted: { aud: [issuer, tokenEndpointUrl] } },
  },
  issuer_untrusted: { claims: { iss: 'https://stranger.example' }, grantOnly: true, detail: { seen: 'https://stranger.example' } },
  issuer_disabled: { over: { enabled: false }, grantOnly: true },
  alg_not_registered: {
    over: { token_endpoint_auth_signing_alg: 'RS256', algorithms: ['RS256'] },
    detail: { seen: { alg: 'ES256' }, wanted: { alg: ['RS256'] } },
  },
  typ_not_registered: { header: { typ: 'x' }, grantOnly: true, detail: { seen: { typ: 'x' } } },
  jku_not_registered: {
    header: { jku: 'https://u:canary@x.example' },
    detail: { seen: { jku: 'https://...@x.example' }, wanted: { jku: [null] } },
  },
  x5c_not_registered: { header: { x5c: ['canary'] }, detail: { seen: 'an x5c header' } },
  sub_missing: { claims: { sub: undefined } },
  jti_missing: { claims: { jti: undefined }, over: { requireJti: true }, detail: { wanted: 'a jti claim' } },
  aud_not_registered: { claims: { aud: tokenEndpointUrl }, over: { audience: 'issuer' }, detail: { seen: { aud: tokenEndpointUrl } } },
  tolerance_exceeded: {
    claims: { iat: now() + 55, exp: now() + 90 },
    options: { clockTolerance: 60 },
    over: { clockTolerance: 0 },
    detail: { wanted: { clockTolerance: 0 } },
  },
  lifetime_too_long: { claims: { exp: now() + 9000 } },
  claim_not_allowed: {
    claims: { repository_id: '75' },
    over: { claims: { repository_id: '74' } },
    grantOnly: true,
    detail: { seen: { repository_id: '75' }, wanted: { repository_id: '74' } },
  },
  jwks_invalid: { over: { jwks: JSON.stringify({ keys: [keys.client.jwk] }) }, detail: { seen: expect.stringContaining('JSON as text') } },
  jwks_blocked: { over: { jwks: undefined, jwks_uri: 'https://u:canary@127.0.0.1/' }, detail: { seen: { jwks_uri: '"...@127.0.0.1/"' } } },
  discovery_invalid: {
    over: { jwks: undefined, discovery: true },
    grantOnly: true,
    detail: { seen: { issuer: 'jwt-client' } },
  },
  key_not_found: {
    header: { kid: 'unknown' },
    detail: { seen: { alg: 'ES256', kid: 'unknown' }, wanted: [{ kid: 'client-key', thumbprint: expect.stringMatching(/^[\w-]{43}$/) }] },
  },
  signature_invalid: {
    key: keys.other,
    header: { kid: 'client-key' },
    detail: { wanted: { signed_by: [expect.stringMatching(/^[\w-]{43}$/)] } },
  },
  jti_replayed: { options: consume(false) },
  not_provably_fresh: { options: consume('forgotten'), detail: { seen: { usable_since: expect.any(Number) } } },
}

const decodes = (token: string) => {
  try {
    return [0, 1].map((part) => JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString()))
  } catch {
    return undefined
  }
}

describe.each(anyExpress)('the event of a refusal on %s', (_, express) => {
  /** Sends the request of a case; what its event must and must not say. */
  async function provoke(reason: Reason, { form = clientCredentials(), headers = {}, options, hooks, before, send, event = {} }: Case) {
    const world = startWorld(express, {
      options: { fallthrough: false, ...options },
      hooks: { mintToken: () => ({ access_token: accessToken, token_type: 'Bearer' }), ...hooks },
      before: before ?? [],
    })
    const response = await (send ? send(world) : world.post(form, headers))
    for (let tries = 0; world.events.length < 1 && tries < 400; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(world.events).toHaveLength(1)
    const last = world.last() as TokenEndpointEvent
    expect(last).toMatchObject({ reason, ...event })
    for (const part of [last.detail?.seen, last.detail?.wanted]) expect(JSON.stringify(part ?? '')).toMatch(/[A-Za-z0-9]/)
    expect([last.detail?.seen, last.detail?.wanted]).not.toContain(null)
    if (reason !== 'client_gone') expect(response.headers['x-request-id']).toBe(last.request_id)

    const text = JSON.stringify(last)
    expect(text).toMatch(/^[\x20-\x7e]*$/)
    const sent = typeof form === 'string' ? [] : [form.assertion, form.client_assertion].filter((token) => token !== undefined)
    const { authorization = secret } = headers
    const canaries = ['canary', secret, accessToken, authorization, authorization.split(' ').at(-1) as string, ...sent]
    for (const token of sent) canaries.push(...token.split('.').filter((part) => part.length > 8))
    for (const canary of canaries) expect(text).not.toContain(canary)
    return last
  }

  it.each(Object.entries(cases) as [Reason, Case][])('T-64 T-82 %s', async (reason, provoked) => {
    await provoke(reason, provoked)
  })

  it('each reason of the tables is provoked here', () => {
    expect(Object.keys(cases).sort()).toEqual([...Object.keys(refusals).filter((name) => name !== 'body_unreadable'), 'hook_denied'].sort())
    expect(Object.keys(jwtCases)).toEqual(Object.keys(assertionRefusals))
  })

  const roles = Object.entries(jwtCases).flatMap(([reason, spoiled]) => [
    ...(spoiled.grantOnly ? [] : [[reason, 'client', spoiled] as const]),
    ...(spoiled.clientOnly ? [] : [[reason, 'grant', spoiled] as const]),
  ])
  it.each(roles)('T-64 T-82 %s of a JWT as %s, and the event names who sent it', async (reason, use, spoiled) => {
    const { raw, claims = {}, header = {}, key = keys.client, alg = 'ES256', over = {}, options = {}, detail = {} } = spoiled
    const token =
      raw ?? clientAssertion({ sub: use === 'client' ? party : 'alice', ...claims }, { key, alg, header: { kid: 'client-key', ...header } })
    const isGrant = use === 'grant'
    const { token_endpoint_auth_signing_alg: _, ...issuerOver } = over as Record<string, unknown>
    const { algorithms: __, audience, ...clientOver } = over as Record<string, unknown>
    const last = await provoke(reason as Reason, {
      form: isGrant ? grantRequest(token, {}) : clientCredentials(byJwt(token)),
      options,
      hooks: {
        findClient: () => ({ ...clients[party], ...clientOver, ...(audience !== undefined && { audience }) }) as Client,
        findIssuer: (iss) =>
          iss === party ? ({ ...issuers[openIdp], jwks: clients[party].jwks, ...issuerOver, issuer: party } as TrustedIssuer) : undefined,
      },
      event: { detail },
    })
    const [decodedHeader, decodedClaims] = reason === 'duplicate_member' ? [] : (decodes(token) ?? [])
    const { issuer: iss, client_id, kid } = last.claimed
    expect({ name: isGrant ? iss : client_id, kid }).toEqual({
      name: isGrant ? decodedClaims?.iss : (decodedClaims?.sub ?? decodedClaims?.iss),
      kid: typeof decodedHeader?.kid === 'string' ? decodedHeader.kid : undefined,
    })
  })
})

describe('buildEvent', () => {
  const record = (): EventRecord => ({
    step: 'issueToken',
    isCounted: true,
    claimed: { grant_type: 'x' },
    notices: [],
    timings: { mintToken: 1.23456 },
    startedAt: performance.now() - 5,
  })
  const ended = { outcome: 'issued', status: 200 } as const

  it('has what there is, and no member for anything else', () => {
    const event = buildEvent({}, record(), [], 'r1', ended)
    const { duration, ...rest } = event
    expect(rest).toStrictEqual({
      ...ended,
      request_id: 'r1',
      step: 'issueToken',
      claimed: { grant_type: 'x' },
      notices: [],
      timings: { mintToken: 1.235 },
    })
    expect(duration).toBeGreaterThanOrEqual(5)
    expect(duration).toBeLessThan(5000)
  })

  it('has what a key that is only tried out came to, and the beginnings of what was used up', () => {
    const observed = { method: 'private_key_jwt', result: 'ok' } as const
    const event = buildEvent({}, { ...record(), observed }, ['0123456789', 'abcdefghij'], 'r1', ended)
    expect(event).toMatchObject({ observed, replay_keys: ['01234567', 'abcdefgh'] })
  })
})
