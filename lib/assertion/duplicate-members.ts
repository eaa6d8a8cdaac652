/**
 * Strict JSON for JWT parts: of two members with one name, `JSON.parse` keeps the last, another parser perhaps the first. RFC 7515 §4 and
 * RFC 7519 §4 allow to refuse them, which we do.
 */

/**
 * Whether an object in `text` repeats a member: each repetition is one colon more than members.
 * @param members how many members the parsed text has, at any depth
 */
export const hasDuplicateMember = (text: string, members: number) => countColons(text) !== members

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

/**
 * Freezes an object and everything in it. Not recursive: the sender chooses the depth, which could overflow the stack.
 * @returns how many members its objects have, at any depth
 */
export function freezeMembers(root: object): number {
  let members = 0
  const open: object[] = [root]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const children = Object.values(Object.freeze(value))
    if (!Array.isArray(value)) members += children.length
    for (const child of children) if (typeof child === 'object' && child !== null) open.push(child)
  }
  return members
}
