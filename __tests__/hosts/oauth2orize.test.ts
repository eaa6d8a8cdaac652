import oauth2orize from 'oauth2orize'
import passports from 'passport'
import passportHttp from 'passport-http'
import clientPassword from 'passport-oauth2-client-password'
import { recipesOf, runBlock } from '../support/recipe.js'
import { describeHost, isRegistered, type Mount, secretOfHost } from './host.js'

const { BasicStrategy } = passportHttp
const { Strategy: ClientPasswordStrategy } = clientPassword

interface HostClient {
  id: string
}
type Done = (error: unknown, value?: unknown, more?: unknown) => void

const mount: Mount = async (app, express, suite) => {
  const grants = new Map<string, string>()
  const server = oauth2orize.createServer()
  const passport = new passports.Passport()
  const later = (done: Done, value: unknown) => void setImmediate(() => done(null, value))
  const getClient = (id: string, done: Done) => later(done, isRegistered(id) ? { id } : false)
  const verify = (id: string, secret: string, done: Done) => later(done, isRegistered(id) && secretOfHost(id) === secret ? { id } : false)

  const exchange = ({ id }: HostClient, grant: string, done: Done) => {
    const isGood = grants.get(grant) === id
    grants.delete(grant)
    later((error, token) => done(error, token, { expires_in: 3600 }), isGood && `token-for-${id}-by-${grant}`)
  }
  server.exchange(oauth2orize.exchange.code((client: HostClient, code, _redirectUri, done) => exchange(client, code, done)))
  server.exchange(oauth2orize.exchange.refreshToken((client: HostClient, token, _scope, done) => exchange(client, token, done)))
  server.grant(oauth2orize.grant.code(({ id }: HostClient, _redirectUri, _user, _ares, done) => later(done, `code-of-${id}`)))
  server.serializeClient(({ id }: HostClient, done) => done(null, id))
  server.deserializeClient(getClient)
  app.use((req, _res, next) => {
    Object.assign(req, { session: {} })
    next()
  })
  const validate = (id: string, redirectUri: string, done: Done) => getClient(id, (error, client) => done(error, client, redirectUri))
  app.get(
    '/authorize',
    server.authorization(validate, (_client, _user, _scope, _type, _areq, done) => done(null, true)),
    server.errorHandler(),
  )

  if (suite) {
    const recipe = await recipesOf<object>('docs/guides/server-libraries.md', 'internal-secrets.mjs', 'oauth2orize.mjs')
    const scope = { passport, server, verify, getClient, BasicStrategy, ClientPasswordStrategy }
    runBlock('docs/guides/server-libraries.md', 'oauth2orize: the route', { ...suite, ...recipe, ...scope })
  } else {
    passport.use(new BasicStrategy(verify))
    passport.use(new ClientPasswordStrategy(verify))
    app.post(
      '/token',
      express.urlencoded({ extended: false }),
      passport.authenticate(['basic', 'oauth2-client-password'], { session: false }),
      server.token(),
      server.errorHandler(),
    )
  }
  let count = 0
  return (client_id) => {
    const refresh_token = `grant-${count++}`
    grants.set(refresh_token, client_id)
    return { grant_type: 'refresh_token', refresh_token }
  }
}

describeHost('oauth2orize and passport', mount, {
  otherwise: 401,
  statuses: {
    'a secret in the header': 200,
    "another client's grant": 403,
    'a grant that does not exist': 403,
    'a grant without its parameter': 400,
    'a wrong authorization code': 403,
    'a grant type that is unknown': 501,
    'no grant type': 501,
    'client_credentials by secret': 501,
    'a login of an unknown client': 403,
    'a login that is malformed': 400,
  },
})
