import { describe, expect, it } from '@jest/globals'
import { type CompactKey, compactKey } from '../../lib/replay/compact-key.js'
import { Shard } from '../../lib/replay/shard.js'
import { random } from '../support/random.js'

/** A shard with a clock to set, and the issuers of the records that it dropped. */
function shardAt(now = 0) {
  const dropped: number[] = []
  const clock = { now }
  const shard = new Shard({ now: () => clock.now, dropped: (issuer) => void dropped.push(issuer) })
  return { shard, clock, dropped }
}
const key = (i: number | string): CompactKey => compactKey(`key ${i}`)

describe('Shard', () => {
  it('T-50 has a record until its expiry, inclusive', () => {
    const { shard, clock, dropped } = shardAt(1000)
    shard.add(key(1), 7, 2000)
    for (const [now, has] of [
      [1000, true],
      [2000, true],
      [2000.5, false],
    ] as const) {
      clock.now = now
      expect(shard.has(key(1))).toBe(has)
    }
    expect(dropped).toEqual([7])
    expect(shard.has(key(1))).toBe(false)
    expect(dropped).toEqual([7]) // once
  })

  it('ends each search, whatever the clock says', () => {
    const { shard } = shardAt(0)
    shard.add(key(1), 0, 1)
    expect([shard.has(key(1)), shard.has(key(2))]).toEqual([true, false])
  })

  it('tells keys apart that differ in any words, also where both belong into one slot', () => {
    const { shard } = shardAt(1)
    const one = { a: 1, b: 2, c: 3, d: 4 }
    shard.add(one, 0, 10)
    for (const words of ['a', 'b', 'c', 'd', 'ab', 'cd', 'abc', 'bcd', 'acd', 'abd']) {
      for (let i = 1; i <= 2000; i++) {
        const other: Record<string, number> = { ...one } // of so many, some thirty belong into the one slot in use
        for (const word of words) other[word] = 10 + i
        expect(shard.has(other as unknown as CompactKey)).toBe(false)
      }
    }
    expect(shard.has({ ...one })).toBe(true)
  })

  it('finds a record beyond deleted and expired ones, wherever the search for it begins', () => {
    for (let round = 0; round < 50; round++) {
      const { shard, clock } = shardAt(1)
      for (let i = 0; i < 45; i++) shard.add(key(`${round} ${i}`), 0, i % 3 === 0 ? 5 : 50) // full, but not moved: long searches
      for (let i = 1; i < 45; i += 3) shard.delete(key(`${round} ${i}`))
      clock.now = 6
      for (let i = 0; i < 45; i++) expect([i, shard.has(key(`${round} ${i}`))]).toEqual([i, i % 3 === 2])
    }
  })

  it('gives the slots of deleted records away again: it does not grow by one key that comes and goes', () => {
    const { shard, dropped } = shardAt(1)
    for (let i = 0; i < 10_000; i++) {
      shard.add(key('same'), i, 10)
      shard.delete(key('same'))
    }
    expect(shard.has(key('same'))).toBe(false)
    expect(dropped).toHaveLength(10_000)
  })

  it('keeps every live record while it grows, and drops the expired ones when it is swept', () => {
    const { shard, clock, dropped } = shardAt(1)
    for (let i = 0; i < 5000; i++) shard.add(key(i), i, i % 2 === 0 ? 100 : 200)
    for (let i = 0; i < 5000; i++) expect(shard.has(key(i))).toBe(true)
    clock.now = 101
    expect(shard.nextExpiry).toBe(100)
    shard.sweep()
    expect(shard.nextExpiry).toBe(200)
    expect(dropped.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2500 }, (_, i) => 2 * i))
    for (let i = 0; i < 5000; i++) expect(shard.has(key(i))).toBe(i % 2 === 1)
  })

  it('takes an expiry without bound, and any number of an issuer', () => {
    const { shard, dropped } = shardAt(1)
    shard.add(key(1), 2 ** 32 - 1, Number.POSITIVE_INFINITY)
    for (let i = 0; i < 200; i++) shard.add(key(`${i}`), 0, Number.MAX_SAFE_INTEGER)
    expect(shard.has(key(1))).toBe(true)
    shard.delete(key(1))
    expect(dropped).toEqual([2 ** 32 - 1])
  })

  it('does what a Map does, in 50,000 random steps', () => {
    const { below, chance } = random('shard')
    const { shard, clock, dropped } = shardAt(1)
    const records = new Map<number, { issuer: number; expiry: number }>()
    const gone: number[] = []
    for (let step = 0; step < 50_000; step++) {
      clock.now += below(3)
      for (const [id, { issuer, expiry }] of records) {
        if (expiry >= clock.now) continue
        records.delete(id)
        gone.push(issuer)
      }
      const id = below(step < 25_000 ? 2000 : 100) // it grows, then shrinks
      expect(shard.has(key(id))).toBe(records.has(id))
      const record = records.get(id)
      if (record && chance(0.5)) {
        shard.delete(key(id))
        records.delete(id)
        gone.push(record.issuer)
      } else if (!record) {
        const [issuer, expiry] = [below(1000), clock.now + 1 + below(1500)]
        shard.add(key(id), issuer, expiry)
        records.set(id, { issuer, expiry })
      }
      if (chance(0.001)) shard.sweep()
    }
    shard.sweep()
    const sorted = (list: number[]) => list.toSorted((a, b) => a - b)
    expect(sorted(dropped)).toEqual(sorted(gone))
    for (let id = 0; id < 2000; id++) expect(shard.has(key(id))).toBe(records.has(id))
  })
})
