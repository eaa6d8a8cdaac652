import { describe, expect, it } from '@jest/globals'
import { type Hooks, type Options, tokenEndpoint } from '../lib/index.js'
import { expresses } from './support/express.js'
import { clientCredentials, grant, grantRequest, hooks, issuer, openIdp, startWorld } from './support/world.js'

describe.each(expresses)('tokenEndpoint on %s', (_, express) => {
  const world = startWorld(express)

  it('issues a token for a JWT grant with a JWT client assertion', async () => {
    const { status, body, headers } = await world.post(grantRequest())
    expect({ status, body }).toEqual({
      status: 200,
      body: { access_token: 'token-of-local-alice', token_type: 'Bearer', expires_in: 300, scope: 'read write' },
    })
    expect(headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })
    expect(world.last()).toMatchObject({
      outcome: 'issued',
      client_id: 'jwt-client',
      client_auth_method: 'private_key_jwt',
      issuer: 'https://idp.example.org',
    })
  })

  it('issues a token for client_credentials with a JWT client assertion', async () => {
    const { status, body } = await world.post(clientCredentials())
    expect({ status, body }).toMatchObject({ status: 200, body: { access_token: 'token-of-jwt-client', scope: 'read write' } })
  })

  it('issues a token for a JWT grant without a client, where the issuer allows it (AF-04)', async () => {
    const { status, body } = await world.post(grantRequest(grant({ iss: openIdp }), {}))
    expect({ status, body }).toMatchObject({ status: 200, body: { access_token: 'token-of-local-alice', scope: 'read' } })
  })
})

it.each(['findClient', 'findIssuer', 'authorizeGrant', 'mintToken'] as const)('tokenEndpoint needs the hook %s', (name) => {
  const { calls: _, [name]: __, ...rest } = hooks()
  const options = { issuer, hooks: rest as Hooks, onEvent: false } satisfies Options
  expect(() => tokenEndpoint(options)).toThrow(`tokenEndpoint: option hooks.${name} is missing`)
})
