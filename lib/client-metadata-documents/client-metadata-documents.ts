import { aBoolean, aFunction, aString, type Check, checkOptionsOf, must, tableOf } from '../host/checks.js'
import type { Client } from '../host/client.js'
import type { Awaitable } from '../host/hooks.js'
import { clientUrlOf } from './client-url.js'
import { MetadataDocuments } from './documents.js'
import type { DocumentedClient } from './judge-document.js'
import { refused } from './refused.js'

/** Options of `clientMetadataDocuments`: your registry, and what clients with a URL as `client_id` may have at most. */
export interface ClientMetadataDocumentsOptions<C extends Client = Client> {
  /** Your registry. It is asked first: a client that it knows is never looked up on the web. */
  findClient(client_id: string): Awaitable<C | undefined | null>
  /**
   * Which URLs are fetched and accepted. A list has hosts, such as `chatgpt.com`, and complete URLs, such as `https://claude.ai/oauth/claude`.
   * A host has a port only if the URL has one. A URL is compared character by character. It is fetched even while others send floods of
   * unknown URLs of its host. A function must return `true`, or a promise for it. It is asked on every use, so a client that it no longer
   * allows is refused at once.
   */
  allow: readonly string[] | ((url: URL) => Awaitable<boolean>)
  /** The grants that these clients may use. Each has those that its document lists, too. */
  grant_types: readonly string[]
  /** Space-separated scope that these clients may ask for. A document with a `scope` narrows it. */
  scope: string
  /** Accepts clients that do not authenticate (`none`), such as Claude. To give them tokens for JWT grants, set `publicClients` of the endpoint, too. @default false */
  publicClients?: boolean
  /** Lets the URLs and the `jwks_uri` of the documents have private or loopback addresses, and use http: for tests. @default false */
  allowPrivateUrls?: boolean
}

/** The hook `findClient` that `clientMetadataDocuments` returns. */
export interface DocumentedClients<C extends Client = Client> {
  (client_id: string): Promise<C | DocumentedClient | undefined>
  /** What `tokenEndpointMetadata` adds. */
  readonly metadata: {
    readonly client_id_metadata_document_supported: true
    readonly token_endpoint_auth_methods_supported: readonly string[]
  }
}

/** Names whose parts are not empty, or an IPv6 address; with a port or without: what the host of a URL can be. */
const hostForm = /^(?:[\w-]+(?:\.[\w-]+)*|\[[\da-f:]+\])(?::\d+)?$/
const isHost = (value: string) => hostForm.test(value) && URL.canParse(`https://${value}/`) && new URL(`https://${value}/`).host === value
function isClientUrl(value: string, allowPrivate: boolean): boolean {
  try {
    return clientUrlOf(value, allowPrivate) !== undefined
  } catch {
    return false
  }
}
const names = must(
  'a non-empty list of names',
  (value) => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one !== ''),
)
const optionChecks = (allowPrivate: boolean) => {
  const canMatch = (one: unknown) => typeof one === 'string' && (isHost(one) || isClientUrl(one, allowPrivate))
  return tableOf({
    findClient: aFunction,
    allow: must(
      "a function, or a non-empty list of hosts such as 'chatgpt.com' (without wildcards), and of https URLs",
      (value) => typeof value === 'function' || (Array.isArray(value) && value.length > 0 && value.every(canMatch)),
    ),
    grant_types: names,
    scope: aString,
    publicClients: aBoolean,
    allowPrivateUrls: aBoolean,
  } satisfies Record<keyof ClientMetadataDocumentsOptions, Check>)
}

/**
 * Makes a hook `findClient` for clients that come with a URL as `client_id`, as ChatGPT and Claude do: at the URL, they publish what others
 * register (draft-ietf-oauth-client-id-metadata-document). Your registry is asked first. The document is fetched with the guards of
 * `jwks_uri`, and kept for 1 minute to 24 hours, as its headers say. It can only narrow what you allow.
 *
 * Of an issuer with `clients: 'any'`, such a client may present only grants whose `client_id` claim names it (`require_named_grant`). An issuer
 * may also list its URL in `clients`.
 *
 * The hook throws an `OAuthError` with one text for all that is wrong with a URL or its document (`invalid_client`). If there is no answer,
 * it is a 503. You may call it in your own handlers, too: `client_metadata` of its result is the document.
 *
 * Memory and fetches are bounded, whatever is sent: one fetch in 30 seconds for a URL; and for URLs that `allow` does not list and that
 * have had no good document, 30 for a host and 100 in all. Names are resolved one at a time, except those of listed URLs.
 *
 * @throws ConfigurationError if an option is missing, does not exist or is wrong
 * @example hooks: { findClient: clientMetadataDocuments({ findClient, allow: ['chatgpt.com'], grant_types: ['authorization_code'], scope: 'read' }) }
 */
export function clientMetadataDocuments<C extends Client = Client>(options: ClientMetadataDocumentsOptions<C>): DocumentedClients<C> {
  checkOptionsOf('clientMetadataDocuments', optionChecks(options?.allowPrivateUrls === true), options, [
    'findClient',
    'allow',
    'grant_types',
    'scope',
  ])
  const { allow, grant_types, scope, publicClients = false, allowPrivateUrls = false } = options
  const documents = new MetadataDocuments({ grant_types, scope, publicClients, allowPrivateUrls })
  const isListed = (client_id: string) => typeof allow !== 'function' && allow.includes(client_id)
  const isAllowed = async (url: URL) => (typeof allow === 'function' ? (await allow(url)) === true : allow.includes(url.host))

  const findClient = async (client_id: string) => {
    const registered = await options.findClient(client_id)
    if (registered !== undefined && registered !== null) return registered
    const url = clientUrlOf(client_id, allowPrivateUrls)
    if (!url) return undefined
    if (!isListed(client_id) && !(await isAllowed(url)))
      throw refused('client_url_not_allowed', {
        seen: { host: url.host },
        wanted: typeof allow === 'function' ? 'what `allow` accepts' : allow,
      })
    return await documents.find(client_id, url, isListed(client_id))
  }
  const token_endpoint_auth_methods_supported = publicClients ? ['private_key_jwt', 'none'] : ['private_key_jwt']
  return Object.assign(findClient, {
    metadata: { client_id_metadata_document_supported: true as const, token_endpoint_auth_methods_supported },
  })
}
