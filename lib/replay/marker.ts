import type { VerifiedAssertion } from '../assertion/assertion.js'
import type { AssertionUse } from '../errors.js'
import type { ReplayMarker } from '../exchange.js'
import type { ClientAuthentication } from '../state.js'

/**
 * The marker of a one-time JWT. It must outlive the last time at which the JWT is accepted: `exp` plus the tolerance, in seconds. `issuer`
 * is always set: only a JWT-SVID may lack `iss`, and that is always reusable (federated-jwt.ts), so it has no marker.
 */
export function replayMarker(
  { claims, replayKey, usableFrom }: VerifiedAssertion,
  use: AssertionUse,
  clockTolerance: number,
): ReplayMarker {
  const { iss: issuer = '', exp } = claims
  return { key: replayKey, expiresAt: Math.ceil(exp + clockTolerance), issuer, usableFrom, use }
}

/** A client assertion with a `jti` is one-time, unless it is reusable; one without may be used until it expires. */
export function clientMarker({ assertion, reusable }: ClientAuthentication, clockTolerance: number): ReplayMarker | undefined {
  return assertion?.claims.jti === undefined || reusable ? undefined : replayMarker(assertion, 'client', clockTolerance)
}
