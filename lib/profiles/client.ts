/** Registrations of clients, and of clients that sign their own grants. */
import {
  CLIENT_CREDENTIALS,
  type Client,
  ConfigurationError,
  JWT_BEARER_CLIENT_ASSERTION,
  JWT_BEARER_GRANT,
  type TrustedIssuer,
} from '../index.js'
import { type Lines, type Profile, type Right, valuesOf, type Wrong } from './profile.js'
import { type IssuerArguments, type KeyArguments, required, tightened, trustedIssuer } from './tightened.js'

type ClientKeys = Omit<KeyArguments, 'discovery'>

/** Members of {@link Client} that may be set beside a profile, as long as they are stricter. */
export type ClientArguments = ClientKeys &
  Pick<
    Client,
    | 'client_id'
    | 'scope'
    | 'grant_types'
    | 'token_endpoint_auth_signing_alg'
    | 'requireJti'
    | 'requireScope'
    | 'maxLifetime'
    | 'clockTolerance'
    | 'replay'
    | 'require_explicit_auth'
    | 'tls_client_certificate_bound_access_tokens'
    | 'enabled'
  >

const known: readonly (keyof ClientArguments)[] = [
  'client_id',
  'jwks',
  'jwks_uri',
  'allowPrivateJwksUri',
  'scope',
  'grant_types',
  'token_endpoint_auth_signing_alg',
  'requireJti',
  'requireScope',
  'maxLifetime',
  'clockTolerance',
  'replay',
  'require_explicit_auth',
  'tls_client_certificate_bound_access_tokens',
  'enabled',
]

/**
 * Makes the registration of a client from what a profile sets and from its arguments.
 * @throws ConfigurationError for an argument that would be more lenient than the profile, or that it does not have
 */
export function clientOf({ name, lines }: Pick<Profile, 'name' | 'lines'>, given: ClientArguments): Client {
  required(name, { client_id: given.client_id })
  for (const argument of Object.keys(given))
    if (!(known as readonly string[]).includes(argument))
      throw new ConfigurationError(`${name}: ${argument} does not exist: it must be one of ${known.join(', ')}.`)
  return tightened(name, valuesOf(lines), given) as unknown as Client
}

/** Arguments of a profile for clients that sign their own grants. They are those of the issuer; keys, scope and `enabled` are for both. */
export type SelfIssuedArguments = Omit<IssuerArguments, 'clients' | 'client_authentication' | 'discovery'> & {
  /** The client, as the `iss` of its grants names it. */
  client_id: string
}

/** The lines of one part of a `Registration`. */
function partOf({ name, lines }: Pick<Profile, 'name' | 'lines'>, part: string): { name: string; lines: Lines } {
  const own = Object.entries(lines).filter(([path]) => path.startsWith(`${part}.`))
  return { name, lines: Object.fromEntries(own.map(([path, line]) => [path.slice(part.length + 1), line])) }
}

/** The two registrations of one client: `findIssuer` returns the first for its `iss`, `findClient` the second for its `client_id`. */
export interface SelfIssued {
  issuer: TrustedIssuer
  client: Client
}

/**
 * Makes both registrations of a client that signs its own grants.
 * @param own what the profile makes of its own arguments
 * @throws ConfigurationError for an argument that would be more lenient than the profile, or that it does not have
 */
export function selfIssued(
  profile: Pick<Profile, 'name' | 'lines'>,
  own: { readonly issuer?: Partial<TrustedIssuer>; readonly client?: Partial<Client> },
  { client_id, ...more }: SelfIssuedArguments,
): SelfIssued {
  required(profile.name, { client_id })
  const issuer = trustedIssuer(partOf(profile, 'issuer'), { issuer: client_id, client_id, ...own.issuer }, more)
  const { jwks, jwks_uri, allowPrivateJwksUri, scope, enabled } = more
  const both = { jwks, jwks_uri, allowPrivateJwksUri, scope, enabled }
  const client = tightened(profile.name, { client_id, ...valuesOf(partOf(profile, 'client').lines), ...own.client }, both)
  return { issuer, client: client as unknown as Client }
}

/** Lines of every client that signs its own grants, and authenticates by them. */
export const selfIssuedLines = {
  'issuer.client_id': { argument: 'client_id', why: 'the signature of a grant authenticates its client', rows: ['AF-04'] },
  'client.token_endpoint_auth_method': { value: 'private_key_jwt', why: 'the client has keys, and no secret', rows: ['CA-08'] },
  'client.grant_types': { value: [JWT_BEARER_GRANT], why: 'the JWT grant alone', rows: ['MD-06'] },
} as const satisfies Lines

/** A grant of such a client, beside which it authenticates by a JWT of its own. */
export const withClientAssertion = {
  what: 'a client assertion in addition',
  parameters: { client_assertion_type: JWT_BEARER_CLIENT_ASSERTION, client_assertion: '$client_assertion' },
  rows: ['CA-08', 'I10'],
} as const satisfies Right

/** A token request with a grant and nothing else. */
export const grantAlone = { grant_type: JWT_BEARER_GRANT, assertion: '$jwt' } as const

/** A token request of a client for itself. */
export const forItself = {
  grant_type: CLIENT_CREDENTIALS,
  client_assertion_type: JWT_BEARER_CLIENT_ASSERTION,
  client_assertion: '$jwt',
} as const

/** A profile for clients that authenticate by a JWT: the lines that all of them have. */
export const clientLines = {
  token_endpoint_auth_method: { value: 'private_key_jwt', why: 'the client has keys, and no secret', rows: ['CA-08'] },
  grant_types: { value: [CLIENT_CREDENTIALS], why: 'tokens for the client itself', rows: ['MD-06'] },
} as const satisfies Lines

/** A client assertion that lives longer than its library signs for. */
export const anHour = {
  wrong: 'It lives for an hour.',
  claims: { exp: '$now+3600' },
  error: 'invalid_client',
  reason: 'lifetime_too_long',
  rows: ['JG-06'],
} as const satisfies Wrong
