import { setImmediate as settled } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { RemoteKeySets } from '../../../lib/assertion/keys/remote-key-sets.js'
import { type Refusal, refusal } from '../../../lib/host/errors.js'
import { ec } from '../../support/keys.js'

const [first, second] = [ec('k1'), ec('k2')]
const url = 'https://idp.example.org/jwks'
const minute = 60_000
const hour = 60 * minute

/** A web of key sets with a clock of its own. */
function world() {
  const web = {
    time: 1000,
    fetches: [] as string[],
    answer: (async () => ({ keys: [first.jwk] })) as () => Promise<unknown>,
    bytes: 500,
  }
  const sets = new RemoteKeySets(
    async (asked) => {
      web.fetches.push(asked)
      return { document: await web.answer(), bytes: web.bytes }
    },
    () => web.time,
  )
  const find = async (kid = 'k1', at = url) => {
    try {
      return (await sets.find(at, false, { alg: 'ES256', kid })).length
    } catch (error) {
      return (error as Refusal).reason
    }
  }
  return { web, find, sets }
}
const down = async () => {
  throw refusal('jwks_unavailable', { seen: null, wanted: null })
}
const pending = () => {
  let resolve = (_: unknown) => {}
  const promise = new Promise((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

describe('RemoteKeySets (T-52 T-53)', () => {
  it('fetches once, and then serves from memory', async () => {
    const { web, find } = world()
    for (let i = 0; i < 100; i++) {
      web.time += 3000
      expect(await find()).toBe(1)
    }
    expect(web.fetches).toEqual([url])
  })

  it('MT-04 knows whether a key is among them, and asks again for one that is not', async () => {
    const { web, sets } = world()
    const has = (key = first) => sets.has(url, false, key.publicKey)
    expect([await has(), await has(second)]).toEqual([true, false])
    expect(web.fetches).toHaveLength(1) // the cooldown forbids another
    web.time += minute
    web.answer = async () => ({ keys: [second.jwk] })
    expect([await has(second), await has(second)]).toEqual([true, true])
    expect(web.fetches).toHaveLength(2)
    web.time += minute
    web.answer = down
    expect(await has()).toBe(false)
  })

  it('has a clock of its own', async () => {
    const sets = new RemoteKeySets(async () => ({ document: { keys: [first.jwk] }, bytes: 1 }))
    expect(await sets.find(url, false, { alg: 'ES256', kid: 'k1' })).toHaveLength(1)
  })

  it('makes one fetch for a thousand requests at once', async () => {
    const { web, find } = world()
    const slow = pending()
    web.answer = () => slow.promise
    const all = Array.from({ length: 1000 }, () => find())
    await Promise.resolve()
    slow.resolve({ keys: [first.jwk] })
    expect(new Set(await Promise.all(all))).toEqual(new Set([1]))
    expect(web.fetches).toHaveLength(1)
  })

  it('makes one fetch for a thousand failures at once', async () => {
    const { web, find } = world()
    web.answer = down
    const all = await Promise.all(Array.from({ length: 1000 }, () => find()))
    expect(new Set(all)).toEqual(new Set(['jwks_unavailable']))
    expect(web.fetches).toHaveLength(1)
  })

  it('waits 30 s after a failure, however often it is asked', async () => {
    const { web, find } = world()
    web.answer = down
    for (let i = 0; i < 30; i++) {
      expect(await find()).toBe('jwks_unavailable')
      web.time += 999
    }
    expect(web.fetches).toHaveLength(1)
    web.answer = async () => ({ keys: [first.jwk] })
    web.time += 30
    expect(await find()).toBe(1)
    expect(web.fetches).toHaveLength(2)
  })

  it.each([
    ['no document', null, 'jwks_invalid'],
    ['a list', [], 'jwks_invalid'],
    ['no keys', {}, 'jwks_invalid'],
    ['keys that are none', { keys: 'x' }, 'jwks_invalid'],
    ['only weak keys', { keys: [{ kty: 'oct', k: 'AAAA' }] }, 'jwks_invalid'],
    ['too many keys', { keys: Array(101).fill(first.jwk) }, 'jwks_invalid'],
  ])('waits 30 s after %s, too', async (_name, document, reason) => {
    const { web, find } = world()
    web.answer = async () => document
    for (let i = 0; i < 10; i++) expect(await find()).toBe(reason)
    expect(web.fetches).toHaveLength(1)
  })

  it('asks anew for an unknown kid, at most once in 30 s', async () => {
    const { web, find } = world()
    expect(await find()).toBe(1)
    for (let second = 0; second < 300; second++) {
      for (let i = 0; i < 4; i++) expect(await find(`unknown-${second}-${i}`)).toBe('key_not_found')
      web.time += 1000
    }
    expect(web.fetches).toHaveLength(10)
    expect(await find()).toBe(1)
  })

  it('makes one fetch for a thousand unknown kids at once', async () => {
    const { web, find } = world()
    await find()
    web.time += 31_000
    const all = await Promise.all(Array.from({ length: 1000 }, (_, i) => find(`unknown-${i}`)))
    expect(new Set(all)).toEqual(new Set(['key_not_found']))
    expect(web.fetches).toHaveLength(2)
  })

  it('learns a new key within the cooldown, for all who wait for it', async () => {
    const { web, find } = world()
    await find()
    web.answer = async () => ({ keys: [first.jwk, second.jwk] })
    expect(await find('k2')).toBe('key_not_found')
    web.time += 30_000
    expect(await Promise.all([find('k2'), find('k2'), find('k1'), find('k3')])).toEqual([1, 1, 1, 'key_not_found'])
    expect(web.fetches).toHaveLength(2)
  })

  it('T-53 replaces, not merges: a removed key is refused once the keys were fetched anew, at the latest after ten minutes', async () => {
    for (const idle of [5 * minute + 1, 10 * minute + 1]) {
      const { web, find } = world()
      await find()
      web.answer = async () => ({ keys: [second.jwk] })
      web.time += idle
      const isServedOnce = idle <= 10 * minute
      expect(await find('k1')).toBe(isServedOnce ? 1 : 'key_not_found')
      await settled()
      expect(await find('k1')).toBe('key_not_found')
      expect(await find('k2')).toBe(1)
      expect(web.fetches).toHaveLength(2)
    }
  })

  it('T-53 another key under an old kid is there after the next fetch', async () => {
    const { web, find, sets } = world()
    const keyOf = async () => (await sets.find(url, false, { alg: 'ES256', kid: 'k1' }))[0]
    const old = await keyOf()
    web.answer = async () => ({ keys: [{ ...second.jwk, kid: 'k1' }] })
    web.time += 5 * minute
    expect(await keyOf()).toBe(old)
    expect(web.fetches).toHaveLength(1)
    web.time += 1
    expect(await keyOf()).toBe(old) // and asks for the new one
    await settled()
    expect(await keyOf()).not.toBe(old)
    expect(await find('k1')).toBe(1)
    expect(web.fetches).toHaveLength(2)
  })

  describe('T-52 who comes with a known kid does not wait', () => {
    const hangs = () => new Promise(() => {})
    it.each<[name: string, wait: number]>([
      ['for the fetch that keeps the keys fresh', 5 * minute + 1],
      ['for it, up to ten minutes', 10 * minute],
    ])('%s', async (_name, wait) => {
      const { web, find } = world()
      await find()
      web.answer = hangs
      web.time += wait
      expect(await Promise.all(Array.from({ length: 100 }, () => find()))).toEqual(Array(100).fill(1))
      expect(web.fetches).toHaveLength(2)
    })

    it('in an outage, be it longer than ten minutes', async () => {
      const { web, find } = world()
      await find()
      web.time += 6 * minute
      for (; web.time < hour; web.time += 31_000) {
        const slow = pending()
        web.answer = async () => {
          await slow.promise
          throw refusal('jwks_unavailable', { seen: null, wanted: null })
        }
        expect(await find()).toBe(1)
        const missing = find('k2') // which nobody has
        slow.resolve(undefined)
        expect(await missing).toBe('key_not_found')
      }
    })

    it('but does where nobody asked for ten minutes: the keys may be others by now', async () => {
      for (const outage of [false, true]) {
        const { web, find } = world()
        await find()
        web.time += 6 * minute
        web.answer = outage ? down : async () => ({ keys: [first.jwk] })
        await find()
        await find('k2')
        web.answer = async () => ({ keys: [second.jwk] })
        web.time += 10 * minute + 1
        expect(await find('k1')).toBe('key_not_found')
      }
    })
  })

  it('keeps old keys while the URL does not answer, for a bounded time', async () => {
    const { web, find } = world()
    await find()
    web.answer = down
    web.time += 10 * minute + 1
    expect(await find()).toBe(1)
    web.time += hour - 1
    expect(await find()).toBe(1)
    web.time += 1
    expect(await find()).toBe('jwks_unavailable')
    web.answer = async () => ({ keys: [first.jwk] })
    web.time += 30_000
    expect(await find()).toBe(1)
  })

  it('keeps old keys when the URL answers nonsense, no longer than when it is silent', async () => {
    const { web, find } = world()
    await find()
    web.answer = async () => ({})
    web.time += 10 * minute + 1
    expect(await find()).toBe(1)
    web.time += hour
    expect(await find()).toBe('jwks_invalid')
  })

  it('bounds the fetches of an outage: one in 30 s', async () => {
    const { web, find } = world()
    await find()
    web.answer = down
    web.time += 10 * minute + 1
    for (let second = 0; second < 600; second++) {
      await find(second % 2 ? 'k1' : 'unknown')
      web.time += 1000
    }
    expect(web.fetches.length).toBeLessThanOrEqual(1 + 20)
  })

  it('tells the failure of the first fetch as it was', async () => {
    const { web, sets } = world()
    web.answer = async () => {
      throw refusal('jwks_blocked', { seen: null, wanted: null })
    }
    await expect(sets.find(url, false, { alg: 'ES256' })).rejects.toMatchObject({ reason: 'jwks_blocked' })
    await expect(sets.find(url, false, { alg: 'ES256' })).rejects.toMatchObject({ reason: 'jwks_blocked' })
  })

  it('keeps each URL apart: one that hangs harms no other', async () => {
    const { web, find } = world()
    const slow = pending()
    web.answer = () => slow.promise
    const waiting = find('k1', 'https://slow.example/jwks')
    await Promise.resolve()
    web.answer = async () => ({ keys: [second.jwk] })
    expect(await find('k2', 'https://other.example/jwks')).toBe(1)
    expect(await find('k1', 'https://other.example/jwks')).toBe('key_not_found')
    slow.resolve({ keys: [first.jwk] })
    expect(await waiting).toBe(1)
  })

  it('T-54 keeps apart what was fetched with and without leave for private addresses', async () => {
    const { web, sets } = world()
    await sets.find(url, true, { alg: 'ES256' })
    web.answer = async () => {
      throw refusal('jwks_blocked', { seen: null, wanted: null })
    }
    await expect(sets.find(url, false, { alg: 'ES256' })).rejects.toMatchObject({ reason: 'jwks_blocked' })
    expect(web.fetches).toHaveLength(2)
  })

  it('is bounded: of many URLs the ones not used for longest are forgotten', async () => {
    const { web, find } = world()
    for (let i = 0; i < 10_100; i++) await find('k1', `${url}/${i}`)
    expect(await find('k1', `${url}/10099`)).toBe(1)
    expect(web.fetches).toHaveLength(10_100)
    await find('k1', `${url}/0`)
    expect(web.fetches).toHaveLength(10_101)
  })

  it('T-52 is bounded in all by the size of what was fetched', async () => {
    const { web, find } = world()
    web.bytes = 256 * 1024
    for (let i = 0; i < 1000; i++) expect(await find('k1', `${url}/${i}`)).toBe(1)
    for (let i = 900; i < 1000; i++) await find('k1', `${url}/${i}`)
    expect(web.fetches).toHaveLength(1000)
    await find('k1', `${url}/800`) // 127 of this size are 32 MiB
    expect(web.fetches).toHaveLength(1001)
  })

  it('T-52 a set that shrinks makes room', async () => {
    const { web, find } = world()
    web.bytes = 256 * 1024
    for (let i = 0; i < 100; i++) await find('k1', `${url}/${i}`)
    web.bytes = 500
    web.time += 6 * minute
    for (let i = 0; i < 100; i++) await find('k1', `${url}/${i}`)
    expect(web.fetches).toHaveLength(200)
    for (let i = 100; i < 5000; i++) await find('k1', `${url}/${i}`)
    for (let i = 0; i < 100; i++) expect(await find('k1', `${url}/${i}`)).toBe(1)
    expect(web.fetches).toHaveLength(5100)
  })
})
