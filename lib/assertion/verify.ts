import { after } from '../after.js'
import { AssertionError } from '../errors.js'
import type { KeyRegistration } from '../registration.js'
import { replayKey } from '../replay/replay-key.js'
import type { ReadAssertion, VerifiedAssertion } from './assertion.js'
import { decodeAssertion } from './compact.js'
import type { KeyFinder } from './keys.js'
import { type AssertionRules, firstFailure, registrationRungs, type SignerRules, shapeRungs } from './ladder.js'
import { verifySignature } from './signature.js'
import type { VerifiedSignatures } from './verified-signatures.js'

const seconds = () => Date.now() / 1000

/**
 * The checks that need nothing but the JWT and the settings of the endpoint (ladder, first part).
 * @throws AssertionError with the reason of the first that fails
 */
export function readAssertion(token: string, rules: AssertionRules): ReadAssertion {
  const jwt = decodeAssertion(token)
  const failure = firstFailure(shapeRungs, jwt, rules, seconds())
  if (failure) throw new AssertionError(failure)
  return jwt as ReadAssertion
}

/**
 * Holds a JWT against the registration of its signer, then verifies its signature with a key of that signer.
 *
 * @param signatures remembers the right ones: for a JWT that may be sent again
 * @throws AssertionError with the reason of the first check that fails; OAuthError `jwks_unavailable`, `overloaded` (503)
 */
export function verifyAssertion(
  jwt: ReadAssertion,
  rules: SignerRules,
  keys: KeyRegistration,
  findKeys: KeyFinder,
  signatures?: VerifiedSignatures,
): VerifiedAssertion | Promise<VerifiedAssertion> {
  const failure = firstFailure(registrationRungs, jwt, rules, seconds())
  if (failure) throw new AssertionError(failure)
  return after(findKeys(keys, jwt.header), (found) =>
    after(signatures ? signatures.verify(jwt, found) : verifySignature(jwt, found), () => verified(jwt, rules)),
  )
}

function verified(jwt: ReadAssertion, rules: SignerRules): VerifiedAssertion {
  const { token, signingInput, signature, header, claims } = jwt
  const { iss = '', jti } = claims // a JWT-SVID need not name its issuer
  return {
    token,
    signingInput,
    signature,
    header,
    claims,
    replayKey: replayKey(iss, jti, signingInput),
    usableFrom: usableFrom(claims, rules),
  }
}

/** What the rungs on `iat`, `nbf` and the lifetime refused before then. */
function usableFrom({ iat, nbf, exp }: ReadAssertion['claims'], { maxLifetime, clockTolerance }: SignerRules): number {
  return Math.max(exp - maxLifetime, iat ?? 0, nbf ?? 0) - clockTolerance
}
