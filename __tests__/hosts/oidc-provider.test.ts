/** In front of node-oidc-provider, which authenticates clients by JWT itself: the recipe of docs/guides/server-libraries.md. */
import type { Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { Express } from 'express'
import type { Provider } from 'oidc-provider'
import {
  CLIENT_CREDENTIALS,
  type Hooks,
  JWT_BEARER_GRANT,
  type Options,
  type TokenEndpointEvent,
  type TrustedIssuer,
  tokenEndpoint,
} from '../../lib/index.js'
import { withoutHandedOn } from '../support/events.js'
import { expresses } from '../support/express.js'
import { now } from '../support/jwt.js'
import { encode, form, type RawRequest, type RawResponse, sendRaw } from '../support/raw.js'
import { recipeOf } from '../support/recipe.js'
import { basic, byJwt, clientAssertion, grant, idp, issuer, keys, tokenEndpointUrl } from '../support/world.js'

interface Recipe {
  findClient(provider: Provider): Hooks['findClient']
  mintToken(provider: Provider): Hooks['mintToken']
  mount(app: Express, provider: Provider, yours: Pick<Hooks, 'findIssuer' | 'authorizeGrant'>, onEvent?: Options['onEvent']): void
}
const recipe = await recipeOf<Recipe>('docs/guides/server-libraries.md', 'oidc-provider.mjs')

const secret = 'a secret of 32 characters or more'
const common = { redirect_uris: [], response_types: [], scope: 'openid read' }
const byKey = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [keys.client.jwk] } }
const clients = [
  { ...common, ...byKey, client_id: 'jwt-client', grant_types: [CLIENT_CREDENTIALS, JWT_BEARER_GRANT] },
  { ...common, ...byKey, client_id: 'native', grant_types: [CLIENT_CREDENTIALS] },
  { ...common, ...byKey, client_id: 'bound', grant_types: [JWT_BEARER_GRANT], tls_client_certificate_bound_access_tokens: true },
  {
    ...common,
    ...byKey,
    client_id: 'web',
    redirect_uris: ['https://app.example.com/cb'],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
  },
  {
    ...common,
    client_id: 'by-secret',
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: [CLIENT_CREDENTIALS],
  },
  {
    ...common,
    client_id: 'public',
    redirect_uris: ['https://app.example.com/cb'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', JWT_BEARER_GRANT],
  },
]

/** Without the suite, oidc-provider does not know the JWT grant. */
const nativeClients = clients.map((client) => ({ ...client, grant_types: client.grant_types.filter((name) => name !== JWT_BEARER_GRANT) }))

const configuration = {
  scopes: ['openid', 'offline_access', 'read'],
  routes: { token: '/token' },
  clientAuthMethods: ['private_key_jwt', 'client_secret_basic', 'none'],
  ttl: { ClientCredentials: 600, AccessToken: 900, Grant: 3600 },
  findAccount: (_ctx: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    mTLS: { enabled: true, certificateBoundAccessTokens: true },
  },
}

const findIssuer: Hooks['findIssuer'] = (iss): TrustedIssuer | undefined =>
  iss === idp ? { issuer: idp, jwks: { keys: [keys.idp.jwk] }, clients: 'any', scope: 'openid read' } : undefined
const authorizeGrant: Hooks['authorizeGrant'] = ({ sub }) => ({ subject: `local-${sub}` })

const claims = (client_id: string, over: Record<string, unknown> = {}) => ({ iss: client_id, aud: tokenEndpointUrl, ...over })
const as = (client_id: string, over?: Record<string, unknown>) => byJwt(clientAssertion(claims(client_id, over)))
const credentials = (more: Record<string, string>) => ({ grant_type: CLIENT_CREDENTIALS, ...more })
const code = (more: Record<string, string>) => ({
  grant_type: 'authorization_code',
  code: 'x',
  redirect_uri: 'https://app.example.com/cb',
  ...more,
})
const refresh = (more: Record<string, string>) => ({ grant_type: 'refresh_token', refresh_token: 'x', ...more })

const post = (parameters: Record<string, string>, more: Partial<RawRequest> = {}): RawRequest => ({
  ...more,
  headers: [form, 'X-Forwarded-Proto: https', ...(more.headers ?? [])],
  body: encode(parameters),
})

/** Requests that are oidc-provider's, and its status. Each is made anew, since a client assertion may be used once. */
const ofTheHost: [name: string, request: () => RawRequest, status: number][] = [
  ['client_credentials, aud the token endpoint', () => post(credentials(as('native'))), 200],
  ['client_credentials, aud the issuer', () => post(credentials(as('native', { aud: issuer }))), 200],
  ['client_credentials, two values in aud', () => post(credentials(as('native', { aud: [issuer, tokenEndpointUrl] }))), 200],
  ['client_credentials, valid for two hours', () => post(credentials(as('native', { exp: now() + 7200 }))), 200],
  ['client_credentials, all three', () => post(credentials(as('native', { aud: [tokenEndpointUrl, issuer], exp: now() + 7200 }))), 200],
  ['client_credentials, with a scope', () => post({ ...credentials(as('native')), scope: 'read' }), 200],
  ['client_credentials, chunked', () => post(credentials(as('native')), { framing: 'chunked' }), 200],
  ['client_credentials, another client of the JWT grant', () => post(credentials(as('jwt-client'))), 200],
  ['client_credentials, by a secret', () => post(credentials({}), { headers: [`Authorization: ${basic('by-secret', secret)}`] }), 200],
  ['client_credentials, by a wrong key', () => post(credentials(byJwt(clientAssertion(claims('native'), { key: keys.other })))), 401],
  ['client_credentials, expired', () => post(credentials(as('native', { exp: now() - 60 }))), 401],
  ['client_credentials, for another server', () => post(credentials(as('native', { aud: 'https://other.example' }))), 401],
  ['client_credentials, without jti', () => post(credentials(as('native', { jti: undefined }))), 401],
  ['client_credentials, no such client', () => post(credentials(as('nobody'))), 401],
  ['client_credentials, a client_id beside it', () => post(credentials({ ...as('native'), client_id: 'web' })), 400],
  ['client_credentials, no JWT', () => post(credentials(byJwt('x'))), 400],
  ['client_credentials, without type', () => post(credentials({ client_assertion: clientAssertion(claims('native')) })), 400],
  [
    'client_credentials, a secret beside it',
    () => post(credentials(as('native')), { headers: [`Authorization: ${basic('native', 'x')}`] }),
    400,
  ],
  ['client_credentials, a bare client_id of a key client', () => post(credentials({ client_id: 'native' })), 401],
  ['client_credentials, not for this client', () => post(credentials(as('web'))), 400],
  ['an unknown code', () => post(code(as('web'))), 400],
  [
    'an unknown code, two values in aud, valid for two hours',
    () => post(code(as('web', { aud: [issuer, tokenEndpointUrl], exp: now() + 7200 }))),
    400,
  ],
  ['a code, by a wrong key', () => post(code(byJwt(clientAssertion(claims('web'), { key: keys.other })))), 401],
  ['a code of a public client', () => post(code({ client_id: 'public' })), 400],
  ['an unknown refresh token', () => post(refresh(as('web'))), 400],
  ['a refresh token, expired client assertion', () => post(refresh(as('web', { exp: now() - 60 }))), 401],
  ['an unknown grant type', () => post({ grant_type: 'urn:example:odd', ...as('web') }), 400],
  ['no grant type', () => post(as('web')), 400],
  ['GET', () => ({ method: 'GET', framing: 'none' }), 404],
  ['JSON', () => ({ headers: ['Content-Type: application/json'], body: '{}' }), 400],
  [
    'a preflight',
    () => ({ method: 'OPTIONS', headers: ['Origin: https://app.example', 'Access-Control-Request-Method: POST'], framing: 'none' }),
    204,
  ],
]

/** What must be equal: all but what oidc-provider draws at random. */
const comparable = ({ status, head, body }: RawResponse) => ({
  status,
  head,
  body: body.replace(/(?<="access_token":")[\w-]{43}(?=")/, '…'),
})

// oidc-provider warns about its memory, which is right for a test
const silenced = (['info', 'warn'] as const).map((level) => jest.spyOn(console, level).mockImplementation(() => {}))
// that of Jest makes objects of another realm, whose `constructor` is not `Object`: oidc-provider would refuse each key set
const cloning = jest.spyOn(globalThis, 'structuredClone').mockImplementation((value) => JSON.parse(JSON.stringify(value)))
afterAll(() => {
  for (const method of [...silenced, cloning]) method.mockRestore()
})

describe.each(expresses)('oidc-provider behind the suite, on %s', (_, express) => {
  const servers: Server[] = []
  let newProvider: (registered: object[]) => Provider
  let bare: Server
  let wrapped: Server
  const events: TokenEndpointEvent[] = []
  const onEvent = (event: TokenEndpointEvent) => void events.push(event)

  function listen(mount: (app: Express, provider: Provider) => void, registered: object[] = clients): Server {
    const app = express()
    mount(app, newProvider(registered))
    const server = app.listen(0)
    servers.push(server)
    return server
  }

  beforeAll(async () => {
    const { Provider } = await import('oidc-provider')
    newProvider = (registered) => Object.assign(new Provider(issuer, { ...configuration, clients: registered }), { proxy: true })
    bare = listen((app, provider) => void app.use(provider.callback()), nativeClients)
    wrapped = listen((app, provider) => recipe.mount(app, provider, { findIssuer, authorizeGrant }, onEvent))
  })
  beforeEach(() => void events.splice(0))
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })

  it.each(ofTheHost)('T-73: as without the suite, byte for byte: %s', async (_, request, status) => {
    const expected = await sendRaw(bare, request())
    expect(expected).toMatchObject({ status })
    expect(comparable(await sendRaw(wrapped, request()))).toEqual(comparable(expected))
    expect(withoutHandedOn(events)).toEqual([])
  })

  it('T-73 T-21: a native client assertion is used up by oidc-provider, once', async () => {
    const twice = post(credentials(as('native')))
    for (const server of [bare, wrapped]) {
      expect(await sendRaw(server, twice)).toMatchObject({ status: 200 })
      expect(await sendRaw(server, twice)).toMatchObject({ status: 401 })
    }
    expect(withoutHandedOn(events)).toEqual([])
  })

  it.each<[string, Partial<Options>]>([
    ['by default', {}],
    ['with the token endpoint as audience', { tokenEndpointUrl, clientAssertions: { audience: 'issuer-or-token-endpoint' } }],
    ['with client_credentials left to the host', { grantTypes: [JWT_BEARER_GRANT] }],
  ])('T-73: without the option, native clients are refused: %s', async (_, options) => {
    const server = listen((app, provider) => {
      provider.registerGrantType(JWT_BEARER_GRANT, () => {})
      const hooks = { findClient: recipe.findClient(provider), findIssuer, authorizeGrant, mintToken: recipe.mintToken(provider) }
      app.post('/token', ...tokenEndpoint({ issuer, hooks, fallthrough: true, ...options }), provider.callback())
    })
    const native = post(credentials(as('native', { aud: [issuer, tokenEndpointUrl], exp: now() + 7200 })))
    expect(await sendRaw(server, native)).toMatchObject({ status: 401 })
  })

  describe('the JWT grant, with tokens of oidc-provider', () => {
    const ask = async (parameters: Record<string, string>) => {
      const { status, body } = await sendRaw(wrapped, post({ grant_type: JWT_BEARER_GRANT, assertion: grant(), ...parameters }))
      return { status, body: JSON.parse(body) }
    }
    const ours = (client_id = 'jwt-client', over = {}) => as(client_id, { aud: issuer, ...over })
    const introspect = async (token: string) =>
      JSON.parse((await sendRaw(wrapped, post({ token, ...as('native') }, { path: '/token/introspection' }))).body)

    it('T-73 JG-01: by private_key_jwt, for a user', async () => {
      const { status, body } = await ask({ ...ours(), scope: 'openid' })
      expect({ status, body }).toEqual({
        status: 200,
        body: { access_token: expect.stringMatching(/^[\w-]{43}$/), token_type: 'Bearer', expires_in: 900, scope: 'openid' },
      })
      expect(events).toMatchObject([{ outcome: 'issued', client_id: 'jwt-client', client_auth_method: 'private_key_jwt' }])
      expect(await introspect(body.access_token)).toMatchObject({
        active: true,
        sub: 'local-alice',
        client_id: 'jwt-client',
        scope: 'openid',
        iss: issuer,
      })
      const userinfo = await sendRaw(wrapped, {
        method: 'GET',
        path: '/me',
        headers: [`Authorization: Bearer ${body.access_token}`],
        framing: 'none',
      })
      expect({ status: userinfo.status, body: JSON.parse(userinfo.body) }).toEqual({ status: 200, body: { sub: 'local-alice' } })
    })

    it('T-73: for a service account, which is its own client', async () => {
      const server = listen((app, provider) => {
        const own: TrustedIssuer = {
          issuer: 'jwt-client',
          client_id: 'jwt-client',
          jwks: { keys: [keys.client.jwk] },
          default_sub: 'iss',
          scope: 'read',
        }
        recipe.mount(app, provider, { findIssuer: () => own, authorizeGrant: ({ sub }) => ({ subject: sub }) })
      })
      const assertion = clientAssertion({ iss: 'jwt-client', sub: undefined })
      const { status, body } = await sendRaw(server, post({ grant_type: JWT_BEARER_GRANT, assertion }))
      expect({ status, body: JSON.parse(body) }).toMatchObject({ status: 200, body: { expires_in: 600, scope: 'read' } })
      const { access_token } = JSON.parse(body)
      const introspection = await sendRaw(server, post({ token: access_token, ...as('native') }, { path: '/token/introspection' }))
      expect(JSON.parse(introspection.body)).toMatchObject({ active: true, client_id: 'jwt-client', scope: 'read' })
      expect(JSON.parse(introspection.body)).not.toHaveProperty('sub')
    })

    it('for a public client, no longer than publicClients lets its tokens live', async () => {
      const minted = await listenForMinting({ maxLifetime: 60 })
      expect(minted).toMatchObject({ token_type: 'Bearer', expires_in: 60 })
    })

    it.each<[string, () => Record<string, string>, number, string, string | undefined]>([
      ['by a wrong key', () => byJwt(clientAssertion({}, { key: keys.other })), 401, 'invalid_client', 'key_not_found'],
      ['for the token endpoint', () => ours('jwt-client', { aud: tokenEndpointUrl }), 401, 'invalid_client', 'aud_mismatch'],
      ['by an unknown client', () => ours('nobody'), 401, 'invalid_client', 'client_unknown'],
      ['by a client without this grant', () => ours('native'), 400, 'unauthorized_client', 'grant_not_allowed_for_client'],
      ['by a bare client_id', () => ({ client_id: 'jwt-client' }), 401, 'invalid_client', 'auth_method_not_registered'],
      ['by a public client', () => ({ client_id: 'public' }), 400, 'unauthorized_client', 'public_client_not_allowed'],
      ['by nobody', () => ({}), 401, 'invalid_client', 'client_auth_missing'],
      ['with a resource', () => ({ ...ours(), resource: 'https://api.example.com' }), 400, 'invalid_target', 'hook_denied'],
      ['for bound tokens', () => ours('bound'), 400, 'invalid_request', 'hook_denied'],
    ])('T-73: refused by the suite %s', async (_, parameters, status, error, reason) => {
      const answer = await ask(parameters())
      expect(answer).toMatchObject({ status, body: { error } })
      expect(events).toMatchObject([{ outcome: 'refused', reason }])
    })
  })

  /** What the recipe mints for a public client. */
  async function listenForMinting({ maxLifetime }: { maxLifetime: number }) {
    const server = listen((app, provider) => {
      provider.registerGrantType(JWT_BEARER_GRANT, () => {})
      const trusted = { ...(findIssuer(idp) as TrustedIssuer), client_authentication: 'identified' as const }
      const hooks = {
        findClient: recipe.findClient(provider),
        findIssuer: () => trusted,
        authorizeGrant,
        mintToken: recipe.mintToken(provider),
      }
      const options = {
        issuer,
        hooks,
        fallthrough: true,
        hostVerifiesClientAssertions: true,
        publicClients: { scope: 'read', maxLifetime },
      }
      app.post('/token', ...tokenEndpoint(options), provider.callback())
    })
    const { body } = await sendRaw(server, post({ grant_type: JWT_BEARER_GRANT, assertion: grant(), client_id: 'public' }))
    return JSON.parse(body)
  }
})
