import { clientAuthMethodNames } from './client.js'
import { ConfigurationError } from './errors.js'
import type { Hooks } from './hooks.js'
import { edDSANames, type Options } from './options.js'
import { settingsOf } from './settings.js'

/** Authorization server metadata about the token endpoint (RFC 8414 §2). */
export interface TokenEndpointMetadata {
  issuer: string
  token_endpoint: string
  grant_types_supported: string[]
  token_endpoint_auth_methods_supported: string[]
  token_endpoint_auth_signing_alg_values_supported?: string[]
  /** RFC 8705 §3.3. */
  tls_client_certificate_bound_access_tokens?: true
}

type Own = Partial<
  Record<
    'grant_types_supported' | 'token_endpoint_auth_methods_supported' | 'token_endpoint_auth_signing_alg_values_supported',
    readonly string[]
  >
>

/**
 * The metadata of the token endpoint, derived from its options, so that the two cannot differ. Grants and methods of the host's own handler
 * are appended.
 *
 * @param own what the host's handler supports in addition
 * @throws ConfigurationError if `tokenEndpointUrl` is not set; if a method that uses a JWT has no algorithm; if `own` lists `none`
 * @example app.get('/.well-known/oauth-authorization-server', (req, res) => res.json({ ...tokenEndpointMetadata(options), jwks_uri }))
 */
export function tokenEndpointMetadata(options: Options<Partial<Hooks>>, own: Own = {}): TokenEndpointMetadata {
  const { issuer, tokenEndpointUrl, grantTypes, clientAuthMethods, clientAlgorithms } = settingsOf('tokenEndpointMetadata', options)
  if (tokenEndpointUrl === undefined)
    throw new ConfigurationError('tokenEndpointMetadata: option tokenEndpointUrl is missing: it is the token_endpoint.')
  const union = (ours: readonly string[], theirs: readonly string[] = []) => [...new Set([...ours, ...theirs])]
  const isEnabled = (name: (typeof clientAuthMethodNames)[number]) => clientAuthMethods.includes(name)
  const methods = union(clientAuthMethodNames.filter(isEnabled), own.token_endpoint_auth_methods_supported)
  const accepted = clientAlgorithms.flatMap((name) => (edDSANames.includes(name) ? edDSANames : name))
  const algorithms = union(accepted, own.token_endpoint_auth_signing_alg_values_supported)
  const usesJwt = methods.includes('private_key_jwt') || methods.includes('client_secret_jwt')
  if ((usesJwt && algorithms.length === 0) || algorithms.includes('none'))
    throw new ConfigurationError(
      'tokenEndpointMetadata: token_endpoint_auth_signing_alg_values_supported lists the algorithms of the methods that use a JWT, and never none.',
    )
  return {
    issuer,
    token_endpoint: tokenEndpointUrl,
    grant_types_supported: union(grantTypes, own.grant_types_supported),
    token_endpoint_auth_methods_supported: methods,
    ...(algorithms.length > 0 && { token_endpoint_auth_signing_alg_values_supported: algorithms }),
    ...((isEnabled('tls_client_auth') || isEnabled('self_signed_tls_client_auth')) && { tls_client_certificate_bound_access_tokens: true }),
  }
}
