import { hash, randomInt } from 'node:crypto'

const sha256 = /^[\w-]{42}[AEIMQUYcgkosw048]$/ // 32 bytes as canonical base64url
const words = new Int32Array(8)
const bytes = Buffer.from(words.buffer)
const secret = randomInt(2 ** 31) * 2 + 1 // odd

/**
 * Folds a SHA-256 to 128 bits, as the 16 characters of `key`: half the memory of the text, with no reference to it. If two keys collide,
 * the later JWT is refused. Honest issuers do not collide; to find a JWT that collides with one of 10⁷ others takes 2¹⁰⁴ attempts; an
 * issuer that makes two of its own collide (2⁶⁴) harms only itself. `place`, from 0 to 1, distributes keys by a secret, so that no issuer
 * can choose JWTs that fall into one shard.
 */
export function compactKey(text: string): { key: string; place: number } {
  bytes.write(sha256.test(text) ? text : hash('sha256', text, 'base64url'), 'base64url')
  let place = 0
  for (let i = 0; i < 4; i++) {
    const word = (words[i] as number) ^ (words[i + 4] as number)
    words[i] = word
    place = Math.imul(place + word, secret)
  }
  return { key: bytes.toString('latin1', 0, 16), place: (place >>> 0) / 2 ** 32 }
}
