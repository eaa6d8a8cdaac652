/** A value in a message: short, on one line, and without what stands before an `@`, such as the password of a URL. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const open = value.replace(/^.*@/s, '…@')
    return JSON.stringify(open.length > 60 ? `${open.slice(0, 60)}…` : open)
  }
  if (Array.isArray(value))
    return value.length <= 12 && value.every((one) => typeof one !== 'object' || one === null)
      ? `[${value.map(shown).join(', ')}]`
      : 'a list'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return value instanceof Date ? 'a Date' : 'an object'
  return String(value)
}
