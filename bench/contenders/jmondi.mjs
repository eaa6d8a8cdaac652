// @jmondi/oauth2-server: client_credentials with a secret; its tokens are JWTs signed with HMAC. It has no JWT client authentication.
import { timingSafeEqual } from 'node:crypto'
import { AuthorizationServer, DateInterval, generateRandomToken } from '@jmondi/oauth2-server'
import { handleExpressError, handleExpressResponse, requestFromExpress } from '@jmondi/oauth2-server/express'
import express from 'express'
import { clientId, clientSecret, scope } from '../harness/world.mjs'

export function listener() {
  const scopes = [{ name: scope }]
  const client = { id: clientId, name: clientId, redirectUris: [], allowedGrants: ['client_credentials'], scopes }
  const secret = Buffer.from(clientSecret)
  const isSecret = (given) => given.length === secret.length && timingSafeEqual(given, secret)
  const server = new AuthorizationServer(
    {
      getByIdentifier: async (id) => (id === clientId ? client : undefined),
      isClientValid: async (_grant, _client, given) => isSecret(Buffer.from(given ?? '')),
    },
    {
      issueToken: async (owner, granted) => ({
        accessToken: generateRandomToken(),
        accessTokenExpiresAt: new DateInterval('5m').getEndDate(),
        client: owner,
        scopes: granted,
      }),
      persist: async () => undefined,
    },
    { getAllByIdentifiers: async (names) => scopes.filter(({ name }) => names.includes(name)), finalize: async (granted) => granted },
    'a key for HMAC that is long enough for its hash',
  )
  server.enableGrantType('client_credentials', new DateInterval('5m'))
  const app = express()
  app.disable('x-powered-by')
  app.post('/token', express.urlencoded({ extended: false }), async (req, res) => {
    try {
      handleExpressResponse(res, await server.respondToAccessTokenRequest(requestFromExpress(req)))
    } catch (error) {
      handleExpressError(error, res)
    }
  })
  return app
}
