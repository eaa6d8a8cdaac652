import { describe, expect, it } from '@jest/globals'
import { onOneLine, readable, stackOf } from '../../lib/development/readable.js'
import type { Shown } from '../../lib/host/evidence.js'

it.each<[shown: Shown, text: string]>([
  [{ exp: 1764250000, seconds_ago: 312 }, 'exp 1764250000, seconds_ago 312'],
  ['https://as.example.com', 'https://as.example.com'],
  ['https://as.example.com ', '"https://as.example.com "'],
  ['', '""'],
  [null, 'nothing'],
  [[], 'nothing'],
  [true, 'true'],
  [[null, 'JWT', 'JOSE'], 'nothing, JWT, JOSE'],
  [{ clients: ['a', 'b'] }, 'clients (a, b)'],
  [{ grant_types: [] }, 'grant_types (nothing)'],
  [
    [
      { kid: 'a', kty: 'EC' },
      { kid: 'b', kty: null },
    ],
    'kid a, kty EC; kid b, kty nothing',
  ],
])('%j reads as %s', (shown, text) => {
  expect(readable(shown)).toBe(text)
})

it.each(['\n', '\r', '\t', '\x1b', '\x7f', '\x9b', '\u2028', '\u202e', '\u200b', '\ufeff'])(
  '%j ends no line and changes no terminal',
  (character) => {
    expect(onOneLine(`a${character}[31mb é §`)).toBe('a?[31mb é §')
  },
)

describe('stackOf', () => {
  it('has the stack and the causes', () => {
    const error = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
    const lines = stackOf(error)
    expect(lines[0]).toBe('TypeError: fetch failed')
    expect(lines[1]).toMatch(/^ {4}at .*readable\.test/)
    expect(lines).toContain('caused by Error: connect ECONNREFUSED')
  })

  it('is bounded', () => {
    const error = new Error('x\n'.repeat(100))
    error.cause = error
    expect(stackOf(error)).toHaveLength(36)
  })

  it.each<[thrown: unknown, lines: string[]]>([
    ['text\nmore\x1b', ['text', 'more?']],
    [null, ['null']],
    [Proxy.revocable({}, {}), ['[object Object]']],
    [Object.create(null), ['an exception that cannot be read']],
  ])('takes whatever was thrown: %#', (thrown, lines) => {
    expect(stackOf(thrown)).toEqual(lines)
  })

  it('takes an error whose stack cannot be read', () => {
    const { proxy, revoke } = Proxy.revocable(new Error('gone'), {})
    revoke()
    expect(stackOf(proxy)).toEqual(['an exception that cannot be read'])
  })
})
