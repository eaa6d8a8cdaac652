import type { Client } from '../index.js'
import { anHour, type ClientArguments, clientLines, clientOf, forItself } from './client.js'
import type { Lines, Profile } from './profile.js'

/** Arguments of {@link auth0}. */
export type Auth0Arguments = ClientArguments

const lines = {
  ...clientLines,
  audience: { value: 'issuer', why: 'the library writes the issuer identifier, with its slash', rows: ['X-01'] },
  requireJti: { value: true, why: 'a client assertion has a `jti`', rows: ['OC-01'] },
  maxLifetime: { value: 180, why: 'the library signs for two or three minutes', rows: ['JG-06'] },
} as const satisfies Lines

/**
 * A client that uses the library of Auth0 for Node.js. It writes `https://<domain>/` into `aud`, with the slash. So the option `issuer` must have
 * the slash, too: issuer identifiers are compared character by character.
 *
 * @throws ConfigurationError if an argument is missing, unknown or more lenient than the profile
 * @example auth0({ client_id: 'billing', jwks_uri: 'https://billing.example/jwks', scope: 'invoices:read' })
 */
export const auth0 = (given: Auth0Arguments): Client => clientOf({ name: 'auth0', lines }, given)

const invalidClient = { error: 'invalid_client' } as const

export const auth0Profile: Profile = {
  name: 'auth0',
  about: 'a client that uses the library of Auth0',
  makes: 'Client',
  path: '/oauth/token',
  lines,
  example: "auth0({ client_id: 'billing', jwks_uri: 'https://billing.example/jwks', scope: 'invoices:read' })",
  registration: ({ client_id, scope, alg }) => ({
    client: auth0({ client_id, scope, token_endpoint_auth_signing_alg: alg }),
    options: { clientAssertions: { audience: 'issuer-or-token-endpoint' } }, // as long as other clients need it
  }),
  sample: {
    use: 'client',
    alg: 'RS256',
    aud: 'issuer',
    lifetime: 180,
    header: { kid: undefined },
    claims: { iss: '$client_id', sub: '$client_id' },
    parameters: { ...forItself, client_id: '$client_id' },
  },
  wrong: {
    forTokenEndpoint: {
      wrong: 'Its `aud` is the token endpoint.',
      claims: { aud: '$url' },
      ...invalidClient,
      reason: 'aud_not_registered',
      rows: ['X-01'],
    },
    otherSpelling: {
      wrong: 'Its `aud` has a slash more than the option `issuer`.',
      claims: { aud: 'https://as.example.com/' },
      ...invalidClient,
      reason: 'aud_mismatch',
      rows: ['BI-05'],
    },
    anHour,
  },
}
