import { describe, expect, it } from '@jest/globals'
import {
  authenticateClient,
  CLIENT_CREDENTIALS,
  type Client,
  type Hooks,
  JWT_BEARER_CLIENT_ASSERTION,
  JWT_BEARER_GRANT,
  OAuthError,
} from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { freshJti, now } from '../support/jwt.js'
import { eventOf } from '../support/mounting.js'
import {
  basic,
  byJwt,
  challengeOf,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  hooks,
  issuer,
  keys,
  startWorld,
  tokenEndpointUrl,
} from '../support/world.js'

const generic = { error: 'invalid_client', error_description: 'Client authentication failed.' }
const raw = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const post = (id: string, secret: string) => ({ client_id: id, client_secret: secret })

type Case = [name: string, form: Record<string, string>, headers?: Record<string, string>]
type Answered = [name: string, form: Record<string, string>, headers: Record<string, string>]

describe.each(anyExpress)('hosts with odd registrations and answers, on %s', (_, express) => {
  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'T-24 a client whose method is %s: refused, and no 500',
    async (method) => {
      const client = { ...clients['basic-client'], token_endpoint_auth_method: method }
      const world = startWorld(express, { hooks: { findClient: () => client } })
      const { status, body } = await world.post(clientCredentials({ client_id: 'basic-client' }))
      expect({ status, error: body.error }).toEqual({ status: 401, error: 'invalid_client' })
    },
  )

  it('a status that a hook gives to invalid_client stands', async () => {
    const findClient = () => {
      throw new OAuthError('invalid_client', 'Not from here.', { status: 403 })
    }
    const world = startWorld(express, { hooks: { findClient } })
    expect((await world.post(clientCredentials())).status).toBe(403)
  })
})

describe.each(anyExpress)('authenticateClient on %s', (_, express) => {
  const world = startWorld(express)

  describe('accepts', () => {
    it.each<Case>([
      ['JC-05 private_key_jwt', byJwt()],
      ['AF-09 private_key_jwt beside its own client_id', { ...byJwt(), client_id: 'jwt-client' }],
      ['CA-05 client_secret_basic', {}, { authorization: basic('basic-client', 'basic-secret') }],
      [
        'CA-01 client_secret_basic beside its own client_id (T-38)',
        { client_id: 'basic-client' },
        { authorization: basic('basic-client', 'basic-secret') },
      ],
      ['CA-06 the scheme in any case', {}, { authorization: basic('basic-client', 'basic-secret').replace('Basic', 'bAsIc') }],
      [
        'TE-04 an empty client_secret is no second mechanism',
        { client_secret: '' },
        { authorization: basic('basic-client', 'basic-secret') },
      ],
      ['CA-07 client_secret_post', post('post-client', 'post-secret')],
      ['CA-06 base64 without ==', {}, { authorization: raw('basic-client:basic-secret').replace('==', '') }],
      ['CA-06 base64 without =', {}, { authorization: raw('basic%2Dclient:basic%2Dsecret').replace('=', '') }],
    ])('%s', async (_name, form, headers = {}) => {
      expect(await world.post({ grant_type: CLIENT_CREDENTIALS, ...form }, headers)).toMatchObject({ status: 200 })
      expect(world.last()).toMatchObject({ outcome: 'issued', client_level: 'authenticated' })
    })
  })

  describe('ER-15 ER-16 ER-18 ER-19 refuses a bad credential with one text, whatever is wrong', () => {
    it.each<[...Answered, reason: string]>([
      ['an unknown client, by secret', post('nobody', 'x'), {}, 'client_unknown'],
      ['an unknown client, by Basic', {}, { authorization: basic('nobody', 'x') }, 'client_unknown'],
      ['an unknown client, by JWT', byJwt(clientAssertion({ iss: 'nobody' })), {}, 'client_unknown'],
      ['an unknown client, by client_id alone', { client_id: 'nobody' }, {}, 'client_unknown'],
      ['T-30 a client named like a member of Object', { client_id: 'constructor' }, {}, 'client_unknown'],
      ['T-67 a disabled client', byJwt(clientAssertion({ iss: 'disabled-client' })), {}, 'client_disabled'],
      ['a wrong secret in the body', post('post-client', 'wrong'), {}, 'client_secret_mismatch'],
      ['a wrong secret in the header', {}, { authorization: basic('basic-client', 'wrong') }, 'client_secret_mismatch'],
      ['an empty secret in the header', {}, { authorization: basic('basic-client', '') }, 'client_secret_mismatch'],
      ['CA-08 a right secret, by another method', post('basic-client', 'basic-secret'), {}, 'auth_method_not_registered'],
      ['CA-08 a secret of a private_key_jwt client', {}, { authorization: basic('jwt-client', 'x') }, 'auth_method_not_registered'],
      ['T-40 a public client that sends a secret', post('public-client', 'x'), {}, 'auth_method_not_registered'],
      ['CA-02 a confidential client that only names itself', { client_id: 'basic-client' }, {}, 'auth_method_not_registered'],
      [
        'JC-06 a key of another client',
        byJwt(clientAssertion({}, { key: keys.other, header: { kid: 'client-key' } })),
        {},
        'signature_invalid',
      ],
      ['AF-09 an assertion of another client than client_id', { ...byJwt(), client_id: 'other-client' }, {}, 'client_identity_mismatch'],
      ['JC-03 a subject that is not the client', byJwt(clientAssertion({ sub: 'alice' })), {}, 'client_identity_mismatch'],
      ['OC-01 no subject', byJwt(clientAssertion({ sub: undefined })), {}, 'sub_missing'],
      ['BI-01 the token endpoint URL as audience', byJwt(clientAssertion({ aud: tokenEndpointUrl })), {}, 'aud_not_registered'],
      ['TE-16 a client_id outside VSCHAR', { client_id: 'é' }, {}, 'client_id_malformed'],
      ['TE-16 a client_id that begins outside VSCHAR', { client_id: 'éa' }, {}, 'client_id_malformed'],
      ['TE-16 a client_id that ends outside VSCHAR', { client_id: 'aé' }, {}, 'client_id_malformed'],
      ['TE-16 an empty client_id in the header', {}, { authorization: raw(':x') }, 'client_id_malformed'],
      ['a client_id that may just be so long', {}, { authorization: basic('a'.repeat(1024), 'x') }, 'client_unknown'],
      ['a client_id that is too long', {}, { authorization: basic('a'.repeat(1025), 'x') }, 'client_id_malformed'],
    ])('%s', async (_name, form, headers, reason) => {
      const response = await world.post({ grant_type: CLIENT_CREDENTIALS, ...form }, headers)
      expect({ status: response.status, body: response.body }).toEqual({ status: 401, body: generic })
      expect(response.headers['www-authenticate']).toBe(challengeOf(generic))
      expect(world.last()).toMatchObject({ outcome: 'refused', step: 'authenticateClient', reason })
      expect(world.last().client_id).toBeUndefined()
    })
  })

  describe('refuses a request that is not put together right', () => {
    it.each<[...Answered, status: number, error: string, reason: string]>([
      [
        'X-04 Basic and a JWT',
        byJwt(),
        { authorization: basic('basic-client', 'basic-secret') },
        401,
        'invalid_client',
        'multiple_client_auth_assertion',
      ],
      [
        'X-04 a secret and a JWT',
        { ...byJwt(), ...post('post-client', 'post-secret') },
        {},
        401,
        'invalid_client',
        'multiple_client_auth_assertion',
      ],
      [
        'X-04 Basic and a secret',
        post('post-client', 'post-secret'),
        { authorization: basic('basic-client', 'basic-secret') },
        400,
        'invalid_request',
        'multiple_client_auth',
      ],
      ['AF-08 client_assertion alone', { client_assertion: clientAssertion() }, {}, 400, 'invalid_request', 'incomplete_client_assertion'],
      [
        'AF-08 client_assertion_type alone',
        { client_assertion_type: JWT_BEARER_CLIENT_ASSERTION },
        {},
        400,
        'invalid_request',
        'incomplete_client_assertion',
      ],
      [
        'JC-01 BI-10 the SAML type',
        { ...byJwt(), client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' },
        {},
        401,
        'invalid_client',
        'unsupported_client_assertion_type',
      ],
      [
        'T-41 the type in another case',
        { ...byJwt(), client_assertion_type: JWT_BEARER_CLIENT_ASSERTION.toUpperCase() },
        {},
        401,
        'invalid_client',
        'unsupported_client_assertion_type',
      ],
      ['JC-02 two JWTs', byJwt(`${clientAssertion()} ${clientAssertion()}`), {}, 401, 'invalid_client', 'jwt_malformed'],
      ['AF-10 X-05 no JWT', byJwt('nonsense'), {}, 401, 'invalid_client', 'jwt_malformed'],
      [
        'T-38 Basic and another client_id',
        { client_id: 'post-client' },
        { authorization: basic('basic-client', 'basic-secret') },
        400,
        'invalid_request',
        'client_id_mismatch',
      ],
      ['CA-10 Bearer', {}, { authorization: 'Bearer x' }, 401, 'invalid_client', 'unsupported_auth_scheme'],
      ['CA-10 DPoP', {}, { authorization: 'DPoP x' }, 401, 'invalid_client', 'unsupported_auth_scheme'],
      ['CA-06 no colon', {}, { authorization: raw('basic-client') }, 400, 'invalid_request', 'malformed_authorization'],
      ['CA-06 a bad escape in the identifier', {}, { authorization: raw('a%ZZ:b') }, 400, 'invalid_request', 'malformed_authorization'],
      [
        'CA-06 two spaces',
        {},
        { authorization: basic('basic-client', 'basic-secret').replace(' ', '  ') },
        400,
        'invalid_request',
        'malformed_authorization',
      ],
      [
        'CA-06 something behind the credentials',
        {},
        { authorization: `${basic('basic-client', 'basic-secret')} x` },
        400,
        'invalid_request',
        'malformed_authorization',
      ],
      [
        'T-39 base64 of a length that there is not',
        {},
        { authorization: `${raw('basic-client:basic-secret').replace('==', '')}xyz` },
        400,
        'invalid_request',
        'malformed_authorization',
      ],
      ['T-39 base64 with garbage', {}, { authorization: 'Basic YTpi!!!!' }, 400, 'invalid_request', 'malformed_authorization'],
      [
        'T-39 bytes that are no UTF-8',
        {},
        { authorization: `Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}` },
        400,
        'invalid_request',
        'malformed_authorization',
      ],
      ['T-39 the scheme alone', {}, { authorization: 'Basic' }, 400, 'invalid_request', 'malformed_authorization'],
      ['a secret without client_id', { client_secret: 'x' }, {}, 400, 'invalid_request', 'missing_parameter'],
      ['no client for client_credentials', {}, {}, 401, 'invalid_client', 'client_auth_missing'],
      [
        'CA-13 a public client for client_credentials',
        { client_id: 'public-client' },
        {},
        400,
        'unauthorized_client',
        'public_client_not_allowed',
      ],
    ])('%s', async (_name, form, headers, status, error, reason) => {
      const response = await world.post({ grant_type: CLIENT_CREDENTIALS, ...form }, headers)
      expect({ status: response.status, error: response.body.error }).toEqual({ status, error })
      expect(response.headers['www-authenticate']).toBe(status === 401 ? challengeOf(response.body) : undefined)
      expect(world.last()).toMatchObject({ outcome: 'refused', reason })
    })
  })

  describe('shows what it saw and wanted', () => {
    type Shown = { seen?: unknown; wanted?: unknown }
    const host = (client: object): Partial<Hooks> => ({ findClient: () => ({ ...clients['post-client'], ...client }) })
    const byPost = (more: object = {}) => clientCredentials({ ...post('post-client', 'wrong'), ...more })
    it.each<[name: string, form: Record<string, string>, headers: Record<string, string>, hooks: Partial<Hooks>, detail: Shown]>([
      ...['Bearer', 'DPoP', 'Digest', 'Negotiate', 'NTLM', 'OAuth'].map(
        (scheme): [string, Record<string, string>, Record<string, string>, Partial<Hooks>, Shown] => [
          `the scheme ${scheme}`,
          clientCredentials({}),
          { authorization: `${scheme.toUpperCase()} x` },
          {},
          { seen: scheme, wanted: 'Basic' },
        ],
      ),
      ['a scheme of its own', clientCredentials({}), { authorization: 'hunter2' }, {}, { seen: 'none that is known', wanted: 'Basic' }],
      [
        'three credentials',
        clientCredentials({ ...byJwt(), ...post('post-client', 'x') }),
        { authorization: basic('basic-client', 'x') },
        {},
        { seen: ['client_assertion', 'Authorization', 'client_secret'] },
      ],
      ['another secret', byPost(), {}, {}, { seen: 'another secret' }],
      ['a client without a secret', byPost(), {}, host({ client_secret: undefined }), { seen: 'a client without client_secret' }],
      ['a client with an empty secret', byPost(), {}, host({ client_secret: '' }), { seen: 'a client without client_secret' }],
      [
        'a secret that is stored hashed',
        byPost(),
        {},
        { ...host({ client_secret: undefined }), verifyClientSecret: () => false },
        { seen: 'verifyClientSecret did not return true' },
      ],
      [
        'verifyClientSecret that throws',
        byPost(),
        {},
        { ...host({}), verifyClientSecret: () => Promise.reject(new TypeError()) },
        { seen: 'verifyClientSecret threw TypeError' },
      ],
      [
        'a secret that has expired',
        byPost({ client_secret: 'post-secret' }),
        {},
        host({ client_secret_expires_at: 1 }),
        { seen: { client_secret_expires_at: 1 }, wanted: { later_than: expect.any(Number) } },
      ],
      ['a client that is a string', byPost(), {}, { findClient: () => 'x' as never }, { seen: 'findClient returned a string' }],
      [
        'a client with a mistake',
        byPost(),
        {},
        host({ maxLifetime: '60' }),
        { seen: expect.stringContaining('Client.maxLifetime'), wanted: 'a Client without mistakes' },
      ],
      [
        'a method that is not registered',
        byPost(),
        {},
        host({ token_endpoint_auth_method: 'private_key_jwt' }),
        { seen: { method: 'client_secret_post' }, wanted: { token_endpoint_auth_method: 'private_key_jwt' } },
      ],
      [
        'a previous method whose time is over',
        byPost(),
        {},
        host({
          token_endpoint_auth_method: 'private_key_jwt',
          previous_auth_method: 'client_secret_post',
          previous_auth_method_expires_at: 1,
        }),
        { seen: { method: 'client_secret_post', previous_auth_method_expires_at: 1 } },
      ],
      ['no type', clientCredentials({ client_assertion: 'x' }), {}, {}, { seen: 'client_assertion', wanted: 'both' }],
      [
        'no assertion',
        clientCredentials({ client_assertion_type: JWT_BEARER_CLIENT_ASSERTION }),
        {},
        {},
        { seen: 'client_assertion_type', wanted: 'both' },
      ],
      [
        'an assertion without sub',
        clientCredentials(byJwt(clientAssertion({ sub: undefined, exp: 4_000_000_000 }))),
        {},
        {},
        { seen: expect.arrayContaining(['iss', 'aud', 'exp']), wanted: 'a sub claim' },
      ],
    ])('%s', async (_name, form, headers, hooks, detail) => {
      const world = startWorld(express, { hooks })
      await world.post(form, headers)
      expect(world.last().detail).toMatchObject(detail)
      expect(JSON.stringify(world.events)).not.toContain('hunter2')
    })
  })

  it.each<[name: string, form: Record<string, string>, headers: Record<string, string>, method: string]>([
    ['Basic', clientCredentials({}), { authorization: basic('basic-client', 'basic-secret') }, 'client_secret_basic'],
    ['the body', clientCredentials(post('post-client', 'post-secret')), {}, 'client_secret_post'],
    ['a key', clientCredentials(), {}, 'private_key_jwt'],
  ])('names the method: %s', async (_name, form, headers, method) => {
    await world.post(form, headers)
    expect(world.last().client_auth_method).toBe(method)
  })

  it.each<[name: string, more: Record<string, string>, claims: Record<string, unknown>, header: object, claimed: object]>([
    ['by its client_id', { client_id: 'named' }, {}, {}, { client_id: 'named', kid: 'client-key' }],
    ['by its sub', {}, { iss: 'one', sub: 'other' }, {}, { client_id: 'other', kid: 'client-key' }],
    ['by its iss, without sub', {}, { iss: 'one', sub: undefined }, {}, { client_id: 'one', kid: 'client-key' }],
    ['by its iss, if sub is no string', {}, { iss: 'one', sub: 1 }, {}, { client_id: 'one', kid: 'client-key' }],
    ['by nothing', {}, { iss: undefined, sub: undefined }, {}, { kid: 'client-key' }],
    ['without kid', {}, {}, { kid: undefined }, { client_id: 'jwt-client' }],
    ['with a kid that is no string', {}, {}, { kid: 1 }, { client_id: 'jwt-client' }],
  ])('says who an expired assertion claims to be: %s', async (_name, more, claims, header, claimed) => {
    const world = startWorld(express)
    await world.post(clientCredentials({ ...byJwt(clientAssertion({ exp: 1, ...claims }, { header: header as never })), ...more }))
    expect(world.last().claimed).toEqual({ grant_type: CLIENT_CREDENTIALS, ...claimed })
  })

  describe('CA-09 a credential must be right even where the grant needs none', () => {
    const open = { grant_type: JWT_BEARER_GRANT }
    it.each<Case>([
      ['a wrong secret', post('post-client', 'wrong')],
      ['a wrong Basic', {}, { authorization: basic('basic-client', 'wrong') }],
      ['an expired JWT', byJwt(clientAssertion({ exp: now() - 60, iat: now() - 120 }))],
    ])('T-43 %s, and the grant is not used up', async (_name, form, headers = {}) => {
      const assertion = grant({ iss: 'https://open-idp.example.org' })
      expect(await world.post({ ...open, assertion, ...form }, headers)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(await world.post({ ...open, assertion })).toMatchObject({ status: 200 })
    })
  })

  describe('client_secret_basic', () => {
    const secret = 'p+ss é%:'
    const odd = startWorld(express, {
      hooks: {
        findClient: (id) =>
          ['a:b%', 'svc+1'].includes(id) ? { client_id: id, client_secret: secret, grant_types: [CLIENT_CREDENTIALS] } : undefined,
      },
    })
    it.each([
      ['CA-05 form-encoded, as RFC 6749 says', basic('a:b%', secret)],
      [
        'CA-05 form-encoded with + for a space',
        `Basic ${Buffer.from(`${encodeURIComponent('a:b%')}:${encodeURIComponent(secret).replaceAll('%20', '+')}`).toString('base64')}`,
      ],
      ['a raw secret, as many clients send it', raw(`svc%2B1:${secret}`)],
      ['a raw identifier too', raw(`svc+1:${secret}`)],
    ])('accepts %s', async (_name, authorization) => {
      expect(await odd.post({ grant_type: CLIENT_CREDENTIALS }, { authorization })).toMatchObject({ status: 200 })
    })

    it.each<[name: string, id: string, client_id: string, status: number, registered: string[]]>([
      ['that names it as it is', 'a%2Fb', 'a/b', 200, ['a/b']],
      ['in the spelling of the header', 'a%2Fb', 'a%2Fb', 200, ['a%2Fb']],
      ['that tells two clients apart', 'a%2Fb', 'a%2Fb', 200, ['a/b', 'a%2Fb']],
      ['for a client that sends its identifier raw', 'svc+1', 'svc+1', 200, ['svc+1']],
      ['of nobody, in either spelling', 'a%2Fb', 'a%2Fb', 401, []],
      ['of nobody', 'a%2Fb', 'a/b', 401, []],
      ['of another spelling than that of the client', 'a%2Fb', 'a%2Fb', 401, ['a/b']],
    ])('CA-05 T-38 beside a client_id %s', async (_name, id, client_id, status, registered) => {
      const world = startWorld(express, {
        hooks: {
          findClient: (asked) =>
            registered.includes(asked) ? { client_id: asked, client_secret: secret, grant_types: [CLIENT_CREDENTIALS] } : undefined,
        },
      })
      const answer = await world.post(clientCredentials({ client_id }), { authorization: raw(`${id}:${secret}`) })
      expect(answer).toMatchObject({ status, body: status === 401 ? generic : {} })
      if (status === 200) expect(world.last().client_id).toBe(client_id)
    })

    it.each(['a%2fb', 'a/b/', 'A/B', 'other'])(
      'T-38 a client_id %j that the header cannot mean is refused before any look-up',
      async (client_id) => {
        const world = startWorld(express)
        expect(await world.post(clientCredentials({ client_id }), { authorization: raw(`a%2Fb:${secret}`) })).toMatchObject({
          status: 400,
          body: { error: 'invalid_request' },
        })
        expect([world.last().reason, world.calls.findClient]).toEqual(['client_id_mismatch', 0])
      },
    )
  })

  it('T-40 accepts a secret until it expires, and one that never does', async () => {
    for (const client_secret_expires_at of [now() + 60, 0]) {
      const world = startWorld(express, { hooks: { findClient: () => ({ ...clients['basic-client'], client_secret_expires_at }) } })
      const answer = await world.post(clientCredentials({}), { authorization: basic('basic-client', 'basic-secret') })
      expect(answer.status).toBe(200)
    }
  })

  it('T-67 takes a client for enabled if `enabled` is absent or true, and for nothing else', async () => {
    for (const [enabled, status] of [
      [undefined, 200],
      [true, 200],
      [null, 401],
      ['true', 401],
      [1, 401],
    ] as const) {
      const world = startWorld(express, { hooks: { findClient: () => ({ ...clients['post-client'], enabled }) as never } })
      expect((await world.post(clientCredentials(post('post-client', 'post-secret')))).status).toBe(status)
    }
  })

  it('T-40 refuses an expired secret', async () => {
    const world = startWorld(express, {
      hooks: { findClient: () => ({ ...clients['basic-client'], client_secret_expires_at: now() - 1 }) },
    })
    expect(await world.post(clientCredentials({}), { authorization: basic('basic-client', 'basic-secret') })).toMatchObject({
      status: 401,
      body: generic,
    })
    expect(world.last().reason).toBe('client_secret_expired')
  })

  it('asks verifyClientSecret for hashed secrets, and takes nothing but true for a yes', async () => {
    for (const [answer, status] of [
      [true, 200],
      [false, 401],
      ['yes', 401],
      [1, 401],
      [undefined, 401],
    ] as const) {
      const seen: unknown[] = []
      const world = startWorld(express, {
        hooks: {
          verifyClientSecret: (client, secret) => {
            seen.push([client?.client_id, secret])
            return answer as boolean
          },
        },
      })
      expect(await world.post(clientCredentials(post('post-client', 'hashed')))).toMatchObject({ status })
      expect(seen).toEqual([['post-client', 'hashed']])
    }
  })

  it('ER-15 refuses a client whose registration was found by another name than it asked for', async () => {
    const world = startWorld(express, { hooks: { findClient: () => clients['jwt-client'] } })
    expect(await world.post(clientCredentials(byJwt(clientAssertion({ iss: 'JWT-CLIENT' }))))).toMatchObject({ status: 401, body: generic })
  })

  it('RS-08 X-10 answers invalid_client with 400 where the host wants that, and with 401 all the same if the header was used', async () => {
    const world = startWorld(express, { options: { invalidClientStatus: 400 } })
    const { status, body, headers } = await world.post(clientCredentials(post('post-client', 'wrong')))
    expect({ status, body }).toEqual({ status: 400, body: generic })
    expect(headers).not.toHaveProperty('www-authenticate')
    expect(await world.post(clientCredentials({}), { authorization: basic('basic-client', 'wrong') })).toMatchObject({
      status: 401,
      body: generic,
      headers: { 'www-authenticate': challengeOf(generic) },
    })
  })

  it('CA-08 refuses a method that is not enabled', async () => {
    const world = startWorld(express, { options: { clientAuthMethods: ['private_key_jwt'] } })
    expect(await world.post(clientCredentials(post('post-client', 'post-secret')))).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
    expect(world.last().reason).toBe('auth_method_not_enabled')
  })

  describe('what a client assertion must be like', () => {
    const assertionOf = (over: object) => ({ findClient: () => ({ ...clients['jwt-client'], ...over }) })
    it.each<[name: string, client: object, claims: Record<string, unknown>, status: number, reason: string | undefined]>([
      [
        'X-01 the token endpoint URL, where the client registered it',
        { audience: 'issuer-or-token-endpoint' },
        { aud: tokenEndpointUrl },
        200,
        undefined,
      ],
      ['X-01 but not beside another', { audience: 'issuer-or-token-endpoint' }, { aud: [issuer, tokenEndpointUrl] }, 401, 'aud_mismatch'],
      ['BI-02 an array of one', {}, { aud: [issuer] }, 200, undefined],
      ['OC-01 a jti, where the client registered that', { requireJti: true }, { jti: undefined }, 401, 'jti_missing'],
      ['X-07 an hour at most', {}, { exp: now() + 3700 }, 401, 'lifetime_too_long'],
      ['X-07 months, where the client registered that', { maxLifetime: 100 * 86400 }, { exp: now() + 90 * 86400 }, 200, undefined],
      ['JW-05 the registered algorithm', { token_endpoint_auth_signing_alg: 'PS256' }, {}, 401, 'alg_not_registered'],
      ['ER-42 keys, one way to find them', { jwks_uri: 'https://example.com/jwks' }, {}, 401, 'jwks_invalid'],
      ['ER-42 any keys', { jwks: undefined }, {}, 401, 'jwks_invalid'],
    ])('%s', async (_name, client, claims, status, reason) => {
      const world = startWorld(express, { hooks: assertionOf(client) })
      expect((await world.post(clientCredentials(byJwt(clientAssertion(claims))))).status).toBe(status)
      expect(world.last().reason).toBe(reason)
    })

    it('BI-11 a lenient audience is in the event', async () => {
      const world = startWorld(express, { options: { clientAssertions: { audience: 'issuer-or-token-endpoint' } } })
      await world.post(clientCredentials(byJwt(clientAssertion({ aud: tokenEndpointUrl }))))
      expect(world.last().notices).toEqual(['aud_legacy'])
      for (const aud of [issuer, [issuer]]) {
        await world.post(clientCredentials(byJwt(clientAssertion({ aud }))))
        expect(world.last().notices).toEqual([])
      }
      await world.post(clientCredentials(byJwt(clientAssertion({ aud: [tokenEndpointUrl] }))))
      expect(world.last().notices).toEqual(['aud_legacy'])
    })
  })

  it('OC-03 a client assertion with jti works once, T-51 one without until it expires', async () => {
    const once = clientAssertion()
    const often = clientAssertion({ jti: undefined, exp: now() + 3000 })
    for (const [assertion, statuses] of [
      [once, [200, 401, 401]],
      [often, [200, 200, 200]],
    ] as const) {
      for (const status of statuses) expect((await world.post(clientCredentials(byJwt(assertion)))).status).toBe(status)
    }
  })

  it('T-48 a client assertion is not used up by a grant that is refused', async () => {
    const assertion = byJwt()
    expect(await world.post(grantRequest(grant({ aud: 'https://other.example' }), assertion))).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    expect(await world.post(clientCredentials({ ...assertion, scope: 'admin' }))).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    })
    expect(await world.post(clientCredentials(assertion))).toMatchObject({ status: 200 })
  })

  it('T-47 a JWT spent in one role is spent in the other', async () => {
    const assertion = clientAssertion()
    const world = startWorld(express, {
      hooks: {
        findIssuer: (iss) => ({
          issuer: iss,
          jwks: { keys: [keys.client.jwk] },
          clients: 'any',
          client_authentication: 'none',
          default_sub: 'iss',
        }),
      },
    })
    expect(await world.post(clientCredentials(byJwt(assertion)))).toMatchObject({ status: 200 })
    expect(await world.post({ grant_type: JWT_BEARER_GRANT, assertion })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(world.last().reason).toBe('jti_replayed')
  })

  describe('T-57 findClient', () => {
    it.each<[name: string, findClient: () => unknown, status: number, body: object, reason: string]>([
      ['gives null', () => null, 401, generic, 'client_unknown'],
      [
        'gives a string',
        () => 'x',
        500,
        { error: 'server_error', error_description: 'The server could not answer.' },
        'hook_result_invalid',
      ],
      [
        'throws',
        () => {
          throw new Error('password=hunter2')
        },
        500,
        { error: 'server_error', error_description: 'The server could not answer.' },
        'hook_error',
      ],
      [
        'rejects with undefined',
        () => Promise.reject(),
        500,
        { error: 'server_error', error_description: 'The server could not answer.' },
        'hook_error',
      ],
      [
        'rejects with an OAuthError',
        () => Promise.reject(new OAuthError('temporarily_unavailable', 'Maintenance')),
        503,
        { error: 'temporarily_unavailable', error_description: 'Maintenance' },
        'hook_denied',
      ],
    ])('%s', async (_name, findClient, status, body, reason) => {
      const world = startWorld(express, { hooks: { findClient: findClient as never } })
      expect(await world.post(clientCredentials(post('post-client', 'post-secret')))).toMatchObject({ status, body })
      expect(world.last().reason).toBe(reason)
      expect(JSON.stringify(world.events)).not.toContain('hunter2')
    })

    it('rejects with an OAuthError that names its reason and what it saw', async () => {
      const detail = { seen: { plan: 'ended' }, wanted: 'a plan' }
      const denied = new OAuthError('invalid_client', 'Closed.', { reason: 'client_disabled', detail })
      const world = startWorld(express, { hooks: { findClient: () => Promise.reject(denied) } })
      const answer = await world.post(clientCredentials(post('post-client', 'post-secret')))
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client', error_description: 'Closed.' } })
      expect(answer.text).not.toContain('plan')
      expect(world.last()).toMatchObject({ reason: 'client_disabled', detail })
    })

    it('has something to report: the notices of the client are those of the event', async () => {
      const over = (event_notices: unknown) => ({ findClient: () => ({ ...clients['post-client'], event_notices }) as Client })
      const ask = async (event_notices: unknown, secret = 'post-secret') => {
        const world = startWorld(express, { hooks: over(event_notices) })
        await world.post(clientCredentials(post('post-client', secret)))
        return world.last()
      }
      expect(await ask(['client_keys_changed'])).toMatchObject({ outcome: 'issued', notices: ['client_keys_changed'] })
      expect(await ask(null)).toMatchObject({ outcome: 'issued', notices: [] })
      expect(await ask(Array(10).fill('aud_legacy'))).toMatchObject({ outcome: 'issued', notices: Array(10).fill('aud_legacy') })
      const wrong = [
        'client_keys_changed',
        ['odd'],
        ['toString'],
        [['aud_legacy']],
        Array(11).fill('aud_legacy'),
        Array(200_000).fill('odd'),
      ]
      for (const notices of wrong) expect(await ask(notices)).toMatchObject({ reason: 'client_misconfigured', notices: [] })
      expect(await ask(['client_keys_changed'], 'another')).toMatchObject({ reason: 'client_secret_mismatch', notices: [] })
    })

    it('hangs: 503 with Retry-After, and a late answer changes nothing', async () => {
      const world = startWorld(express, {
        options: { hookTimeout: 0.05 },
        hooks: { findClient: () => new Promise((resolve) => setTimeout(() => resolve(clients['post-client']), 150)) },
      })
      const response = await world.post(clientCredentials(post('post-client', 'post-secret')))
      expect({ status: response.status, error: response.body.error, retry: response.headers['retry-after'] }).toEqual({
        status: 503,
        error: 'temporarily_unavailable',
        retry: '5',
      })
      await new Promise((resolve) => setTimeout(resolve, 150))
      expect(world.events).toHaveLength(1)
    })
  })

  describe('where it is mounted', () => {
    it('needs the hook that it calls', () => {
      const mount = (given: object) => () => authenticateClient({ issuer, hooks: given as never })
      expect(mount({})).toThrow('authenticateClient: option hooks.findClient is missing')
      const { findClient } = hooks()
      expect(mount({ findClient })().name).toBe('authenticateClient')
    })

    it('needs req.tokenState.request', async () => {
      const { step, cause } = await eventOf(express, (options) => [authenticateClient(options)])
      expect([step, String(cause)]).toEqual([
        'authenticateClient',
        expect.stringContaining('authenticateClient needs req.tokenState.request: '),
      ])
    })
  })

  it('tells how long each part took', async () => {
    await world.post(clientCredentials())
    expect(Object.keys(world.last().timings)).toEqual(expect.arrayContaining(['findClient', 'signature', 'authenticateClient']))
  })

  it('T-47 treats two clients with the same jti apart', async () => {
    const jti = freshJti()
    expect(await world.post(clientCredentials(byJwt(clientAssertion({ jti }))))).toMatchObject({ status: 200 })
    expect(await world.post(clientCredentials(byJwt(clientAssertion({ iss: 'other-client', jti }, { key: keys.other }))))).toMatchObject({
      status: 200,
    })
  })
})
