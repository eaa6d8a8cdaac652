import { describe, expect, it } from '@jest/globals'
import { decodeAssertion } from '../../lib/assertion/decode.js'
import { type AssertionReason, Refusal } from '../../lib/host/errors.js'
import { evidenceOf } from '../../lib/host/evidence.js'
import { growth } from '../support/steps.js'

const b64 = (value: string | Buffer) => Buffer.from(value).toString('base64url')
const jws = (header: string | Buffer, payload: string | Buffer = '{}', signature = 'AAAA') => `${b64(header)}.${b64(payload)}.${signature}`
const reasonOf = (token: string): AssertionReason | undefined => {
  try {
    decodeAssertion(token)
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.reason as AssertionReason
    throw error
  }
}

describe('decodeAssertion', () => {
  it('gives header, claims and what was signed', () => {
    const token = jws('{"alg":"ES256"}', '{"iss":"a","x":[1]}', 'AQ-_AQ-_')
    const jwt = decodeAssertion(token)
    expect(jwt.token).toBe(token)
    expect(`${jwt.signingInput}.AQ-_AQ-_`).toBe(token)
    expect(jwt.signature).toEqual(Buffer.from([1, 0x0f, 0xbf, 1, 0x0f, 0xbf]))
    expect({ ...jwt.header }).toEqual({ alg: 'ES256' })
    expect({ ...jwt.claims }).toEqual({ iss: 'a', x: [1] })
  })

  it('T-24 gives frozen objects without a prototype', () => {
    const { header, claims } = decodeAssertion(jws('{"__proto__":{"alg":"none"}}', '{"__proto__":{"iss":"a"},"constructor":1}'))
    for (const part of [header, claims]) {
      expect(Object.getPrototypeOf(part)).toBeNull()
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(header.alg).toBeUndefined()
    expect(claims.iss).toBeUndefined()
    expect(claims.toString).toBeUndefined()
    expect(Object.keys(claims)).toEqual(['__proto__', 'constructor'])
  })

  const spelt: [string, string][] = [
    ['', ''],
    ['a.b', 'two segments'],
    ['a.b.c.d', 'four segments'],
    [`${jws('{}')}\n`, 'a newline behind: $ of a regular expression must not forgive it'],
    [`\n${jws('{}')}`, 'a newline in front'],
    [`${jws('{}')}=`, 'padding'],
    [jws('{}', '{}', 'AAAA '), 'a space'],
    [jws('{}', '{}', 'AA+/'), 'the standard alphabet'],
    [jws('{}', '{}', 'A'), 'a lone character of base64'],
    [jws('{}', '{}', 'AAAAA'), 'a character too many'],
    [jws('{}', '{}', 'AB'), 'four spare bits'],
    [jws('{}', '{}', 'AAB'), 'two spare bits'],
    ['e31.e30.AAAA', 'spare bits in the header, which decodes to {} all the same'],
    ['e30.e31.AAAA', 'spare bits in the payload'],
    ['e30gA.e30.AAAA', 'a lone character behind the header'],
    ['e30.e30gA.AAAA', 'a lone character behind the payload'],
    [jws('{}', '{}', ''), 'no signature'],
    [jws('{}', '', 'AAAA'), 'no payload'],
    [jws('', '{}', 'AAAA'), 'no header'],
    ['..', 'nothing'],
  ]
  it.each(spelt)('T-11 T-12 JW-01 refuses %j: %s', (token) => {
    expect(reasonOf(token)).toBe('jwt_malformed')
  })

  it('T-12 refuses every segment that is not the canonical base64url of its bytes, whatever its last character', () => {
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
      for (const segment of [`AAAA${last}`, `AAAAA${last}`, `AAAAAA${last}`, `AAAAAAA${last}`]) {
        const isCanonical = b64(Buffer.from(segment, 'base64url')) === segment
        expect([segment, reasonOf(jws('{}', '{}', segment))]).toEqual([segment, isCanonical ? undefined : 'jwt_malformed'])
      }
  })

  const parts: [AssertionReason | undefined, string | Buffer][] = [
    [undefined, '{}'],
    [undefined, ' { "a" : 1 } '],
    ['jwt_malformed', 'null'],
    ['jwt_malformed', '[]'],
    ['jwt_malformed', '"{}"'],
    ['jwt_malformed', '1'],
    ['jwt_malformed', '\ufeff{}'],
    ['jwt_malformed', '{}\0'],
    ['jwt_malformed', '{"a":1,}'],
    ['jwt_malformed', '{a:1}'],
    ['jwt_malformed', '{"a":"\t"}'],
    ['jwt_malformed', Buffer.from('{"a":"\xff"}', 'latin1')],
    ['jwt_malformed', Buffer.from('{"a":"\xc0\xaf"}', 'latin1')],
    ['jwt_malformed', Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1')],
    ['jwt_malformed', Buffer.from('\xff\xfe{\0}\0', 'latin1')],
    ['duplicate_member', '{"a":1,"a":1}'],
    ['duplicate_member', '{"a":[{"b":{},"b":{}}]}'],
  ]
  it.each(parts)('T-10 T-25 JW-02 %s: %j', (reason, part) => {
    expect(reasonOf(jws(part))).toBe(reason)
    expect(reasonOf(jws('{}', part))).toBe(reason)
  })

  it('T-10 T-25 survives any depth', () => {
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect(reasonOf(jws('{}', deep))).toBeUndefined()
    expect(reasonOf(jws('{}', '{"a":'.repeat(50_000)))).toBe('jwt_malformed')
  })

  it('gives a header and claims that nobody can change', () => {
    const { header, claims } = decodeAssertion(jws('{"alg":"ES256","x":{"y":1}}', '{"act":{"sub":"a"}}'))
    for (const part of [header, header.x, claims, claims.act]) expect(Object.isFrozen(part)).toBe(true)
  })

  it.each<[name: string, token: (length: number) => string]>([
    ['dots', (length) => '.'.repeat(length)],
    ['letters', (length) => 'A'.repeat(length)],
    ['letters and dots', (length) => 'A.'.repeat(length)],
    ['two segments and a wrong end', (length) => `AAAA.${'A'.repeat(length)}!`],
    ['three segments and a wrong end', (length) => `AAAA.${'A'.repeat(length)}.${'A'.repeat(length)}!`],
    ['a long signature', (length) => `e30.e30.${'AAAA'.repeat(length)}`],
  ])('T-11 T-70 does twice the work for twice as many %s, not more', async (_, token) => {
    expect(await growth('jwt', token)).toBeLessThan(2.1)
  })

  it.each(['"a":1,', '{"a":', '[', ' ', '\\"', '"', '\ufeff', '"a":{},'])(
    'T-11 T-70 does twice the work for twice as many %j in a payload, not more',
    async (piece) => {
      expect(await growth('jwt payload', (pieces) => piece.repeat(pieces))).toBeLessThan(2.1)
      expect(await growth('jwt payload', (pieces) => `{"x":"${JSON.stringify(piece).slice(1, -1).repeat(pieces)}"}`)).toBeLessThan(2.1)
      const list = (pieces: number) => JSON.stringify(Object.fromEntries(Array.from({ length: pieces }, (_, i) => [`${piece}${i}`, [i]])))
      expect(await growth('jwt payload', list)).toBeLessThan(2.3) // the names get longer
    },
  )
})

describe('what the event shows of text that is no JWT, without any of it', () => {
  const shapeOf = (parts: number, empty_parts: number, other_characters: boolean) => ({ parts, empty_parts, other_characters })
  it.each<[name: string, token: string, seen: unknown]>([
    ['one part', 'hunter2', shapeOf(1, 0, false)],
    ['nothing', '', shapeOf(1, 1, false)],
    ['two parts', 'a.b', shapeOf(2, 0, false)],
    ['five parts: encrypted', 'a.b.c.d.e', { parts: 5 }],
    ['five parts that are not encrypted', 'a.b..d.e', shapeOf(5, 1, false)],
    ['many parts', '.'.repeat(100), shapeOf(9, 9, false)],
    ['an empty part', 'a..c', shapeOf(3, 1, false)],
    ['padding', 'a=.b.c-_', shapeOf(3, 0, true)],
    ['a space', 'a.b.c ', shapeOf(3, 0, true)],
    ['text that is not JSON', jws('x'), 'text that is not JSON'],
    ['JSON that is not an object', jws('[]'), 'JSON that is not an object'],
    ['bytes that are not UTF-8', jws(Buffer.from([0xff])), 'bytes that are not UTF-8'],
    ['a member twice', jws('{"a":1,"b":2,"a":3}'), { members: ['a', 'b'] }],
  ])('%s', (_name, token, seen) => {
    try {
      decodeAssertion(token)
    } catch (error) {
      expect(evidenceOf((error as Refusal).evidence).seen).toEqual(seen)
    }
    expect.assertions(1)
  })
})
