import type { LookupFunction } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { lookupLine } from '../../../lib/assertion/keys/lookup-line.js'

/** A system whose look-ups end when the test says so, and a line in front of it. */
function world() {
  const system = { time: 1000, running: new Map<string, () => void>(), started: [] as string[] }
  const resolve: LookupFunction = (name, _options, callback) => {
    system.started.push(name)
    system.running.set(name, () => {
      system.running.delete(name)
      callback(null, `address of ${name}`, 4)
    })
  }
  const line = lookupLine(resolve, () => system.time)
  const answers: string[] = []
  const ask = (name: string) => line(name, { all: false }, (error, address) => void answers.push(error?.message ?? String(address)))
  const tick = () => new Promise(process.nextTick)
  return { system, ask, answers, tick, end: (name: string) => system.running.get(name)?.() }
}
const names = (count: number, prefix = 'n') => Array.from({ length: count }, (_, index) => `${prefix}${index}`)

describe('a line of names that anybody can send (T-53 CD-02)', () => {
  it('one name is looked up at a time, in order', () => {
    const { system, ask, answers, end } = world()
    for (const name of ['a', 'b', 'c']) ask(name)
    expect(system.started).toEqual(['a'])
    end('a')
    expect(system.started).toEqual(['a', 'b'])
    end('b')
    end('c')
    ask('d')
    end('d')
    expect(answers).toEqual(['a', 'b', 'c', 'd'].map((name) => `address of ${name}`))
  })

  it('a look-up that never ends counts until it does: no other one starts', async () => {
    const { system, ask, answers, tick, end } = world()
    ask('silent')
    for (let round = 0; round < 10; round++) {
      for (const name of names(100, `${round}-`)) ask(name)
      system.time += 1000
    }
    await tick()
    expect(system.started).toEqual(['silent'])
    expect([...system.running.keys()]).toEqual(['silent'])
    end('silent')
    expect(system.running.size).toBe(1)
    expect(answers).toContain('address of silent')
  })

  it('eight names wait; the next are answered at once, and not within the call', async () => {
    const { system, ask, answers, tick, end } = world()
    for (const name of ['first', ...names(10)]) ask(name)
    expect(answers).toEqual([])
    await tick()
    expect(answers).toEqual(Array(2).fill('8 names wait for their address already'))
    for (const name of ['first', ...names(8)]) end(name)
    expect(system.started).toEqual(['first', ...names(8)])
    ask('later')
    expect(system.started).toContain('later')
  })

  it('a name that waited for three seconds is not looked up: its fetch is over', async () => {
    const { system, ask, end, tick, answers } = world()
    ask('silent')
    for (const name of names(8)) ask(name)
    system.time += 2999
    ask('too-many')
    await tick()
    expect(answers).toEqual(['8 names wait for their address already'])
    system.time += 1
    ask('good')
    end('silent')
    expect(system.started).toEqual(['silent', 'good'])
    for (const name of ['x', 'y']) ask(name)
    system.time += 3000
    end('good')
    expect(system.running.size).toBe(0)
    ask('next')
    expect(system.started).toEqual(['silent', 'good', 'next'])
  })
})
