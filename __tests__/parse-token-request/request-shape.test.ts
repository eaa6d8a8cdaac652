/** What a request must be besides its form, rule by rule. */
import { describe, expect, it } from '@jest/globals'
import { hasOtherCharset, hasParameterInQuery, isInStream, repeatedHeader } from '../../lib/parse-token-request/request-shape.js'
import type { Request } from '../../lib/pipeline/transaction.js'

const requestOf = (over: object) => ({ headers: {}, httpVersion: '1.1', readableDidRead: false, readableEnded: false, ...over }) as Request
const [five, none, chunked] = [{ 'content-length': '5' }, { 'content-length': '0' }, { 'transfer-encoding': 'chunked' }]

describe('isInStream', () => {
  it.each<[name: string, req: object, expected: boolean]>([
    ['of a known length', { headers: five }, true],
    ['in chunks', { headers: chunked }, true],
    ['of length 0', { headers: none }, false],
    ['of length 0, in chunks', { headers: { ...none, ...chunked } }, false],
    ['that was not announced', {}, false],
    ['that the host read', { headers: five, readableDidRead: true }, false],
    ['that the host read to its end', { headers: five, readableDidRead: true, readableEnded: true }, false],
    ['that has ended without having been read', { headers: five, readableEnded: true }, false],
    ['of a mock, which tells nothing of its stream', { headers: five, readableDidRead: undefined }, false],
    ['that an adapter put into req.body', { headers: five, body: Buffer.from('grant_type=x') }, false],
    ['beside a body that is no Buffer', { headers: five, body: {} }, true],
    ['of HTTP/2', { httpVersion: '2.0', stream: { endAfterHeaders: false } }, true],
    ['of HTTP/2 whose stream is not shown', { httpVersion: '2.0' }, true],
    ['of HTTP/2 that has ended with its headers', { httpVersion: '2.0', stream: { endAfterHeaders: true } }, false],
    ['of HTTP/2 and length 0', { httpVersion: '2.0', headers: none, stream: { endAfterHeaders: false } }, false],
  ])('TE-11: a body %s', (_name, req, expected) => expect(isInStream(requestOf(req))).toBe(expected))

  it('TE-11: a mock without a stream inside has none', () => {
    const req = Object.defineProperty(requestOf({ headers: five }), 'readableDidRead', {
      get() {
        throw new TypeError('no stream')
      },
    })
    expect(isInStream(req)).toBe(false)
  })
})

describe('hasOtherCharset', () => {
  it.each<[parameters: string | undefined, expected: boolean]>([
    [undefined, false],
    ['', false],
    [' x=y', false],
    ['charset=utf-8', false],
    ['charset=utf8', false],
    ['charset="UTF-8"', false],
    ['charset="utf8"', false],
    [' Charset = "utf-8" ; x=y', false],
    ['charset=utf-8;charset="utf-8"', false],
    ['charset=iso-8859-1', true],
    ['charset=utf-16', true],
    ['charset=', true],
    ['charset', true],
    ['charsetx=utf-8', true],
    ['charset=xutf-8', true],
    ['charset=utf-8x', true],
    ['xcharset=utf-8', true],
    ['charset=utf-8; charset=latin1', true],
    ['charset=latin1; charset=utf-8', true],
  ])('TE-02: %j: %s', (parameters, expected) => expect(hasOtherCharset(parameters)).toBe(expected))
})

describe('repeatedHeader', () => {
  it.each<[name: string, rawHeaders: string[] | undefined, expected: string | undefined]>([
    ['of a mock', undefined, undefined],
    ['each once', ['Content-Type', 'a', 'Authorization', 'b', 'Host', 'c'], undefined],
    ['Content-Type twice', ['Content-Type', 'a', 'content-type', 'a'], 'unsupported_media_type'],
    ['Authorization twice', ['Authorization', 'a', 'Host', 'x', 'AUTHORIZATION', 'b'], 'malformed_authorization'],
    ['another of that length twice', ['X-Request-Id', 'a', 'X-Request-Id', 'b', 'x-thirteen-xx', 'c', 'x-thirteen-xx', 'd'], undefined],
    ['a value like a name', ['Content-Type', 'content-type', 'X', 'content-type'], undefined],
  ])('T-37: %s', (_name, rawHeaders, expected) => expect(repeatedHeader({ rawHeaders } as Request)).toBe(expected))
})

describe('hasParameterInQuery', () => {
  it.each<[url: string | undefined, expected: boolean]>([
    [undefined, false],
    ['/token', false],
    ['/token?', false],
    ['/token?x=1&y', false],
    ['/token?client_id=x', true],
    ['/token?x=1&client_id', true],
    ['/token?client%5Fid=x', true],
    ['/token?client_id[]=x', true],
    ['/token??client_id=x', true],
    ['/token/client_id=x', false],
  ])('TE-10: %j: %s', (url, expected) => expect(hasParameterInQuery({ url } as Request)).toBe(expected))
})
