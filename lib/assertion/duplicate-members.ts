/**
 * Strict JSON for JWT parts: of two members with one name, `JSON.parse` keeps the last, another parser perhaps the first. RFC 7515 §4 and
 * RFC 7519 §4 allow to refuse them, which we do.
 */

/** Whether an object in `text` repeats a member. `value` is `JSON.parse(text)`: each repetition is one colon more than members. */
export function hasDuplicateMember(text: string, value: unknown): boolean {
  return countColons(text) !== countMembers(value)
}

/** Colons outside strings: one for each member in the text. */
function countColons(text: string): number {
  let colons = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) inString = !inString
    else if (inString && code === 0x5c) i++
    else if (!inString && code === 0x3a) colons++
  }
  return colons
}

/** Members after parsing, at any depth. Not recursive: the sender chooses the depth, which could overflow the stack. */
function countMembers(root: unknown): number {
  let members = 0
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    const children = Object.values(value)
    if (!Array.isArray(value)) members += children.length
    for (const child of children) if (typeof child === 'object' && child !== null) open.push(child)
  }
  return members
}

/** Freezes a value and everything in it. Not recursive, as above. */
export function deepFreeze<T extends object>(root: T): Readonly<T> {
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const child of Object.values(Object.freeze(value))) if (typeof child === 'object' && child !== null) open.push(child)
  }
  return root
}
