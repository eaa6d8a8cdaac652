/** RFC 6749 §3.3: scope-tokens of %x21, %x23-5B, %x5D-7E, separated by single spaces. */
const grammar = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** The tokens of a scope string without repetition, or `undefined` if it is malformed (RFC 6749 §3.3). */
export function parseScope(scope: string): readonly string[] | undefined {
  if (!grammar.test(scope)) return undefined
  return scope.includes(' ') ? [...new Set(scope.split(' '))] : [scope]
}

/** The tokens of a scope that the host wrote; extra white space is ignored. */
export function hostScope(scope: string): readonly string[] {
  return /\s/.test(scope) ? [...new Set(scope.split(/\s+/).filter(Boolean))] : scope === '' ? [] : [scope]
}

/** Whether every token of `scope` is in `ceiling`. */
export function isWithin(scope: readonly string[], ceiling: readonly string[]): boolean {
  return scope.every(memberOf(ceiling))
}

/** The tokens of `scope` that are also in `ceiling`. */
export function intersect(scope: readonly string[], ceiling: readonly string[]): readonly string[] {
  return scope.filter(memberOf(ceiling))
}

/** Tests membership in `list`, in constant time for long lists. */
function memberOf(list: readonly string[]): (token: string) => boolean {
  if (list.length < 8) return (token) => list.includes(token)
  const set = new Set(list)
  return (token) => set.has(token)
}
