import { clientAuthMethodNames } from './client.js'
import { ConfigurationError } from './errors.js'
import type { Hooks } from './hooks.js'
import { algorithmNames, grantTypeNames, type Options } from './options.js'
import type { ReplayStore } from './replay-store.js'
import { standardResponseMembers } from './token-state.js'

type Check = (value: never) => string | undefined // the problem and the fix, or nothing

const isBoolean: Check = (value: unknown) => (typeof value === 'boolean' ? undefined : 'is true or false')
const isObject: Check = (value: unknown) => (typeof value === 'object' && value !== null ? undefined : 'is an object')
const secondsUpTo =
  (most: number, least = 0): Check =>
  (value: unknown) =>
    typeof value === 'number' && value >= least && value <= most ? undefined : `is a number of seconds from ${least} to ${most}`
const listOf =
  (names: readonly string[]): Check =>
  (value: unknown) => {
    if (!Array.isArray(value) || value.length === 0) return `is a non-empty list of ${names.join(', ')}`
    const strangers = value.filter((name) => !names.includes(name))
    return strangers.length === 0 ? undefined : `lists ${JSON.stringify(strangers[0])}, which is not one of ${names.join(', ')}`
  }
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value: unknown) =>
    values.includes(value) ? undefined : `is one of ${values.join(', ')}`
const positiveInteger: Check = (value: unknown) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? undefined : 'is a positive integer'
const isFunction: Check = (value: unknown) => (typeof value === 'function' ? undefined : 'is a function')
const isString: Check = (value: unknown) => (typeof value === 'string' ? undefined : 'is a string')

const isListOfMembers: Check = (value: unknown) => {
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string' && /^[A-Za-z][\w.-]*$/.test(name)))
    return 'is a list of names of response members'
  const standard = value.find((name) => (standardResponseMembers as readonly string[]).includes(name))
  return standard === undefined ? undefined : `lists ${standard}, which is sent anyway: remove it`
}

const isServerUrl: Check = (value: unknown) => {
  if (typeof value !== 'string' || !/^[a-z]+:\/\/[^\s\\]+$/.test(value) || !URL.canParse(value))
    return 'is an absolute https URL, such as https://as.example.com'
  const { protocol, hostname, username, password } = new URL(value)
  if (value.includes('#')) return 'has a fragment: remove it'
  if (username || password) return 'has user information: remove it'
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname) || hostname.endsWith('.localhost')
  return protocol === 'https:' || (protocol === 'http:' && loopback) ? undefined : 'is not https: http is for loopback addresses only'
}
const isIssuer: Check = (value: unknown) =>
  isServerUrl(value as never) ?? (String(value).includes('?') ? 'has a query: an issuer identifier has none (RFC 8414 §2)' : undefined)
const isStore: Check = (value: unknown) =>
  typeof (value as ReplayStore | null)?.consume === 'function'
    ? undefined
    : 'is a ReplayStore: an object with consume(key, expiresAt, issuer, usableFrom)'

/** The check of each option; nested tables are option groups. */
const checks: { [Name in keyof Required<Options>]: Check | Record<string, Check> } = {
  issuer: isIssuer,
  tokenEndpointUrl: isServerUrl,
  hooks: {
    findClient: isFunction,
    findIssuer: isFunction,
    authorizeGrant: isFunction,
    mintToken: isFunction,
    verifyClientSecret: isFunction,
    getClientCertificate: isFunction,
    onEvent: isFunction,
  } satisfies Record<keyof Hooks, Check>,
  fallthrough: isBoolean,
  hostVerifiesClientAssertions: isBoolean,
  grantTypes: listOf(grantTypeNames),
  clientAuthMethods: listOf(clientAuthMethodNames),
  clientAssertions: {
    audience: oneOf('issuer', 'issuer-or-token-endpoint'),
    requireJti: isBoolean,
    maxLifetime: secondsUpTo(Number.MAX_SAFE_INTEGER, 1),
    mode: oneOf('enforce', 'observe'),
  },
  implicitErrors: oneOf('grant', 'split'),
  publicClients: { scope: isString, maxLifetime: secondsUpTo(Number.MAX_SAFE_INTEGER, 1) },
  algorithms: listOf(algorithmNames),
  clockTolerance: secondsUpTo(60),
  replayStore: isStore,
  hookTimeout: secondsUpTo(600, 0.001),
  turnBudget: secondsUpTo(Number.POSITIVE_INFINITY, 0.001),
  invalidClientStatus: oneOf(400, 401),
  requireTls: isBoolean,
  responseMembers: isListOfMembers,
  limits: { body: positiveInteger, parameters: positiveInteger, assertion: positiveInteger },
}

/**
 * Checks every option that is given.
 * @param where the function to name in messages
 * @throws ConfigurationError naming the option, the problem and the fix
 */
export const checkOptions = (where: string, options: object) => checkTable(checks, options, '', where)

function checkTable(table: Record<string, Check | Record<string, Check>>, values: object, path: string, where: string): void {
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(table, name))
      throw new ConfigurationError(`${where}: option ${path}${name} does not exist${suggestion(name, Object.keys(table))}.`)
    const value = (values as Record<string, unknown>)[name]
    if (value === undefined) continue
    const check = table[name] as Check | Record<string, Check>
    const problem = typeof check === 'function' ? check(value as never) : isObject(value as never)
    if (problem) throw new ConfigurationError(`${where}: option ${path}${name} ${problem}.`)
    if (typeof check === 'object') checkTable(check, value as object, `${path}${name}.`, where)
  }
}

/** Suggests the known name that a misspelt one most likely means: same first letters, or same letters in another case. */
function suggestion(name: string, known: readonly string[]): string {
  const fold = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '')
  const isClose = (candidate: string) =>
    Math.abs(candidate.length - name.length) < 6 && fold(candidate).slice(0, 5) === fold(name).slice(0, 5)
  const similar = known.find((candidate) => fold(candidate) === fold(name)) ?? known.find(isClose)
  return similar ? `: did you mean ${similar}?` : `: it is one of ${known.join(', ')}`
}
