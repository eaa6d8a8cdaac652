/**
 * What a check of a JWT saw and wanted, for events and explanations. It decides nothing: `jwt-checks.ts` does. Times in seconds. Works for a JWT with
 * claims of any type, whichever check comes first.
 */
import type { DecodedAssertion } from '../host/assertion.js'
import type { AssertionReason } from '../host/errors.js'
import type { Evidence } from '../host/evidence.js'
import { barred, isDate, isName, maxDate, maxNameLength } from './claims.js'
import type { EndpointDemands, SignerDemands } from './jwt-demands.js'

type Show<Demands> = (jwt: DecodedAssertion, demands: Demands, now: number) => Evidence
type Members = Readonly<Record<string, unknown>>

const dates = ['exp', 'nbf', 'iat']
const names = ['iss', 'sub', 'jti']
const kindOf = (value: unknown) => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value)
const secondsOf = (value: unknown) => (typeof value === 'number' ? value : Number.NaN)
const isThere = (object: Members) => (name: string) => object[name] !== undefined
/** `typ` may be absent, which events show as `null`. */
const typesOf = (allowed: readonly string[] | undefined) => (allowed ? [null, ...allowed] : 'a string, or no typ')

/** The first claim of the wrong type, and what it must be. */
function malformed({ claims }: DecodedAssertion): Evidence {
  const found = (name: string, wanted: string) => ({
    seen: { [name]: claims[name], type: kindOf(claims[name]) },
    wanted: `${name} must be ${wanted}`,
  })
  const name = names.filter(isThere(claims)).find((one) => !isName(claims[one]))
  if (name !== undefined) return found(name, 'a non-empty string of Unicode')
  const date = dates.filter(isThere(claims)).find((one) => !isDate(claims[one]))
  return date === undefined ? found('aud', 'a non-empty string, or a list of such strings') : found(date, 'a number of seconds since 1970')
}

/** Times that are too large, and what they are in seconds. */
function inMilliseconds({ claims }: DecodedAssertion): Evidence {
  const late = dates.filter((name) => secondsOf(claims[name]) > maxDate).map((name) => [name, claims[name] as number] as const)
  return {
    seen: Object.fromEntries(late),
    wanted: Object.fromEntries(late.map(([name, value]) => [name, Math.floor(value / 1000)])),
  }
}

/** A date, and how far ahead it is. */
const ahead = (claim: Readonly<Record<string, unknown>>, now: number) => {
  const [date] = Object.values(claim)
  return date === undefined ? claim : { ...claim, seconds_ahead: Math.round(secondsOf(date) - now) }
}

/** Shown for a check that is made before the signer is looked up. */
export const evidenceBeforeLookup = {
  header_too_large: ({ signingInput }) => ({ seen: { bytes: Math.floor((signingInput.indexOf('.') * 3) / 4) }, wanted: { at_most: 2048 } }),
  alg_not_allowed: ({ header }, { algorithms }) => ({ seen: { alg: header.alg }, wanted: { alg: algorithms } }),
  typ_not_allowed: ({ header }, { typ }) => ({ seen: { typ: header.typ }, wanted: { typ: typesOf(typ) } }),
  header_not_allowed: ({ header }) => ({
    seen: barred.filter(isThere(header)),
    wanted: `none of ${barred.join(', ')}`,
  }),
  kid_malformed: ({ header: { kid } }) => ({ seen: { kid, type: kindOf(kid) }, wanted: 'kid must be a string of 1 to 256 characters' }),
  claim_missing: ({ claims }, { required }) => ({
    seen: Object.keys(claims),
    wanted: required.filter((name) => claims[name] === undefined),
  }),
  claim_malformed: malformed,
  claim_too_large: ({ claims }) => ({
    seen: Object.fromEntries(names.flatMap((name) => (typeof claims[name] === 'string' ? [[name, claims[name].length]] : []))),
    wanted: { iss: maxNameLength, sub: maxNameLength, jti: 256 },
  }),
  exp_in_ms: inMilliseconds,
  expired: ({ claims: { exp } }, { clockTolerance }, now) => ({
    seen: { exp, seconds_ago: Math.round(now - secondsOf(exp)) },
    wanted: { exp_after: Math.round(now - clockTolerance) },
  }),
  not_yet_valid: ({ claims: { nbf } }, { clockTolerance }, now) => ({
    seen: ahead({ nbf }, now),
    wanted: { nbf_at_most: Math.round(now + clockTolerance) },
  }),
  iat_future: ({ claims: { iat } }, { clockTolerance }, now) => ({
    seen: ahead({ iat }, now),
    wanted: { iat_at_most: Math.round(now + clockTolerance) },
  }),
  aud_mismatch: ({ claims: { aud } }, { audience }) => ({ seen: { aud }, wanted: { aud: audience } }),
} as const satisfies Partial<Record<AssertionReason, Show<EndpointDemands>>>

/** Shown for a check against the registration of the signer. */
export const evidenceOfRegistration = {
  alg_not_registered: ({ header }, { algorithms }) => ({ seen: { alg: header.alg }, wanted: { alg: algorithms } }),
  typ_not_registered: ({ header }, { typ, commonTypes }) => ({
    seen: { typ: header.typ },
    wanted: { typ: typ ?? typesOf(commonTypes) },
  }),
  jku_not_registered: ({ header }, { jwks_uri }) => ({
    seen: { jku: header.jku },
    wanted: { jku: [null, ...(jwks_uri ? [jwks_uri] : [])] },
  }),
  x5c_not_registered: () => ({ seen: 'an x5c header', wanted: 'no x5c header, or ignoreX5c: true in the registration' }),
  sub_missing: ({ claims }) => ({ seen: Object.keys(claims), wanted: 'a sub claim' }),
  jti_missing: ({ claims }) => ({ seen: Object.keys(claims), wanted: 'a jti claim' }),
  aud_not_registered: ({ claims: { aud } }, { audience }) => ({ seen: { aud }, wanted: { aud: audience } }),
  tolerance_exceeded: ({ claims: { exp, nbf, iat } }, { clockTolerance }, now) => ({
    seen: { exp, nbf, iat, now: Math.round(now) },
    wanted: { clockTolerance },
  }),
  lifetime_too_long: ({ claims: { exp, iat } }, { maxLifetime }, now) => ({
    seen: { lifetime: Math.round(secondsOf(exp) - Math.min(now, iat === undefined ? now : secondsOf(iat))) },
    wanted: { at_most: maxLifetime },
  }),
} as const satisfies Partial<Record<AssertionReason, Show<SignerDemands>>>
