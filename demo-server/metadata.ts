import { type Options, tokenEndpointMetadata } from '../lib/index.js'
import { ID_JAG_PROFILE } from '../lib/profiles/index.js'

/** The discovery document (RFC 8414 §2) of the whole server: the token endpoint of the suite, and what the old handler supports. */
export const serverMetadata = (options: Options) => ({
  ...tokenEndpointMetadata(options, {
    grant_types_supported: ['authorization_code', 'refresh_token'],
    authorization_grant_profiles_supported: [ID_JAG_PROFILE],
  }),
  authorization_endpoint: `${options.issuer}/authorize`,
  jwks_uri: `${options.issuer}/jwks`,
  scopes_supported: ['read', 'write'],
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
})
