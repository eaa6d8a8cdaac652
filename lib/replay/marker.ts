import type { VerifiedAssertion } from '../assertion/assertion.js'
import type { AssertionUse } from '../errors.js'
import type { ReplayMarker } from '../exchange.js'
import type { ClientAuthentication } from '../state.js'

/** The marker of a one-time JWT. It must outlive the last moment at which the JWT would still be accepted: `exp` and the tolerance. */
export function replayMarker(
  { claims, replayKey, usableFrom }: VerifiedAssertion,
  use: AssertionUse,
  clockTolerance: number,
): ReplayMarker {
  return { key: replayKey, expiresAt: Math.ceil(claims.exp + clockTolerance), issuer: claims.iss, usableFrom, use }
}

/** A client assertion with a `jti` is one-time, unless it was registered as reusable; one without may be used until it expires. */
export function clientMarker({ assertion, reusable }: ClientAuthentication, clockTolerance: number): ReplayMarker | undefined {
  return assertion?.claims.jti === undefined || reusable ? undefined : replayMarker(assertion, 'client', clockTolerance)
}
