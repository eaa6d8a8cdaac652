import { describe, expect, it } from '@jest/globals'
import { refusals } from '../../lib/host/errors.js'
import { type Form, fromParsedBody, isReadAsKnown, knownParameters, parseForm } from '../../lib/parse-token-request/form.js'
import { decodeComponent } from '../../lib/rules/form-encoding.js'
import { growth } from '../support/steps.js'
import { runs } from '../support/test-all.js'

const parse = (text: string | Buffer, most = 50) => parseForm(Buffer.from(text), most)
const plain = ({ values, problem }: Form) => ({ values: { ...values }, problem })

describe('parseForm', () => {
  it.each<[string, Record<string, string[]>]>([
    ['', {}],
    ['&', {}],
    ['&&&=&&', {}],
    ['&scope=a', { scope: ['a'] }],
    ['scope', { scope: [''] }],
    ['scope=', { scope: [''] }],
    ['scope=a', { scope: ['a'] }],
    ['scope=a+b%20c%2Bd', { scope: ['a b c+d'] }],
    ['scope==', { scope: ['='] }],
    ['scope=a&scope=b&scope', { scope: ['a', 'b', ''] }],
    ['%73%63ope=a', { scope: ['a'] }],
    ['+scope=a', {}],
    ['Scope=a&scope.a=c&unknown=d&unknown=e', {}],
    ['__proto__=a&constructor=b&toString=c&hasOwnProperty=d', {}],
    ['resource=a&audience=b&resource=c', { resource: ['a', 'c'], audience: ['b'] }],
    ['code=%E2%82%AC&username=€', { code: ['€'], username: ['€'] }],
    ['code=a;scope=b\r\n', { code: ['a;scope=b\r\n'] }],
    ['code=%00', { code: ['\0'] }],
  ])('TE-03 TE-07: reads %j', (text, values) => {
    expect(plain(parse(text))).toEqual({ values, problem: undefined })
  })

  it.each<[string, string | Buffer]>([
    ['a bad escape', 'scope=%'],
    ['a bad escape in a name', '%=a'],
    ['a bad escape in an unknown parameter', 'x=%4'],
    ['a bad escape behind no name', '=%'],
    ['escaped bytes that are not UTF-8', 'scope=%C3'],
    ['an escaped overlong character', 'scope=%C0%80'],
    ['an escaped surrogate', 'scope=%ED%BF%BF'],
    ['raw bytes that are not UTF-8', Buffer.from([0x78, 0x3d, 0xff])],
    ['a raw character cut in two by an ampersand', Buffer.from([0x78, 0x3d, 0xc3, 0x26, 0xa9])],
  ])('TE-03 T-33: %s is a problem, whatever else is right', (_, bad) => {
    const body = Buffer.concat([Buffer.from('grant_type=a&'), Buffer.from(bad), Buffer.from('&code=b')])
    expect(parse(body)).toMatchObject({ problem: 'parameter_malformed', values: { grant_type: ['a'], code: ['b'] } })
  })

  it.each<[name: string, problem: string | undefined]>([
    ['client_id[]', 'parameter_shape'],
    ['client_id[a]', 'parameter_shape'],
    ['client_id[a][b]', 'parameter_shape'],
    ['client_id[a\n]', 'parameter_shape'],
    ['client_id]', 'parameter_shape'],
    ['[client_id', 'parameter_shape'],
    ['[client_id]', 'parameter_shape'],
    ['client_id%5B%5D', 'parameter_shape'],
    ['?client_id', 'parameter_malformed'],
    ['%3Fclient_id', 'parameter_shape'],
    ['?[client_id]', 'parameter_malformed'],
    ['x?client_id', undefined],
    ['client_id?', undefined],
    ['client[_id]', undefined],
    ['x[client_id]', undefined],
    ['x[]', undefined],
    ['[]', undefined],
  ])('TE-08 T-29: %s=a beside client_id, as a parser that nests reads it: %s', (name, problem) => {
    const values = { client_id: name === '?client_id' ? ['a', 'b'] : ['b'] }
    expect(plain(parse(`${name}=a&client_id=b`))).toEqual({ values, problem })
    expect(parse(`%&${name}=a`).problem).toBe('parameter_malformed')
  })

  it.each([
    ['\ufeffclient_id=a', { client_id: ['a'] }, 'parameter_malformed'],
    ['client_id=a\ufeff', { client_id: ['a\ufeff'] }, undefined],
    ['?client_id=a', { client_id: ['a'] }, 'parameter_malformed'],
    ['\ufeff?client_id=a', { client_id: ['a'] }, 'parameter_malformed'],
    ['??client_id=a', {}, 'parameter_malformed'],
    ['?', {}, 'parameter_malformed'],
    ['scope=a&?client_id=b', { scope: ['a'] }, 'parameter_shape'],
    ['client_id=?a?', { client_id: ['?a?'] }, undefined],
    ['x?=a', {}, undefined],
  ])('T-12 T-74: a byte order mark or a question mark in front is a problem, which some parsers strip: %j', (text, values, problem) => {
    expect(plain(parse(text))).toEqual({ values, problem })
  })

  it('TE-05 TE-06: every parameter comes once, but resource (RFC 8707 §2) and audience (RFC 8693 §2.1)', () => {
    const often = [...knownParameters].filter(([, times]) => times !== 'once')
    expect(often).toEqual(['resource', 'audience'].map((name) => [name, 'many']))
  })

  it.each<[number, string, string | undefined]>([
    [2, 'a&b', undefined],
    [2, 'a&b&', undefined],
    [2, '&&a&&&b&&', undefined],
    [2, 'a&b&c', 'too_many_parameters'],
    [2, 'a&a&a', 'too_many_parameters'],
    [2, 'a&%&c', 'parameter_malformed'],
    [1, '=&=', 'too_many_parameters'],
  ])('TE-15 T-32: at most %i parameters: %s', (most, text, problem) => {
    expect(parse(text, most).problem).toBe(problem)
  })

  it('TE-15: reads no further than the limit', () => {
    expect(plain(parse('code=a&scope=b&state=c', 1))).toEqual({ values: { code: ['a'] }, problem: 'too_many_parameters' })
  })

  it('TE-09 T-30: values have no prototype', () => {
    expect(Object.getPrototypeOf(parse('__proto__=a').values)).toBeNull()
    expect(Object.getPrototypeOf(fromParsedBody({}, 50).values)).toBeNull()
    expect(Object.keys(parse('constructor=a&toString=b&__proto__=c').values)).toEqual([])
  })

  it('T-33: takes any bytes, never throws, and never gives what it did not get', () => {
    const alphabet = Buffer.from('grant_type=assertion&scope%%%C3%A9+;[]\0\r\n\ufeff€é__proto__&&==0123456789abcdefABCDEF')
    const random = generator(7523)
    for (let run = 0; run < runs(5000); run++) {
      const bytes = Buffer.from(
        Array.from({ length: random(60) }, () => (random(4) === 0 ? random(256) : (alphabet[random(alphabet.length)] as number))),
      )
      const { values, problem } = parseForm(bytes, 1 + random(8))
      if (problem !== undefined) expect(Object.keys(refusals)).toContain(problem)
      for (const name in values) {
        expect([...knownParameters.keys()]).toContain(name)
        for (const value of values[name] as string[]) if (!problem) expect(value.isWellFormed()).toBe(true)
      }
    }
  })

  it('TE-03: gives back what URLSearchParams wrote, for any text', () => {
    const random = generator(6749)
    const names = [...knownParameters.keys()]
    for (let run = 0; run < runs(2000); run++) {
      const sent = Array.from({ length: random(8) }, () => {
        const value = String.fromCodePoint(...Array.from({ length: random(6) }, () => random(random(2) ? 128 : 0xd800)))
        return [names[random(names.length)] as string, value] as const
      })
      const expected: Record<string, string[]> = {}
      for (const [name, value] of sent) expected[name] = [...(expected[name] ?? []), value]
      expect(plain(parse(new URLSearchParams(sent as never).toString()))).toEqual({ values: expected, problem: undefined })
    }
  })

  it.each(['&', '=', '%', '+', '%41', 'x=&', 'scope=&', '&scope=x', '%C3', 'x[]=&', '[', ']', '\ufeff'])(
    'T-70 does twice the work for twice as many of %j, not more',
    async (piece) => {
      const body = (pieces: number) => piece.repeat(pieces)
      expect(await growth('form', body)).toBeLessThan(2.1)
      expect(await growth('parsed form', body)).toBeLessThan(2.1)
    },
  )
})

describe('decodeComponent', () => {
  it.each([
    ['a+b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['%25%34%31', '%41'],
    ['', ''],
  ])('TE-03: %j is %j', (text, decoded) => {
    expect(decodeComponent(text)).toBe(decoded)
  })
  it.each(['%', '%1', '%g0', '%C3', '%E0%80%80'])('TE-03: refuses %s', (text) => {
    expect(() => decodeComponent(text)).toThrow(URIError)
  })
})

describe('fromParsedBody', () => {
  it.each<[string, unknown, object]>([
    ['nothing', undefined, {}],
    ['null', null, {}],
    ['true', true, {}],
    ['a number', 1, {}],
    ['a symbol', Symbol('x'), {}],
    ['a function', () => {}, {}],
    ['a list', ['grant_type=a'], {}],
    ['text', 'grant_type=a&scope=b+c', { grant_type: ['a'], scope: ['b c'] }],
    ['bytes', Buffer.from('grant_type=a&scope=%C3%A9'), { grant_type: ['a'], scope: ['é'] }],
    ['an object', { grant_type: 'a', unknown: 'b' }, { grant_type: ['a'] }],
    ['an object without prototype', Object.assign(Object.create(null), { grant_type: 'a' }), { grant_type: ['a'] }],
    ['inherited members', Object.create({ grant_type: 'a' }), {}],
    ['a member named __proto__', JSON.parse('{"__proto__":{"grant_type":"a"},"constructor":"b"}'), {}],
    ['repeated parameters', { scope: ['a', 'b'] }, { scope: ['a', 'b'] }],
    ['a list of one, from scope[]=a', { scope: ['a'] }, { scope: [['a']] }],
    ['a list of none', { scope: [] }, { scope: [[]] }],
    ['an object, from scope[a]=b', { scope: { a: 'b' } }, { scope: [{ a: 'b' }] }],
    ['null as value', { scope: null }, { scope: [null] }],
  ])('TE-08 TE-09 T-29: of %s it takes known names of its own', (_, body, values) => {
    expect(plain(fromParsedBody(body, 50))).toEqual({ values, problem: undefined })
  })

  it.each<[string, string[], string | undefined]>([
    ['client_id', ['a'], undefined],
    ['client_id[]', [], 'parameter_shape'],
    ['client_id[x]', [], 'parameter_shape'],
    ['[client_id]', [], 'parameter_shape'],
    ['?client_id', ['a'], 'parameter_malformed'],
    ['\ufeffclient_id', ['a'], 'parameter_malformed'],
    ['\ufeff?client_id', ['a'], 'parameter_malformed'],
    ['?client_id[]', [], 'parameter_malformed'],
    ['x[client_id]', [], undefined],
    ['Client_id', [], undefined],
  ])('T-74: a member %j, as a parser that does not nest leaves it', (name, values, problem) => {
    expect(plain(fromParsedBody({ [name]: 'a' }, 50)).values).toEqual(values.length > 0 ? { client_id: values } : {})
    expect(fromParsedBody({ [name]: 'a' }, 50).problem).toBe(problem)
    expect(isReadAsKnown(name)).toBe(values.length > 0 || problem !== undefined)
  })

  const loop: Record<string, unknown> = {}
  Object.assign(loop, { one: loop, other: loop })
  it.each<[string, unknown, number]>([
    ['a list by its length', { x: ['a', 'b', 'c'] }, 3],
    ['an object by its leaves', { x: { a: '1', b: { c: '2', d: '3' } }, y: '4' }, 4],
    ['text of any length as one', { x: 'abcdef', y: ['ghi', 'jkl'] }, 3],
    ['lists in lists', { x: [['a', 'b'], [], ['c']] }, 4],
    ['one value, deep down', { x: { a: { b: { c: { d: 'x' } } } } }, 1],
    ['empty ones', { x: '', y: null, z: [], w: {} }, 4],
    ['known parameters', { resource: ['a', 'b'], scope: 'c' }, 3],
  ])('TE-15: counts %s', (_, body, count) => {
    expect(fromParsedBody(body, count).problem).toBeUndefined()
    expect(fromParsedBody(body, count - 1).problem).toBe('too_many_parameters')
  })

  it('TE-15 T-32: stops counting at the limit, in lists without an end, too', () => {
    let looked = 0
    const member = { enumerable: true, get: () => looked++ && undefined }
    const wide = Object.defineProperties({}, Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`x${i}`, member])))
    expect(fromParsedBody({ loop, x: 1 }, 50).problem).toBe('too_many_parameters')
    expect(fromParsedBody({ x: [1, 2], wide }, 1).problem).toBe('too_many_parameters')
    expect(looked).toBe(0)
  })

  it('TE-15: counts the members of an object too', () => {
    const body = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`x${i}`, '']))
    expect(fromParsedBody(body, 51).problem).toBeUndefined()
    expect(fromParsedBody(body, 50).problem).toBe('too_many_parameters')
    expect(fromParsedBody('a&b&c', 2).problem).toBe('too_many_parameters')
  })
})

/** Random numbers below `n`, the same in every run (mulberry32). */
function generator(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}
