import { describe, expect, it } from '@jest/globals'
import type { RequestHandler } from 'express'
import {
  authenticateClient,
  type Granted,
  issueToken,
  JWT_BEARER_GRANT,
  OAuthError,
  type Options,
  parseTokenRequest,
  type TokenResponse,
} from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { eventOf } from '../support/mounting.js'
import {
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  idp,
  issuers,
  keys,
  openIdp,
  startWorld,
} from '../support/world.js'

const good: TokenResponse = { access_token: 'x', token_type: 'Bearer', expires_in: 60 }
const serverError = { error: 'server_error', error_description: 'The server could not answer.' }

describe.each(anyExpress)('issueToken on %s', (_, express) => {
  const minting = (mintToken: (granted: Granted) => unknown, authorizeGrant = () => ({ subject: 'local', allowRefreshToken: true })) =>
    startWorld(express, { hooks: { mintToken: mintToken as never, authorizeGrant } })

  describe('sends of what mintToken gives only what belongs on the wire (T-63)', () => {
    it.each<[name: string, minted: unknown, sent: object]>([
      [
        'RS-01 what is needed',
        { access_token: 'x', token_type: 'Bearer' },
        { access_token: 'x', token_type: 'Bearer', scope: 'read write' },
      ],
      ['a lifetime', good, { ...good, scope: 'read write' }],
      ['RS-04 with a narrower scope', { ...good, scope: 'read' }, { ...good, scope: 'read' }],
      ['but no members it does not know', { ...good, debug: 'x', subject: 'x' }, { ...good, scope: 'read write' }],
      ['nor undefined ones', { ...good, refresh_token: undefined, id_token: undefined }, { ...good, scope: 'read write' }],
      ['nor inherited ones', Object.assign(Object.create({ id_token: 'x' }), good), { ...good, scope: 'read write' }],
      [
        'RR-03 and authorization_details',
        { ...good, authorization_details: [{ type: 'x' }] },
        { ...good, scope: 'read write', authorization_details: [{ type: 'x' }] },
      ],
    ])('%s', async (_name, minted, sent) => {
      const { status, body } = await minting(() => minted).post(grantRequest())
      expect({ status, body }).toEqual({ status: 200, body: sent })
    })
  })

  it('needs the hook that it calls', () => {
    expect(() => issueToken({ issuer: 'https://as.example.com', hooks: {} as never })).toThrow(
      'issueToken: option hooks.mintToken is missing',
    )
  })

  it.each<[missing: string, mount: (options: Options) => RequestHandler[]]>([
    ['request', (options) => [issueToken(options)]],
    ['client', (options) => [parseTokenRequest(options), issueToken(options)]],
    ['grant', (options) => [parseTokenRequest(options), authenticateClient(options), issueToken(options)]],
  ])('needs req.tokenState.%s', async (missing, mount) => {
    const { step, cause } = await eventOf(express, mount)
    expect([step, String(cause)]).toEqual(['issueToken', expect.stringContaining(`issueToken needs req.tokenState.${missing}: `)])
  })

  it.each([1, 59, 3600, 2 ** 31])('RS-03 sends expires_in as it was minted: %i', async (expires_in) => {
    for (const form of [grantRequest(), clientCredentials()])
      expect((await minting(() => ({ ...good, expires_in })).post(form)).body).toMatchObject({ expires_in })
  })

  it('RS-03 CA-04 a token of a public client that does not say how long it lives is not sent', async () => {
    const { expires_in: __, ...endless } = good
    const world = minting(() => endless)
    expect((await world.post(grantRequest(grant({ iss: openIdp }), { client_id: 'public-client' }))).body).toEqual(serverError)
    expect((await world.post(grantRequest())).body).not.toHaveProperty('expires_in')
  })

  it('T-63 sends the members that the host lists as well, and says when it leaves one out', async () => {
    const minted = { ...good, patient: '123', nested: { a: [1] }, id: 'x', refresh_token: 'r' }
    const world = startWorld(express, {
      options: { responseMembers: ['patient', 'nested', 'absent'] },
      hooks: { mintToken: () => minted },
    })
    const { body } = await world.post(grantRequest())
    expect(body).toEqual({ ...good, patient: '123', nested: { a: [1] }, scope: 'read write' })
    expect(world.last().notices).toEqual(['response_member_dropped', 'refresh_token_dropped'])
  })

  it('T-69 RS-11 takes only true for leave to give a refresh token', async () => {
    const world = minting(
      () => ({ ...good, refresh_token: 'r' }),
      () => ({ subject: 'local', allowRefreshToken: 'false' as never }),
    )
    expect((await world.post(grantRequest())).body).not.toHaveProperty('refresh_token')
  })

  describe('T-57 answers server_error for anything that is no token response, and the grant may be sent again', () => {
    const circular: unknown[] = []
    circular.push(circular)
    const trap = Object.defineProperty({}, 'access_token', {
      enumerable: true,
      get: () => {
        throw new Error('hunter2')
      },
    })
    it.each<[given: unknown, cause: string]>([
      [undefined, 'mintToken must return an object, not undefined.'],
      [null, 'mintToken must return an object, not null.'],
      ['hunter2', 'mintToken must return an object, not string.'],
      [{}, 'mintToken: access_token must be a non-empty string of visible ASCII.'],
      [{ ...good, access_token: 'hunter2\n' }, 'mintToken: access_token must be a non-empty string of visible ASCII.'],
      [{ ...good, refresh_token: ['hunter2'] }, 'mintToken: refresh_token must be a non-empty string of visible ASCII.'],
      [{ ...good, token_type: undefined }, 'mintToken: token_type must be a non-empty string of visible ASCII, not undefined.'],
      [{ ...good, expires_in: '3600' }, 'mintToken: expires_in must be a whole number above 0, not "3600".'],
      [{ ...good, expires_in: 0 }, 'mintToken: expires_in must be a whole number above 0, not 0.'],
      [{ ...good, scope: 'read admin' }, 'mintToken: scope must be within "read write", which was granted, not "read admin".'],
      [{ ...good, scope: ['read'] }, 'mintToken: scope must be a string, not ["read"].'],
      [{ ...good, authorization_details: {} }, 'mintToken: authorization_details must be a list, not an object.'],
    ])('T-57 %j: the event says what is wrong, and shows no token', async (given, cause) => {
      const world = minting(() => given)
      expect((await world.post(grantRequest())).body).toEqual(serverError)
      expect((world.last().cause as Error).message).toBe(cause)
    })

    it('T-57 a token for a public client that lives longer than publicClients allows', async () => {
      const world = minting(() => ({ ...good, expires_in: 301 }))
      const params = { client_id: 'public-client' }
      expect((await world.post(grantRequest(grant({ iss: openIdp }), params))).body).toEqual(serverError)
      expect((world.last().cause as Error).message).toBe('mintToken: expires_in must be at most 300, not 301.')
    })

    it.each<[name: string, mint: () => unknown, status?: number, error?: string]>([
      ['undefined', () => undefined],
      ['null', () => null],
      ['an empty object', () => ({})],
      ['a string', () => 'x'],
      ['no token_type', () => ({ access_token: 'x' })],
      ['RS-01 a number that is a string', () => ({ ...good, expires_in: '3600' })],
      ['an infinite number', () => ({ ...good, expires_in: Number.POSITIVE_INFINITY })],
      ['a token that has expired', () => ({ ...good, expires_in: 0 })],
      ['a token with a line break', () => ({ ...good, access_token: 'x\ny' })],
      ['an object for a token', () => ({ ...good, access_token: { toString: () => 'x' } })],
      ['a wider scope than granted', () => ({ ...good, scope: 'read write admin' })],
      ['a circular value', () => ({ ...good, authorization_details: circular })],
      ['a bigint', () => ({ ...good, authorization_details: [1n] })],
      ['a getter that throws', () => trap],
      [
        'a thenable that throws',
        () => ({
          get then() {
            throw new Error('hunter2')
          },
        }),
      ],
      [
        'a throw',
        () => {
          throw new Error('hunter2')
        },
      ],
      [
        'a throw of null',
        () => {
          throw null
        },
      ],
      [
        'a throw of a frozen object with a status',
        () => {
          throw Object.freeze({ status: 200, message: 'hunter2' })
        },
      ],
      ['a rejection with undefined', () => Promise.reject()],
      [
        'an OAuthError',
        () => {
          throw new OAuthError('temporarily_unavailable')
        },
        503,
        'temporarily_unavailable',
      ],
    ])('%s', async (_name, mint, status = 500, error = 'server_error') => {
      let current = mint
      const world = minting(() => current())
      const [assertion, client] = [grant(), byJwt()]
      const response = await world.post(grantRequest(assertion, client))
      expect({ status: response.status, error: response.body.error }).toEqual({ status, error })
      if (status === 500) expect(response.body).toEqual(serverError)
      expect(response.text + JSON.stringify(world.events)).not.toContain('hunter2')
      expect(response.headers['cache-control']).toBe('no-store')
      current = () => good
      expect((await world.post(grantRequest(assertion, client))).status).toBe(200)
      expect((await world.post(grantRequest(assertion))).status).toBe(400)
    })
  })

  it('T-49 a mintToken that hangs: 503, the grant is given back, and the late token is not sent', async () => {
    let wait = 150
    const world = startWorld(express, {
      options: { hookTimeout: 0.05 },
      hooks: { mintToken: () => new Promise((resolve) => setTimeout(() => resolve(good), wait)) },
    })
    const assertion = grant()
    expect((await world.post(grantRequest(assertion))).status).toBe(503)
    wait = 0
    expect((await world.post(grantRequest(assertion))).status).toBe(200)
    expect((await world.post(grantRequest(assertion))).status).toBe(400)
    expect(world.events.map(({ reason }) => reason)).toEqual(['hook_timeout', undefined, 'jti_replayed'])
  })

  describe('RS-11 X-13 a refresh token', () => {
    const withRefresh = { ...good, refresh_token: 'r' }
    it.each<[name: string, form: () => Record<string, string>, allow: boolean, sent: boolean]>([
      ['is sent to an authenticated client, if the host allows it', () => grantRequest(), true, true],
      ['is dropped by default', () => grantRequest(), false, false],
      ['T-69 is dropped for a public client', () => grantRequest(grant({ iss: openIdp }), { client_id: 'public-client' }), true, false],
      ['is dropped where there is no client', () => grantRequest(grant({ iss: openIdp }), {}), true, false],
      ['is dropped for client_credentials', () => clientCredentials(), true, false],
    ])('%s', async (_name, form, allowRefreshToken, sent) => {
      const world = minting(
        () => withRefresh,
        () => ({ subject: 'local', allowRefreshToken }),
      )
      const { body } = await world.post(form())
      expect('refresh_token' in body).toBe(sent)
      expect(world.last().notices).toEqual(sent ? [] : ['refresh_token_dropped'])
    })
  })

  describe('tells mintToken what may be issued', () => {
    it.each<[name: string, form: () => Record<string, string>, granted: object]>([
      [
        'AT-02 a JWT grant is for a user',
        () => grantRequest(),
        {
          grant_type: JWT_BEARER_GRANT,
          subject: 'local',
          subject_type: 'user',
          scope: 'read write',
          maxLifetime: undefined,
          allowRefreshToken: true,
          grant: { issuer: { issuer: idp }, sub: 'alice', claims: { iss: idp, sub: 'alice' }, context: undefined },
        },
      ],
      [
        'CA-04 a JWT grant of a public client',
        () => grantRequest(grant({ iss: openIdp }), { client_id: 'public-client' }),
        { subject: 'local', scope: 'read', maxLifetime: 300, allowRefreshToken: false },
      ],
      [
        'AT-02 a client for itself',
        () => clientCredentials(),
        { grant_type: 'client_credentials', subject: 'jwt-client', subject_type: 'client', scope: 'read write', allowRefreshToken: false },
      ],
      ['TE-17 the scope it asked for', () => ({ ...clientCredentials(), scope: 'write' }), { scope: 'write' }],
      [
        'RI-03 the resources it asked for',
        () => ({ ...clientCredentials(), resource: 'https://api.example' }),
        { resource: ['https://api.example'] },
      ],
    ])('%s', async (_name, form, granted) => {
      let seen: Granted | undefined
      const world = minting((given) => {
        seen = given
        return good
      })
      expect((await world.post(form())).status).toBe(200)
      expect(seen).toMatchObject(granted)
    })
  })

  describe('with fallthrough, leaves to the host what is not for it', () => {
    it.each<[name: string, form: () => Record<string, string>, options: Partial<Options>]>([
      ['JC-05 a grant of the host by a client that proved itself', () => ({ ...byJwt(), grant_type: 'authorization_code', code: 'x' }), {}],
      ['client_credentials that are not served here', () => clientCredentials(), { grantTypes: [JWT_BEARER_GRANT] }],
    ])('%s', async (_name, form, options) => {
      const legacy: RequestHandler = (req, res) => void res.json({ legacy: req.tokenState?.client?.client_id })
      const world = startWorld(express, { options: { fallthrough: true, ...options }, after: [legacy] })
      expect((await world.post(form())).body).toEqual({ legacy: 'jwt-client' })
      expect(world.calls.mintToken).toBe(0)
    })
  })

  it('AT-02 a grant without sub, for its issuer itself, is for a client', async () => {
    let seen: Granted | undefined
    const world = startWorld(express, {
      hooks: {
        findIssuer: () => ({ ...issuers['jwt-client'], default_sub: 'iss' }),
        authorizeGrant: () => ({ subject: 'jwt-client' }),
        mintToken: (granted) => {
          seen = granted
          return good
        },
      },
    })
    const assertion = grant({ iss: 'jwt-client', sub: undefined }, { key: keys.client })
    expect((await world.post(grantRequest(assertion))).status).toBe(200)
    expect(seen).toMatchObject({ subject: 'jwt-client', subject_type: 'client' })
  })

  it('CA-04 sends a token of a public client that lives as long as allowed', async () => {
    const world = minting(() => ({ ...good, expires_in: 300 }))
    expect((await world.post(grantRequest(grant({ iss: openIdp }), { client_id: 'public-client' }))).status).toBe(200)
  })

  it('T-63 drops no member that has no value, and takes none from a prototype', async () => {
    const minted = Object.assign(Object.create({ patient: '123' }), { ...good, id: undefined })
    const world = startWorld(express, { options: { responseMembers: ['patient'] }, hooks: { mintToken: () => minted } })
    expect((await world.post(grantRequest())).body).toEqual({ ...good, scope: 'read write' })
    expect(world.last().notices).toEqual([])
  })

  it('T-57 says that it is mintToken that threw', async () => {
    const world = minting(() => Promise.reject(new TypeError('hunter2')))
    expect((await world.post(grantRequest())).status).toBe(500)
    expect(world.last().detail).toEqual({ seen: 'mintToken threw TypeError', wanted: 'a result of mintToken' })
  })

  it('CA-04 a token of a public client that lives longer than allowed is not sent', async () => {
    const world = minting(() => ({ ...good, expires_in: 301 }))
    expect((await world.post(grantRequest(grant({ iss: openIdp }), { client_id: 'public-client' }))).status).toBe(500)
  })

  it('leaves scope out where none is granted', async () => {
    const world = startWorld(express, {
      hooks: { findClient: () => ({ ...clients['jwt-client'], scope: undefined }), mintToken: () => good },
    })
    expect((await world.post(clientCredentials(byJwt(clientAssertion())))).body).toEqual(good)
  })

  it('RS-04 says how much less than asked for is granted', async () => {
    const world = startWorld(express, { hooks: { authorizeGrant: () => ({ subject: 'local', scope: 'read' }) } })
    expect((await world.post({ ...grantRequest(), scope: 'read write' })).body.scope).toBe('read')
    expect(world.last().notices).toEqual(['scope_narrowed'])
  })
})
