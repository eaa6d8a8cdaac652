import { describe, expect, it } from '@jest/globals'
import { freezeMembers, hasDuplicateMember } from '../../lib/assertion/duplicate-members.js'
import { random } from '../support/random.js'
import { growth } from '../support/steps.js'
import { runs } from '../support/test-all.js'

/** The plain way: a recursive reader of valid JSON that keeps the names of each object in a set. */
function oracle(text: string): boolean {
  let at = 0
  let duplicate = false
  const space = () => {
    while (' \t\r\n'.includes(text[at] ?? 'x')) at++
  }
  const string = (): string => {
    const start = at++
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    return JSON.parse(text.slice(start, ++at)) as string
  }
  const list = (end: string, item: () => void) => {
    at++
    space()
    while (text[at] !== end) {
      item()
      space()
      if (text[at] === ',') at++
      space()
    }
    at++
  }
  const value = (): void => {
    space()
    if (text[at] === '"') string()
    else if (text[at] === '[') list(']', value)
    else if (text[at] === '{') {
      const names = new Set<string>()
      list('}', () => {
        const name = string()
        if (names.has(name)) duplicate = true
        names.add(name)
        space()
        at++ // the colon
        value()
      })
    } else while (/[\w.+-]/.test(text[at] ?? ' ')) at++
  }
  value()
  return duplicate
}

const fails = (text: string) => hasDuplicateMember(text, freezeMembers(JSON.parse(text)))

const table: [text: string, duplicate: boolean][] = [
  ['{}', false],
  ['[]', false],
  ['[1]', false],
  ['[":"]', false],
  ['{"a":1}', false],
  ['{"a":1,"a":1}', true],
  ['{"a":1,"A":1}', false],
  ['{"a":1,"\\u0061":1}', true],
  ['{"é":1,"\\u00e9":1}', true],
  ['{"é":1,"e\u0301":1}', false],
  ['{"":1,"":1}', true],
  ['{"1":1,"1":2}', true],
  ['{"1":1,"01":2}', false],
  ['{"a":{"a":{"a":1}}}', false],
  ['[{"a":1},{"a":1}]', false],
  ['{"a":{"b":1},"c":{"b":1}}', false],
  ['{"a":{"b":1,"c":2},"a":1}', true],
  ['{"a":1,"a":{"b":1,"c":2}}', true],
  ['{"x":[[[{"a":1,"a":1}]]]}', true],
  ['{"__proto__":1}', false],
  ['{"__proto__":1,"__proto__":1}', true],
  ['{"__proto__":{"a":1},"a":1}', false],
  ['{"constructor":1,"toString":2,"length":3}', false],
  ['{"a":":"}', false],
  ['{"a:":"b:c","d":":::"}', false],
  ['{"a\\":":1,"b":"\\\\"}', false],
  ['{"a\\\\":":"}', false],
  ['{"a":"\\"","b":"{\\"c\\":1,\\"c\\":1}"}', false],
  ['{ "a" : 1 ,\n "a"\t:\r2 }', true],
]

describe('hasDuplicateMember (T-23 JW-03)', () => {
  it.each(table)('%s: %s', (text, duplicate) => {
    expect(fails(text)).toBe(duplicate)
    expect(oracle(text)).toBe(duplicate)
  })

  it('says what a plain reader says of random texts', () => {
    const { pick, below, chance } = random('json')
    // no name that is a lone backslash: V8 of Node 24 and 26 then reads the name `"` as `\`, and what is in question here is not V8
    const names = ['a', 'b', 'iss', '', '__proto__', '1', 'a:b', '"', '\\x', '{}', 'é', '\u2028', '😀', 'constructor']
    const escaped = (text: string) =>
      `"${[...text].map((c) => (chance(0.2) ? [...Array(c.length)].map((_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join('') : JSON.stringify(c).slice(1, -1))).join('')}"`
    const gap = () => (chance(0.2) ? pick([' ', '\n', '\t', '\r', '  ']) : '')
    const join = (items: string[]) => items.map((item) => gap() + item + gap()).join(',')
    const value = (depth: number): string => {
      const kind = depth > 4 ? 2 + below(3) : below(5)
      if (kind === 0)
        return `{${join(Array.from({ length: below(5) }, () => `${escaped(pick(names))}${gap()}:${gap()}${value(depth + 1)}`))}}`
      if (kind === 1) return `[${join(Array.from({ length: below(4) }, () => value(depth + 1)))}]`
      if (kind === 2) return pick(['1', '-0', '1.5e3', 'true', 'false', 'null'])
      return escaped(pick(names))
    }
    let duplicates = 0
    for (let i = 0; i < runs(20_000); i++) {
      const text = `{"a":${value(0)},"b":${value(0)}}`
      const expected = oracle(text)
      if (expected) duplicates++
      if (fails(text) !== expected) throw new Error(`wrong about ${text}`)
    }
    expect(duplicates).toBeGreaterThan(runs(1000))
    expect(duplicates).toBeLessThan(runs(19_000))
  })

  it('T-25 needs no recursion', () => {
    const depth = 200_000
    expect(fails('['.repeat(depth) + ']'.repeat(depth))).toBe(false)
    expect(fails(`${'{"a":'.repeat(depth)}{"b":1,"b":1}${'}'.repeat(depth)}`)).toBe(true)
    expect(fails(`{"a":"${'\\":'.repeat(depth)}"}`)).toBe(false)
  })

  it.each(['[', '{"a":', '"a":1,', '\\":', '"', ':'])('T-70 does twice the work for twice as many %j, not more', async (piece) => {
    expect(await growth('json', (pieces) => piece.repeat(pieces))).toBeLessThan(2.1)
  })
})

describe('freezeMembers (T-78)', () => {
  it.each([
    ['{}', 0],
    ['{"a":1}', 1],
    ['{"a":null,"b":[1,"x",null,[]]}', 2],
    ['{"a":{"b":{"c":[{"d":1},{"d":2}]}}}', 5],
    ['[{"a":1},{"a":1}]', 2],
  ])('counts the members of %s: %d, and freezes them all', (text, members) => {
    const root = JSON.parse(text)
    expect(freezeMembers(root)).toBe(members)
    const thawed = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null
        ? [...(Object.isFrozen(value) ? [] : [value]), ...Object.values(value).flatMap(thawed)]
        : []
    expect(thawed(root)).toEqual([])
  })
})
