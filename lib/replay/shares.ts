interface Share {
  readonly issuer: string
  readonly number: number
  records: number
}

/**
 * How many records there are, and how many each issuer has. An issuer goes by a number, which fits into a typed array, as long as it has
 * records; then the number is given to another.
 */
export class Shares {
  readonly #byIssuer = new Map<string, Share>()
  readonly #byNumber: Share[] = []
  readonly #unused: number[] = []
  #total = 0

  /** The number of records of all issuers. */
  get total(): number {
    return this.#total
  }

  /** The number of records that the issuer has. */
  of(issuer: string): number {
    return this.#byIssuer.get(issuer)?.records ?? 0
  }

  /** Counts one more record. Returns the number of its issuer, for {@link drop}. */
  add(issuer: string): number {
    const share = this.#byIssuer.get(issuer) ?? this.#newShare(issuer)
    share.records++
    this.#total++
    return share.number
  }

  /** Counts one record less. */
  drop(number: number): void {
    const share = this.#byNumber[number] as Share
    this.#total--
    if (--share.records > 0) return
    this.#byIssuer.delete(share.issuer)
    this.#unused.push(number)
  }

  #newShare(issuer: string): Share {
    const number = this.#unused.pop() ?? this.#byNumber.length
    const share = { issuer, number, records: 0 }
    this.#byIssuer.set(issuer, share)
    this.#byNumber[number] = share
    return share
  }
}
