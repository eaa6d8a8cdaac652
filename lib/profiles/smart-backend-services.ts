import { type Client, ConfigurationError } from '../index.js'
import { type ClientArguments, clientLines, clientOf, forItself } from './client.js'
import type { Lines, Profile } from './profile.js'

/** Arguments of {@link smartBackendServices}. */
export interface SmartBackendServicesArguments extends ClientArguments {
  /** What the client signs with. @default 'RS384' */
  token_endpoint_auth_signing_alg?: 'RS384' | 'ES384'
}

const lines = {
  ...clientLines,
  token_endpoint_auth_signing_alg: { argument: 'token_endpoint_auth_signing_alg', why: 'SMART allows RS384 and ES384', rows: ['DI-08'] },
  audience: { value: 'issuer-or-token-endpoint', why: '`aud` is the token endpoint', rows: ['DI-08', 'X-01'] },
  requireJti: { value: true, why: 'a client assertion has a `jti`', rows: ['DI-08'] },
  requireScope: { value: true, why: 'the scope parameter is required', rows: ['DI-08'] },
  replay: { value: 'one-time', why: 'a `jti` works once', rows: ['DI-08', 'OC-03'] },
  maxLifetime: { value: 300, why: 'at most five minutes', rows: ['DI-08'] },
} as const satisfies Lines

/**
 * A backend service of SMART on FHIR. The option `tokenEndpointUrl` must list the URL that it calls. Clients of Epic keep the same rules, and allow
 * no clock ahead: add `clockTolerance: 0`.
 *
 * @throws ConfigurationError if an argument is missing, unknown or more lenient than the profile
 * @example smartBackendServices({ client_id: 'bulk-export', jwks_uri: 'https://export.example/jwks', scope: 'system/Patient.rs' })
 */
export function smartBackendServices({ token_endpoint_auth_signing_alg = 'RS384', ...given }: SmartBackendServicesArguments): Client {
  if (!['RS384', 'ES384'].includes(token_endpoint_auth_signing_alg))
    throw new ConfigurationError('smartBackendServices: token_endpoint_auth_signing_alg must be RS384 or ES384.')
  return clientOf({ name: 'smartBackendServices', lines }, { ...given, token_endpoint_auth_signing_alg })
}

const invalidClient = { error: 'invalid_client' } as const

export const smartBackendServicesProfile: Profile = {
  name: 'smartBackendServices',
  about: 'a backend service of SMART on FHIR',
  makes: 'Client',
  lines,
  example: "smartBackendServices({ client_id: 'bulk-export', jwks_uri: 'https://export.example/jwks', scope: 'system/Patient.rs' })",
  registration: ({ client_id, scope }) => ({ client: smartBackendServices({ client_id, scope }) }),
  sample: {
    use: 'client',
    alg: 'RS384',
    aud: 'token-endpoint',
    lifetime: 300,
    header: { typ: 'JWT' },
    claims: { iss: '$client_id', sub: '$client_id' },
    parameters: { ...forItself, scope: '$scope' },
  },
  right: { longId: { what: 'a `jti` of 151 characters, as Epic allows', claims: { jti: 'j'.repeat(151) }, rows: ['DI-08'] } },
  wrong: {
    withoutScope: {
      wrong: 'There is no scope parameter.',
      parameters: { scope: '' },
      error: 'invalid_scope',
      reason: 'scope_missing',
      rows: ['DI-08'],
    },
    tenMinutes: {
      wrong: 'It lives for ten minutes.',
      claims: { exp: '$now+600' },
      ...invalidClient,
      reason: 'lifetime_too_long',
      rows: ['DI-08'],
    },
    withoutJti: { wrong: 'It has no `jti`.', claims: { jti: undefined }, ...invalidClient, reason: 'jti_missing', rows: ['DI-08'] },
    otherAlgorithm: {
      wrong: 'It is signed with RS256.',
      header: { alg: 'RS256' },
      ...invalidClient,
      reason: 'alg_not_registered',
      rows: ['DI-08'],
    },
    otherKeys: {
      wrong: 'Its `jku` is not the registered `jwks_uri`.',
      header: { jku: 'https://another.example.net/jwks' },
      ...invalidClient,
      reason: 'jku_not_registered',
      rows: ['DI-08'],
    },
  },
}
