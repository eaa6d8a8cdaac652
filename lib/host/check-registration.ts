import {
  aBoolean,
  aBooleanOrNull,
  aDate,
  aDuration,
  aMoment,
  aName,
  anything,
  aPositiveInteger,
  aString,
  type Check,
  type Checks,
  listOr,
  listOrFunction,
  must,
  oneOf,
  type Report,
  refuse,
  reportMembers,
  secondsBetween,
  stringOrStrings,
  strings,
  tableOf,
} from './checks.js'
import { claimRules } from './claim-rules.js'
import type { Client, FederatedCredential } from './client.js'
import { areNotices } from './notice.js'
import { isResourceUri } from './resource-uri.js'
import type { TrustedIssuer } from './trusted-issuer.js'

const aTolerance = secondsBetween(0, 60)
const resourceUris = must(
  'a non-empty list of absolute URIs without a fragment',
  (value) => Array.isArray(value) && value.length > 0 && value.every(isResourceUri),
)

/** The check of each member of a trusted issuer; `anything`: it is checked where it is used. */
const issuerChecks = tableOf({
  issuer: anything,
  jwks: anything,
  jwks_uri: anything,
  discovery: aBooleanOrNull,
  allowPrivateJwksUri: aBooleanOrNull, // as for the keys themselves, `null` means "not set"
  ignoreX5c: aBooleanOrNull,
  client_id: aString,
  clients: listOr('any'),
  client_authentication: oneOf('required', 'identified', 'none'),
  subjects: listOrFunction,
  claims: claimRules,
  subject: strings,
  resources: resourceUris,
  lifetime: oneOf('within-grant'),
  limits: { assertion: aPositiveInteger },
  scope: aString,
  scope_once: aName,
  scope_from: oneOf('intersection', 'parameter', 'assertion'),
  default_sub: oneOf('iss'),
  audience: stringOrStrings,
  algorithms: strings,
  typ: aString,
  requireJti: aBoolean,
  maxLifetime: aDuration,
  clockTolerance: aTolerance,
  replay: oneOf('one-time', 'one-time-jti', 'same-client', 'reusable'),
  enabled: anything,
  not_after: aDate,
} satisfies Record<keyof TrustedIssuer, Check | Checks>)

/** Names of the members of a {@link TrustedIssuer}. */
export const issuerMembers: readonly string[] = issuerChecks.names

const federatedChecks = tableOf({
  issuer: aName,
  subject: aName,
  claims: claimRules,
  audience: aName,
  maxLifetime: aDuration,
  replay: oneOf('one-time', 'reusable'),
  jwks: anything,
  jwks_uri: anything,
  discovery: aBoolean,
  allowPrivateJwksUri: aBoolean,
  ignoreX5c: aBoolean,
} satisfies Record<keyof FederatedCredential, Check>)

/** A wrong type of these members would make a check more lenient: a lifetime as a string would be concatenated, not added. */
const notDiscovered = must('absent: the keys of a client are its jwks or its jwks_uri', (value) => value === false)
const ofClients = {
  client_id: anything,
  token_endpoint_auth_method: aString,
  scope: aString,
  client_secret_expires_at: aMoment,
  audience: oneOf('issuer', 'issuer-or-token-endpoint'),
  requireScope: aBoolean,
  maxLifetime: aDuration,
  clockTolerance: aTolerance,
  replay: oneOf('one-time', 'reusable'),
  previous_auth_method: aString,
  previous_auth_method_expires_at: aMoment,
  client_assertion_mode: oneOf('enforce', 'observe'),
  federated_credentials: must(
    'a list of objects',
    (value) => Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null),
  ),
  require_named_grant: aBoolean,
  event_notices: must('a list of at most 10 names of notices', areNotices),
  jwks: anything,
  jwks_uri: anything,
  allowPrivateJwksUri: anything,
  ignoreX5c: aBoolean,
  token_endpoint_auth_signing_alg: anything,
  grant_types: anything,
  client_secret: anything,
  tls_client_auth_subject_dn: anything,
  tls_client_auth_san_dns: anything,
  tls_client_auth_san_uri: anything,
  tls_client_auth_san_ip: anything,
  tls_client_auth_san_email: anything,
  tls_client_certificate_bound_access_tokens: anything,
  dpop_bound_access_tokens: anything,
  requireJti: anything,
  require_explicit_auth: anything,
  enabled: anything,
} satisfies Record<keyof Client, Check>
const clientChecks = tableOf({ ...ofClients, discovery: notDiscovered })

/** Names of the members of a {@link Client}. */
export const clientMembers: readonly string[] = clientChecks.names

/**
 * Refuses an issuer object whose mistakes would make checks more lenient: unknown members, values that are not allowed. `client_id` together
 * with other `clients` is no mistake: `signingClient` (policy.ts) then lets the signature authenticate only the client that the grant names.
 * @throws ConfigurationError that names the member, what it must be, and what was received
 */
export const assertTrustedIssuer = (issuer: TrustedIssuer) => reportTrustedIssuer(issuer, refuse)

/** Reports every mistake that {@link assertTrustedIssuer} refuses. */
export const reportTrustedIssuer = (issuer: object, report: Report) =>
  reportMembers(issuerChecks, issuer, { where: 'TrustedIssuer.' }, report)

/**
 * Refuses a client whose registration has mistakes that would make checks more lenient. Unknown members belong to the host; `null`, as
 * databases return it, counts as absent.
 * @throws ConfigurationError that names the member, what it must be, and what was received
 */
export const assertClient = (client: Client) => reportClient(client, refuse)

/** Reports every mistake that {@link assertClient} refuses. */
export function reportClient(client: { readonly federated_credentials?: unknown }, report: Report): void {
  reportMembers(clientChecks, client, { where: 'Client.', isClosed: false, isNullAbsent: true }, report)
  for (const credential of objectsOf(client.federated_credentials))
    reportMembers(
      federatedChecks,
      credential,
      { where: 'FederatedCredential.', required: ['issuer', 'subject'], isNullAbsent: true },
      report,
    )
}

/** The objects of a list that may be none. */
export const objectsOf = (list: unknown): object[] =>
  Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : []
