import type { Client, Options } from '../index.js'
import { clientLines, forItself } from './client.js'
import { type Lines, type Profile, valuesOf } from './profile.js'

const lines = {
  clientAuthMethods: {
    value: ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'],
    why: 'keys or certificates, no secrets, no public clients',
    rows: ['FA-03'],
  },
  algorithms: { value: ['PS256', 'ES256', 'EdDSA', 'Ed25519'], why: 'what FAPI 2.0 allows', rows: ['FA-04'] },
  'clientAssertions.audience': { value: 'issuer', why: 'the issuer identifier, and nothing else', rows: ['FA-01'] },
  clockTolerance: { value: 10, why: 'accepts 10 seconds ahead, as FAPI 2.0 demands, and no more', rows: ['FA-02'] },
} as const satisfies Lines

/**
 * The options of a server that keeps the FAPI 2.0 Security Profile, as far as this package serves it. Spread them into yours. Tokens must also be
 * bound to their sender: register `tls_client_certificate_bound_access_tokens: true` for each client. This package has no DPoP.
 *
 * @example tokenEndpoint({ issuer: 'https://as.example.com', hooks, ...fapi2(), requireTls: true })
 */
export const fapi2 = () =>
  valuesOf(lines) as Required<Pick<Options, 'clientAuthMethods' | 'algorithms' | 'clientAssertions' | 'clockTolerance'>>

const invalidClient = { error: 'invalid_client' } as const

export const fapi2Profile: Profile = {
  name: 'fapi2',
  about: 'a server that keeps the FAPI 2.0 Security Profile',
  makes: 'Options',
  lines,
  example: 'fapi2()',
  registration: ({ client_id, scope }) => ({
    client: { client_id, scope, requireJti: true, ...(valuesOf(clientLines) as Partial<Client>) },
    options: fapi2(),
  }),
  sample: {
    use: 'client',
    alg: 'ES256',
    aud: 'issuer',
    lifetime: 60,
    claims: { iss: '$client_id', sub: '$client_id' },
    parameters: forItself,
  },
  right: {
    ahead: { what: 'an `iat` and `nbf` of 8 seconds ahead', claims: { iat: '$now+8', nbf: '$now+8' }, rows: ['FA-02'] },
  },
  wrong: {
    farAhead: {
      wrong: 'Its `iat` is 30 seconds ahead.',
      claims: { iat: '$now+30' },
      ...invalidClient,
      reason: 'iat_future',
      rows: ['FA-02'],
    },
    forTokenEndpoint: {
      wrong: 'Its `aud` is the token endpoint.',
      claims: { aud: '$url' },
      ...invalidClient,
      reason: 'aud_not_registered',
      rows: ['FA-01'],
    },
    byRsa: { wrong: 'Its `alg` is RS256.', header: { alg: 'RS256' }, ...invalidClient, reason: 'alg_not_allowed', rows: ['FA-04'] },
    bySecret: { wrong: 'Its `alg` is HS256.', header: { alg: 'HS256' }, ...invalidClient, reason: 'alg_not_allowed', rows: ['FA-03'] },
  },
}
