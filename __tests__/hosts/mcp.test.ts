import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { auth } from '@modelcontextprotocol/sdk/client/auth.js'
import { PrivateKeyJwtProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { InvalidGrantError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import type { OAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/provider.js'
import { type AuthRouterOptions, mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import type { OAuthClientInformationFull } from '@modelcontextprotocol/sdk/shared/auth.js'
import cors from 'cors'
import { expresses } from '../support/express.js'
import { recipesOf, runBlock } from '../support/recipe.js'
import { clientCredentials, clients, issuer, keys } from '../support/world.js'
import { byKey, describeHost, isRegistered, type Mount, redirectUri, secretOfHost, startHost } from './host.js'

type Store = OAuthServerProvider['clientsStore']

const mount: Mount = async (app, _express, suite) => {
  const grants = new Map<string, string>()
  let count = 0
  const store: Store = {
    getClient(id) {
      if (!isRegistered(id)) return undefined
      const client: OAuthClientInformationFull = { client_id: id, redirect_uris: [redirectUri] }
      const client_secret = secretOfHost(id)
      return client_secret ? { ...client, client_secret } : client
    },
  }
  const providerOf = (clientsStore: Store): OAuthServerProvider => ({
    clientsStore,
    async authorize({ client_id }, { redirectUri: target, state }, res) {
      res.redirect(`${target}?code=code-of-${client_id}&state=${state}`)
    },
    async challengeForAuthorizationCode() {
      throw new InvalidGrantError('no such code')
    },
    async exchangeAuthorizationCode() {
      throw new InvalidGrantError('no such code')
    },
    async exchangeRefreshToken({ client_id }, refreshToken) {
      if (grants.get(refreshToken) !== client_id) throw new InvalidGrantError('no such token')
      grants.delete(refreshToken)
      return { access_token: `token-${count++}-for-${client_id}`, token_type: 'Bearer', expires_in: 3600 }
    },
    async verifyAccessToken(token) {
      return { token, clientId: token, scopes: [] }
    },
  })
  const limited = (options: AuthRouterOptions) => mcpAuthRouter({ ...options, tokenOptions: { rateLimit: { max: 10_000 } } })
  if (suite) {
    const { withInternalSecrets, ...recipe } = await recipesOf<{ withInternalSecrets(store: Store, findClient: unknown): Store }>(
      'docs/guides/server-libraries.md',
      'internal-secrets.mjs',
      'mcp.mjs',
    )
    const provider = providerOf(withInternalSecrets(store, suite.hooks.findClient))
    runBlock('docs/guides/server-libraries.md', 'mcp: the routes', { ...suite, ...recipe, cors, provider, mcpAuthRouter: limited })
  } else app.use(limited({ provider: providerOf(store), issuerUrl: new URL(issuer) }))
  let issued = 0
  return (client_id) => {
    const refresh_token = `grant-${issued++}`
    grants.set(refresh_token, client_id)
    return { grant_type: 'refresh_token', refresh_token }
  }
}

describeHost('mcpAuthRouter of the MCP SDK', mount, {
  otherwise: 400,
  statuses: { 'a public client': 200, 'GET /token': 405, 'PUT /token': 405, 'a preflight': 204, 'a login that is malformed': 302 },
  audience: `${issuer}/`,
  hasOneSecret: true,
  endsOldSecrets: true,
  takesForPublic: true,
})

describe.each(expresses)("the MCP SDK's own client on %s", (_, express) => {
  it('gets a token by its private_key_jwt provider: the option issuer is spelt as the metadata spell it', async () => {
    const { server } = await startHost(mount, express)
    const { port } = server.address() as AddressInfo
    const seen: string[] = []
    const fetchFn = (url: string | URL, init?: RequestInit) => {
      const { pathname } = new URL(url)
      seen.push(pathname)
      return fetch(`http://127.0.0.1:${port}${pathname}`, init)
    }
    const privateKey = keys.client.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const provider = new PrivateKeyJwtProvider({
      clientId: 'jwt-client',
      privateKey,
      algorithm: 'ES256',
      expectedIssuer: `${issuer}/`,
      scope: 'read',
    })
    expect(await auth(provider, { serverUrl: issuer, fetchFn })).toBe('AUTHORIZED')
    expect(provider.tokens()).toMatchObject({ access_token: 'token-of-jwt-client', token_type: 'Bearer' })
    expect(seen).toContain('/.well-known/oauth-authorization-server')
  })

  it('reads the answers of the suite from another origin', async () => {
    const { post } = await startHost(mount, express)
    const anyOrigin = { 'access-control-allow-origin': '*' }
    expect(await post(clientCredentials(byKey('jwt-client')))).toMatchObject({ status: 401, headers: anyOrigin }) // aud without the slash
    expect(await post(clientCredentials(byKey('jwt-client', { aud: `${issuer}/` })))).toMatchObject({ status: 200, headers: anyOrigin })
  })

  it('T-72: a secret that dynamic registration gave, and its end, do not count for a client with keys', async () => {
    const { withInternalSecrets, secretOf } = await recipesOf<{
      withInternalSecrets(store: Store, findClient: (id: string) => unknown): Store
      secretOf(id: string): string
    }>('docs/guides/server-libraries.md', 'internal-secrets.mjs', 'mcp.mjs')
    const ofBoth = { client_secret: 'handed out', client_secret_expires_at: 1, redirect_uris: [redirectUri] }
    const registerClient = () => ({ client_id: 'new', redirect_uris: [redirectUri] })
    const store = withInternalSecrets(
      { getClient: (client_id) => ({ ...ofBoth, client_id }), registerClient },
      async (id) => clients[id as 'jwt-client'],
    )
    expect(await store.getClient('jwt-client')).toMatchObject({ client_secret: secretOf('jwt-client'), client_secret_expires_at: 0 })
    expect(await store.getClient('basic-client')).toEqual({ ...ofBoth, client_id: 'basic-client' })
    expect(store.registerClient).toBeInstanceOf(Function)
  })
})
