import { grantAlone, type SelfIssued, type SelfIssuedArguments, selfIssued, selfIssuedLines, withClientAssertion } from './client.js'
import type { Lines, Profile } from './profile.js'
import { required } from './tightened.js'

/** Arguments of {@link docusign}. */
export interface DocusignArguments extends SelfIssuedArguments {
  /** The host that the client has as `oAuthBasePath`, without `https://`: `as.example.com`. */
  audience: string
}

const lines = {
  ...selfIssuedLines,
  'issuer.audience': { argument: 'audience', why: 'a host, and no URL', rows: ['DI-04'] },
  'issuer.default_sub': { value: 'iss', why: 'without `sub`, a grant is for the application itself', rows: ['DI-04'] },
  'issuer.scope_from': { value: 'assertion', why: 'the scope is a claim', rows: ['DI-04'] },
  'issuer.algorithms': { value: ['RS256'], why: 'the libraries sign with RS256', rows: ['DI-04'] },
  'issuer.maxLifetime': { value: 3600, why: 'the libraries sign for up to one hour', rows: ['DI-04'] },
  'issuer.replay': { value: 'one-time', why: 'a grant works once', rows: ['JG-09'] },
} as const satisfies Lines

/**
 * A client that uses a library of DocuSign: `iss` is its integration key. `requestJWTUserToken` names a user, `requestJWTApplicationToken` none. In
 * `authorizeGrant`, see `subject_kind`: it is `issuer` for the application itself, and `asserted` for a user.
 *
 * Grants have no `jti`: see `googleServiceAccount` about two grants of one second.
 *
 * @returns `issuer` for `findIssuer`, and `client` for `findClient`
 * @throws ConfigurationError if an argument is missing or more lenient than the profile
 * @example docusign({ client_id: 'contracts', jwks_uri: 'https://contracts.example/jwks', audience: 'as.example.com', scope: 'signature impersonation' })
 */
export function docusign({ audience, ...more }: DocusignArguments): SelfIssued {
  required('docusign', { audience })
  return selfIssued({ name: 'docusign', lines }, { issuer: { audience } }, more)
}

const audience = 'as.example.com'

export const docusignProfile: Profile = {
  name: 'docusign',
  about: 'a client that uses a library of DocuSign',
  makes: 'Registration',
  path: '/oauth/token',
  lines,
  example:
    "docusign({ client_id: 'contracts', jwks_uri: 'https://contracts.example/jwks', audience: 'as.example.com', scope: 'signature impersonation' })",
  registration: ({ client_id, scope }) => docusign({ client_id, scope, audience }),
  sample: {
    use: 'grant',
    alg: 'RS256',
    aud: 'issuer',
    lifetime: 3600,
    header: { typ: 'JWT', kid: undefined },
    claims: { iss: '$client_id', sub: '$subject', aud: audience, scope: '$scope', jti: null },
    parameters: grantAlone,
  },
  right: {
    withClientAssertion,
    application: { what: 'no `sub`: the token is for the application', claims: { sub: undefined }, rows: ['DI-04'] },
  },
  wrong: {
    forUrl: {
      wrong: 'Its `aud` is a URL.',
      claims: { aud: '$server' },
      error: 'invalid_grant',
      reason: 'aud_not_registered',
      rows: ['DI-04'],
    },
    twoHours: {
      wrong: 'It lives for two hours.',
      claims: { exp: '$now+7200' },
      error: 'invalid_grant',
      reason: 'lifetime_too_long',
      rows: ['DI-04'],
    },
    scopeParameter: {
      wrong: 'The scope is a parameter.',
      parameters: { scope: '$scope' },
      error: 'invalid_request',
      reason: 'scope_param_forbidden',
      rows: ['DI-04'],
    },
  },
  accepts: { noJti: 'it never has a jti', noSub: 'that is the application token' },
}
