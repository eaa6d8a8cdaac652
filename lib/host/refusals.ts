/**
 * Every refusal of the suite: what the client receives (status, `error`, `error_description`) and the exact reason, which only the event has.
 * RFC 6749 §5.2, RFC 7521 §4.1.1 and §4.2.1, RFC 7523 §3.1 and §3.2. The comments between groups are headings of docs/reference/errors.md.
 */

import type { OAuthErrorCode } from './oauth-error-codes.js'

const clientText = 'Client authentication failed.'
const grantText = 'The assertion was refused.'
export const busyText = 'The server cannot answer now. Try again later.'

/** Problems of the request, the client, policy, the server: `reason: [status, error, error_description]`. */
export const refusals = {
  // the request
  method_not_allowed: [405, 'invalid_request', 'A token request is made with POST.'],
  tls_required: [400, 'invalid_request', 'A token request is made over TLS.'],
  unsupported_media_type: [400, 'invalid_request', 'Send the parameters as application/x-www-form-urlencoded in UTF-8.'],
  unsupported_content_encoding: [415, 'invalid_request', 'Send the request body without a content encoding.'],
  body_too_large: [413, 'invalid_request', 'The request body is too large.'],
  too_many_parameters: [413, 'invalid_request', 'The request has too many parameters.'],
  body_unreadable: [400, 'invalid_request', 'The request body could not be read.'],
  parameter_malformed: [400, 'invalid_request', 'A parameter is not correctly encoded.'],
  parameter_shape: [400, 'invalid_request', 'Each parameter is a plain string.'],
  parameter_too_large: [400, 'invalid_request', 'A parameter is too long.'],
  duplicate_parameter: [400, 'invalid_request', 'A parameter is repeated.'],
  credential_in_query: [400, 'invalid_request', 'Send the parameters in the request body, not in the URL.'],
  missing_parameter: [400, 'invalid_request', 'A required parameter is missing.'],
  unsupported_grant_type: [400, 'unsupported_grant_type', 'The grant type is not supported.'],
  // client credentials
  incomplete_client_assertion: [400, 'invalid_request', 'client_assertion and client_assertion_type go together.'],
  malformed_authorization: [400, 'invalid_request', 'The Authorization header is malformed.'],
  multiple_client_auth: [400, 'invalid_request', 'Use one client authentication method.'],
  multiple_client_auth_assertion: [401, 'invalid_client', 'Use one client authentication method.'],
  client_id_mismatch: [400, 'invalid_request', 'client_id names another client than the Authorization header.'],
  unsupported_client_assertion_type: [401, 'invalid_client', 'The client_assertion_type is not supported.'],
  unsupported_auth_scheme: [401, 'invalid_client', 'The Authorization scheme is not supported.'],
  auth_method_not_enabled: [401, 'invalid_client', clientText],
  client_auth_missing: [401, 'invalid_client', 'Client authentication is required.'],
  client_id_malformed: [401, 'invalid_client', clientText],
  // the client: after a look-up, so one text for all, which does not reveal which clients exist
  client_unknown: [401, 'invalid_client', clientText],
  client_disabled: [401, 'invalid_client', clientText],
  client_secret_mismatch: [401, 'invalid_client', clientText],
  client_secret_expired: [401, 'invalid_client', clientText],
  auth_method_not_registered: [401, 'invalid_client', clientText],
  client_identity_mismatch: [401, 'invalid_client', clientText],
  client_secret_too_short: [401, 'invalid_client', clientText],
  client_misconfigured: [401, 'invalid_client', clientText],
  client_url_not_allowed: [401, 'invalid_client', clientText],
  client_metadata_blocked: [401, 'invalid_client', clientText],
  client_metadata_invalid: [401, 'invalid_client', clientText],
  mtls_cert_missing: [401, 'invalid_client', clientText],
  mtls_mismatch: [401, 'invalid_client', clientText],
  // policy
  grant_not_allowed_for_client: [400, 'unauthorized_client', 'The client is not registered for this grant type.'],
  public_client_not_allowed: [400, 'unauthorized_client', 'A public client may not use this grant.'],
  implicit_auth_not_allowed: [400, 'unauthorized_client', 'The client must also authenticate by a credential.'],
  dpop_not_supported: [400, 'invalid_dpop_proof', 'The tokens of this client are bound to a DPoP key, and no proof is taken here.'],
  scope_malformed: [400, 'invalid_scope', 'The scope is malformed.'],
  scope_exceeds_client: [400, 'invalid_scope', 'The scope exceeds what the client may ask for.'],
  scope_exceeds_issuer: [400, 'invalid_scope', 'The scope exceeds what the grant allows.'],
  scope_exceeds_grant: [400, 'invalid_scope', 'The scope exceeds what the grant allows.'],
  scope_missing: [400, 'invalid_scope', 'The scope parameter is missing.'],
  scope_not_once: [400, 'invalid_scope', 'The scope must have exactly one value of a certain kind.'],
  scope_param_forbidden: [400, 'invalid_request', 'The scope of this grant stands in its assertion.'],
  target_invalid: [400, 'invalid_target', 'A resource is an absolute URI without a fragment.'],
  target_not_allowed: [400, 'invalid_target', 'The resource is not known.'],
  // the grant: after its signature, and one text for all, which does not reveal which subjects exist
  pop_required: [400, 'invalid_grant', grantText],
  jwt_kind_confusion: [400, 'invalid_grant', grantText],
  grant_client_unknown: [400, 'invalid_grant', grantText],
  grant_client_disabled: [400, 'invalid_grant', grantText],
  client_binding_mismatch: [400, 'invalid_grant', grantText],
  subject_not_allowed: [400, 'invalid_grant', grantText],
  subject_incomplete: [400, 'invalid_grant', grantText],
  resource_not_allowed: [400, 'invalid_grant', grantText],
  subject_unknown: [400, 'invalid_grant', grantText],
  subject_disabled: [400, 'invalid_grant', grantText],
  consent_missing: [400, 'invalid_grant', grantText],
  subject_is_client: [400, 'invalid_grant', grantText],
  // the server
  hook_error: [500, 'server_error', 'The server could not answer.'],
  hook_result_invalid: [500, 'server_error', 'The server could not answer.'],
  registration_invalid: [500, 'server_error', 'The server could not answer.'],
  hook_timeout: [503, 'temporarily_unavailable', busyText],
  misconfigured: [500, 'server_error', 'The token endpoint is not set up correctly.'],
  overloaded: [503, 'temporarily_unavailable', busyText],
  jwks_unavailable: [503, 'temporarily_unavailable', busyText],
  client_metadata_unavailable: [503, 'temporarily_unavailable', busyText],
  replay_store_error: [503, 'temporarily_unavailable', busyText],
  replay_store_full: [503, 'temporarily_unavailable', busyText],
  client_gone: [400, 'invalid_request', 'The request was not received in full.'],
} as const satisfies Record<string, readonly [status: number, error: OAuthErrorCode, description: string]>

/** Problems of a JWT. `null`: a text would reveal what is registered here, so the uniform text of the use is sent. */
export const assertionRefusals = {
  jwt_encrypted: 'The assertion is encrypted: send a JWT that is only signed.',
  jwt_malformed: 'The assertion is not one JWT in JWS compact serialization.',
  header_too_large: 'The assertion has a header that is too long.',
  duplicate_member: 'The assertion repeats a JSON member name.',
  alg_not_allowed: 'The assertion is signed with an algorithm that is not allowed.',
  typ_not_allowed: 'The assertion is a JWT of another type.',
  header_not_allowed: 'The assertion has a header parameter that is not allowed.',
  kid_malformed: 'The assertion has a malformed kid.',
  claim_missing: 'The assertion lacks one of iss, sub, aud and exp.',
  claim_malformed: 'The assertion has a claim of the wrong type.',
  claim_too_large: 'The assertion has a claim that is too long.',
  exp_in_ms: 'The assertion has a time in milliseconds: NumericDate is in seconds.',
  expired: 'The assertion has expired.',
  not_yet_valid: 'The assertion is not valid yet.',
  iat_future: 'The assertion was issued in the future.',
  aud_mismatch: 'The assertion is not addressed to this server: aud must name this server, and nothing else.',
  issuer_untrusted: null,
  issuer_disabled: null,
  alg_not_registered: null,
  typ_not_registered: null,
  jku_not_registered: null,
  x5c_not_registered: null,
  sub_missing: null,
  jti_missing: null,
  aud_not_registered: null,
  tolerance_exceeded: null,
  lifetime_too_long: null,
  claim_not_allowed: null,
  jwks_invalid: null,
  jwks_blocked: null,
  discovery_invalid: null,
  key_not_found: null,
  signature_invalid: null,
  jti_replayed: null,
  not_provably_fresh: null,
} as const satisfies Record<string, string | null>

export type AssertionReason = keyof typeof assertionRefusals
/** Reasons of {@link refusals}. */
export type RefusalReason = keyof typeof refusals
/** The exact reason of a refusal, as given in events; `hook_denied`: an `OAuthError` of a hook. */
export type Reason = RefusalReason | AssertionReason | 'hook_denied'

/** The error code depends on the parameter that held the JWT: `client_assertion` → `invalid_client`, `assertion` → `invalid_grant`. */
export const assertionUses = {
  client: [401, 'invalid_client', clientText],
  grant: [400, 'invalid_grant', grantText],
} as const
export type AssertionUse = keyof typeof assertionUses
