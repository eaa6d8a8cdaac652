import {
  aBoolean,
  aBooleanOrNull,
  aDate,
  aDuration,
  aMoment,
  aName,
  anything,
  aString,
  type Check,
  checkMembers,
  listOr,
  listOrFunction,
  must,
  oneOf,
  stringOrStrings,
  strings,
  tableOf,
} from './checks.js'
import type { Client, FederatedCredential } from './client.js'
import { ConfigurationError } from './errors.js'
import type { GrantDecision } from './hooks.js'
import type { TrustedIssuer } from './trusted-issuer.js'

/** The check of each member of a trusted issuer; `anything`: it is checked where it is used. */
const issuerChecks = tableOf({
  issuer: anything,
  jwks: anything,
  jwks_uri: anything,
  allowPrivateJwksUri: aBooleanOrNull, // as for the keys themselves, `null` means "not set"
  client_id: aString,
  clients: listOr('any'),
  client_authentication: oneOf('required', 'identified', 'none'),
  subjects: listOrFunction,
  scope: aString,
  scope_from: oneOf('intersection', 'parameter', 'assertion'),
  default_sub: oneOf('iss'),
  audience: stringOrStrings,
  algorithms: strings,
  typ: aString,
  requireJti: aBoolean,
  maxLifetime: aDuration,
  replay: oneOf('one-time', 'same-client', 'reusable'),
  enabled: anything,
  not_after: aDate,
} satisfies Record<keyof TrustedIssuer, Check>)

/** Names of the members of a {@link TrustedIssuer}. */
export const issuerMembers: readonly string[] = issuerChecks.names

const federatedChecks = tableOf({
  issuer: aName,
  subject: aName,
  audience: aName,
  maxLifetime: aDuration,
  replay: oneOf('one-time', 'reusable'),
  jwks: anything,
  jwks_uri: anything,
  allowPrivateJwksUri: aBoolean,
} satisfies Record<keyof FederatedCredential, Check>)

/** The members of a client whose wrong type would make a check more lenient: a lifetime as a string would be concatenated, not added. */
const clientChecks = tableOf({
  token_endpoint_auth_method: aString,
  scope: aString,
  client_secret_expires_at: aMoment,
  audience: oneOf('issuer', 'issuer-or-token-endpoint'),
  maxLifetime: aDuration,
  replay: oneOf('one-time', 'reusable'),
  previous_auth_method: aString,
  previous_auth_method_expires_at: aMoment,
  client_assertion_mode: oneOf('enforce', 'observe'),
  federated_credentials: must(
    'a list of objects',
    (value) => Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null),
  ),
} satisfies Partial<Record<keyof Client, Check>>)

/**
 * Refuses an issuer object whose mistakes would make checks more lenient: unknown members, values that are not allowed. `client_id` together
 * with other `clients` is no mistake: `signingClient` (policy.ts) then lets the signature authenticate only the client that the grant names.
 * @throws ConfigurationError that names the member, what it must be, and what was received
 */
export const checkTrustedIssuer = (issuer: TrustedIssuer) => checkMembers(issuerChecks, issuer, { where: 'TrustedIssuer.' })

/**
 * Refuses a client whose registration has mistakes that would make checks more lenient. Unknown members belong to the host; `null`, as
 * databases return it, counts as absent.
 * @throws ConfigurationError that names the member, what it must be, and what was received
 */
export function checkClient(client: Client): void {
  checkMembers(clientChecks, client, { where: 'Client.', isClosed: false, isNullAbsent: true })
  for (const credential of client.federated_credentials ?? [])
    checkMembers(federatedChecks, credential, { where: 'FederatedCredential.', required: ['issuer', 'subject'], isNullAbsent: true })
}

const decisionChecks = tableOf({
  subject: aName,
  scope: aString,
  refused: oneOf('subject_unknown', 'subject_disabled', 'consent_missing'),
} satisfies Record<string, Check>)

/**
 * Checks what `authorizeGrant` returned.
 * @throws ConfigurationError that names the member, what it must be, and what was received
 */
export function checkDecision(decision: NonNullable<GrantDecision>): void {
  if (typeof decision !== 'object')
    throw new ConfigurationError(`authorizeGrant must return an object, undefined or null, not a ${typeof decision}.`)
  const required = 'refused' in decision ? ['refused'] : ['subject']
  checkMembers(decisionChecks, decision, { where: 'authorizeGrant: ', required, isClosed: false })
}
