import { describe, expect, it } from '@jest/globals'
import {
  aBoolean,
  aBooleanOrNull,
  aDate,
  aDuration,
  aFunction,
  aLifetime,
  aList,
  aMoment,
  aName,
  anObject,
  anything,
  aPositiveInteger,
  aString,
  type Check,
  checkMembers,
  checkOptionsOf,
  listOr,
  listOrFunction,
  oneOf,
  secondsBetween,
  secret,
  someOf,
  stringOrStrings,
  strings,
  tableOf,
} from '../../lib/host/checks.js'
import { shown } from '../../lib/host/shown.js'
import { ConfigurationError } from '../../lib/index.js'

const table = tableOf({ name: aName, size: aPositiveInteger, group: { isOn: aBoolean, key: secret(aName) }, anything })
const check =
  (object: object, rules: object = {}) =>
  () =>
    checkMembers(table, object, { where: 'f: option ', ...rules })

describe('checkMembers', () => {
  it.each([{}, { name: 'a', size: 1, group: {}, anything: null }, { name: undefined, group: { isOn: undefined } }, { group: undefined }])(
    'takes %j',
    (object) => {
      expect(check(object)).not.toThrow()
      expect(check(Object.freeze(object))).not.toThrow()
    },
  )

  it.each<[object: object, problem: string]>([
    [{ name: '' }, 'name must be a non-empty string, not "".'],
    [{ name: null }, 'name must be a non-empty string, not null.'],
    [{ size: '10' }, 'size must be a whole number above 0, not "10".'],
    [{ group: 7 }, 'group must be an object, not 7.'],
    [{ group: null }, 'group must be an object, not null.'],
    [{ group: { isOn: 'yes' } }, 'group.isOn must be true or false, not "yes".'],
    [{ group: { key: '' } }, 'group.key must be a non-empty string.'],
    [{ group: { key: { hunter: 2 } } }, 'group.key must be a non-empty string.'],
    [{ group: { on: true } }, 'group.on does not exist: did you mean group.isOn?'],
    [{ anythin: 1 }, 'anythin does not exist: did you mean anything?'],
    [{ nmae: 'a' }, 'nmae does not exist: did you mean name?'],
    [{ is_on: true }, 'is_on does not exist: did you mean group.isOn?'],
    [{ group: { Size: 1 } }, 'group.Size does not exist: did you mean size?'],
    [{ colour: 'red' }, 'colour does not exist: it must be one of name, size, group, anything.'],
    [{ toString: 1 }, 'toString does not exist: it must be one of name, size, group, anything.'],
  ])('refuses %j', (object, problem) => {
    expect(check(object)).toThrow(new ConfigurationError(`f: option ${problem}`))
  })

  it('means the same name elsewhere rather than a like one here', () => {
    const given = { is_on: true }
    const problem = 'f: option is_on does not exist: did you mean group.isOn?'
    expect(() => checkMembers(tableOf({ isOm: aBoolean, group: { isOn: aBoolean } }), given, { where: 'f: option ' })).toThrow(problem)
  })

  it('leaves members without a check to the host, if the table is not closed', () => {
    expect(check({ colour: 'red' }, { isClosed: false })).not.toThrow()
    expect(check({ colour: 'red', name: 1 }, { isClosed: false })).toThrow('f: option name must be a non-empty string, not 1.')
  })

  it('takes null as absent only if it is told so', () => {
    expect(check({ name: null }, { isNullAbsent: true })).not.toThrow()
    expect(check({ name: null })).toThrow('not null')
    expect(check({ name: 1 }, { isNullAbsent: true })).toThrow('not 1')
  })

  it('refuses the absence of what is required', () => {
    expect(check({}, { required: ['name'] })).toThrow('f: option name must be a non-empty string, not undefined.')
    expect(check({ name: null }, { required: ['name'], isNullAbsent: true })).toThrow('name must be a non-empty string, not null.')
    expect(check({ name: 'a' }, { required: ['name'] })).not.toThrow()
  })
})

it('checkOptionsOf refuses what is no object', () => {
  for (const options of [null, undefined, 7, () => ({})])
    expect(() => checkOptionsOf('f', table, options)).toThrow(`f: options must be an object, not ${shown(options)}.`)
  expect(() => checkOptionsOf('f', table, 'hunter2')).toThrow(new ConfigurationError('f: options must be an object, not a string.'))
  expect(() => checkOptionsOf('f', table, { name: 'a' }, ['name'])).not.toThrow()
  expect(() => checkOptionsOf('f', table, {}, ['name'])).toThrow('f: option name must be')
})

it.each<[name: string, check: Check, requirement: string, good: unknown[], bad: unknown[]]>([
  ['aBoolean', aBoolean, 'true or false', [true, false], [0, 'true', null]],
  ['aBooleanOrNull', aBooleanOrNull, 'true or false', [true, false, null], [0, 'true']],
  ['aFunction', aFunction, 'a function', [() => 1, class {}], [{}, null]],
  ['anObject', anObject, 'an object', [{}, [], new Map()], [null, 'a', () => 1]],
  ['aString', aString, 'a string', ['', 'a'], [1, null, ['a']]],
  ['aName', aName, 'a non-empty string', ['a'], ['', 1, null, ['a']]],
  ['aList', aList, 'a list', [[], [1]], [{ length: 0 }, 'a', null]],
  ['strings', strings, 'a list of strings', [[], ['a']], ['a', [1], ['a', null]]],
  ['stringOrStrings', stringOrStrings, 'a string or a list of strings', ['a', ['a']], [1, [1], null]],
  ['listOr', listOr('any'), "a list of strings or 'any'", ['any', ['a'], []], ['all', [1], null]],
  ['listOrFunction', listOrFunction, 'a list of strings or a function', [['a'], () => true], ['a', [1], null]],
  [
    'aPositiveInteger',
    aPositiveInteger,
    'a whole number above 0',
    [1, 2 ** 53 - 1],
    [0, -1, 1.5, 2 ** 53, Number.NaN, '1', Number.POSITIVE_INFINITY],
  ],
  ['aDuration', aDuration, 'a number of seconds above 0', [0.5, 300], [0, -1, '300', Number.NaN, Number.POSITIVE_INFINITY]],
  ['aMoment', aMoment, 'a number of seconds since 1970', [0, 1.8e9, 1e12 - 1], [-1, 1e12, 1.8e12, '2030-01-01', new Date(), Number.NaN]],
  ['aDate', aDate, 'a valid Date', [new Date()], [1.8e9, '2030-01-01', new Date('never')]],
  ['secondsBetween', secondsBetween(0, 60), 'a number of seconds from 0 to 60', [0, 60, 0.5], [-1, 60.1, '10', Number.NaN]],
  ['aLifetime', aLifetime, 'a number of seconds, at least 1', [1, 1.5], [0, 0.9, -1, '1', Number.NaN, Number.POSITIVE_INFINITY]],
  ['oneOf of one', oneOf('iss'), "'iss'", ['iss'], ['sub', null]],
  ['oneOf', oneOf('a', 400), "one of 'a', 400", ['a', 400], ['b', '400', null]],
  ['someOf', someOf(['a', 'b']), "a non-empty list of some of 'a', 'b'", [['a'], ['b', 'a']], [[], ['c'], ['a', null], 'a', null]],
])('%s', (_name, holds, requirement, good, bad) => {
  for (const value of good) expect([value, holds(value)]).toEqual([value, undefined])
  for (const value of bad) expect([value, holds(value)]).toEqual([value, `must be ${requirement}`])
})

it.each<[value: unknown, text: string]>([
  ['a', '"a"'],
  ['a\nb', '"a\\nb"'],
  ['x'.repeat(60), `"${'x'.repeat(60)}"`],
  ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
  ['https://me:hunter2@as.example.com', '"…@as.example.com"'],
  [[1, 'a', null], '[1, "a", null]'],
  [[{}], 'a list'],
  [[1, {}], 'a list'],
  [new Array(12).fill(1), `[${new Array(12).fill(1).join(', ')}]`],
  [new Array(13).fill(1), 'a list'],
  [{ client_secret: 'hunter2' }, 'an object'],
  [new Date(0), 'a Date'],
  [() => 'hunter2', 'a function'],
  [undefined, 'undefined'],
  [Number.NaN, 'NaN'],
  [1n, '1'],
  [Symbol('a'), 'Symbol(a)'],
])('%p is shown as %s', (value, text) => {
  expect(shown(value)).toBe(text)
})
