import { describe, expect, it } from '@jest/globals'
import { compactKey } from '../../lib/replay/compact-key.js'
import { replayKey } from '../../lib/replay/replay-key.js'

const keys = Array.from({ length: 20_000 }, (_, i) => replayKey('https://idp.example.com', `jti-${i}`, ''))
const digest = keys[0] as string

describe('compactKey', () => {
  it('says the same of the same text, in 16 characters of a byte each', () => {
    for (const text of [digest, 'k', '', 'ü'.repeat(1000)]) {
      expect(compactKey(text)).toEqual(compactKey(`${text}x`.slice(0, -1)))
      expect(compactKey(text).key).toMatch(/^[\0-\xff]{16}$/)
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
      compactKey(digest).key,
    ]
    const texts = [...new Set([...keys, ...differ, ...notDigests, ...others])]
    expect(new Set(texts.map((text) => compactKey(text).key)).size).toBe(texts.length)
  })

  it('keeps nothing of the text alive: the key is a string of its own', () => {
    const { key } = compactKey(digest)
    compactKey(keys[1] as string)
    expect(compactKey(digest).key).toBe(key)
  })

  it('spreads digests evenly from 0 to 1', () => {
    const tenths = new Array<number>(10).fill(0)
    for (const key of keys) tenths[Math.floor(compactKey(key).place * 10)]!++
    expect(tenths).toHaveLength(10)
    for (const share of tenths) expect(Math.abs(share - keys.length / 10)).toBeLessThan(400) // 9 standard deviations
  })
})
