/** The arguments of a profile make it stricter, never more lenient. To be more lenient, a host writes it beside the profile, where it can be seen. */
import { type ClaimRules, ConfigurationError, checkTrustedIssuer, type JSONWebKeySet, type TrustedIssuer } from '../index.js'
import { type Profile, valuesOf } from './profile.js'

/** Where the keys of an issuer are: exactly one of `jwks`, `jwks_uri` and `discovery`. */
export interface KeyArguments {
  /** The public keys. */
  jwks?: JSONWebKeySet
  /** An https URL from which this server fetches the keys. */
  jwks_uri?: string
  /** `true`: the metadata of the issuer says where its keys are. */
  discovery?: boolean
  /** Lets the keys come from a private or loopback address, and over http. @default false */
  allowPrivateJwksUri?: boolean
}

/** Members of {@link TrustedIssuer} that may be set beside a profile, as long as they are stricter. */
export type IssuerArguments = KeyArguments &
  Pick<
    TrustedIssuer,
    | 'clients'
    | 'scope'
    | 'subjects'
    | 'claims'
    | 'resources'
    | 'subject'
    | 'lifetime'
    | 'maxLifetime'
    | 'clockTolerance'
    | 'algorithms'
    | 'replay'
    | 'requireJti'
    | 'client_authentication'
    | 'limits'
    | 'enabled'
    | 'not_after'
  >

type Rule = (set: unknown, given: unknown) => boolean
/** The values of a member from strict to lenient; the first is what its absence means. */
const ranks = {
  replay: ['one-time', 'one-time-jti', 'same-client', 'reusable'],
  client_authentication: ['required', 'identified', 'none'],
}
const isNoWeaker =
  (order: readonly string[]): Rule =>
  (set, given) =>
    order.indexOf(given as string) <= order.indexOf((set ?? order[0]) as string)
const isAtMost: Rule = (set, given) => set === undefined || (given as number) <= (set as number)
const isWithin: Rule = (set, given) => set === undefined || (Array.isArray(given) && given.every((one) => (set as unknown[]).includes(one)))
const isTrueIfSet: Rule = (set, given) => set !== true || given === true
const isFree: Rule = (set) => set === undefined

/** Whether a given value is as strict as the one that the profile sets, or stricter. Other members are no arguments. */
const isStricter: Readonly<Record<string, Rule>> = {
  jwks: isFree,
  jwks_uri: isFree,
  discovery: isFree,
  allowPrivateJwksUri: isFree,
  clients: (set, given) => set === undefined || set === 'any' || given === set,
  client_authentication: isNoWeaker(ranks.client_authentication),
  scope: isFree,
  subjects: isFree,
  resources: isFree,
  subject: isFree,
  lifetime: (set, given) => set === undefined || given === set,
  maxLifetime: isAtMost,
  clockTolerance: isAtMost,
  algorithms: isWithin,
  replay: isNoWeaker(ranks.replay),
  requireJti: isTrueIfSet,
  requireScope: isTrueIfSet,
  limits: (set, given) => isAtMost((set as TrustedIssuer['limits'])?.assertion, (given as TrustedIssuer['limits'])?.assertion ?? 0),
  enabled: isFree,
  not_after: isFree,
  // of clients alone
  client_id: isFree,
  grant_types: isWithin,
  token_endpoint_auth_signing_alg: isFree,
  require_explicit_auth: isTrueIfSet,
  tls_client_certificate_bound_access_tokens: isTrueIfSet,
}

/**
 * What a profile sets, with the arguments over it.
 * @throws ConfigurationError for an argument that would be more lenient than the profile, or that it does not have
 */
export function tightened(name: string, set: Readonly<Record<string, unknown>>, given: object): Record<string, unknown> {
  const made: Record<string, unknown> = { ...set }
  for (const [member, value] of Object.entries(given)) {
    if (value === undefined) continue
    const rule = Object.hasOwn(isStricter, member) ? isStricter[member] : undefined
    if (!rule) throw new ConfigurationError(`${name}: ${member} is not an argument of this profile.`)
    if (value === null || !rule(made[member], value))
      throw new ConfigurationError(
        `${name}: ${member} must not be more lenient than the profile, which sets ${JSON.stringify(made[member])}.`,
      )
    made[member] = member === 'limits' ? { ...(made.limits as object), ...value } : value
  }
  return made
}

/**
 * Makes the registration of an issuer from what a profile sets and from its arguments.
 * @param own what the profile makes of its own arguments
 * @throws ConfigurationError for an argument that would be more lenient than the profile, or that it does not have
 */
export function trustedIssuer(
  { name, lines }: Pick<Profile, 'name' | 'lines'>,
  own: Partial<TrustedIssuer>,
  given: IssuerArguments,
): TrustedIssuer {
  const { claims: fixedClaims, ...fixed } = valuesOf(lines) as Partial<TrustedIssuer>
  const { claims: ownClaims, ...rest } = own
  const { claims: givenClaims, ...more } = given
  const issuer = tightened(name, { ...fixed, ...rest }, more)
  const claims = { ...fixedClaims, ...ownClaims }
  for (const claim of Object.keys(givenClaims ?? {}))
    if (Object.hasOwn(claims, claim)) throw new ConfigurationError(`${name}: claims.${claim} must not be set: the profile sets it.`)
  if (Object.hasOwn(given, 'client_id')) throw new ConfigurationError(`${name}: client_id is not an argument of this profile.`)
  const all: ClaimRules = { ...claims, ...givenClaims }
  const made = { ...issuer, ...(Object.keys(all).length > 0 && { claims: all }) } as unknown as TrustedIssuer
  const [mistake] = checkTrustedIssuer(made).errors.filter((error) => !error.startsWith('TrustedIssuer.jwks')) // keys may come later
  if (mistake) throw new ConfigurationError(`${name}: ${mistake}`)
  return made
}

const isText = (value: unknown) => typeof value === 'string' && value !== ''
const isPin = (rule: unknown) => isText(rule) || (Array.isArray(rule) && rule.length > 0 && rule.every(isText))

/**
 * Rules for those claims that an argument names.
 * @throws ConfigurationError if there is none: then any tenant of the platform would come in
 */
export function pinned(
  name: string,
  pins: Readonly<Record<string, ClaimRules[string] | undefined>>,
  needed = Object.keys(pins),
): ClaimRules {
  const given = Object.entries(pins).filter(([, rule]) => rule !== undefined)
  if (!given.some(([claim]) => needed.includes(claim)))
    throw new ConfigurationError(`${name}: one of ${needed.join(', ')} must be set: without it, any tenant of the platform could come in.`)
  const open = given.find(([, rule]) => !isPin(rule))
  if (open) throw new ConfigurationError(`${name}: ${open[0]} must be a value or a list of values: no other rule pins a tenant.`)
  return Object.fromEntries(given) as ClaimRules
}

/** @throws ConfigurationError if an argument that must be a non-empty string is none */
export function required(name: string, given: Readonly<Record<string, unknown>>): void {
  for (const [argument, value] of Object.entries(given))
    if (typeof value !== 'string' || value === '') throw new ConfigurationError(`${name}: ${argument} must be a non-empty string.`)
}
