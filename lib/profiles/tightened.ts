/** The arguments of a profile make it stricter, never more lenient. To be more lenient, a host writes it beside the profile, where it can be seen. */
import { type ClaimRules, ConfigurationError, type JSONWebKeySet, type TrustedIssuer } from '../index.js'
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
    | 'client_id'
    | 'scope'
    | 'subjects'
    | 'claims'
    | 'resources'
    | 'subject'
    | 'lifetime'
    | 'maxLifetime'
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
const isWithin: Rule = (set, given) => set === undefined || (given as unknown[]).every((one) => (set as unknown[]).includes(one))
const isFree: Rule = (set) => set === undefined

/** Whether a given value is as strict as the one that the profile sets, or stricter. Other members are no arguments. */
const isStricter: Readonly<Record<Exclude<keyof IssuerArguments, 'claims'>, Rule>> = {
  jwks: isFree,
  jwks_uri: isFree,
  discovery: isFree,
  allowPrivateJwksUri: isFree,
  clients: (set, given) => set === undefined || set === 'any' || given === set,
  client_id: isFree,
  scope: isFree,
  subjects: isFree,
  resources: isFree,
  subject: isFree,
  lifetime: (set, given) => set === undefined || given === set,
  maxLifetime: isAtMost,
  algorithms: isWithin,
  replay: isNoWeaker(ranks.replay),
  requireJti: (set, given) => set !== true || given === true,
  client_authentication: isNoWeaker(ranks.client_authentication),
  limits: (set, given) => isAtMost((set as TrustedIssuer['limits'])?.assertion, (given as TrustedIssuer['limits'])?.assertion ?? 0),
  enabled: isFree,
  not_after: isFree,
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
  const issuer: Record<string, unknown> = { ...fixed, ...rest }
  for (const [member, value] of Object.entries(more)) {
    if (value === undefined) continue
    if (!Object.hasOwn(isStricter, member)) throw new ConfigurationError(`${name}: ${member} is not an argument of this profile.`)
    if (!isStricter[member as keyof typeof isStricter](issuer[member], value))
      throw new ConfigurationError(
        `${name}: ${member} must not be more lenient than the profile, which sets ${JSON.stringify(issuer[member])}.`,
      )
    issuer[member] = value
  }
  const claims = { ...fixedClaims, ...ownClaims }
  for (const claim of Object.keys(givenClaims ?? {}))
    if (Object.hasOwn(claims, claim)) throw new ConfigurationError(`${name}: claims.${claim} must not be set: the profile sets it.`)
  const all: ClaimRules = { ...claims, ...givenClaims }
  return { ...issuer, ...(Object.keys(all).length > 0 && { claims: all }) } as unknown as TrustedIssuer
}

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
  return Object.fromEntries(given) as ClaimRules
}

/** @throws ConfigurationError if an argument that must be a non-empty string is none */
export function required(name: string, given: Readonly<Record<string, unknown>>): void {
  for (const [argument, value] of Object.entries(given))
    if (typeof value !== 'string' || value === '') throw new ConfigurationError(`${name}: ${argument} must be a non-empty string.`)
}
