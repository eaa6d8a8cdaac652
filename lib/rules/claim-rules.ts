/** The second trust of a workload: not every JWT of an issuer is accepted, only those whose claims are as registered. */
import {
  type ClaimRule,
  type ClaimRules,
  type ClaimValue,
  isPatternRule,
  isPrefixRule,
  isPresenceRule,
  patternOf,
} from '../host/claim-rules.js'
import type { Evidence } from '../host/evidence.js'
import { isTrue } from './policy.js'

type Claims = Readonly<Record<string, unknown>>

/** A claim that is not as registered. */
interface Failed {
  /** Its name, with those of the claims that it stands in. */
  readonly path: readonly string[]
  readonly value: unknown
  readonly rule: ClaimRule
}

/** What the first rule that does not hold saw and wanted; `undefined` if all hold. Only for claims that are proven. */
export function claimEvidence(rules: ClaimRules | undefined, claims: Claims): Evidence | undefined {
  const failed = rules && firstFailed(rules, claims, claims, [])
  return failed && evidenceOf(failed)
}

function firstFailed(rules: ClaimRules, object: Claims, claims: Claims, outer: readonly string[]): Failed | undefined {
  for (const [name, rule] of Object.entries(rules)) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined
    const path = [...outer, name]
    const failed = isNested(rule)
      ? ofMembers(rule, value, claims, path)
      : holds(rule as Leaf, value, claims)
        ? undefined
        : { path, value, rule }
    if (failed) return failed
  }
  return undefined
}

type Leaf =
  | ClaimValue
  | readonly ClaimValue[]
  | { readonly prefix: string }
  | { readonly pattern: string }
  | { readonly present: true }
  | Extract<ClaimRule, (...args: never[]) => unknown>

const isNested = (rule: ClaimRule): rule is ClaimRules =>
  typeof rule === 'object' && !Array.isArray(rule) && !isPrefixRule(rule) && !isPatternRule(rule) && !isPresenceRule(rule)

function ofMembers(rules: ClaimRules, value: unknown, claims: Claims, path: readonly string[]): Failed | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { path, value, rule: rules }
  return firstFailed(rules, value as Claims, claims, path)
}

/** Values are compared without conversion: GitHub sends its ids as text. */
function holds(rule: Leaf, value: unknown, claims: Claims): boolean {
  if (typeof rule === 'function') return isTrue(rule(value, claims))
  if (typeof rule !== 'object') return value === rule
  if ('present' in rule) return value !== undefined && value !== null
  if ('pattern' in rule) return typeof value === 'string' && patternOf(rule.pattern).test(value)
  return 'prefix' in rule ? typeof value === 'string' && value.startsWith(rule.prefix) : rule.includes(value as ClaimValue)
}

/** Claims about people, at any depth, whose values events do not show (OpenID Connect Core §5.1; `upn` and `unique_name` of Entra ID). */
const aboutPeople = /^(?:sub|.*_?name|nickname|profile|picture|website|email|gender|birthdate|phone_number|address|upn|oid|act|user)$/

function evidenceOf({ path, value, rule }: Failed): Evidence {
  const name = path.join('.')
  const isAboutPerson = path.some((one) => aboutPeople.test(one)) || (typeof value === 'object' && value !== null)
  const seen = value === undefined ? null : isAboutPerson ? 'another value' : value
  return { seen: { [name]: seen }, wanted: { [name]: typeof rule === 'function' ? 'a value that its function allows' : rule } }
}
