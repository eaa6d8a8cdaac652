const window = 30_000 // ms

/** Fetches of documents that were never good, in each window: anybody can name a URL of which nobody has heard. */
export const budget = { ofOneHost: 30, inAll: 100, withinSeconds: window / 1000 } as const

/** Counts the fetches of a window, for each host and in all. It starts with the first fetch after the last one has ended. */
export class FetchBudget {
  readonly #now: () => number
  #startedAt = Number.NEGATIVE_INFINITY
  #inAll = 0
  readonly #ofHosts = new Map<string, number>() // at most as many as there are fetches in a window

  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether one more document of this host may be fetched; counts it if so. */
  take(host: string): boolean {
    if (this.#now() - this.#startedAt >= window) {
      this.#startedAt = this.#now()
      this.#inAll = 0
      this.#ofHosts.clear()
    }
    const ofHost = this.#ofHosts.get(host) ?? 0
    if (ofHost >= budget.ofOneHost || this.#inAll >= budget.inAll) return false
    this.#ofHosts.set(host, ofHost + 1)
    this.#inAll++
    return true
  }
}
