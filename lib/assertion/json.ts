/**
 * Strict JSON for JWT parts: `JSON.parse` keeps the last of two members with one name, so a reader with another parser would see
 * another JWT (RFC 7515 §4, RFC 7519 §4 allow to refuse these; we do).
 */

/** Whether some object in `text` names a member twice. `value` is what `JSON.parse(text)` gave: each duplicate is one colon more than members. */
export function hasDuplicateMember(text: string, value: unknown): boolean {
  return countColons(text) !== countMembers(value)
}

/** Colons outside strings: one for each member that is written. */
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

/** Members that are there after parsing, at any depth; without recursion, since depth is the sender's choice. */
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
