import { hash, randomInt } from 'node:crypto'

const sha256 = /^[\w-]{42}[AEIMQUYcgkosw048]$/ // 32 bytes as canonical base64url
const words = new Int32Array(8)
const bytes = Buffer.from(words.buffer)

/** A replay key as 128 bits: four signed words. */
export interface CompactKey {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

/**
 * Folds a SHA-256 to 128 bits. If two keys collide, the later JWT is refused. Honest issuers do not collide; to find a JWT that collides with
 * one of 10⁷ others takes 2¹⁰⁴ attempts; an issuer that makes two of its own collide (2⁶⁴) harms only itself.
 */
export function compactKey(text: string): CompactKey {
  bytes.write(sha256.test(text) ? text : hash('sha256', text, 'base64url'), 'base64url')
  return { a: folded(0), b: folded(1), c: folded(2), d: folded(3) }
}

const folded = (index: number) => (words[index] as number) ^ (words[index + 4] as number)

/**
 * Makes a function that distributes keys evenly: it gives each a place from 0 to below 1. It depends on a secret, so that no issuer can choose
 * JWTs that meet in one place.
 */
export function distribution(): (key: CompactKey) => number {
  const secret = randomInt(2 ** 31) * 2 + 1 // odd
  const { imul } = Math
  return ({ a, b, c, d }) => (imul(imul(imul(imul(a, secret) + b, secret) + c, secret) + d, secret) >>> 0) / 2 ** 32
}
