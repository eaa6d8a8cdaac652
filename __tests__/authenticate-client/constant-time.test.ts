import * as crypto from 'node:crypto'
import { expect, it, jest } from '@jest/globals'
import type { Client } from '../../lib/index.js'

const timingSafeEqual = jest.fn(crypto.timingSafeEqual)
jest.unstable_mockModule('node:crypto', () => ({ ...crypto, timingSafeEqual }))
const { assertSecret } = await import('../../lib/authenticate-client/secret.js')
const { isEqual } = await import('../../lib/authenticate-client/constant-time.js')

const client: Client = { client_id: 'c', client_secret: 'right' }
const context = {
  endpoint: { hooks: {}, hookTimeout: 1, now: () => Date.now() / 1000 },
  methods: ['client_secret_basic'],
  registeredMethod: ({ token_endpoint_auth_method = 'client_secret_basic' }: Client) => token_endpoint_auth_method,
  transaction: { record: { notices: [] } },
} as never

it.each<[name: string, client: Client | undefined, secrets: string[], reason: string | undefined]>([
  ['the right secret', client, ['right'], undefined],
  ['the second of two spellings', client, ['wrong', 'right'], undefined],
  ['the first of two spellings', client, ['right', 'wrong'], undefined],
  ['a wrong secret', client, ['wrong'], 'client_secret_mismatch'],
  ['a wrong secret of the same length', client, ['wrung'], 'client_secret_mismatch'],
  ['no secret', client, [''], 'client_secret_mismatch'],
  ['a client without a secret, asked with none', { client_id: 'c' }, [''], 'client_secret_mismatch'],
  ['a client whose secret is no string', { ...client, client_secret: 5 as never }, ['5'], 'client_secret_mismatch'],
  ['an unknown client', undefined, ['right', 'right'], 'client_unknown'],
  ['a disabled client', { ...client, enabled: false }, ['right'], 'client_disabled'],
  ['a client of another method', { ...client, token_endpoint_auth_method: 'private_key_jwt' }, ['right'], 'auth_method_not_registered'],
  ['an expired secret', { ...client, client_secret_expires_at: 1 }, ['right'], 'client_secret_expired'],
])('CA-11 compares in constant time, once for each spelling: %s', async (_name, registered, secrets, reason) => {
  timingSafeEqual.mockClear()
  const answer = assertSecret(context, registered, 'client_secret_basic', secrets)
  if (reason) await expect(answer).rejects.toMatchObject({ reason })
  else expect(await answer).toBe(registered)
  expect(timingSafeEqual).toHaveBeenCalledTimes(secrets.length)
})

it('T-40 compares strings of any length', () => {
  expect([isEqual('a', 'a'), isEqual('a', 'ab'), isEqual('', 'a'), isEqual('', '')]).toEqual([true, false, false, true])
})

it('T-40 T-72 compares an internal secret in constant time, whatever is sent', async () => {
  const { internalClientSecrets } = await import('../../lib/authenticate-client/internal-client-secrets.js')
  const { isSecretOf, secretOf } = internalClientSecrets()
  timingSafeEqual.mockClear()
  expect([secretOf('c'), 'x', ''].map((secret) => isSecretOf('c', secret))).toEqual([true, false, false])
  expect(timingSafeEqual).toHaveBeenCalledTimes(3)
})
