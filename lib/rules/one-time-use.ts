/** Which JWTs may be used once, under which key their use is remembered, and for how long. */
import { hash } from 'node:crypto'
import type { VerifiedAssertion } from '../host/assertion.js'
import type { AssertionUse } from '../host/errors.js'
import type { ClientAuthentication } from '../host/token-state.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'

/** A marker of a one-time JWT: the arguments of `ReplayStore.consume`. */
export interface ReplayMarker {
  readonly key: string
  readonly expiresAt: number
  readonly issuer: string
  readonly usableFrom: number
  readonly use: AssertionUse
}

/** Whether a grant may be sent again. `one-time-jti`: if it has no `jti`. `same-client` needs a `client_id` claim; `issuerPolicy` refuses any other client. */
export function isReusableGrant({ replay }: TrustedIssuer, client: ClientAuthentication, { claims }: VerifiedAssertion): boolean {
  if (replay === 'one-time-jti') return claims.jti === undefined
  return replay === 'reusable' || (replay === 'same-client' && client.client_id !== undefined && claims.client_id === client.client_id)
}

/** A client assertion with a `jti` is one-time, unless it is reusable; one without may be used until it expires. */
export function clientMarker({ assertion, reusable }: ClientAuthentication, clockTolerance: number): ReplayMarker | undefined {
  return assertion?.claims.jti === undefined || reusable ? undefined : replayMarker(assertion, 'client', clockTolerance)
}

/**
 * The marker of a one-time JWT. It must outlive the last time at which the JWT is accepted: `exp` plus the tolerance, in seconds. `issuer`
 * is always set: only a JWT-SVID may lack `iss`, and that is always reusable, so it has no marker.
 */
export function replayMarker(
  { claims, replayKey, usableFrom }: VerifiedAssertion,
  use: AssertionUse,
  clockTolerance: number,
): ReplayMarker {
  const { iss: issuer = '', exp } = claims
  return { key: replayKey, expiresAt: Math.ceil(exp + clockTolerance), issuer, usableFrom, use }
}

/**
 * The key under which a one-time JWT is remembered: a digest of (`iss`, `jti`) or, without `jti`, of (`iss`, signing input). Each part is
 * preceded by its length, so that different pairs never give the same text. Not of the token, since several signatures verify for one JWT.
 * Independent of the use: a JWT consumed as a grant is consumed as a client assertion too.
 */
export function replayKey(iss: string, jti: string | undefined, signingInput: string): string {
  const id = jti === undefined ? `signing-input:${signingInput}` : `jti:${jti}`
  return hash('sha256', `${iss.length}:${iss}${id.length}:${id}`, 'base64url')
}

/** Seconds since the epoch: the earliest time at which the checks of `iat`, `nbf` and the lifetime could have passed. */
export function usableFrom(
  { iat, nbf, exp }: VerifiedAssertion['claims'],
  { maxLifetime, clockTolerance }: { readonly maxLifetime: number; readonly clockTolerance: number },
): number {
  return Math.max(exp - maxLifetime, iat ?? 0, nbf ?? 0) - clockTolerance
}
