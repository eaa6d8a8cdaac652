/** RFC 6749 §3.3: scope-tokens of %x21, %x23-5B, %x5D-7E, separated by single spaces. */
const grammar = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** The tokens of a scope string without repetition, or `undefined` if it is malformed (RFC 6749 §3.3). */
export function parseScope(scope: string): readonly string[] | undefined {
  return grammar.test(scope) ? [...new Set(scope.split(' '))] : undefined
}

/** The tokens of a scope that the host wrote: extra spaces are forgiven. */
export function hostScope(scope: string): readonly string[] {
  return [...new Set(scope.split(/\s+/).filter(Boolean))]
}

/** Whether every token of `scope` is in `ceiling`. */
export function isWithin(scope: readonly string[], ceiling: readonly string[]): boolean {
  const allowed = new Set(ceiling)
  return scope.every((token) => allowed.has(token))
}

/** The tokens of `scope` that are also in `ceiling`. */
export function intersect(scope: readonly string[], ceiling: readonly string[]): readonly string[] {
  const allowed = new Set(ceiling)
  return scope.filter((token) => allowed.has(token))
}
