/** Error codes that may be sent (IANA OAuth Extensions Error Registry; the last two only with a 5xx or 429 status). */
export const oauthErrorCodes = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'invalid_authorization_details',
  'invalid_dpop_proof',
  'use_dpop_nonce',
  'server_error',
  'temporarily_unavailable',
] as const
/** An `error` code that the token endpoint may send (RFC 6749 §5.2 and its extensions). */
export type OAuthErrorCode = (typeof oauthErrorCodes)[number]
