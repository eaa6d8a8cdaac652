import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { CLIENT_CREDENTIALS, type Client } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { now } from '../support/jwt.js'
import { byJwt, clientAssertion, clientCredentials, keys, startWorld } from '../support/world.js'

const registered: Client = {
  client_id: 'jwt-client',
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [keys.client.jwk] },
  grant_types: [CLIENT_CREDENTIALS],
  scope: 'read',
}

afterEach(() => void jest.restoreAllMocks())

describe.each(anyExpress)('X-07 DI-15 a client assertion with a jti, on %s', (_, express) => {
  it.each<[replay: Client['replay'], second: [number, unknown]]>([
    ['reusable', [200, ['client_assertion_reusable']]],
    ['one-time', [401, 'jti_replayed']],
    [undefined, [401, 'jti_replayed']],
  ])('of a client that registered %s', async (replay, second) => {
    const world = startWorld(express, { hooks: { findClient: () => ({ ...registered, replay }) } })
    const assertion = clientAssertion()
    const ask = async () => {
      const { status } = await world.post(clientCredentials(byJwt(assertion)))
      return [status, world.last().reason ?? world.last().notices]
    }
    expect((await ask())[0]).toBe(200)
    expect(await ask()).toEqual(second)
  })
})

describe.each(anyExpress)('T-51 a client assertion without jti, whose signature is remembered, on %s', (_, express) => {
  /** A client that was authenticated by the assertion twice, so that its signature is known. */
  async function known(claims: object = {}) {
    const state = { client: registered as Client | undefined }
    const world = startWorld(express, { hooks: { findClient: () => state.client } })
    const assertion = clientAssertion({ jti: undefined, ...claims })
    const ask = async (sent = assertion) => {
      const { status } = await world.post(clientCredentials(byJwt(sent)))
      return [status, world.last().reason ?? world.last().notices]
    }
    for (let i = 0; i < 2; i++) expect(await ask()).toEqual([200, ['client_assertion_reusable']])
    return { state, world, ask, assertion }
  }

  it.each<[what: string, change: Partial<Client> | undefined, reason: string]>([
    ['its key is replaced', { jwks: { keys: [{ ...keys.other.jwk, kid: keys.client.kid }] } }, 'signature_invalid'],
    ['its key is withdrawn', { jwks: { keys: [keys.other.jwk] } }, 'key_not_found'],
    ['its client is disabled', { enabled: false }, 'client_disabled'],
    ['its client is gone', undefined, 'client_unknown'],
    ['its client has another method', { token_endpoint_auth_method: 'client_secret_basic' }, 'auth_method_not_registered'],
    ['its client has another algorithm', { token_endpoint_auth_signing_alg: 'RS256' }, 'alg_not_registered'],
    ['its client must send a jti', { requireJti: true }, 'jti_missing'],
    ['its lifetime is too long now', { maxLifetime: 1 }, 'lifetime_too_long'],
  ])('is refused at the next request when %s', async (_what, change, reason) => {
    const { state, ask } = await known()
    state.client = change && { ...registered, ...change }
    expect(await ask()).toEqual([401, reason])
    state.client = registered
    expect(await ask()).toEqual([200, ['client_assertion_reusable']])
  })

  it('is refused when its client may no longer use the grant', async () => {
    const { state, ask } = await known()
    state.client = { ...registered, grant_types: [] }
    expect(await ask()).toEqual([400, 'grant_not_allowed_for_client'])
  })

  it('is refused when it has expired', async () => {
    const { ask } = await known({ exp: now() - 8 })
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3000)
    expect(await ask()).toEqual([401, 'expired'])
  })

  it('is refused in any other text', async () => {
    const { ask, assertion } = await known()
    const [header, payload, signature = ''] = assertion.split('.')
    const other = clientAssertion({ jti: undefined, iat: now() - 5 }, { key: keys.other, header: { kid: keys.client.kid } })
    for (const forged of [other, `${header}.${payload}.${other.split('.')[2]}`, `${other.split('.').slice(0, 2).join('.')}.${signature}`])
      expect((await ask(forged))[0]).toBe(401)
  })
})
