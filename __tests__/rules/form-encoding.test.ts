import { describe, expect, it } from '@jest/globals'
import { decodeComponent } from '../../lib/rules/form-encoding.js'

describe('decodeComponent (RFC 6749 App. B)', () => {
  it.each<[text: string, decoded: string]>([
    ['', ''],
    ['abc', 'abc'],
    ['a+b+c', 'a b c'],
    ['a%20b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['a+%2b+b', 'a + b'],
    ['%C3%A9', 'é'],
    ['%F0%9F%98%80', '😀'],
    ['é', 'é'],
    ['%2525', '%25'],
    ['%00', '\0'],
    ['a&b=c', 'a&b=c'],
  ])('%j is %j', (text, decoded) => {
    expect(decodeComponent(text)).toBe(decoded)
  })

  it.each(['%', '%2', '%zz', 'a+%', '%FF', '%C3', '%C0%AF', '%ED%A0%80'])('%j is malformed', (text) => {
    expect(() => decodeComponent(text)).toThrow(URIError)
  })
})
