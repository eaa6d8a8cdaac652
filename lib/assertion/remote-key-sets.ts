import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { AssertionError, refusal } from '../errors.js'
import { fetchJson } from './guarded-fetch.js'
import { type KeySet, prepareKeySet } from './keys.js'

const cooldown = 30_000 // ms between two fetches of one URL, also after a failure
const maxAge = 600_000 // ms after which keys are fetched anew
const staleGrace = 3_600_000 // ms for which old keys serve while their URL does not answer
const maxKeySets = 10_000 // beyond it, cooldowns are forgotten too

interface Entry {
  keySet?: KeySet
  fetchedAt: number
  triedAt: number
  failure?: unknown
  fetching?: Promise<void>
}

/** The key sets behind registered `jwks_uri`s: one fetch at a time and per cooldown, replaced as a whole, kept for a bounded time. */
export class RemoteKeySets {
  readonly #entries = new LRUCache<string, Entry>({ max: maxKeySets })
  readonly #fetch: (url: string, allowPrivate: boolean) => Promise<unknown>
  readonly #now: () => number

  constructor(fetch = fetchJson, now = () => performance.now()) {
    this.#fetch = fetch
    this.#now = now
  }

  /**
   * The keys at `url` that fit `header`.
   * @throws AssertionError `key_not_found`, `jwks_invalid`, `jwks_blocked`; OAuthError `jwks_unavailable` (503)
   */
  async find(url: string, allowPrivate: boolean, header: Readonly<Record<string, unknown>>): Promise<readonly KeyObject[]> {
    const { keySet, refresh } = await this.#keySet(url, allowPrivate)
    try {
      return await keySet.find(header)
    } catch (error) {
      const renewed = error instanceof AssertionError ? await refresh() : undefined // the signer may have rotated its keys
      if (!renewed) throw error
      return renewed.find(header)
    }
  }

  /** Whether a public key is among those at `url`. Throws as {@link find} does. */
  async has(url: string, allowPrivate: boolean, publicKey: KeyObject): Promise<boolean> {
    const { keySet, refresh } = await this.#keySet(url, allowPrivate)
    return keySet.has(publicKey) || ((await refresh())?.has(publicKey) ?? false)
  }

  /** The key set as it is now, and a way to get a newer one, if the cooldown allows. */
  async #keySet(url: string, allowPrivate: boolean): Promise<{ keySet: KeySet; refresh(): Promise<KeySet | undefined> }> {
    const entry = this.#entry(`${allowPrivate} ${url}`)
    if (this.#now() - entry.fetchedAt > maxAge) await this.#refresh(entry, url, allowPrivate)
    if (!entry.keySet || this.#now() - entry.fetchedAt > maxAge + staleGrace) throw entry.failure ?? refusal('jwks_unavailable')
    return { keySet: entry.keySet, refresh: async () => ((await this.#refresh(entry, url, allowPrivate)) ? entry.keySet : undefined) }
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key)
    if (!entry) {
      entry = { fetchedAt: Number.NEGATIVE_INFINITY, triedAt: Number.NEGATIVE_INFINITY }
      this.#entries.set(key, entry)
    }
    return entry
  }

  /** Fetches unless the cooldown forbids it; true if the keys are new. A failure keeps the old keys. */
  async #refresh(entry: Entry, url: string, allowPrivate: boolean): Promise<boolean> {
    const before = entry.fetchedAt
    if (!entry.fetching && this.#now() - entry.triedAt >= cooldown) {
      entry.triedAt = this.#now()
      entry.fetching = this.#load(entry, url, allowPrivate).finally(() => {
        delete entry.fetching
      })
    }
    await entry.fetching
    return entry.fetchedAt > before
  }

  async #load(entry: Entry, url: string, allowPrivate: boolean): Promise<void> {
    try {
      entry.keySet = prepareKeySet(await this.#fetch(url, allowPrivate))
      entry.fetchedAt = this.#now()
      delete entry.failure
    } catch (error) {
      entry.failure = error
    }
  }
}
