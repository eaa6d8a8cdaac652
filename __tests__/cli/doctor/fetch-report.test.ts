/** What is said of TLS: which authority is trusted is told by the test here. */
import * as https from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { type Certificate, type CertificateOptions, issueCertificate } from '../../support/certificates.js'

const trusted: string[] = []
jest.unstable_mockModule('node:https', () => ({
  ...https,
  get: (url: URL, options: https.RequestOptions, answer: () => void) => https.get(url, { ...options, ca: trusted }, answer),
}))
const { fetchReport } = await import('../../../lib/cli/doctor/fetch-report.js')

const servers: https.Server[] = []
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})
const day = 86_400_000

describe('fetchReport over TLS', () => {
  let authority: Certificate
  beforeAll(async () => {
    authority = await issueCertificate({ subject: 'CN=authority', isAuthority: true })
    trusted.push(authority.cert)
  })

  async function reportOf(options: CertificateOptions) {
    const { cert, key } = await issueCertificate({ names: [{ type: 'dns', value: 'localhost' }], ...options })
    const server = https.createServer({ cert, key }, (_, res) => void res.setHeader('content-type', 'application/json').end('{}'))
    servers.push(server.on('tlsClientError', () => {}))
    await new Promise<void>((resolve) => server.listen(0, resolve))
    const { findings } = await fetchReport(`https://localhost:${(server.address() as AddressInfo).port}/jwks`, true)
    return findings.filter(({ topic }) => topic === 'tls' || topic === 'fetch')
  }

  it('names the version of TLS, and until when the certificate is valid', async () => {
    expect(await reportOf({ issuer: authority, notAfter: new Date(Date.now() + 40.5 * day) })).toEqual([
      { state: 'ok', topic: 'tls', text: expect.stringMatching(/^TLSv1\.3, certificate trusted until .* GMT \(40 days\)\.$/) },
    ])
  })

  it('warns if that is soon', async () => {
    expect(await reportOf({ issuer: authority, notAfter: new Date(Date.now() + 3.5 * day) })).toMatchObject([
      { state: 'warning', topic: 'tls' },
    ])
  })

  it.each<[what: string, options: () => CertificateOptions, text: RegExp]>([
    ['of nobody but itself', () => ({}), /^the certificate is self-signed/],
    ['for another name', () => ({ issuer: authority, names: [{ type: 'dns', value: 'other.example' }] }), /for another host name/],
    [
      'that has expired',
      () => ({ issuer: authority, notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) }),
      /^the certificate has expired: renew it \(jwks_unavailable\)\.$/,
    ],
  ])('says what is wrong with a certificate %s', async (_, options, text) => {
    expect(await reportOf(options())).toEqual([{ state: 'problem', topic: 'fetch', text: expect.stringMatching(text) }])
  })
})
