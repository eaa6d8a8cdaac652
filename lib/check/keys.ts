/** Finds what is wrong with the keys of a registration: their source, and each key that is registered inline. No value of a key is shown. */
import { createPublicKey } from 'node:crypto'
import { checkKeySetUrl } from '../assertion/keys/guarded-fetch.js'
import { algorithmsOf } from '../assertion/keys/key-algorithms.js'
import { kindOfDocument, problemOfKey } from '../assertion/keys/key-problems.js'
import { maxKeys } from '../assertion/keys/key-set.js'
import { usableKeys } from '../assertion/keys/usable-keys.js'
import { isRefusal } from '../host/errors.js'
import { evidenceOf } from '../host/evidence.js'
import { isAbsent, type JWK } from '../host/jwk.js'
import { shown } from '../host/shown.js'
import type { Findings, Unchecked } from './findings.js'

/**
 * @param where how messages name the object: what stands before the name of a member
 * @returns the keys that can verify signatures; `undefined` if they are not known here
 */
export function findKeyProblems(where: string, registration: Unchecked, found: Findings): JWK[] | undefined {
  const { jwks, jwks_uri } = registration
  const has = { jwks: !isAbsent(jwks), jwks_uri: !isAbsent(jwks_uri) }
  if (has.jwks === has.jwks_uri) {
    const received = has.jwks ? 'both' : 'neither'
    found.errors.push(`${where}jwks or ${where}jwks_uri must be set: exactly one of them, not ${received}.`)
  }
  if (has.jwks_uri) findUrlProblem(where, registration, found)
  return has.jwks ? findJwksProblems(`${where}jwks`, jwks, found) : undefined
}

function findUrlProblem(where: string, { jwks_uri, allowPrivateJwksUri }: Unchecked, { errors }: Findings): void {
  if (typeof jwks_uri !== 'string') return void errors.push(`${where}jwks_uri must be a string, not ${shown(jwks_uri)}.`)
  try {
    const { hostname } = checkKeySetUrl(jwks_uri, allowPrivateJwksUri === true)
    const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost')
    if (isLocal && allowPrivateJwksUri !== true)
      errors.push(`${where}jwks_uri must lead to a public address, not ${shown(jwks_uri)}, unless allowPrivateJwksUri is true.`)
  } catch (refused) {
    if (!isRefusal(refused)) throw refused
    errors.push(`${where}jwks_uri must be ${String(evidenceOf(refused.evidence).wanted)}, not ${shown(jwks_uri)}.`)
  }
}

function findJwksProblems(where: string, jwks: unknown, { errors, warnings }: Findings): JWK[] {
  const listed = (jwks as { keys?: unknown }).keys
  if (!Array.isArray(listed)) {
    errors.push(`${where} must be a JWK Set, { keys: [...] }, not ${kindOfDocument(jwks)}.`)
    return []
  }
  if (listed.length > maxKeys) errors.push(`${where}.keys must have at most ${maxKeys} keys, not ${listed.length}.`)
  const problems = listed.map(problemOf)
  const usable = usableKeys(listed.filter((_, index) => problems[index] === undefined))
  const severity = usable.length > 0 ? warnings : errors
  if (listed.length === 0) errors.push(`${where}.keys must have a public signature key, not be empty.`)
  problems.forEach((problem, index) => {
    if (problem !== undefined) severity.push(`${where}.keys[${index}] is of no use: ${problem}.`)
  })
  return usable
}

/** Why a key cannot verify a signature. The endpoint imports a key only when a JWT needs it. */
function problemOf(key: unknown): string | undefined {
  if (usableKeys([key]).length === 0) return problemOfKey(key)
  try {
    createPublicKey({ key: key as JWK, format: 'jwk' })
    return undefined
  } catch {
    return 'its members are not those of a public key'
  }
}

/** Whether a JWT with this `alg` may be signed with the private key of a usable key (RFC 7518 §3.1). */
export const fits = (jwk: JWK, algorithm: string) =>
  (jwk.alg === undefined || jwk.alg === algorithm) && algorithmsOf(jwk).includes(algorithm)

/** Warns of algorithms that no key fits. */
export function findUnfitAlgorithms(where: string, algorithms: unknown, keys: readonly JWK[] | undefined, { warnings }: Findings): void {
  if (!Array.isArray(algorithms) || keys === undefined || keys.length === 0) return
  const unfit = algorithms.filter((algorithm) => !keys.some((key) => fits(key, String(algorithm))))
  if (unfit.length > 0) warnings.push(`${where} has ${unfit.map(shown).join(', ')}, which no registered key fits.`)
}
