import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http'
import { Agent, createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, describe, expect, it } from '@jest/globals'
import { decodeJwt } from 'jose'
import {
  CLIENT_CREDENTIALS,
  type Client,
  type Granted,
  type Hooks,
  JWT_BEARER_GRANT,
  type TrustedIssuer,
  tokenMinter,
} from '../../../lib/index.js'
import { type Certificate, type CertificateOptions, issueCertificate, jwkOf, newKeys } from '../../support/certificates.js'
import { anyExpress, type ExpressFactory } from '../../support/express.js'
import { now } from '../../support/jwt.js'
import {
  basic,
  byJwt,
  clientAssertion,
  clientCredentials,
  grant,
  grantRequest,
  issuer,
  keys,
  startWorld,
  type World,
} from '../../support/world.js'

const generic = { error: 'invalid_client', error_description: 'Client authentication failed.' }
const hour = 3_600_000

const authority = await issueCertificate({ subject: 'CN=Authority', isAuthority: true })
const impostor = await issueCertificate({ subject: 'CN=Authority', isAuthority: true })
const serverCertificate = await issueCertificate({
  subject: 'CN=as.example.com',
  names: [{ type: 'ip', value: '127.0.0.1' }],
  issuer: authority,
})
const issued = (options: CertificateOptions = {}) => issueCertificate({ issuer: authority, ...options })

const open: { close(): unknown }[] = []
afterAll(() => {
  for (const each of open.splice(0)) each.close()
})

interface TlsWorld extends World {
  /** Posts a form over TLS, with this certificate if any. */
  send(form: Record<string, string>, certificate?: Certificate, more?: { headers?: Record<string, string>; agent?: Agent }): Promise<Answer>
}
interface Answer {
  status: number | undefined
  body: Record<string, unknown>
  resumed: boolean
}

/** The token endpoint of one mTLS client, behind a TLS socket that asks for a certificate and takes any, or none. */
async function startTls(express: ExpressFactory, client: Partial<Client>, hooks: Partial<Hooks> = {}): Promise<TlsWorld> {
  const registered = { client_id: 'mtls-client', grant_types: [CLIENT_CREDENTIALS, JWT_BEARER_GRANT], scope: 'read', ...client }
  const world = startWorld(express, { hooks: { findClient: (id) => (id === registered.client_id ? registered : undefined), ...hooks } })
  const { key, cert } = serverCertificate
  const [app] = world.server.listeners('request') as RequestListener[]
  const server: Server = createServer({ key, cert, ca: [authority.cert], requestCert: true, rejectUnauthorized: false }, app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(server)
  const { port } = server.address() as AddressInfo
  return {
    ...world,
    send: (form, certificate, { headers = {}, agent } = {}) =>
      new Promise((resolve, reject) => {
        const sent = request({
          host: '127.0.0.1',
          port,
          path: '/token',
          method: 'POST',
          agent: agent ?? false,
          ca: [authority.cert],
          ...(certificate && { cert: certificate.cert, key: certificate.key }),
          headers: { 'content-type': 'application/x-www-form-urlencoded', connection: 'close', ...headers },
        })
        sent.once('error', reject).once('response', async (response: IncomingMessage) => {
          const resumed = (response.socket as TLSSocket).isSessionReused()
          const chunks: Buffer[] = []
          for await (const chunk of response) chunks.push(chunk)
          resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()), resumed })
        })
        sent.end(new URLSearchParams(form).toString())
      }),
  }
}

const form = clientCredentials({ client_id: 'mtls-client' })
const byAuthority = (client: Partial<Client>): Partial<Client> => ({ token_endpoint_auth_method: 'tls_client_auth', ...client })
const bySelf = (client: Partial<Client>): Partial<Client> => ({ token_endpoint_auth_method: 'self_signed_tls_client_auth', ...client })

const right = await issued()
const wrong = await issued({ subject: 'CN=other' })

const names: CertificateOptions['names'] = [
  { type: 'dns', value: 'client.example.com' },
  { type: 'dns', value: '*.wild.example.com' },
  { type: 'url', value: 'spiffe://example.com/client' },
  { type: 'ip', value: '192.0.2.7' },
  { type: 'ip', value: '2001:db8::7' },
  { type: 'email', value: 'Ops@example.com' },
]
const subject: CertificateOptions['subject'] = [{ C: 'DE' }, { O: 'Example, "Inc."' }, { CN: 'client' }]

describe.each(anyExpress)('mutual TLS on %s', (_, express) => {
  describe('MT-03 tls_client_auth takes', () => {
    it.each<[name: string, certificate: CertificateOptions, registered: Partial<Client>]>([
      [
        'subject_dn, from a database that says null for the others',
        { subject },
        {
          tls_client_auth_subject_dn: 'CN=client,O=Example\\, \\"Inc.\\",C=DE',
          tls_client_auth_san_dns: null as never,
          tls_client_auth_san_ip: null as never,
        },
      ],
      ['subject_dn', { subject }, { tls_client_auth_subject_dn: 'CN=client,O=Example\\, \\"Inc.\\",C=DE' }],
      [
        'subject_dn with other escapes and types in lower case',
        { subject },
        { tls_client_auth_subject_dn: 'cn=client, o=Example\\2C \\22Inc.\\22, c=DE' },
      ],
      [
        'subject_dn of several attributes in one RDN',
        { subject: [{ O: 'Example' }, { CN: 'client', OU: 'ops' }] },
        { tls_client_auth_subject_dn: 'OU=ops+CN=client,O=Example' },
      ],
      ['san_dns', { names }, { tls_client_auth_san_dns: 'client.example.com' }],
      ['san_dns in another case', { names }, { tls_client_auth_san_dns: 'Client.Example.com' }],
      ['san_uri', { names }, { tls_client_auth_san_uri: 'spiffe://example.com/client' }],
      ['san_ip, IPv4', { names }, { tls_client_auth_san_ip: '192.0.2.7' }],
      ['san_ip, IPv6 in another spelling', { names }, { tls_client_auth_san_ip: '2001:DB8:0:0::7' }],
      ['san_email', { names }, { tls_client_auth_san_email: 'Ops@example.com' }],
      ['san_uri of a certificate without a subject', { subject: [], names }, { tls_client_auth_san_uri: 'spiffe://example.com/client' }],
    ])('%s', async (_name, options, registered) => {
      const world = await startTls(express, byAuthority(registered))
      expect(await world.send(form, await issued(options))).toMatchObject({ status: 200 })
      expect(world.last()).toMatchObject({ outcome: 'issued', client_id: 'mtls-client', client_auth_method: 'tls_client_auth' })
    })
  })

  describe('MT-02 tls_client_auth refuses', () => {
    const dn = { tls_client_auth_subject_dn: 'CN=client' }
    const mismatch = 'mtls_mismatch'
    it.each<[name: string, certificate: CertificateOptions | undefined, registered: Partial<Client>, reason: string]>([
      ['no certificate', undefined, dn, 'mtls_cert_missing'],
      ['another subject', { subject: 'CN=other' }, dn, mismatch],
      ['a subject in another order', { subject }, { tls_client_auth_subject_dn: 'C=DE,O=Example\\, \\"Inc.\\",CN=client' }, mismatch],
      ['a part of the subject', { subject }, dn, mismatch],
      ['no subject', { subject: [], names }, dn, mismatch],
      ['a chain that leads nowhere', { issuer: impostor }, dn, mismatch],
      ['a certificate that signed itself', { issuer: undefined }, dn, mismatch],
      ['one that has expired', { notBefore: new Date(Date.now() - 2 * hour), notAfter: new Date(Date.now() - hour) }, dn, mismatch],
      ['one that is not valid yet', { notBefore: new Date(Date.now() + hour) }, dn, mismatch],
      ['a wildcard for the name', { names }, { tls_client_auth_san_dns: 'a.wild.example.com' }, mismatch],
      ['a name below the registered one', { names }, { tls_client_auth_san_dns: 'example.com' }, mismatch],
      ['a name below one registered with a dot in front', { names }, { tls_client_auth_san_dns: '.example.com' }, mismatch],
      ['a name in the subject alone', { subject: 'CN=client.example.com' }, { tls_client_auth_san_dns: 'client.example.com' }, mismatch],
      ['a DNS name for a URI', { names }, { tls_client_auth_san_uri: 'client.example.com' }, mismatch],
      ['a URI in another case', { names }, { tls_client_auth_san_uri: 'spiffe://example.com/Client' }, mismatch],
      ['the beginning of a URI', { names }, { tls_client_auth_san_uri: 'spiffe://example.com/clien' }, mismatch],
      [
        'a URI within another',
        { names: [{ type: 'url', value: 'https://a, URI:spiffe://example.com/client, b' }] },
        { tls_client_auth_san_uri: 'spiffe://example.com/client' },
        mismatch,
      ],
      ['no names at all for a URI', {}, { tls_client_auth_san_uri: 'spiffe://example.com/client' }, mismatch],
      ['another address', { names }, { tls_client_auth_san_ip: '192.0.2.8' }, mismatch],
      ['an address as DNS name', { names: [{ type: 'dns', value: '192.0.2.7' }] }, { tls_client_auth_san_ip: '192.0.2.7' }, mismatch],
      ['anything for an address that is none', { names }, { tls_client_auth_san_ip: '192.0.2' }, mismatch],
      ['a mailbox in another case', { names }, { tls_client_auth_san_email: 'ops@example.com' }, mismatch],
      ['a mailbox in the subject alone', { subject: 'E=ops@example.com' }, { tls_client_auth_san_email: 'ops@example.com' }, mismatch],
      ['a registration of nothing', { names: [{ type: 'url', value: '' }] }, { tls_client_auth_san_uri: '' }, 'client_misconfigured'],
      ['a registration of no subject', {}, {}, 'client_misconfigured'],
      ['a registration of two subjects', { names }, { ...dn, tls_client_auth_san_dns: 'client.example.com' }, 'client_misconfigured'],
      ['a client that is switched off', {}, { ...dn, enabled: false }, 'client_disabled'],
    ])('%s', async (_name, options, registered, reason) => {
      const world = await startTls(express, byAuthority(registered))
      expect(await world.send(form, options && (await issued(options)))).toMatchObject({ status: 401, body: generic })
      expect(world.last()).toMatchObject({ outcome: 'refused', reason })
      expect(world.calls.mintToken).toBe(0)
    })
  })

  describe('MT-04 self_signed_tls_client_auth', () => {
    it('takes a certificate whose key is registered, whoever signed it and whatever it says', async () => {
      const keyPair = await newKeys()
      const one = await issueCertificate({ subject: 'CN=one', keys: keyPair })
      const world = await startTls(express, bySelf({ jwks: { keys: [keys.other.jwk, jwkOf(one)] } }))
      for (const certificate of [one, await issueCertificate({ subject: 'CN=two', keys: keyPair }), await issued({ keys: keyPair })]) {
        expect(await world.send(form, certificate)).toMatchObject({ status: 200 })
        expect(world.last().client_auth_method).toBe('self_signed_tls_client_auth')
      }
    })

    it('follows a rotation of the key', async () => {
      const [before, after] = [await issueCertificate(), await issueCertificate()]
      const client = bySelf({})
      const world = await startTls(
        express,
        {},
        { findClient: (client_id) => ({ client_id, grant_types: [CLIENT_CREDENTIALS], ...client }) },
      )
      for (const [registered, statuses] of [
        [[before], [200, 401]],
        [
          [before, after],
          [200, 200],
        ],
        [[after], [401, 200]],
      ] as const) {
        client.jwks = { keys: registered.map(jwkOf) }
        expect([(await world.send(form, before)).status, (await world.send(form, after)).status]).toEqual(statuses)
      }
    })

    it.each<[name: string, certificate: () => Promise<Certificate | undefined>, client: Partial<Client>, reason: string]>([
      ['no certificate', async () => undefined, { jwks: { keys: [keys.client.jwk] } }, 'mtls_cert_missing'],
      ['a key that is not registered', () => issueCertificate(), { jwks: { keys: [keys.client.jwk] } }, 'mtls_mismatch'],
      ['even with a chain', () => issued(), { jwks: { keys: [keys.client.jwk] } }, 'mtls_mismatch'],
      ['a client without keys', () => issueCertificate(), {}, 'jwks_invalid'],
      [
        'a client with two sources of keys',
        () => issueCertificate(),
        { jwks: { keys: [keys.client.jwk] }, jwks_uri: 'https://x.example/' },
        'jwks_invalid',
      ],
      ['a client without usable keys', () => issueCertificate(), { jwks: { keys: [] } }, 'jwks_invalid'],
      ['JW-13 keys at a loopback address', () => issueCertificate(), { jwks_uri: 'https://127.0.0.1:9/' }, 'jwks_blocked'],
    ])('refuses %s', async (_name, certificate, client, reason) => {
      const world = await startTls(express, bySelf(client))
      expect(await world.send(form, await certificate())).toMatchObject({ status: 401, body: generic })
      expect(world.last()).toMatchObject({ outcome: 'refused', reason })
    })

    it.each<[name: string, options: CertificateOptions]>([
      ['has expired', { notBefore: new Date(Date.now() - 2 * hour), notAfter: new Date(Date.now() - hour) }],
      ['is not valid yet', { notBefore: new Date(Date.now() + hour) }],
    ])('refuses a certificate that %s, though its key is registered', async (_name, options) => {
      const certificate = await issueCertificate(options)
      const world = await startTls(express, bySelf({ jwks: { keys: [jwkOf(certificate)] } }))
      expect(await world.send(form, certificate)).toMatchObject({ status: 401, body: generic })
      expect(world.last().reason).toBe('mtls_mismatch')
    })

    it('refuses a certificate whose key no JWK can hold', async () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp224r1' })
      const { x509 } = await issueCertificate({ publicKey })
      const getClientCertificate = () => ({ certificate: x509, verified: true })
      const world = await startTls(express, bySelf({ jwks: { keys: [keys.client.jwk] } }), { getClientCertificate })
      expect(await world.send(form)).toMatchObject({ status: 401, body: generic })
      expect(world.last().reason).toBe('mtls_mismatch')
    })

    it('fetches the keys of a jwks_uri, once', async () => {
      const [known, unknown] = [await issueCertificate(), await issueCertificate()]
      let fetches = 0
      const keySet = createHttpServer((_req, res) => {
        fetches++
        res.end(JSON.stringify({ keys: [jwkOf(known)] }))
      })
      await new Promise<void>((resolve) => keySet.listen(0, '127.0.0.1', resolve))
      open.push(keySet)
      const jwks_uri = `http://127.0.0.1:${(keySet.address() as AddressInfo).port}/jwks`
      const world = await startTls(express, bySelf({ jwks_uri, allowPrivateJwksUri: true }))
      const answers = await Promise.all([known, known, unknown].map((certificate) => world.send(form, certificate)))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 401])
      expect(fetches).toBe(1)
    })

    it('follows a rotation of the key behind a jwks_uri', async () => {
      const [before, after] = [await issueCertificate(), await issueCertificate()]
      let published = [before]
      const keySet = createHttpServer((_req, res) => void res.end(JSON.stringify({ keys: published.map(jwkOf) })))
      await new Promise<void>((resolve) => keySet.listen(0, '127.0.0.1', resolve))
      open.push(keySet)
      const jwks_uri = `http://127.0.0.1:${(keySet.address() as AddressInfo).port}/jwks`
      const client = bySelf({ jwks_uri, allowPrivateJwksUri: true })
      expect((await (await startTls(express, client)).send(form, before)).status).toBe(200)
      published = [after]
      const world = await startTls(express, client) // another process, with nothing in its cache
      expect([(await world.send(form, before)).status, (await world.send(form, after)).status]).toEqual([401, 200])
    })

    it('answers 503 where the keys cannot be fetched', async () => {
      const keySet = createHttpServer((_req, res) => void res.writeHead(500).end())
      await new Promise<void>((resolve) => keySet.listen(0, '127.0.0.1', resolve))
      open.push(keySet)
      const jwks_uri = `http://127.0.0.1:${(keySet.address() as AddressInfo).port}/jwks`
      const world = await startTls(express, bySelf({ jwks_uri, allowPrivateJwksUri: true }))
      expect(await world.send(form, await issueCertificate())).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } })
      expect(world.last().reason).toBe('jwks_unavailable')
    })
  })

  it.each<[name: string, form: Record<string, string>]>([
    ['client_credentials', clientCredentials({})],
    ['a JWT grant', grantRequest(undefined, {})],
  ])('MT-01 refuses %s without client_id, though the certificate is right', async (_name, withoutClientId) => {
    const world = await startTls(express, byAuthority({ tls_client_auth_subject_dn: 'CN=client' }))
    expect(await world.send(withoutClientId, await issued())).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(world.last().reason).toBe('client_auth_missing')
    expect(world.calls.findClient).toBe(0)
  })

  it('serves a JWT grant to an mTLS client', async () => {
    const world = await startTls(express, byAuthority({ tls_client_auth_subject_dn: 'CN=client' }))
    expect(await world.send(grantRequest(undefined, { client_id: 'mtls-client' }), await issued())).toMatchObject({ status: 200 })
    expect(world.last()).toMatchObject({ client_auth_method: 'tls_client_auth', issuer: 'https://idp.example.org' })
  })

  describe('T-76 a client with a certificate that signs its own grants must present its certificate', () => {
    type Sent = 'none' | 'wrong' | 'right'
    type Answer = readonly [status: number, error: string | undefined, reason: string | undefined]
    const certificates: Record<Sent, Certificate | undefined> = { none: undefined, wrong, right }
    const own = (claims: Record<string, unknown> = {}, key = keys.client) =>
      grant({ iss: 'mtls-client', ...claims }, { key, header: { kid: 'client-key' } })
    const forTheClient = {
      none: [401, 'invalid_client', 'mtls_cert_missing'],
      wrong: [401, 'invalid_client', 'mtls_mismatch'],
      right: [200, undefined, undefined],
    } as const
    const always = (...answer: Answer) => ({ none: answer, wrong: answer, right: answer })
    const jwts: Record<string, { jwt: () => string; grant: Record<Sent, Answer>; split?: Record<Sent, Answer> }> = {
      'a valid grant': { jwt: own, grant: forTheClient },
      'a valid grant that names its client': { jwt: () => own({ client_id: 'mtls-client' }), grant: forTheClient },
      'an expired grant': { jwt: () => own({ exp: now() - 60, iat: now() - 120 }), grant: always(400, 'invalid_grant', 'expired') },
      'a grant for another server': {
        jwt: () => own({ aud: 'https://other.example' }),
        grant: always(400, 'invalid_grant', 'aud_not_registered'),
      },
      'a forged grant': {
        jwt: () => own({}, keys.other),
        grant: always(400, 'invalid_grant', 'signature_invalid'),
        split: always(401, 'invalid_client', 'signature_invalid'),
      },
      'a grant of an unknown issuer': {
        jwt: () => own({ iss: 'https://unknown.example' }),
        grant: always(400, 'invalid_grant', 'issuer_untrusted'),
        split: always(401, 'invalid_client', 'issuer_untrusted'),
      },
    }
    const registrations: Record<string, Partial<Client>> = {
      tls_client_auth: byAuthority({ tls_client_auth_subject_dn: 'CN=client' }),
      self_signed_tls_client_auth: bySelf({ jwks: { keys: [jwkOf(right)] } }),
    }
    const trusted: TrustedIssuer = {
      issuer: 'mtls-client',
      client_id: 'mtls-client',
      jwks: { keys: [keys.client.jwk] },
      audience: issuer,
      scope: 'read',
    }
    const rows = Object.keys(registrations).flatMap((method) =>
      [false, true].flatMap((require_explicit_auth) =>
        (['grant', 'split'] as const).flatMap((rule) => Object.keys(jwts).map((name) => ({ method, require_explicit_auth, rule, name }))),
      ),
    )

    it.each(rows)(
      '$method, require_explicit_auth: $require_explicit_auth, $rule: $name',
      async ({ method, require_explicit_auth, rule, name }) => {
        const thumbprints: (string | undefined)[] = []
        const client = {
          ...(registrations[method] as Partial<Client>),
          client_id: 'mtls-client',
          grant_types: [JWT_BEARER_GRANT],
          require_explicit_auth,
        }
        let presented: Certificate | undefined
        const world = startWorld(express, {
          options: { implicitErrors: rule },
          hooks: {
            findClient: (id) => (id === 'mtls-client' ? client : undefined),
            findIssuer: (iss) => (iss === trusted.issuer ? trusted : undefined),
            getClientCertificate: () => presented && { certificate: presented.x509, verified: true },
            mintToken: ({ client }) => {
              thumbprints.push(client.certificateThumbprint)
              return { access_token: 't', token_type: 'Bearer' }
            },
          },
        })
        const { jwt, ...answers } = jwts[name] as (typeof jwts)[string]
        for (const sent of ['none', 'wrong', 'right'] as const) {
          presented = certificates[sent]
          const [status, error, reason] = ((rule === 'split' && answers.split) || answers.grant)[sent]
          for (const named of [{}, { client_id: 'mtls-client' }]) {
            const answer = await world.post(grantRequest(jwt(), named as Record<string, string>))
            expect([sent, named, answer.status, answer.body.error]).toEqual([sent, named, status, error])
            expect(world.last()).toMatchObject({
              status,
              ...(reason ? { reason } : { client_id: 'mtls-client', client_auth_method: method }),
            })
          }
        }
        expect(thumbprints).toEqual(name.startsWith('a valid grant') ? [right.thumbprint, right.thumbprint] : [])
      },
    )

    it('whoever else presents the certificate of another client gets nothing for the grant of this one', async () => {
      const other = { ...registrations.tls_client_auth, client_id: 'other-mtls', grant_types: [JWT_BEARER_GRANT] } as Client
      const client = { ...registrations.self_signed_tls_client_auth, client_id: 'mtls-client', grant_types: [JWT_BEARER_GRANT] } as Client
      const findClient: Hooks['findClient'] = (id) => [client, other].find(({ client_id }) => client_id === id)
      const world = await startTls(express, {}, { findClient, findIssuer: () => trusted })
      const answer = await world.send(grantRequest(own(), { client_id: 'other-mtls' }), right)
      expect([answer.status, answer.body.error, world.last().reason]).toEqual([400, 'invalid_grant', 'client_binding_mismatch'])
    })
  })

  it('knows the client of a TLS session that is resumed', async () => {
    const world = await startTls(express, byAuthority({ tls_client_auth_subject_dn: 'CN=client' }))
    const agent = new Agent({ keepAlive: false })
    const answers: Answer[] = []
    for (const certificate of [right, right, wrong, wrong, right]) answers.push(await world.send(form, certificate, { agent }))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 401, 200])
    expect(answers.some(({ resumed }) => resumed)).toBe(true)
  })

  describe('MT-06 believes no header by itself', () => {
    const pem = encodeURIComponent(right.cert)
    it.each<[name: string, headers: Record<string, string>]>([
      ['x-client-cert', { 'x-client-cert': pem }],
      ['x-ssl-client-cert', { 'x-ssl-client-cert': pem, 'x-ssl-client-verify': 'SUCCESS' }],
      ['x-forwarded-client-cert', { 'x-forwarded-client-cert': `Cert="${pem}";Subject="CN=client"` }],
      ['x-forwarded-tls-client-cert', { 'x-forwarded-tls-client-cert': pem }],
      ['x-amzn-mtls-clientcert', { 'x-amzn-mtls-clientcert': pem }],
      ['x-arr-clientcert', { 'x-arr-clientcert': right.x509.raw.toString('base64') }],
      ['client-cert', { 'client-cert': `:${right.x509.raw.toString('base64')}:` }],
    ])('%s', async (_name, headers) => {
      for (const client of [byAuthority({ tls_client_auth_subject_dn: 'CN=client' }), bySelf({ jwks: { keys: [jwkOf(right)] } })]) {
        const world = await startTls(express, client)
        expect(await world.send(form, undefined, { headers })).toMatchObject({ status: 401, body: generic })
        expect(world.last().reason).toBe('mtls_cert_missing')
        expect(await world.send(form, await issued({ subject: 'CN=other' }), { headers })).toMatchObject({ status: 401, body: generic })
        expect(world.last().reason).toBe('mtls_mismatch')
        expect(await world.post(form, headers)).toMatchObject({ status: 401, body: generic }) // no TLS at all
        expect(world.last().reason).toBe('mtls_cert_missing')
      }
    })
  })

  describe('MT-06 behind a proxy', () => {
    /** As a host writes it that knows its proxy. */
    const getClientCertificate: Hooks['getClientCertificate'] = ({ headers }) => {
      const pem = headers['x-client-cert']
      return typeof pem === 'string'
        ? { certificate: new X509Certificate(decodeURIComponent(pem)), verified: headers['x-client-verify'] === 'SUCCESS' }
        : undefined
    }
    const header = (certificate: Certificate, verify: string) => ({
      'x-client-cert': encodeURIComponent(certificate.cert),
      'x-client-verify': verify,
    })

    it('takes the certificate that the hook gives, and not that of the socket', async () => {
      const proxy = await issued({ subject: 'CN=proxy' })
      for (const [client, verify, status] of [
        [byAuthority({ tls_client_auth_subject_dn: 'CN=client' }), 'SUCCESS', 200],
        [byAuthority({ tls_client_auth_subject_dn: 'CN=client' }), 'FAILED', 401],
        [byAuthority({ tls_client_auth_subject_dn: 'CN=proxy' }), 'SUCCESS', 401],
        [bySelf({ jwks: { keys: [jwkOf(right)] } }), 'FAILED', 200],
        [bySelf({ jwks: { keys: [jwkOf(proxy)] } }), 'SUCCESS', 401],
      ] as const) {
        const world = await startTls(express, client, { getClientCertificate })
        expect(await world.send(form, proxy, { headers: header(right, verify) })).toMatchObject({ status })
        expect(await world.post(form, header(right, verify))).toMatchObject({ status })
        expect(await world.send(form, right)).toMatchObject({ status: 401, body: generic })
        expect(world.last().reason).toBe('mtls_cert_missing')
      }
    })

    it.each<[name: string, hook: () => unknown, status: number, reason: string]>([
      ['gives nothing', () => undefined, 401, 'mtls_cert_missing'],
      ['gives null', () => null, 401, 'mtls_cert_missing'],
      ['gives a PEM text', () => authority.cert, 500, 'hook_result_invalid'],
      ['gives a PEM text for the certificate', () => ({ certificate: authority.cert, verified: true }), 500, 'hook_result_invalid'],
      ['takes a word for true', async () => ({ certificate: (await issued()).x509, verified: 'FAILED' }), 401, 'mtls_mismatch'],
      ['forgets verified', async () => ({ certificate: (await issued()).x509 }), 401, 'mtls_mismatch'],
      [
        'gives one that has expired',
        async () => ({ certificate: (await issued({ notAfter: new Date(Date.now() - hour) })).x509, verified: true }),
        401,
        'mtls_mismatch',
      ],
      ...(['validFrom', 'validTo'] as const).map((date): [string, () => unknown, number, string] => [
        `gives one whose ${date} cannot be read`,
        async () => ({ certificate: Object.defineProperty((await issued()).x509, date, { value: 'Bad time value' }), verified: true }),
        401,
        'mtls_mismatch',
      ]),
      ['throws', () => Promise.reject(new Error('password=hunter2')), 500, 'hook_error'],
    ])('a hook that %s: T-57', async (_name, hook, status, reason) => {
      const client = byAuthority({ tls_client_auth_subject_dn: 'CN=client' })
      const world = await startTls(express, client, { getClientCertificate: hook as never })
      const answer = await world.send(form)
      expect(answer.status).toBe(status)
      expect(JSON.stringify(answer.body)).not.toContain('hunter2')
      expect(world.last().reason).toBe(reason)
    })
  })

  describe('MT-07 a certificate is no mechanism by itself', () => {
    it.each<[name: string, client: Partial<Client>, form: () => Record<string, string>, headers: Record<string, string>, method: string]>([
      [
        'private_key_jwt',
        { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [keys.client.jwk] } },
        () => byJwt(clientAssertion({ iss: 'mtls-client' })),
        {},
        'private_key_jwt',
      ],
      ['client_secret_basic', { client_secret: 's' }, () => ({}), { authorization: basic('mtls-client', 's') }, 'client_secret_basic'],
      [
        'client_secret_post',
        { token_endpoint_auth_method: 'client_secret_post', client_secret: 's' },
        () => ({ client_id: 'mtls-client', client_secret: 's' }),
        {},
        'client_secret_post',
      ],
    ])('beside %s', async (_name, client, credential, headers, method) => {
      let granted: Granted | undefined
      const mintToken: Hooks['mintToken'] = (it) => {
        granted = it
        return { access_token: 't', token_type: 'Bearer' }
      }
      const world = await startTls(express, client, { mintToken })
      for (const certificate of [await issued(), await issueCertificate()]) {
        expect(await world.send(clientCredentials(credential()), certificate, { headers })).toMatchObject({ status: 200 })
        expect(world.last().client_auth_method).toBe(method)
        expect(granted?.client.certificateThumbprint).toBeUndefined()
      }
    })

    it('and instead of the registered method it is none', async () => {
      for (const token_endpoint_auth_method of ['private_key_jwt', 'client_secret_basic']) {
        const world = await startTls(express, { token_endpoint_auth_method, tls_client_auth_subject_dn: 'CN=client' })
        expect(await world.send(form, await issued())).toMatchObject({ status: 401, body: generic })
        expect(world.last().reason).toBe('auth_method_not_registered')
      }
    })
  })

  it.each<[name: string, client: Partial<Client>, detail: object, hooks: Partial<Hooks>]>([
    [
      'another subject',
      byAuthority({ tls_client_auth_subject_dn: 'CN=other' }),
      { seen: { subject: 'CN=client', verified: true }, wanted: { tls_client_auth_subject_dn: 'CN=other', verified: true } },
      {},
    ],
    [
      'two subjects',
      byAuthority({ tls_client_auth_subject_dn: 'CN=a', tls_client_auth_san_dns: 'a' }),
      { seen: ['tls_client_auth_subject_dn', 'tls_client_auth_san_dns'], wanted: expect.stringContaining('tls_client_auth_san_uri, ') },
      {},
    ],
    ['another key', bySelf({ jwks: { keys: [keys.client.jwk] } }), { seen: { thumbprint: expect.stringMatching(/^[\w-]{43}$/) } }, {}],
    [
      'a hook that throws',
      byAuthority({ tls_client_auth_subject_dn: 'CN=client' }),
      { seen: 'getClientCertificate threw Error' },
      { getClientCertificate: () => Promise.reject(new Error('x')) },
    ],
  ])('shows what it saw, and what is registered: %s', async (_name, client, detail, hooks) => {
    const world = await startTls(express, client, hooks)
    await world.send(form, right)
    expect(world.last().detail).toMatchObject(detail)
  })

  describe('MT-05 the thumbprint of the certificate', () => {
    const minter = tokenMinter({ issuer, audience: 'https://api.example.com', key: keys.idp.privateKey })
    const dn = { tls_client_auth_subject_dn: 'CN=client' }
    it.each<[name: string, client: Partial<Client>, isBound: boolean]>([
      ['tls_client_auth, bound', byAuthority({ ...dn, tls_client_certificate_bound_access_tokens: true }), true],
      ['tls_client_auth, not bound', byAuthority({ ...dn, tls_client_certificate_bound_access_tokens: false }), false],
      ['tls_client_auth, by default', byAuthority(dn), false],
      [
        'self_signed_tls_client_auth, bound',
        bySelf({ jwks: { keys: [jwkOf(right)] }, tls_client_certificate_bound_access_tokens: true }),
        true,
      ],
    ])('reaches mintToken, and cnf where it is registered: %s', async (_name, client, isBound) => {
      const seen: (string | undefined)[] = []
      const mintToken: Hooks['mintToken'] = (granted) => {
        seen.push(granted.client.certificateThumbprint)
        return minter(granted)
      }
      const world = await startTls(express, client, { mintToken })
      for (const asked of [form, grantRequest(undefined, { client_id: 'mtls-client' })]) {
        const { status, body } = await world.send(asked, right)
        expect(status).toBe(200)
        expect(decodeJwt(body.access_token as string).cnf).toEqual(isBound ? { 'x5t#S256': right.thumbprint } : undefined)
      }
      expect(seen).toEqual([right.thumbprint, right.thumbprint])
    })
  })
})
