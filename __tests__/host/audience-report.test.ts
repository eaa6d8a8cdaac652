import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import {
  type AudienceReport,
  audienceReport,
  type Client,
  ConfigurationError,
  type Options,
  type TokenEndpointEvent,
  type TrustedIssuer,
} from '../../lib/index.js'
import { anyExpress, type ExpressFactory, expresses } from '../support/express.js'
import { now } from '../support/jwt.js'
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
  startWorld,
  tokenEndpointUrl,
} from '../support/world.js'

type Aud = string | string[]

const registered = 'https://registered.example'
const both: Partial<Options> = { clientAssertions: { audience: 'issuer-or-token-endpoint' } }
const workload: Client = {
  client_id: 'workload',
  token_endpoint_auth_method: 'private_key_jwt',
  federated_credentials: [{ issuer: idp, subject: 'job', audience: registered, jwks: { keys: [keys.idp.jwk] } }],
  grant_types: ['client_credentials'],
  scope: 'read',
}
const wide: TrustedIssuer = { ...issuers[idp], audience: [issuer, tokenEndpointUrl, registered] }

/** An endpoint that reports, and every event of it. */
function reporting(express: ExpressFactory, report: AudienceReport, over: Parameters<typeof startWorld>[1] = {}) {
  const events: TokenEndpointEvent[] = []
  const onEvent = (event: TokenEndpointEvent) => {
    events.push(event)
    report(event)
  }
  const world = startWorld(express, {
    ...over,
    options: { ...both, ...over.options, onEvent },
    hooks: {
      findClient: (id) => (id === 'workload' ? workload : clients[id as 'jwt-client']),
      findIssuer: (iss) => (iss === idp ? wide : issuers[iss as typeof idp]),
      ...over.hooks,
    },
  })
  return { ...world, last: () => events.at(-1) as TokenEndpointEvent, events }
}
const reportOf = (mostSigners?: number) => audienceReport({ issuer, tokenEndpointUrl, ...(mostSigners !== undefined && { mostSigners }) })
const none = { issuer: 0, token_endpoint: 0, other: 0, list: 0 }
const nobody = { clients: {}, issuers: {}, rest: { clients: none, issuers: none } }
const byAud = (aud: Aud) => clientCredentials(byJwt(clientAssertion({ aud })))

describe.each(anyExpress)('audienceReport, and the audience in events, on %s', (_, express) => {
  it.each<[aud: Aud, counts: Partial<typeof none>]>([
    [issuer, { issuer: 1 }],
    [[issuer], { issuer: 1, list: 1 }],
    [tokenEndpointUrl, { token_endpoint: 1 }],
    [[tokenEndpointUrl], { token_endpoint: 1, list: 1 }],
  ])('BI-11 counts the aud %j of a client assertion by client, and of a grant by issuer', async (aud, counts) => {
    const report = reportOf()
    const { post, last } = reporting(express, report)
    expect((await post(byAud(aud))).status).toBe(200)
    expect(last().audience).toEqual({ client_assertion: aud })
    const { since: _, ...afterClient } = report.snapshot()
    expect(afterClient).toEqual({ ...nobody, clients: { 'jwt-client': { ...none, ...counts } } })

    expect((await post(grantRequest(grant({ aud }), byJwt(clientAssertion({ aud: issuer }))))).status).toBe(200)
    expect(last().audience).toEqual({ client_assertion: issuer, assertion: aud })
    expect(report.snapshot().issuers).toEqual({ [idp]: { ...none, ...counts } })
    expect(report.snapshot().clients['jwt-client']?.issuer).toBe((counts.issuer ?? 0) + 1)
  })

  it('BI-11 counts what a registration names as other: it stays allowed if the endpoint turns strict', async () => {
    const report = reportOf()
    const { post, last } = reporting(express, report)
    const token = grant({ sub: 'job', aud: registered })
    expect((await post(clientCredentials({ client_id: 'workload', ...byJwt(token) }))).status).toBe(200)
    expect(last().audience).toEqual({ client_assertion: registered })
    expect((await post(grantRequest(grant({ aud: registered })))).status).toBe(200)
    expect(report.snapshot()).toMatchObject({ clients: { workload: { ...none, other: 1 } }, issuers: { [idp]: { ...none, other: 1 } } })
  })

  it('BI-11 says who breaks: those with a token endpoint URL are refused by a strict endpoint, the others are not', async () => {
    const report = reportOf()
    const { post } = reporting(express, report)
    const other = (aud: Aud) => clientCredentials(byJwt(clientAssertion({ iss: 'other-client', aud }, { key: keys.other })))
    for (const form of [byAud(issuer), byAud([issuer]), other(tokenEndpointUrl)]) await post(form)
    const breaks = Object.entries(report.snapshot().clients).filter(([, { token_endpoint }]) => token_endpoint > 0)
    expect(breaks.map(([client_id]) => client_id)).toEqual(['other-client'])

    const strict = reporting(express, reportOf(), { options: { clientAssertions: { audience: 'issuer' } } })
    const statuses = []
    for (const form of [byAud(issuer), byAud([issuer]), other(tokenEndpointUrl)]) statuses.push((await strict.post(form)).status)
    expect(statuses).toEqual([200, 200, 401])
  })

  it('a grant that authenticates its client is counted as a grant, and one without a client, too', async () => {
    const report = reportOf()
    const { post, last } = reporting(express, report)
    await post(grantRequest(grant({ iss: 'jwt-client', aud: tokenEndpointUrl }, { key: keys.client }), {}))
    await post(grantRequest(grant({ iss: 'https://open-idp.example.org' }), {}))
    expect(last()).toMatchObject({ client_level: 'anonymous', audience: { assertion: issuer } })
    const { since: _, ...counts } = report.snapshot()
    expect(counts).toEqual({
      ...nobody,
      issuers: { 'jwt-client': { ...none, token_endpoint: 1 }, 'https://open-idp.example.org': { ...none, issuer: 1 } },
    })
  })

  it('only what is proven: not a secret, and no JWT that was refused, whatever it claims', async () => {
    const report = reportOf()
    const { post, events } = reporting(express, report, { options: { clientAssertions: { ...both.clientAssertions, mode: 'observe' } } })
    const forged = { key: keys.other, header: { kid: 'client-key' } }
    const once = clientAssertion()
    const [first, ...refused] = [
      clientCredentials(byJwt(once)),
      clientCredentials(byJwt(once)),
      clientCredentials(byJwt(clientAssertion({}, forged))),
      clientCredentials(byJwt(clientAssertion({ iss: 'nobody' }))),
      clientCredentials(byJwt(clientAssertion({ exp: now() - 60, iat: now() - 120 }))),
      clientCredentials(byJwt(clientAssertion({ aud: [issuer, tokenEndpointUrl] }))),
      clientCredentials(byJwt(clientAssertion({ aud: 'https://other.example' }))),
      grantRequest(grant({}, { key: keys.other, header: { kid: 'idp-key' } }), {}),
      grantRequest(grant({ iss: 'nobody' }), {}),
      'nonsense',
    ]
    expect((await post(first as Record<string, string>)).status).toBe(200)
    for (const form of refused) {
      expect((await post(form)).status).toBeGreaterThanOrEqual(400)
      expect(events.at(-1)).not.toHaveProperty('audience')
    }
    const secret = { authorization: basic('basic-client', 'basic-secret') }
    expect((await post({ grant_type: 'client_credentials' }, secret)).status).toBe(200)
    expect((await post(clientCredentials(), secret)).status).toBe(200) // observed: the secret decided
    expect(events.at(-1)).not.toHaveProperty('audience')
    const { since: _, ...counts } = report.snapshot()
    expect(counts).toEqual({ ...nobody, clients: { 'jwt-client': { ...none, issuer: 1 } } })
  })

  it('a client assertion counts also if its request is refused later, a grant does not: the host never allowed it', async () => {
    const report = reportOf()
    const { post } = reporting(express, report, { hooks: { authorizeGrant: () => ({ refused: 'subject_unknown' }) } })
    expect((await post(grantRequest())).status).toBe(400)
    const { since: _, ...counts } = report.snapshot()
    expect(counts).toEqual({ ...nobody, clients: { 'jwt-client': { ...none, issuer: 1 } } })
  })

  it('BI-11 keeps counts for as many clients and issuers as it was told, and counts the rest together', async () => {
    const report = reportOf(2)
    const named = (name: string): Client => ({ ...clients['jwt-client'], client_id: name })
    const { post } = reporting(express, report, {
      hooks: {
        findClient: (id) => named(id),
        findIssuer: (iss) => ({ ...wide, issuer: iss }),
      },
    })
    for (const name of ['one', 'two', 'three', 'four', 'one']) {
      const client = byJwt(clientAssertion({ iss: name, aud: tokenEndpointUrl }))
      expect((await post(grantRequest(grant({ iss: `https://${name}.example` }), client))).status).toBe(200)
    }
    const { since: _, ...counts } = report.snapshot()
    expect(counts).toEqual({
      clients: { one: { ...none, token_endpoint: 2 }, two: { ...none, token_endpoint: 1 } },
      issuers: { 'https://one.example': { ...none, issuer: 2 }, 'https://two.example': { ...none, issuer: 1 } },
      rest: { clients: { ...none, token_endpoint: 2 }, issuers: { ...none, issuer: 2 } },
    })
  })

  it('a snapshot is plain data of its own, and clear begins anew', async () => {
    const report = reportOf()
    const { post } = reporting(express, report, { hooks: { findClient: (id) => ({ ...clients['jwt-client'], client_id: id }) } })
    await post(clientCredentials(byJwt(clientAssertion({ iss: '__proto__' }))))
    const snapshot = report.snapshot()
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
    expect(Object.entries(snapshot.clients)).toEqual([['__proto__', { ...none, issuer: 1 }]])
    for (const counts of [...Object.values(snapshot.clients), snapshot.rest.clients, snapshot.rest.issuers]) counts.issuer = 99
    expect(Object.values(report.snapshot().clients)).toEqual([{ ...none, issuer: 1 }])
    expect(report.snapshot().rest).toEqual({ clients: none, issuers: none })
    expect(snapshot.since).toBeGreaterThan(Date.now() / 1000 - 60)
    expect(report.snapshot().since).toBe(snapshot.since)
    await sleep(2)
    report.clear()
    const { since, ...counts } = report.snapshot()
    expect(counts).toEqual(nobody)
    expect(since).toBeGreaterThan(snapshot.since)
  })
})

describe.each(expresses)('audienceReport on %s', (_, express) => {
  it('counts the clients of a handler that answers itself', async () => {
    const report = reportOf()
    const { post, events } = reporting(express, report, {
      options: { fallthrough: true },
      after: [(_req, res) => void res.json({ by: 'handler' })],
    })
    const { body } = await post({ grant_type: 'authorization_code', code: 'x', ...byJwt(clientAssertion({ aud: tokenEndpointUrl })) })
    expect(body).toEqual({ by: 'handler' })
    while (events.length === 0) await sleep(5)
    expect(report.snapshot().clients).toEqual({ 'jwt-client': { ...none, token_endpoint: 1 } })
  })
})

describe('the options of audienceReport', () => {
  const event = (client_assertion: Aud) => ({ client_id: 'c', audience: { client_assertion } }) as unknown as TokenEndpointEvent

  it('each URL of the token endpoint is one', () => {
    const urls = ['https://a.example/token', 'https://b.example/token']
    const report = audienceReport({ issuer, tokenEndpointUrl: urls })
    for (const aud of [...urls, 'https://c.example/token']) report(event(aud))
    expect(report.snapshot().clients).toEqual({ c: { ...none, token_endpoint: 2, other: 1 } })
  })

  it('without a URL there is none', () => {
    const report = audienceReport({ issuer })
    for (const aud of [issuer, tokenEndpointUrl]) report(event(aud))
    expect(report.snapshot().clients).toEqual({ c: { ...none, issuer: 1, other: 1 } })
  })

  it('by default there are counts of 1000 clients', () => {
    const report = audienceReport({ issuer })
    for (let at = 0; at < 1001; at += 1) report({ ...event(issuer), client_id: `c${at}` })
    const { clients: counted, rest } = report.snapshot()
    expect([Object.keys(counted).length, rest.clients.issuer]).toEqual([1000, 1])
  })

  it.each<[options: unknown, message: string]>([
    [undefined, 'audienceReport: options must be an object, not undefined.'],
    [{}, 'audienceReport: option issuer must be a non-empty string, not undefined.'],
    [{ issuer: '' }, 'audienceReport: option issuer must be a non-empty string, not "".'],
    [{ issuer, tokenEndpointUrl: 1 }, 'audienceReport: option tokenEndpointUrl must be a string or a list of strings, not 1.'],
    [{ issuer, mostSigners: 0 }, 'audienceReport: option mostSigners must be a whole number above 0, not 0.'],
    [{ issuer, most: 5 }, 'audienceReport: option most does not exist: it must be one of issuer, tokenEndpointUrl, mostSigners.'],
  ])('%j: %s', (options, message) => {
    expect(() => audienceReport(options as never)).toThrow(new ConfigurationError(message))
  })
})
