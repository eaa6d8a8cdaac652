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
 * @param isIssuer whether the keys may be found by discovery, too
 * @returns the keys that can verify signatures; `undefined` if they are not known here
 */
export function findKeyProblems(where: string, registration: Unchecked, found: Findings, isIssuer = false): JWK[] | undefined {
  const { jwks, jwks_uri, discovery } = registration
  const given = [!isAbsent(jwks), !isAbsent(jwks_uri), ...(isIssuer ? [discovery === true] : [])]
  const names = ['jwks', 'jwks_uri', 'discovery'].slice(0, given.length).map((name) => `${where}${name}`)
  const count = given.filter(Boolean).length
  if (count !== 1) {
    const received = count === 0 ? (isIssuer ? 'none' : 'neither') : isIssuer ? `${count} of them` : 'both'
    found.errors.push(`${names.slice(0, -1).join(', ')} or ${names.at(-1)} must be set: exactly one of them, not ${received}.`)
  }
  if (given[1]) findUrlProblem(`${where}jwks_uri`, jwks_uri, registration, found)
  if (given[2]) findUrlProblem(`${where}issuer`, registration.issuer, registration, found)
  return given[0] ? findJwksProblems(`${where}jwks`, jwks, found) : undefined
}

function findUrlProblem(name: string, url: unknown, { allowPrivateJwksUri }: Unchecked, { errors }: Findings): void {
  if (typeof url !== 'string') return void errors.push(`${name} must be a string, not ${shown(url)}.`)
  try {
    const { hostname } = checkKeySetUrl(url, allowPrivateJwksUri === true)
    const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost')
    if (isLocal && allowPrivateJwksUri !== true)
      errors.push(`${name} must lead to a public address, not ${shown(url)}, unless allowPrivateJwksUri is true.`)
  } catch (refused) {
    if (!isRefusal(refused)) throw refused
    errors.push(`${name} must be ${String(evidenceOf(refused.evidence).wanted)}, not ${shown(url)}.`)
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
