import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { isAboutJwt, isRefusal, refusal } from '../../host/errors.js'
import { fetchDiscovered } from './discovery.js'
import { type FetchedJson, fetchJson } from './guarded-fetch.js'
import { type KeySet, prepareKeySet } from './key-set.js'

const cooldown = 30_000 // ms between two fetches of one URL, also after a failure
const freshFor = 300_000 // ms of age from which keys are fetched again in the background
const maxAge = 600_000 // ms of age from which requests wait for the fetch; the old keys are used only if it fails
const staleGrace = 3_600_000 // ms beyond maxAge for which old keys are used while fetches fail
const outage = 2 * cooldown // ms after a failed fetch in which the next is expected to fail too: requests use old keys without waiting
const maxKeySets = 10_000 // an entry that is evicted by this or maxBytes loses its cooldown too
const maxBytes = 32 * 1024 * 1024 // of documents; a typical one has 2 to 4 KiB
const entryBytes = 1024 // size of an entry without keys

interface Entry {
  keySet?: KeySet
  fetchedAt: number
  triedAt: number
  failure?: unknown
  fetching?: Promise<void>
}

/** What a registered URL is: where the keys are, or an issuer whose metadata says so. */
export type KeySource = 'jwks_uri' | 'discovery'

const fetchKeySet = (url: string, allowPrivate: boolean, source: KeySource) =>
  source === 'discovery' ? fetchDiscovered(url, allowPrivate) : fetchJson(url, allowPrivate)

/** The key sets of registered `jwks_uri`s and issuers. For each: one fetch at a time and per cooldown, replaced as a whole, used for a bounded time. */
export class RemoteKeySets {
  readonly #entries = new LRUCache<string, Entry>({ max: maxKeySets, maxSize: maxBytes })
  readonly #fetch: (url: string, allowPrivate: boolean, source: KeySource) => Promise<FetchedJson>
  readonly #now: () => number

  constructor(fetch: typeof fetchKeySet = fetchKeySet, now = () => performance.now()) {
    this.#fetch = fetch
    this.#now = now
  }

  /**
   * The keys at `url` that fit `header`. Does not wait for a fetch if there are keys, unless they are older than `maxAge`.
   * @throws Refusal `key_not_found`, `jwks_invalid`, `jwks_blocked`, `discovery_invalid`; `jwks_unavailable` (503)
   */
  async find(
    url: string,
    allowPrivate: boolean,
    header: Readonly<Record<string, unknown>>,
    source: KeySource = 'jwks_uri',
  ): Promise<readonly KeyObject[]> {
    const { keySet, renew } = await this.#keySet(url, allowPrivate, source)
    try {
      return await keySet.find(header)
    } catch (error) {
      const renewed = isRefusal(error) && isAboutJwt(error) ? await renew() : undefined // the signer may have rotated its keys
      if (!renewed) throw error
      return renewed.find(header)
    }
  }

  /** Whether a public key is among those at `url`. Throws as {@link find} does. */
  async has(url: string, allowPrivate: boolean, publicKey: KeyObject, source: KeySource = 'jwks_uri'): Promise<boolean> {
    const { keySet, renew } = await this.#keySet(url, allowPrivate, source)
    return keySet.has(publicKey) || ((await renew())?.has(publicKey) ?? false)
  }

  /** The current key set, and a function that gets a newer one if the cooldown allows; `undefined` if there is none. */
  async #keySet(url: string, allowPrivate: boolean, source: KeySource): Promise<{ keySet: KeySet; renew(): Promise<KeySet | undefined> }> {
    const key = `${source} ${allowPrivate} ${url}`
    const entry = this.#entry(key)
    const refresh = () => this.#refresh(key, entry, () => this.#fetch(url, allowPrivate, source))
    if (this.#age(entry) > freshFor) {
      const isDown = entry.failure !== undefined && this.#now() - entry.triedAt < outage
      const refreshed = refresh()
      if (this.#age(entry) > (isDown ? maxAge + staleGrace : maxAge)) await refreshed
    }
    if (!entry.keySet || this.#age(entry) > maxAge + staleGrace)
      throw entry.failure ?? refusal('jwks_unavailable', { seen: { [source]: url, keys: null }, wanted: 'keys that were fetched' })
    const { keySet } = entry
    return {
      keySet,
      renew: async () => {
        await refresh()
        return entry.keySet === keySet ? undefined : entry.keySet
      },
    }
  }

  #age({ fetchedAt }: Entry): number {
    return this.#now() - fetchedAt
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key)
    if (!entry) {
      entry = { fetchedAt: Number.NEGATIVE_INFINITY, triedAt: Number.NEGATIVE_INFINITY }
      this.#keep(key, entry, 0)
    }
    return entry
  }

  #keep(key: string, entry: Entry, bytes: number): void {
    this.#entries.delete(key) // lru-cache ignores the size if the value is unchanged
    this.#entries.set(key, entry, { size: entryBytes + key.length + bytes })
  }

  /** Fetches unless the cooldown forbids it, or waits for the running fetch. Never rejects: a failure is recorded, the old keys stay. */
  async #refresh(key: string, entry: Entry, fetch: () => Promise<FetchedJson>): Promise<void> {
    if (!entry.fetching && this.#now() - entry.triedAt >= cooldown) {
      entry.triedAt = this.#now()
      entry.fetching = this.#load(key, entry, fetch).finally(() => {
        delete entry.fetching
      })
    }
    await entry.fetching
  }

  async #load(key: string, entry: Entry, fetch: () => Promise<FetchedJson>): Promise<void> {
    try {
      const { document, bytes } = await fetch()
      entry.keySet = prepareKeySet(document)
      entry.fetchedAt = this.#now()
      delete entry.failure
      if (this.#entries.peek(key) === entry) this.#keep(key, entry, bytes)
    } catch (error) {
      entry.failure = error
    }
  }
}
