import { type ClientAuthMethodName, clientAuthMethodNames } from './client.js'
import { ConfigurationError } from './errors.js'
import type { Hooks } from './hooks.js'
import { edDSANames, JWT_BEARER_GRANT, type Options, secretAlgorithms } from './options.js'
import { type Settings, settingsOf } from './settings.js'

/** Authorization server metadata about the token endpoint (RFC 8414 §2). */
export interface TokenEndpointMetadata {
  issuer: string
  token_endpoint: string
  grant_types_supported: string[]
  token_endpoint_auth_methods_supported: string[]
  token_endpoint_auth_signing_alg_values_supported?: string[]
  /** RFC 8705 §3.3. */
  tls_client_certificate_bound_access_tokens?: true
  /** The profiles of the JWT grant that are served (ID-JAG §7.2). */
  authorization_grant_profiles_supported?: string[]
  /** draft-ietf-oauth-client-id-metadata-document §6. */
  client_id_metadata_document_supported?: true
}

type Own = Partial<
  Record<
    | 'grant_types_supported'
    | 'token_endpoint_auth_methods_supported'
    | 'token_endpoint_auth_signing_alg_values_supported'
    | 'authorization_grant_profiles_supported',
    readonly string[]
  >
> & { readonly client_id_metadata_document_supported?: boolean }
type Lists = Exclude<keyof Own, 'client_id_metadata_document_supported'>

/**
 * The metadata of the token endpoint, derived from its options, so that the two cannot differ. It names only what can be used:
 *
 * * a grant type whose hooks are there;
 * * `none` with `publicClients` and the JWT grant;
 * * methods with a TLS certificate if there is `getClientCertificate`, or if `clientAuthMethods` lists them: then Node ends TLS;
 * * what a `findClient` of `clientMetadataDocuments` supports;
 * * `client_secret_jwt` if secrets are stored as they are, that is, without `verifyClientSecret`, or if `clientAuthMethods` lists it.
 *
 * Grants and methods of the host's own handler are appended.
 *
 * @param own what the host's handler supports in addition, and `authorization_grant_profiles_supported`: profiles of the JWT grant that its
 * trusted issuers send
 * @throws ConfigurationError if `tokenEndpointUrl` is not set; if no grant or no method can be used; if a method that uses a JWT has no
 * algorithm; if `own` lists the algorithm `none`; if it lists a profile of the JWT grant, and that grant is not served
 * @example app.get('/.well-known/oauth-authorization-server', (req, res) => res.json({ ...tokenEndpointMetadata(options), jwks_uri }))
 */
export function tokenEndpointMetadata(options: Options<Partial<Hooks>>, own: Own = {}): TokenEndpointMetadata {
  const settings = settingsOf('tokenEndpointMetadata', options)
  const { issuer, tokenEndpointUrl } = settings
  if (tokenEndpointUrl === undefined)
    throw new ConfigurationError('tokenEndpointMetadata: option tokenEndpointUrl is missing: it is the token_endpoint.')
  const byHook = metadataOf(settings)
  const usable = usableMethods(settings, options.clientAuthMethods ?? [])
  const grants = union('grant_types_supported', usableGrants(settings), own)
  const methods = union('token_endpoint_auth_methods_supported', usable, own)
  const accepted = [
    ...(usable.includes('private_key_jwt') ? settings.algorithms : []),
    ...(usable.includes('client_secret_jwt') ? secretAlgorithms : []),
  ].flatMap((name) => (edDSANames.includes(name) ? edDSANames : name))
  const algorithms = [...new Set([...accepted, ...(own.token_endpoint_auth_signing_alg_values_supported ?? [])])]
  const usesJwt = methods.includes('private_key_jwt') || methods.includes('client_secret_jwt')
  if ((usesJwt && algorithms.length === 0) || algorithms.includes('none'))
    throw new ConfigurationError(
      'tokenEndpointMetadata: token_endpoint_auth_signing_alg_values_supported must list the algorithms of the methods that use a JWT, and never none.',
    )
  const profiles = [...(own.authorization_grant_profiles_supported ?? [])]
  if (profiles.length > 0 && !grants.includes(JWT_BEARER_GRANT))
    throw new ConfigurationError(
      `tokenEndpointMetadata: authorization_grant_profiles_supported must be empty, unless grant_types_supported has ${JWT_BEARER_GRANT}.`,
    )
  const bindsTokens = usable.includes('tls_client_auth') || usable.includes('self_signed_tls_client_auth')
  return {
    issuer,
    token_endpoint: tokenEndpointUrl,
    grant_types_supported: grants,
    token_endpoint_auth_methods_supported: methods,
    ...(algorithms.length > 0 && { token_endpoint_auth_signing_alg_values_supported: algorithms }),
    ...(bindsTokens && { tls_client_certificate_bound_access_tokens: true }),
    ...(profiles.length > 0 && { authorization_grant_profiles_supported: profiles }),
    ...((own.client_id_metadata_document_supported ?? byHook.client_id_metadata_document_supported) && {
      client_id_metadata_document_supported: true,
    }),
  }
}

/** What a hook says about itself: a function that wraps `findClient` supports what others do not. */
const metadataOf = ({ hooks }: Settings): Own => (hooks.findClient as { metadata?: Own } | undefined)?.metadata ?? {}

function usableGrants({ grantTypes, hooks }: Settings): readonly string[] {
  if (!hooks.findClient || !hooks.mintToken) return []
  return grantTypes.filter((name) => name !== JWT_BEARER_GRANT || (hooks.findIssuer && hooks.authorizeGrant))
}

/** @param listed the methods that the host has listed itself, so that it knows that they can be used */
function usableMethods(settings: Settings, listed: readonly ClientAuthMethodName[]): readonly ClientAuthMethodName[] {
  const { clientAuthMethods, publicClients, hooks } = settings
  if (!hooks.findClient) return []
  const can: Partial<Record<ClientAuthMethodName, boolean>> = {
    tls_client_auth: hooks.getClientCertificate !== undefined,
    self_signed_tls_client_auth: hooks.getClientCertificate !== undefined,
    client_secret_jwt: hooks.verifyClientSecret === undefined,
  }
  const isSaid = (name: string) => metadataOf(settings).token_endpoint_auth_methods_supported?.includes(name) === true
  const isUsable = (name: ClientAuthMethodName) =>
    name === 'none'
      ? isSaid(name) || (publicClients !== undefined && usableGrants(settings).includes(JWT_BEARER_GRANT))
      : listed.includes(name) || (can[name] ?? true)
  return clientAuthMethodNames.filter((name) => clientAuthMethods.includes(name) && isUsable(name))
}

/** Neither list may be empty or absent: a client would assume the defaults of RFC 8414 §2. */
function union(name: Lists, ours: readonly string[], own: Own): string[] {
  const all = [...new Set([...ours, ...(own[name] ?? [])])]
  if (all.length === 0)
    throw new ConfigurationError(
      `tokenEndpointMetadata: ${name} must not be empty: the hooks are missing, and so is what your handler supports.`,
    )
  return all
}
