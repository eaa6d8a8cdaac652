import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import type { RequestHandler } from 'express'
import { type Client, OAuthError, type Options } from '../../lib/index.js'
import { anyExpress, type ExpressFactory, expresses } from '../support/express.js'
import { forge, now } from '../support/jwt.js'
import {
  basic,
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  issuer,
  keys,
  startWorld,
  tokenEndpointUrl,
  type World,
} from '../support/world.js'

type Mode = 'enforce' | 'observe' | undefined

const generic = { error: 'invalid_client', error_description: 'Client authentication failed.' }
const oneMethod = { error: 'invalid_client', error_description: 'Use one client authentication method.' }
const secret = 'moving-secret'
const both = (reason: string) => ({ enforce: reason, observe: reason })
const tooMany = both('multiple_client_auth_assertion')

/** A client on its way from its secret to the key of `jwt-client`. */
const moving = (over: Partial<Client> = {}): Client => ({
  ...clients['jwt-client'],
  client_id: 'moving',
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret: secret,
  ...over,
})
const assertionOf = (claims: Record<string, unknown> = {}, over: Parameters<typeof clientAssertion>[1] = {}) =>
  clientAssertion({ iss: 'moving', ...claims }, over)

function migrationWorld(express: ExpressFactory, client: Client, clientAssertions: Options['clientAssertions'] = {}): World {
  const registered = new Map<string, Client>([...Object.values<Client>(clients), client].map((each) => [each.client_id, each]))
  return startWorld(express, { options: { clientAssertions }, hooks: { findClient: (id) => registered.get(id) } })
}

const inBasic = (value = secret, id = 'moving') => ({ authorization: basic(id, value) })

describe.each(anyExpress)('a client that moves to a key, on %s', (_, express) => {
  describe('BI-11 observe: whose word counts', () => {
    it.each<[endpoint: Mode, client: Mode, observed: boolean]>([
      [undefined, undefined, false],
      ['enforce', undefined, false],
      ['enforce', 'enforce', false],
      ['enforce', 'observe', true],
      [undefined, 'observe', true],
      ['observe', undefined, true],
      ['observe', 'observe', true],
      ['observe', 'enforce', false],
    ])('endpoint %s, client %s: observed %s', async (mode, client_assertion_mode, observed) => {
      for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
        const world = migrationWorld(express, moving({ client_assertion_mode, token_endpoint_auth_method: method }), { mode })
        const [more, headers] = method === 'client_secret_basic' ? [{}, inBasic()] : [{ client_id: 'moving', client_secret: secret }, {}]
        const { status, body } = await world.post(clientCredentials({ ...byJwt(assertionOf()), ...more }), headers)
        if (observed) {
          expect(status).toBe(200)
          expect(world.last()).toMatchObject({
            client_id: 'moving',
            client_auth_method: method,
            observed: { method: 'private_key_jwt', result: 'ok' },
          })
        } else {
          expect([status, body]).toEqual([401, oneMethod])
          expect(world.last()).toMatchObject({ reason: 'multiple_client_auth_assertion' })
          expect(world.last().observed).toBeUndefined()
        }
      }
    })

    it.each<[endpoint: Mode, client: Mode]>([
      ['enforce', undefined],
      ['observe', 'enforce'],
    ])(
      'X-04 endpoint %s, client %s: two credentials are one too many, and say nothing about either',
      async (mode, client_assertion_mode) => {
        let verified = 0
        const client = moving({ client_assertion_mode })
        const world = startWorld(express, {
          options: { clientAssertions: { mode } },
          hooks: {
            findClient: (id) => (id === 'moving' ? client : undefined),
            verifyClientSecret: (known) => {
              if (known) verified++
              return true
            },
          },
        })
        for (const value of [secret, 'wrong']) {
          for (const assertion of [assertionOf(), assertionOf({}, { key: keys.other }), 'nonsense'])
            expect(await world.post(clientCredentials(byJwt(assertion)), inBasic(value))).toMatchObject({ status: 401, body: oneMethod })
        }
        for (const headers of [inBasic('x', 'nobody'), { authorization: 'Basic !!!' }, { authorization: 'Bearer x' }])
          expect(await world.post(clientCredentials(byJwt()), headers)).toMatchObject({ status: 401, body: oneMethod })
        expect(verified).toBe(0)
      },
    )

    it('X-04 Basic, a secret in the body and a JWT are too many even then', async () => {
      const world = migrationWorld(express, moving(), { mode: 'observe' })
      const more = { client_id: 'moving', client_secret: secret }
      expect(await world.post(clientCredentials({ ...byJwt(assertionOf()), ...more }), inBasic())).toMatchObject({
        status: 401,
        body: oneMethod,
      })
      expect(await world.post(clientCredentials(more), inBasic())).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    })
  })

  describe('observe: the secret decides', () => {
    type Case = [name: string, form: () => Record<string, string>, result: string]
    const cases: Case[] = [
      ['a good assertion', () => byJwt(assertionOf()), 'ok'],
      ['a good assertion without jti', () => byJwt(assertionOf({ jti: undefined })), 'ok'],
      ['its own client_id beside it', () => ({ ...byJwt(assertionOf()), client_id: 'moving' }), 'ok'],
      ['a forged one', () => byJwt(assertionOf({}, { key: keys.other, header: { kid: 'client-key' } })), 'signature_invalid'],
      ['an unknown kid', () => byJwt(assertionOf({}, { header: { kid: 'x' } })), 'key_not_found'],
      ['an expired one', () => byJwt(assertionOf({ exp: now() - 60, iat: now() - 120 })), 'expired'],
      ['one for elsewhere', () => byJwt(assertionOf({ aud: 'https://other.example' })), 'aud_mismatch'],
      ['X-01 one for the token endpoint URL', () => byJwt(assertionOf({ aud: tokenEndpointUrl })), 'aud_not_registered'],
      ['another subject', () => byJwt(assertionOf({ sub: 'alice' })), 'client_identity_mismatch'],
      ['one of another client', () => byJwt(clientAssertion({ iss: 'other-client' }, { key: keys.other })), 'client_unknown'],
      ['no JWT', () => byJwt('nonsense'), 'jwt_malformed'],
      ['half of the pair', () => ({ client_assertion: assertionOf() }), 'incomplete_client_assertion'],
      ['an unknown type', () => ({ ...byJwt(assertionOf()), client_assertion_type: 'saml' }), 'unsupported_client_assertion_type'],
    ]

    it.each(cases)('%s is reported', async (_name, form, result) => {
      const world = migrationWorld(express, moving(), { mode: 'observe' })
      expect((await world.post(clientCredentials(form()), inBasic())).status).toBe(200)
      const { observed, client_id, client_auth_method, claimed, notices, replay_keys } = world.last()
      expect(observed).toEqual({ method: 'private_key_jwt', result })
      expect({ client_id, client_auth_method }).toEqual({ client_id: 'moving', client_auth_method: 'client_secret_basic' })
      expect({ claimed: claimed.client_id, notices, replay_keys }).toEqual({ claimed: 'moving', notices: [], replay_keys: undefined })
    })

    it.each(cases)('a wrong secret beside %s is refused', async (_name, form) => {
      for (const [mode, client_assertion_mode] of [
        ['observe', undefined],
        ['enforce', 'observe'],
      ] as const) {
        const world = migrationWorld(express, moving({ client_assertion_mode }), { mode })
        const response = await world.post(clientCredentials(form()), inBasic('wrong'))
        expect([response.status, response.body]).toEqual([401, oneMethod])
        expect(response.headers['www-authenticate']).toMatch(/^Basic /)
        expect(world.last()).toMatchObject({ reason: 'client_secret_mismatch' })
        expect(world.last().observed).toBeUndefined()
      }
    })

    describe.each<Mode>(['enforce', 'observe'])('T-40 endpoint %s: nobody learns from a refusal who is observed, or who exists', (mode) => {
      it.each<[name: string, client: Partial<Client>, headers: Record<string, string>, reason: Record<'enforce' | 'observe', string>]>([
        ['an unknown client', {}, inBasic(secret, 'nobody'), { enforce: 'multiple_client_auth_assertion', observe: 'client_unknown' }],
        ['one that is not observed', { client_assertion_mode: 'enforce' }, inBasic(), tooMany],
        ['a wrong secret of one that is not', { client_assertion_mode: 'enforce' }, inBasic('x'), tooMany],
        ['a wrong secret of one that is', { client_assertion_mode: 'observe' }, inBasic('x'), both('client_secret_mismatch')],
        ['one that is, and is disabled', { client_assertion_mode: 'observe', enabled: false }, inBasic(), both('client_disabled')],
        [
          'one that is, of another method',
          { client_assertion_mode: 'observe', token_endpoint_auth_method: 'client_secret_post' },
          inBasic(),
          both('auth_method_not_registered'),
        ],
        ['one of the mode of the endpoint', {}, inBasic('x'), { enforce: tooMany.enforce, observe: 'client_secret_mismatch' }],
        ['one of no mode that there is', { client_assertion_mode: 'Observe' as never }, inBasic(), tooMany],
        ['a header that is malformed', {}, { authorization: 'Basic !!!' }, both('malformed_authorization')],
        ['another scheme', {}, { authorization: 'Bearer x' }, both('unsupported_auth_scheme')],
      ])('%s', async (_name, client, headers, reason) => {
        const world = migrationWorld(express, moving(client), { mode })
        const answer = await world.post(clientCredentials(byJwt(assertionOf())), headers)
        expect([answer.status, answer.body]).toEqual([401, oneMethod])
        expect(world.last().reason).toBe(reason[mode as 'enforce'])
        expect(world.last().observed).toBeUndefined()
      })
    })

    it.each([
      ['T-57 a server that cannot check says so', new Error('the database is down'), 500, 'server_error'],
      [
        'ER-45 a hook may speak to the client',
        new OAuthError('invalid_client', 'The tenant is closed.', { status: 403 }),
        403,
        'invalid_client',
      ],
    ])('%s', async (_name, thrown, status, error) => {
      const findClient = () => Promise.reject(thrown)
      const world = startWorld(express, { options: { clientAssertions: { mode: 'observe' } }, hooks: { findClient } })
      expect(await world.post(clientCredentials(byJwt()), inBasic())).toMatchObject({ status, body: { error } })
    })

    it('T-48 the observed assertion is not used up, nor is its notice taken over', async () => {
      const client = moving({ token_endpoint_auth_method: 'private_key_jwt', previous_auth_method: 'client_secret_basic' })
      const world = migrationWorld(express, client, { mode: 'observe', audience: 'issuer-or-token-endpoint' })
      const assertion = assertionOf({ aud: tokenEndpointUrl })
      for (const _again of [1, 2]) {
        expect((await world.post(clientCredentials(byJwt(assertion)), inBasic())).status).toBe(200)
        expect(world.last()).toMatchObject({ observed: { result: 'ok' }, notices: ['previous_auth_method'] })
      }
      expect((await world.post(clientCredentials(byJwt(assertion)))).status).toBe(200)
      expect(world.last()).toMatchObject({ notices: ['aud_legacy'], client_auth_method: 'private_key_jwt' })
      expect((await world.post(clientCredentials(byJwt(assertion)))).status).toBe(401)
      expect(world.last().reason).toBe('jti_replayed')
      // spent, it would be refused: its report is about what it is, not about what it was used for
      expect((await world.post(clientCredentials(byJwt(assertion)), inBasic())).status).toBe(200)
    })

    it('works beside a grant, which alone is used up', async () => {
      const world = migrationWorld(express, moving(), { mode: 'observe' })
      const [assertion, credential] = [grant(), byJwt(assertionOf())]
      expect((await world.post(grantRequest(assertion, credential), inBasic())).status).toBe(200)
      expect(world.last()).toMatchObject({ observed: { result: 'ok' }, client_auth_method: 'client_secret_basic' })
      expect(world.last().replay_keys).toHaveLength(1)
      expect((await world.post(grantRequest(assertion, credential), inBasic())).body.error).toBe('invalid_grant')
    })

    it('says that an HMAC is not the method that the client moves to', async () => {
      const world = migrationWorld(express, moving({ client_secret: secret.repeat(8) }), { mode: 'observe' })
      const long = { authorization: basic('moving', secret.repeat(8)) }
      const claims = { iss: 'moving', sub: 'moving', aud: issuer, exp: now() + 60 }
      const assertion = forge({ alg: 'HS256' }, claims, secret.repeat(8), 'HS256')
      expect((await world.post(clientCredentials(byJwt(assertion)), long)).status).toBe(200)
      expect(world.last().observed).toEqual({ method: 'private_key_jwt', result: 'auth_method_not_registered' })
    })

    it('says so where the keys cannot be had: the request goes on', async () => {
      const unreachable = { jwks: undefined, jwks_uri: 'http://127.0.0.1:1/', allowPrivateJwksUri: true }
      const world = migrationWorld(express, moving(unreachable), { mode: 'observe' })
      expect((await world.post(clientCredentials(byJwt(assertionOf())), inBasic())).status).toBe(200)
      expect(world.last().observed).toEqual({ method: 'private_key_jwt', result: 'jwks_unavailable' })
    })

    it('a secret alone, and a JWT alone, are what they were', async () => {
      const world = migrationWorld(express, moving(), { mode: 'observe' })
      expect((await world.post(clientCredentials({}), inBasic())).status).toBe(200)
      expect(world.last().observed).toBeUndefined()
      expect((await world.post(clientCredentials())).status).toBe(200)
      expect((await world.post(clientCredentials(byJwt(assertionOf())))).body).toEqual(generic)
      expect(world.last().reason).toBe('auth_method_not_registered')
    })
  })

  describe('CA-08 previous_auth_method', () => {
    const byBasic = [{}, inBasic()] as const
    const byPost = [{ client_id: 'moving', client_secret: secret }, {}] as const
    const byName = [{ client_id: 'moving' }, {}] as const
    it.each<[name: string, client: Partial<Client>, sent: readonly [Record<string, string>, Record<string, string>], status: number]>([
      ['is good besides', { previous_auth_method: 'client_secret_basic' }, byBasic, 200],
      ['is one method, not all', { previous_auth_method: 'client_secret_basic' }, byPost, 401],
      [
        'is good until its date',
        { previous_auth_method: 'client_secret_basic', previous_auth_method_expires_at: now() + 60 },
        byBasic,
        200,
      ],
      [
        'is refused from then on',
        { previous_auth_method: 'client_secret_basic', previous_auth_method_expires_at: now() - 1 },
        byBasic,
        401,
      ],
      ['is refused at that second', { previous_auth_method: 'client_secret_basic', previous_auth_method_expires_at: now() }, byBasic, 401],
      [
        'reads 0 as a date, not as never',
        { previous_auth_method: 'client_secret_basic', previous_auth_method_expires_at: 0 },
        byBasic,
        401,
      ],
      ['is never none', { previous_auth_method: 'none' }, byName, 401],
      ['is not there by default', {}, byBasic, 401],
      [
        'does not revive an expired secret',
        { previous_auth_method: 'client_secret_basic', client_secret_expires_at: now() - 1 },
        byBasic,
        401,
      ],
      ['does not revive a disabled client', { previous_auth_method: 'client_secret_basic', enabled: false }, byBasic, 401],
    ])('%s', async (_name, client, [form, headers], status) => {
      const world = migrationWorld(express, moving({ token_endpoint_auth_method: 'private_key_jwt', ...client }))
      const response = await world.post(clientCredentials(form), headers)
      expect(response.status).toBe(status)
      if (status === 200) {
        expect(world.last()).toMatchObject({ client_auth_method: 'client_secret_basic', notices: ['previous_auth_method'] })
      } else expect(response.body).toEqual(generic)
      // the registered one is good all along, and no notice
      if (client.enabled !== false) {
        expect((await world.post(clientCredentials(byJwt(assertionOf())))).status).toBe(200)
        expect(world.last().notices).toEqual([])
      }
    })

    it('none does not make a grant request of a confidential client one of a public client', async () => {
      const world = migrationWorld(express, moving({ token_endpoint_auth_method: 'private_key_jwt', previous_auth_method: 'none' }))
      expect(await world.post(grantRequest(grant(), { client_id: 'moving' }))).toMatchObject({ status: 401, body: generic })
    })

    it('lets a client go back from its key', async () => {
      const world = migrationWorld(express, moving({ previous_auth_method: 'private_key_jwt' }))
      expect((await world.post(clientCredentials(byJwt(assertionOf())))).status).toBe(200)
      expect(world.last()).toMatchObject({ client_auth_method: 'private_key_jwt', notices: ['previous_auth_method'] })
    })
  })
})

describe.each(expresses)('the host behind a fallthrough endpoint on %s', (_, express) => {
  const legacy = (more: Record<string, string> = {}) => ({ grant_type: 'authorization_code', code: 'x', ...more })
  const fallthrough = { options: { fallthrough: true } }

  describe('T-48 the client assertion that came with a grant of the host’s', () => {
    const fails: RequestHandler = (_req, _res, next) => next(new Error('hunter2'))
    const answers =
      (status: number): RequestHandler =>
      (_req, res) =>
        void res.status(status).json({})
    it.each<[name: string, handler: RequestHandler, status: number, again: number]>([
      ['is used up by a 200', answers(200), 200, 401],
      ['is used up by a 400', answers(400), 400, 401],
      ['is used up by a 401', answers(401), 401, 401],
      ['is used up by a 429', answers(429), 429, 401],
      ['is given back by a 500', answers(500), 500, 500],
      ['is given back by a 503', answers(503), 503, 503],
      ['is given back where the handler throws', fails, 500, 500],
    ])('%s', async (_name, handler, status, again) => {
      const world = startWorld(express, { ...fallthrough, after: [handler] })
      const form = legacy(byJwt())
      const answered = async (count: number) => {
        while (world.events.length < count) await sleep(5)
      }
      expect((await world.post(form)).status).toBe(status)
      await answered(1)
      expect(world.last()).toMatchObject({ outcome: 'handed_on', status, client_id: 'jwt-client', notices: [] })
      expect((await world.post(form)).status).toBe(again)
      await answered(2)
      expect(world.last().reason).toBe(again === 401 ? 'jti_replayed' : undefined)
    })
  })
})
