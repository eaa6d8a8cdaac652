import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { examine, serverOf } from '../../../lib/cli/doctor/examine.js'
import { ec } from '../../support/keys.js'

it.each([
  ['/tenant', true],
  ['https://victim.example.com', false],
])('serverOf: the discovery document may name %s: %p', async (named, isAllowed) => {
  let origin = ''
  const server = createServer((_req, res) => void res.end(JSON.stringify({ issuer: new URL(named, origin).href })))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    if (isAllowed) expect(await serverOf(`${origin}/token`)).toBe(`${origin}/tenant`)
    else await expect(serverOf(`${origin}/token`)).rejects.toThrow('must be of its origin')
  } finally {
    server.close()
  }
})

describe('examine', () => {
  const { jwk } = ec('k')
  let base = ''
  const documents: Record<string, () => unknown> = {
    '/.well-known/openid-configuration': () => ({ issuer: base, jwks_uri: `${base}/jwks` }),
    '/jwks': () => ({ keys: [jwk] }),
    '/tenant/.well-known/openid-configuration': () => ({ issuer: `${base}/tenant`, jwks_uri: `${base}/jwks` }),
    '/other/.well-known/openid-configuration': () => ({ issuer: `${base}/another`, jwks_uri: `${base}/jwks` }),
    '/list/.well-known/openid-configuration': () => [],
    '/.well-known/oauth-authorization-server/list': () => ({ issuer: `${base}/list`, jwks_uri: `${base}/jwks` }),
    '/without/.well-known/openid-configuration': () => ({ issuer: `${base}/without` }),
    '/away/.well-known/openid-configuration': () => ({ issuer: `${base}/away`, jwks_uri: `${base}/nowhere` }),
    '/keys': () => ({ issuer: `${base}/keys`, keys: [] }),
    '/keys/.well-known/openid-configuration': () => ({ issuer: `${base}/keys`, jwks_uri: `${base}/jwks` }),
  }
  const asked: string[] = []
  const server = createServer((req, res) => {
    asked.push(req.url as string)
    const document = documents[req.url as string]
    if (document) res.setHeader('content-type', 'application/json').end(JSON.stringify(document()))
    else res.writeHead(404).end()
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })

  /** What matters of the findings: all but the transport. */
  const about = ['issuer', 'jwks_uri', 'discovery', 'keys', 'url']
  async function found(url: string, as?: 'jwks_uri' | 'issuer', allowPrivate = true) {
    asked.length = 0
    const { kind, findings } = await examine(url.startsWith('/') ? base + url : url, allowPrivate, as)
    const rows = findings.filter(({ topic, state }) => about.includes(topic) && !(topic === 'url' && state !== 'problem'))
    return [kind, ...rows.map(({ topic, state }) => `${topic} ${state}`)]
  }

  it.each<[path: string, as: 'jwks_uri' | 'issuer' | undefined, expected: string[]]>([
    ['/', undefined, ['issuer', 'issuer problem', 'jwks_uri ok', 'keys ok']],
    ['/', 'jwks_uri', ['jwks_uri']],
    ['/jwks', undefined, ['jwks_uri', 'keys ok']],
    ['/jwks', 'jwks_uri', ['jwks_uri', 'keys ok']],
    ['/jwks', 'issuer', ['issuer', 'discovery warning', 'discovery warning', 'discovery problem']],
    ['/tenant', undefined, ['issuer', 'issuer ok', 'jwks_uri ok', 'keys ok']],
    ['/tenant', 'jwks_uri', ['jwks_uri']],
    ['/other', undefined, ['jwks_uri']],
    ['/other', 'issuer', ['issuer', 'issuer problem', 'jwks_uri ok', 'keys ok']],
    ['/list', undefined, ['issuer', 'issuer ok', 'jwks_uri ok', 'keys ok']],
    ['/without', undefined, ['issuer', 'issuer ok', 'jwks_uri problem']],
    ['/away', 'issuer', ['issuer', 'issuer ok', 'jwks_uri ok']],
    ['/nothing', undefined, ['jwks_uri']],
    ['/keys', undefined, ['jwks_uri', 'keys problem']],
  ])('%s as %s', async (path, as, expected) => expect(await found(path, as)).toEqual(expected))

  it('asks nobody else about a key set, and nobody at all about a URL that is refused', async () => {
    await found('/jwks')
    expect(asked).toEqual(['/jwks'])
    expect(await found('/jwks', undefined, false)).toEqual(['jwks_uri', 'url problem'])
    expect(asked).toEqual([])
  })

  it('says where it looked for a discovery document', async () => {
    const { findings } = await examine(`${base}/nothing`, true, 'issuer')
    const texts = findings.filter(({ topic }) => topic === 'discovery').map(({ text }) => text)
    expect(texts).toEqual([
      expect.stringMatching(/\/nothing\/\.well-known\/openid-configuration must answer 200, not 404/),
      expect.stringMatching(/\/\.well-known\/oauth-authorization-server\/nothing must answer 200, not 404/),
      expect.stringMatching(/^there is no discovery document/),
    ])
  })

  it.each([
    ['x', 'x must be a URL.'],
    ['https://me@as.example.com', 'an issuer must be a URL without user information.'],
    ['https://:hunter2@as.example.com', 'an issuer must be a URL without user information.'],
  ])('%s is no issuer', async (issuer, text) => {
    expect(await examine(issuer, true, 'issuer')).toEqual({ kind: 'issuer', findings: [{ state: 'problem', topic: 'url', text }] })
  })

  it.each<[name: string, documents: Record<string, unknown>, issuer: string]>([
    ['no document', {}, ''],
    ['a document without an issuer', { '/.well-known/oauth-authorization-server': { issuer: 7 } }, ''],
    ['a document that is no object', { '/.well-known/oauth-authorization-server': 'x' }, ''],
    [
      'that of RFC 8414 first',
      { '/.well-known/oauth-authorization-server': { issuer: '/a' }, '/.well-known/openid-configuration': { issuer: '/b' } },
      '/a',
    ],
    ['else that of OpenID', { '/.well-known/openid-configuration': { issuer: '/b' } }, '/b'],
  ])('serverOf: %s', async (_name, given, issuer) => {
    let origin = ''
    const other = createServer((req, res) => {
      const document = given[req.url as string] as { issuer?: unknown } | undefined
      if (document === undefined) return void res.writeHead(404).end()
      const named = typeof document.issuer === 'string' ? { issuer: origin + document.issuer } : document
      res.setHeader('content-type', 'application/json').end(JSON.stringify(named))
    })
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    try {
      expect(await serverOf(`${origin}/token`)).toBe(origin + issuer)
    } finally {
      other.close()
      other.closeAllConnections()
    }
  })
})
