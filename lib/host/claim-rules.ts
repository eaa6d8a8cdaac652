import { type Check, must } from './checks.js'

/** A value that a claim may be equal to. */
export type ClaimValue = string | number | boolean

/**
 * What one claim must be: this value; one value of a list; text that begins with `prefix`; text that as a whole matches the regular expression
 * `pattern`; any value, if it is `present`; what a function returns `true` for; or, for a claim that is an object, rules for its members. A
 * function gets `undefined` for a claim that is absent; no other rule allows absence. A rule for a member that is called `prefix`, `pattern` or
 * `present` and stands alone must be a function.
 */
export type ClaimRule =
  | ClaimValue
  | readonly ClaimValue[]
  | { readonly prefix: string }
  | { readonly pattern: string }
  | { readonly present: true }
  | ClaimRules
  | ((value: unknown, claims: Readonly<Record<string, unknown>>) => boolean)

/** Rules for claims, by name. All of them must hold. */
export interface ClaimRules {
  readonly [claim: string]: ClaimRule
}

/** Whether a rule is `{ prefix }`, and not rules for the members of a claim. */
export const isPrefixRule = (rule: object): rule is { readonly prefix: string } =>
  Object.keys(rule).length === 1 && typeof (rule as { prefix?: unknown }).prefix === 'string'

/** Whether a rule is `{ pattern }`. */
export const isPatternRule = (rule: object): rule is { readonly pattern: string } =>
  Object.keys(rule).length === 1 && typeof (rule as { pattern?: unknown }).pattern === 'string'

/** The regular expression of a pattern: the whole text must match. @throws SyntaxError */
export const patternOf = (pattern: string) => new RegExp(`^(?:${pattern})$`, 'u')

/** Whether a rule is `{ present: true }`. */
export const isPresenceRule = (rule: object): rule is { readonly present: true } =>
  Object.keys(rule).length === 1 && (rule as { present?: unknown }).present === true

function isExpression(pattern: string): boolean {
  try {
    return pattern !== '' && patternOf(pattern) instanceof RegExp
  } catch {
    return false
  }
}

const isValue = (value: unknown) => ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)
const mostLevels = 8

function isRule(rule: unknown, level: number): boolean {
  if (isValue(rule) || typeof rule === 'function') return true
  if (Array.isArray(rule)) return rule.length > 0 && rule.every(isValue)
  if (typeof rule !== 'object' || rule === null || level > mostLevels) return false
  if (isPresenceRule(rule)) return true
  if (isPatternRule(rule)) return isExpression(rule.pattern)
  return isPrefixRule(rule) ? rule.prefix !== '' : areRules(rule, level)
}

const areRules = (rules: object, level: number): boolean =>
  Object.keys(rules).length > 0 && Object.values(rules).every((rule) => isRule(rule, level + 1))

/** Refuses what would let every claim pass, and what no claim could be: both are mistakes. */
export const claimRules: Check = must(
  'an object of claim rules: each a value, a non-empty list of values, { prefix }, { pattern }, { present: true }, a function, or rules for the members of the claim',
  (rules) => typeof rules === 'object' && rules !== null && !Array.isArray(rules) && areRules(rules, 0),
)
