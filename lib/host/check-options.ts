import {
  aBoolean,
  aFunction,
  aLifetime,
  aPositiveInteger,
  aString,
  type Check,
  type Checks,
  must,
  oneOf,
  type Report,
  refuse,
  reportMembers,
  secondsBetween,
  someOf,
  tableOf,
} from './checks.js'
import { clientAuthMethodNames } from './client.js'
import type { Hooks } from './hooks.js'
import { algorithmNames, grantTypeNames, type Options } from './options.js'
import type { ReplayStore } from './replay-store.js'
import { standardResponseMembers } from './token-state.js'

const memberNames: Check = (value) => {
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string' && /^[A-Za-z][\w.-]*$/.test(name)))
    return 'must be a list of names of response members'
  const standard = value.find((name) => (standardResponseMembers as readonly string[]).includes(name))
  return standard === undefined ? undefined : `must not list ${standard}, which is sent anyway: it must be a list of other members`
}

const serverUrl: Check = (value) => {
  if (typeof value !== 'string' || !/^[a-z]+:\/\/[^\s\\]+$/.test(value) || !URL.canParse(value))
    return 'must be an absolute https URL, such as https://as.example.com'
  const { protocol, hostname, username, password } = new URL(value)
  if (value.includes('#')) return 'must be a URL without a fragment'
  if (username || password) return 'must be a URL without user information'
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname) || hostname.endsWith('.localhost')
  return protocol === 'https:' || (protocol === 'http:' && loopback)
    ? undefined
    : 'must be an https URL (http is for loopback addresses only)'
}
const serverUrls: Check = (value) => {
  if (!Array.isArray(value)) return serverUrl(value)
  return value.length === 0 ? 'must not be an empty list' : value.map(serverUrl).find((problem) => problem !== undefined)
}
const issuerIdentifier: Check = (value) =>
  serverUrl(value) ?? (String(value).includes('?') ? 'must be a URL without a query (RFC 8414 §2)' : undefined)
const replayStore = must(
  'a ReplayStore: an object with consume(key, expiresAt, issuer, usableFrom)',
  (value) => typeof (value as ReplayStore | null)?.consume === 'function',
)

/** The check of each option; nested tables are groups of options. */
const options = tableOf({
  issuer: issuerIdentifier,
  tokenEndpointUrl: serverUrls,
  hooks: {
    findClient: aFunction,
    findIssuer: aFunction,
    authorizeGrant: aFunction,
    mintToken: aFunction,
    verifyClientSecret: aFunction,
    getClientCertificate: aFunction,
  } satisfies Record<keyof Hooks, Check>,
  onEvent: must('a function, or false for silence', (value) => value === false || typeof value === 'function'),
  revealReasons: aBoolean,
  fallthrough: aBoolean,
  hostVerifiesClientAssertions: aBoolean,
  grantTypes: someOf(grantTypeNames),
  clientAuthMethods: someOf(clientAuthMethodNames),
  clientAssertions: {
    audience: oneOf('issuer', 'issuer-or-token-endpoint'),
    requireJti: aBoolean,
    maxLifetime: aLifetime,
    mode: oneOf('enforce', 'observe'),
  },
  implicitErrors: oneOf('grant', 'split'),
  publicClients: { scope: aString, maxLifetime: aLifetime },
  algorithms: someOf(algorithmNames),
  clockTolerance: secondsBetween(0, 60),
  replayStore,
  hookTimeout: secondsBetween(0.001, 600),
  turnBudget: must('a number of seconds, at least 0.001', (value) => typeof value === 'number' && value >= 0.001),
  invalidClientStatus: oneOf(400, 401),
  requireTls: aBoolean,
  responseMembers: memberNames,
  limits: { body: aPositiveInteger, parameters: aPositiveInteger, assertion: aPositiveInteger },
} satisfies { [Name in keyof Required<Options>]: Check | Checks })

/** What must hold between the options, if each of them is right. */
function* relations(options: Partial<Options<Partial<Hooks>>>): Generator<string> {
  const { publicClients, fallthrough, hostVerifiesClientAssertions, clientAssertions, tokenEndpointUrl, revealReasons } = options
  if (publicClients && publicClients.scope === undefined)
    yield 'publicClients.scope is missing: set it to what public clients may be granted.'
  if (hostVerifiesClientAssertions && !fallthrough)
    yield 'hostVerifiesClientAssertions needs fallthrough: true: without it, no request reaches your handler.'
  if (clientAssertions?.audience === 'issuer-or-token-endpoint' && !tokenEndpointUrl)
    yield "clientAssertions.audience 'issuer-or-token-endpoint' needs option tokenEndpointUrl."
  if (revealReasons && process.env.NODE_ENV === 'production')
    yield 'revealReasons must not be true under NODE_ENV=production: the reasons tell senders which clients and accounts exist.'
}

/**
 * Checks the options.
 * @param where the function to name in messages
 * @throws ConfigurationError that names the option, what it must be, and what was received
 */
export const assertOptions = (where: string, given: object) => reportOptions(`${where}: option `, given, refuse)

/** Reports every mistake that {@link assertOptions} refuses. `where`: how messages name an option. */
export function reportOptions(where: string, given: Partial<Options<Partial<Hooks>>>, report: Report): void {
  if (given.issuer === undefined)
    report(`${where}issuer is missing: set it to the issuer identifier of this server, such as https://as.example.com.`)
  if (given.hooks === undefined) report(`${where}hooks is missing: it holds the functions that the steps call.`)
  let isRight = true
  reportMembers(options, given, { where }, (problem) => {
    isRight = false
    report(problem)
  })
  if (isRight) for (const problem of relations(given)) report(`${where}${problem}`)
}
