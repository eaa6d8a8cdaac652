/** What a refusal tells its sender: little, unless `revealReasons` says otherwise, and never under production. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import request from 'supertest'
import type { ErrorAnswer } from '../../lib/host/errors.js'
import { pageOf } from '../../lib/host/help-page.js'
import type { OAuthErrorCode } from '../../lib/host/oauth-error-codes.js'
import { authenticateClient, ConfigurationError, issueToken, type Options, tokenEndpoint } from '../../lib/index.js'
import { renderError } from '../../lib/pipeline/response.js'
import { anyExpress } from '../support/express.js'
import { stderrUnder } from '../support/stderr.js'
import {
  byJwt,
  challengeOf,
  clientAssertion,
  clientCredentials,
  grant,
  grantRequest,
  hooks,
  issuer,
  keys,
  startWorld,
} from '../support/world.js'

const optionsOf = (over: Partial<Options> = {}): Options => {
  const { calls: _, ...plain } = hooks()
  return { issuer, hooks: plain, onEvent: false, ...over }
}

describe.each(anyExpress)('revealReasons on %s', (_, express) => {
  const wrongKey = () => byJwt(clientAssertion({}, { key: keys.other, header: { kid: keys.client.kid } }))
  const requests: [reason: string, form: () => Record<string, string>][] = [
    ['signature_invalid', () => clientCredentials(wrongKey())],
    ['client_unknown', () => clientCredentials({ client_id: 'nobody', client_secret: 'x' })],
    ['expired', () => grantRequest(grant({ exp: 1 }))],
    ['unsupported_grant_type', () => ({ grant_type: 'unknown' })],
  ]

  it.each(requests)('%s: the reason and the address of its page are in the answer', async (reason, form) => {
    const [open, uniform] = [startWorld(express, { options: { revealReasons: true } }), startWorld(express)]
    const [revealed, usual] = [await open.post(form()), await uniform.post(form())]
    expect(revealed.status).toBe(usual.status)
    expect(revealed.body).toEqual({
      error: usual.body.error,
      error_description: `${usual.body.error_description} (${reason})`,
      error_uri: pageOf(reason),
    })
    expect(JSON.stringify(usual)).not.toContain(`(${reason})`)
    if (revealed.status === 401) expect(revealed.headers['www-authenticate']).toBe(challengeOf(revealed.body))
  })

  it('an OAuthError of a hook without a text has the reason alone', async () => {
    const { OAuthError } = await import('../../lib/index.js')
    const findClient = () => {
      throw new OAuthError('invalid_client')
    }
    const { post } = startWorld(express, { hooks: { findClient }, options: { revealReasons: true } })
    expect((await post(clientCredentials())).body.error_description).toBe('(hook_denied)')
  })

  it('a success has nothing of it', async () => {
    const { post } = startWorld(express, { options: { revealReasons: true } })
    expect(Object.keys((await post(grantRequest())).body)).toEqual(['access_token', 'token_type', 'expires_in', 'scope'])
  })
})

describe('revealReasons under NODE_ENV=production', () => {
  it('such an endpoint cannot be made', async () => {
    const make = () => expect(() => tokenEndpoint(optionsOf({ revealReasons: true }))).toThrow(ConfigurationError)
    await stderrUnder('production', make)
    expect.assertions(1)
  })

  it.each(['staging', 'test', undefined])('NODE_ENV %p: it can', async (environment) => {
    await stderrUnder(environment, () => expect(() => tokenEndpoint(optionsOf({ revealReasons: true }))).not.toThrow())
    expect.assertions(1)
  })

  it('false is no mistake', async () => {
    await stderrUnder('production', () => expect(() => tokenEndpoint(optionsOf({ revealReasons: false }))).not.toThrow())
    expect.assertions(1)
  })
})

describe.each(anyExpress)("the host's own mistake, under production, on %s", (_, express) => {
  const setUp = { error: 'server_error', error_description: 'The token endpoint is not set up correctly.' }
  const failed = { error: 'server_error', error_description: 'The server could not answer.' }
  const wrongOrder = (options: Options) => [issueToken(options)]
  const twice = (options: Options) => [...tokenEndpoint(options).slice(0, 2), authenticateClient(options)]
  const thrown = () => {
    throw new TypeError('SELECT secret FROM clients')
  }
  const wrongIssuer = (() => ({ issuer: 'x', maxLifetme: 1 })) as never

  it.each<[name: string, steps: (options: Options) => ReturnType<typeof issueToken>[], hooks: object, body: object]>([
    ['a step without those before it', wrongOrder, {}, setUp],
    ['a step that is mounted twice', twice, {}, setUp],
    ['a hook that throws', tokenEndpoint, { findClient: thrown }, failed],
    ['a registration with a mistake', tokenEndpoint, { findIssuer: wrongIssuer }, failed],
  ])('%s shows nothing of the configuration to the sender, and prints nothing', async (_name, steps, over, body) => {
    const { calls: __, ...plain } = hooks(over)
    let answer: request.Response | undefined
    const text = await stderrUnder('production', async () => {
      const app = express().post('/token', ...steps({ issuer, hooks: plain }))
      answer = await request(app).post('/token').type('form').send(grantRequest())
    })
    expect({ status: answer?.status, body: answer?.body }).toEqual({ status: 500, body })
    expect(text).toBe('')
  })
})

describe('renderError', () => {
  const answer = (status: number, error: OAuthErrorCode = 'invalid_request'): ErrorAnswer => ({
    status,
    error,
    error_description: 'No.',
    reason: 'hook_denied',
    evidence: { seen: 'x', wanted: 'y' },
  })
  /** The answer of `handler` to a request whose body is still to come, if it has one. */
  async function answerTo(handler: (res: ServerResponse) => void, framing = 'Content-Length: 0', sent = '') {
    const server = createServer((_req, res) => handler(res)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${sent}`)
    const [head = '', body = ''] = String(await once(socket, 'data')).split('\r\n\r\n')
    socket.destroy()
    server.close()
    const [first = '', ...lines] = head.split('\r\n')
    const headers = Object.fromEntries(lines.map((line) => line.split(': ', 2) as [string, string]))
    return { status: Number(first.split(' ')[1]), headers, body: JSON.parse(body) }
  }

  it.each<[status: number, name: string, value: string | undefined]>([
    [400, 'Allow', undefined],
    [405, 'Allow', 'POST'],
    [405, 'Retry-After', undefined],
    [429, 'Retry-After', '5'],
    [503, 'Retry-After', '5'],
    [400, 'Retry-After', undefined],
    [413, 'Connection', 'close'],
    [400, 'Connection', 'keep-alive'],
  ])('RS-12: %i has the header %s: %s', async (status, name, value) => {
    const { headers, body } = await answerTo((res) => renderError(res, answer(status)), 'Content-Length: 9')
    expect([headers[name], body]).toEqual([value, { error: 'invalid_request', error_description: 'No.' }])
  })

  it.each([
    ['whole', 'Content-Length: 1', 'x', 'keep-alive'],
    ['still to come', 'Content-Length: 2', 'x', 'close'],
  ])('TE-15: to a body that is %s, a 413 closes the connection if it has to', async (_name, framing, sent, connection) => {
    const { headers } = await answerTo((res) => void setTimeout(() => renderError(res, answer(413)), 20), framing, sent)
    expect(headers.Connection).toBe(connection)
    const later = (res: ServerResponse) => void setTimeout(() => renderError(res, answer(405)), 20)
    expect((await answerTo(later, framing, sent)).headers.Allow).toBe('POST')
  })

  it.each([405, 429, 503])('a header that the host has set stays, beside that of %i', async (status) => {
    const { headers } = await answerTo((res) => renderError(res.setHeader('Retry-After', '77') as ServerResponse, answer(status)))
    expect([headers['Retry-After'], headers.Allow]).toEqual(['77', status === 405 ? 'POST' : undefined])
  })

  it.each<[name: string, id: string | undefined, own: string | undefined, expected: string | undefined]>([
    ['without one', undefined, undefined, undefined],
    ['of ours', 'r1', undefined, 'r1'],
    ['of the host', 'r1', 'r2', 'r2'],
    ['of the host alone', undefined, 'r2', 'r2'],
  ])('has the identifier of the request: %s', async (_name, id, own, expected) => {
    const { headers } = await answerTo((res) => {
      if (own) res.setHeader('X-Request-Id', own)
      renderError(res, answer(400), id)
    })
    expect(headers['X-Request-Id']).toBe(expected)
  })

  it('RS-02: a wrapper that passes on nothing but the status loses no header', async () => {
    const { status, headers } = await answerTo((res) => {
      const { writeHead } = res
      res.writeHead = ((code: number) => writeHead.call(res, code)) as typeof res.writeHead
      renderError(res, answer(405), 'r1')
    })
    expect(status).toBe(405)
    expect(headers).toMatchObject({ Allow: 'POST', 'X-Request-Id': 'r1', 'Cache-Control': 'no-store', Pragma: 'no-cache' })
    expect(headers).toMatchObject({ 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': expect.stringMatching(/^\d+$/) })
  })

  it.each<[name: string, req: object | undefined, connection: string | undefined]>([
    ['without a request', undefined, 'close'],
    ['of HTTP/2', { complete: false, httpVersion: '2.0' }, undefined],
    ['of HTTP/1.1', { complete: false, httpVersion: '1.1' }, 'close'],
  ])('RFC 9113 §8.2.2: a 413 of a response %s', (_name, req, connection) => {
    const headers = new Map<string, string>()
    const res = {
      req,
      setHeader: (name: string, value: string) => headers.set(name, value),
      hasHeader: () => false,
      writeHead() {},
      end() {},
    }
    renderError(res as never, answer(413))
    expect(headers.get('Connection')).toBe(connection)
  })
})
