/**
 * How many records each issuer has. An issuer goes by a number, which fits into a typed array, as long as it has records; then the number is
 * given to another.
 */
export class Shares {
  readonly #numbers = new Map<string, number>()
  readonly #shares: { issuer: string; records: number }[] = []
  readonly #unused: number[] = []

  /** The number of records that the issuer has. */
  of(issuer: string): number {
    const number = this.#numbers.get(issuer)
    return number === undefined ? 0 : (this.#shares[number]?.records ?? 0)
  }

  /** Counts one more record. Returns the number of its issuer, for {@link drop}. */
  add(issuer: string): number {
    const number = this.#numbers.get(issuer) ?? this.#newNumber(issuer)
    const share = this.#shares[number]
    if (share) share.records++
    return number
  }

  /** Counts one record less. */
  drop(number: number): void {
    const share = this.#shares[number]
    if (!share || --share.records > 0) return
    this.#numbers.delete(share.issuer)
    this.#unused.push(number)
  }

  #newNumber(issuer: string): number {
    const number = this.#unused.pop() ?? this.#shares.length
    this.#numbers.set(issuer, number)
    this.#shares[number] = { issuer, records: 0 }
    return number
  }
}
