import type { TrustedIssuer } from '../index.js'
import { grantAlone } from './client.js'
import type { Lines, Profile } from './profile.js'
import { type IssuerArguments, required, trustedIssuer } from './tightened.js'

/** Every `aud` that Google's libraries have built in, with their old releases. */
const googleAudiences = [
  'https://oauth2.googleapis.com/token',
  'https://www.googleapis.com/oauth2/v4/token',
  'https://accounts.google.com/o/oauth2/token',
] as const

/** Arguments of {@link googleServiceAccount}. */
export interface GoogleServiceAccountArguments
  extends Omit<IssuerArguments, 'clients' | 'client_id' | 'client_authentication' | 'subjects' | 'discovery'> {
  /** `client_email` of the key file. */
  client_email: string
  /** `token_uri` of the key file: libraries that read it put it into `aud`. */
  token_uri?: string
  /** The users for whom the account may ask (domain-wide delegation). @default [] */
  users?: readonly string[]
}

const lines = {
  audience: { value: googleAudiences, why: 'built into the libraries; `token_uri` is added', rows: ['DI-01'] },
  subjects: { argument: 'users', why: 'the account itself, and the users that it may ask for', rows: ['DI-01'] },
  client_authentication: { value: 'none', why: 'the request has a grant and nothing else', rows: ['AF-04'] },
  default_sub: { value: 'iss', why: 'without `sub`, the account asks for itself', rows: ['DI-01'] },
  scope_from: { value: 'assertion', why: 'the scope is a claim', rows: ['DI-01'] },
  algorithms: { value: ['RS256'], why: 'the libraries sign with RS256', rows: ['DI-01'] },
  maxLifetime: { value: 3600, why: 'the libraries sign for one hour', rows: ['DI-01'] },
  replay: { value: 'one-time', why: 'a grant works once', rows: ['JG-09'] },
} as const satisfies Lines

/**
 * A service account whose client uses a library of Google. The libraries for Python, Node.js and Java have Google's URL built in as `aud`, even if
 * they call your server. So make a key pair for your server: a grant that is signed with a key of Google would also work at Google.
 *
 * Grants have no `jti`. Two workers that ask in the same second send the same text, and the second is refused: `jti_replayed`. If that happens, write
 * `{ ...googleServiceAccount(…), replay: 'one-time-jti' }`: then a grant works until it expires.
 *
 * @throws ConfigurationError if an argument is missing or more lenient than the profile
 * @example googleServiceAccount({ client_email: 'backup@accounts.example.com', jwks_uri: 'https://accounts.example.com/jwks', scope: 'backups:read' })
 */
export function googleServiceAccount({ client_email, token_uri, users = [], ...more }: GoogleServiceAccountArguments): TrustedIssuer {
  required('googleServiceAccount', { client_email, ...(token_uri !== undefined && { token_uri }) })
  const audience = [...googleAudiences, ...(token_uri === undefined ? [] : [token_uri])]
  const own = { issuer: client_email, audience, subjects: [client_email, ...users] }
  return trustedIssuer({ name: 'googleServiceAccount', lines }, own, more)
}

const invalidGrant = { error: 'invalid_grant' } as const

export const googleServiceAccountProfile: Profile = {
  name: 'googleServiceAccount',
  about: 'a service account whose client uses a library of Google',
  makes: 'TrustedIssuer',
  lines,
  example:
    "googleServiceAccount({ client_email: 'backup@accounts.example.com', jwks_uri: 'https://accounts.example.com/jwks', scope: 'backups:read' })",
  registration: ({ issuer, scope, url, subject }) => ({
    issuer: googleServiceAccount({ client_email: issuer, scope, token_uri: url, users: [subject] }),
  }),
  sample: {
    use: 'grant',
    alg: 'RS256',
    aud: 'token-endpoint',
    lifetime: 3600,
    header: { kid: undefined },
    claims: { iss: '$issuer', aud: googleAudiences[0], scope: '$scope', jti: null },
    parameters: grantAlone,
  },
  right: {
    oldLibrary: { what: 'the `aud` of gtoken 4', claims: { aud: googleAudiences[1] }, rows: ['DI-01'] },
    oldestLibrary: { what: 'the `aud` of the first libraries', claims: { aud: googleAudiences[2] }, rows: ['DI-01'] },
    byTokenUri: { what: 'the `aud` of a library that reads `token_uri`', claims: { aud: '$url' }, rows: ['DI-01'] },
    delegated: { what: 'a `sub`: the account asks for a user', claims: { sub: '$subject' }, rows: ['DI-01'] },
    typed: { what: 'the `typ` of the library for Python', header: { typ: 'JWT' }, rows: ['DI-01'] },
  },
  wrong: {
    forOtherUser: {
      wrong: 'It is for a user for whom the account may not ask.',
      claims: { sub: 'mallory' },
      ...invalidGrant,
      reason: 'subject_not_allowed',
      rows: ['DI-01'],
    },
    twoHours: {
      wrong: 'It lives for two hours.',
      claims: { exp: '$now+7200' },
      ...invalidGrant,
      reason: 'lifetime_too_long',
      rows: ['DI-01'],
    },
    scopeParameter: {
      wrong: 'The scope is a parameter.',
      parameters: { scope: '$scope' },
      error: 'invalid_request',
      reason: 'scope_param_forbidden',
      rows: ['DI-01'],
    },
    otherScope: {
      wrong: 'It asks for a scope that the account may not have.',
      claims: { scope: 'admin' },
      error: 'invalid_scope',
      reason: 'scope_exceeds_issuer',
      rows: ['DI-01'],
    },
  },
  accepts: { noJti: 'it never has a jti', noSub: 'it rarely has a sub' },
}
