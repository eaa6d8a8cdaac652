import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import ExpressOAuthServer from '@node-oauth/express-oauth-server'
import OAuth2Server from '@node-oauth/oauth2-server'
import bluebird from 'bluebird'
import type { RequestHandler } from 'express'
import pg from 'pg'
import type { Hooks } from '../../lib/index.js'
import { describeWith } from '../support/describe-with.js'
import { expresses } from '../support/express.js'
import { sendRaw } from '../support/raw.js'
import { recipeOf, recipesOf, runBlock } from '../support/recipe.js'
import { postgresNeed, type Service, usePostgres } from '../support/services.js'
import { clientCredentials, grantRequest } from '../support/world.js'
import {
  byKey,
  codeVerifier,
  describeHost,
  flood,
  isRegistered,
  isToken,
  type Mount,
  outcome,
  redirectUri,
  registered,
  secretOfHost,
  startHost,
} from './host.js'

/** A row of the host's clients; `undefined` for a client that there is not. */
type FindRow = (id: string) => PromiseLike<{ secret: string | null } | undefined>
interface Grant {
  client: string
  code?: { codeChallenge?: string; codeChallengeMethod?: string }
}
type Token = OAuth2Server.Token

/** A model as the library's documentation has it: the secret counts if one was sent, and /authorize sends none. */
function modelOf(findRow: FindRow) {
  const grants = new Map<string, Grant>()
  const tokens = new Map<string, Token>()
  let count = 0
  const clientOf = (id: string) => ({
    id,
    grants: ['refresh_token', 'authorization_code', 'client_credentials'],
    redirectUris: [redirectUri],
  })
  const model = {
    grants,
    async getClient(id: string, secret: string | null | undefined) {
      const row = await findRow(id)
      if (!row) return false
      return secret && row.secret !== secret ? false : clientOf(id)
    },
    async generateAccessToken({ id }: { id: string }) {
      return `token-${count++}-for-${id}`
    },
    async generateRefreshToken() {
      return `refresh-${count++}`
    },
    async saveToken(token: Token, client: OAuth2Server.Client, user: object) {
      const saved = { ...token, client, user }
      tokens.set(token.accessToken, saved)
      return saved
    },
    async getAccessToken(token: string) {
      return tokens.get(token)
    },
    async getRefreshToken(refreshToken: string) {
      const grant = grants.get(refreshToken)
      return grant && { refreshToken, client: clientOf(grant.client), user: { name: 'ada' } }
    },
    async revokeToken({ refreshToken }: { refreshToken: string }) {
      return grants.delete(refreshToken)
    },
    async getAuthorizationCode(code: string) {
      const grant = grants.get(code)
      const expiresAt = new Date(Date.now() + 60_000)
      return grant && { code, expiresAt, redirectUri, client: clientOf(grant.client), user: { name: 'ada' }, ...grant.code }
    },
    async saveAuthorizationCode(code: object, client: object, user: object) {
      return { ...code, client, user }
    },
    async generateAuthorizationCode() {
      return `code-${count++}`
    },
    async revokeAuthorizationCode({ code }: { code: string }) {
      return grants.delete(code)
    },
    async getUserFromClient({ id }: { id: string }) {
      return { name: `owner of ${id}` }
    },
  }
  return model
}
type Model = ReturnType<typeof modelOf>
type Wrapper = new (options: { model: Model }) => Pick<ExpressOAuthServer, 'token' | 'authorize' | 'authenticate'>

const inMemory: FindRow = async (id) => (isRegistered(id) ? { secret: secretOfHost(id) ?? null } : undefined)
const user = { handle: () => ({ name: 'ada' }) }

/** The library without its wrapper, as a host calls it by hand. */
class ByHand {
  readonly #oauth: OAuth2Server
  constructor({ model }: { model: Model }) {
    this.#oauth = new OAuth2Server({ model } as never)
  }
  #handler(call: 'token' | 'authorize' | 'authenticate', options: object = {}): RequestHandler {
    return async (req, res) => {
      const response = new OAuth2Server.Response(res)
      const { body } = await this.#oauth[call](new OAuth2Server.Request(req as never), response, options as never).then(
        () => response,
        ({ code, name, message }) => Object.assign(response, { status: code, body: { error: name, error_description: message } }),
      )
      res
        .status(response.status ?? 500)
        .set(response.headers)
        .json(body)
    }
  }
  token = () => this.#handler('token')
  authorize = (options?: object) => this.#handler('authorize', options)
  authenticate = () => this.#handler('authenticate')
}
/** It asks the model for the client of a refresh token even if the request has no secret. */
class WithPublicClients extends ExpressOAuthServer {
  constructor(options: object) {
    super({ ...options, requireClientAuthentication: { refresh_token: false } })
  }
}
class WithErrorHandler extends ExpressOAuthServer {
  constructor(options: object) {
    super({ ...options, useErrorHandler: true })
  }
}
function mountWith(OAuthServer: Wrapper, findRow: FindRow = inMemory, onModel: (model: Model) => void = () => {}): Mount {
  return async (app, express, suite) => {
    const model = modelOf(findRow)
    onModel(model)
    if (suite) {
      const recipe = await recipesOf<object>('docs/guides/server-libraries.md', 'internal-secrets.mjs', 'node-oauth2-server.mjs')
      runBlock('docs/guides/server-libraries.md', 'node-oauth2-server: the route', { ...suite, ...recipe, model, OAuthServer })
    } else app.post('/token', express.urlencoded({ extended: false }), new OAuthServer({ model }).token())
    app.get('/protected', new OAuthServer({ model }).authenticate(), (_req, res) => void res.json(res.locals.oauth.token.user))
    app.get('/authorize', express.urlencoded({ extended: false }), new OAuthServer({ model }).authorize({ authenticateHandler: user }))
    let count = 0
    return (client) => {
      const refresh_token = `grant-${count++}`
      model.grants.set(refresh_token, { client })
      return { grant_type: 'refresh_token', refresh_token }
    }
  }
}

const expected = {
  otherwise: 400,
  statuses: { 'a secret in the header': 200, 'a wrong secret in the header': 401, 'client_credentials by secret': 200 },
  endsOldSecrets: true,
}
describeHost('@node-oauth/oauth2-server', mountWith(ByHand), expected)
describeHost('@node-oauth/express-oauth-server', mountWith(ExpressOAuthServer), expected)
describeHost('@node-oauth/express-oauth-server with useErrorHandler', mountWith(WithErrorHandler), expected)
describeHost('@node-oauth/express-oauth-server with public clients', mountWith(WithPublicClients), {
  ...expected,
  statuses: { ...expected.statuses, 'a client_id without a secret': 200, 'a public client': 200 },
  takesForPublic: true,
})

describe.each(expresses)('@node-oauth/express-oauth-server on %s', (_, express) => {
  /** A good authorization code of a client, with its code_verifier. */
  async function startWithCodes(withSuite: boolean) {
    let model: Model | undefined
    const mount = mountWith(ExpressOAuthServer, inMemory, (made) => {
      model = made
    })
    const { post } = await startHost(mount, express, withSuite ? {} : false)
    const codeOf = (client: string) => {
      const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
      model?.grants.set(`code-of-${client}`, { client, code: { codeChallenge, codeChallengeMethod: 'S256' } })
      return { grant_type: 'authorization_code', code: `code-of-${client}`, redirect_uri: redirectUri, code_verifier: codeVerifier }
    }
    return { post, codeOf }
  }

  it('T-72: a code_verifier is no substitute for the key of a client', async () => {
    const old = await startWithCodes(false)
    expect(outcome(await old.post({ ...old.codeOf('jwt-client'), client_id: 'jwt-client' }))).toBe('token')
    const { post, codeOf } = await startWithCodes(true)
    const attempts: ({ client_id: string } & Record<string, string>)[] = [
      { client_id: 'jwt-client' },
      { client_id: 'jwt-client', client_secret: 'x' },
      { client_id: 'moved-client' },
    ]
    for (const attempt of attempts) expect(outcome(await post({ ...codeOf(attempt.client_id), ...attempt }))).not.toBe('token')
    expect(outcome(await post({ ...codeOf('jwt-client'), ...byKey('jwt-client') }))).toBe('token')
    expect(outcome(await post({ ...codeOf('public-client'), client_id: 'public-client' }))).toBe('token')
  })

  it('has a mintToken that makes tokens of the library, for users and for clients', async () => {
    const { nodeOAuth2Minter } = await recipeOf<{ nodeOAuth2Minter(...args: unknown[]): Hooks['mintToken'] }>(
      'docs/guides/server-libraries.md',
      'mint-node-oauth2.mjs',
    )
    let mintToken: Hooks['mintToken'] | undefined
    const mount = mountWith(ExpressOAuthServer, inMemory, (model) => {
      mintToken = nodeOAuth2Minter(model, async (name: string) => ({ name }))
    })
    const { server, post } = await startHost(mount, express, { mintToken: (granted) => (mintToken as Hooks['mintToken'])(granted) })
    const whose = async (parameters: Record<string, string>) => {
      const { status, body } = await post(parameters)
      const { access_token, ...rest } = JSON.parse(body)
      expect({ status, ...rest }).toEqual({ status: 200, token_type: 'Bearer', expires_in: 3600, scope: 'read write' })
      const headers = [`Authorization: Bearer ${access_token}`]
      return JSON.parse((await sendRaw(server, { method: 'GET', path: '/protected', headers, framing: 'none' })).body)
    }
    expect(await whose(grantRequest())).toEqual({ name: 'local-alice' })
    expect(await whose(clientCredentials())).toEqual({ name: 'owner of jwt-client' })
  })
})

describeWith(postgresNeed, 'T-71: @node-oauth/express-oauth-server on callbacks of pg', () => {
  const table = `host_clients_${process.pid}`
  const sql = `SELECT secret FROM ${table} WHERE id = $1`
  type Rows = { rows: { secret: string | null }[] }
  let service: Service
  let pool: pg.Pool
  beforeAll(async () => {
    service = await usePostgres()
    pool = new pg.Pool({ connectionString: service.url, max: 4 })
    await pool.query(`CREATE TABLE ${table} (id text PRIMARY KEY, secret text)`)
    for (const { id } of registered) await pool.query(`INSERT INTO ${table} VALUES ($1, $2)`, [id, secretOfHost(id) ?? null])
    await pool.end()
  }, 60_000)
  afterAll(async () => {
    const last = new pg.Pool({ connectionString: service.url })
    await last.query(`DROP TABLE ${table}`)
    await last.end()
    await service.stop()
  })

  /** The sockets of the pool are opened by the requests themselves. */
  const ways: [string, (pool: pg.Pool) => FindRow][] = [
    [
      'pool.query(sql, callback)',
      (db) => (id) =>
        new Promise((resolve, reject) => {
          db.query(sql, [id], (error: Error | undefined, result: Rows) => (error ? reject(error) : resolve(result.rows[0])))
        }),
    ],
    [
      'bluebird.promisify(pool.query)',
      (db) => {
        const query = bluebird.promisify<Rows>(db.query, { context: db })
        return (id) => query(sql, [id]).then(({ rows }) => rows[0])
      },
    ],
  ]
  const everywhere = ways.flatMap(([way, findRow]) => expresses.map(([name, express]) => [way, name, findRow, express] as const))
  it.each(everywhere)(
    'by %s on %s: nobody gets the client of another request, while it is answered or later',
    async (_way, _name, findRow, express) => {
      pool = new pg.Pool({ connectionString: service.url, max: 4 })
      const host = await startHost(mountWith(WithPublicClients, findRow(pool)), express)
      const { post, freshGrant } = host
      expect(outcome(await post({ ...freshGrant('jwt-client'), ...byKey('jwt-client') }))).toBe('token')
      for (let i = 0; i < 20; i++) expect(outcome(await post({ ...freshGrant('jwt-client'), client_id: 'jwt-client' }))).not.toBe('token')
      const { proven, strangers } = await flood(host, 200)
      expect(proven.filter(isToken)).toHaveLength(200)
      expect(strangers).toHaveLength(200)
      expect(strangers.filter(isToken)).toEqual([])
      await pool.end()
    },
    60_000,
  )
})
