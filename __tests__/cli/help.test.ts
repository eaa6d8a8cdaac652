/** The layout of help and tables. */
import { expect, it } from '@jest/globals'
import { helpOf, helpOfAll } from '../../lib/cli/help.js'
import { columns, painter } from '../../lib/cli/painter.js'
import type { Verb } from '../../lib/cli/verb.js'

const verb: Verb = {
  name: 'paint',
  summary: 'Paint a wall',
  args: [['WALL', 'what is painted']],
  values: [['red', 'a colour']],
  flags: { coats: { value: 'NUMBER', about: 'how many', default: '2' }, brush: { about: 'with a brush', isRepeatable: true } },
  about: ['a '.repeat(49).concat('aaa bb cc')],
  examples: ['cli paint wall', 'cli paint door'],
  run: async () => ({ code: 0, json: {}, text: '' }),
}
const exitCodes = 'Exit code: 0 if all is well, 1 if a problem was found, 2 if it could not be done as written.'
it('helpOf lays out a verb', () => {
  const parts = helpOf(verb).split('\n\n')
  expect(parts[0]).toMatch(/^\S+ paint WALL \[flags\]$/)
  expect(parts.slice(1, 4)).toEqual(['Paint a wall.', '  WALL  what is painted', '  red  a colour'])
  expect(parts[4]?.split('\n').slice(0, 2)).toEqual([
    '  --coats NUMBER  how many (default: 2)',
    '  --brush         with a brush; may be repeated',
  ])
  expect(parts[4]?.split('\n').slice(2)).toEqual([expect.stringMatching(/^ {2}--json {10}\S/), expect.stringMatching(/^ {2}--help {10}\S/)])
  expect(parts.slice(6)).toEqual([exitCodes, 'Examples:\n  cli paint wall\n  cli paint door'])
  const lines = parts[5]?.split('\n') ?? []
  expect(lines.join(' ')).toBe(verb.about?.[0])
  expect(lines.map((line) => line.length <= 100)).toEqual(lines.map(() => true))
  expect(lines).toHaveLength(2)
  expect(lines[0]?.length).toBeGreaterThan(95)
})

it('helpOf leaves out what a verb has not', () => {
  const { values: _, about: __, ...rest } = verb
  const parts = helpOf({ ...rest, args: [] }).split('\n\n')
  expect(parts[0]).toMatch(/^\S+ paint \[flags\]$/)
  expect(parts).toHaveLength(5)
})

it('wraps a long text behind its name', () => {
  const long =
    helpOf({ ...verb, args: [['WALL', 'word '.repeat(40).trim()]] })
      .split('\n\n')[2]
      ?.split('\n') ?? []
  expect(long).toHaveLength(3)
  expect(long[0]).toMatch(/^ {2}WALL {2}word/)
  for (const line of long.slice(1)) expect(line).toMatch(/^ {8}word/)
})

it('helpOfAll names each verb', () => {
  const [usage, rows, ...rest] = helpOfAll([verb, { ...verb, name: 'sand', summary: 'Sand it' }]).split('\n\n')
  expect(usage).toMatch(/^\S+ <verb> \[arguments\] \[flags\]$/)
  expect(rows).toBe('  paint  Paint a wall\n  sand   Sand it')
  expect(rest.at(-1)).toBe(exitCodes)
  expect(rest).toHaveLength(3)
})

it('columns are as wide as their widest cell, and the last one ends where its text ends', () => {
  const rows = [
    ['a', 'bbb', 'c'],
    ['aaa', 'b', ''],
  ]
  expect(columns(rows, (cell) => cell)).toBe('a    bbb  c\naaa  b')
  expect(columns(rows, (cell, column, row) => `${cell}${column}${row}`)).toBe('a  00  bbb10  c20\naaa01  b  11  21')
  expect(columns([], (cell) => cell)).toBe('')
})

it('paints for a terminal only', () => {
  expect(painter(false)('red', 'x')).toBe('x')
  const styles = ['bold', 'dim', 'red', 'green', 'yellow'] as const
  expect(styles.map((style) => painter(true)(style, 'x'))).toEqual([
    '\x1b[1mx\x1b[22m',
    '\x1b[2mx\x1b[22m',
    '\x1b[31mx\x1b[39m',
    '\x1b[32mx\x1b[39m',
    '\x1b[33mx\x1b[39m',
  ])
})
