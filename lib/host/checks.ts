/** How the package checks what a host writes: tables of checks, one for each kind of object. Every message says what must be and what was received. */
import { ConfigurationError } from './errors.js'

/** Says what a value must be (`must be …`, `must not …`), or nothing if the value is right. */
export type Check = (value: unknown) => string | undefined
/** The check of each member. A nested table is for a group of members. */
export interface Checks {
  readonly [member: string]: Check | Checks
}

const must =
  (requirement: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : `must be ${requirement}`

const isString = (value: unknown) => typeof value === 'string'
const isListOf = (holds: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(holds)
const quoted = (values: readonly unknown[]) => values.map((value) => (isString(value) ? `'${value}'` : String(value))).join(', ')

/** Checked where it is used. */
export const anything: Check = () => undefined
export const aBoolean = must('true or false', (value) => typeof value === 'boolean')
export const aFunction = must('a function', (value) => typeof value === 'function')
export const anObject = must('an object', (value) => typeof value === 'object' && value !== null)
export const aString = must('a string', isString)
export const aName = must('a non-empty string', (value) => isString(value) && value !== '')
export const aList = must('a list', Array.isArray)
export const strings = must('a list of strings', isListOf(isString))
export const stringOrStrings = must('a string or a list of strings', (value) => isString(value) || isListOf(isString)(value))
export const aPositiveInteger = must('a positive whole number', (value) => Number.isSafeInteger(value) && (value as number) > 0)
export const aDate = must('a valid Date', (value) => value instanceof Date && !Number.isNaN(value.getTime()))
/** Not a `Date`, a date string or milliseconds: compared as seconds, they would never be reached. */
export const aMoment = must(
  'a number of seconds since 1970',
  (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) < 1e12,
)
export const aDuration = must('a positive number of seconds', (value) => Number.isFinite(value) && (value as number) > 0)
export const secondsBetween = (least: number, most: number) =>
  must(`a number of seconds from ${least} to ${most}`, (value) => typeof value === 'number' && value >= least && value <= most)
export const oneOf = (...values: readonly unknown[]) =>
  must(values.length === 1 ? quoted(values) : `one of ${quoted(values)}`, (value) => values.includes(value))
export const listOrFunction = must('a list of strings or a function', (value) => typeof value === 'function' || isListOf(isString)(value))
export const listOr = (word: string) => must(`a list of strings or '${word}'`, (value) => value === word || isListOf(isString)(value))
/** A non-empty list of some of `names`. */
export const someOf =
  (names: readonly string[]): Check =>
  (value) => {
    const stranger = Array.isArray(value) ? value.find((name) => !names.includes(name)) : undefined
    if (stranger !== undefined)
      return `must not list ${shown(stranger)}${suggestion(String(stranger), names)}: it must list some of ${quoted(names)}`
    return Array.isArray(value) && value.length > 0 ? undefined : `must be a non-empty list of some of ${quoted(names)}`
  }

interface Rules {
  /** Names the object in messages: `tokenEndpoint: option`, `TrustedIssuer`. */
  readonly where: string
  /** Whether members without a check are refused. They belong to the host otherwise. @default true */
  readonly isClosed?: boolean
  /** Whether `null` counts as absent, as databases return it. @default false */
  readonly isNullAbsent?: boolean
}

/**
 * Checks the members of an object that a host wrote. `undefined` counts as absent.
 * @throws ConfigurationError that names the member, what it must be, and what was received
 */
export function checkMembers(checks: Checks, object: object, { where, isClosed = true, isNullAbsent = false }: Rules, path = ''): void {
  if (isClosed)
    for (const name of Object.keys(object))
      if (!Object.hasOwn(checks, name))
        throw new ConfigurationError(
          `${where} ${path}${name} does not exist${suggestion(name, Object.keys(checks)) || `: it must be one of ${Object.keys(checks).join(', ')}`}.`,
        )
  for (const name in checks) {
    const value = (object as Record<string, unknown>)[name]
    if (value === undefined || (isNullAbsent && value === null)) continue
    const check = checks[name] as Check | Checks
    const problem = typeof check === 'function' ? check(value) : anObject(value)
    if (problem) throw new ConfigurationError(`${where} ${path}${name} ${problem}, not ${shown(value)}.`)
    if (typeof check !== 'function') checkMembers(check, value as object, { where, isClosed, isNullAbsent }, `${path}${name}.`)
  }
}

/** A value in a message: short, on one line. */
export function shown(value: unknown): string {
  if (isString(value)) return JSON.stringify((value as string).length > 60 ? `${(value as string).slice(0, 60)}…` : value)
  if (Array.isArray(value))
    return value.length <= 5 && value.every((one) => typeof one !== 'object') ? `[${value.map(shown).join(', ')}]` : 'a list'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return value instanceof Date ? 'a Date' : 'an object'
  return String(value)
}

/** Suggests the known name that a misspelt one most likely means. */
function suggestion(name: string, known: readonly string[]): string {
  const fold = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  const distances = known.map((candidate) => ({ candidate, distance: editDistance(fold(name.slice(0, 64)), fold(candidate)) }))
  const [nearest] = distances.sort((one, other) => one.distance - other.distance)
  return nearest && nearest.distance <= Math.max(2, nearest.candidate.length / 3) ? `: did you mean ${nearest.candidate}?` : ''
}

/** How many letters must be inserted, deleted or replaced to turn one text into the other (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[other.length] as number
}
