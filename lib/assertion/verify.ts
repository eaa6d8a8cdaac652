import type { DecodedAssertion, ReadAssertion, VerifiedAssertion } from '../host/assertion.js'
import { refusal } from '../host/errors.js'
import type { SignerKeys } from '../host/jwk.js'
import { evidenceBeforeLookup, evidenceOfRegistration } from '../rules/evidence.js'
import { checksBeforeLookup, checksOfRegistration, firstFailure } from '../rules/jwt-checks.js'
import type { EndpointDemands, SignerDemands } from '../rules/jwt-demands.js'
import { replayKey, usableFrom } from '../rules/one-time-use.js'
import type { KeyFinder } from './keys/find-keys.js'
import { verifySignature } from './signature.js'
import type { VerifiedSignatures } from './verified-signatures.js'

/**
 * Makes the checks of a JWT that need only the settings of the endpoint (`checksBeforeLookup`).
 * @throws Refusal with the reason of the first that fails
 */
export function readAssertion(jwt: DecodedAssertion, rules: EndpointDemands, now: number): ReadAssertion {
  const failed = firstFailure(checksBeforeLookup, jwt, rules, now)
  if (failed) throw refusal(failed, () => evidenceBeforeLookup[failed](jwt, rules, now))
  return jwt as ReadAssertion
}

/**
 * Checks a JWT against the registration of its signer, then verifies its signature with a key of that signer.
 *
 * @param now seconds since the epoch
 * @param signatures cache, for a JWT that may be sent again
 * @throws Refusal with the reason of the first check that fails; `jwks_unavailable`, `overloaded` (503)
 */
export async function verifyAssertion(
  jwt: ReadAssertion,
  rules: SignerDemands,
  keys: SignerKeys,
  findKeys: KeyFinder,
  now: number,
  signatures?: VerifiedSignatures,
): Promise<VerifiedAssertion> {
  const failed = firstFailure(checksOfRegistration, jwt, rules, now)
  if (failed) throw refusal(failed, () => evidenceOfRegistration[failed](jwt, rules, now))
  const found = await findKeys(keys, jwt.header)
  await (signatures ? signatures.verify(jwt, found) : verifySignature(jwt, found))
  return verified(jwt, rules)
}

function verified(jwt: ReadAssertion, rules: SignerDemands): VerifiedAssertion {
  const { token, signingInput, signature, header, claims } = jwt
  const { iss = '', jti } = claims // only a JWT-SVID may lack iss; it is reusable, so its key is never recorded
  return Object.freeze({
    token,
    signingInput,
    signature,
    header,
    claims,
    replayKey: replayKey(iss, jti, signingInput),
    usableFrom: usableFrom(claims, rules),
  })
}
