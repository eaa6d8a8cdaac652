/** Milliseconds for which a loop may be behind before anybody is sent away: a burst is only answered a little later. */
const patience = 100
/** So many at once are no overload, even where something else in the process takes up the time of the loop; unless it takes ten budgets. */
const handful = 128
const farTooLong = 10
/** Milliseconds without a request after which the loop has caught up. */
const idle = 50

/**
 * Sheds load. What waits in the sockets is handed out turn by turn of the event loop. When one turn after the other takes long, more arrives than can be
 * answered, and everybody would be answered late: then each turn serves as many as its budget allows, and the others are told to come again.
 *
 * The measure is taken on requests themselves: one `setImmediate` a turn that has any, and no timer.
 */
export class TurnBudget {
  readonly #budget: number
  readonly #now: () => number
  readonly #atEndOfTurn: (end: () => void) => void
  #startedAt: number | undefined
  #endedAt = Number.NEGATIVE_INFINITY
  #arrived = 0
  #hasVerified = false
  /** Since when each turn has followed on one that took too long. */
  #behindSince: number | undefined

  /** @param seconds how long the requests of one turn may take once the loop is behind */
  constructor(seconds: number, now = () => performance.now(), atEndOfTurn: (end: () => void) => void = setImmediate) {
    this.#budget = seconds * 1000
    this.#now = now
    this.#atEndOfTurn = atEndOfTurn
  }

  /** Whether a request that arrives now may stay. */
  hasRoom(): boolean {
    this.#arrived++
    return !this.#isSpent()
  }

  /** Whether a request that was looked up may go on to its signature. The first of a turn always may, however long its look-up took. */
  hasRoomToVerify(): boolean {
    const isSpent = this.#isSpent()
    const isFirst = !this.#hasVerified
    this.#hasVerified = true
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
    this.#hasVerified = false
  }
}
