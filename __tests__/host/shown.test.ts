/** Values in messages: short, on one line, and without a password. */
import { expect, it } from '@jest/globals'
import { pageOf } from '../../lib/host/help-page.js'
import { isAbsent } from '../../lib/host/jwk.js'
import { isSameAlgorithm } from '../../lib/host/options.js'
import { shown } from '../../lib/host/shown.js'

it.each<[value: unknown, text: string]>([
  ['text', '"text"'],
  ['', '""'],
  ['a "quote"\nand a line', '"a \\"quote\\"\\nand a line"'],
  ['https://me:hunter2@as.example.com', '"…@as.example.com"'],
  ['hunter2\n@as.example.com', '"…@as.example.com"'],
  ['a@hunter2@b', '"…@b"'],
  ['x'.repeat(60), `"${'x'.repeat(60)}"`],
  ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
  [7, '7'],
  [Number.NaN, 'NaN'],
  [true, 'true'],
  [null, 'null'],
  [undefined, 'undefined'],
  [Symbol('x'), 'Symbol(x)'],
  [() => 'hunter2', 'a function'],
  [{ a: 'hunter2' }, 'an object'],
  [new Date(0), 'a Date'],
  [[], '[]'],
  [['a', 1, null, undefined], '["a", 1, null, undefined]'],
  [['me:hunter2@a'], '["…@a"]'],
  [['a', { b: 'hunter2' }], 'a list'],
  [[['hunter2']], 'a list'],
  [Array.from({ length: 12 }, () => 1), `[${Array.from({ length: 12 }, () => 1).join(', ')}]`],
  [Array.from({ length: 13 }, () => 1), 'a list'],
])('T-64 shown(%j) is %s', (value, text) => expect(shown(value)).toBe(text))

it('each reason has a page of its own', () => {
  expect(pageOf('jti_replayed')).toMatch(/\/errors\.md#jti_replayed$/)
  expect(pageOf('a b')).toMatch(/#a%20b$/)
})

it('a member that a database has as null is absent', () => {
  expect([undefined, null, 0, '', false].map(isAbsent)).toEqual([true, true, false, false, false])
})

it('EdDSA has two names, and every other algorithm one', () => {
  expect(isSameAlgorithm('EdDSA', 'Ed25519')).toBe(true)
  expect(isSameAlgorithm('ES256', 'ES256')).toBe(true)
  expect(isSameAlgorithm('ES256', 'ES384')).toBe(false)
  expect(isSameAlgorithm('EdDSA', 'ES256')).toBe(false)
})
