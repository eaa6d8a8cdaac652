/** What a refusal tells its sender: little, unless `revealReasons` says otherwise, and never under production. */
import { describe, expect, it } from '@jest/globals'
import request from 'supertest'
import { pageOf } from '../../lib/host/help-page.js'
import { authenticateClient, ConfigurationError, issueToken, type Options, tokenEndpoint } from '../../lib/index.js'
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
