import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from '@jest/globals'
import { discoveryUrls, fetchDiscovered } from '../../../lib/assertion/keys/discovery.js'
import type { DocumentKind } from '../../../lib/assertion/keys/guarded-fetch.js'
import { Refusal, refusal } from '../../../lib/host/errors.js'
import type { Client, TrustedIssuer } from '../../../lib/index.js'
import { anyExpress } from '../../support/express.js'
import { ec } from '../../support/keys.js'
import {
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  issuers,
  openIdp,
  startWorld,
} from '../../support/world.js'

const key = ec('discovered')
const issuer = 'https://idp.example.org'
const jwks_uri = 'https://keys.example.org/jwks'
const keySet = { keys: [key.jwk] }

/** A web of documents by their URLs, where all others are a 404. */
function web(documents: Record<string, unknown>) {
  const fetched: string[] = []
  const fetch = async (url: string, _allowPrivate = false, kind?: DocumentKind) => {
    fetched.push(url)
    const document = documents[url]
    if (document instanceof Refusal) throw document
    if (document === undefined)
      throw refusal(kind ? 'discovery_invalid' : 'jwks_invalid', {
        seen: { [kind?.url ?? 'jwks_uri']: url, status: 404 },
        wanted: { status: 200 },
      })
    return { document, bytes: 1 }
  }
  return { fetched, fetch }
}
const [openid, oauth] = discoveryUrls(issuer) as [string, string]

it.each<[issuer: string, urls: string[]]>([
  [issuer, ['https://idp.example.org/.well-known/openid-configuration', 'https://idp.example.org/.well-known/oauth-authorization-server']],
  [
    'https://idp.example.org/tenants/a/',
    [
      'https://idp.example.org/tenants/a/.well-known/openid-configuration',
      'https://idp.example.org/.well-known/oauth-authorization-server/tenants/a',
    ],
  ],
])('WI-03 the metadata of %s', (of, urls) => {
  expect(discoveryUrls(of)).toEqual(urls)
})

describe('WI-03 the keys of an issuer by discovery', () => {
  it.each<[where: string, documents: Record<string, unknown>, fetched: string[]]>([
    ['OpenID Connect Discovery', { [openid]: { issuer, jwks_uri } }, [openid, jwks_uri]],
    ['RFC 8414', { [oauth]: { issuer, jwks_uri } }, [openid, oauth, jwks_uri]],
    ['the first of both', { [openid]: { issuer, jwks_uri }, [oauth]: { issuer: 'https://other.example' } }, [openid, jwks_uri]],
  ])('are those of the jwks_uri in its metadata: %s', async (_where, documents, fetched) => {
    const { fetch, fetched: asked } = web({ ...documents, [jwks_uri]: keySet })
    expect((await fetchDiscovered(issuer, false, fetch)).document).toBe(keySet)
    expect(asked).toEqual(fetched)
  })

  const unavailable = refusal('jwks_unavailable', { seen: { status: 500 }, wanted: { status: 200 } })
  const blocked = refusal('jwks_blocked', { seen: 'x', wanted: 'y' })
  it.each<[problem: string, documents: Record<string, unknown>, reason: string, fetched: string[], of?: string]>([
    ['no metadata', {}, 'discovery_invalid', [openid, oauth]],
    ['metadata of another issuer', { [openid]: { issuer: 'https://evil.example', jwks_uri } }, 'discovery_invalid', [openid]],
    ['metadata of an issuer with a slash more', { [openid]: { issuer: `${issuer}/`, jwks_uri } }, 'discovery_invalid', [openid]],
    [
      'a second metadata of another issuer',
      { [oauth]: { issuer: 'https://evil.example', jwks_uri } },
      'discovery_invalid',
      [openid, oauth],
    ],
    ['metadata of no issuer', { [openid]: { jwks_uri } }, 'discovery_invalid', [openid]],
    ['metadata without jwks_uri', { [openid]: { issuer } }, 'discovery_invalid', [openid]],
    ['metadata with a list of jwks_uris', { [openid]: { issuer, jwks_uri: [jwks_uri] } }, 'discovery_invalid', [openid]],
    ['metadata that is null', { [openid]: null }, 'discovery_invalid', [openid]],
    ['metadata that is text', { [openid]: issuer }, 'discovery_invalid', [openid]],
    ['an issuer that does not answer', { [openid]: unavailable, [oauth]: { issuer, jwks_uri } }, 'jwks_unavailable', [openid]],
    ['an issuer with a private address', { [openid]: blocked }, 'jwks_blocked', [openid]],
    ['a jwks_uri that is a 404', { [openid]: { issuer, jwks_uri: 'https://idp.example.org/x' } }, 'jwks_invalid', [openid, `${issuer}/x`]],
    ['an issuer with a query', {}, 'discovery_invalid', [], `${issuer}?a=b`],
    ['an issuer with a fragment', {}, 'discovery_invalid', [], `${issuer}#a`],
    ['an issuer that is no URL', {}, 'discovery_invalid', [], 'idp'],
  ])('T-80 are refused: %s', async (_problem, documents, reason, fetched, of = issuer) => {
    const { fetch, fetched: asked } = web({ [jwks_uri]: keySet, ...documents })
    await expect(fetchDiscovered(of, false, fetch)).rejects.toMatchObject({ reason })
    expect(asked).toEqual(fetched)
  })

  it('says what was tried', async () => {
    const error = (await fetchDiscovered(issuer, false, web({}).fetch).catch((thrown) => thrown)) as Refusal
    expect(error.evidence).toMatchObject({
      seen: [
        { metadata: openid, status: 404 },
        { metadata: oauth, status: 404 },
      ],
    })
  })

  it('passes on whether private addresses are allowed', async () => {
    const asked: boolean[] = []
    const { fetch } = web({ [openid]: { issuer, jwks_uri }, [jwks_uri]: keySet })
    await fetchDiscovered(issuer, true, (url, allowPrivate, kind) => {
      asked.push(allowPrivate)
      return fetch(url, allowPrivate, kind)
    })
    expect(asked).toEqual([true, true])
  })
})

describe.each(anyExpress)('WI-03 an endpoint on %s', (_, express) => {
  const servers: Server[] = []
  afterAll(() => {
    for (const server of servers) server.close().closeAllConnections()
  })

  /** An identity provider that says who it is, and counts what is fetched of it. */
  async function startIdp(metadata: (origin: string) => object) {
    const fetched: string[] = []
    const server = createServer((req, res) => {
      fetched.push(req.url ?? '')
      const answer = req.url === '/jwks' ? keySet : req.url?.startsWith('/.well-known/openid') ? metadata(origin) : undefined
      res.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return { origin, fetched }
  }
  const registered = (origin: string): TrustedIssuer => {
    const { jwks: _jwks, ...rest } = issuers[openIdp]
    return { ...rest, issuer: origin, discovery: true, allowPrivateJwksUri: true }
  }

  it('takes grants that are signed with a discovered key, and fetches once', async () => {
    const { origin, fetched } = await startIdp((issuer) => ({ issuer, jwks_uri: `${issuer}/jwks` }))
    const world = startWorld(express, { hooks: { findIssuer: () => registered(origin) } })
    for (let i = 0; i < 3; i++) expect((await world.post(grantRequest(grant({ iss: origin }, { key }), {}))).status).toBe(200)
    expect(fetched).toEqual(['/.well-known/openid-configuration', '/jwks'])
    expect((await world.post(grantRequest(grant({ iss: origin }, { key: ec('discovered') }), {}))).status).toBe(400)
    expect(world.last().reason).toBe('signature_invalid')
  })

  it('takes the token of a workload as client credential', async () => {
    const { origin } = await startIdp((issuer) => ({ issuer, jwks_uri: `${issuer}/jwks` }))
    const federated_credentials = [{ issuer: origin, subject: 'w', discovery: true, allowPrivateJwksUri: true }]
    const client: Client = { ...clients['jwt-client'], federated_credentials }
    const world = startWorld(express, { hooks: { findClient: () => client } })
    const token = clientAssertion({ iss: origin, sub: 'w' }, { key })
    expect((await world.post({ ...clientCredentials(byJwt(token)), client_id: 'jwt-client' })).status).toBe(200)
  })

  it('refuses grants if the metadata names another issuer', async () => {
    const { origin, fetched } = await startIdp((issuer) => ({ issuer: 'https://idp.example.org', jwks_uri: `${issuer}/jwks` }))
    const world = startWorld(express, { hooks: { findIssuer: () => registered(origin) } })
    const { status, body } = await world.post(grantRequest(grant({ iss: origin }, { key }), {}))
    expect([status, body]).toEqual([400, { error: 'invalid_grant', error_description: 'The assertion was refused.' }])
    expect(world.last()).toMatchObject({
      reason: 'discovery_invalid',
      detail: { seen: { issuer: 'https://idp.example.org' }, wanted: { issuer: origin } },
    })
    expect(fetched).toEqual(['/.well-known/openid-configuration'])
  })

  it('answers 503 if the issuer does not answer', async () => {
    const away = registered('http://127.0.0.1:1')
    const world = startWorld(express, { hooks: { findIssuer: () => away } })
    expect((await world.post(grantRequest(grant({ iss: away.issuer }, { key }), {}))).status).toBe(503)
    expect(world.last().reason).toBe('jwks_unavailable')
  })
})
