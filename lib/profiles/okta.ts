import type { Client } from '../index.js'
import { anHour, type ClientArguments, clientLines, clientOf, forItself } from './client.js'
import type { Lines, Profile } from './profile.js'

/** Arguments of {@link okta}. */
export type OktaArguments = ClientArguments

const lines = {
  ...clientLines,
  audience: { value: 'issuer-or-token-endpoint', why: 'the libraries put the URL that they call into `aud`', rows: ['X-01'] },
  requireJti: { value: true, why: 'a client assertion has a `jti`', rows: ['OC-01'] },
  maxLifetime: { value: 300, why: 'the libraries sign for five minutes', rows: ['JG-06'] },
} as const satisfies Lines

/**
 * A client that uses a library of Okta: it asks for tokens for itself. The option `tokenEndpointUrl` must list the URL that it calls, such as
 * `https://as.example.com/oauth2/v1/token`.
 *
 * @throws ConfigurationError if an argument is missing, unknown or more lenient than the profile
 * @example okta({ client_id: 'directory-sync', jwks_uri: 'https://sync.example/jwks', scope: 'users:read' })
 */
export const okta = (given: OktaArguments): Client => clientOf({ name: 'okta', lines }, given)

const invalidClient = { error: 'invalid_client' } as const

export const oktaProfile: Profile = {
  name: 'okta',
  about: 'a client that uses a library of Okta',
  makes: 'Client',
  path: '/oauth2/v1/token',
  lines,
  example: "okta({ client_id: 'directory-sync', jwks_uri: 'https://sync.example/jwks', scope: 'users:read' })",
  registration: ({ client_id, scope, alg }) => ({ client: okta({ client_id, scope, token_endpoint_auth_signing_alg: alg }) }),
  sample: {
    use: 'client',
    alg: 'RS256',
    aud: 'token-endpoint',
    lifetime: 300,
    header: { typ: 'JWT', kid: undefined },
    claims: { iss: '$client_id', sub: '$client_id' },
    parameters: { ...forItself, scope: '$scope' },
  },
  right: {
    withKid: { what: 'a `kid`', header: { kid: 'profile-key' }, rows: ['JC-06'] },
    forIssuer: { what: 'the issuer identifier as `aud`', claims: { aud: '$server' }, rows: ['X-01'] },
  },
  wrong: {
    forOtherUrl: {
      wrong: 'Its `aud` is a URL that is not this server.',
      claims: { aud: 'https://another-as.example.net/oauth2/v1/token' },
      ...invalidClient,
      reason: 'aud_mismatch',
      rows: ['X-01'],
    },
    anHour,
  },
}
