import type { IncomingHttpHeaders } from 'node:http'
import { LRUCache } from 'lru-cache'
import { keptIn } from '../assertion/keys/find-keys.js'
import { type DocumentKind, fetchJson, keySetDocument } from '../assertion/keys/guarded-fetch.js'
import { lookupInLine } from '../assertion/keys/lookup-line.js'
import { RemoteKeySets } from '../assertion/keys/remote-key-sets.js'
import { OAuthError } from '../host/errors.js'
import type { Notice } from '../host/notice.js'
import { budget, FetchBudget } from './fetch-budget.js'
import { lifetimeOf, longestLifetime } from './freshness.js'
import { clientOf, type DocumentedClient, type Terms } from './judge-document.js'
import { asOAuthError, refused } from './refused.js'

const cooldown = 30_000 // ms between two fetches of one URL, also after a failure
const staleGrace = 3_600_000 // ms for which an old document is used while its host gives no answer
const noticesFor = 3_600_000 // ms for which a change is told
const maxDocuments = 10_000
const maxBytes = 32 * 1024 * 1024 // of documents as text: parsed ones can take a hundred times as much
const entryBytes = 1024 // size of an entry without its document
const bytesOfCharacter = 2 // at most
const maxUnknown = 1_000 // more than the budget lets in within a cooldown

/** Five kilobytes are the bound of the draft (§8.7). The fetch ends before the default `hookTimeout` does. */
const metadataDocument: DocumentKind = {
  url: 'client_id',
  body: 'a client metadata document as JSON',
  accept: 'application/json',
  mediaType: /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i,
  maxBytes: 5 * 1024,
  timeout: 2000,
  optIn: 'allowPrivateUrls',
  reasons: { blocked: 'client_metadata_blocked', unavailable: 'client_metadata_unavailable', invalid: 'client_metadata_invalid' },
}

/** Names that anybody can send wait in line, unless the host of this package listed the URL. */
const ofAnybody: DocumentKind = { ...metadataDocument, lookup: lookupInLine }
/** The keys at a `jwks_uri` of a document: who signs for one client needs no hundred keys. */
const keysOfDocument: DocumentKind = { ...keySetDocument, maxBytes: 16 * 1024, lookup: lookupInLine }

/** How a document is fetched: `spend` takes it from the budget, or throws. */
interface Fetching {
  readonly spend: () => unknown
  readonly kind: DocumentKind
}

interface Entry {
  /** The document, if it was good. It is parsed for each use. */
  text?: string
  /** Until then, the document is used without a fetch. */
  freshUntil: number
  /** Until then, it is used if its host gives no answer. */
  usableUntil: number
  triedAt: number
  /** What changed, for every request until `noticesUntil`: nobody knows which of them is a token request that will be granted. */
  notices: readonly Notice[]
  noticesUntil: number
  failure?: unknown
  fetching?: Promise<void>
}

const never = Number.NEGATIVE_INFINITY

/**
 * The documents at client identifier URLs. For each: one fetch at a time and per cooldown, kept as its headers say. Failures are not kept:
 * they only tell the requests of a cooldown why there is no client. Documents that were never good do not displace the others.
 */
export class MetadataDocuments {
  readonly #known = new LRUCache<string, Entry>({ max: maxDocuments, maxSize: maxBytes })
  readonly #unknown = new LRUCache<string, Entry>({ max: maxUnknown })
  readonly #terms: Terms
  readonly #fetch: typeof fetchJson
  readonly #now: () => number
  readonly #budget: FetchBudget
  /** Apart from those of registered clients and issuers, which padded ones would displace. */
  readonly #keySets: RemoteKeySets

  constructor(terms: Terms, fetch = fetchJson, now = () => performance.now()) {
    this.#terms = terms
    this.#fetch = fetch
    this.#now = now
    this.#budget = new FetchBudget(now)
    this.#keySets = new RemoteKeySets((url, allowPrivate) => fetch(url, allowPrivate, keysOfDocument), now)
  }

  /**
   * The client that the document at a URL describes. Waits for a fetch unless the document is fresh.
   * @param isListed whether the host of this package named this very URL: it costs no budget
   * @throws OAuthError `client_metadata_invalid`, `client_metadata_blocked`; `client_metadata_unavailable` (503)
   */
  async find(client_id: string, { hostname }: URL, isListed = false): Promise<DocumentedClient> {
    const how = isListed ? { spend: () => {}, kind: metadataDocument } : { spend: () => this.#spend(hostname), kind: ofAnybody }
    const entry = this.#known.get(client_id) ?? this.#unknown.get(client_id) ?? this.#newEntry(client_id, how)
    if (this.#now() >= entry.freshUntil) await this.#refresh(client_id, entry, how)
    if (entry.text === undefined || this.#now() >= entry.usableUntil) throw entry.failure
    const client = this.#clientOf(client_id, entry.text)
    const notices = this.#noticesOf(entry)
    return notices.length > 0 ? Object.freeze({ ...client, event_notices: notices }) : client
  }

  #noticesOf({ notices, noticesUntil }: Entry): readonly Notice[] {
    return this.#now() < noticesUntil ? notices : []
  }

  #newEntry(client_id: string, { spend }: Fetching): Entry {
    spend()
    const entry: Entry = { freshUntil: never, usableUntil: never, triedAt: never, notices: [], noticesUntil: never }
    this.#unknown.set(client_id, entry)
    return entry
  }

  /** @throws OAuthError `client_metadata_unavailable` (503) if too many unknown documents were asked for */
  #spend(hostname: string): void {
    if (!this.#budget.take(hostname))
      throw refused('client_metadata_unavailable', { seen: 'more unknown URLs than are fetched', wanted: { at_most: budget } })
  }

  /** Fetches unless the cooldown forbids it, or waits for the running fetch. A failure is recorded. */
  async #refresh(client_id: string, entry: Entry, { spend, kind }: Fetching): Promise<void> {
    if (!entry.fetching && this.#now() - entry.triedAt >= cooldown) {
      if (entry.text === undefined && entry.triedAt !== never) spend() // a new entry has spent already
      entry.triedAt = this.#now()
      entry.fetching = this.#load(client_id, entry, kind).finally(() => {
        delete entry.fetching
      })
    }
    await entry.fetching
  }

  async #load(client_id: string, entry: Entry, kind: DocumentKind): Promise<void> {
    try {
      const { document, headers } = await this.#fetch(client_id, this.#terms.allowPrivateUrls, kind)
      this.#keep(client_id, entry, JSON.stringify(document), headers)
    } catch (error) {
      entry.failure = asOAuthError(error)
      const isAnswered = entry.failure instanceof OAuthError && entry.failure.status < 500
      if (isAnswered) entry.freshUntil = entry.usableUntil = never // the document is gone, or is another one
    }
  }

  #keep(client_id: string, entry: Entry, text: string, headers: IncomingHttpHeaders): void {
    const now = this.#now()
    const client = this.#clientOf(client_id, text)
    const changed = entry.text === undefined ? [] : changes(this.#clientOf(client_id, entry.text), client)
    if (changed.length > 0) {
      entry.notices = [...new Set([...this.#noticesOf(entry), ...changed])]
      entry.noticesUntil = now + noticesFor
    }
    entry.text = text
    entry.freshUntil = now + lifetimeOf(headers) * 1000
    entry.usableUntil = Math.min(entry.freshUntil + staleGrace, now + longestLifetime * 1000)
    delete entry.failure
    this.#unknown.delete(client_id)
    this.#known.delete(client_id) // lru-cache ignores the size if the value is unchanged
    this.#known.set(client_id, entry, { size: entryBytes + bytesOfCharacter * (client_id.length + text.length) })
  }

  /** @throws OAuthError `client_metadata_invalid` */
  #clientOf(client_id: string, text: string): DocumentedClient {
    const document: unknown = JSON.parse(text, (_, value) => Object.freeze(value)) // frozen at every depth
    const client = clientOf(document, client_id, this.#terms)
    return client.jwks_uri === undefined ? client : Object.freeze({ ...client, [keptIn]: this.#keySets })
  }
}

/** What a host may want to know about a client that it knows (draft §8.4). */
function changes(before: DocumentedClient, after: DocumentedClient): Notice[] {
  const keys = ({ jwks, jwks_uri }: DocumentedClient) => JSON.stringify([jwks, jwks_uri])
  return [
    ...(keys(before) === keys(after) ? [] : ['client_keys_changed' as const]),
    ...(before.token_endpoint_auth_method === after.token_endpoint_auth_method ? [] : ['client_auth_method_changed' as const]),
  ]
}
