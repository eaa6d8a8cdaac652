/** What explanations do with hostile JWTs, broken registrations and hooks that hang; and what they must not tell. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  type Client,
  ConfigurationError,
  explain,
  explainRequest,
  JWT_BEARER_GRANT,
  type Options,
  type TrustedIssuer,
} from '../../lib/index.js'
import { testClient, testIssuer } from '../../lib/testing/index.js'

const issuer = testIssuer({ registration: { client_authentication: 'none' } })
const client = testClient()

const optionsWith = (registration: unknown = client.registration, trusted: unknown = issuer.registration): Options => ({
  issuer: 'https://as.example.com',
  hooks: {
    findClient: () => registration as Client,
    findIssuer: () => trusted as TrustedIssuer,
    authorizeGrant: ({ sub }) => ({ subject: sub }),
    mintToken: () => ({ access_token: 'a-token', token_type: 'Bearer', expires_in: 60 }),
  },
})
const options = optionsWith()
const byItself = () => ({ grant_type: 'client_credentials', ...client.clientAuthentication() })
const secretClient = {
  client_id: 's',
  client_secret: 'canary',
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['client_credentials'],
}

describe('explain and explainRequest', () => {
  /** `String` throws for it. */
  const odd = { toString: 1, valueOf: 1 }

  it.each(['iss', 'sub', 'aud', 'jti', 'exp', 'nbf', 'iat'])('explain a JWT whose %s is anything', async (name) => {
    for (const value of [odd, [odd], [[[[odd]]]], null, '', -1, 1e300, true]) {
      const claims = { claims: { [name]: value } }
      const grant = await explain(issuer.signGrant(claims), { use: 'grant', options })
      const form = { ...byItself(), client_assertion: client.signClientAssertion(claims) }
      for (const { reason } of [grant, await explainRequest(form, options)]) expect(reason ?? 'accepted').not.toBe('hook_error')
    }
  })

  it('explain a JWT whose alg is an object', async () => {
    const jwt = client.signClientAssertion()
    const header = Buffer.from(JSON.stringify({ alg: odd })).toString('base64url')
    const sent = [header, ...jwt.split('.').slice(1)].join('.')
    expect(await explain(sent, { use: 'client', options, client: client.registration })).toMatchObject({ reason: 'alg_not_allowed' })
  })

  it.each(['text', {}, 5, [null], [5], [{}], [{ issuer: 5, subject: 5 }]])('say that federated_credentials %j is wrong', async (wrong) => {
    const registration = { ...client.registration, federated_credentials: wrong } as unknown as Client
    const about = { use: 'client', options: optionsWith(registration), client: registration } as const
    expect(await explain(client.signClientAssertion(), about)).toMatchObject({ reason: 'client_misconfigured' })
    expect(await explainRequest(byItself(), about.options)).toMatchObject({ reason: 'client_misconfigured' })
  })

  it('find no fix for a registration whose getters throw', async () => {
    const getter = {
      ...client.registration,
      get scope() {
        throw 'canary'
      },
    }
    const explanation = await explainRequest(byItself(), optionsWith(getter))
    expect(explanation).toMatchObject({ accepted: false, fixes: [] })
    expect(JSON.stringify(explanation)).not.toContain('canary')
  })

  it('say what is wrong with options that have no hooks', async () => {
    for (const wrong of [undefined, {}, { issuer: 'https://as.example.com' }])
      await expect(explainRequest(byItself(), wrong as Options)).rejects.toThrow(ConfigurationError)
  })

  it('end if a hook does not', async () => {
    const never = () => new Promise<never>(() => {})
    const hanging: Options = { ...options, hookTimeout: 0.05, hooks: { ...options.hooks, findClient: never, findIssuer: never } }
    expect(await explainRequest(byItself(), hanging)).toMatchObject({ reason: 'hook_timeout' })
    expect(await explain(issuer.signGrant(), { use: 'grant', options: hanging })).toMatchObject({ reason: 'hook_timeout' })
  })

  it('read a form with many parameters of one name', async () => {
    expect(await explainRequest('a=1&'.repeat(30_000), options)).toMatchObject({ reason: 'body_too_large' })
  })

  it('show no secret in a fix, though it was tried with it', async () => {
    const form = 'grant_type=client_credentials&client_id=s&client_secret=canary&client_secret=other'
    const explanation = await explainRequest(form, optionsWith(secretClient))
    expect(explanation.fixes[0]?.edits).toEqual([
      { side: 'sender', text: 'send `client_secret` once', path: 'form.client_secret', value: '(as it was sent)', weakens: false },
    ])
    expect(JSON.stringify(explanation)).not.toContain('canary')
  })

  it('show neither a JWT nor a password that stands in a wrong place', async () => {
    const jwt = issuer.signGrant()
    const form = { grant_type: 'client_credentials', client_id: 's', client_secret: 'canary', scope: jwt }
    const ofScope = await explainRequest(form, optionsWith({ ...secretClient, scope: 'read' }))
    expect(ofScope.fixes.flatMap(({ edits }) => edits).map(({ value }) => value)).toContain('read (a JWT)')
    const aud = 'https://user:canary@as.example.com/token'
    const ofAudience = await explain(issuer.signGrant({ claims: { aud } }), { use: 'grant', options })
    expect(ofAudience.fixes.some(({ edits }) => edits.some(({ path }) => path === 'issuer.audience'))).toBe(true)
    for (const text of [ofScope, ofAudience].map((one) => JSON.stringify(one)))
      for (const secret of ['canary', String(jwt.split('.')[2])]) expect(text).not.toContain(secret)
  })

  it('call it weaker if a token is bound to no key, or if any key that signed is published', async () => {
    const bound = issuer.signGrant({ claims: { cnf: { jkt: 'x' } } })
    const { fixes } = await explainRequest({ grant_type: JWT_BEARER_GRANT, assertion: bound }, options)
    expect(fixes.find(({ edits }) => edits[0]?.path === 'assertion.claims.cnf')).toMatchObject({ weakens: true })
  })
})

describe('with keys to fetch', () => {
  let requests = 0
  const server = createServer((_req, res) => {
    requests++
    res.end(JSON.stringify(issuer.registration.jwks))
  })
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => void server.close())
  const registration = () => {
    const { jwks: _, ...others } = issuer.registration
    const jwks_uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${Math.random()}`
    return { ...others, jwks_uri, allowPrivateJwksUri: true } as TrustedIssuer
  }

  it('the search for fixes fetches them as often as the endpoint would, and once more', async () => {
    const trusted = registration()
    const jwt = issuer.signGrant({ claims: { exp: 1, iat: 9e9, aud: 'x' }, header: { typ: 'x' } })
    const { fixes } = await explain(jwt, {
      use: 'grant',
      options: optionsWith(client.registration, trusted),
      issuer: trusted,
      fetchKeys: true,
    })
    expect(fixes.length).toBeGreaterThan(0)
    expect(requests).toBeLessThanOrEqual(2)
  })

  it('a stranger whose key would be published makes the server weaker', async () => {
    const trusted = registration()
    const jwt = issuer.signGrant({ signedBy: 'stranger' })
    const { fixes } = await explain(jwt, {
      use: 'grant',
      options: optionsWith(client.registration, trusted),
      issuer: trusted,
      fetchKeys: true,
    })
    expect(fixes.find(({ edits }) => edits[0]?.path === 'issuer.jwks_uri')).toMatchObject({ weakens: true })
  })
})

describe('a JWT-SVID', () => {
  const domain = testIssuer({ issuer: 'spiffe://td.example' })
  const workload: Client = {
    client_id: 'workload',
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['client_credentials'],
    federated_credentials: [{ issuer: 'spiffe://td.example', subject: 'spiffe://td.example/a', jwks: domain.registration.jwks as never }],
  }
  const about = { use: 'client', options: optionsWith(workload), client: workload } as const
  const svid = (claims: object = {}) => domain.signGrant({ claims: { iss: undefined, sub: 'spiffe://td.example/a', ...claims } })
  const request = (client_assertion: string) => ({
    grant_type: 'client_credentials',
    client_id: 'workload',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe',
    client_assertion,
  })

  it('passes without iss, and each of its checks says so', async () => {
    for (const explanation of [await explain(svid(), about), (await explainRequest(request(svid()), about.options)).client]) {
      expect(explanation).toMatchObject({ accepted: true, keys: [{ fits: true, verifies: true }] })
      expect(explanation?.checks.filter(({ state }) => state !== 'passed')).toEqual([])
    }
  })

  it('is refused as the endpoint refuses it, and a fix is found', async () => {
    const { accepted, reason, fixes } = await explainRequest(request(svid({ exp: 1, iat: undefined })), about.options)
    expect({ accepted, reason }).toEqual({ accepted: false, reason: 'expired' })
    expect(fixes[0]?.edits).toMatchObject([{ path: 'client_assertion.claims.exp' }])
  })
})
