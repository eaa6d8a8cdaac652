import type { TrustedIssuer } from '../index.js'
import { grantAlone } from './client.js'
import type { Lines, Profile } from './profile.js'
import { type IssuerArguments, required, trustedIssuer } from './tightened.js'

/** Arguments of {@link zitadel}. */
export interface ZitadelArguments
  extends Omit<IssuerArguments, 'clients' | 'client_id' | 'client_authentication' | 'subjects' | 'discovery'> {
  /** `userId` of the key file. */
  userId: string
  /** The issuer identifier of this server, which the client puts into `aud`. */
  audience: string
}

const lines = {
  audience: { argument: 'audience', why: 'the issuer identifier, not the token endpoint', rows: ['DI-06'] },
  subjects: { argument: 'userId', why: 'a service user asks for itself: `sub` equals `iss`', rows: ['DI-06'] },
  'claims.iat': { value: { present: true }, why: 'a grant says when it was signed', rows: ['DI-06'] },
  client_authentication: { value: 'none', why: 'the request has a grant and nothing else', rows: ['AF-04'] },
  scope_from: { value: 'parameter', why: 'the scope is a parameter', rows: ['DI-06'] },
  algorithms: { value: ['RS256'], why: 'the libraries sign with RS256', rows: ['DI-06'] },
  maxLifetime: { value: 3600, why: 'the libraries sign for one hour', rows: ['DI-06'] },
  replay: { value: 'one-time', why: 'a grant works once', rows: ['JG-09'] },
} as const satisfies Lines

/**
 * A service user whose client uses a library of ZITADEL. These libraries ask for `openid` and scopes that begin with `urn:zitadel:iam:`: register
 * them, or the request is refused. Grants have no `jti`: see `googleServiceAccount` about two grants of one second.
 *
 * @throws ConfigurationError if an argument is missing or more lenient than the profile
 * @example zitadel({ userId: '253183645698', jwks_uri: 'https://jobs.example/jwks', audience: 'https://as.example.com', scope: 'openid jobs:run' })
 */
export function zitadel({ userId, audience, ...more }: ZitadelArguments): TrustedIssuer {
  required('zitadel', { userId, audience })
  return trustedIssuer({ name: 'zitadel', lines }, { issuer: userId, audience, subjects: [userId] }, more)
}

const invalidGrant = { error: 'invalid_grant' } as const

export const zitadelProfile: Profile = {
  name: 'zitadel',
  about: 'a service user whose client uses a library of ZITADEL',
  makes: 'TrustedIssuer',
  path: '/oauth/v2/token',
  lines,
  example:
    "zitadel({ userId: '253183645698', jwks_uri: 'https://jobs.example/jwks', audience: 'https://as.example.com', scope: 'openid jobs:run' })",
  registration: ({ issuer, server, scope }) => ({ issuer: zitadel({ userId: issuer, audience: server, scope }) }),
  sample: {
    use: 'grant',
    alg: 'RS256',
    aud: 'issuer',
    lifetime: 3600,
    claims: { iss: '$issuer', sub: '$issuer', jti: null },
    parameters: { ...grantAlone, scope: '$scope' },
  },
  right: {
    byGo: { what: '`aud` as a list of one, as the library for Go writes it', claims: { aud: ['$server'] }, rows: ['DI-06'] },
    withScopeClaim: { what: 'a `scope` claim, which does not count', claims: { scope: 'other' }, rows: ['DI-06'] },
  },
  wrong: {
    forOther: {
      wrong: 'It is for somebody else.',
      claims: { sub: '$subject' },
      ...invalidGrant,
      reason: 'subject_not_allowed',
      rows: ['DI-06'],
    },
    forTokenEndpoint: {
      wrong: 'Its `aud` is the token endpoint.',
      claims: { aud: '$url' },
      ...invalidGrant,
      reason: 'aud_not_registered',
      rows: ['DI-06'],
    },
    withoutIssueTime: {
      wrong: 'It has no `iat`.',
      claims: { iat: undefined },
      ...invalidGrant,
      reason: 'claim_not_allowed',
      rows: ['DI-06'],
    },
    twoHours: {
      wrong: 'It lives for two hours.',
      claims: { exp: '$now+7200' },
      ...invalidGrant,
      reason: 'lifetime_too_long',
      rows: ['DI-06'],
    },
  },
  accepts: { noJti: 'it never has a jti' },
}
