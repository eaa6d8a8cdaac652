import { aBoolean, anObject, aString, checkMembers, strings, tableOf } from '../host/checks.js'
import type { Client } from '../host/client.js'
import { invalid } from '../host/evidence.js'
import type { JSONWebKeySet } from '../host/jwk.js'
import { algorithmNames } from '../host/options.js'
import { hostScope, intersect } from '../rules/scope.js'
import { refused } from './refused.js'

/** What such clients may have at most, whatever their documents say. */
export interface Terms {
  readonly grant_types: readonly string[]
  /** Space-separated. */
  readonly scope: string
  readonly publicClients: boolean
  readonly allowPrivateUrls: boolean
}

/** A client that a document describes. `client_metadata` is the whole document, for your own handlers: what they read of it, they must check. */
export type DocumentedClient = Client<{ readonly client_metadata: Readonly<Record<string, unknown>> }>

type Document = Readonly<Record<string, unknown>> & {
  readonly token_endpoint_auth_method?: string
  readonly token_endpoint_auth_methods_supported?: readonly string[]
  readonly token_endpoint_auth_signing_alg?: string
  readonly grant_types?: readonly string[]
  readonly scope?: string
  readonly jwks?: JSONWebKeySet
  readonly jwks_uri?: string
}

/** The types of the members that are read (RFC 7591 §2). `null` is no value of them. */
const members = tableOf({
  token_endpoint_auth_method: aString,
  token_endpoint_auth_methods_supported: strings,
  token_endpoint_auth_signing_alg: aString,
  grant_types: strings,
  scope: aString,
  jwks: anObject,
  jwks_uri: aString,
  dpop_bound_access_tokens: aBoolean,
  tls_client_certificate_bound_access_tokens: aBoolean,
})
/** Members of a JWK that are private, or a shared secret (RFC 7518 §6). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
const unfit = (seen: unknown, wanted: unknown, cause?: unknown) => refused('client_metadata_invalid', { seen, wanted, cause })

/**
 * The client that a document describes (draft-ietf-oauth-client-id-metadata-document §4, §8.2), within the terms of the host.
 * @param given the document, frozen at every depth: the client has parts of it
 * @throws OAuthError `client_metadata_invalid`
 */
export function clientOf(given: unknown, client_id: string, terms: Terms): DocumentedClient {
  const document = readDocument(given, client_id)
  const method = methodOf(document, terms.publicClients)
  const { grant_types = ['authorization_code'], scope, dpop_bound_access_tokens, tls_client_certificate_bound_access_tokens } = document
  const ceiling = hostScope(terms.scope)
  return Object.freeze({
    client_id,
    token_endpoint_auth_method: method,
    ...(method === 'private_key_jwt' && keysOf(document, terms.allowPrivateUrls)),
    grant_types: intersect(grant_types, terms.grant_types), // a request, not a claim: what is not allowed is not there
    scope: (scope === undefined ? ceiling : intersect(hostScope(scope), ceiling)).join(' '),
    audience: 'issuer-or-token-endpoint',
    require_named_grant: true, // whoever says `clients: 'any'` means the clients of a registry, not the web
    ...(dpop_bound_access_tokens === true && { dpop_bound_access_tokens }),
    ...(tls_client_certificate_bound_access_tokens === true && { tls_client_certificate_bound_access_tokens }),
    client_metadata: document,
  })
}

/** A document whose members have the right types, and that is about this client and has no secret. */
function readDocument(given: unknown, client_id: string): Document {
  if (!isObject(given)) throw unfit(Array.isArray(given) ? 'a list' : typeof given, 'a JSON object')
  const document = given as Document
  if (document.client_id !== client_id) throw unfit({ client_id: document.client_id }, { client_id })
  const secrets = Object.keys(document).filter((name) => name.startsWith('client_secret'))
  if (secrets.length > 0) throw unfit(secrets, 'no client_secret')
  try {
    checkMembers(members, document, { where: '', isClosed: false })
  } catch (error) {
    const { seen, wanted, cause } = invalid(error, 'members of the types of RFC 7591')
    throw unfit(seen, wanted, cause)
  }
  const keys: unknown = document.jwks?.keys ?? []
  if (!Array.isArray(keys) || !keys.every(isObject)) throw unfit('a jwks whose keys are no list of objects', 'a JWK Set')
  const secret = keys.flatMap((key) => Object.keys(key)).filter((name) => privateMembers.includes(name))
  if (secret.length > 0) throw unfit({ jwks: secret }, 'public keys alone')
  return document
}

/**
 * The strongest method that both sides have. The declared one counts as one of the list, so that no list weakens it. Without both, `none`:
 * the default of RFC 7591 is a method with a secret, and these clients have none.
 */
function methodOf(document: Document, publicClients: boolean): 'private_key_jwt' | 'none' {
  const { token_endpoint_auth_method: declared, token_endpoint_auth_methods_supported: listed = [] } = document
  const methods = declared === undefined ? listed : [declared, ...listed]
  const shared = methods.filter((name) => name.startsWith('client_secret'))
  if (shared.length > 0) throw unfit(shared, 'no method with a shared secret')
  if (methods.includes('private_key_jwt')) return 'private_key_jwt'
  const isPublic = declared === 'none' || (declared === undefined && (listed.length === 0 || listed.includes('none')))
  if (isPublic && publicClients) return 'none'
  throw unfit(
    { methods: isPublic ? ['none'] : methods },
    publicClients ? ['private_key_jwt', 'none'] : 'private_key_jwt, or publicClients: true',
  )
}

/** The source of the keys, and the algorithm. */
function keysOf({ jwks, jwks_uri, token_endpoint_auth_signing_alg: algorithm }: Document, allowPrivateUrls: boolean): Partial<Client> {
  if ((jwks === undefined) === (jwks_uri === undefined))
    throw unfit(jwks === undefined ? 'private_key_jwt without keys' : ['jwks', 'jwks_uri'], 'exactly one of jwks and jwks_uri')
  if (algorithm !== undefined && !(algorithmNames as readonly string[]).includes(algorithm))
    throw unfit({ token_endpoint_auth_signing_alg: algorithm }, { token_endpoint_auth_signing_alg: algorithmNames })
  return {
    ...(jwks === undefined ? { jwks_uri, allowPrivateJwksUri: allowPrivateUrls } : { jwks }),
    ...(algorithm !== undefined && { token_endpoint_auth_signing_alg: algorithm }),
  }
}
