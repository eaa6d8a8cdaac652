import type { Options } from '../index.js'
import { grantAlone, type SelfIssued, type SelfIssuedArguments, selfIssued, selfIssuedLines, withClientAssertion } from './client.js'
import type { Lines, Profile } from './profile.js'
import { required } from './tightened.js'

const salesforceAudiences = ['https://login.salesforce.com', 'https://test.salesforce.com'] as const

/** Arguments of {@link salesforce}. */
export interface SalesforceArguments extends SelfIssuedArguments {
  /** A further `aud`: your own login URL, if the client puts that into its grants. */
  audience?: string
}

const lines = {
  ...selfIssuedLines,
  'issuer.audience': { value: salesforceAudiences, why: 'what clients of Salesforce write; `audience` is added', rows: ['DI-02'] },
  'issuer.scope_from': { value: 'assertion', why: 'Salesforce takes no scope parameter', rows: ['DI-02'] },
  'issuer.algorithms': { value: ['RS256'], why: 'clients sign with RS256', rows: ['DI-02'] },
  'issuer.maxLifetime': { value: 300, why: 'clients sign for three to five minutes', rows: ['DI-02'] },
  'issuer.replay': { value: 'one-time', why: 'a grant works once', rows: ['JG-09'] },
  'options.responseMembers': { value: ['instance_url', 'id'], why: 'jsforce reads them', rows: ['DI-02'] },
} as const satisfies Lines

/**
 * A client that was written for the JWT flow of Salesforce: `iss` is its consumer key. Let `mintToken` return `instance_url`, where the API is, and
 * `id`, a URL that ends in the ids of organisation and user.
 *
 * jsforce sends the JWT that your client signs. The CLI of Salesforce (`@salesforce/core` 8) puts milliseconds into `exp`, and is refused:
 * `exp_in_ms`. Taken as seconds, such a JWT would be good for 50,000 years.
 *
 * @returns `issuer` for `findIssuer`, `client` for `findClient`, and the part of the options that it needs
 * @throws ConfigurationError if an argument is missing or more lenient than the profile
 * @example salesforce({ client_id: 'crm-sync', jwks_uri: 'https://crm.example/jwks', scope: 'api' })
 */
export function salesforce({ audience, ...more }: SalesforceArguments): SelfIssued & { options: Pick<Options, 'responseMembers'> } {
  if (audience !== undefined) required('salesforce', { audience })
  const all = [...salesforceAudiences, ...(audience === undefined ? [] : [audience])]
  return {
    ...selfIssued({ name: 'salesforce', lines }, { issuer: { audience: all } }, more),
    options: { responseMembers: [...lines['options.responseMembers'].value] },
  }
}

export const salesforceProfile: Profile = {
  name: 'salesforce',
  about: 'a client written for Salesforce, with jsforce',
  makes: 'Registration',
  path: '/services/oauth2/token',
  lines,
  example: "salesforce({ client_id: 'crm-sync', jwks_uri: 'https://crm.example/jwks', scope: 'api' })",
  registration: ({ client_id, scope, server }) => salesforce({ client_id, scope, audience: server }),
  sample: {
    use: 'grant',
    alg: 'RS256',
    aud: 'issuer',
    lifetime: 180,
    header: { typ: 'JWT', kid: undefined },
    claims: { iss: '$client_id', sub: '$subject', aud: salesforceAudiences[0], jti: null },
    parameters: grantAlone,
  },
  right: {
    withClientAssertion,
    withClientId: { what: '`client_id`, as jsforce sends it', parameters: { client_id: '$client_id' }, rows: ['DI-02'] },
    forSandbox: { what: 'the `aud` of a sandbox', claims: { aud: salesforceAudiences[1] }, rows: ['DI-02'] },
    forThisServer: { what: 'the `aud` that was added', claims: { aud: '$server' }, rows: ['DI-02'] },
  },
  wrong: {
    milliseconds: {
      wrong: 'Its `exp` is in milliseconds, as the CLI of Salesforce writes it.',
      claims: { exp: 1_900_000_000_300 },
      error: 'invalid_grant',
      reason: 'exp_in_ms',
      rows: ['DI-02', 'JW-18'],
    },
    scopeParameter: {
      wrong: 'There is a scope parameter.',
      parameters: { scope: '$scope' },
      error: 'invalid_request',
      reason: 'scope_param_forbidden',
      rows: ['DI-02'],
    },
  },
  accepts: { noJti: 'it never has a jti' },
}
