// Words for people decide nothing. So Stryker leaves alone what `seen` and `wanted` (the evidence of a refusal) and `check`, `cause` and `fix` (the help
// about it) show as it stands: text, names of values, and lists and objects of these. What is compared, computed or called there is changed.
// In the groups that talk to people (`isForPeople`), so are the help about a command (its summary, examples, and what is about its flags), colours,
// and sentences: text in which two words stand side by side.
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { groups } from './mutation-groups.mjs'

const { isForPeople = false } = groups[process.env.MUTATION_GROUP] ?? {}
const shown = new Set(['seen', 'wanted', 'check', 'cause', 'fix', ...(isForPeople ? ['about', 'summary', 'examples'] : [])])
const nameOf = ({ key, computed }) => (computed ? undefined : (key?.name ?? key?.value))

/** Text, the name of a value, or a list or an object of these. */
function isPlain(node) {
  if (/^(?:TS(?:As|Satisfies)Expression)$/.test(node.type)) return isPlain(node.expression)
  if (node.type === 'TemplateLiteral') return node.expressions.every(isPlain)
  if (node.type === 'MemberExpression') return !node.computed && isPlain(node.object)
  if (node.type === 'ArrayExpression') return node.elements.every(isPlain)
  if (node.type === 'ObjectExpression')
    return node.properties.every((one) => one.type === 'ObjectProperty' && (!one.computed || isPlain(one.key)) && isPlain(one.value))
  return /^(?:Identifier|(?:String|Numeric|Boolean|Null)Literal)$/.test(node.type)
}

/** `{ seen, wanted }`. */
const isEvidence = ({ type, properties }) =>
  type === 'ObjectExpression' && ['seen', 'wanted'].every((name) => properties.some((property) => nameOf(property) === name))

/** `{ about }`, or the name of a value in `{ value, about }`. */
const isHelp = ({ node: { type, properties }, parentPath, parent }) =>
  type === 'ObjectExpression'
    ? properties.length > 0 && properties.every((one) => nameOf(one) === 'about')
    : nameOf(parent) === 'value' && parentPath.parent.properties?.some((one) => nameOf(one) === 'about')

/** Whether it is shown as it stands: in a branch of a condition, or in a list or an object, but not in a comparison or a call. */
function isShown(path) {
  const { parentPath: parent, key, node } = path
  if (isEvidence(node) || (isForPeople && isHelp(path))) return true
  if (!parent) return false
  if (parent.isObjectProperty()) return key === 'value' && (shown.has(nameOf(parent.node)) || isShown(parent.parentPath))
  if (isForPeople && parent.isCallExpression() && parent.node.callee.name === 'paint') return key === 0
  if (parent.isCallExpression()) return parent.node.callee.name === 'refused' && key > 0 // of rules/policy.ts: (reason, seen, wanted)
  if (parent.isConditionalExpression()) return key !== 'test' && isShown(parent)
  if (parent.isLogicalExpression()) return key === 'right' && isShown(parent)
  return (parent.isArrayExpression() || parent.isTSAsExpression() || parent.isTSSatisfiesExpression()) && isShown(parent)
}

const twoWords = /\w[,.:;)'"`]* ["'`(]*\w/
/** Whether it is a sentence that is not compared with anything. */
const isSentence = ({ node, parentPath }) =>
  isForPeople &&
  !parentPath?.isBinaryExpression() &&
  ((node.type === 'StringLiteral' && twoWords.test(node.value)) ||
    (node.type === 'TemplateLiteral' && node.quasis.some(({ value }) => twoWords.test(value.raw))))

const isText = ({ type }) => /^(?:StringLiteral|TemplateLiteral|ObjectExpression|ArrayExpression)$/.test(type)

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'words', {
    shouldIgnore: (path) =>
      isText(path.node) && isPlain(path.node) && (isShown(path) || isSentence(path)) ? 'words for people' : undefined,
  }),
]
