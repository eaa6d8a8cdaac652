import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { auditLog, metrics } from '../../lib/host/observability.js'
import type { TokenEndpointEvent } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { now } from '../support/jwt.js'
import { basic, byJwt, clientAssertion, clientCredentials, grant, grantRequest, keys, startWorld } from '../support/world.js'

type Level = 'info' | 'warn' | 'error'

/** A logger in the shape of pino, which keeps its lines as it would write them. */
function lineLogger() {
  const lines: { level: Level; msg: string; line: string }[] = []
  const write = (level: Level) => (fields: object, msg: string) => {
    // pino writes an Error under `err` with message and stack, and everything else as JSON
    const { err } = fields as { err?: Error }
    lines.push({ level, msg, line: JSON.stringify({ level, ...fields, ...(err && { err: `${err.message} ${err.stack}` }), msg }) })
  }
  return { lines, info: write('info'), warn: write('warn'), error: write('error') }
}

/** A meter in the shape of OpenTelemetry's. */
function stubMeter() {
  const instruments: Record<string, { options: unknown; points: [value: number, attributes: Record<string, string> | undefined][] }> = {}
  const create = (name: string, options: unknown) => {
    const points: [number, Record<string, string> | undefined][] = []
    instruments[name] = { options, points }
    return (value: number, attributes?: Record<string, string>) => void points.push([value, attributes])
  }
  return {
    instruments,
    createCounter: (name: string, options?: object) => ({ add: create(name, options) }),
    createHistogram: (name: string, options?: object) => ({ record: create(name, options) }),
  }
}

const event = (over: Partial<TokenEndpointEvent>): TokenEndpointEvent => ({
  outcome: 'issued',
  status: 200,
  request_id: 'one',
  step: 'issueToken',
  claimed: {},
  notices: [],
  duration: 12.5,
  timings: {},
  ...over,
})

describe('auditLog', () => {
  it.each<[over: Partial<TokenEndpointEvent>, level: Level, message: string]>([
    [{ outcome: 'issued' }, 'info', 'token request issued'],
    [{ outcome: 'handed_on' }, 'info', 'token request handed_on'],
    [{ outcome: 'aborted', reason: 'client_gone' }, 'info', 'token request aborted: client_gone'],
    [{ outcome: 'refused', reason: 'jti_replayed' }, 'warn', 'token request refused: jti_replayed'],
    [{ outcome: 'failed', reason: 'hook_error' }, 'error', 'token request failed: hook_error'],
  ])('writes one line: %j at %s', (over, level, message) => {
    const logger = lineLogger()
    auditLog(logger)(event(over))
    expect(logger.lines).toEqual([{ level, msg: message, line: JSON.stringify({ level, ...event(over), msg: message }) }])
  })

  it('calls the logger as a method, as pino wants it', () => {
    const seen: unknown[] = []
    const logger = {
      info(this: unknown) {
        seen.push(this)
      },
      warn() {},
      error() {},
    }
    auditLog(logger)(event({}))
    expect(seen).toEqual([logger])
  })
})

describe.each(anyExpress)('auditLog and metrics at the token endpoint on %s', (_, express) => {
  it('T-64 no secret, no assertion and no token in any line', async () => {
    const canary = 'hunter2'
    const logger = lineLogger()
    const world = startWorld(express, {
      options: { fallthrough: true, clientAssertions: { mode: 'observe' }, onEvent: auditLog(logger) },
      hooks: {
        mintToken: () => ({ access_token: `${canary}-token`, token_type: 'Bearer', refresh_token: `${canary}-refresh` }),
        authorizeGrant: ({ sub }) => {
          if (sub === 'boom') throw new Error(`password=${canary}`)
          return { subject: sub, allowRefreshToken: true, context: canary }
        },
      },
      after: [(_req, res) => void res.json({ canary })],
    })
    const post = (secret: string) => ({ client_id: 'post-client', client_secret: secret })
    const assertions = {
      issued: grant({ note: canary }),
      implicit: grant({ iss: 'jwt-client', note: canary }, { key: keys.client }),
      failed: grant({ sub: 'boom' }),
      client: clientAssertion({ note: canary }),
      observed: clientAssertion({ note: canary }),
      refused: clientAssertion({ exp: now() - 60, iat: now() - 120 }),
      host: clientAssertion(),
    }
    const sent: [form: Record<string, string>, headers: Record<string, string>, level: Level][] = [
      [grantRequest(assertions.issued, byJwt(assertions.client)), {}, 'info'],
      [grantRequest(assertions.issued, byJwt()), {}, 'warn'],
      [grantRequest(assertions.implicit, {}), {}, 'info'],
      [grantRequest(assertions.failed), {}, 'error'],
      [grantRequest(`${canary}.${canary}.${canary}`), {}, 'warn'],
      [clientCredentials(byJwt(assertions.refused)), {}, 'warn'],
      [clientCredentials(byJwt(`${canary}`)), {}, 'warn'],
      [grantRequest(grant(), post('post-secret')), {}, 'info'],
      [grantRequest(grant(), post(canary)), {}, 'warn'],
      [grantRequest(grant(), {}), { authorization: basic('basic-client', canary) }, 'warn'],
      [grantRequest(grant(), byJwt(assertions.observed)), { authorization: basic('basic-client', 'basic-secret') }, 'info'],
      [{ grant_type: 'authorization_code', code: canary, code_verifier: canary, password: canary, ...byJwt(assertions.host) }, {}, 'info'],
    ]
    for (const [form, headers] of sent) await world.post(form, headers)
    while (logger.lines.length < sent.length) await sleep(5)
    expect(logger.lines.map(({ level }) => level)).toEqual(sent.map(([, , level]) => level))

    const text = logger.lines.map(({ line }) => line).join('\n')
    const secrets = [canary, 'basic-secret', 'post-secret', ...Object.values(assertions)]
    for (const secret of secrets.flatMap((each) => [each, ...each.split('.').filter((part) => part.length > 20), encodeURIComponent(each)]))
      expect(text).not.toContain(secret)
    for (const pair of [`basic-client:${canary}`, 'basic-client:basic-secret'])
      expect(text).not.toContain(Buffer.from(pair).toString('base64'))
    expect(text).toContain('"client_id":"jwt-client"') // and yet they say something
  })

  it('counts and times each request by few values, none of them the sender’s', async () => {
    const meter = stubMeter()
    const record = metrics(meter)
    const world = startWorld(express, {
      options: {
        onEvent: (event) => {
          world.events.push(event)
          record(event)
        },
      },
    })
    expect(Object.keys(meter.instruments)).toEqual(['oauth.token.requests', 'oauth.token.request.duration', 'oauth.token.part.duration']) // before the first request
    await world.post(grantRequest())
    await world.post(grantRequest(grant({ iss: 'jwt-client' }, { key: keys.client }), {}))
    await world.post(clientCredentials(byJwt(clientAssertion({ iss: 'evil"label', sub: 'evil"label' }))))
    await world.post({ grant_type: 'evil', client_id: 'evil', scope: 'evil' })
    const attributes = [
      { 'oauth.outcome': 'issued', 'oauth.step': 'issueToken', 'oauth.client_auth_method': 'private_key_jwt' },
      { 'oauth.outcome': 'issued', 'oauth.step': 'issueToken', 'oauth.client_auth_method': 'jwt_bearer_grant' },
      { 'oauth.outcome': 'refused', 'oauth.step': 'authenticateClient', 'error.type': 'client_unknown' },
      { 'oauth.outcome': 'refused', 'oauth.step': 'parseTokenRequest', 'error.type': 'unsupported_grant_type' },
    ]
    const {
      'oauth.token.requests': requests,
      'oauth.token.request.duration': duration,
      'oauth.token.part.duration': parts,
    } = meter.instruments
    expect(requests?.points).toEqual(attributes.map((each) => [1, each]))
    expect(duration?.points).toEqual(attributes.map((each) => [expect.any(Number), each]))
    expect(duration?.options).toMatchObject({ unit: 's' })
    expect(duration?.points.map(([seconds]) => seconds)).toEqual(world.events.map((each) => each.duration / 1000))
    const steps = ['parseTokenRequest', 'authenticateClient', 'verifyJwtGrant', 'issueToken']
    const named = parts?.points.map(([, attributes]) => attributes?.['oauth.part']) ?? []
    expect([...new Set(named)].sort()).toEqual(
      [...steps, 'authorizeGrant', 'consume', 'findClient', 'findIssuer', 'mintToken', 'signature'].sort(),
    )
  })

  it('gives times in seconds, and no attribute without a value', () => {
    const meter = stubMeter()
    metrics(meter)(event({ duration: 12.5, timings: { findClient: 250 } }))
    expect(meter.instruments['oauth.token.request.duration']?.points).toStrictEqual([
      [0.0125, { 'oauth.outcome': 'issued', 'oauth.step': 'issueToken' }],
    ])
    expect(meter.instruments['oauth.token.part.duration']?.points).toStrictEqual([[0.25, { 'oauth.part': 'findClient' }]])
  })

  it('says of a request that the host answered which secret it carried', () => {
    const meter = stubMeter()
    const record = metrics(meter)
    const claimed = { client_id: 'evil', client_auth_method: 'client_secret_post' } as const
    record(event({ outcome: 'handed_on', step: 'parseTokenRequest', claimed }))
    record(event({ outcome: 'refused', step: 'parseTokenRequest', reason: 'duplicate_parameter', claimed }))
    expect(meter.instruments['oauth.token.requests']?.points).toEqual([
      [1, { 'oauth.outcome': 'handed_on', 'oauth.step': 'parseTokenRequest', 'oauth.client_auth_method': 'client_secret_post' }],
      [1, { 'oauth.outcome': 'refused', 'oauth.step': 'parseTokenRequest', 'error.type': 'duplicate_parameter' }],
    ])
  })

  it('T-59 a logger or a meter that throws changes nothing', async () => {
    const throws = () => {
      throw new Error('disk full')
    }
    const broken = { info: throws, warn: throws, error: throws }
    const counter = { createCounter: () => ({ add: throws }), createHistogram: () => ({ record: throws }) }
    for (const onEvent of [auditLog(broken), metrics(counter)]) {
      const world = startWorld(express, { options: { onEvent } })
      expect((await world.post(grantRequest())).status).toBe(200)
      expect((await world.post(grantRequest('x'))).status).toBe(400)
    }
  })
})
