import { describe, expect, it } from '@jest/globals'
import { type CompactKey, compactKey, distribution } from '../../lib/replay/compact-key.js'
import { replayKey } from '../../lib/replay/replay-key.js'

const keys = Array.from({ length: 20_000 }, (_, i) => replayKey('https://idp.example.com', `jti-${i}`, ''))
const digest = keys[0] as string
const textOf = ({ a, b, c, d }: CompactKey) => [a, b, c, d].join()

describe('compactKey', () => {
  it('says the same of the same text, in four words of 32 bits', () => {
    for (const text of [digest, 'k', '', 'ü'.repeat(1000)]) {
      const key = compactKey(text)
      compactKey(keys[1] as string)
      expect(compactKey(`${text}x`.slice(0, -1))).toEqual(key)
      for (const word of Object.values(key)) expect(word).toBe(word | 0)
    }
  })

  it('tells keys apart, however little they differ', () => {
    const differ = Array.from(digest, (letter, i) => `${digest.slice(0, i)}${letter === 'A' ? 'Q' : 'A'}${digest.slice(i + 1)}`)
    const notDigests = [...'BCD+/='].map((letter) => `${digest.slice(0, 42)}${letter}`) // the last 2 bits of the text hold nothing
    const others = [
      '',
      'k',
      'K',
      'k ',
      digest.slice(1),
      `${digest}A`,
      `${digest}=`,
      digest.replace(/^./, '+'),
      digest.replace(/^./, '/'),
      textOf(compactKey(digest)),
    ]
    const texts = [...new Set([...keys, ...differ, ...notDigests, ...others])]
    expect(new Set(texts.map((text) => textOf(compactKey(text)))).size).toBe(texts.length)
  })

  it('depends on all bits of the digest', () => {
    const bytes = Buffer.from(digest, 'base64url')
    const flipped = Array.from({ length: 256 }, (_, bit) => {
      const other = Buffer.from(bytes)
      other[bit >> 3]! ^= 1 << (bit & 7)
      return other.toString('base64url')
    })
    for (const other of flipped) expect(textOf(compactKey(other))).not.toBe(textOf(compactKey(digest)))
  })
})

describe('distribution', () => {
  const compact = keys.map(compactKey)

  it('spreads digests evenly from 0 to 1', () => {
    const placeOf = distribution()
    const tenths = new Array<number>(10).fill(0)
    for (const key of compact) tenths[Math.floor(placeOf(key) * 10)]!++
    expect(tenths).toHaveLength(10)
    for (const share of tenths) expect(Math.abs(share - keys.length / 10)).toBeLessThan(400) // 9 standard deviations
  })

  it('has a secret of its own: the place of a key in one says nothing of its place in another', () => {
    const [one, other] = [distribution(), distribution()]
    const inFirstTenth = compact.filter((key) => one(key) < 0.1)
    const inBoth = inFirstTenth.filter((key) => other(key) < 0.1)
    expect(Math.abs(inBoth.length - inFirstTenth.length / 10)).toBeLessThan(120) // 9 standard deviations
  })

  it('always gives a key the same place', () => {
    const placeOf = distribution()
    for (const key of compact.slice(0, 100)) expect(placeOf({ ...key })).toBe(placeOf(key))
  })
})
