import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { ConfigurationError, memoryReplayStore, type ReplayStore } from '../../lib/index.js'
import { random } from '../support/random.js'
import { runs } from '../support/test-all.js'

const start = 1_900_000_000
let clock: ReturnType<typeof jest.spyOn>
/** Sets the wall clock, in seconds after the start. */
const at = (seconds: number) => void clock.mockReturnValue((start + seconds) * 1000)
beforeEach(() => {
  clock = jest.spyOn(Date, 'now')
  at(0)
})
afterEach(() => clock.mockRestore())

/** A store whose records live for 60 s unless told otherwise. */
function storeOf(options: Parameters<typeof memoryReplayStore>[0] = {}) {
  const store: ReplayStore = memoryReplayStore(options)
  return {
    consume: (key: string, { lives = 60, issuer = 'a', usableFrom = 0 } = {}) =>
      store.consume(key, start + lives, issuer, start + usableFrom),
    release: (key: string) => store.release?.(key),
  }
}

describe('memoryReplayStore', () => {
  it('T-44 honours a key once', () => {
    const { consume } = storeOf()
    expect(consume('k')).toBe(true)
    for (let i = 0; i < 10; i++) expect(consume('k')).toBe(false)
    expect(consume('K')).toBe(true)
  })

  it.each([2, 10, 50, 200])('T-44 is atomic: of %d calls at once one is honoured', async (count) => {
    const { consume } = storeOf()
    const answers = await Promise.all(Array.from({ length: count }, async () => consume('k')))
    expect(answers.filter((answer) => answer === true)).toHaveLength(1)
    expect(answers.filter((answer) => answer === false)).toHaveLength(count - 1)
  })

  it('answers in the same turn: nothing can come between look and mark', () => {
    expect(memoryReplayStore().consume('k', start + 60, 'a', start)).toBe(true)
  })

  it('does not care who else uses a key: the issuer is for quotas alone', () => {
    const { consume } = storeOf()
    expect(consume('k', { issuer: 'a' })).toBe(true)
    expect(consume('k', { issuer: 'b' })).toBe(false)
  })

  it.each(['__proto__', 'constructor', 'hasOwnProperty', ''])('takes %j for a key and for an issuer', (name) => {
    const { consume } = storeOf()
    expect(consume(name, { issuer: name })).toBe(true)
    expect(consume(name, { issuer: name })).toBe(false)
  })

  describe('expiry (T-50)', () => {
    it('is by the wall clock: a record lives until expiresAt, and what has expired is refused', () => {
      const { consume } = storeOf()
      expect(consume('k', { lives: 60 })).toBe(true)
      for (const time of [1, 30, 59.999, 60, 60.001, 600]) {
        at(time)
        expect([time, consume('k', { lives: 60 })]).toEqual([time, false])
      }
    })

    it.each([0, -1, -1e6, Number.NaN])('refuses what expires %d s from now', (lives) => {
      expect(storeOf().consume('k', { lives })).toBe(false)
    })

    it('lets a key be used again when its record is gone', () => {
      const { consume } = storeOf()
      consume('k', { lives: 60 })
      at(61)
      expect(consume('k', { lives: 120 })).toBe(true)
      expect(consume('k', { lives: 120 })).toBe(false)
    })

    it('keeps to the later clock when the wall clock is stepped back', () => {
      const { consume } = storeOf()
      expect(consume('k', { lives: 60 })).toBe(true)
      at(70)
      expect(consume('other', { lives: 600 })).toBe(true)
      at(-600)
      expect(consume('k', { lives: 60 })).toBe(false)
      expect(consume('other', { lives: 600 })).toBe(false)
      expect(consume('fresh', { lives: 600 })).toBe(true)
    })

    it('stays refused when the clock is stepped back after its record was dropped', () => {
      const { consume } = storeOf({ max: 2, maxPerIssuer: 2 })
      consume('k', { lives: 60 })
      at(70)
      for (const key of ['x', 'y']) expect(consume(key, { lives: 600 })).toBe(true) // makes room
      at(0)
      expect(consume('k', { lives: 60 })).toBe(false)
    })

    it('survives a clock that is stepped back just after use', () => {
      const { consume } = storeOf()
      consume('k', { lives: 60 })
      at(-600)
      expect(consume('k', { lives: 60 })).toBe(false)
      at(59)
      expect(consume('k', { lives: 60 })).toBe(false)
    })

    it('does not hang on the monotonic clock of the process', () => {
      const monotonic = jest.spyOn(performance, 'now').mockReturnValue(1e12)
      try {
        const { consume } = storeOf()
        consume('k', { lives: 60 })
        monotonic.mockReturnValue(2e12)
        expect(consume('k', { lives: 60 })).toBe(false)
      } finally {
        monotonic.mockRestore()
      }
    })
  })

  describe('limits (T-46 JW-21)', () => {
    it('says full, and drops no live record', () => {
      const { consume } = storeOf({ max: 10, maxPerIssuer: 10 })
      const keys = Array.from({ length: 10 }, (_, i) => `k${i}`)
      for (const key of keys) expect(consume(key)).toBe(true)
      for (let i = 0; i < 100; i++) expect(consume(`more-${i}`)).toBe('full')
      for (const key of keys) expect(consume(key)).toBe(false)
    })

    it('says of a key it knows that it was used, even when it is full', () => {
      const { consume } = storeOf({ max: 1, maxPerIssuer: 1 })
      consume('k')
      expect(consume('other')).toBe('full')
      expect(consume('k')).toBe(false)
    })

    it('gives each issuer its share: a flood of one leaves room for the other', () => {
      const { consume } = storeOf({ max: 10 })
      const flood = Array.from({ length: 100 }, (_, i) => consume(`a${i}`, { issuer: 'a' }))
      expect(flood.filter((answer) => answer === true)).toHaveLength(5)
      expect(flood.slice(5).every((answer) => answer === 'full')).toBe(true)
      for (let i = 0; i < 5; i++) expect(consume(`b${i}`, { issuer: 'b' })).toBe(true)
      expect(consume('b0', { issuer: 'b' })).toBe(false)
      expect(consume('c', { issuer: 'c' })).toBe('full')
    })

    it('has room again when records have expired', () => {
      const { consume } = storeOf({ max: 4, maxPerIssuer: 2 })
      consume('a1', { lives: 60 })
      consume('a2', { lives: 120 })
      expect(consume('a3', { lives: 300 })).toBe('full')
      at(61)
      expect(consume('a3', { lives: 300 })).toBe(true)
      expect(consume('a4', { lives: 300 })).toBe('full')
      at(121)
      expect(consume('a4', { lives: 300 })).toBe(true)
      expect(consume('a5', { lives: 300 })).toBe('full')
    })

    it('counts right whatever happens: the share of an issuer neither leaks nor grows', () => {
      const { consume, release } = storeOf({ max: 100, maxPerIssuer: 3 })
      for (let round = 0; round < 50; round++) {
        at(round * 100)
        const lives = round * 100 + 60
        expect([1, 2, 3, 4].map((i) => consume(`r${round}-${i}`, { lives }))).toEqual([true, true, true, 'full'])
        consume(`r${round}-1`, { lives })
        release(`r${round}-2`)
        release(`r${round}-2`)
        release('unknown')
        expect(consume(`r${round}-5`, { lives })).toBe(true)
        expect(consume(`r${round}-6`, { lives })).toBe('full')
      }
    })

    it('counts right when an expired key comes again under another issuer', () => {
      const { consume } = storeOf({ max: 100, maxPerIssuer: 1 })
      consume('k', { issuer: 'a', lives: 60 })
      at(61)
      expect(consume('k', { issuer: 'b', lives: 120 })).toBe(true)
      expect(consume('k2', { issuer: 'a', lives: 120 })).toBe(true)
      expect(consume('k3', { issuer: 'b', lives: 120 })).toBe('full')
    })

    it('does what a plain list does, in random steps', () => {
      const { pick, below, chance } = random('memory')
      const [max, maxPerIssuer] = [20, 8]
      const store = storeOf({ max, maxPerIssuer })
      let records: { key: string; issuer: string; until: number }[] = []
      let time = 0
      let latest = 0
      const seen = { true: 0, false: 0, full: 0 }
      for (let step = 0; step < runs(20_000); step++) {
        time += chance(0.05) ? -below(20) : 1 + below(6)
        at(time)
        const key = `k${below(60)}`
        const issuer = pick(['a', 'b', 'c', 'd'])
        if (chance(0.1)) {
          store.release(key)
          records = records.filter((record) => record.key !== key)
          continue
        }
        const stands = time <= latest // a full store looks for expired records when its clock has moved on
        latest = Math.max(latest, time)
        const lives = latest + below(200) - 5
        const live = records.filter(({ until }) => until >= latest)
        const own = live.filter((record) => record.issuer === issuer)
        const answer = store.consume(key, { lives, issuer })
        seen[String(answer) as keyof typeof seen]++
        const used = live.some((record) => record.key === key)
        if (lives <= latest || used) expect(answer).toBe(false)
        else if (live.length >= max || own.length >= maxPerIssuer) expect(answer).toBe('full')
        else expect(stands && answer === 'full' ? true : answer).toBe(true)
        if (answer === true) records = [...live, { key, issuer, until: lives }]
      }
      expect(Math.min(...Object.values(seen))).toBeGreaterThan(runs(200))
    })
  })

  describe('release (T-49)', () => {
    it('forgets a key, and gives its room back', () => {
      const { consume, release } = storeOf({ max: 1, maxPerIssuer: 1 })
      consume('k')
      release('k')
      expect(consume('k')).toBe(true)
      expect(consume('k')).toBe(false)
      release('k')
      expect(consume('other')).toBe(true)
    })

    it('of an unknown key changes nothing', () => {
      const { consume, release } = storeOf()
      consume('k')
      release('other')
      release('__proto__')
      expect(consume('k')).toBe(false)
    })
  })

  describe('startupGuard (T-45): a store knows since when it remembers', () => {
    it.each([
      [-0.001, 'forgotten'],
      [-300, 'forgotten'],
      [0, true],
      [60, true],
    ])('made at 0 s, it says of what was usable from %d s on: %p', (usableFrom, answer) => {
      expect(storeOf({ startupGuard: true }).consume('k', { usableFrom })).toBe(answer)
      expect(storeOf({ startupGuard: false }).consume('k', { usableFrom })).toBe(true)
      expect(storeOf().consume('k', { usableFrom })).toBe(true)
    })

    it('bears a lifetime without bound: what has always been usable is not forgotten', () => {
      expect(memoryReplayStore().consume('k', start + 60, 'a', -Number.MAX_SAFE_INTEGER)).toBe(true)
    })

    it('stores nothing of what it cannot know', () => {
      const { consume } = storeOf({ startupGuard: true, max: 1, maxPerIssuer: 1 })
      for (const key of ['k', 'k', 'l']) expect(consume(key, { usableFrom: -1 })).toBe('forgotten')
      expect(consume('k')).toBe(true)
    })

    it('of a process that was restarted, honours no used JWT again', () => {
      expect(storeOf().consume('k', { usableFrom: -5 })).toBe(true)
      at(10)
      expect(storeOf({ startupGuard: true }).consume('k', { usableFrom: -5 })).toBe('forgotten')
    })
  })

  describe('options', () => {
    it.each([0, 'yes', null])('startupGuard must be true or false, not %p', (value) => {
      expect(() => memoryReplayStore({ startupGuard: value as unknown as boolean })).toThrow(
        /option startupGuard must be true or false, not /,
      )
    })

    it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', null])(
      'max and maxPerIssuer must be whole numbers above 0, not %p',
      (value) => {
        expect(() => memoryReplayStore({ max: value as number })).toThrow(ConfigurationError)
        expect(() => memoryReplayStore({ maxPerIssuer: value as number })).toThrow(/maxPerIssuer must be a whole number above 0, not /)
      },
    )

    it('refuses options that do not exist', () => {
      expect(() => memoryReplayStore({ maxPerIssuers: 1 } as object)).toThrow(
        'memoryReplayStore: option maxPerIssuers does not exist: did you mean maxPerIssuer?',
      )
    })

    it.each([null, 'max', 7])('must be an object, not %p', (value) => {
      expect(() => memoryReplayStore(value as never)).toThrow('memoryReplayStore: options must be an object, not ')
    })

    it('gives one issuer half of the room, unless told otherwise', () => {
      const { consume } = storeOf({ max: 3 })
      expect([1, 2, 3].map((i) => consume(`k${i}`))).toEqual([true, true, 'full'])
    })
  })

  it('is bounded: it takes no more than max of ten times as many', () => {
    const { consume } = storeOf({ max: 10_000, maxPerIssuer: 10_000 })
    let taken = 0
    for (let i = 0; i < 100_000; i++) if (consume(`k${i}`) === true) taken++
    expect(taken).toBe(10_000)
  })

  it.each([1e7, Number.MAX_SAFE_INTEGER])('sets no room aside: max may be %d', (max) => {
    expect(storeOf({ max }).consume('k')).toBe(true)
  })

  describe('however many records there are', () => {
    const max = 20_000
    const searches = max / 250 // each looks at 250 records
    const keys = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
    const count = (answers: readonly unknown[]) => {
      const sums: Record<string, number> = {}
      for (const answer of answers) sums[String(answer)] = (sums[String(answer)] ?? 0) + 1
      return sums
    }

    it('is full at max, neither before nor after', () => {
      const { consume } = storeOf({ max, maxPerIssuer: max })
      expect(count(keys('k', max).map((key) => consume(key)))).toEqual({ true: max })
      expect(count(keys('l', 100).map((key) => consume(key)))).toEqual({ full: 100 })
      expect(count(keys('k', max).map((key) => consume(key)))).toEqual({ false: max })
    })

    it('forgets no live record and keeps no expired one, while they come and go', () => {
      const { consume } = storeOf({ max, maxPerIssuer: max })
      const lives = (i: number) => 10 + ((i * 7) % 90)
      for (let wave = 0; wave < 4; wave++) {
        const names = keys('k', wave % 2 === 0 ? 15_000 : 1_000)
        const [from, half, end] = [wave * 200, wave * 200 + 50.5, wave * 200 + 150]
        at(from)
        expect(count(names.map((key, i) => consume(key, { lives: from + lives(i) })))).toEqual({ true: names.length })
        at(half)
        const expected = names.map((_, i) => from + lives(i) < half)
        expect(names.map((key) => consume(key, { lives: end }))).toEqual(expected)
      }
    })

    it('has room in the very call when everything has expired, and for as much again', () => {
      const { consume } = storeOf({ max, maxPerIssuer: max })
      for (const key of keys('k', max)) consume(key, { lives: 60 })
      at(60.001)
      let looks = 0
      for (const key of keys('l', max)) {
        if (consume(key, { lives: 600 }) === true) continue
        at(60.001 + ++looks / 500)
        expect(consume(key, { lives: 600 })).toBe(true)
      }
      expect(looks).toBe(0)
      expect(consume('more', { lives: 600 })).toBe('full')
    })

    it('finds the one expired record of an issuer whose share is full within 2 ms for 250 records', () => {
      const { consume } = storeOf({ max, maxPerIssuer: 500 })
      for (const [i, key] of keys('b', 10_000).entries()) consume(key, { issuer: `b${i % 20}`, lives: 60 })
      for (const key of keys('a', 499)) consume(key, { issuer: 'a', lives: 600 })
      expect(consume('a', { issuer: 'a', lives: 60 })).toBe(true)
      let looks = 0
      do at(60.001 + looks / 500)
      while (consume('new', { issuer: 'a', lives: 600 }) !== true && ++looks < 100)
      expect(looks).toBeLessThan(searches)
    })

    it('counts right what each issuer holds, through every move', () => {
      const { consume } = storeOf({ max, maxPerIssuer: 5_000 })
      for (const start of [0, 100, 200]) {
        let looks = 0
        for (const issuer of ['a', 'b', 'c']) {
          const answers = keys(`${issuer}${start}-`, 6_000).map((key) => {
            at(start + looks / 500)
            const answer = consume(key, { issuer, lives: start + 99 })
            if (answer === 'full') looks++
            return answer
          })
          expect(count(answers)).toEqual({ true: 5_000, full: 1_000 })
        }
      }
    })
  })
})
