/** How the package checks what a host writes: tables of checks, one for each kind of object. Every message says what must be and what was received. */
import { fold, nearest } from './did-you-mean.js'
import { ConfigurationError } from './errors.js'
import { shown } from './shown.js'

/** Says what a value must be (`must be …`, `must not …`), or nothing if the value is right. */
export type Check = (value: unknown) => string | undefined
/** The check of each member. A nested table is for a group of members. */
export interface Checks {
  readonly [member: string]: Check | Checks
}

export const must =
  (requirement: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : `must be ${requirement}`

const isString = (value: unknown) => typeof value === 'string'
const isListOf = (holds: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(holds)
const quoted = (values: readonly unknown[]) => values.map((value) => (isString(value) ? `'${value}'` : String(value))).join(', ')

/** Checked where it is used. */
export const anything: Check = () => undefined
export const aBoolean = must('true or false', (value) => typeof value === 'boolean')
export const aBooleanOrNull: Check = (value) => (value === null ? undefined : aBoolean(value))
export const aFunction = must('a function', (value) => typeof value === 'function')
export const anObject = must('an object', (value) => typeof value === 'object' && value !== null)
export const aString = must('a string', isString)
export const aName = must('a non-empty string', (value) => isString(value) && value !== '')
export const aList = must('a list', Array.isArray)
export const strings = must('a list of strings', isListOf(isString))
export const stringOrStrings = must('a string or a list of strings', (value) => isString(value) || isListOf(isString)(value))
export const aPositiveInteger = must('a whole number above 0', (value) => Number.isSafeInteger(value) && (value as number) > 0)
export const aDate = must('a valid Date', (value) => value instanceof Date && !Number.isNaN(value.getTime()))
/** Not a `Date`, a date string or milliseconds: compared as seconds, they would never be reached. */
export const aMoment = must(
  'a number of seconds since 1970',
  (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) < 1e12,
)
export const aDuration = must('a number of seconds above 0', (value) => Number.isFinite(value) && (value as number) > 0)
export const secondsBetween = (least: number, most: number) =>
  must(`a number of seconds from ${least} to ${most}`, (value) => typeof value === 'number' && value >= least && value <= most)
/** For a bound of lifetimes: no token lives less than a second. */
export const aLifetime = must('a number of seconds, at least 1', (value) => Number.isFinite(value) && (value as number) >= 1)
export const oneOf = (...values: readonly unknown[]) =>
  must(values.length === 1 ? quoted(values) : `one of ${quoted(values)}`, (value) => values.includes(value))
export const listOrFunction = must('a list of strings or a function', (value) => typeof value === 'function' || isListOf(isString)(value))
export const listOr = (word: string) => must(`a list of strings or '${word}'`, (value) => value === word || isListOf(isString)(value))
/** A non-empty list of some of `names`. */
export const someOf = (names: readonly string[]) =>
  must(
    `a non-empty list of some of ${quoted(names)}`,
    (value) => isListOf((one) => names.includes(one as string))(value) && (value as unknown[]).length > 0,
  )

/** A secret: messages never show what was received. */
export function secret(check: Check): Check {
  const secretCheck: Check = (value) => check(value)
  secrets.add(secretCheck)
  return secretCheck
}
const secrets = new WeakSet<Check>()

/** A table of checks, prepared: it is used for each request. */
export interface CheckedTable {
  readonly names: readonly string[]
  readonly rows: readonly { readonly name: string; readonly check: Check | CheckedTable }[]
}

/** Prepares a table of checks. */
export function tableOf(checks: Checks): CheckedTable {
  const rows = Object.entries(checks)
    .filter(([, check]) => check !== anything)
    .map(([name, check]) => ({ name, check: typeof check === 'function' ? check : tableOf(check) }))
  return { names: Object.keys(checks), rows }
}

interface Rules {
  /** How messages name the object: what stands before the name of a member. `tokenEndpoint: option `, `TrustedIssuer.` */
  readonly where: string
  /** Members that must not be absent. @default none */
  readonly required?: readonly string[]
  /** Whether members without a check are refused. They belong to the host otherwise. @default true */
  readonly isClosed?: boolean
  /** Whether `null` counts as absent, as databases return it. @default false */
  readonly isNullAbsent?: boolean
}

/** Receives what is wrong, in words. If it throws, the checks end. */
export type Report = (problem: string) => void

/** Ends the checks at the first problem. */
export const refuse: Report = (problem) => {
  throw new ConfigurationError(problem)
}

/**
 * Checks the members of an object that a host wrote. `undefined` counts as absent.
 * @throws ConfigurationError that names the member, what it must be, and what was received
 */
export const checkMembers = (table: CheckedTable, object: object, rules: Rules) => reportMembers(table, object, rules, refuse)

/** Reports each problem of the members of an object: it names the member, what it must be, and what was received. */
export function reportMembers(table: CheckedTable, object: object, rules: Rules, report: Report, root = table, path = ''): void {
  const { where, required = [], isClosed = true, isNullAbsent = false } = rules
  if (isClosed)
    for (const name of Object.keys(object))
      if (!table.names.includes(name)) report(`${where}${path}${name} does not exist: ${suggestion(name, table, root, path)}`)
  for (const { name, check } of table.rows) {
    const value = (object as Record<string, unknown>)[name]
    const isAbsent = value === undefined || (isNullAbsent && value === null)
    if (isAbsent && !required.includes(path + name)) continue
    const problem = typeof check === 'function' ? check(value) : anObject(value)
    if (problem) report(`${where}${path}${name} ${problem}${isSecret(check) ? '' : `, not ${shown(value)}`}.`)
    else if (typeof check !== 'function') reportMembers(check, value as object, rules, report, root, `${path}${name}.`)
  }
}

const isSecret = (check: Check | CheckedTable) => typeof check === 'function' && secrets.has(check)

/**
 * Checks the options of a function.
 * @param where the function to name in messages
 * @param required options that must not be absent
 * @throws ConfigurationError that names the option, what it must be, and what was received
 */
export function checkOptionsOf(where: string, table: CheckedTable, options: unknown, required: readonly string[] = []): void {
  const problem = anObject(options)
  const received = typeof options === 'string' ? 'a string' : shown(options) // it may be a key
  if (problem) throw new ConfigurationError(`${where}: options ${problem}, not ${received}.`)
  checkMembers(table, options as object, { where: `${where}: option `, required })
}

/** Suggests the known name that a misspelt or misplaced one most likely means; else all that may stand there. */
function suggestion(name: string, { names }: CheckedTable, root: CheckedTable, path: string): string {
  const isSame = (known: string) => fold(known) === fold(name)
  const here = names.find(isSame)
  const elsewhere = pathsOf(root).find((known) => isSame(known.slice(known.lastIndexOf('.') + 1)))
  const similar = here === undefined && elsewhere === undefined ? nearest(name, names) : here
  if (similar !== undefined) return `did you mean ${path}${similar}?`
  return elsewhere === undefined ? `it must be one of ${names.join(', ')}.` : `did you mean ${elsewhere}?`
}

const pathsOf = ({ names, rows }: CheckedTable): string[] => [
  ...names,
  ...rows.flatMap(({ name, check }) => (typeof check === 'function' ? [] : pathsOf(check).map((member) => `${name}.${member}`))),
]
