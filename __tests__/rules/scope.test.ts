import { describe, expect, it } from '@jest/globals'
import { hostScope, intersect, isWithin, parseScope } from '../../lib/rules/scope.js'
import { growth } from '../support/steps.js'

describe('scopes (RFC 6749 §3.3)', () => {
  it.each<[scope: string, tokens: string[] | undefined]>([
    ['read', ['read']],
    ['r', ['r']],
    ['read write', ['read', 'write']],
    ['write read write', ['write', 'read']],
    ['!#[]~', ['!#[]~']],
    ['', undefined],
    [' ', undefined],
    [' read', undefined],
    ['read ', undefined],
    ['read  write', undefined],
    ['read\twrite', undefined],
    ['read\nwrite', undefined],
    ['read\n', undefined],
    ['"', undefined],
    ['\\', undefined],
    ['\x7f', undefined],
    ['é', undefined],
    ['read é', undefined],
  ])('TE-16: %j is %j', (scope, tokens) => {
    expect(parseScope(scope)).toEqual(tokens)
  })

  it.each(['a', 'a ', ' ', '"', 'a\n'])('T-70 does twice the work for twice as many %j, not more', async (piece) => {
    expect(await growth('scope', (pieces) => piece.repeat(pieces))).toBeLessThan(2.1)
    expect(await growth('scope', (pieces) => `a${piece.repeat(pieces)}\\`)).toBeLessThan(2.1)
  })

  it('T-70 does twice the work for twice as many different tokens, not more', async () => {
    const scope = (tokens: number) => Array.from({ length: tokens }, (_, i) => `s${i}`).join(' ')
    expect(await growth('scope', scope)).toBeLessThan(2.3) // the tokens get longer
  })

  it.each<[scope: string, tokens: string[]]>([
    ['read write', ['read', 'write']],
    ['  read \n\t write read ', ['read', 'write']],
    ['', []],
    [' ', []],
  ])("%j of the host's is %j: extra spaces are forgiven", (scope, tokens) => {
    expect(hostScope(scope)).toEqual(tokens)
  })

  it.each<[scope: string[], ceiling: string[], common: string[]]>([
    [
      ['a', 'b'],
      ['b', 'a', 'c'],
      ['a', 'b'],
    ],
    [['a', 'b'], ['b'], ['b']],
    [['a'], ['A', 'aa', ''], []],
    [['a'], [], []],
    [[], ['a'], []],
    // a long ceiling is looked up in another way
    [['a', 'i', 'z'], [...'abcdefghi'], ['a', 'i']],
    [['h', 'a'], [...'abcdefgh'], ['h', 'a']],
  ])('of %j within %j there is %j', (scope, ceiling, common) => {
    expect(intersect(scope, ceiling)).toEqual(common)
    expect(isWithin(scope, ceiling)).toBe(common.length === scope.length)
  })
})
