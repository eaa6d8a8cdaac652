/** What the values of header parameters and claims must be like, wherever they stand. */

export const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.isWellFormed()
export const isDate = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0
export const absentOr = (test: (value: unknown) => boolean) => (value: unknown) => value === undefined || test(value)

const edDSA: readonly unknown[] = ['EdDSA', 'Ed25519'] // two names of one algorithm here, where Ed448 has no key (RFC 9864)
export const isListed = (algorithms: readonly string[], alg: unknown) =>
  algorithms.includes(alg as string) || (edDSA.includes(alg) && algorithms.some((name) => edDSA.includes(name)))

/** `typ` as a media type: case-insensitive, `application/` implied (RFC 7515 §4.1.9). */
export const normalTyp = (typ: string) => typ.toLowerCase().replace(/^application\//, '')

/** Whether `typ` is absent or text, and one of `allowed` if that says which. */
export const isTyp = (typ: unknown, allowed: readonly string[] | undefined) =>
  typ === undefined || (typeof typ === 'string' && (allowed === undefined || allowed.includes(normalTyp(typ))))

/** The one value of `aud`, be it a string or an array of one; `undefined` if there are none or more (RFC 7519 §4.1.3). */
export function soleAudience(aud: unknown): string | undefined {
  const value = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  return typeof value === 'string' ? value : undefined
}
