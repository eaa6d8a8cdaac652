import { describe, expect, it } from '@jest/globals'
import { Shares } from '../../lib/replay/shares.js'
import { random } from '../support/random.js'

describe('Shares (T-46: quotas)', () => {
  it('counts the records of each issuer', () => {
    const shares = new Shares()
    const [a, b] = [shares.add('a'), shares.add('b')]
    expect(shares.add('a')).toBe(a)
    expect([a, b, shares.of('a'), shares.of('b'), shares.of('c')]).toEqual([0, 1, 2, 1, 0])
    shares.drop(a)
    expect([shares.of('a'), shares.of('b')]).toEqual([1, 1])
  })

  it('gives the number of an issuer without records to another', () => {
    const shares = new Shares()
    const number = shares.add('a')
    shares.drop(number)
    expect([shares.of('a'), shares.add('b'), shares.of('a'), shares.of('b')]).toEqual([0, number, 0, 1])
  })

  it.each(['__proto__', 'constructor', ''])('counts the records of %j', (issuer) => {
    const shares = new Shares()
    expect(shares.of(issuer)).toBe(0)
    shares.add(issuer)
    expect(shares.of(issuer)).toBe(1)
  })

  it('counts as a plain list does, in 10,000 random steps', () => {
    const { below, chance } = random('shares')
    const shares = new Shares()
    const records: { issuer: string; number: number }[] = []
    for (let step = 0; step < 10_000; step++) {
      if (chance(0.5)) {
        const issuer = `i${below(20)}`
        records.push({ issuer, number: shares.add(issuer) })
      } else {
        const [record] = records.splice(below(records.length || 1), 1)
        if (record) shares.drop(record.number)
      }
      const issuer = `i${below(20)}`
      const own = records.filter((record) => record.issuer === issuer)
      expect([shares.of(issuer), shares.total]).toEqual([own.length, records.length])
      expect(new Set(own.map(({ number }) => number)).size).toBeLessThanOrEqual(1)
    }
  })
})
