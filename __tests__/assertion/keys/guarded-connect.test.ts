/** The whole way to a key set over TLS: what a name resolves to, and which authority is trusted, is told by the test here. */
import * as https from 'node:https'
import * as net from 'node:net'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { type Certificate, issueCertificate } from '../../support/certificates.js'

const trusted: string[] = []
const isPublic = { loopback: true }
jest.unstable_mockModule('node:dns', () => ({
  lookup: (name: string, _: object, callback: (error: Error | null, addresses?: object[]) => void) =>
    process.nextTick(() =>
      name === 'nobody.example'
        ? callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))
        : callback(null, [{ address: '127.0.0.1', family: 4 }]),
    ),
}))
jest.unstable_mockModule('node:net', () => ({
  ...net,
  BlockList: class extends net.BlockList {
    override check(address: net.SocketAddress | string, family: net.IPVersion = 'ipv4') {
      return !isPublic.loopback && super.check(address as string, family)
    }
  },
}))
jest.unstable_mockModule('node:https', () => ({
  ...https,
  get: (url: URL, options: https.RequestOptions, answer: () => void) => https.get(url, { ...options, ca: trusted }, answer),
}))
const { fetchJson } = await import('../../../lib/assertion/keys/guarded-fetch.js')

const document = { keys: [{ kty: 'EC' }] }
const unavailable = { reason: 'jwks_unavailable' }
const servers: https.Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

/** A server with this certificate: its port, and how many requests and connections it got. */
async function serve({ cert, key }: Certificate, options: https.ServerOptions = {}) {
  const seen = { requests: 0, connections: 0, port: 0, host: '' }
  const server = https.createServer({ cert, key, ...options }, (req, res) => {
    seen.requests++
    seen.host = String(req.headers.host)
    res.end(JSON.stringify(document))
  })
  server.on('connection', () => {
    seen.connections++
  })
  server.on('tlsClientError', () => {})
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  seen.port = (server.address() as net.AddressInfo).port
  return seen
}

describe('fetchJson over TLS (T-52 T-54)', () => {
  let authority: Certificate
  let stranger: Certificate
  const names = [{ type: 'dns', value: 'keys.example' }] as const
  const hour = 3_600_000
  beforeAll(async () => {
    authority = await issueCertificate({ subject: 'CN=authority', isAuthority: true })
    stranger = await issueCertificate({ subject: 'CN=stranger', isAuthority: true })
    trusted.push(authority.cert)
  })

  it('reads the document of a server whose certificate is good, by the address that was checked', async () => {
    const server = await serve(await issueCertificate({ issuer: authority, names: [...names] }))
    expect(await fetchJson(`https://keys.example:${server.port}/jwks`, false)).toMatchObject({
      document,
      bytes: JSON.stringify(document).length,
    })
    expect(server).toMatchObject({ requests: 1, connections: 1, host: `keys.example:${server.port}` })
  })

  it('does so where the host has Node connect to the first address only', async () => {
    const server = await serve(await issueCertificate({ issuer: authority, names: [...names] }))
    const before = net.getDefaultAutoSelectFamily()
    net.setDefaultAutoSelectFamily(false)
    try {
      expect(await fetchJson(`https://keys.example:${server.port}/jwks`, false)).toMatchObject({ document })
    } finally {
      net.setDefaultAutoSelectFamily(before)
    }
  })

  it.each<[name: string, certificate: () => Promise<Certificate>, options: https.ServerOptions]>([
    ['of an authority that nobody trusts', () => issueCertificate({ issuer: stranger, names: [...names] }), {}],
    ['of nobody but itself', () => issueCertificate({ names: [...names] }), {}],
    ['for another name', () => issueCertificate({ issuer: authority, names: [{ type: 'dns', value: 'other.example' }] }), {}],
    [
      'that has expired',
      () =>
        issueCertificate({
          issuer: authority,
          names: [...names],
          notBefore: new Date(Date.now() - 2 * hour),
          notAfter: new Date(Date.now() - hour),
        }),
      {},
    ],
    [
      'over a version of TLS that is too old',
      () => issueCertificate({ issuer: authority, names: [...names] }),
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    ],
  ])('a certificate %s: no request is sent', async (_name, certificate, options) => {
    const server = await serve(await certificate(), options)
    await expect(fetchJson(`https://keys.example:${server.port}/jwks`, false)).rejects.toMatchObject(unavailable)
    expect(server).toMatchObject({ requests: 0, connections: 1 })
  })

  it('a name that does not resolve', async () => {
    await expect(fetchJson('https://nobody.example/jwks', false)).rejects.toMatchObject(unavailable)
  })

  it('JW-13 the same server is not connected to where its address is what it is', async () => {
    const server = await serve(await issueCertificate({ issuer: authority, names: [...names] }))
    isPublic.loopback = false
    try {
      await expect(fetchJson(`https://keys.example:${server.port}/jwks`, false)).rejects.toMatchObject({
        reason: 'jwks_blocked',
        evidence: { seen: { error: 'keys.example resolves to 127.0.0.1' } },
      })
    } finally {
      isPublic.loopback = true
    }
    expect(server).toMatchObject({ requests: 0, connections: 0 })
  })
})
