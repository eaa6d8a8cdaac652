/** Clients that authenticate by a JWT. */
import { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION } from '../../index.js'
import type { Dialect } from './dialect.js'

const clientClaims = { iss: '$client_id', sub: '$client_id' }
const forItself = {
  grant_type: CLIENT_CREDENTIALS,
  client_assertion_type: JWT_BEARER_CLIENT_ASSERTION,
  client_assertion: '$jwt',
}
const byKey = {
  client_id: '$client_id',
  token_endpoint_auth_method: 'private_key_jwt',
  $keys: true,
  grant_types: [CLIENT_CREDENTIALS],
  scope: '$scope',
}

export const clientDialects = {
  private_key_jwt: {
    about: 'authenticates with a key; aud is the issuer identifier, as the update of RFC 7523 demands',
    use: 'client',
    alg: 'ES256',
    signs: 'key',
    aud: 'issuer',
    lifetime: 60,
    claims: clientClaims,
    parameters: forItself,
    registration: { client: { ...byKey, token_endpoint_auth_signing_alg: '$alg', requireJti: true } },
  },
  client_secret_jwt: {
    about: 'authenticates with an HMAC whose key is its secret',
    use: 'client',
    alg: 'HS256',
    signs: 'secret',
    aud: 'issuer',
    lifetime: 60,
    claims: clientClaims,
    parameters: forItself,
    registration: {
      client: {
        client_id: '$client_id',
        token_endpoint_auth_method: 'client_secret_jwt',
        token_endpoint_auth_signing_alg: '$alg',
        client_secret: '$secret',
        grant_types: [CLIENT_CREDENTIALS],
        scope: '$scope',
        requireJti: true,
      },
    },
  },
  'token-endpoint-audience': {
    about: 'puts the token endpoint into aud, as Authlib, SDKs of Okta and SMART on FHIR do',
    use: 'client',
    alg: 'RS384',
    signs: 'key',
    aud: 'token-endpoint',
    lifetime: 300,
    header: { typ: 'JWT' },
    claims: clientClaims,
    parameters: { ...forItself, scope: '$scope' },
    registration: {
      client: {
        ...byKey,
        token_endpoint_auth_signing_alg: '$alg',
        audience: 'issuer-or-token-endpoint',
        requireJti: true,
        maxLifetime: 300,
      },
    },
  },
} as const satisfies Record<string, Dialect>
