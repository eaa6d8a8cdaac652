import { CLIENT_CREDENTIALS, ConfigurationError, type FederatedCredential, JWT_SPIFFE_CLIENT_ASSERTION } from '../index.js'
import type { Lines, Profile, Wrong } from './profile.js'
import type { KeyArguments } from './tightened.js'

/** Arguments of {@link spiffe}. */
export interface SpiffeArguments extends Omit<KeyArguments, 'discovery'> {
  /** The SPIFFE ID of the workload, such as `spiffe://prod.example.org/ns/prod/sa/billing`. */
  id: string
  /** The `aud` that the workload asks for. @default the issuer identifier of this server */
  audience?: string
  /** Longest lifetime of an SVID in seconds, at most 3600. @default 3600 */
  maxLifetime?: number
}

const lines = {
  issuer: { argument: 'id', why: 'the trust domain: `iss` of a JWT-SVID means nothing', rows: ['SP-01'] },
  subject: { argument: 'id', why: 'only this workload of the trust domain', rows: ['SP-01', 'WI-04'] },
  maxLifetime: { value: 3600, why: 'workloads get new SVIDs before the old ones expire', rows: ['WI-07'] },
} as const satisfies Lines

const members = ['id', 'audience', 'maxLifetime', 'jwks', 'jwks_uri', 'allowPrivateJwksUri']
/** A trust domain, and a path that is not empty (SPIFFE-ID §2). */
const spiffeId = /^(spiffe:\/\/[a-z0-9._-]+)(?:\/[A-Za-z0-9._-]+)+$/

/**
 * A workload that sends its JWT-SVID as client assertion: for `federated_credentials` of a client with `token_endpoint_auth_method:
 * 'private_key_jwt'`. The request must have its `client_id`. The keys are the JWT keys of the trust bundle. An SVID may always be sent again.
 *
 * @throws ConfigurationError if `id` is not the SPIFFE ID of a workload, or if an argument is unknown or more lenient than the profile
 * @example spiffe({ id: 'spiffe://prod.example.org/ns/prod/sa/billing', jwks_uri: 'https://bundle.prod.example.org/keys' })
 */
export function spiffe(given: SpiffeArguments): FederatedCredential {
  const { id, maxLifetime = lines.maxLifetime.value, ...more } = given
  const unknown = Object.keys(given).find((member) => !members.includes(member))
  if (unknown !== undefined) throw new ConfigurationError(`spiffe: ${unknown} is not an argument of this profile.`)
  const [, issuer] = spiffeId.exec(id) ?? []
  if (issuer === undefined)
    throw new ConfigurationError(
      'spiffe: id must be the SPIFFE ID of a workload: a trust domain and a path, such as spiffe://prod.example.org/billing.',
    )
  if (maxLifetime > lines.maxLifetime.value)
    throw new ConfigurationError(`spiffe: maxLifetime must not be more lenient than the profile, which sets ${lines.maxLifetime.value}.`)
  return { issuer, subject: id, maxLifetime, ...more }
}

const id = 'spiffe://prod.example.org/ns/prod/sa/billing'
const notItsClient = { error: 'invalid_client', reason: 'client_identity_mismatch' } as const
const wrong = {
  otherWorkload: {
    wrong: 'It is of another workload.',
    claims: { sub: 'spiffe://prod.example.org/ns/prod/sa/web' },
    ...notItsClient,
    rows: ['SP-01', 'T-81'],
  },
  otherTrustDomain: {
    wrong: 'It is of another trust domain.',
    claims: { sub: 'spiffe://test.example.org/ns/prod/sa/billing' },
    ...notItsClient,
    rows: ['SP-01', 'T-81'],
  },
  forOtherServer: { wrong: 'Its `aud` is another server.', claims: { aud: 'https://other.example.net' }, ...notItsClient, rows: ['SP-01'] },
  ofItsOwnType: {
    wrong: 'Its `typ` is not one that JWT-SVIDs have.',
    header: { typ: 'client-authentication+jwt' },
    error: 'invalid_client',
    reason: 'typ_not_allowed',
    rows: ['SP-02'],
  },
} as const satisfies Record<string, Wrong>

export const spiffeProfile: Profile = {
  name: 'spiffe',
  about: 'workloads with a JWT-SVID of SPIFFE',
  makes: 'FederatedCredential',
  lines,
  example: "spiffe({ id: 'spiffe://prod.example.org/ns/prod/sa/billing', jwks_uri: 'https://bundle.prod.example.org/keys' })",
  registration: ({ client_id, scope }) => ({
    client: {
      client_id,
      token_endpoint_auth_method: 'private_key_jwt',
      federated_credentials: [spiffe({ id })],
      grant_types: [CLIENT_CREDENTIALS],
      scope,
    },
  }),
  sample: {
    use: 'client',
    alg: 'ES256',
    aud: 'issuer',
    lifetime: 300,
    claims: { sub: id, iss: null, jti: null },
    parameters: {
      grant_type: CLIENT_CREDENTIALS,
      client_id: '$client_id',
      client_assertion_type: JWT_SPIFFE_CLIENT_ASSERTION,
      client_assertion: '$jwt',
    },
  },
  right: {
    withIssuer: { what: 'an `iss`, which is not read', claims: { iss: 'https://any.example.org' }, rows: ['SP-02'] },
    listedAudience: { what: '`aud` as a list of one', claims: { aud: ['$server'] }, rows: ['SP-01'] },
  },
  wrong,
  accepts: {
    replayed: 'the workload sends its SVID again until it expires',
    noIss: 'a JWT-SVID needs no `iss`',
    wrongIssuer: '`iss` of a JWT-SVID is not read',
    noJti: 'a JWT-SVID needs no `jti`',
  },
}
