import { describe, expect, it } from '@jest/globals'
import type { RequestHandler } from 'express'
import request from 'supertest'
import {
  authenticateClient,
  CLIENT_CREDENTIALS,
  type Client,
  type ClientAuthentication,
  type GrantDecision,
  type Hooks,
  JWT_BEARER_GRANT,
  OAuthError,
  type Options,
  parseTokenRequest,
  type TrustedIssuer,
} from '../../lib/index.js'
import { issueCertificate } from '../support/certificates.js'
import { anyExpress, type ExpressFactory } from '../support/express.js'
import { now } from '../support/jwt.js'
import {
  basic,
  byJwt,
  challengeOf,
  clientAssertion,
  clients,
  grant,
  grantRequest,
  hooks,
  type idp,
  issuer,
  issuers,
  keys,
  startWorld,
} from '../support/world.js'

type Rule = NonNullable<Options['implicitErrors']>
type Answer = readonly [status: number, error: string, description: string]

const refusedGrant: Answer = [400, 'invalid_grant', 'The assertion was refused.']
const refusedClient: Answer = [401, 'invalid_client', 'Client authentication failed.']
const down: Answer = [503, 'temporarily_unavailable', 'The server cannot answer now. Try again later.']

/** A good grant that `jwt-client` signed itself, but for what `claims` changes. */
const own = (claims: Record<string, unknown> = {}, over: Parameters<typeof grant>[1] = {}) =>
  grant({ iss: 'jwt-client', ...claims }, { key: keys.client, ...over })

/** What differs from a `jwt-client` that may do everything; `null` for a registration that is not there. */
interface Setup {
  client?: Partial<Client> | null
  issuer?: Partial<TrustedIssuer> | null
  decision?: GrantDecision
  findIssuer?: () => never
}

function implicitWorld(
  express: ExpressFactory,
  implicitErrors: Rule,
  { client = {}, issuer = {}, decision = { subject: 'local-alice' }, findIssuer }: Setup = {},
) {
  const registered = new Map<string, Client>(Object.entries(clients))
  if (client === null) registered.delete('jwt-client')
  else registered.set('jwt-client', { ...clients['jwt-client'], ...client })
  const trusted = new Map<string, TrustedIssuer>(Object.entries(issuers))
  if (issuer === null) trusted.delete('jwt-client')
  else trusted.set('jwt-client', { ...issuers['jwt-client'], ...issuer })
  return startWorld(express, {
    options: { implicitErrors },
    hooks: {
      findClient: (id) => registered.get(id),
      findIssuer: findIssuer ?? ((iss) => trusted.get(iss)),
      authorizeGrant: () => decision,
    },
  })
}

interface Row extends Setup {
  name: string
  jwt?: () => string
  scope?: string
  grant: readonly [...Answer, reason: string]
  /** Where it differs. */
  split?: readonly [...Answer, reason: string]
}

const identity = (reason: string, splitReason = reason): Pick<Row, 'grant' | 'split'> => ({
  grant: [...refusedGrant, reason],
  split: [...refusedClient, splitReason],
})
const always = (answer: Answer, reason: string): Pick<Row, 'grant'> => ({ grant: [...answer, reason] })

const rows: Row[] = [
  { name: 'I1 no issuer of this name', issuer: null, ...identity('issuer_untrusted') },
  { name: 'I1 an issuer whose client is not registered', client: null, ...identity('grant_client_unknown', 'client_unknown') },
  { name: 'I2 no keys', issuer: { jwks: undefined }, ...identity('jwks_invalid') },
  { name: 'I2 an empty key set', issuer: { jwks: { keys: [] } }, ...identity('jwks_invalid') },
  { name: 'I2 two sources of keys', issuer: { jwks_uri: 'https://rp.example.com/jwks' }, ...identity('jwks_invalid') },
  { name: 'I2 a private jwks_uri', issuer: { jwks: undefined, jwks_uri: 'https://127.0.0.1/jwks' }, ...identity('jwks_blocked') },
  { name: 'I2 an expired registration', issuer: { not_after: new Date(Date.now() - 1000) }, ...identity('issuer_disabled') },
  {
    name: 'I3 the key of somebody else',
    jwt: () => own({}, { key: keys.other, header: { kid: 'client-key' } }),
    ...identity('signature_invalid'),
  },
  { name: 'I3 an unknown kid', jwt: () => own({}, { header: { kid: 'nobody' } }), ...identity('key_not_found') },
  { name: 'I4 the client is switched off', client: { enabled: false }, ...identity('grant_client_disabled', 'client_disabled') },
  {
    name: 'I4 the client is switched off by an odd value',
    client: { enabled: 0 as never },
    ...identity('grant_client_disabled', 'client_disabled'),
  },
  { name: 'I4 the issuer is switched off', issuer: { enabled: false }, ...identity('issuer_disabled') },
  {
    name: 'I5 exp',
    jwt: () => own({ exp: now() - 60, iat: now() - 120 }),
    ...always([400, 'invalid_grant', 'The assertion has expired.'], 'expired'),
  },
  {
    name: 'I5 iat',
    jwt: () => own({ iat: now() + 300, exp: now() + 400 }),
    ...always([400, 'invalid_grant', 'The assertion was issued in the future.'], 'iat_future'),
  },
  {
    name: 'I5 a claim is missing',
    jwt: () => own({ exp: undefined }),
    ...always([400, 'invalid_grant', 'The assertion lacks one of iss, sub, aud and exp.'], 'claim_missing'),
  },
  {
    name: 'I5 no JWT',
    jwt: () => 'nonsense',
    ...always([400, 'invalid_grant', 'The assertion is not one JWT in JWS compact serialization.'], 'jwt_malformed'),
  },
  { name: 'I5 aud', jwt: () => own({ aud: 'https://other.example' }), ...always(refusedGrant, 'aud_not_registered') },
  { name: 'I5 no sub', jwt: () => own({ sub: undefined }), ...always(refusedGrant, 'sub_missing') },
  { name: 'I5 no jti', issuer: { requireJti: true }, jwt: () => own({ jti: undefined }), ...always(refusedGrant, 'jti_missing') },
  { name: 'I5 the lifetime', jwt: () => own({ exp: now() + 3600 }), ...always(refusedGrant, 'lifetime_too_long') },
  {
    name: 'I6 the client is not registered for the grant',
    client: { grant_types: [CLIENT_CREDENTIALS] },
    ...always([400, 'unauthorized_client', 'The client is not registered for this grant type.'], 'grant_not_allowed_for_client'),
  },
  {
    name: 'I7 the scope',
    scope: 'admin',
    ...always([400, 'invalid_scope', 'The scope exceeds what the client may ask for.'], 'scope_exceeds_client'),
  },
  { name: 'I8 the subject is unknown', decision: { refused: 'subject_unknown' }, ...always(refusedGrant, 'subject_unknown') },
  { name: 'I8 the subject is disabled', decision: { refused: 'subject_disabled' }, ...always(refusedGrant, 'subject_disabled') },
  { name: 'I8 no consent', decision: { refused: 'consent_missing' }, ...always(refusedGrant, 'consent_missing') },
  {
    name: 'I11 the client must authenticate explicitly',
    client: { require_explicit_auth: true },
    ...always([401, 'invalid_client', 'Client authentication is required.'], 'client_auth_missing'),
  },
  {
    name: 'I11 which is decided only after the signature',
    client: { require_explicit_auth: true },
    jwt: () => own({}, { key: keys.other, header: { kid: 'client-key' } }),
    ...identity('signature_invalid'),
  },
  {
    name: 'ER-41 the keys cannot be had now',
    issuer: { jwks: undefined, jwks_uri: 'http://127.0.0.1:1/', allowPrivateJwksUri: true },
    ...always(down, 'jwks_unavailable'),
  },
  {
    name: 'ER-44 findIssuer throws',
    findIssuer: () => {
      throw new Error('hunter2')
    },
    ...always([500, 'server_error', 'The server could not answer.'], 'hook_error'),
  },
]

const cases = rows.flatMap((row) =>
  (['grant', 'split'] as const).flatMap((rule) => [
    { ...row, rule, title: `${row.name}, under '${rule}'`, named: {} as Record<string, string> },
    { ...row, rule, title: `${row.name}, under '${rule}', beside client_id`, named: { client_id: 'jwt-client' } },
  ]),
)

/** T-75: what the signature of a grant of `jwt-client` proves if others may present such grants. */
const presenters = {
  'no clients': undefined,
  'the signer in clients': ['jwt-client'],
  'another in clients': ['jwt-client', 'other-client'],
  'any client': 'any',
} satisfies Record<string, TrustedIssuer['clients']>
const named = { 'no client_id claim': undefined, 'its own client_id claim': 'jwt-client', 'the client_id claim of another': 'other-client' }
const credentials = {
  'no credential': () => ({}),
  'its bare client_id': () => ({ client_id: 'jwt-client' }),
  'the bare client_id of another': () => ({ client_id: 'other-client' }),
  'the credential of another': () => byJwt(clientAssertion({ iss: 'other-client' }, { key: keys.other })),
}
type Named = keyof typeof named

/** The client that gets a token, or the reason of the refusal; in the order of `credentials`. */
type FourAnswers = [none: string, bareOwn: string, bareOther: string, other: string]
const anonymous = 'nobody'
const [missing, unregistered, mismatch] = ['client_auth_missing', 'auth_method_not_registered', 'client_binding_mismatch']
const signer: FourAnswers = ['jwt-client', 'jwt-client', mismatch, mismatch]
const solePresenter: Record<Named, FourAnswers> = {
  'no client_id claim': signer,
  'its own client_id claim': signer,
  'the client_id claim of another': [mismatch, mismatch, mismatch, mismatch],
}
const sharedWithListed: Record<Named, FourAnswers> = {
  'no client_id claim': [missing, unregistered, unregistered, 'other-client'],
  'its own client_id claim': signer,
  'the client_id claim of another': [missing, unregistered, unregistered, 'other-client'],
}
const sharedWithPublic: Record<Named, FourAnswers> = {
  'no client_id claim': [missing, unregistered, unregistered, mismatch],
  'its own client_id claim': signer,
  'the client_id claim of another': [missing, unregistered, unregistered, mismatch],
}
const sharedWithAll: Record<Named, FourAnswers> = {
  'no client_id claim': [anonymous, unregistered, unregistered, 'other-client'],
  'its own client_id claim': signer,
  'the client_id claim of another': [mismatch, unregistered, unregistered, 'other-client'],
}
const presented = {
  required: {
    'no clients': solePresenter,
    'the signer in clients': solePresenter,
    'another in clients': sharedWithListed,
    'any client': sharedWithListed,
  },
  identified: {
    'no clients': sharedWithPublic,
    'the signer in clients': sharedWithPublic,
    'another in clients': sharedWithListed,
    'any client': sharedWithListed,
  },
  none: {
    'no clients': sharedWithAll,
    'the signer in clients': sharedWithAll,
    'another in clients': sharedWithAll,
    'any client': sharedWithAll,
  },
}
const keysOf = <T extends object>(object: T) => Object.keys(object) as (keyof T)[]
const presentedRows = keysOf(presented).flatMap((client_authentication) =>
  keysOf(presenters).flatMap((clients) =>
    keysOf(named).flatMap((claim) =>
      keysOf(credentials).map(
        (credential, at) =>
          [client_authentication, clients, claim, credential, presented[client_authentication][clients][claim][at] as string] as const,
      ),
    ),
  ),
)

describe.each(anyExpress)('T-75 a grant of a client that signs its own, on %s', (_, express) => {
  it.each(presentedRows)('%s, %s, %s, %s: %s', async (client_authentication, clients, claim, credential, answer) => {
    const listed = presenters[clients]
    const minted: (string | undefined)[] = []
    const issuer = { ...issuers['jwt-client'], client_authentication, ...(listed && { clients: listed }) }
    const world = startWorld(express, {
      hooks: {
        findIssuer: () => issuer,
        mintToken: ({ client }) => {
          minted.push(client.client_id)
          return { access_token: 'x', token_type: 'Bearer' }
        },
      },
    })
    const { status, body } = await world.post(grantRequest(own({ client_id: named[claim] }), credentials[credential]()))
    if (status !== 200) {
      expect(world.last().reason).toBe(answer)
      expect([status, body.error]).toEqual(answer === mismatch ? [400, 'invalid_grant'] : [401, 'invalid_client'])
      expect(minted).toEqual([])
      return
    }
    expect(minted).toEqual([answer === anonymous ? undefined : answer])
    const method = { 'jwt-client': 'jwt_bearer_grant', 'other-client': 'private_key_jwt' }[answer]
    expect([world.last().client_auth_method, body.scope]).toEqual([method, answer === 'other-client' ? 'read' : 'read write'])
  })

  it('a listed public client stays one: it is identified, not authenticated as the signer', async () => {
    const issuer: TrustedIssuer = { ...issuers['jwt-client'], clients: ['public-client'], client_authentication: 'identified' }
    const world = startWorld(express, { hooks: { findIssuer: () => issuer } })
    const byPublic = { client_id: 'public-client' }
    expect((await world.post(grantRequest(own(), byPublic))).body).toMatchObject({ scope: 'read' })
    expect(world.last()).toMatchObject({ client_id: 'public-client', client_level: 'identified', client_auth_method: 'none' })
    expect((await world.post(grantRequest(own({ client_id: 'jwt-client' }), byPublic))).status).toBe(400)
    expect(world.last().reason).toBe(mismatch)
  })

  it.each([
    [undefined, 400, 'invalid_grant'],
    ['other-client', 400, 'invalid_grant'],
    ['jwt-client', 401, 'invalid_client'],
  ])(
    "under 'split', the error for a forged grant for %s is about the client only if the grant would authenticate it",
    async (client_id, status, error) => {
      const issuer: TrustedIssuer = { ...issuers['jwt-client'], clients: 'any' }
      const world = startWorld(express, { options: { implicitErrors: 'split' }, hooks: { findIssuer: () => issuer } })
      const forged = own({ client_id }, { key: keys.other, header: { kid: 'client-key' } })
      expect(await world.post(grantRequest(forged, {}))).toMatchObject({ status, body: { error } })
      expect(world.last().reason).toBe('signature_invalid')
    },
  )
})

describe.each(anyExpress)('implicit client authentication on %s', (_, express) => {
  it.each<[name: string, named: Record<string, string>, step: string]>([
    ['alone: only the step of the grant refuses it', {}, 'verifyJwtGrant'],
    ['with a client_id: the client cannot be told', { client_id: 'jwt-client' }, 'authenticateClient'],
  ])('an invalid grant, %s', async (_name, named, step) => {
    const world = startWorld(express)
    expect((await world.post(grantRequest(own({ aud: 'x' }), named))).body.error).toBe('invalid_grant')
    expect(world.last()).toMatchObject({ reason: 'aud_not_registered', step })
  })

  it.each<[method: string]>([['tls_client_auth'], ['self_signed_tls_client_auth']])(
    'AF-04 the signature of the grant does not authenticate a client that registered %s, but its certificate',
    async (method) => {
      const { x509: certificate } = await issueCertificate({ subject: 'CN=jwt-client' })
      const seen: (string | undefined)[] = []
      const client = { ...clients['jwt-client'], token_endpoint_auth_method: method, tls_client_auth_subject_dn: 'CN=jwt-client' }
      const world = startWorld(express, {
        hooks: {
          findClient: () => client,
          getClientCertificate: () => ({ certificate, verified: true }),
          authorizeGrant: ({ client: { method } }) => {
            seen.push(method)
            return { subject: 'local' }
          },
        },
      })
      await world.post(grantRequest(own(), {}))
      expect([seen, world.last().reason]).toEqual(method === 'tls_client_auth' ? [[method], undefined] : [[], 'mtls_mismatch'])
    },
  )

  it('a step that cannot find issuers leaves the grant to the next handler', async () => {
    const { findClient } = hooks()
    const options = { issuer, hooks: { findClient }, publicClients: { scope: 'read' } }
    const app = express()
    app.use(parseTokenRequest(options), authenticateClient(options))
    app.use(((req, res) => void res.json(req.tokenState?.client?.level)) as RequestHandler)
    const { status, body } = await request(app)
      .post('/token')
      .type('form')
      .send(grantRequest(own(), { client_id: 'public-client' }))
    expect([status, body]).toEqual([200, 'identified'])
  })

  it.each(cases)('$title', async ({ rule, jwt = own, scope, named, ...row }) => {
    const world = implicitWorld(express, rule, row)
    const [status, error, error_description, reason] = (rule === 'split' && row.split) || row.grant
    const response = await world.post(grantRequest(jwt(), { ...named, ...(scope && { scope }) }))
    expect({ status: response.status, body: response.body }).toEqual({ status, body: { error, error_description } })
    expect(response.headers['www-authenticate']).toBe(status === 401 ? challengeOf(response.body) : undefined)
    expect(world.last()).toMatchObject({ status, error, reason, outcome: status < 500 ? 'refused' : 'failed' })
    expect(world.calls.mintToken).toBe(0)
    expect(world.events).toHaveLength(1)
  })

  describe.each<Rule>(['grant', 'split'])("under '%s'", (rule) => {
    it.each<[name: string, named: Record<string, string>]>([
      ['alone', {}],
      ['beside its own client_id', { client_id: 'jwt-client' }],
    ])('AF-04 the signature of the grant authenticates its client, %s: it is looked up and verified once', async (_name, named) => {
      const seen: ClientAuthentication[] = []
      const world = startWorld(express, {
        options: { implicitErrors: rule },
        hooks: {
          authorizeGrant: ({ client, sub }) => {
            seen.push(client)
            return { subject: sub }
          },
          mintToken: ({ client }) => {
            seen.push(client)
            return { access_token: 'x', token_type: 'Bearer' }
          },
        },
      })
      const assertion = own()
      expect((await world.post(grantRequest(assertion, named))).status).toBe(200)
      expect(world.calls).toMatchObject({ findIssuer: 1, findClient: 1, authorizeGrant: 1, mintToken: 1 })
      const client = { level: 'authenticated', method: 'jwt_bearer_grant', client_id: 'jwt-client', client: clients['jwt-client'] }
      expect(seen).toEqual([client, client])
      expect(world.last()).toMatchObject({
        outcome: 'issued',
        client_id: 'jwt-client',
        client_level: 'authenticated',
        client_auth_method: 'jwt_bearer_grant',
        issuer: 'jwt-client',
        replay_keys: [expect.any(String)],
      })

      const again = await world.post(grantRequest(assertion, named))
      expect([again.status, again.body.error, again.body.error_description]).toEqual(refusedGrant)
      expect(world.last()).toMatchObject({ reason: 'jti_replayed', client_auth_method: 'jwt_bearer_grant' })
    })

    it('T-48 a grant that is refused is not used up', async () => {
      const world = implicitWorld(express, rule)
      const assertion = own()
      expect((await world.post(grantRequest(assertion, { scope: 'admin' }))).body.error).toBe('invalid_scope')
      expect((await world.post(grantRequest(assertion, { client_id: 'other-client' }))).body.error).toBe('invalid_grant')
      expect((await world.post(grantRequest(assertion, {}))).status).toBe(200)
    })

    it('the notices of its registration are in the event, and others are not: a registration is not checked for this', async () => {
      const noticesOf = async (event_notices: unknown) => {
        const world = implicitWorld(express, rule, { client: { event_notices } as never })
        await world.post(grantRequest(own(), {}))
        return world.last().notices
      }
      expect(await noticesOf(['client_keys_changed'])).toContain('client_keys_changed')
      const usual = await noticesOf(undefined)
      for (const odd of [['odd'], Array(200_000).fill('odd'), 'odd', 7]) expect(await noticesOf(odd)).toEqual(usual)
    })

    it('a grant of somebody else authenticates no client', async () => {
      const world = implicitWorld(express, rule)
      expect(await world.post(grantRequest(grant(), {}))).toMatchObject({
        status: 401,
        body: { error: 'invalid_client', error_description: 'Client authentication is required.' },
      })
      expect(world.last().client_auth_method).toBeUndefined()
      expect((await world.post({ grant_type: CLIENT_CREDENTIALS, assertion: own() })).status).toBe(401)
    })

    it("a grant that is bad, of an issuer that is no client, is invalid_grant: it is nobody's credential", async () => {
      const world = implicitWorld(express, rule)
      const { status, body } = await world.post(grantRequest(grant({}, { key: keys.other, header: { kid: 'idp-key' } }), {}))
      expect([status, body.error, body.error_description]).toEqual(refusedGrant)
      expect(world.last().reason).toBe('signature_invalid')
    })

    describe('I9, T-30 whoever a bare client_id names, nobody learns whether there is such a client', () => {
      const others = ['nobody', 'disabled-client', 'basic-client', 'other-client', 'constructor', 'tls-client', 'self-signed-client']
      const certified: Record<string, Client> = {
        'tls-client': { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=x' } as Client,
        'self-signed-client': {
          token_endpoint_auth_method: 'self_signed_tls_client_auth',
          jwks_uri: 'http://127.0.0.1:1/',
          allowPrivateJwksUri: true,
        } as Client,
      }
      const withCertified: Hooks['findClient'] = (client_id) =>
        Object.hasOwn(certified, client_id)
          ? { ...certified[client_id], client_id, grant_types: [JWT_BEARER_GRANT] }
          : Object.hasOwn(clients, client_id)
            ? clients[client_id as keyof typeof clients]
            : undefined
      it.each<[name: string, jwt: () => string, answer: Answer, reasons: string[], ofPublic: boolean]>([
        ['beside the own grant of another', own, refusedGrant, ['client_binding_mismatch'], false],
        [
          'beside a grant of an issuer that is no client (CA-03)',
          grant,
          refusedClient,
          ['client_unknown', 'client_disabled', 'auth_method_not_registered', 'mtls_cert_missing'],
          false,
        ],
        [
          'beside a grant of an untrusted issuer',
          () => grant({ iss: 'https://unknown.example' }),
          rule === 'split' ? refusedClient : refusedGrant,
          ['issuer_untrusted'],
          true,
        ],
        [
          'beside a grant that expired',
          () => grant({ exp: now() - 60, iat: now() - 120 }),
          [400, 'invalid_grant', 'The assertion has expired.'],
          ['expired'],
          true,
        ],
        [
          'beside no JWT at all',
          () => 'x',
          [400, 'invalid_grant', 'The assertion is not one JWT in JWS compact serialization.'],
          ['jwt_malformed'],
          true,
        ],
        ['beside a grant for which there is no key now', () => grant({ iss: 'https://down.example' }), down, ['jwks_unavailable'], true],
        [
          'beside a forged grant',
          () => grant({}, { key: keys.other, header: { kid: 'idp-key' } }),
          refusedGrant,
          ['signature_invalid'],
          true,
        ],
      ])('%s', async (_name, jwt, answer, reasons, ofPublic) => {
        const world = startWorld(express, {
          options: { implicitErrors: rule, publicClients: undefined },
          hooks: {
            findClient: withCertified,
            findIssuer: (issuer) =>
              issuer === 'https://down.example'
                ? { issuer, jwks_uri: 'http://127.0.0.1:1/', allowPrivateJwksUri: true }
                : issuers[issuer as typeof idp],
          },
        })
        for (const client_id of [...others, ...(ofPublic ? ['public-client'] : [])]) {
          const { status, body } = await world.post(grantRequest(jwt(), { client_id }))
          expect([client_id, status, body.error, body.error_description]).toEqual([client_id, ...answer])
          expect(world.last().client_id).toBeUndefined()
        }
        expect([...new Set(world.events.map(({ reason }) => reason))]).toEqual(reasons)
      })

      it('T-57 not even by a certificate for which the keys of its client cannot be had, or cannot be asked for', async () => {
        const world = startWorld(express, {
          options: { implicitErrors: rule },
          hooks: {
            findClient: withCertified,
            getClientCertificate: () => {
              throw new Error('the proxy is down')
            },
          },
        })
        for (const client_id of others) {
          const forged = grant({}, { key: keys.other, header: { kid: 'idp-key' } })
          const { status, body } = await world.post(grantRequest(forged, { client_id }))
          expect([client_id, status, body.error, body.error_description]).toEqual([client_id, ...refusedGrant])
        }
      })

      it('T-57 not even by a findClient that refuses or fails: it is not called for a bad grant', async () => {
        const findClient = () => Promise.reject(new OAuthError('invalid_client', 'Not this client.'))
        const world = startWorld(express, { options: { implicitErrors: rule }, hooks: { findClient } })
        const { status, body } = await world.post(grantRequest(grant({ exp: 1 }), { client_id: 'jwt-client' }))
        expect([status, body.error, world.calls.findClient]).toEqual([400, 'invalid_grant', 0])
        expect(world.last()).toMatchObject({ reason: 'expired', claimed: { client_id: 'jwt-client' } })
        expect((await world.post(grantRequest(grant(), { client_id: 'jwt-client' }))).body.error_description).toBe('Not this client.')
      })

      it('I1, I4 an unknown client and a disabled one get one answer', async () => {
        const answers = await Promise.all(
          [{ client: null }, { client: { enabled: false } }].map(async (setup) => {
            const { status, body, headers } = await implicitWorld(express, rule, setup).post(grantRequest(own(), {}))
            const { date: _, 'x-request-id': __, ...rest } = headers // of each request
            return { status, body, headers: rest }
          }),
        )
        expect(answers[0]).toEqual(answers[1])
      })
    })

    describe('I10 an explicit credential decides', () => {
      const post = (id: string, secret: string) => ({ client_id: id, client_secret: secret })
      it.each<[name: string, form: Record<string, string>, headers: Record<string, string>, reason: string]>([
        ['a wrong secret', post('post-client', 'wrong'), {}, 'client_secret_mismatch'],
        ['a wrong Basic', {}, { authorization: basic('basic-client', 'wrong') }, 'client_secret_mismatch'],
        ['a secret of the client itself, which has none', post('jwt-client', 'x'), {}, 'auth_method_not_registered'],
        ['an unknown client', post('nobody', 'x'), {}, 'client_unknown'],
        [
          'a forged client assertion of the client itself',
          byJwt(clientAssertion({}, { key: keys.other, header: { kid: 'client-key' } })),
          {},
          'signature_invalid',
        ],
        ['an expired client assertion', byJwt(clientAssertion({ exp: now() - 60, iat: now() - 120 })), {}, 'expired'],
        ['the grant itself as client assertion', {}, {}, 'client_identity_mismatch'],
      ])('CA-09 %s is never dropped for a grant that proves the client', async (_name, form, headers, reason) => {
        const world = implicitWorld(express, rule)
        const assertion = own()
        const sent = reason === 'client_identity_mismatch' ? byJwt(assertion) : form
        const response = await world.post(grantRequest(assertion, sent), headers)
        expect([response.status, response.body.error]).toEqual([401, 'invalid_client'])
        expect(world.last().reason).toBe(reason)
        expect(world.calls.findIssuer).toBe(0)
        expect((await world.post(grantRequest(assertion, {}))).status).toBe(200) // and the grant is not used up
      })

      it.each<[name: string, form: Record<string, string>, headers: Record<string, string>]>([
        ['by secret', post('post-client', 'post-secret'), {}],
        ['by Basic', {}, { authorization: basic('basic-client', 'basic-secret') }],
        ['by JWT', byJwt(clientAssertion({ iss: 'other-client' }, { key: keys.other })), {}],
      ])('then the grant must be its own: %s of another client it is not', async (_name, form, headers) => {
        const world = implicitWorld(express, rule)
        const { status, body } = await world.post(grantRequest(own(), form), headers)
        expect([status, body.error, body.error_description]).toEqual(refusedGrant)
        expect(world.last()).toMatchObject({ reason: 'client_binding_mismatch', step: 'verifyJwtGrant' })
      })

      it('and a right one of the client itself is the one that counts', async () => {
        const world = implicitWorld(express, rule, { client: { require_explicit_auth: true } })
        expect((await world.post(grantRequest(own()))).status).toBe(200)
        expect(world.last()).toMatchObject({ client_id: 'jwt-client', client_auth_method: 'private_key_jwt', issuer: 'jwt-client' })
        expect(world.last().replay_keys).toHaveLength(2)
        const { status, body } = await world.post(grantRequest(own({}, { key: keys.other, header: { kid: 'client-key' } })))
        expect([status, body.error]).toEqual([400, 'invalid_grant']) // the client is known by then
      })
    })

    it('I2, I6 a public client stays public: its client_id proves nothing, and its grant either', async () => {
      const world = startWorld(express, {
        options: { implicitErrors: rule },
        hooks: { findIssuer: () => ({ ...issuers['jwt-client'], client_id: 'public-client' }) },
      })
      expect(await world.post(grantRequest(own(), { client_id: 'public-client' }))).toMatchObject({
        status: 400,
        body: { error: 'unauthorized_client' },
      })
      expect(world.last().reason).toBe('public_client_not_allowed')
      expect(await world.post(grantRequest(own(), {}))).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
      expect(world.last().reason).toBe('implicit_auth_not_allowed')
    })

    it('IJ-04 a grant that names another client in its claims is refused', async () => {
      const world = implicitWorld(express, rule)
      const { status, body } = await world.post(grantRequest(own({ client_id: 'other-client' }), {}))
      expect([status, body.error, body.error_description]).toEqual(refusedGrant)
      expect(world.last().reason).toBe('client_binding_mismatch')
    })
  })

  it('RS-08 answers 400 under split where the host wants that', async () => {
    const world = startWorld(express, { options: { implicitErrors: 'split', invalidClientStatus: 400 } })
    expect(await world.post(grantRequest(grant({ iss: 'https://unknown.example' }), {}))).toMatchObject({
      status: 400,
      body: { error: 'invalid_client' },
    })
  })

  it('the issuer of many grants is asked for on every request', async () => {
    let enabled = true
    const world = startWorld(express, { hooks: { findIssuer: (iss) => ({ ...issuers[iss as typeof idp], enabled }) } })
    expect((await world.post(grantRequest(own(), {}))).status).toBe(200)
    enabled = false
    expect((await world.post(grantRequest(own(), {}))).status).toBe(400)
  })
})
