import { describe, expect, it } from '@jest/globals'
import {
  AuthorizationServer,
  DateInterval,
  JwtService,
  type OAuthAuthCode,
  type OAuthClient,
  type OAuthClientRepository,
  type OAuthScopeRepository,
  type OAuthToken,
  type OAuthTokenRepository,
} from '@jmondi/oauth2-server'
import { handleExpressError, handleExpressResponse, requestFromExpress } from '@jmondi/oauth2-server/express'
import { decodeJwt } from 'jose'
import type { Hooks } from '../../lib/index.js'
import { expresses } from '../support/express.js'
import { recipeOf, recipesOf, runBlock } from '../support/recipe.js'
import { clientCredentials, grantRequest } from '../support/world.js'
import { describeHost, isRegistered, type Mount, redirectUri, secretOfHost, startHost } from './host.js'

const user = { id: 'ada' }
const allowedGrants: OAuthClient['allowedGrants'] = ['refresh_token', 'authorization_code', 'client_credentials']
const clientOf = (id: string): OAuthClient => ({
  ...{ id, name: id, redirectUris: [redirectUri], allowedGrants, scopes: [] },
  ...(secretOfHost(id) && { secret: secretOfHost(id) }),
})

/** Repositories as the library's documentation has them. */
function repositories() {
  const tokens = new Map<string, OAuthToken>()
  const codes = new Map<string, OAuthAuthCode>()
  let count = 0
  const clientRepository: OAuthClientRepository = {
    async getByIdentifier(id) {
      return (isRegistered(id) ? clientOf(id) : undefined) as OAuthClient
    },
    async isClientValid(grantType, client, secret) {
      return (!client.secret || client.secret === secret) && client.allowedGrants.includes(grantType)
    },
  }
  const tokenRepository: OAuthTokenRepository = {
    async issueToken(client, scopes, owner) {
      return { accessToken: `token-${count++}`, accessTokenExpiresAt: new Date(), client, scopes, user: owner ?? null }
    },
    async issueRefreshToken(token) {
      Object.assign(token, { refreshToken: `refresh-${count++}`, refreshTokenExpiresAt: new DateInterval('1d').getEndDate() })
      tokens.set(token.refreshToken as string, token)
      return token
    },
    async persist(token) {
      tokens.set(token.accessToken, token)
    },
    async revoke(token) {
      tokens.delete(token.refreshToken as string)
    },
    async isRefreshTokenRevoked() {
      return false
    },
    async getByRefreshToken(refreshToken) {
      const token = tokens.get(refreshToken)
      if (!token) throw new Error('no such token')
      return token
    },
    async getByAccessToken(accessToken) {
      return tokens.get(accessToken) as OAuthToken
    },
  }
  const scopeRepository: OAuthScopeRepository = {
    getAllByIdentifiers: async (names) => names.map((name) => ({ name })),
    finalize: async (scopes) => scopes,
  }
  const authCodeRepository = {
    getByIdentifier: async (code: string) => codes.get(code) as OAuthAuthCode,
    issueAuthCode: (client: OAuthClient, _user: unknown, scopes: OAuthAuthCode['scopes']) => ({
      ...{ code: `code-${count++}`, client, scopes, user, redirectUri: null, expiresAt: new Date() },
    }),
    persist: async (code: OAuthAuthCode) => void codes.set(code.code, code),
    isRevoked: async (code: string) => !codes.has(code),
    revoke: async (code: string) => void codes.delete(code),
  }
  const userRepository = { getUserByCredentials: async () => user }
  return { clientRepository, tokenRepository, scopeRepository, authCodeRepository, userRepository, tokens }
}

interface Parts extends ReturnType<typeof repositories> {
  server: AuthorizationServer
}

const mountWith =
  (onServer: (parts: Parts) => void): Mount =>
  async (app, express, suite) => {
    const parts = repositories()
    const { authCodeRepository, userRepository, tokens, ...theirs } = parts
    const jwtService = new JwtService('a secret of the host, which signs its tokens')
    let running: AuthorizationServer | undefined
    class Server extends AuthorizationServer {
      constructor(...args: ConstructorParameters<typeof AuthorizationServer>) {
        const [clients, tokenRepository, scopes, service] = args
        super(clients, tokenRepository, scopes, service, { useOpaqueRefreshTokens: true })
        this.enableGrantTypes({ grant: 'authorization_code', authCodeRepository, userRepository })
        running = this
        onServer({ ...parts, server: this })
      }
    }
    if (suite) {
      const recipe = await recipesOf<object>('docs/guides/server-libraries.md', 'internal-secrets.mjs', 'jmondi.mjs')
      const scope = { ...theirs, jwtService, AuthorizationServer: Server, requestFromExpress, handleExpressResponse, handleExpressError }
      runBlock('docs/guides/server-libraries.md', 'jmondi: the route', { ...suite, ...recipe, ...scope })
    } else {
      const server = new Server(theirs.clientRepository, theirs.tokenRepository, theirs.scopeRepository, jwtService)
      app.post('/token', express.urlencoded({ extended: false }), async (req, res) => {
        try {
          handleExpressResponse(res, await server.respondToAccessTokenRequest(requestFromExpress(req)))
        } catch (error) {
          handleExpressError(error, res)
        }
      })
    }
    app.get('/authorize', async (req, res) => {
      try {
        const request = await (running as AuthorizationServer).validateAuthorizationRequest(requestFromExpress(req))
        Object.assign(request, { user, isAuthorizationApproved: true })
        handleExpressResponse(res, await (running as AuthorizationServer).completeAuthorizationRequest(request))
      } catch (error) {
        handleExpressError(error, res)
      }
    })
    let count = 0
    return (id) => {
      const refresh_token = `grant-${count++}`
      const expiresAt = new DateInterval('1d').getEndDate()
      const token = { accessToken: `of-${refresh_token}`, accessTokenExpiresAt: expiresAt, client: clientOf(id), user, scopes: [] }
      tokens.set(refresh_token, { ...token, refreshToken: refresh_token, refreshTokenExpiresAt: expiresAt })
      return { grant_type: 'refresh_token', refresh_token }
    }
  }

describeHost(
  '@jmondi/oauth2-server',
  mountWith(() => {}),
  {
    otherwise: 400,
    statuses: {
      'a secret in the header': 200,
      'a wrong secret in the body': 401,
      'a wrong secret in the header': 401,
      'a client_id without a secret': 401,
      'an unknown client': 401,
      'a public client': 200,
      'a grant that does not exist': 500,
      'client_credentials by secret': 200,
      'a login of an unknown client': 401,
    },
    endsOldSecrets: true,
    takesForPublic: true,
  },
)

describe.each(expresses)('@jmondi/oauth2-server on %s', (_, express) => {
  it('has a mintToken that makes tokens of the library, for users and for clients', async () => {
    const { jmondiMinter } = await recipeOf<{ jmondiMinter(server: AuthorizationServer, parts: object): Hooks['mintToken'] }>(
      'docs/guides/server-libraries.md',
      'mint-jmondi.mjs',
    )
    let mintToken: Hooks['mintToken'] | undefined
    let running: AuthorizationServer | undefined
    const mount = mountWith(({ server, clientRepository, tokenRepository, scopeRepository }) => {
      running = server
      const findUser = async (id: string) => ({ id })
      mintToken = jmondiMinter(server, { clients: clientRepository, tokens: tokenRepository, scopes: scopeRepository, findUser })
    })
    const { post } = await startHost(mount, express, { mintToken: (granted) => (mintToken as Hooks['mintToken'])(granted) })
    const tokenFor = async (parameters: Record<string, string>) => {
      const { status, body } = await post(parameters)
      const { access_token, ...rest } = JSON.parse(body)
      expect({ status, ...rest }).toEqual({ status: 200, token_type: 'Bearer', expires_in: expect.any(Number), scope: 'read write' })
      const credentials = { client_id: 'basic-client', client_secret: 'basic-secret' }
      const request = { headers: {}, query: {}, body: { token: access_token, ...credentials } }
      expect((await running?.introspect(request))?.body).toMatchObject({ active: true, client_id: 'jwt-client' })
      return decodeJwt(access_token)
    }
    expect(await tokenFor(grantRequest())).toMatchObject({ sub: 'local-alice', cid: 'jwt-client', scope: 'read write' })
    const ofClient = await tokenFor(clientCredentials())
    expect(ofClient).toMatchObject({ cid: 'jwt-client', scope: 'read write' })
    expect(ofClient).not.toHaveProperty('sub')
  })
})
