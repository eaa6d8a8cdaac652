import { describe, expect, it } from '@jest/globals'
import type { TokenEndpointEvent } from '../lib/index.js'
import { expresses } from './support/express.js'
import { basic, byJwt, clientAssertion, clientCredentials, grant, grantRequest, idp, startWorld } from './support/world.js'

describe.each(expresses)('onEvent on %s', (_, express) => {
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
        scope: 'read',
        replay_keys: [expect.stringMatching(/^[\w-]{8}$/), expect.stringMatching(/^[\w-]{8}$/)],
        claimed: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client_id: 'jwt-client', issuer: idp },
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

  it('T-64 gets what the sender claims printable and cut, under `claimed` only', async () => {
    const world = startWorld(express)
    const nasty = `x\u001b[31m\r\nlevel=info é ${'y'.repeat(900)}`
    await world.post(clientCredentials(byJwt(clientAssertion({ iss: nasty, sub: nasty }))))
    const { claimed, ...rest } = world.last()
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
    const world = startWorld(express, { hooks: { onEvent: onEvent as never } })
    expect((await world.post(grantRequest())).status).toBe(200)
    expect((await world.post(grantRequest('x'))).status).toBe(400)
  })
})
