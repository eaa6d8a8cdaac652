/** The keys of an issuer by discovery: its metadata names its `jwks_uri` (OpenID Connect Discovery §4, RFC 8414 §3). */
import { isRefusal, refusal } from '../../host/errors.js'
import { evidenceOf } from '../../host/evidence.js'
import { type DocumentKind, type FetchedJson, fetchJson, keySetDocument } from './guarded-fetch.js'

type Fetch = (url: string, allowPrivate: boolean, kind?: DocumentKind) => Promise<FetchedJson>

const issuerMetadata: DocumentKind = {
  ...keySetDocument,
  url: 'metadata',
  body: 'the metadata of the issuer as JSON',
  accept: 'application/json',
  reasons: { ...keySetDocument.reasons, invalid: 'discovery_invalid' },
}

/** The two places of the metadata of an issuer, in the order in which they are tried (OpenID Connect Discovery §4, RFC 8414 §3.1). */
export function discoveryUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [`${origin}${path}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`]
}

/**
 * Fetches the key set of an issuer: first its metadata, then its `jwks_uri`. Both by the guarded fetch.
 * @throws Refusal `discovery_invalid` if there is no metadata, or if it does not name exactly this issuer (RFC 8414 §3.3) and a `jwks_uri`;
 * `jwks_invalid`, `jwks_blocked`; `jwks_unavailable` (503)
 */
export async function fetchDiscovered(issuer: string, allowPrivate: boolean, fetch: Fetch = fetchJson): Promise<FetchedJson> {
  if (!isIssuerUrl(issuer))
    throw refusal('discovery_invalid', { seen: { issuer }, wanted: 'an issuer that is a URL without query and fragment' })
  return await fetch(await discoveredUrl(issuer, allowPrivate, fetch), allowPrivate)
}

const isIssuerUrl = (issuer: string) => URL.canParse(issuer) && !/[?#]/.test(issuer)

async function discoveredUrl(issuer: string, allowPrivate: boolean, fetch: Fetch): Promise<string> {
  const tried: unknown[] = []
  for (const url of discoveryUrls(issuer)) {
    const found = await fetch(url, allowPrivate, issuerMetadata).catch((error: unknown) => {
      if (!isRefusal(error) || error.reason !== 'discovery_invalid') throw error
      tried.push(evidenceOf(error.evidence).seen) // no metadata there
    })
    if (found) return jwksUriOf(found.document, issuer, url)
  }
  throw refusal('discovery_invalid', { seen: tried, wanted: { status: 200, body: issuerMetadata.body } })
}

function jwksUriOf(document: unknown, issuer: string, url: string): string {
  const { issuer: named, jwks_uri } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown }
  if (named !== issuer) throw refusal('discovery_invalid', { seen: { document: url, issuer: named }, wanted: { issuer } })
  if (typeof jwks_uri !== 'string') throw refusal('discovery_invalid', { seen: { document: url, jwks_uri }, wanted: 'a jwks_uri' })
  return jwks_uri
}
