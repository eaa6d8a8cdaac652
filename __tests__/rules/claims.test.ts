import { describe, expect, it } from '@jest/globals'
import { isDate, isListed, isName, isTyp, maxHeaderLength, maxNameLength, normalTyp, soleAudience } from '../../lib/rules/claims.js'

it('a header has at most 2048 bytes, a name 1024 characters', () => {
  expect(maxHeaderLength).toBe(Buffer.alloc(2048).toString('base64url').length)
  expect(maxNameLength).toBe(1024)
})

describe('isName', () => {
  it.each<[value: unknown, is: boolean]>([
    ['a', true],
    [' ', true],
    ['😀', true],
    ['', false],
    ['\ud800', false],
    ['a\udfff', false],
    [1, false],
    [['a'], false],
    [null, false],
    [undefined, false],
  ])('%j: %s', (value, is) => {
    expect(isName(value)).toBe(is)
  })
})

describe('isDate', () => {
  it.each<[value: unknown, is: boolean]>([
    [0, true],
    [1.5, true],
    [1e11, true],
    [-1, false],
    [-0.1, false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
    ['1', false],
    [[1], false],
    [true, false],
    [null, false],
    [undefined, false],
  ])('%p: %s', (value, is) => {
    expect(isDate(value)).toBe(is)
  })
})

describe('isListed', () => {
  it.each<[alg: unknown, algorithms: string[], is: boolean]>([
    ['ES256', ['RS256', 'ES256'], true],
    ['ES256', ['RS256'], false],
    ['ES256', ['es256'], false],
    ['ES256', [], false],
    ['EdDSA', ['Ed25519'], true],
    ['Ed25519', ['EdDSA'], true],
    ['EdDSA', ['RS256', 'ES256'], false],
    ['ES256', ['EdDSA', 'Ed25519'], false],
    [['ES256'], ['ES256'], false],
    [undefined, ['ES256'], false],
  ])('JW-07 %j in %j: %s', (alg, algorithms, is) => {
    expect(isListed(algorithms, alg)).toBe(is)
  })
})

describe('isTyp', () => {
  it.each<[typ: unknown, allowed: string[] | undefined, is: boolean]>([
    ['jwt', ['jose', 'jwt'], true],
    ['application/JWT', ['jwt'], true],
    ['at+jwt', ['jwt'], false],
    ['', ['jwt'], false],
    ['at+jwt', undefined, true],
    [undefined, ['jwt'], true],
    [undefined, [], true],
    [undefined, undefined, true],
    [['jwt'], ['jwt'], false],
    [['jwt'], undefined, false],
    [null, ['jwt'], false],
    [null, undefined, false],
  ])('JW-15 %j, of which %j are allowed: %s', (typ, allowed, is) => {
    expect(isTyp(typ, allowed)).toBe(is)
  })
})

describe('the readers of typ and aud', () => {
  it.each([
    ['JWT', 'jwt'],
    ['application/JWT', 'jwt'],
    ['APPLICATION/at+JWT', 'at+jwt'],
    ['application/application/jwt', 'application/jwt'],
    ['text/jwt', 'text/jwt'],
    ['x-application/jwt', 'x-application/jwt'],
    ['', ''],
  ])('JW-15 normalTyp(%j) is %j', (typ, normal) => {
    expect(normalTyp(typ)).toBe(normal)
  })

  it.each([
    ['a', 'a'],
    [['a'], 'a'],
    [['a', 'b'], undefined],
    [['a', 'a'], undefined],
    [[], undefined],
    [[['a']], undefined],
    [[1], undefined],
    [1, undefined],
    [{ 0: 'a', length: 1 }, undefined],
    [undefined, undefined],
    [null, undefined],
  ])('BI-02 soleAudience(%j) is %j', (aud, sole) => {
    expect(soleAudience(aud)).toBe(sole)
  })
})
