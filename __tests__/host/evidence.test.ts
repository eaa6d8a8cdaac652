import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ConfigurationError } from '../../lib/host/errors.js'
import { detailOf, evidenceOf, harmless, invalid, nameOfThrown, printable, rounded, shownCause } from '../../lib/host/evidence.js'
import { runs } from '../support/test-all.js'
import { clientAssertion } from '../support/world.js'

const trap = () => {
  throw new Error('hunter2')
}
const hostile = () => new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap })
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const shown = (seen: unknown) => detailOf({ seen, wanted: null }).seen

describe('what an event shows of evidence', () => {
  it.each<[what: string, seen: unknown, copy: unknown]>([
    ['text', 'aud', 'aud'],
    ['text in other letters', 'caf\u00e9\n\u2026', 'caf??...'],
    ['long text', 'x'.repeat(300), 'x'.repeat(256)],
    ['a number', 1_900_000_000.123456, 1_900_000_000.123],
    ['a number that JSON has not', Number.NaN, 'NaN'],
    ['true', true, true],
    ['nothing', undefined, null],
    ['null', null, null],
    ['a function', () => 'hunter2', 'function'],
    ['a bigint', 1n, 'bigint'],
    ['a symbol', Symbol('hunter2'), 'symbol'],
    ['a list', ['a', 1, null], ['a', 1, null]],
    ['a long list', Array(25).fill('a'), [...Array(20).fill('a'), '...']],
    ['a list that may just be so long', Array(20).fill('a'), Array(20).fill('a')],
    [
      'an object that may just have so many members',
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`m${i}`, i])),
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`m${i}`, i])),
    ],
    ['an object', { exp: 1, aud: ['a'] }, { exp: 1, aud: ['a'] }],
    ['members without a value', { a: undefined, b: null }, { a: null, b: null }],
    [
      'an object of many members',
      Object.fromEntries(Array.from({ length: 23 }, (_, i) => [`m${i}`, i])),
      { ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`m${i}`, i])), '...': 3 },
    ],
    ['what is deep', { a: { b: { c: { d: 1 } } } }, { a: { b: { c: '...' } } }],
    ['names in other letters', { 'caf\u00e9': 1 }, { 'caf?': 1 }],
    ['a name that is a setter', JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ])('T-64 %s', (_, seen, copy) => {
    expect(shown(seen)).toEqual(copy)
    expect(detailOf({ seen: null, wanted: seen })).toEqual({ seen: null, wanted: copy })
  })

  it('a list that contains itself has an end', () => {
    const list: unknown[] = []
    list.push(list)
    expect(shown(list)).toEqual([[['...']]])
  })

  it.each([hostile(), revoked(), { a: hostile() }])('an object that cannot be read is said to be one: %#', (seen) => {
    const detail = detailOf({ seen, wanted: 'x' })
    expect(detail).toEqual({ seen: expect.stringMatching(/^(Type)?Error$/), wanted: 'objects that can be read' })
  })

  it('T-64 any value: it does not throw, is bounded and printable', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 5, withBigInt: true, withNullPrototype: true }), (seen) => {
        const text = JSON.stringify(detailOf({ seen, wanted: seen }))
        expect(text).toMatch(/^[\x20-\x7e]*$/)
        expect(text.length).toBeLessThan(2 * 21 ** 3 * 600)
      }),
      { seed: 7523, numRuns: runs(300) },
    )
  })
})

describe('what is never shown', () => {
  const token = clientAssertion({ note: 'x'.repeat(400) })
  const [, payload = '', signature = ''] = token.split('.')

  it.each([
    ['a JWT', token],
    ['a JWT in a sentence', `Bearer ${token}, and more`],
    ['one that is cut off', `${'x'.repeat(240)} ${token}`],
    ['a list of JWTs', [token, `a ${token}`]],
    ['a JWT whose parts are long', `${token}.${'x'.repeat(300)}`],
    ['a name that is a JWT', { [token]: token }],
  ])('T-64 %s', (_, seen) => {
    const text = JSON.stringify(detailOf({ seen, wanted: seen }))
    expect(text).toContain('(a JWT)')
    for (const part of [payload.slice(0, 40), signature, token.slice(0, 20)]) expect(text).not.toContain(part)
  })

  it.each([
    ['x eyJhbGciOiJub25lIn0.eyJpc3MiOiJhIn0.c2lnbmF0dXJl y', 'x (a JWT) y'],
    ['x eyJhbGciOiJub25lIn0.. y', 'x (a JWT) y'],
    ['eyJhbGciOiJub25lIn0', '(a JWT)'],
    ['eyJ and eyJhbGc are short', 'eyJ and eyJhbGc are short'],
  ])('T-64 all of a JWT, and nothing else: %s', (given, text) => expect(harmless(given)).toBe(text))

  it.each([
    ['https://user:hunter2@as.example.com/jwks', 'https://...@as.example.com/jwks'],
    ['postgres://hunter2@db and redis://:hunter2@cache', 'postgres://...@db and redis://...@cache'],
    ['https://as.example.com/@tenant', 'https://as.example.com/@tenant'],
    ['mailto:a@b.example', 'mailto:a@b.example'],
  ])('T-64 the password of a URL: %s', (url, text) => {
    expect(harmless(url)).toBe(text)
    expect(shown({ url: [url] })).toEqual({ url: [text] })
  })

  it('long text takes no long time', () => {
    for (const text of ['eyJ', '://', 'eyJa.', '://a/', 'password'].map((piece) => piece.repeat(1_000_000))) {
      expect(harmless(text).length).toBeLessThanOrEqual(256)
      expect(shownCause(new Error(text)).message.length).toBeLessThanOrEqual(256)
    }
  })
})

describe('shownCause: an exception in a log line', () => {
  it.each<[what: string, cause: unknown, shown: object]>([
    ['an Error', new TypeError('x is not a function'), { name: 'TypeError', message: 'x is not a function' }],
    ['a mistake in a registration', new ConfigurationError('Client.x'), { name: 'ConfigurationError', message: 'Client.x' }],
    ['text', 'boom', { name: 'string', message: 'boom' }],
    ['null', null, { name: 'object', message: '' }],
    ['an object', { message: 'hunter2' }, { name: 'object', message: '' }],
    ['a name that is none', Object.assign(new Error('x'), { name: 7 }), { name: 'Error', message: 'x' }],
    ['a message that is none', Object.assign(new Error(), { message: { a: 1 } }), { name: 'Error', message: '' }],
    ['a message that cannot be read', Object.defineProperty(new Error(), 'message', { get: trap }), { name: 'Error', message: '' }],
    ['a trap', hostile(), { name: 'something that cannot be read', message: '' }],
    ['a revoked proxy', revoked(), { name: 'something that cannot be read', message: '' }],
    ['a password', new Error('password=hunter2 for app'), { name: 'Error', message: 'password=... for app' }],
    [
      'a password in JSON',
      new Error('{"client_secret": "hunter2", "a": 1}'),
      { name: 'Error', message: '{"client_secret": "...", "a": 1}' },
    ],
    ['a password behind spaces', new Error('password  =  hunter2'), { name: 'Error', message: 'password  =  ...' }],
    ['a header', new Error('Authorization: Bearer hunter2'), { name: 'Error', message: 'Authorization: Bearer ...' }],
    ['a URL', new Error('connect postgres://app:hunter2@db/x'), { name: 'Error', message: 'connect postgres://...@db/x' }],
  ])('T-64 %s', (_, cause, expected) => {
    expect(shownCause(cause)).toEqual(expected)
  })
})

describe('evidence that is computed', () => {
  it('is what a refusal was given, or what its function returns', () => {
    const evidence = { seen: 1, wanted: 2 }
    expect(evidenceOf(evidence)).toBe(evidence)
    expect(evidenceOf(() => evidence)).toBe(evidence)
  })

  it('a function that throws, since it reads an object of the host, leaves an event', () => {
    expect(evidenceOf(trap)).toEqual({ seen: 'Error', wanted: 'objects that can be read', cause: new Error('hunter2') })
  })

  it('only the text of our own checks is shown', () => {
    const [ours, theirs] = [new ConfigurationError('Client.maxLifetime must be a number'), new Error('hunter2')]
    expect(invalid(ours, 'a Client')).toEqual({ seen: 'Client.maxLifetime must be a number', wanted: 'a Client', cause: ours })
    expect(invalid(theirs, 'a Client')).toEqual({ seen: 'Error was thrown', wanted: 'a Client', cause: theirs })
    expect(invalid(hostile())).toMatchObject({ seen: 'something that cannot be read was thrown' })
  })

  it('names of exceptions', () => {
    expect([new RangeError('x'), 'x', undefined, revoked()].map(nameOfThrown)).toEqual([
      'RangeError',
      'string',
      'undefined',
      'something that cannot be read',
    ])
  })

  it('numbers have three decimals, and text of senders is printable', () => {
    expect([0.12345, 12.5, -0.0004].map(rounded)).toEqual([0.123, 12.5, -0])
    expect(printable(`a\u0000b${'x'.repeat(300)}`)).toBe(`a?b${'x'.repeat(253)}`)
  })
})
