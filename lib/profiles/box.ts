import { type Client, JWT_BEARER_GRANT } from '../index.js'
import { grantAlone, type SelfIssued, type SelfIssuedArguments, selfIssued } from './client.js'
import type { Lines, Profile } from './profile.js'

/** Arguments of {@link box}. */
export interface BoxArguments extends SelfIssuedArguments {
  /** Its secret. If you store hashed secrets, leave it out and write the hook `verifyClientSecret`. */
  client_secret?: string
}

const audience = 'https://api.box.com/oauth2/token'
const lines = {
  'issuer.audience': { value: audience, why: 'built into the libraries', rows: ['DI-03'] },
  'issuer.clients': {
    argument: 'client_id',
    why: 'its own client presents the grants, and authenticates with its secret',
    rows: ['DI-03'],
  },
  'issuer.claims.box_sub_type': { value: ['enterprise', 'user'], why: '`sub` is one of these', rows: ['DI-03'] },
  'issuer.subject': { value: ['box_sub_type'], why: 'a user and an enterprise may have the same `sub`', rows: ['DI-03'] },
  'issuer.requireJti': { value: true, why: 'a grant has a `jti`', rows: ['DI-03'] },
  'issuer.replay': { value: 'one-time', why: 'a grant works once', rows: ['JG-09'] },
  'issuer.algorithms': { value: ['RS256', 'RS384', 'RS512'], why: 'what the libraries can sign with', rows: ['DI-03'] },
  'issuer.maxLifetime': { value: 60, why: 'Box allows 60 seconds, the libraries sign for 30', rows: ['DI-03'] },
  'client.token_endpoint_auth_method': { value: 'client_secret_post', why: 'the secret is in the body', rows: ['DI-03', 'CA-07'] },
  'client.grant_types': { value: [JWT_BEARER_GRANT], why: 'the JWT grant alone', rows: ['MD-06'] },
} as const satisfies Lines

/**
 * A client that uses a library of Box: `iss` is its `client_id`, and it also sends its secret. In `authorizeGrant`, use `subject_key` or
 * `claims.box_sub_type`: a user and an enterprise may have the same number. The libraries read the `Date` header of a refusal, to mend their clock.
 *
 * @returns `issuer` for `findIssuer`, and `client` for `findClient`
 * @throws ConfigurationError if an argument is missing or more lenient than the profile
 * @example box({ client_id: 'archive', client_secret: 'a secret from your database', jwks_uri: 'https://archive.example/jwks', scope: 'files:read' })
 */
export function box({ client_secret, ...more }: BoxArguments): SelfIssued {
  const secret: Partial<Client> = client_secret === undefined ? {} : { client_secret }
  const { issuer, client } = selfIssued({ name: 'box', lines }, { issuer: { audience, clients: [more.client_id] }, client: secret }, more)
  const { client_id: _, ...byItsClient } = issuer // its signature alone does not authenticate
  return { issuer: byItsClient, client }
}

const client_secret = 'a-secret-of-the-sample-client'

export const boxProfile: Profile = {
  name: 'box',
  about: 'a client that uses a library of Box',
  makes: 'Registration',
  path: '/oauth2/token',
  lines,
  example:
    "box({ client_id: 'archive', client_secret: 'a secret from your database', jwks_uri: 'https://archive.example/jwks', scope: 'files:read' })",
  registration: ({ client_id, scope }) => box({ client_id, client_secret, scope }),
  sample: {
    use: 'grant',
    alg: 'RS256',
    aud: 'issuer',
    lifetime: 30,
    header: { typ: 'JWT' },
    claims: { iss: '$client_id', sub: '$subject', aud: audience, box_sub_type: 'user', iat: null },
    parameters: { ...grantAlone, client_id: '$client_id', client_secret },
  },
  right: {
    enterprise: { what: 'the service account of an enterprise', claims: { box_sub_type: 'enterprise' }, rows: ['DI-03'] },
    aMinute: { what: 'a life of 60 seconds', claims: { exp: '$now+60' }, rows: ['DI-03'] },
  },
  wrong: {
    otherKind: {
      wrong: 'Its `box_sub_type` is unknown.',
      claims: { box_sub_type: 'robot' },
      error: 'invalid_grant',
      reason: 'claim_not_allowed',
      rows: ['DI-03'],
    },
    twoMinutes: {
      wrong: 'It lives for two minutes.',
      claims: { exp: '$now+120' },
      error: 'invalid_grant',
      reason: 'lifetime_too_long',
      rows: ['DI-03'],
    },
    wrongSecret: {
      wrong: 'The secret is wrong.',
      parameters: { client_secret: 'another' },
      error: 'invalid_client',
      reason: 'client_secret_mismatch',
      rows: ['DI-03'],
    },
    withoutSecret: {
      wrong: 'There is no secret: the grant alone does not authenticate the client.',
      parameters: { client_id: '', client_secret: '' },
      error: 'invalid_client',
      reason: 'client_auth_missing',
      rows: ['DI-03'],
    },
  },
}
