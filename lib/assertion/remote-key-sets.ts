import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { AssertionError, refusal } from '../errors.js'
import { type FetchedJson, fetchJson } from './guarded-fetch.js'
import { type KeySet, prepareKeySet } from './keys.js'

const cooldown = 30_000 // ms between two fetches of one URL, also after a failure
const freshFor = 300_000 // ms after which keys are fetched anew, while the old ones serve
const maxAge = 600_000 // ms after which they serve only if their URL was asked, and gave none
const staleGrace = 3_600_000 // ms for which they do
const outage = 2 * cooldown // ms for which a failed fetch says that the next would fail too: nobody waits for it who has keys
const maxKeySets = 10_000 // beyond it, and beyond maxBytes, cooldowns are forgotten too
const maxBytes = 32 * 1024 * 1024 // of documents; a usual one has 2 to 4 KiB
const entryBytes = 1024 // what an entry without keys counts

interface Entry {
  keySet?: KeySet
  fetchedAt: number
  triedAt: number
  failure?: unknown
  fetching?: Promise<void>
}

/** The key sets behind registered `jwks_uri`s: one fetch at a time and per cooldown, replaced as a whole, kept for a bounded time. */
export class RemoteKeySets {
  readonly #entries = new LRUCache<string, Entry>({ max: maxKeySets, maxSize: maxBytes })
  readonly #fetch: (url: string, allowPrivate: boolean) => Promise<FetchedJson>
  readonly #now: () => number

  constructor(fetch = fetchJson, now = () => performance.now()) {
    this.#fetch = fetch
    this.#now = now
  }

  /**
   * The keys at `url` that fit `header`. Known keys do not wait for a fetch, unless nobody asked for them in a long time.
   * @throws AssertionError `key_not_found`, `jwks_invalid`, `jwks_blocked`; OAuthError `jwks_unavailable` (503)
   */
  async find(url: string, allowPrivate: boolean, header: Readonly<Record<string, unknown>>): Promise<readonly KeyObject[]> {
    const { keySet, renew } = await this.#keySet(url, allowPrivate)
    try {
      return await keySet.find(header)
    } catch (error) {
      const renewed = error instanceof AssertionError ? await renew() : undefined // the signer may have rotated its keys
      if (!renewed) throw error
      return renewed.find(header)
    }
  }

  /** Whether a public key is among those at `url`. Throws as {@link find} does. */
  async has(url: string, allowPrivate: boolean, publicKey: KeyObject): Promise<boolean> {
    const { keySet, renew } = await this.#keySet(url, allowPrivate)
    return keySet.has(publicKey) || ((await renew())?.has(publicKey) ?? false)
  }

  /** The key set as it is now, and a way to get a newer one, if the cooldown allows. */
  async #keySet(url: string, allowPrivate: boolean): Promise<{ keySet: KeySet; renew(): Promise<KeySet | undefined> }> {
    const key = `${allowPrivate} ${url}`
    const entry = this.#entry(key)
    const refresh = () => this.#refresh(key, entry, () => this.#fetch(url, allowPrivate))
    if (this.#age(entry) > freshFor) {
      const isDown = entry.failure !== undefined && this.#now() - entry.triedAt < outage
      const refreshed = refresh()
      if (this.#age(entry) > (isDown ? maxAge + staleGrace : maxAge)) await refreshed
    }
    if (!entry.keySet || this.#age(entry) > maxAge + staleGrace) throw entry.failure ?? refusal('jwks_unavailable')
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
    this.#entries.delete(key) // it does not look at the size of a value that it has
    this.#entries.set(key, entry, { size: entryBytes + key.length + bytes })
  }

  /** Fetches unless the cooldown forbids it, or waits for the fetch that runs. Never rejects: a failure is noted, and keeps the old keys. */
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
