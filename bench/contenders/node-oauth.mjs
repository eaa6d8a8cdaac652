// @node-oauth/oauth2-server: client_credentials with a secret, opaque tokens. It has no JWT client authentication.
import { timingSafeEqual } from 'node:crypto'
import OAuth2Server from '@node-oauth/oauth2-server'
import express from 'express'
import { LRUCache } from 'lru-cache'
import { clientId, clientSecret, scope } from '../harness/world.mjs'

export function listener() {
  const clients = new Map([[clientId, { id: clientId, grants: ['client_credentials'], secret: Buffer.from(clientSecret) }]])
  const tokens = new LRUCache({ max: 10_000 })
  const server = new OAuth2Server({
    accessTokenLifetime: 300,
    model: {
      getClient(id, secret) {
        const client = clients.get(id)
        const given = Buffer.from(secret ?? '')
        return client && given.length === client.secret.length && timingSafeEqual(given, client.secret) ? client : undefined
      },
      getUserFromClient: (client) => ({ id: client.id }),
      validateScope: (_user, _client, asked) => (asked?.every((one) => one === scope) ? asked : false),
      saveToken(token, client, user) {
        const saved = { ...token, client, user }
        tokens.set(token.accessToken, saved)
        return saved
      },
    },
  })
  const app = express()
  app.disable('x-powered-by')
  app.post('/token', express.urlencoded({ extended: false }), async (req, res) => {
    const response = new OAuth2Server.Response(res)
    try {
      await server.token(new OAuth2Server.Request(req), response)
      res.set(response.headers).status(response.status).json(response.body)
    } catch (error) {
      res.status(error.code ?? 500).json({ error: error.name })
    }
  })
  return app
}
