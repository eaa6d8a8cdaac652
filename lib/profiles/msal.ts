import type { Client } from '../index.js'
import { anHour, type ClientArguments, clientLines, clientOf, forItself } from './client.js'
import type { Lines, Profile } from './profile.js'

/** Arguments of {@link msal}. */
export interface MsalArguments extends ClientArguments {
  /** `RS256` for clients that have the SHA-1 thumbprint of their certificate, as in old releases. @default 'PS256' */
  token_endpoint_auth_signing_alg?: 'PS256' | 'RS256'
}

const lines = {
  ...clientLines,
  token_endpoint_auth_signing_alg: { argument: 'token_endpoint_auth_signing_alg', why: 'MSAL signs with PS256', rows: ['DI-10'] },
  audience: { value: 'issuer-or-token-endpoint', why: 'MSAL puts the URL that it calls into `aud`', rows: ['DI-10', 'X-01'] },
  ignoreX5c: { value: true, why: 'MSAL may send its certificate; no key is taken from it', rows: ['DI-10'] },
  requireJti: { value: true, why: 'a client assertion has a `jti`', rows: ['OC-01'] },
  replay: { value: 'reusable', why: 'MSAL sends one assertion for ten minutes', rows: ['DI-10'] },
  maxLifetime: { value: 600, why: 'MSAL signs for ten minutes', rows: ['DI-10'] },
} as const satisfies Lines

/**
 * A client that uses MSAL with a certificate. Register the key of the certificate. MSAL names it by its thumbprint (`x5t#S256`) and not by `kid`: the
 * thumbprint is not read, and each registered key is tried. The option `tokenEndpointUrl` must list the URL that MSAL calls.
 *
 * @throws ConfigurationError if an argument is missing, unknown or more lenient than the profile
 * @example msal({ client_id: 'payroll', jwks_uri: 'https://payroll.example/jwks', scope: 'payroll:read' })
 */
export const msal = ({ token_endpoint_auth_signing_alg = 'PS256', ...given }: MsalArguments): Client =>
  clientOf({ name: 'msal', lines }, { ...given, token_endpoint_auth_signing_alg })

const invalidClient = { error: 'invalid_client' } as const

export const msalProfile: Profile = {
  name: 'msal',
  about: 'a client that uses MSAL with a certificate',
  makes: 'Client',
  path: '/<tenant>/oauth2/v2.0/token',
  lines,
  example: "msal({ client_id: 'payroll', jwks_uri: 'https://payroll.example/jwks', scope: 'payroll:read' })",
  registration: ({ client_id, scope }) => ({ client: msal({ client_id, scope }) }),
  sample: {
    use: 'client',
    alg: 'PS256',
    aud: 'token-endpoint',
    lifetime: 600,
    header: { typ: 'JWT', kid: undefined, 'x5t#S256': 'uDkyLMY8zK7HSwUSPiHJDyGWwAzW_0vMLMvzOZlYWBk' },
    claims: { iss: '$client_id', sub: '$client_id', nbf: '$now' },
    parameters: { ...forItself, client_id: '$client_id', scope: '$scope' },
  },
  right: {
    withCertificate: { what: 'its certificate (`x5c`)', header: { x5c: ['certificate'] }, rows: ['DI-10'] },
    forIssuer: { what: 'the issuer identifier as `aud`', claims: { aud: '$server' }, rows: ['X-01'] },
  },
  wrong: {
    otherAlgorithm: {
      wrong: 'It is signed with RS256.',
      header: { alg: 'RS256' },
      ...invalidClient,
      reason: 'alg_not_registered',
      rows: ['DI-10'],
    },
    anHour: { ...anHour, rows: ['DI-10'] },
    forOtherUrl: {
      wrong: 'Its `aud` is a URL that is not this server.',
      claims: { aud: 'https://login.example.net/oauth2/v2.0/token' },
      ...invalidClient,
      reason: 'aud_mismatch',
      rows: ['X-01'],
    },
  },
  accepts: { replayed: 'MSAL sends one assertion several times' },
}
