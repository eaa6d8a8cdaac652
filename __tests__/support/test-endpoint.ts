/** A token endpoint that knows one test issuer and one test client. */
import express from 'express'
import { type Options, tokenEndpoint } from '../../lib/index.js'
import { recordEvents, type TestClient, type TestIssuer, testClient, testIssuer } from '../../lib/testing/index.js'

interface Parts {
  issuer?: TestIssuer
  client?: TestClient
  options?: Partial<Options>
}

export function testEndpoint({ issuer = testIssuer(), client = testClient(), options = {} }: Parts = {}) {
  const onEvent = recordEvents()
  const endpoint = tokenEndpoint({
    issuer: issuer.audience,
    hooks: {
      findIssuer: (iss) => (iss === issuer.issuer ? issuer.registration : undefined),
      findClient: (client_id) => (client_id === client.client_id ? client.registration : undefined),
      authorizeGrant: ({ sub }) => ({ subject: `local-${sub}` }),
      mintToken: ({ subject }) => ({ access_token: `token-of-${subject}`, token_type: 'Bearer', expires_in: 300 }),
    },
    onEvent,
    ...options,
  })
  const app = express()
  app.post('/token', ...endpoint)
  return { app, issuer, client, onEvent }
}
