/** `metrics` with the SDK of OpenTelemetry, `auditLog` with pino. */
import { Writable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { pino } from 'pino'
import { auditLog, metrics, type TokenEndpointEvent } from '../../lib/index.js'
import { expresses } from '../support/express.js'
import { basic, byJwt, clientAssertion, clientCredentials, grant, grantRequest, keys, startWorld } from '../support/world.js'

interface Histogram {
  buckets: { boundaries: number[]; counts: number[] }
  sum?: number
  count: number
}

describe.each(expresses)('on %s', (_, express) => {
  /** Four requests: two are answered with tokens, two are refused. */
  async function serve(onEvent: (event: TokenEndpointEvent) => void) {
    const events: TokenEndpointEvent[] = []
    const world = startWorld(express, {
      options: {
        onEvent: (event) => {
          events.push(event)
          onEvent(event)
        },
      },
    })
    const statuses = []
    for (const form of [
      grantRequest(),
      grantRequest(grant({ iss: 'jwt-client' }, { key: keys.client }), {}),
      clientCredentials(byJwt(clientAssertion({ iss: 'evil"label', sub: 'evil"label' }))),
      { grant_type: 'evil', client_id: 'evil', scope: 'evil' },
    ])
      statuses.push((await world.post(form)).status)
    expect(statuses).toEqual([200, 200, 401, 400])
    return events
  }

  it('metrics with the OpenTelemetry SDK: names, units, seconds, and attributes of few values', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({ readers: [reader] })
    const events = await serve(metrics(provider.getMeter('token-endpoint')))
    await provider.forceFlush()
    const [{ scopeMetrics } = { scopeMetrics: [] }] = exporter.getMetrics()
    const found = scopeMetrics.flatMap(({ metrics: all }) => all)
    expect(found.map(({ descriptor: { name, unit } }) => [name, unit])).toEqual([
      ['oauth.token.requests', '{request}'],
      ['oauth.token.request.duration', 's'],
      ['oauth.token.part.duration', 's'],
    ])
    const [requests, durations, parts] = found.map(({ dataPoints }) => dataPoints)
    const attributes = [
      { 'oauth.outcome': 'issued', 'oauth.step': 'issueToken', 'oauth.client_auth_method': 'private_key_jwt' },
      { 'oauth.outcome': 'issued', 'oauth.step': 'issueToken', 'oauth.client_auth_method': 'jwt_bearer_grant' },
      { 'oauth.outcome': 'refused', 'oauth.step': 'authenticateClient', 'error.type': 'client_unknown' },
      { 'oauth.outcome': 'refused', 'oauth.step': 'parseTokenRequest', 'error.type': 'unsupported_grant_type' },
    ]
    expect(requests?.map(({ attributes: each, value }) => [each, value])).toEqual(attributes.map((each) => [each, 1]))
    expect(durations?.map(({ attributes: each }) => each)).toEqual(attributes)
    const histograms = durations?.map(({ value }) => value as Histogram) ?? []
    expect(histograms.map(({ sum, count }) => [sum, count])).toEqual(events.map(({ duration }) => [duration / 1000, 1]))
    // the buckets fit seconds: those of the SDK begin with 0, 5, 10
    for (const { buckets } of histograms) expect([buckets.boundaries[0], buckets.boundaries.at(-1)]).toEqual([0.0005, 10])
    expect(parts?.map(({ attributes: each }) => each['oauth.part']).sort()).toEqual([
      'authenticateClient',
      'authorizeGrant',
      'consume',
      'findClient',
      'findIssuer',
      'issueToken',
      'mintToken',
      'parseTokenRequest',
      'signature',
      'verifyJwtGrant',
    ])
    expect(JSON.stringify(found)).not.toContain('evil')
    await provider.shutdown()
  })

  it('auditLog with pino: one line of JSON for each request, at its level', async () => {
    let text = ''
    const logger = pino(
      { base: null, timestamp: false },
      new Writable({
        write(chunk, _encoding, done) {
          text += chunk
          done()
        },
      }),
    )
    const events = await serve(auditLog(logger))
    const lines = text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: 30, msg: 'token request issued', ...JSON.parse(JSON.stringify(events[0])) },
      { level: 30, msg: 'token request issued', ...JSON.parse(JSON.stringify(events[1])) },
      { level: 40, msg: 'token request refused: client_unknown', ...JSON.parse(JSON.stringify(events[2])) },
      { level: 40, msg: 'token request refused: unsupported_grant_type', ...JSON.parse(JSON.stringify(events[3])) },
    ])
    expect(lines[0]).toContain('"client_id":"jwt-client"')
  })

  it('T-64 pino writes the name and message of what a hook threw, and no secret and no stack', async () => {
    let text = ''
    const logger = pino(
      new Writable({
        write(chunk, _encoding, done) {
          text += chunk
          done()
        },
      }),
    )
    const world = startWorld(express, {
      options: { onEvent: auditLog(logger) },
      hooks: {
        findClient: () => {
          throw new RangeError('the database refused password=hunter2 of app')
        },
      },
    })
    expect((await world.post(clientCredentials({}), { authorization: basic('basic-client', 'hunter2') })).status).toBe(500)
    expect(text).toContain('"level":50')
    expect(text).toContain('token request failed: hook_error')
    expect(JSON.parse(text)).toMatchObject({
      cause: { name: 'RangeError', message: 'the database refused password=... of app' },
      detail: { seen: 'findClient threw RangeError', wanted: 'a result of findClient' },
    })
    expect(Object.keys(JSON.parse(text).cause)).toEqual(['name', 'message'])
    expect(text).not.toMatch(/hunter2|observability-real/)
  })
})
