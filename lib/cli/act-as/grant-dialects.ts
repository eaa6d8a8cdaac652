/** Issuers and clients that send a JWT grant. */
import { JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT } from '../../index.js'
import type { Dialect } from './dialect.js'

const asGrant = { grant_type: JWT_BEARER_GRANT, assertion: '$jwt' }
const byKey = {
  client_id: '$client_id',
  token_endpoint_auth_method: 'private_key_jwt',
  $keys: true,
  grant_types: [JWT_BEARER_GRANT],
  scope: '$scope',
}
const ofIssuer = { issuer: '$issuer', $keys: true, algorithms: ['$alg'], subjects: ['$subject'], scope: '$scope' }

export const grantDialects = {
  grant: {
    about: 'sends a JWT grant of a trusted issuer that needs no client',
    use: 'grant',
    alg: 'ES256',
    signs: 'key',
    aud: 'issuer',
    lifetime: 60,
    claims: { iss: '$issuer', sub: '$subject' },
    parameters: asGrant,
    registration: { issuer: { ...ofIssuer, client_authentication: 'none', requireJti: true } },
  },
  'grant-by-client': {
    about: 'sends a JWT grant of a trusted issuer, and authenticates with the same key',
    use: 'grant',
    alg: 'ES256',
    signs: 'key',
    aud: 'issuer',
    lifetime: 60,
    claims: { iss: '$issuer', sub: '$subject' },
    parameters: { ...asGrant, client_assertion_type: JWT_BEARER_CLIENT_ASSERTION, client_assertion: '$client_assertion' },
    registration: {
      client: byKey,
      issuer: { ...ofIssuer, clients: ['$client_id'], requireJti: true },
    },
  },
  'service-account': {
    about: 'signs for an hour as service accounts of Google do: no sub, no jti, the scope in the JWT; aud is the token endpoint',
    use: 'grant',
    alg: 'RS256',
    signs: 'key',
    aud: 'token-endpoint',
    lifetime: 3600,
    header: { typ: 'JWT' },
    claims: { iss: '$issuer', scope: '$scope', jti: null },
    parameters: asGrant,
    registration: {
      issuer: {
        ...ofIssuer,
        subjects: ['$issuer'],
        default_sub: 'iss',
        scope_from: 'assertion',
        client_authentication: 'none',
        maxLifetime: 3600,
      },
    },
    without: {
      noJti: 'it never has a jti',
      noSub: 'it never has a sub',
      duplicateMember: 'it has no sub that could be there twice',
    },
  },
  integration: {
    about: 'signs its own grants as clients of Salesforce do: iss is its client_id, and there is no jti',
    use: 'grant',
    alg: 'RS256',
    signs: 'key',
    aud: 'issuer',
    lifetime: 180,
    claims: { iss: '$client_id', sub: '$subject', iat: null, jti: null },
    parameters: asGrant,
    registration: {
      client: byKey,
      issuer: { ...ofIssuer, issuer: '$client_id', client_id: '$client_id' },
    },
    without: { noJti: 'it never has a jti' },
  },
} as const satisfies Record<string, Dialect>
