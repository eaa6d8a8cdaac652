import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { checkKeySetUrl, type DocumentKind, fetchJson, keySetDocument } from '../../../lib/assertion/keys/guarded-fetch.js'
import { isPublicAddress } from '../../../lib/assertion/keys/public-address.js'

describe('isPublicAddress (T-54 JW-13)', () => {
  const table: [isPublic: boolean, ...addresses: string[]][] = [
    [
      true,
      '8.8.8.8',
      '1.1.1.1',
      '172.15.255.255',
      '172.32.0.1',
      '100.63.255.255',
      '100.128.0.1',
      '169.253.255.255',
      '192.167.0.1',
      '11.0.0.1',
    ],
    [true, '2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '2400:cb00::1', '2001:4860:4860::8888', '3ffe::1'],
    [false, '127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3'], // this host
    [false, '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'], // private
    [false, '169.254.169.254', '169.254.0.1'], // link-local, metadata of clouds
    [false, '100.64.0.1', '100.100.100.200', '100.127.255.255'], // carrier-grade NAT
    [false, '192.0.0.1', '192.0.0.192', '192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '198.19.255.255'], // special
    [false, '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'], // multicast, reserved, broadcast
    [false, '::', '::1', '::2', '0:0:0:0:0:0:0:1'],
    [false, '::127.0.0.1', '::10.0.0.1', '::7f00:1'], // IPv4-compatible
    [false, '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::FFFF:169.254.169.254', '0:0:0:0:0:ffff:a9fe:a9fe'], // IPv4-mapped
    [false, '64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::a00:1'], // NAT64
    [false, '2002:7f00:1::', '2002:a9fe:a9fe::1'], // 6to4
    [false, '2001::1', '2001:0:7f00:1::', '2001:db8::1', '100::1'], // Teredo, documentation, discard
    [false, '::ffff:0:127.0.0.1', '::ffff:0:a9fe:a9fe', '5f00::1', '4000::1', '8000::1', '1fff:ffff::1', 'e000::1'], // IPv4-translated, and what is not global unicast
    [false, '3fff::1', '2001:20::1'],
    [false, 'fc00::1', 'fd00::1', 'fd12:3456:789a::1', 'fe80::1', 'febf::1', 'fec0::1', 'ff02::1'],
    [false, 'fe80::1%eth0', 'fe80::1%lo', '::1%lo'], // with a zone
    [false, '', 'localhost', 'example.com', '127.1', '2130706433', '0x7f000001', '1.2.3', '1.2.3.4.5', '[::1]', '256.1.1.1'], // none
  ]
  it.each(table.flatMap(([isPublic, ...addresses]) => addresses.map((address) => [address, isPublic] as const)))(
    '%j: %s',
    (address, isPublic) => {
      expect(isPublicAddress(address)).toBe(isPublic)
    },
  )
})

describe('checkKeySetUrl (T-54)', () => {
  const blocked = expect.objectContaining({ reason: 'jwks_blocked' })

  it.each([
    'http://idp.example.org/jwks',
    'ftp://idp.example.org/jwks',
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
    'javascript:1',
    'blob:https://idp.example.org/1',
    'ws://idp.example.org/',
    '/jwks',
    'idp.example.org/jwks',
    '//idp.example.org/jwks',
    '',
    'https://',
    'https://user@idp.example.org/',
    'https://user:password@idp.example.org/',
    'https://:password@idp.example.org/',
    'https://idp.example.org/#keys',
    'https://127.0.0.1/',
    'https://127.0.0.1:8443/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://0177.0.0.1/',
    'https://0/',
    'https://1\u20e37.0.0.1/',
    'https://\uff11\uff12\uff17.0.0.1/',
    'https://127\u30020\u30020\u30021/',
    'https://%31%32%37.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1/',
    'https://100.64.0.1/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[fe80::1]/',
    'https://[fd00::1]/',
  ])('refuses %s', (url) => {
    expect(() => checkKeySetUrl(url, false)).toThrow(blocked)
  })

  it.each(['ftp://idp.example.org/', 'file:///etc/passwd', 'data:,{}', 'http://u:p@127.0.0.1/', 'http://127.0.0.1/#a', 'nonsense'])(
    'refuses %s even where private addresses are allowed',
    (url) => {
      expect(() => checkKeySetUrl(url, true)).toThrow(blocked)
    },
  )

  it.each([
    ['nonsense', '"nonsense"', 'a URL'],
    ['http://idp.example.org/', '"http://idp.example.org/"', 'an https URL, or allowPrivateJwksUri'],
    ['https://user:hunter2@idp.example.org/', '"…@idp.example.org/"', 'a URL without user information and fragment'],
    ['https://user:hunt/er2@idp.example.org/', '"…@idp.example.org/"', 'a URL'],
    ['https://[::1]/', '"https://[::1]/"', 'a public address, or allowPrivateJwksUri'],
  ])('tells the log what is wrong with %s', (url, seen, wanted) => {
    expect(() => checkKeySetUrl(url, false)).toThrow(expect.objectContaining({ evidence: { seen: { jwks_uri: seen }, wanted } }))
  })

  it.each([
    ['https://idp.example.org/jwks?a=b', false],
    ['https://8.8.8.8/jwks', false],
    ['https://[2606:4700:4700::1111]/jwks', false],
    ['HTTPS://IDP.example.org:8443/jwks', false],
    ['http://127.0.0.1:8080/jwks', true],
    ['https://10.0.0.1/jwks', true],
    ['http://[::1]/jwks', true],
  ])('lets %s pass where private addresses are allowed: %s', (url, allowPrivate) => {
    expect(checkKeySetUrl(url, allowPrivate).href).toBe(new URL(url).href)
  })
})

describe('fetchJson (T-52 T-54)', () => {
  let server: Server
  let raw: TcpServer
  let base = ''
  let rawBase = ''
  const visits: string[] = []
  const document = { keys: [{ kty: 'EC' }] }
  const json = JSON.stringify(document)
  const filler = (size: number) => JSON.stringify({ keys: [], x: 'x'.repeat(size - 18) })
  /** Objects and lists in turn. */
  const nested = (levels: number) => `${'{"x":['.repeat(levels / 2)}${levels % 2 ? '{}' : ''}${']}'.repeat(levels / 2)}`
  const routes: Record<string, RequestListener> = {
    '/jwks': (_, res) => res.setHeader('content-type', 'application/jwk-set+json').end(json),
    '/text': (_, res) => res.setHeader('content-type', 'text/plain').end(json),
    '/cached': (_, res) => res.setHeader('content-type', 'application/json').setHeader('cache-control', 'max-age=7').end(json),
    '/headers': (req, res) => res.end(JSON.stringify(req.headers)),
    '/chunks': (_, res) => {
      res.write(json.slice(0, 5))
      setTimeout(() => res.end(json.slice(5)), 20)
    },
    '/html': (_, res) => res.setHeader('content-type', 'text/html').end('<!doctype html><title>Not here</title>'),
    '/empty': (_, res) => res.end(),
    '/gzip': (_, res) => res.setHeader('content-encoding', 'gzip').end(gzipSync(json)),
    '/bomb': (_, res) => res.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(20_000_000))),
    '/largest': (_, res) => res.end(filler(256 * 1024)),
    '/large': (_, res) => res.end(filler(256 * 1024 + 1)),
    '/deepest': (_, res) => res.end(nested(32)),
    '/deep': (_, res) => res.end(nested(33)),
    '/abyss': (_, res) => res.end(nested(40_000)),
    '/endless': (_, res) => {
      const timer = setInterval(() => res.write('x'.repeat(65_536)), 1)
      res.on('close', () => clearInterval(timer))
    },
    '/drip': (_, res) => {
      const timer = setInterval(() => res.write(' '), 100)
      res.on('close', () => clearInterval(timer))
    },
    '/hang': () => {},
    '/headers-only': (_, res) => res.flushHeaders(),
    '/cut': (_, res) => {
      res.setHeader('content-length', 1000)
      res.write(json)
      setTimeout(() => res.destroy(), 10)
    },
    '/cut-chunked': (_, res) => {
      res.write(json)
      setTimeout(() => res.destroy(), 10)
    },
    '/destroy': (_, res) => res.destroy(),
    ...Object.fromEntries(
      [204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 429, 500, 502, 503].map((status): [string, RequestListener] => [
        `/${status}`,
        (_, res) => res.writeHead(status, { location: `${base}/jwks` }).end(status === 204 ? undefined : json),
      ]),
    ),
  }

  beforeAll(async () => {
    server = createServer((req, res) => {
      visits.push(req.url as string)
      routes[req.url as string]?.(req, res)
    }).listen(0, '127.0.0.1')
    raw = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.resume().end('this is not HTTP\r\n\r\n')
    }).listen(0, '127.0.0.1')
    await Promise.all([server, raw].map((one) => one.listening || new Promise((resolve) => one.once('listening', resolve))))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    rawBase = `http://127.0.0.1:${(raw.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
    raw.close()
  })
  const fetchOf = async (path: string) => (await fetchJson(base + path, true)).document
  const invalid = { reason: 'jwks_invalid' }
  const unavailable = { reason: 'jwks_unavailable' }

  it.each(['/jwks', '/text', '/chunks'])('reads %s', async (path) => {
    expect(await fetchOf(path)).toEqual(document)
  })

  it.each(['/jwks', '/302', '/503'])('shows the response of %s to a report before it judges the status', async (path) => {
    const seen: unknown[] = []
    const inspect = ({ statusCode, headers }: IncomingMessage) => void seen.push([statusCode, headers['content-type']])
    const outcome = await fetchJson(base + path, true, keySetDocument, inspect).then(
      () => 200,
      ({ reason }) => reason,
    )
    expect([outcome, seen]).toEqual(
      {
        '/jwks': [200, [[200, 'application/jwk-set+json']]],
        '/302': ['jwks_invalid', [[302, undefined]]],
        '/503': ['jwks_unavailable', [[503, undefined]]],
      }[path],
    )
  })

  it('says what it wants, and who asks: no more', async () => {
    const headers = (await fetchOf('/headers')) as Record<string, string>
    expect(headers).toMatchObject({
      accept: 'application/jwk-set+json, application/json',
      'accept-encoding': 'identity',
      'user-agent': 'express-oauth-assertions',
    })
    expect(Object.keys(headers).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent'])
  })

  it.each(['/html', '/empty', '/gzip', '/bomb', '/204', '/400', '/401', '/403', '/404', '/410'])(
    '%s is an answer, but no key set',
    async (path) => {
      await expect(fetchOf(path)).rejects.toMatchObject(invalid)
    },
  )

  it.each(['/301', '/302', '/303', '/307', '/308'])('never follows a redirect: %s', async (path) => {
    visits.length = 0
    await expect(fetchOf(path)).rejects.toMatchObject(invalid)
    expect(visits).toEqual([path])
  })

  it.each(['/429', '/500', '/502', '/503', '/cut', '/cut-chunked', '/destroy'])('%s is no answer', async (path) => {
    await expect(fetchOf(path)).rejects.toMatchObject(unavailable)
  })

  it.each([
    ['/404', { status: 404 }, { status: 200 }],
    ['/503', { status: 503 }, { status: 200 }],
    ['/large', { bytes: expect.any(Number) }, { at_most: 262144 }],
    ['/html', { body: 'no JSON' }, 'a JWK Set as JSON'],
    ['/deep', { body: 'JSON of more than 32 levels' }, 'a JWK Set as JSON'],
    ['/cut', { code: 'ECONNRESET', error: 'aborted' }, { status: 200 }],
    ['/cut-chunked', { code: 'ECONNRESET', error: 'aborted' }, { status: 200 }],
  ])('tells the log what came of %s', async (path, seen, wanted) => {
    await expect(fetchOf(path)).rejects.toMatchObject({ evidence: { seen: { jwks_uri: base + path, ...seen }, wanted } })
  })

  it('takes 256 KiB, and no byte more', async () => {
    expect(await fetchJson(`${base}/largest`, true)).toMatchObject({ document: { keys: [] }, bytes: 256 * 1024 })
    await expect(fetchOf('/large')).rejects.toMatchObject(invalid)
    await expect(fetchOf('/endless')).rejects.toMatchObject(invalid)
  })

  it('takes 32 levels of objects and lists, and no level more: what reads the document may be recursive', async () => {
    expect(JSON.stringify(await fetchOf('/deepest'))).toBe(nested(32))
    await expect(fetchOf('/deep')).rejects.toMatchObject(invalid)
    await expect(fetchOf('/abyss')).rejects.toMatchObject(invalid)
  })

  describe('another kind of document', () => {
    const kind: DocumentKind = {
      url: 'client_id',
      body: 'a document as JSON',
      accept: 'application/json',
      mediaType: /^application\/json$/,
      maxBytes: 100,
      timeout: 300,
      optIn: 'allowPrivateUrls',
      reasons: { blocked: 'client_disabled', unavailable: 'overloaded', invalid: 'client_unknown' },
    }
    const cases: [url: () => string, reason: string, seen: object, wanted: unknown][] = [
      [() => `${base}/404`, 'client_unknown', { status: 404 }, { status: 200 }],
      [() => `${base}/503`, 'overloaded', { status: 503 }, { status: 200 }],
      [() => `${base}/text`, 'client_unknown', { content_type: 'text/plain' }, { content_type: 'application/json' }],
      [() => `${base}/headers`, 'client_unknown', { content_type: '' }, { content_type: 'application/json' }],
      [() => `${base}/endless`, 'client_unknown', { bytes: expect.any(Number) }, { at_most: 100 }],
      [() => `${base}/hang`, 'overloaded', { error: 'no complete answer' }, { within_milliseconds: 300 }],
    ]
    const anyMediaType = ({ mediaType: _, ...rest }: DocumentKind) => rest

    it.each(cases)('CD-02 has its own bounds, media types, reasons and words: %s', async (urlOf, reason, seen, wanted) => {
      const used = urlOf().endsWith('/endless') || urlOf().endsWith('/hang') ? anyMediaType(kind) : kind
      const evidence = { seen: { client_id: urlOf(), ...seen }, wanted }
      await expect(fetchJson(urlOf(), true, used)).rejects.toMatchObject({ reason, evidence })
    })

    it('CD-02 is refused before it is asked for, by its own option', () => {
      expect(() => fetchJson('http://127.0.0.1/', false, kind)).toThrow(
        expect.objectContaining({
          reason: 'client_disabled',
          evidence: expect.objectContaining({ wanted: 'an https URL, or allowPrivateUrls' }),
        }),
      )
    })

    it('CD-03 comes with the headers of its response', async () => {
      const { headers } = await fetchJson(`${base}/cached`, true, kind)
      expect(headers).toMatchObject({ 'cache-control': 'max-age=7', 'content-type': 'application/json' })
    })
  })

  it('gives up after three seconds, whatever trickles in', async () => {
    const start = performance.now()
    const ends = await Promise.all(
      ['/hang', '/headers-only', '/drip'].map((path) =>
        fetchOf(path).then(
          () => 'answered',
          ({ reason, evidence }) => [reason, evidence, Math.round((performance.now() - start) / 1000)],
        ),
      ),
    )
    const wanted = { within_milliseconds: 3000 }
    expect(ends).toEqual(
      ['/hang', '/headers-only', '/drip'].map((path) => [
        'jwks_unavailable',
        { seen: { jwks_uri: base + path, error: 'no complete answer' }, wanted },
        3,
      ]),
    )
  })

  it('reports what speaks no HTTP, no TLS, or nothing at all', async () => {
    await expect(fetchJson(rawBase, true)).rejects.toMatchObject(unavailable)
    await expect(fetchJson(rawBase.replace('http', 'https'), true)).rejects.toMatchObject(unavailable)
    await expect(fetchJson('http://127.0.0.1:1/', true)).rejects.toMatchObject(unavailable)
  })

  it('checks the address again when it connects: a name for this host is refused', async () => {
    visits.length = 0
    const { port } = server.address() as AddressInfo
    await expect(fetchJson(`https://localhost:${port}/jwks`, false)).rejects.toMatchObject({ reason: 'jwks_blocked' })
    await expect(fetchJson(`https://localhost:${port}/jwks`, true)).rejects.toMatchObject(unavailable) // it connects, and finds no TLS
    expect(visits).toEqual([])
  })

  it('T-54 refuses an address without connecting', () => {
    visits.length = 0
    expect(() => fetchJson(`${base}/jwks`, false)).toThrow(expect.objectContaining({ reason: 'jwks_blocked' }))
    expect(() => fetchJson(`${base.replace('http', 'https')}/jwks`, false)).toThrow(expect.objectContaining({ reason: 'jwks_blocked' }))
    expect(visits).toEqual([])
  })
})
