import { ConfigurationError, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT, type TrustedIssuer } from '../index.js'
import type { Lines, Profile, Sample, SampleValues, Wrong } from './profile.js'
import { type IssuerArguments, required, trustedIssuer } from './tightened.js'

/** The name of the profile in `authorization_grant_profiles_supported` of the metadata. */
export const ID_JAG_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag'

/** Arguments of {@link idJag}. */
export interface IdJagArguments extends IssuerArguments {
  /** The identity provider, as its ID-JAGs name it. */
  issuer: string
  /** The issuer identifier of this server: the one `aud` of an ID-JAG. */
  audience: string
}

/** What every ID-JAG is. */
export const idJagLines = {
  typ: { value: 'oauth-id-jag+jwt', why: 'no other JWT of this issuer is a grant', rows: ['IJ-01', 'MC-01'] },
  audience: { argument: 'audience', why: 'only the issuer identifier of this server, not its token endpoint', rows: ['IJ-03', 'MC-01'] },
  'claims.client_id': {
    value: { present: true },
    why: 'an ID-JAG names its client, and the client that presents it must be that one',
    rows: ['IJ-02', 'IJ-04'],
  },
  'claims.iat': { value: { present: true }, why: 'an ID-JAG says when it was issued', rows: ['IJ-02'] },
  requireJti: { value: true, why: 'an ID-JAG has a `jti`', rows: ['IJ-02'] },
  algorithms: { value: ['ES256', 'PS256', 'RS256', 'EdDSA'], why: 'an explicit list', rows: ['EM-01'] },
  client_authentication: { value: 'required', why: 'ID-JAGs are for confidential clients', rows: ['IJ-05'] },
  clients: { value: 'any', why: 'the claim `client_id` already says which client', rows: ['IJ-04'] },
  maxLifetime: { value: 300, why: 'an ID-JAG is used at once', rows: ['IJ-02'] },
  'limits.assertion': { value: 16_384, why: 'ID-JAGs with authorization_details are long', rows: ['EM-01'] },
} as const satisfies Lines

const lines = {
  ...idJagLines,
  replay: { value: 'same-client', why: 'the client may send the same ID-JAG again until it expires', rows: ['IJ-11'] },
} as const satisfies Lines

/**
 * An identity provider that sends Identity Assertion JWT Authorization Grants (draft-ietf-oauth-identity-assertion-authz-grant), as Okta,
 * Keycloak and Auth0 do. Do not let `authorizeGrant` allow a refresh token: the client asks for a new ID-JAG instead.
 *
 * @throws ConfigurationError if an argument is missing or more lenient than the profile; if the issuer is this server itself
 * @example idJag({ issuer: 'https://idp.example.org', discovery: true, audience: 'https://as.example.com', scope: 'chat:read' })
 */
export const idJag = (given: IdJagArguments): TrustedIssuer => idJagIssuer({ name: 'idJag', lines }, given)

/** The same for a profile that adds to it. */
export function idJagIssuer(profile: Pick<Profile, 'name' | 'lines'>, { issuer, audience, ...more }: IdJagArguments): TrustedIssuer {
  required(profile.name, { issuer, audience })
  if (issuer.replace(/\/$/, '') === audience.replace(/\/$/, ''))
    // IJ-12
    throw new ConfigurationError(`${profile.name}: issuer must be another server: this one issues no tokens for its own ID-JAGs.`)
  return trustedIssuer(profile, { issuer, audience }, more)
}

/** The client that presents an ID-JAG. */
export const idJagClient = ({ client_id, scope }: SampleValues) => ({
  client_id,
  token_endpoint_auth_method: 'private_key_jwt',
  grant_types: [JWT_BEARER_GRANT],
  scope,
})

export const idJagSample: Sample = {
  use: 'grant',
  alg: 'ES256',
  aud: 'issuer',
  lifetime: 300,
  header: { typ: 'oauth-id-jag+jwt' },
  claims: { iss: '$issuer', sub: '$subject', client_id: '$client_id', scope: '$scope' },
  parameters: {
    grant_type: JWT_BEARER_GRANT,
    assertion: '$jwt',
    client_assertion_type: JWT_BEARER_CLIENT_ASSERTION,
    client_assertion: '$client_assertion',
  },
}

/** ID-JAGs that are unusual, and good. */
export const rightIdJags = {
  withDetails: {
    what: 'authorization_details of 11 KB',
    claims: { authorization_details: [{ type: 'payment', text: 'x'.repeat(11_000) }] },
    rows: ['EM-01'],
  },
  forOneAudience: { what: 'aud as a list of one', claims: { aud: ['$server'] }, rows: ['IJ-03'] },
} as const satisfies Profile['right']

const invalidGrant = { error: 'invalid_grant' }
export const wrongIdJags = {
  notAnIdJag: { wrong: 'Its `typ` is JWT.', header: { typ: 'JWT' }, ...invalidGrant, reason: 'typ_not_registered', rows: ['IJ-01'] },
  withoutType: { wrong: 'It has no `typ`.', header: { typ: undefined }, ...invalidGrant, reason: 'typ_not_registered', rows: ['IJ-01'] },
  withoutClient: {
    wrong: 'It names no client.',
    claims: { client_id: undefined },
    ...invalidGrant,
    reason: 'claim_not_allowed',
    rows: ['IJ-02'],
  },
  withoutIssueTime: {
    wrong: 'It has no `iat`.',
    claims: { iat: undefined },
    ...invalidGrant,
    reason: 'claim_not_allowed',
    rows: ['IJ-02'],
  },
  forTokenEndpoint: {
    wrong: 'Its `aud` is the token endpoint.',
    claims: { aud: '$url' },
    ...invalidGrant,
    reason: 'aud_not_registered',
    rows: ['IJ-03'],
  },
  forOtherClient: {
    wrong: 'It is for another client.',
    claims: { client_id: 'another-client' },
    ...invalidGrant,
    reason: 'client_binding_mismatch',
    rows: ['IJ-04'],
  },
  boundToKey: {
    wrong: 'It is bound to a key, and no proof is taken here.',
    claims: { cnf: { jkt: 'x' } },
    ...invalidGrant,
    reason: 'pop_required',
    rows: ['IJ-13'],
  },
  withoutAuthentication: {
    wrong: 'The client does not authenticate.',
    parameters: { client_assertion_type: '', client_assertion: '' },
    error: 'invalid_client',
    reason: 'client_auth_missing',
    rows: ['IJ-05'],
  },
} as const satisfies Record<string, Wrong>

export const idJagProfile: Profile = {
  name: 'idJag',
  about: 'an identity provider that sends ID-JAGs: Okta, Keycloak, Auth0',
  makes: 'TrustedIssuer',
  lines,
  example: "idJag({ issuer: 'https://idp.example.org', discovery: true, audience: 'https://as.example.com', scope: 'chat:read' })",
  registration: (values) => ({
    issuer: idJag({ issuer: values.issuer, audience: values.server, scope: values.scope }),
    client: idJagClient(values),
  }),
  sample: idJagSample,
  right: rightIdJags,
  wrong: wrongIdJags,
  accepts: { replayed: 'the same client may send it again' },
}
