import { hash, randomInt } from 'node:crypto'

const sha256 = /^[\w-]{42}[AEIMQUYcgkosw048]$/ // 32 bytes as base64url, written the one way there is
const words = new Int32Array(8)
const bytes = Buffer.from(words.buffer)
const secret = randomInt(2 ** 31) * 2 + 1 // odd

/**
 * The 128-bit fold of a SHA-256, as the 16 characters of `key`: they take half of what the text takes, and keep nothing of it alive. Where two keys meet, the
 * later JWT is refused. Those of honest issuers do not meet, and nobody finds a JWT whose key meets one of 10⁷ others (2¹⁰⁴ attempts); who makes
 * two of its own meet (2⁶⁴) harms itself. `place`, from 0 to 1, spreads keys by a secret: no issuer can choose JWTs that crowd together.
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
