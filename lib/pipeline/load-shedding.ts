/** Milliseconds that successive turns must take too long before requests are refused: a short burst is only answered a little later. */
const patience = 100
/** A turn with at most this many requests is not overloaded, even if other work blocks the loop; unless it takes `farTooLong` budgets. */
const handful = 128
const farTooLong = 10
/** Milliseconds without requests after which the loop counts as caught up. */
const idle = 50

/**
 * Sheds load. Each turn of the event loop takes the requests that wait in the sockets. If successive turns take too long, more requests
 * arrive than can be answered, and all would be late: then each turn serves as many as its budget allows, and the others are refused (503).
 *
 * Only turns with requests are measured: one `setImmediate` for each of them, and no timer.
 */
export class LoadShedding {
  readonly #budget: number
  readonly #now: () => number
  readonly #atEndOfTurn: (end: () => void) => void
  #startedAt: number | undefined
  #endedAt = Number.NEGATIVE_INFINITY
  #arrived = 0
  #hasGoneOn = false
  /** Start of the first of the latest successive turns that all took too long (ms). */
  #behindSince: number | undefined

  /** @param seconds that the requests of one turn may take once the loop is behind */
  constructor(seconds: number, now = () => performance.now(), atEndOfTurn: (end: () => void) => void = setImmediate) {
    this.#budget = seconds * 1000
    this.#now = now
    this.#atEndOfTurn = atEndOfTurn
  }

  /** Counts a request that arrives now. @returns whether it is served */
  admit(): boolean {
    this.#arrived++
    return !this.#isSpent()
  }

  /** @returns whether a request that was admitted may go on to its next step: the first of a turn always may, however long its look-up took */
  goesOn(): boolean {
    const isSpent = this.#isSpent()
    const isFirst = !this.#hasGoneOn
    this.#hasGoneOn = true
    return isFirst || !isSpent
  }

  #isSpent(): boolean {
    const now = this.#now()
    this.#startedAt ??= this.#beginTurn(now)
    const isBehind = this.#behindSince !== undefined && now - this.#behindSince >= patience
    return isBehind && this.#isLong(now - this.#startedAt)
  }

  #isLong(length: number): boolean {
    return length > this.#budget && (this.#arrived > handful || length > farTooLong * this.#budget)
  }

  #beginTurn(now: number): number {
    if (now - this.#endedAt > idle) this.#behindSince = undefined
    this.#atEndOfTurn(this.#endTurn)
    return now
  }

  readonly #endTurn = () => {
    const startedAt = this.#startedAt as number
    this.#endedAt = this.#now()
    if (this.#isLong(this.#endedAt - startedAt)) this.#behindSince ??= startedAt
    else this.#behindSince = undefined
    this.#startedAt = undefined
    this.#arrived = 0
    this.#hasGoneOn = false
  }
}
