/** An authorization server with an old token endpoint that now also accepts JWTs in both roles of RFC 7523. */
import express, { type Express } from 'express'
import helmet from 'helmet'
// in your own project: from 'express-oauth-assertions'
import { memoryReplayStore, type Options, type TokenEndpointEvent, tokenErrorHandler, tokenMinter } from '../lib/index.js'
import { me } from './api.js'
import { enterpriseIdp } from './enterprise.js'
import { legacyServer } from './legacy.js'
import { mcpServer } from './mcp-server.js'
import { serverMetadata } from './metadata.js'
import { playground } from './playground.js'
import { protectedTokenEndpoint } from './protect.js'
import type { Registry } from './registry.js'

/** @param changes of options, for a server that is wrong on purpose */
export function createApp(registry: Registry, onEvent?: (event: TokenEndpointEvent) => void, changes: Partial<Options> = {}): Express {
  const { issuer, mcp, keys, findClient, findIssuer, findAccount } = registry
  const legacy = legacyServer(registry)

  const options: Options = {
    issuer,
    tokenEndpointUrl: `${issuer}/token`,
    fallthrough: true, // other requests are for the old handler
    publicClients: { scope: 'read' },
    clientAuthMethods: ['private_key_jwt', 'client_secret_jwt', 'client_secret_basic', 'none'],
    replayStore: memoryReplayStore(),
    hooks: {
      findClient,
      findIssuer,
      authorizeGrant({ issuer, sub }) {
        const account = findAccount(issuer.issuer, sub)
        return account ? { subject: account.id, scope: account.scope } : { refused: 'subject_unknown' }
      },
      mintToken: tokenMinter({ issuer, audience: [`${issuer}/api`, mcp], key: keys.server.privateKey, kid: keys.server.kid }),
    },
    ...(onEvent && { onEvent }),
    ...changes,
  }

  const metadata = serverMetadata(options)
  const app = express()
  app.use(helmet())
  app.get('/.well-known/oauth-authorization-server', (_req, res) => void res.json(metadata))
  app.get('/jwks', (_req, res) => void res.json({ keys: [keys.server.jwk] }))
  app.get('/authorize', legacy.authorize)

  // in your own project: ...protectedTokenEndpoint(options), without a playground, which may change the options
  const { pages, steps, partnerKeys } = playground(registry, options)
  app.use(pages)
  app.post('/token', ...protectedTokenEndpoint(options, {}, steps), ...legacy.token)
  app.use('/token', tokenErrorHandler())

  app.use(enterpriseIdp(registry), mcpServer(registry))
  app.get('/api/me', me(registry, legacy.findToken))
  // The key set of the third party would be on its own server; the demo serves it too.
  app.get('/partner/jwks', partnerKeys)
  return app
}
