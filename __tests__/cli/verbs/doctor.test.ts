import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cli } from '../../support/cli.js'
import { ec } from '../../support/keys.js'

const { jwk } = ec('k')
let server: Server
let base = ''
const json =
  (value: () => unknown, headers: Record<string, string> = {}): RequestListener =>
  (_, res) =>
    void res.writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(JSON.stringify(value()))
const keySet = () => ({ keys: [jwk] })
const discovery = (issuer: string, jwks_uri = '/jwks') => json(() => ({ issuer: base + issuer, jwks_uri: base + jwks_uri }))
const routes: Record<string, RequestListener> = {
  '/jwks': json(keySet, { 'cache-control': 'public, max-age=300' }),
  '/long': json(keySet, { 'cache-control': 'max-age=604800' }),
  '/text': json(keySet, { 'content-type': 'text/plain' }),
  '/gzip': json(keySet, { 'content-encoding': 'gzip' }),
  '/set': json(keySet, { 'content-type': 'Application/JWK-Set+JSON ; charset=utf-8' }),
  '/identity': json(keySet, { 'content-encoding': 'identity' }),
  '/typeless': (_, res) => void res.writeHead(200).end(JSON.stringify(keySet())),
  '/expires': json(keySet, { expires: 'Thu, 01 Jan 1970 00:00:00 GMT' }),
  '/day': json(keySet, { 'cache-control': 'max-age=86400' }),
  '/away': (_, res) => void res.writeHead(307).end(),
  '/big': json(() => ({ keys: [jwk], filler: 'x'.repeat(100_000) })),
  '/moved': (_, res) => void res.writeHead(302, { location: '/jwks' }).end(),
  '/html': (_, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
  '/list': json(() => [jwk]),
  '/.well-known/openid-configuration': discovery(''),
  '/rfc8414/.well-known/openid-configuration': (_, res) => void res.writeHead(404).end(),
  '/.well-known/oauth-authorization-server/rfc8414': discovery('/rfc8414'),
  '/tenant/.well-known/openid-configuration': discovery('/tenant/'),
  '/without/.well-known/openid-configuration': json(() => ({ issuer: `${base}/without` })),
  '/broken/.well-known/openid-configuration': discovery('/broken', '/list'),
}

beforeAll(async () => {
  server = createServer((req, res) => {
    const route = routes[req.url as string]
    if (route) route(req, res)
    else res.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

interface Finding {
  state: string
  topic: string
  text: string
}
async function examined(path: string, ...flags: string[]) {
  const { code, json } = await cli(['doctor', base + path, '--allow-private', '--json', ...flags])
  const { ok, kind, findings } = json() as { ok: boolean; kind: string; findings: Finding[] }
  const of = (state: string) => findings.filter((one) => one.state === state).map(({ topic, text }) => `${topic}: ${text}`)
  return { code, ok, kind, problems: of('problem'), warnings: of('warning'), fine: of('ok') }
}

describe('doctor of a jwks_uri', () => {
  it('reports what this server would accept, with code 0', async () => {
    const { code, ok, kind, problems, warnings, fine } = await examined('/jwks')
    expect({ code, ok, kind, problems }).toEqual({ code: 0, ok: true, kind: 'jwks_uri', problems: [] })
    expect(warnings).toEqual([`url: ${base}/jwks is http: it needs allowPrivateJwksUri, for tests only.`])
    expect(fine).toEqual([
      'type: application/json',
      expect.stringMatching(/^caching: public, max-age=300\. This server ignores it/),
      expect.stringMatching(/^size: \d+ bytes; at most 262144 are read\.$/),
      'keys: 1 of 1 are usable.',
      expect.stringContaining('EC P-256 is usable for ES256'),
    ])
  })

  it.each<[path: string, fine: RegExp, warnings: number]>([
    ['/set', /^type: application\/jwk-set\+json$/, 1],
    ['/identity', /^type: application\/json$/, 1],
    ['/typeless', /^keys: /, 2],
    ['/expires', /^caching: Expires: Thu, 01 Jan 1970 00:00:00 GMT\. /, 1],
    ['/day', /^caching: max-age=86400\. /, 1],
    ['/text', /^caching: no caching headers\. /, 2],
  ])('reports %s as it is', async (path, expected, count) => {
    const { problems, warnings, fine } = await examined(path)
    expect([problems, fine, warnings.length]).toEqual([[], expect.arrayContaining([expect.stringMatching(expected)]), count])
  })

  it('says that a type is absent, and where a redirect leads if it says so', async () => {
    expect((await examined('/typeless')).warnings.at(-1)).toMatch(/^type: .*, not absent\. /)
    const { problems, warnings, fine } = await examined('/away', '--as', 'jwks_uri')
    expect(problems).toEqual(['fetch: answered 307. Redirects are not followed: register the last URL.'])
    expect([warnings.length, fine]).toEqual([1, []])
  })

  it('prints it as a table', async () => {
    const { code, out } = await cli(['doctor', `${base}/jwks`, '--allow-private'])
    expect(code).toBe(0)
    expect(out).toMatch(/^! {2}url {6}http:.*\n✓ {2}type {5}application\/json\n/)
    expect(out).toMatch(/\n\nYour server would accept it\.\n$/)
    expect((await cli(['doctor', `${base}/list`, '--as', 'jwks_uri', '--allow-private'])).out).toMatch(/\n\n1 problem\.\n$/)
  })

  it.each<[path: string, warning: RegExp]>([
    ['/long', /^caching: .*Others may keep old keys for 7 days/],
    ['/text', /^type: should be application\/jwk-set\+json or application\/json, not text\/plain/],
    ['/big', /^size: 10\d{4} bytes/],
  ])('warns of %s', async (path, warning) => {
    const { code, warnings } = await examined(path)
    expect([code, warnings]).toEqual([0, expect.arrayContaining([expect.stringMatching(warning)])])
  })

  it.each<[path: string, problem: RegExp]>([
    ['/moved', /^fetch: answered 302, a redirect to "\/jwks"\. Redirects are not followed/],
    ['/nowhere', /^fetch: must answer 200, not 404\.$/],
    ['/html', /^fetch: the body must be JSON \(jwks_invalid\)\.$/],
    ['/gzip', /^encoding: must be absent/],
    ['/list', /^keys: must be a JWK Set .*It is a list/],
  ])('finds the problem of %s, with code 1', async (path, problem) => {
    const { code, ok, kind, problems } = await examined(path, '--as', 'jwks_uri')
    expect([code, ok, kind, problems]).toEqual([1, false, 'jwks_uri', expect.arrayContaining([expect.stringMatching(problem)])])
  })

  it.each<[url: string, problem: RegExp]>([
    ['http://idp.example.org/jwks', /https URL/],
    ['https://127.0.0.1/jwks', /public address/],
    ['https://user:hunter2@idp.example.org/jwks', /user information/],
    ['https://user:hunter2@idp.example.org', /user information/],
    ['jwks', /URL/],
  ])('refuses %s before anything is sent', async (url, problem) => {
    const { code, json } = await cli(['doctor', url, '--json'])
    expect(code).toBe(1)
    expect(json().findings).toEqual([{ state: 'problem', topic: 'url', text: expect.stringMatching(problem) }])
    expect(json().findings[0].text).not.toContain('hunter2')
  })

  it('says that nothing listens', async () => {
    const { json } = await cli(['doctor', 'http://127.0.0.1:1/jwks', '--allow-private', '--as', 'jwks_uri', '--json'])
    expect(json().findings.at(-1)).toEqual({ state: 'problem', topic: 'fetch', text: 'nothing listens there (jwks_unavailable).' })
  })
})

describe('doctor of an issuer', () => {
  it.each(['', '/rfc8414'])('finds the keys by the discovery document of %j', async (path) => {
    const { code, kind, problems, fine } = await examined(path)
    expect({ code, kind, problems }).toEqual({ code: 0, kind: 'issuer', problems: [] })
    expect(fine).toEqual(
      expect.arrayContaining([
        `issuer: ${base}${path} is what the document says, character by character.`,
        `jwks_uri: ${base}/jwks`,
        'keys: 1 of 1 are usable.',
      ]),
    )
  })

  it.each<[path: string, problem: RegExp]>([
    ['/tenant', /^issuer: the document says "http.*\/tenant\/", not "http.*\/tenant"\. Register the issuer exactly/],
    ['/without', /^jwks_uri: the document must have a jwks_uri/],
    ['/broken', /^keys: must be a JWK Set/],
    ['/nobody', /^discovery: there is no discovery document/],
  ])('finds the problem of %s', async (path, problem) => {
    const { code, kind, problems } = await examined(path, '--as', 'issuer')
    expect([code, kind, problems]).toEqual([1, 'issuer', [expect.stringMatching(problem)]])
  })

  it('must be told only issuer or jwks_uri', async () => {
    expect(await cli(['doctor', base, '--as', 'key'])).toMatchObject({ code: 2, err: expect.stringContaining('--as must be') })
  })
})
