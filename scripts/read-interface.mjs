// Reads the members of an interface, with their docstrings, from the text of a TypeScript file. It relies on the layout that the formatter makes.

/**
 * The members of an interface, or of the first object in a union type.
 *
 * @param text of the file
 * @param name of the interface or type
 * @returns `{ name, optional, type, text, default, members }` of each: `text` has paragraphs, `default` is what `@default` says, `members` are
 * those of a nested object
 */
export function membersOf(text, name) {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => new RegExp(`^export (?:interface|type) ${name}\\b`).test(line))
  if (start < 0) throw new Error(`there is no exported ${name}`)
  const open = lines.findIndex((line, index) => index >= start && line.endsWith('{'))
  const indent = lines[open + 1].search(/\S/)
  return readMembers(lines.slice(open + 1), indent)
}

/** The docstring that stands in front of an exported interface, as paragraphs. */
export function summaryOf(text, name) {
  const [before] = text.split(new RegExp(`^export (?:interface|type) ${name}\\b`, 'm'))
  return docOf(before.slice(before.lastIndexOf('/**')).trimEnd().split('\n')).text
}

/** The strings of a union type, each with its docstring. */
export function literalsOf(text, name) {
  const [, union = ''] = `${text}\n`.match(new RegExp(`^export type ${name} =\\n(.*?)\\n\\n`, 'ms')) ?? []
  return [...union.matchAll(/\/\*\* (.*) \*\/\n *\| '(\w+)'/g)].map(([, meaning, literal]) => ({ name: literal, text: meaning }))
}

function readMembers(lines, indent) {
  const members = []
  let doc = []
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]
    const depth = line.search(/\S/)
    if (depth >= 0 && depth < indent) return members
    if (depth === indent && line.startsWith('/**', indent)) {
      const end = lines.findIndex((other, at) => at >= index && other.endsWith('*/'))
      doc = lines.slice(index, end + 1)
      index = end
      continue
    }
    const [, name, optional, rest] = line.match(/^ *(?:readonly )?(\w+)(\??)(?:: ?(?=.*)|(?=\())(.*)$/) ?? []
    if (name === undefined) continue
    const member = { name, optional: optional === '?', ...docOf(doc) }
    doc = []
    if (rest.endsWith('{')) {
      const close = lines.findIndex((other, at) => at > index && other.startsWith('}', indent) && other.search(/\S/) === indent)
      member.members = readMembers(lines.slice(index + 1, close + 1), indent + 2)
      member.type = 'object'
      index = close
    } else {
      const parts = [rest]
      while (lines[index + 1]?.search(/\S/) > indent) parts.push(lines[++index].trim())
      member.type = parts
        .join(' ')
        .replaceAll('readonly ', '')
        .replace(/^ *\| /, '')
        .trim()
    }
    members.push(member)
  }
  return members
}

function docOf(lines) {
  const plain = lines.map((line) => line.replace(/^\s*(?:\/\*\*|\*(?!\/))? ?/, '').replace(/\s*\*\/$/, '')).join('\n')
  const [, before, value] = plain.match(/^(.*?)@default ([^\n]*)/s) ?? [null, plain, undefined]
  const text = before
    .trim()
    .split('\n\n')
    .map((paragraph) => paragraph.replaceAll('\n', ' '))
    .join('\n\n')
  return { text, default: value?.trim() }
}
