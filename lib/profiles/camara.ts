import { CLIENT_CREDENTIALS, type Client, ConfigurationError, JWT_BEARER_GRANT, type TrustedIssuer } from '../index.js'
import { sampleScope as scope, wrongAssertions, wrongGrants } from './camara-wrong.js'
import { forItself, grantAlone, type SelfIssuedArguments, selfIssued } from './client.js'
import type { Lines, Profile } from './profile.js'
import { required } from './tightened.js'

/** Arguments of {@link camara}. */
export interface CamaraArguments extends SelfIssuedArguments {
  /** The URL of the token endpoint that the API consumer calls. The option `tokenEndpointUrl` must list it. */
  tokenEndpointUrl: string
  /** The purposes (`dpv:…`) and scopes that the API consumer may have. */
  scope: string
}

const lines = {
  'issuer.client_id': { argument: 'client_id', why: 'the signature of a grant authenticates its client', rows: ['CM-02', 'CM-10'] },
  'issuer.audience': { argument: 'tokenEndpointUrl', why: 'the URL that the request is sent to', rows: ['CM-04'] },
  'issuer.claims.sub': {
    value: { pattern: 'tel:\\+[1-9]\\d{1,14}|operatortoken:.+' },
    why: 'a phone number in E.164, or an operator token',
    rows: ['CM-03'],
  },
  'issuer.claims.iat': { value: { present: true }, why: 'a grant says when it was signed', rows: ['CM-05'] },
  'issuer.claims.scope': { value: { present: true }, why: 'the scope stands in the grant', rows: ['CM-09'] },
  'issuer.requireJti': { value: true, why: 'a grant has a `jti`', rows: ['CM-05'] },
  'issuer.replay': { value: 'one-time', why: 'a grant works once', rows: ['CM-15'] },
  'issuer.maxLifetime': { value: 300, why: 'at most 300 seconds after the receipt and after `iat`', rows: ['CM-06', 'CM-07'] },
  'issuer.clockTolerance': { value: 0, why: 'no `iat` after the receipt', rows: ['CM-08'] },
  'issuer.scope_from': { value: 'assertion', why: 'no scope parameter', rows: ['CM-01'] },
  'issuer.scope_once': { value: 'dpv:', why: 'exactly one purpose', rows: ['CM-09', 'CM-12'] },
  'client.token_endpoint_auth_method': { value: 'private_key_jwt', why: 'for its other grants', rows: ['CM-16'] },
  'client.audience': { value: 'issuer-or-token-endpoint', why: 'client assertions name the called URL, too', rows: ['CM-16'] },
  'client.maxLifetime': { value: 300, why: 'client assertions live for 300 seconds', rows: ['CM-16'] },
  'client.requireJti': { value: true, why: 'client assertions have a `jti`', rows: ['CM-16'] },
  'client.requireScope': { value: true, why: 'client credentials need a scope parameter', rows: ['CM-17'] },
  'client.grant_types': { value: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS], why: 'both flows of this server', rows: ['CM-11'] },
} as const satisfies Lines

/**
 * An API consumer of the CAMARA Security and Interoperability Profile. Its grants are about a `tel:` number or an `operatortoken:`. Let `authorizeGrant`
 * find the subscriber, and check consent: return `{ refused: 'consent_missing' }` if there is none.
 *
 * @returns `issuer` for `findIssuer`, and `client` for `findClient`
 * @throws ConfigurationError if an argument is missing or more lenient than the profile
 * @example camara({ client_id: 'shop', jwks_uri: 'https://shop.example/jwks', tokenEndpointUrl: 'https://as.example.com/token', scope: 'dpv:FraudPreventionAndDetection number-verification:verify' })
 */
export function camara({ tokenEndpointUrl, ...more }: CamaraArguments): { issuer: TrustedIssuer; client: Client } {
  required('camara', { tokenEndpointUrl, scope: more.scope })
  if (!more.scope.split(' ').some((value) => value.startsWith('dpv:')))
    throw new ConfigurationError('camara: scope must name a purpose, such as dpv:FraudPreventionAndDetection.')
  return selfIssued({ name: 'camara', lines }, { issuer: { audience: tokenEndpointUrl } }, more)
}

export const camaraProfile: Profile = {
  name: 'camara',
  about: 'an API consumer of CAMARA, with its grants and its other requests',
  makes: 'Registration',
  lines,
  example:
    "camara({ client_id: 'shop', jwks_uri: 'https://shop.example/jwks', tokenEndpointUrl: 'https://as.example.com/token', scope: 'dpv:FraudPreventionAndDetection number-verification:verify' })",
  registration: ({ client_id, url }) => camara({ client_id, tokenEndpointUrl: url, scope }),
  sample: {
    use: 'grant',
    alg: 'ES256',
    aud: 'token-endpoint',
    lifetime: 60,
    claims: { iss: '$client_id', sub: 'tel:+34666666666', scope },
    parameters: grantAlone,
  },
  asClient: {
    use: 'client',
    alg: 'ES256',
    aud: 'token-endpoint',
    lifetime: 60,
    claims: { iss: '$client_id', sub: '$client_id' },
    parameters: { ...forItself, scope: 'number-verification:verify' },
  },
  right: {
    operatorToken: { what: 'an operator token', claims: { sub: 'operatortoken:opaque' }, rows: ['CM-03'] },
    fiveMinutes: { what: 'a life of 300 seconds', claims: { exp: '$now+300' }, rows: ['CM-06', 'CM-07'] },
    purposeAlone: { what: 'a purpose alone', claims: { scope: 'dpv:FraudPreventionAndDetection' }, rows: ['CM-09'] },
    otherGrants: { what: 'client credentials, where `aud` is the called URL', asClient: true, rows: ['CM-16', 'CM-17'] },
    forIssuerAsClient: {
      what: 'client credentials, where `aud` is the issuer',
      asClient: true,
      claims: { aud: '$server' },
      rows: ['CM-16'],
    },
  },
  wrong: { ...wrongGrants, ...wrongAssertions },
}
