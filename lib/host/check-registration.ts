import type { Client, FederatedCredential } from './client.js'
import { ConfigurationError } from './errors.js'
import { isAbsent } from './jwk.js'
import type { TrustedIssuer } from './trusted-issuer.js'

type Check = (value: unknown) => string | undefined // the problem, or nothing
interface Table {
  readonly members: ReadonlySet<string>
  readonly rows: readonly { readonly member: string; readonly check: Check }[]
}

const anything: Check = () => undefined
const must =
  (problem: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : problem
const oneOf = (...values: readonly unknown[]) => must(`is one of ${values.join(', ')}.`, (value) => values.includes(value))
const isListOf = (test: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(test)
const string = (value: unknown) => typeof value === 'string'
const isString = must('is a string.', string)
const isName = must('is a string that is not empty.', (value) => string(value) && value !== '')
const isDuration = must('is a positive number of seconds.', (value) => Number.isFinite(value) && (value as number) > 0)
/** Refuses a `Date`, a date string and milliseconds: compared as seconds, they would never be reached. */
const isMoment = must(
  'is a number of seconds since the epoch.',
  (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) < 1e12,
)

/** Lists the checks once: `Object.entries` would make its lists anew for each request. */
function table<T extends Partial<Record<string, Check>>>(checks: T): Table {
  const rows = Object.entries(checks as Record<string, Check>).map(([member, check]) => ({ member, check }))
  return { members: new Set(Object.keys(checks)), rows }
}

/** The check of each member of a trusted issuer; `anything`: it is checked where it is used. */
const issuerChecks = table<Record<keyof TrustedIssuer, Check>>({
  issuer: anything,
  jwks: anything,
  jwks_uri: anything,
  allowPrivateJwksUri: oneOf(true, false),
  client_id: isString,
  clients: must("is a list of client_ids, or 'any'.", (value) => value === 'any' || isListOf(string)(value)),
  client_authentication: oneOf('required', 'identified', 'none'),
  subjects: must('is a list, or a function.', (value) => typeof value === 'function' || isListOf(string)(value)),
  scope: isString,
  scope_from: oneOf('intersection', 'parameter', 'assertion'),
  default_sub: oneOf('iss'),
  audience: must('is a string, or a list of strings.', (value) => string(value) || isListOf(string)(value)),
  algorithms: must('is a list of strings.', isListOf(string)),
  typ: isString,
  requireJti: oneOf(true, false),
  maxLifetime: isDuration,
  replay: oneOf('one-time', 'same-client', 'reusable'),
  enabled: anything,
  not_after: must('is a valid Date.', (value) => value instanceof Date && !Number.isNaN(value.getTime())),
})

/** Names of the members of a {@link TrustedIssuer}. */
export const issuerMembers: readonly string[] = [...issuerChecks.members]

const federatedChecks = table<Record<keyof FederatedCredential, Check>>({
  issuer: isName,
  subject: isName,
  audience: isName,
  maxLifetime: isDuration,
  replay: oneOf('one-time', 'reusable'),
  jwks: anything,
  jwks_uri: anything,
  allowPrivateJwksUri: oneOf(true, false),
})

/** The members of a client whose wrong type would make a check more lenient: a lifetime as a string would be concatenated, not added. */
const clientChecks = table<Partial<Record<keyof Client, Check>>>({
  token_endpoint_auth_method: isString,
  scope: isString,
  client_secret_expires_at: isMoment,
  audience: oneOf('issuer', 'issuer-or-token-endpoint'),
  maxLifetime: isDuration,
  replay: oneOf('one-time', 'reusable'),
  previous_auth_method: isString,
  previous_auth_method_expires_at: isMoment,
  client_assertion_mode: oneOf('enforce', 'observe'),
  federated_credentials: must('is a list.', Array.isArray),
})

/**
 * Refuses an issuer object whose mistakes would make checks more lenient: unknown members, values that are not allowed. `client_id` together
 * with other `clients` is no mistake: `signingClient` (policy.ts) then lets the signature authenticate only the client that the grant names.
 * @throws ConfigurationError naming the member
 */
export function checkTrustedIssuer(issuer: TrustedIssuer): void {
  refuseUnknown('TrustedIssuer', issuerChecks, issuer)
  checkMembers('TrustedIssuer', issuerChecks, issuer, isUndefined)
}

/**
 * Refuses a client whose registration has mistakes that would make checks more lenient. Unknown members belong to the host; `null`, as
 * databases return it, counts as absent.
 * @throws ConfigurationError naming the member
 */
export function checkClient(client: Client): void {
  checkMembers('Client', clientChecks, client, isAbsent)
  for (const credential of client.federated_credentials ?? []) {
    if (typeof credential !== 'object' || credential === null) throw fault('Client', 'federated_credentials', 'is a list of objects.')
    refuseUnknown('FederatedCredential', federatedChecks, credential)
    for (const member of ['issuer', 'subject'] as const)
      if (isAbsent(credential[member])) throw fault('FederatedCredential', member, 'is missing.')
    checkMembers('FederatedCredential', federatedChecks, credential, isAbsent)
  }
}

function refuseUnknown(what: string, { members }: Table, registered: object): void {
  for (const member of Object.keys(registered))
    if (!members.has(member)) throw fault(what, member, 'does not exist: remove it, or correct its spelling.')
}

function checkMembers(what: string, { rows }: Table, registered: object, isNothing: (value: unknown) => boolean): void {
  for (const { member, check } of rows) {
    const value = (registered as Record<string, unknown>)[member]
    const problem = isNothing(value) ? undefined : check(value)
    if (problem) throw fault(what, member, problem)
  }
}

const isUndefined = (value: unknown) => value === undefined

const fault = (what: string, member: string, problem: string) => new ConfigurationError(`${what}.${member} ${problem}`)
