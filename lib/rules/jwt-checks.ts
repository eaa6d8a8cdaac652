/**
 * The checks of a JWT, in order, as data (RFC 7521 §5.2, RFC 7523 §3, RFC 8725 §3). The first list needs only the JWT and the settings of the
 * endpoint. The second list needs the registration of the signer. Only then is a key fetched and the signature verified.
 */
import type { DecodedAssertion } from '../host/assertion.js'
import { barred, isDate, isListed, isName, isTyp, maxDate, maxHeaderLength, maxNameLength, normalTyp, soleAudience } from './claims.js'
import type { evidenceBeforeLookup, evidenceOfRegistration } from './evidence.js'
import type { EndpointDemands, SignerDemands } from './jwt-demands.js'

export interface JwtCheck<Rules, Reason extends string = string> {
  readonly reason: Reason
  /** The requirement in words, for the tables of docs/reference/errors.md. */
  readonly demands: string
  holds(jwt: DecodedAssertion, rules: Rules, now: number): boolean
}

const maxIdLength = 256 // jti, kid

const dates = ['exp', 'nbf', 'iat']
const names = ['iss', 'sub', 'jti']

/** Before the signer is looked up. */
export const checksBeforeLookup: readonly JwtCheck<EndpointDemands, keyof typeof evidenceBeforeLookup>[] = [
  {
    reason: 'header_too_large',
    demands: 'the header has at most 2048 bytes, unless it has `x5c`',
    holds: ({ signingInput, header }) => signingInput.indexOf('.') <= maxHeaderLength || header.x5c !== undefined,
  },
  {
    reason: 'alg_not_allowed',
    demands: '`alg` is in the allow-list',
    holds: ({ header }, { algorithms }) => isListed(algorithms, header.alg),
  },
  {
    reason: 'typ_not_allowed',
    demands: '`typ` of a client assertion is absent, `JWT`, `JOSE` or `client-authentication+jwt`',
    holds: ({ header }, { typ }) => isTyp(header.typ, typ),
  },
  {
    reason: 'header_not_allowed',
    demands: 'no `crit`, `b64`, `jwk`, `x5u`',
    holds: ({ header }) => barred.every((name) => header[name] === undefined),
  },
  {
    reason: 'kid_malformed',
    demands: '`kid` is a string of at most 256 characters',
    holds: ({ header }) => header.kid === undefined || (isName(header.kid) && header.kid.length <= maxIdLength),
  },
  {
    reason: 'claim_missing',
    demands: '`iss`, `aud`, `exp` are there',
    holds: ({ claims }, { required }) => required.every((name) => claims[name] !== undefined),
  },
  {
    reason: 'claim_malformed',
    demands: '`iss`, `sub`, `jti` are non-empty strings',
    holds: ({ claims }) => names.every((name) => claims[name] === undefined || isName(claims[name])),
  },
  {
    reason: 'claim_malformed',
    demands: '`exp`, `nbf`, `iat` are finite numbers',
    holds: ({ claims }) => dates.every((name) => claims[name] === undefined || isDate(claims[name])),
  },
  {
    reason: 'claim_malformed',
    demands: '`aud` is a string or an array of strings',
    holds: ({ claims: { aud } }) => isName(aud) || (Array.isArray(aud) && aud.length > 0 && aud.every(isName)),
  },
  {
    reason: 'claim_too_large',
    demands: '`jti` has at most 256 characters, `iss` and `sub` 1024',
    holds: ({ claims }) =>
      names.every((name) => {
        const value = claims[name]
        return typeof value !== 'string' || value.length <= (name === 'jti' ? maxIdLength : maxNameLength)
      }),
  },
  {
    reason: 'exp_in_ms',
    demands: 'times are in seconds',
    holds: ({ claims }) => dates.every((name) => claims[name] === undefined || (claims[name] as number) <= maxDate),
  },
  {
    reason: 'expired',
    demands: '`exp` is in the future, within the tolerance',
    holds: ({ claims }, { clockTolerance }, now) => now < Math.floor(claims.exp as number) + clockTolerance,
  },
  {
    reason: 'not_yet_valid',
    demands: '`nbf` is not in the future, within the tolerance',
    holds: ({ claims }, { clockTolerance }, now) => claims.nbf === undefined || (claims.nbf as number) <= now + clockTolerance,
  },
  {
    reason: 'iat_future',
    demands: '`iat` is not in the future, within the tolerance',
    holds: ({ claims }, { clockTolerance }, now) => claims.iat === undefined || (claims.iat as number) <= now + clockTolerance,
  },
  // only an early check of self-issued client assertions: `aud_not_registered` checks every JWT
  {
    reason: 'aud_mismatch',
    demands: '`aud` of a client assertion that the client issued itself is one value that names this server',
    holds: ({ claims }, { audience }) =>
      audience === undefined || claims.iss !== claims.sub || audience.includes(soleAudience(claims.aud) as string),
  },
]

/** After the signer is looked up, before its keys are. */
export const checksOfRegistration: readonly JwtCheck<SignerDemands, keyof typeof evidenceOfRegistration>[] = [
  {
    reason: 'alg_not_registered',
    demands: '`alg` is one that the signer registered',
    holds: ({ header }, { algorithms }) => algorithms === undefined || isListed(algorithms, header.alg),
  },
  {
    reason: 'typ_not_registered',
    demands:
      '`typ` is the one that the signer registered; without one, that of a grant is absent, `JWT`, `JOSE` or `authorization-grant+jwt`',
    holds: ({ header }, { typ, commonTypes }) =>
      typ === undefined ? isTyp(header.typ, commonTypes) : typeof header.typ === 'string' && normalTyp(header.typ) === normalTyp(typ),
  },
  {
    reason: 'jku_not_registered',
    demands: '`jku` is absent or the registered `jwks_uri`',
    holds: ({ header }, { jwks_uri }) => header.jku === undefined || header.jku === jwks_uri,
  },
  {
    reason: 'x5c_not_registered',
    demands: '`x5c` is absent, unless the signer registered that it is ignored',
    holds: ({ header }, { ignoreX5c }) => header.x5c === undefined || ignoreX5c,
  },
  {
    reason: 'sub_missing',
    demands: '`sub` is there. If the signer may leave it out, it must not send `prn` instead, its name in old drafts',
    holds: ({ claims }, { defaultSub }) => claims.sub !== undefined || (defaultSub === 'iss' && claims.prn === undefined),
  },
  {
    reason: 'jti_missing',
    demands: '`jti` is there, if it is required',
    holds: ({ claims }, { requireJti }) => claims.jti !== undefined || !requireJti,
  },
  {
    reason: 'aud_not_registered',
    demands: '`aud` is one value, and the signer may use it',
    holds: ({ claims }, { audience }) => audience.includes(soleAudience(claims.aud) as string),
  },
  {
    reason: 'tolerance_exceeded',
    demands: '`exp`, `nbf` and `iat` are good within the tolerance that the signer registered, if it is stricter',
    holds: ({ claims }, { clockTolerance }, now) =>
      now < Math.floor(claims.exp as number) + clockTolerance &&
      [claims.nbf, claims.iat].every((date) => date === undefined || (date as number) <= now + clockTolerance),
  },
  {
    reason: 'lifetime_too_long',
    demands: '`exp` is at most `maxLifetime` after now and after `iat`',
    holds: ({ claims }, { maxLifetime, clockTolerance }, now) =>
      (claims.exp as number) - Math.min(now, (claims.iat as number | undefined) ?? now) <= maxLifetime + clockTolerance,
  },
]

/** The reason of the first check that fails. */
export function firstFailure<Rules, Reason extends string>(
  checks: readonly JwtCheck<Rules, Reason>[],
  jwt: DecodedAssertion,
  rules: Rules,
  now: number,
): Reason | undefined {
  return checks.find((check) => !check.holds(jwt, rules, now))?.reason
}
