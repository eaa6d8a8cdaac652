import type { Client } from '../index.js'
import { type ClientArguments, clientLines, clientOf, forItself } from './client.js'
import type { Lines, Profile } from './profile.js'

/** Arguments of {@link rfc7523bis}. */
export type Rfc7523bisArguments = ClientArguments

const lines = {
  ...clientLines,
  audience: { value: 'issuer', why: 'the issuer identifier, and nothing else', rows: ['BI-01', 'X-01'] },
} as const satisfies Lines

/**
 * A client that keeps the update of RFC 7523 (draft-ietf-oauth-rfc7523bis): `aud` of its client assertions is the issuer identifier alone. It is strict
 * even if the option `clientAssertions.audience` still allows the token endpoint URL to others.
 *
 * @throws ConfigurationError if an argument is missing, unknown or more lenient than the profile
 * @example rfc7523bis({ client_id: 'reports', jwks_uri: 'https://reports.example/jwks', scope: 'reports:read' })
 */
export const rfc7523bis = (given: Rfc7523bisArguments): Client => clientOf({ name: 'rfc7523bis', lines }, given)

const invalidClient = { error: 'invalid_client' } as const

export const rfc7523bisProfile: Profile = {
  name: 'rfc7523bis',
  about: 'a client that keeps the update of RFC 7523',
  makes: 'Client',
  lines,
  example: "rfc7523bis({ client_id: 'reports', jwks_uri: 'https://reports.example/jwks', scope: 'reports:read' })",
  registration: ({ client_id, scope, alg }) => ({
    client: rfc7523bis({ client_id, scope, requireJti: true, token_endpoint_auth_signing_alg: alg }),
    options: { clientAssertions: { audience: 'issuer-or-token-endpoint' } }, // as long as other clients need it
  }),
  sample: {
    use: 'client',
    alg: 'ES256',
    aud: 'issuer',
    lifetime: 60,
    header: { typ: 'client-authentication+jwt' },
    claims: { iss: '$client_id', sub: '$client_id' },
    parameters: forItself,
  },
  right: {
    untyped: { what: 'no `typ`', header: { typ: undefined }, rows: ['BI-07'] },
    inList: { what: '`aud` as a list of one', claims: { aud: ['$server'] }, rows: ['BI-02'] },
  },
  wrong: {
    forTokenEndpoint: {
      wrong: 'Its `aud` is the token endpoint.',
      claims: { aud: '$url' },
      ...invalidClient,
      reason: 'aud_not_registered',
      rows: ['BI-01'],
    },
    forBoth: {
      wrong: 'Its `aud` lists the issuer identifier and the token endpoint.',
      claims: { aud: ['$server', '$url'] },
      ...invalidClient,
      reason: 'aud_mismatch',
      rows: ['BI-01'],
    },
    otherType: {
      wrong: 'Its `typ` is of another use.',
      header: { typ: 'dpop+jwt' },
      ...invalidClient,
      reason: 'typ_not_allowed',
      rows: ['BI-08'],
    },
  },
}
