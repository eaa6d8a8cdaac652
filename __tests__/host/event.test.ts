import { describe, expect, it } from '@jest/globals'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { AssertionReason } from '../../lib/host/errors.js'
import { CLIENT_CREDENTIALS, JWT_BEARER_GRANT, type TokenEndpointEvent } from '../../lib/index.js'
import { checksBeforeLookup } from '../../lib/rules/jwt-checks.js'
import { anyExpress } from '../support/express.js'
import { now } from '../support/jwt.js'
import { basic, byJwt, clientAssertion, clientCredentials, grant, grantRequest, idp, startWorld } from '../support/world.js'

/** A JWT that fails a check before any look-up: what is changed in it. */
type Flaw = readonly [reason: AssertionReason, claims: Record<string, unknown>, header?: Record<string, unknown>]
const flaws: Flaw[] = [
  ['header_too_large', {}, { x: 'x'.repeat(2048) }],
  ['alg_not_allowed', {}, { alg: 'none' }],
  ['typ_not_allowed', {}, { typ: ['jwt'] }],
  ['header_not_allowed', {}, { crit: ['x'] }],
  ['kid_malformed', {}, { kid: '' }],
  ['claim_missing', { exp: undefined }],
  ['claim_missing', { iss: undefined }],
  ['claim_malformed', { exp: 'tomorrow' }],
  ['claim_malformed', { iss: 7 }],
  ['claim_malformed', { sub: ['x'] }],
  ['claim_malformed', { iss: null, sub: {} }],
  ['claim_malformed', { aud: [] }],
  ['claim_too_large', { jti: 'j'.repeat(257) }],
  ['claim_too_large', { iss: 'i'.repeat(1025), sub: 's'.repeat(1025) }],
  ['exp_in_ms', { exp: Date.now() + 60_000 }],
  ['expired', { exp: now() - 60, iat: now() - 120 }],
  ['not_yet_valid', { nbf: now() + 60 }],
  ['iat_future', { iat: now() + 60 }],
]
const onlyOfClients: Flaw[] = [['aud_mismatch', { aud: 'https://other.example' }]]
/** The name of the key, as the header says, if it is text. */
const kidOf = (jwt: string) => {
  const { kid } = decodeProtectedHeader(jwt)
  return typeof kid === 'string' ? { kid } : {}
}
const asString = (...values: unknown[]) => (values.find((value) => typeof value === 'string') as string | undefined)?.slice(0, 256)

describe.each(anyExpress)('onEvent on %s', (_, express) => {
  describe('names the unverified sender of a JWT that fails before any look-up', () => {
    const world = startWorld(express)
    const uses = [...flaws, ...onlyOfClients].map((flaw) => [flaw[0], JSON.stringify(flaw.slice(1)).slice(0, 60), flaw] as const)

    it('is tried for every such check', () => {
      expect([...new Set(uses.map(([reason]) => reason))]).toEqual([...new Set(checksBeforeLookup.map(({ reason }) => reason))])
    })

    it.each(uses)(
      '%s %s: a client assertion, by sub or else iss, unless client_id is sent',
      async (reason, _what, [, claims, header = {}]) => {
        const jwt = clientAssertion({ ...claims }, { header })
        const { iss, sub } = decodeJwt(jwt)
        for (const [named, client_id] of [
          [{}, asString(sub, iss)],
          [{ client_id: 'named' }, 'named'],
        ] as [Record<string, string>, string | undefined][]) {
          expect((await world.post(clientCredentials({ ...byJwt(jwt), ...named }))).status).toBe(401)
          expect(world.last()).toMatchObject({ reason, step: 'authenticateClient' })
          expect(world.last().claimed).toEqual({ grant_type: CLIENT_CREDENTIALS, client_id, ...kidOf(jwt) })
        }
      },
    )

    it.each(uses.slice(0, flaws.length))('%s %s: a grant, by iss', async (reason, _what, [, claims, header = {}]) => {
      const jwt = grant(claims, { header })
      expect((await world.post(grantRequest(jwt))).status).toBe(400)
      expect(world.last()).toMatchObject({ reason, step: 'verifyJwtGrant' })
      const issuer = asString(decodeJwt(jwt).iss)
      expect(world.last().claimed).toEqual({ grant_type: JWT_BEARER_GRANT, client_id: 'jwt-client', issuer, ...kidOf(jwt) })
      await world.post(grantRequest(jwt, {}))
      expect(world.last().claimed).toEqual({ grant_type: JWT_BEARER_GRANT, issuer, ...kidOf(jwt) })
    })

    it.each<[reason: AssertionReason, payload: string]>([
      ['jwt_malformed', '{"iss":"a","sub":"a"'],
      ['duplicate_member', '{"iss":"a","iss":"b","sub":"a"}'],
    ])('%s: none, for what cannot be decoded', async (reason, payload) => {
      const [header, , signature] = grant().split('.')
      const jwt = [header, Buffer.from(payload).toString('base64url'), signature].join('.')
      await world.post(clientCredentials(byJwt(jwt)))
      expect(world.last()).toMatchObject({ reason, claimed: { grant_type: CLIENT_CREDENTIALS } })
      expect(world.last().claimed.client_id).toBeUndefined()
      await world.post(grantRequest(jwt, {}))
      expect(world.last()).toMatchObject({ reason, claimed: { grant_type: JWT_BEARER_GRANT } })
      expect(world.last().claimed.issuer).toBeUndefined()
    })

    it('T-64 printable and cut, also then', async () => {
      const nasty = `x\u001b[31m\r\nlevel=info é ${'y'.repeat(900)}`
      await world.post(grantRequest(grant({ iss: nasty, exp: now() - 60, iat: now() - 120 }), {}))
      expect(world.last().claimed.issuer).toMatch(/^x\?\[31m\?\?level=info \? y{235}$/)
      await world.post(clientCredentials(byJwt(clientAssertion({ iss: nasty, sub: nasty, exp: now() - 60, iat: now() - 120 }))))
      expect(world.last().claimed.client_id).toMatch(/^x\?\[31m\?\?level=info \? y{235}$/)
    })
  })

  it('gets one event for each request, with what was verified', async () => {
    const world = startWorld(express)
    await world.post({ ...grantRequest(), scope: 'read' })
    expect(world.events).toEqual([
      {
        outcome: 'issued',
        status: 200,
        step: 'issueToken',
        client_id: 'jwt-client',
        client_level: 'authenticated',
        client_auth_method: 'private_key_jwt',
        issuer: idp,
        subject_hash: expect.stringMatching(/^[\w-]{16}$/),
        audience: { client_assertion: 'https://as.example.com', assertion: 'https://as.example.com' },
        scope: 'read',
        replay_keys: [expect.stringMatching(/^[\w-]{8}$/), expect.stringMatching(/^[\w-]{8}$/)],
        claimed: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client_id: 'jwt-client', issuer: idp, kid: 'idp-key' },
        request_id: expect.stringMatching(/^[\w-]{36}$/),
        notices: [],
        duration: expect.any(Number),
        timings: Object.fromEntries(
          [
            ...['parseTokenRequest', 'authenticateClient', 'verifyJwtGrant', 'issueToken'],
            ...['findClient', 'findIssuer', 'authorizeGrant', 'mintToken', 'consume', 'signature'],
          ].map((part) => [part, expect.any(Number)]),
        ),
      },
    ])
  })

  it('tells the subjects of two issuers apart, and one subject of one issuer not', async () => {
    const world = startWorld(express)
    for (const claims of [{}, {}, { sub: 'bob' }, { iss: 'https://open-idp.example.org' }]) await world.post(grantRequest(grant(claims)))
    const [first, same, ...others] = world.events.map(({ subject_hash }) => subject_hash)
    expect(same).toBe(first)
    expect(new Set([first, ...others]).size).toBe(3)
  })

  it('T-64 gets what the sender claims printable and cut, under `claimed` and `detail` only', async () => {
    const world = startWorld(express)
    const nasty = `x\u001b[31m\r\nlevel=info é ${'y'.repeat(900)}`
    await world.post(clientCredentials(byJwt(clientAssertion({ iss: nasty, sub: nasty }))))
    const { claimed, detail, ...rest } = world.last()
    expect(detail?.seen).toBe(claimed.client_id)
    expect(claimed.client_id).toMatch(/^x\?\[31m\?\?level=info \? y{1,250}$/)
    expect(claimed.client_id).toHaveLength(256)
    expect(JSON.stringify(rest)).not.toContain('level=info')
  })

  it('T-64 never gets a token, an assertion, a secret or the text of a hook', async () => {
    const canary = 'hunter2'
    const world = startWorld(express, {
      hooks: {
        mintToken: ({ subject }) => ({ access_token: `${canary}-token-${subject}`, token_type: 'Bearer', refresh_token: canary }),
        authorizeGrant: ({ sub }) => {
          if (sub === 'boom') throw new Error(canary)
          return { subject: sub, allowRefreshToken: true }
        },
      },
    })
    const [assertion, client] = [grant({ note: canary }), byJwt()]
    await world.post(grantRequest(assertion, client))
    await world.post(grantRequest(grant({ sub: 'boom' })))
    await world.post(clientCredentials({ client_id: 'post-client', client_secret: canary }))
    await world.post(clientCredentials({}), { authorization: basic('basic-client', canary) })
    await world.post({ ...grantRequest(`${canary}.${canary}.${canary}`), code: canary, password: canary })
    const text = JSON.stringify(world.events)
    expect(world.events).toHaveLength(5)
    for (const secret of [canary, assertion, client.client_assertion, assertion.split('.')[2] as string]) expect(text).not.toContain(secret)
  })

  it('has what a hook threw in `cause`, for a debugger', async () => {
    const thrown = new Error('the database is away')
    const world = startWorld(express, { hooks: { findClient: () => Promise.reject(thrown) } })
    await world.post(clientCredentials())
    expect(world.last()).toMatchObject({ outcome: 'failed', status: 500, reason: 'hook_error', error: 'server_error' })
    expect(world.last().cause).toBe(thrown)
    expect(Object.keys(world.last())).not.toContain('cause')
  })

  it.each<[name: string, onEvent: (event: TokenEndpointEvent) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('x')
      },
    ],
    ['rejects', () => Promise.reject(new Error('x'))],
  ])('T-59 %s, and nothing changes', async (_name, onEvent) => {
    const world = startWorld(express, { options: { onEvent } })
    expect((await world.post(grantRequest())).status).toBe(200)
    expect((await world.post(grantRequest('x'))).status).toBe(400)
  })
})
