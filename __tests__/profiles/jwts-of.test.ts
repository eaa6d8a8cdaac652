import { afterAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import { JWT_BEARER_GRANT, type TokenEndpointEvent, tokenEndpoint } from '../../lib/index.js'
import { idJag, jwtsOf, profiles, type SampleValues } from '../../lib/profiles/index.js'
import { testClient, testIssuer, tokenRequest } from '../../lib/testing/index.js'

const server = 'https://as.example.com'
const client = testClient({ registration: { scope: 'read' } })
const values: SampleValues = {
  server,
  url: `${server}/token`,
  client_id: client.client_id,
  issuer: 'https://idp.example.org',
  subject: 'ada',
  scope: 'read',
  alg: 'ES256',
}
const issuer = testIssuer({ issuer: values.issuer })
const trusted = idJag({ issuer: issuer.issuer, jwks: issuer.jwks, audience: server, scope: 'read' })
const events: TokenEndpointEvent[] = []
const app = express()
app.post(
  '/token',
  ...tokenEndpoint({
    issuer: server,
    tokenEndpointUrl: values.url,
    onEvent: (event) => void events.push(event),
    hooks: {
      findClient: (id) => (id === client.client_id ? client.registration : undefined),
      findIssuer: (iss) => (iss === trusted.issuer ? trusted : undefined),
      authorizeGrant: ({ sub }) => ({ subject: sub }),
      mintToken: () => ({ access_token: 'token', token_type: 'Bearer' }),
    },
  }),
)
afterAll(() => expect(events.length).toBeGreaterThan(5))

describe('the JWTs of a profile, signed by the test helpers', () => {
  const { sample, wrong } = jwtsOf(profiles.idJag!, values)
  const ask = (assertion: string, parameters: Record<string, string> = {}) =>
    tokenRequest(app, { grant_type: JWT_BEARER_GRANT, assertion, ...client.clientAuthentication(), ...parameters })

  it('are accepted as its clients send them', async () => {
    expect(await ask(issuer.signGrant(sample))).toMatchObject({ status: 200 })
  })

  const wrongOnes = Object.entries(wrong).filter(([, { parameters }]) => Object.keys(parameters).length === 0)
  it.each(wrongOnes)('are refused: %s', async (_name, { error, reason, ...jwt }) => {
    expect(await ask(issuer.signGrant(jwt))).toMatchObject({ body: { error } })
    expect(events.at(-1)?.reason).toBe(reason)
  })
})

it('has times of the moment that is asked for, and the values of the sender', () => {
  const { sample } = jwtsOf(profiles.idJag!, values, 1000)
  expect(sample).toMatchObject({
    claims: { iss: values.issuer, sub: 'ada', aud: server, client_id: client.client_id, iat: 1000, exp: 1300 },
    header: { typ: 'oauth-id-jag+jwt' },
  })
})
