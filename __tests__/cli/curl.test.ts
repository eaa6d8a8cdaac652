import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { curlLine, parseCurl } from '../../lib/cli/curl.js'
import { runs } from '../support/test-all.js'

const formOf = (line: string) => Object.fromEntries(parseCurl(line).form)

describe('parseCurl', () => {
  it('reads what curlLine writes, whatever the values are', () => {
    const values = fc.dictionary(
      fc.stringMatching(/^[a-z_]{1,20}$/),
      fc.string({ unit: 'grapheme' }).map((text) => text.trimEnd()),
      { minKeys: 1 },
    )
    const property = fc.property(values, (parameters) => {
      const url = 'https://as.example.com/token'
      expect(parseCurl(curlLine(url, parameters)).url).toBe(url)
      expect(formOf(curlLine(url, parameters))).toEqual({ ...parameters })
    })
    fc.assert(property, { numRuns: runs(500) })
  })

  it.each<[line: string, form: Record<string, string>]>([
    ['curl https://as/token -d a=1 -d b=x%20y', { a: '1', b: 'x y' }],
    ['curl -X POST https://as/token --data a=1&b=2', { a: '1', b: '2' }],
    [`curl 'https://as/token' \\\n  --data-raw 'a=it'\\''s' \\\n  -da2=x`, { a: "it's", a2: 'x' }],
    ['curl -sSd a=1 https://as/token', { a: '1' }],
    ['curl "https://as/token" --data-urlencode "a=x y&z" -o /dev/null -w "%{http_code}"', { a: 'x y&z' }],
    ['curl https://as/token --data-binary "a=\\"q\\""', { a: '"q"' }],
    ["curl https://as/token --data-raw '@a=1'", { '@a': '1' }],
    ["curl https://as/token -d '' -d a=1", { a: '1' }],
  ])('%s', (line, form) => {
    expect(formOf(line)).toEqual(form)
    expect(parseCurl(line).url).toMatch(/^https:\/\/as\/token$/)
  })

  it.each([
    ['curl -u id:secret https://as/token -d a=1', `Basic ${btoa('id:secret')}`],
    ["curl https://as/token -H 'Accept: */*' -H 'authorization: Basic abc' -d a=1", 'Basic abc'],
    ['curl https://as/token -d a=1', undefined],
  ])('%s: authorization', (line, authorization) => {
    expect(parseCurl(line).authorization).toBe(authorization)
  })

  it.each(
    '-X --request -o --output -A --user-agent -w --write-out -m --max-time --connect-timeout --cacert -E --cert --key -x --proxy --retry --resolve'.split(
      ' ',
    ),
  )('takes the word behind %s for its value', (flag) => {
    const { url, form, authorization } = parseCurl(`curl ${flag} value https://as/token -d a=1`)
    expect([url, Object.fromEntries(form), authorization]).toEqual(['https://as/token', { a: '1' }, undefined])
  })

  it.each<[line: string, url: string | undefined, form: Record<string, string>, authorization: string | undefined]>([
    ['curl --url https://as/token --data-ascii a=1', 'https://as/token', { a: '1' }, undefined],
    ['curl https://as/token https://other -d a=1', 'https://as/token', { a: '1' }, undefined],
    ['curl -d a=1', undefined, { a: '1' }, undefined],
    ['curl - https://as/token', '-', {}, undefined],
    ['curl -s https://as/token -v', 'https://as/token', {}, undefined],
    ['curl https://as/token --user id:secret', 'https://as/token', {}, `Basic ${btoa('id:secret')}`],
    ["curl https://as/token --header 'Authorization:  Bearer x '", 'https://as/token', {}, 'Bearer x'],
    ["curl https://as/token -H 'Authorization: Basic a' -H 'Accept: b'", 'https://as/token', {}, 'Basic a'],
    ['curl https://as/token -d', 'https://as/token', {}, undefined],
    ['curl https://as/token --data-urlencode =1', 'https://as/token', { '': '1' }, undefined],
    ['curl   https://as/token\t-d\n a=1', 'https://as/token', { a: '1' }, undefined],
    ['curl https://as/token -d a=1\\\r\n2', 'https://as/token', { a: '12' }, undefined],
    ['curl https://as/token -d "a=1\\\r\n2"', 'https://as/token', { a: '12' }, undefined],
    ['curl https://as/token -d a\\=\\$1', 'https://as/token', { a: '$1' }, undefined],
    ['  curl https://as/token  ', 'https://as/token', {}, undefined],
  ])('reads %j as curl does', (line, url, form, authorization) => {
    const request = parseCurl(line)
    expect([request.url, Object.fromEntries(request.form), request.authorization]).toEqual([url, form, authorization])
    expect(['url' in request, 'authorization' in request]).toEqual([url !== undefined, authorization !== undefined])
  })

  it('quotes what a shell would read otherwise, and nothing else', () => {
    expect(curlLine('https://as/token?a=b', { a: 'x', b: "it's", c: '' })).toBe(
      "curl -sS 'https://as/token?a=b' \\\n --data-urlencode a=x \\\n --data-urlencode 'b=it'\\''s' \\\n --data-urlencode c=",
    )
  })

  it.each([
    ['curl https://as/token -d @body.txt', 'names a file'],
    ['curl https://as/token -d "assertion=$JWT"', 'must not have shell variables'],
    ['curl https://as/token -d assertion=$(cat jwt)', 'must not have shell variables'],
    ["curl https://as/token -d 'a=1", 'closing quote'],
    ['curl https://as/token --data-urlencode a', 'must have a name and a value'],
  ])('refuses %s', (line, message) => {
    expect(() => parseCurl(line)).toThrow(message)
  })
})
