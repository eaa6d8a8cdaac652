/** What the profiles of workloads have in common: the token of a platform is the whole proof, and ids that no tenant can choose say whose it is. */
import { type ClaimRules, ConfigurationError, JWT_BEARER_GRANT, type TrustedIssuer } from '../index.js'
import type { Lines, Sample, Wrong } from './profile.js'
import { type IssuerArguments, type KeyArguments, pinned, required, trustedIssuer } from './tightened.js'

/** One value of a claim, or a list of possible values. */
export type Pin = string | readonly string[]

/** Arguments that all profiles of workloads have. */
export interface WorkloadArguments extends IssuerArguments {
  /** The one `aud` that the workload asks its platform for, such as the issuer identifier of this server. */
  audience: string
}

/** What the grant of every workload is. */
export const workloadLines = {
  client_authentication: { value: 'none', why: 'the token is the whole proof: no client is needed', rows: ['WI-01'] },
  lifetime: { value: 'within-grant', why: 'your token expires with the token of the workload at the latest', rows: ['WI-06'] },
  audience: { argument: 'audience', why: 'only tokens that were made for this server', rows: ['WI-02'] },
} as const satisfies Lines

/** Keys by discovery, unless the arguments say where they are. */
export const keysByDiscovery = ({ jwks, jwks_uri, discovery }: KeyArguments): KeyArguments =>
  jwks === undefined && jwks_uri === undefined && discovery === undefined ? { discovery: true } : {}

interface Workload {
  readonly name: string
  readonly lines: Lines
  readonly issuer: string
  readonly own: Partial<TrustedIssuer>
}

/** The registration of a platform whose keys are found by discovery. */
export function workloadIssuer({ name, lines, issuer, own }: Workload, { audience, ...more }: WorkloadArguments): TrustedIssuer {
  required(name, { issuer, audience })
  return trustedIssuer({ name, lines }, { issuer, audience, ...keysByDiscovery(more), ...own }, more)
}

/** Whether it is text, or a list of texts: a rule such as `{ present: true }` would let everybody in. */
const isPin = (pin: unknown) => (Array.isArray(pin) ? pin : [pin]).every((one) => typeof one === 'string' && one !== '')

/**
 * Rules for claims by the arguments of the same names.
 * @param needed at least one of them must be given
 * @throws ConfigurationError if none is, or if one is not text: platforms write their ids as text, and values are not converted
 */
export function pins(name: string, given: Readonly<Record<string, Pin | undefined>>, needed: readonly string[]): ClaimRules {
  for (const [argument, pin] of Object.entries(given))
    if (pin !== undefined && (!isPin(pin) || pin.length === 0))
      throw new ConfigurationError(`${name}: ${argument} must be text, or a non-empty list of texts.`)
  return pinned(name, given, [...needed])
}

/** The form of a grant without a client. */
export const asGrant: Pick<Sample, 'use' | 'aud' | 'parameters'> = {
  use: 'grant',
  aud: 'issuer',
  parameters: { grant_type: JWT_BEARER_GRANT, assertion: '$jwt' },
}

/** How a token of somebody else is refused: a claim that says whose it is does not match. */
export const notAllowed = { error: 'invalid_grant', reason: 'claim_not_allowed' } as const

/** How a token is refused that the platform made for another audience. */
export const notForUs = { error: 'invalid_grant', reason: 'aud_not_registered', rows: ['WI-02'] } as const

/** What every platform must be asked: a token for this `audience`, and no other. */
export const wrongAudience = {
  forTokenEndpoint: {
    wrong: 'Its `aud` is the token endpoint, which is not the registered `audience`.',
    claims: { aud: '$url' },
    ...notForUs,
  },
} as const satisfies Record<string, Wrong>

/** The registration for a sample sender, who brings keys of its own. */
export function withoutKeys({ discovery: _, ...issuer }: TrustedIssuer): Partial<TrustedIssuer> {
  return issuer
}

/** Spoiled JWTs that may pass if tokens need no `jti` and are sent again until they expire. */
export const acceptsOfReusable = {
  replayed: 'the workload sends its token again until it expires',
  noJti: 'these tokens have no `jti`, or need none',
} as const
