import { describe, expect, it } from '@jest/globals'
import type { RequestHandler } from 'express'
import {
  type GrantCandidate,
  type Granted,
  type Hooks,
  JWT_BEARER_GRANT,
  OAuthError,
  type Options,
  parseTokenRequest,
  type TrustedIssuer,
  verifyJwtGrant,
} from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { freshJti, now } from '../support/jwt.js'
import { eventOf } from '../support/mounting.js'
import {
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  hooks,
  idp,
  issuer,
  issuers,
  keys,
  openIdp,
  startWorld,
  tokenEndpointUrl,
} from '../support/world.js'

const generic = { error: 'invalid_grant', error_description: 'The assertion was refused.' }
const trust = (over: Partial<TrustedIssuer>) => ({ findIssuer: (): TrustedIssuer => ({ ...issuers[idp], ...over }) })

describe.each(anyExpress)('verifyJwtGrant on %s', (_, express) => {
  const world = startWorld(express)

  describe('holds a grant against the registration of its issuer', () => {
    it.each<[name: string, issuer: Partial<TrustedIssuer>, claims: Record<string, unknown>, reason: string | undefined]>([
      ['JG-05 the issuer identifier as audience', {}, { aud: issuer }, undefined],
      ['JG-05 the token endpoint URL as audience', {}, { aud: tokenEndpointUrl }, undefined],
      ['T-20 both at once', {}, { aud: [issuer, tokenEndpointUrl] }, 'aud_not_registered'],
      ['T-20 one and a stranger', {}, { aud: [issuer, 'https://x.example'] }, 'aud_not_registered'],
      ['JG-05 a longer URL', {}, { aud: `${issuer}.evil.example` }, 'aud_not_registered'],
      ['T-19 a slash more', {}, { aud: `${issuer}/` }, 'aud_not_registered'],
      ['DI-04 an audience of its own', { audience: 'account.example' }, { aud: 'account.example' }, undefined],
      ['DI-02 one of its audiences', { audience: ['x', 'y'] }, { aud: 'y' }, undefined],
      ['X-02 and then not ours', { audience: 'account.example' }, {}, 'aud_not_registered'],
      ['T-17 five minutes at most', {}, { iat: undefined, exp: now() + 320 }, 'lifetime_too_long'],
      ['CM-07 counted from iat', {}, { iat: now() - 290, exp: now() + 200 }, 'lifetime_too_long'],
      ['DI-01 an hour, where registered', { maxLifetime: 3600 }, { exp: now() + 3600 }, undefined],
      ['JG-04 no subject', {}, { sub: undefined }, 'sub_missing'],
      ['DI-01 no subject, where the issuer may', { default_sub: 'iss' }, { sub: undefined }, undefined],
      ['CM-05 no jti, where it is required', { requireJti: true }, { jti: undefined }, 'jti_missing'],
      ['no jti', {}, { jti: undefined }, undefined],
      ['T-67 an issuer that is switched off', { enabled: false }, {}, 'issuer_disabled'],
      ['an issuer that is switched on', { enabled: true }, {}, undefined],
      ['T-67 an issuer whose time is over', { not_after: new Date(Date.now() - 1) }, {}, 'issuer_disabled'],
      ['an issuer whose time is not over', { not_after: new Date(Date.now() + 60_000) }, {}, undefined],
      ['JW-05 an algorithm that it does not use', { algorithms: ['RS256'] }, {}, 'alg_not_registered'],
      ['X-03 a type that it must use', { typ: 'oauth-id-jag+jwt' }, {}, 'typ_not_registered'],
      ['WI-04 a claim as registered', { claims: { repository_id: '74' } }, { repository_id: '74' }, undefined],
      ['WI-04 T-81 another claim than registered', { claims: { repository_id: '74' } }, { repository_id: '75' }, 'claim_not_allowed'],
      ['WI-04 no such claim', { claims: { repository_id: '74' } }, {}, 'claim_not_allowed'],
    ])('%s', async (_name, over, claims, reason) => {
      const world = startWorld(express, { hooks: trust(over) })
      const { status, body } = await world.post(grantRequest(grant(claims)))
      expect(world.last().reason).toBe(reason)
      expect(status).toBe(reason ? 400 : 200)
      if (reason) expect(body).toEqual(generic)
    })

    it.each<[typ: string | undefined, registered: string | undefined, reason: string | undefined]>([
      ['oauth-id-jag+jwt', 'oauth-id-jag+jwt', undefined],
      ['application/OAuth-ID-JAG+jwt', 'oauth-id-jag+jwt', undefined],
      ['JWT', 'oauth-id-jag+jwt', 'typ_not_registered'],
      ['at+jwt', 'oauth-id-jag+jwt', 'typ_not_registered'],
      ['oauth-id-jag+jwt', undefined, 'typ_not_registered'],
      ['client-authentication+jwt', undefined, 'typ_not_registered'],
      ['authorization-grant+jwt', undefined, undefined],
      ['JOSE', undefined, undefined],
    ])('X-03 BI-09 T-09 a grant of type %s, where %s is registered', async (typ, registered, reason) => {
      const world = startWorld(express, { hooks: trust(registered === undefined ? {} : { typ: registered }) })
      const { status } = await world.post(grantRequest(grant({}, { header: { typ } })))
      expect(world.last().reason).toBe(reason)
      expect(status).toBe(reason ? 400 : 200)
    })
  })

  describe('EM-01 T-14 a long grant', () => {
    const long = { details: 'x'.repeat(15_000) }
    const limits = { assertion: 24_000 }
    const tooLong = { error: 'invalid_request', error_description: 'A parameter is too long.' }

    it('works if its issuer may send it, and the limit of the endpoint stays as it is for others', async () => {
      const [wide, narrow] = [startWorld(express, { hooks: trust({ limits }) }), startWorld(express)]
      expect((await wide.post(grantRequest(grant(long)))).status).toBe(200)
      const { status, body } = await narrow.post(grantRequest(grant(long)))
      expect([status, body]).toEqual([400, tooLong])
      expect(narrow.last()).toMatchObject({ reason: 'parameter_too_large', detail: { wanted: { at_most: 8192 } } })
      expect(narrow.calls).toMatchObject({ authorizeGrant: 0 })
    })

    it('may be shorter than for others', async () => {
      const world = startWorld(express, { hooks: trust({ limits: { assertion: 100 } }) })
      expect((await world.post(grantRequest())).body).toEqual(generic) // as for an issuer that is not known
      expect(world.last().reason).toBe('parameter_too_large')
    })

    it.each<[cause: string, claims: Record<string, unknown>, issuer: Partial<TrustedIssuer>, reason: string]>([
      ['its issuer is not known', { iss: 'https://nobody.example' }, {}, 'issuer_untrusted'],
      ['its issuer is disabled', {}, { enabled: false }, 'issuer_disabled'],
      ['its key is not known', {}, { jwks: { keys: [keys.other.jwk] } }, 'key_not_found'],
      ['its aud is another', { aud: 'https://other.example' }, {}, 'aud_not_registered'],
      ['its issuer may not send it', {}, { limits: {} }, 'parameter_too_large'],
    ])('does not tell whether some issuer may send it: %s', async (_cause, claims, over, reason) => {
      const world = startWorld(express, { hooks: trust({ limits, ...over }) })
      expect((await world.post(grantRequest(grant({ ...long, ...claims })))).body).toEqual(tooLong)
      expect(world.last().reason).toBe(reason)
    })

    it('is told what is wrong with it, if that tells nothing of its issuer', async () => {
      const world = startWorld(express, { hooks: trust({ limits }) })
      const { body } = await world.post(grantRequest(grant({ ...long, exp: 1 })))
      expect(body).toEqual({ error: 'invalid_grant', error_description: 'The assertion has expired.' })
    })
  })

  describe('what its claims make of it', () => {
    const [api, mcp] = ['https://api.example', 'https://mcp.example/mcp']
    /** What the hooks are told about a grant. */
    async function told(issuer: Partial<TrustedIssuer>, claims: Record<string, unknown>, form: Record<string, string> = {}) {
      const heard: { candidate?: GrantCandidate; granted?: Granted } = {}
      const world = startWorld(express, {
        hooks: {
          ...trust(issuer),
          authorizeGrant: (candidate) => {
            heard.candidate = candidate
            return { subject: 'local' }
          },
          mintToken: (granted) => {
            heard.granted = granted
            return { access_token: 'token', token_type: 'Bearer', expires_in: Math.min(300, granted.maxLifetime ?? 300) }
          },
        },
      })
      const { status, body } = await world.post({ ...grantRequest(grant(claims)), ...form })
      return { status, body, ...heard, event: world.last() }
    }

    it.each<
      [what: string, resources: string[] | undefined, claims: Record<string, unknown>, form: Record<string, string>, resource: string[]]
    >([
      ['MC-02 no resource: the default', [api, mcp], {}, {}, [api]],
      ['MC-02 EM-04 that of the claim', [api, mcp], { resource: mcp }, {}, [mcp]],
      ['EM-04 the parameter, within the claim', [api, mcp], { resource: [api, mcp] }, { resource: mcp }, [mcp]],
      ['the parameter alone, if nothing is registered', undefined, {}, { resource: mcp }, [mcp]],
    ])('the token is for %s', async (_what, resources, claims, form, resource) => {
      const { status, candidate, granted } = await told({ ...(resources && { resources }) }, claims, form)
      expect([status, candidate?.resource, granted?.resource]).toEqual([200, resource, resource])
    })

    it.each<[what: string, claims: Record<string, unknown>, form: Record<string, string>, error: string]>([
      ['MC-02 a resource of another server in the claim', { resource: 'https://other.example' }, {}, 'invalid_grant'],
      ['EM-04 a parameter beyond the claim', { resource: api }, { resource: mcp }, 'invalid_grant'],
      ['RI-02 a parameter that is not registered', {}, { resource: 'https://other.example' }, 'invalid_target'],
    ])('is refused for %s', async (_what, claims, form, error) => {
      const { status, body, candidate } = await told({ resources: [api, mcp] }, claims, form)
      expect([status, body.error, candidate]).toEqual([400, error, undefined])
    })

    it('IJ-09 EM-07 two tenants with one sub are two subjects', async () => {
      const [one, other] = [await told({ subject: ['tenant'] }, { tenant: 't1' }), await told({ subject: ['tenant'] }, { tenant: 't2' })]
      expect(one.candidate?.subject_key).toBe(JSON.stringify([idp, 't1', 'alice']))
      expect(other.candidate?.subject_key).toBe(JSON.stringify([idp, 't2', 'alice']))
      expect(one.event.subject_hash).not.toBe(other.event.subject_hash)
      expect(one.event.subject_hash).not.toBe((await told({}, { tenant: 't1' })).event.subject_hash)
    })

    it('WI-06 a token does not outlive its grant, if its issuer registered that', async () => {
      const { status, granted, body } = await told({ lifetime: 'within-grant' }, { exp: now() + 100.7 })
      expect(status).toBe(200)
      expect(granted?.maxLifetime).toBeLessThanOrEqual(100)
      expect(granted?.maxLifetime).toBeGreaterThan(90)
      expect(body.expires_in).toBe(granted?.maxLifetime)
      expect((await told({}, { exp: now() + 100 })).granted?.maxLifetime).toBeUndefined()
    })

    it('WI-06 a grant in its last moment yields no token, and is not used up', async () => {
      const { status, body, granted, event } = await told({ lifetime: 'within-grant' }, { exp: now() - 1 })
      expect([status, body.error_description, granted]).toEqual([400, 'The assertion has expired.', undefined])
      expect(event).toMatchObject({ reason: 'expired', step: 'issueToken' })
      expect(event.replay_keys).toBeUndefined()
    })

    it('WI-06 a token that outlives its grant is a mistake of the host', async () => {
      const mintToken = () => ({ access_token: 'token', token_type: 'Bearer', expires_in: 300 })
      const world = startWorld(express, { hooks: { ...trust({ lifetime: 'within-grant' }), mintToken } })
      expect((await world.post(grantRequest(grant({ exp: now() + 60 })))).status).toBe(500)
      expect(world.last().reason).toBe('hook_result_invalid')
    })
  })

  describe('AT-02 T-68 an account does not read like the client that asks', () => {
    it.each<[name: string, issuer: Partial<TrustedIssuer>, claims: Record<string, unknown>, reason: string | undefined]>([
      ['a subject that is named like it', {}, { sub: 'jwt-client' }, 'subject_is_client'],
      ['the same of an issuer that may leave it out, and does not', { default_sub: 'iss' }, { sub: 'jwt-client' }, 'subject_is_client'],
      ['DI-01 an issuer that stands for itself', { default_sub: 'iss' }, { sub: undefined }, undefined],
    ])('%s', async (_name, over, claims, reason) => {
      const minted: unknown[] = []
      const mintToken: Hooks['mintToken'] = ({ subject_type }) => {
        minted.push(subject_type)
        return { access_token: 'a', token_type: 'Bearer' }
      }
      const world = startWorld(express, { hooks: { ...trust(over), authorizeGrant: () => ({ subject: 'jwt-client' }), mintToken } })
      const { status, body } = await world.post(grantRequest(grant(claims)))
      expect(world.last().reason).toBe(reason)
      expect(status).toBe(reason ? 400 : 200)
      if (reason) expect(body).toEqual(generic)
      expect(minted).toEqual(reason ? [] : ['client'])
    })
  })

  describe('ER-26 ER-27 JW-10 keys belong to their issuer', () => {
    it.each<[name: string, assertion: () => string, reason: string]>([
      ['an issuer that nobody knows', () => grant({ iss: 'https://nobody.example' }), 'issuer_untrusted'],
      ['T-21 one named like a member of Object', () => grant({ iss: '__proto__' }), 'issuer_untrusted'],
      ['JG-03 a slash more', () => grant({ iss: `${idp}/` }), 'issuer_untrusted'],
      ['JG-11 a key of somebody else', () => grant({}, { key: keys.other, header: { kid: 'idp-key' } }), 'signature_invalid'],
      ['JW-12 a kid that is not there', () => grant({}, { header: { kid: '../../dev/null' } }), 'key_not_found'],
      ['JG-11 a key of another issuer', () => grant({ iss: 'jwt-client' }), 'key_not_found'],
    ])('%s: one text for all', async (_name, assertion, reason) => {
      const { status, body } = await world.post(grantRequest(assertion()))
      expect({ status, body }).toEqual({ status: 400, body: generic })
      expect(world.last().reason).toBe(reason)
    })
  })

  describe('who may present it', () => {
    it.each<[name: string, form: () => Record<string, string>, status: number, error: string | undefined, reason: string | undefined]>([
      ['CA-03 nobody, where a client must authenticate', () => grantRequest(grant(), {}), 401, 'invalid_client', 'client_auth_missing'],
      [
        'a public client, where a client must authenticate',
        () => grantRequest(grant(), { client_id: 'public-client' }),
        400,
        'unauthorized_client',
        'public_client_not_allowed',
      ],
      [
        'MD-06 a client that did not register the grant',
        () => grantRequest(grant(), byJwt(clientAssertion({ iss: 'code-client' }))),
        400,
        'unauthorized_client',
        'grant_not_allowed_for_client',
      ],
      [
        'a public client, where any may',
        () => grantRequest(grant({ iss: openIdp }), { client_id: 'public-client' }),
        200,
        undefined,
        undefined,
      ],
      ['AF-04 no client, where any may', () => grantRequest(grant({ iss: openIdp }), {}), 200, undefined, undefined],
      [
        'the client that signs its own grants',
        () => grantRequest(grant({ iss: 'jwt-client' }, { key: keys.client })),
        200,
        undefined,
        undefined,
      ],
      [
        'AF-13 but not about itself',
        () => grantRequest(grant({ iss: 'jwt-client', sub: 'jwt-client' }, { key: keys.client })),
        400,
        'invalid_grant',
        'jwt_kind_confusion',
      ],
      [
        'another client than the one that signs',
        () => grantRequest(grant({ iss: 'jwt-client' }, { key: keys.client }), { client_id: 'post-client', client_secret: 'post-secret' }),
        400,
        'invalid_grant',
        'client_binding_mismatch',
      ],
    ])('%s', async (_name, form, status, error, reason) => {
      const response = await world.post(form())
      expect({ status: response.status, error: response.body.error }).toEqual({ status, error })
      expect(world.last().reason).toBe(reason)
    })

    it('T-67 a subject of an issuer whose rule is async: a promise is not true', async () => {
      for (const subjects of [async () => true, async () => false]) {
        const world = startWorld(express, { hooks: trust({ subjects: subjects as never }) })
        expect(await world.post(grantRequest())).toMatchObject({ status: 400, body: generic })
        expect(world.last().reason).toBe('subject_not_allowed')
        expect(world.calls).toMatchObject({ authorizeGrant: 0, mintToken: 0 })
      }
    })

    it.each([0, null, '', 'true', 1, Number.NaN])('T-67 enabled: %j switches off the issuer, and the client', async (value) => {
      const enabled = value as never
      const ofIssuer = startWorld(express, { hooks: trust({ enabled }) })
      expect(await ofIssuer.post(grantRequest())).toMatchObject({ status: 400, body: generic })
      expect(ofIssuer.last().reason).toBe('issuer_disabled')
      const ofClient = startWorld(express, { hooks: { findClient: () => ({ ...clients['jwt-client'], enabled }) } })
      expect(await ofClient.post(grantRequest())).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(ofClient.last().reason).toBe('client_disabled')
      expect([ofIssuer.calls.mintToken, ofClient.calls.mintToken]).toEqual([0, 0])
    })

    it.each([
      ['once', 'the same signature'],
      ['once', 'two signatures'],
      ['any number of times', 'the same signature'],
      ['any number of times', 'two signatures'],
    ])('T-26 one JWT that may be used %s, with %s, as client assertion and as grant', async (uses, signatures) => {
      const replay = uses === 'once' ? 'one-time' : 'reusable'
      const world = startWorld(express, {
        hooks: {
          findClient: () => ({ ...clients['jwt-client'], replay }),
          findIssuer: () => ({ ...issuers['jwt-client'], default_sub: 'iss', replay }), // a grant may name its issuer
        },
      })
      const claims = { iss: 'jwt-client', sub: 'jwt-client', iat: now(), exp: now() + 60, jti: freshJti() }
      const [one, twin] = [clientAssertion(claims), clientAssertion(claims)]
      expect(one).not.toBe(twin) // a text has many ECDSA signatures
      expect(one.slice(0, one.lastIndexOf('.'))).toBe(twin.slice(0, twin.lastIndexOf('.')))
      const assertion = signatures === 'two signatures' ? twin : one
      expect(await world.post(grantRequest(assertion, byJwt(one)))).toMatchObject({ status: 400, body: generic })
      expect(world.last().reason).toBe('jwt_kind_confusion')
      expect(world.calls).toMatchObject({ authorizeGrant: 0, mintToken: 0 })
      expect((await world.post(grantRequest(assertion, byJwt()))).status).toBe(200) // it was not used up
    })

    it('T-26 the same JWT as client assertion and as grant', async () => {
      const one = grant({ iss: 'jwt-client', sub: 'jwt-client' }, { key: keys.client })
      expect(await world.post(grantRequest(one, byJwt(one)))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
      expect(world.last().reason).toBe('jwt_kind_confusion')
    })

    it('T-26 TE-19 and no issuer is looked up for it', async () => {
      const world = startWorld(express)
      const one = grant({ iss: 'jwt-client', sub: 'jwt-client' }, { key: keys.client })
      await world.post(grantRequest(one, byJwt(one)))
      expect(world.calls.findIssuer).toBe(0)
    })
  })

  describe('TE-19 cheap before dear', () => {
    it.each<[name: string, form: () => Record<string, string>, calls: object]>([
      [
        'a malformed grant calls nothing',
        () => grantRequest('nonsense', {}),
        { findClient: 0, findIssuer: 0, authorizeGrant: 0, mintToken: 0 },
      ],
      [
        'an expired one calls nothing',
        () => grantRequest(grant({ exp: now() - 60, iat: now() - 90 }), {}),
        { findClient: 0, findIssuer: 0, authorizeGrant: 0, mintToken: 0 },
      ],
      [
        'a bad signature stops before the host is asked',
        () => grantRequest(grant({}, { key: keys.other, header: { kid: 'idp-key' } }), {}),
        { findClient: 0, findIssuer: 1, authorizeGrant: 0, mintToken: 0 },
      ],
      [
        'a failed client stops before the grant is looked at',
        () => grantRequest(grant(), byJwt('x')),
        { findClient: 0, findIssuer: 0, authorizeGrant: 0, mintToken: 0 },
      ],
    ])('%s', async (_name, form, calls) => {
      const world = startWorld(express)
      await world.post(form())
      expect(world.calls).toMatchObject(calls)
    })
  })

  describe('authorizeGrant', () => {
    it('is told all that is proven, issuer and subject together (T-68)', async () => {
      let candidate: GrantCandidate | undefined
      const world = startWorld(express, {
        hooks: {
          authorizeGrant: (given) => {
            candidate = given
            return { subject: 'local' }
          },
        },
      })
      await world.post({ ...grantRequest(grant({ department: 'x' })), scope: 'read', resource: 'https://api.example/' })
      expect(candidate).toMatchObject({
        sub: 'alice',
        scope: 'read',
        resource: ['https://api.example/'],
        client: { client_id: 'jwt-client', level: 'authenticated' },
        issuer: { issuer: idp },
      })
      expect(candidate?.claims.department).toBe('x')
      expect(Object.getPrototypeOf(candidate?.claims)).toBeNull()
    })

    it.each<[name: string, decision: () => unknown, status: number, error: string, reason: string]>([
      ['null: no such subject', () => null, 400, 'invalid_grant', 'subject_unknown'],
      ['undefined: no such subject', () => undefined, 400, 'invalid_grant', 'subject_unknown'],
      ['a reason of its list', () => ({ refused: 'consent_missing' }), 400, 'invalid_grant', 'consent_missing'],
      ['another', () => ({ refused: 'subject_disabled' }), 400, 'invalid_grant', 'subject_disabled'],
      ['a reason of no list', () => ({ refused: 'whim' }), 500, 'server_error', 'hook_result_invalid'],
      ['no subject', () => ({}), 500, 'server_error', 'hook_result_invalid'],
      ['a subject that is no string', () => ({ subject: 7 }), 500, 'server_error', 'hook_result_invalid'],
      [
        'a throw',
        () => {
          throw new Error('x')
        },
        500,
        'server_error',
        'hook_error',
      ],
      [
        'an OAuthError',
        () => {
          throw new OAuthError('invalid_target', 'Not that one.')
        },
        400,
        'invalid_target',
        'hook_denied',
      ],
    ])('says %s, and the grant may be sent again', async (_name, decision, status, error, reason) => {
      let word = decision
      const world = startWorld(express, { hooks: { authorizeGrant: () => word() as never } })
      const [assertion, client] = [grant(), byJwt()]
      expect(await world.post(grantRequest(assertion, client))).toMatchObject({ status, body: { error } })
      expect(world.last().reason).toBe(reason)
      word = () => ({ subject: 'local' })
      expect(await world.post(grantRequest(assertion, client))).toMatchObject({ status: 200 })
    })

    it.each<[decision: unknown, cause: string]>([
      ['alice', 'authorizeGrant must return an object, undefined or null, not a string.'],
      [{}, 'authorizeGrant: subject must be a non-empty string, not undefined.'],
      [{ subject: 7 }, 'authorizeGrant: subject must be a non-empty string, not 7.'],
      [{ subject: 'local', scope: ['read'] }, 'authorizeGrant: scope must be a string, not ["read"].'],
      [
        { refused: 'unknown' },
        "authorizeGrant: refused must be one of 'subject_unknown', 'subject_disabled', 'consent_missing', not \"unknown\".",
      ],
    ])('T-57 that returns %j: the event says what it must return', async (decision, cause) => {
      const world = startWorld(express, { hooks: { authorizeGrant: () => decision as never } })
      expect((await world.post(grantRequest())).status).toBe(500)
      expect((world.last().cause as Error).message).toBe(cause)
      expect(world.last().detail).toEqual({ seen: cause, wanted: 'a GrantDecision' })
    })
  })

  describe('findIssuer', () => {
    it.each<[name: string, found: unknown, status: number, reason: string]>([
      ['gives null', null, 400, 'issuer_untrusted'],
      ['gives another issuer than was asked for', { ...issuers[openIdp] }, 400, 'issuer_untrusted'],
      ['gives a misspelt registration', { ...issuers[idp], scopes: 'read' }, 500, 'registration_invalid'],
      ['gives a value outside its list', { ...issuers[idp], client_authentication: 'maybe' }, 500, 'registration_invalid'],
      ['gives a string', 'x', 500, 'hook_result_invalid'],
      ['gives a number', 7, 500, 'hook_result_invalid'],
    ])('%s', async (_name, found, status, reason) => {
      const world = startWorld(express, { hooks: { findIssuer: () => found as never } })
      const response = await world.post(grantRequest())
      expect({ status: response.status, reason: world.last().reason }).toEqual({ status, reason })
    })
  })

  it('T-57 findIssuer that returns a string: the event says what it must return', async () => {
    const world = startWorld(express, { hooks: { findIssuer: () => 'x' as never } })
    await world.post(grantRequest())
    expect(world.last().detail).toEqual({ seen: 'findIssuer returned a string', wanted: 'a TrustedIssuer, undefined or null' })
  })

  describe('what the later steps and the event are told', () => {
    /** What the two hooks were told, and what the event of the request says. */
    async function outcome(claims: Record<string, unknown>, decision: object, over: Partial<TrustedIssuer> = {}) {
      const told: Parameters<Hooks['mintToken']>[0][] = []
      const candidates: GrantCandidate[] = []
      const world = startWorld(express, {
        hooks: {
          ...trust(over),
          authorizeGrant: (candidate) => {
            candidates.push(candidate)
            return { subject: 'local', ...decision }
          },
          mintToken: (granted) => {
            told.push(granted)
            return { access_token: 'a', token_type: 'Bearer' }
          },
        },
      })
      expect((await world.post(grantRequest(grant(claims)))).status).toBe(200)
      return { granted: told[0], candidate: candidates[0], event: world.last() }
    }

    it.each<[name: string, claims: Record<string, unknown>, decision: object, scope: string, notices: string[]]>([
      ['the whole scope on offer', {}, {}, 'read write', []],
      ['the scope that was asserted', { scope: 'write' }, {}, 'write', []],
      ['all of it, since the host names more', {}, { scope: 'write read admin' }, 'read write', []],
      ['less, since the host names less', {}, { scope: 'write' }, 'write', ['scope_narrowed']],
    ])('scope: %s', async (_name, claims, decision, scope, notices) => {
      const { granted, event } = await outcome(claims, decision)
      expect([granted?.scope, event.notices]).toEqual([scope, notices])
    })

    it('authorizeGrant is told the scope on offer', async () => {
      expect((await outcome({}, {})).candidate?.scope).toBe('read write')
    })

    it('no notice of a narrower scope if none was on offer', async () => {
      const findClient = () => ({ ...clients['jwt-client'], scope: undefined }) as never
      const world = startWorld(express, { hooks: { ...trust({ scope: undefined }), findClient } })
      expect((await world.post(grantRequest())).status).toBe(200)
      expect(world.last().notices).toEqual([])
    })

    it.each<[allowRefreshToken: unknown, isAllowed: boolean]>([
      [true, true],
      [false, false],
      [undefined, false],
      ['yes', false],
      [1, false],
    ])('a refresh token, if authorizeGrant says %j: %s', async (allowRefreshToken, isAllowed) => {
      expect((await outcome({}, { allowRefreshToken })).granted?.allowRefreshToken).toBe(isAllowed)
    })

    it('whether the issuer asserted the subject, or is the subject', async () => {
      expect((await outcome({}, {})).candidate?.subject_kind).toBe('asserted')
      expect((await outcome({ sub: undefined }, {}, { default_sub: 'iss' })).candidate?.subject_kind).toBe('issuer')
    })

    it('that a grant may be sent again', async () => {
      expect((await outcome({}, {}, { replay: 'reusable' })).event.notices).toEqual(['grant_reusable'])
    })

    it('how long each part took', async () => {
      const { timings } = (await outcome({}, {})).event
      expect(Object.keys(timings)).toEqual(expect.arrayContaining(['findIssuer', 'signature', 'authorizeGrant', 'verifyJwtGrant']))
      expect(Object.keys(timings)).not.toContain('')
    })

    it('another grant type is not touched', async () => {
      const world = startWorld(express)
      expect((await world.post(clientCredentials())).status).toBe(200)
      expect(world.calls).toMatchObject({ findIssuer: 0, authorizeGrant: 0, mintToken: 1 })
    })
  })

  describe('where it is mounted', () => {
    it('needs the hooks that it calls', () => {
      const { findIssuer, authorizeGrant } = hooks()
      const mount = (given: object) => () => verifyJwtGrant({ issuer, hooks: given as never })
      expect(mount({ authorizeGrant })).toThrow('verifyJwtGrant: option hooks.findIssuer is missing')
      expect(mount({ findIssuer })).toThrow('verifyJwtGrant: option hooks.authorizeGrant is missing')
      expect(mount({ findIssuer, authorizeGrant })().name).toBe('verifyJwtGrant')
    })

    it.each<[missing: 'request' | 'client', mount: (options: Options) => RequestHandler[]]>([
      ['request', (options) => [verifyJwtGrant(options)]],
      ['client', (options) => [parseTokenRequest(options), verifyJwtGrant(options)]],
    ])('needs req.tokenState.%s', async (missing, mount) => {
      const { step, cause } = await eventOf(express, mount)
      expect([step, String(cause)]).toEqual(['verifyJwtGrant', expect.stringContaining(`verifyJwtGrant needs req.tokenState.${missing}: `)])
    })
  })

  describe('AF-06 X-06 one-time use', () => {
    it.each<[name: string, issuer: Partial<TrustedIssuer>, claims: Record<string, unknown>, statuses: number[]]>([
      ['JG-09 by jti', {}, {}, [200, 400, 400]],
      ['JW-22 by what was signed, where there is no jti', {}, { jti: undefined }, [200, 400]],
      ['DI-13 reusable', { replay: 'reusable' }, {}, [200, 200]],
      ['IJ-11 by the client it names', { replay: 'same-client' }, { client_id: 'jwt-client' }, [200, 200]],
      ['IJ-11 once, if it names none', { replay: 'same-client' }, {}, [200, 400]],
    ])('%s', async (_name, over, claims, statuses) => {
      const world = startWorld(express, { hooks: trust(over) })
      const assertion = grant(claims)
      for (const status of statuses) expect((await world.post(grantRequest(assertion))).status).toBe(status)
      if (statuses.at(-1) === 400) expect(world.last().reason).toBe('jti_replayed')
    })

    it('T-47 one jti from two issuers is two grants', async () => {
      const jti = freshJti()
      expect(await world.post(grantRequest(grant({ jti })))).toMatchObject({ status: 200 })
      expect(await world.post(grantRequest(grant({ jti, iss: openIdp })))).toMatchObject({ status: 200 })
    })

    it('T-48 a bad copy does not use up the good one', async () => {
      const jti = freshJti()
      for (const bad of [grant({ jti }, { key: keys.other, header: { kid: 'idp-key' } }), grant({ jti, aud: 'x' })])
        expect((await world.post(grantRequest(bad))).status).toBe(400)
      expect((await world.post({ ...grantRequest(grant({ jti })), scope: 'admin' })).body.error).toBe('invalid_scope')
      expect((await world.post(grantRequest(grant({ jti })))).status).toBe(200)
    })

    it('JW-20 a replayed grant gives a fresh client assertion back', async () => {
      const [assertion, client] = [grant(), byJwt()]
      expect((await world.post(grantRequest(assertion))).status).toBe(200)
      expect((await world.post(grantRequest(assertion, client))).status).toBe(400)
      expect((await world.post(grantRequest(grant(), client))).status).toBe(200)
    })
  })

  it('JW-10 follows keys that the host changes in place', async () => {
    const jwks = { keys: [keys.idp.jwk] }
    const world = startWorld(express, { hooks: trust({ jwks }) })
    expect((await world.post(grantRequest())).status).toBe(200)
    jwks.keys.splice(0, 1, keys.other.jwk)
    expect((await world.post(grantRequest())).status).toBe(400)
    expect((await world.post({ grant_type: JWT_BEARER_GRANT, assertion: grant({}, { key: keys.other }), ...byJwt() })).status).toBe(200)
  })
})

describe.each(anyExpress)('shows what it saw of an issuer, on %s', (_, express) => {
  it.each<[name: string, issuer: object, reason: string, detail: object]>([
    [
      'that is over',
      { not_after: new Date(1000) },
      'issuer_disabled',
      { seen: { not_after: '1970-01-01T00:00:01.000Z' }, wanted: 'not_after in the future' },
    ],
    [
      'with a mistake',
      { maxLifetime: '60' },
      'registration_invalid',
      { seen: expect.stringContaining('TrustedIssuer.maxLifetime'), wanted: 'a TrustedIssuer without mistakes' },
    ],
  ])('%s', async (_name, over, reason, detail) => {
    const world = startWorld(express, { hooks: { findIssuer: () => ({ ...issuers[idp], ...over }) as never } })
    await world.post(grantRequest())
    expect(world.last()).toMatchObject({ reason, detail })
  })

  it.each<[kid: unknown, claimed: object]>([
    ['idp-key', { kid: 'idp-key' }],
    [undefined, {}],
    [7, {}],
  ])('and what it claims to be: kid %j', async (kid, claimed) => {
    const world = startWorld(express)
    await world.post(grantRequest(grant({ exp: 1 }, { header: { kid } }), { client_id: 'public-client' }))
    expect(world.last().claimed).toEqual({ grant_type: JWT_BEARER_GRANT, client_id: 'public-client', issuer: idp, ...claimed })
  })
})
