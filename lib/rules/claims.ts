/** Tests for the values of header parameters and claims. */
import { isSameAlgorithm } from '../host/options.js'

/** Length of a header of 2048 bytes in base64url. */
export const maxHeaderLength = Math.ceil((2048 * 4) / 3)
/** Characters of `iss`, `sub` and `client_id` at most. */
export const maxNameLength = 1024

export const maxDate = 1e11 // the year 5138; milliseconds of today are above it
export const barred = ['crit', 'b64', 'jwk', 'x5u'] // header parameters that change what is verified, or with which key

export const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.isWellFormed()
export const isDate = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0

/** Whether `alg` is in a list, by either of its names. */
export const isListed = (algorithms: readonly string[], alg: unknown) =>
  algorithms.includes(alg as string) || algorithms.some((name) => isSameAlgorithm(name, alg))

/** `typ` as a media type: case-insensitive, `application/` implied (RFC 7515 §4.1.9). */
export const normalTyp = (typ: string) => typ.toLowerCase().replace(/^application\//, '')

/** Whether `typ` is absent, or a string and one of `allowed`; `undefined` allows any. */
export const isTyp = (typ: unknown, allowed: readonly string[] | undefined) =>
  typ === undefined || (typeof typ === 'string' && (allowed === undefined || allowed.includes(normalTyp(typ))))

/** The value of `aud` if it is a string or an array of one string, else `undefined` (RFC 7519 §4.1.3). */
export function soleAudience(aud: unknown): string | undefined {
  const value = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  return typeof value === 'string' ? value : undefined
}
