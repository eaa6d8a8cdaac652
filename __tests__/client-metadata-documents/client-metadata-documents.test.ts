/** Clients with a URL as `client_id` at a real endpoint: each rule of their documents, and what is answered. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { RequestHandler } from 'express'
import {
  CLIENT_CREDENTIALS,
  type Client,
  type ClientMetadataDocumentsOptions,
  ConfigurationError,
  clientMetadataDocuments,
  type DocumentedClient,
  explainRequest,
  JWT_BEARER_GRANT,
  OAuthError,
  type TrustedIssuer,
} from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { withClock } from '../support/fetches.js'
import { rsa } from '../support/keys.js'
import { chatGpt, claude, type Document, documentOf, json, signedBy, startDocumentedWorld, startPublisher } from '../support/publisher.js'
import {
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  idp,
  issuers,
  keys,
  openIdp,
  tokenEndpointUrl,
} from '../support/world.js'

const publisher = await startPublisher()
const { origin, routes, visits, client_id } = publisher
const publish = (over: Document = {}, headers = {}) => {
  routes['/client.json'] = json(documentOf(client_id, over), headers)
}
beforeEach(() => {
  for (const path of Object.keys(routes)) delete routes[path]
  visits.length = 0
  publish()
})

const constant = { error: 'invalid_client', error_description: 'Client authentication failed.' }
const ok = expect.objectContaining({ status: 200 })
const refusedFor = (reason: string) => expect.objectContaining({ status: 401, body: constant, reason })
const bare = (id: string) => clientCredentials({ client_id: id })

describe.each(anyExpress)('clients with a URL as client_id, on %s', (_, express) => {
  type Terms = Partial<ClientMetadataDocumentsOptions>
  const start = (terms: Terms = {}, more = {}) => startDocumentedWorld(express, terms, more)
  /** The answer to a good request of a client with this document. */
  const answerTo = (over: Document, terms: Terms = {}) => {
    publish(over)
    return start(terms).ask(signedBy(client_id))
  }

  it('a good document makes a client: what it says, within what the host allows', async () => {
    const { ask, last, findClient } = start()
    expect(await ask(signedBy(client_id))).toMatchObject({ status: 200, notices: [] })
    expect(last()).toMatchObject({ client_id, client_level: 'authenticated', client_auth_method: 'private_key_jwt' })
    expect(await findClient(client_id)).toEqual({
      client_id,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [keys.client.jwk] },
      grant_types: [CLIENT_CREDENTIALS, JWT_BEARER_GRANT],
      scope: 'read write',
      audience: 'issuer-or-token-endpoint',
      require_named_grant: true,
      client_metadata: documentOf(client_id),
    })
    expect(visits).toEqual(['/client.json'])
  })

  it('one request cannot change the client of another', async () => {
    publish({ redirect_uris: ['https://app.example.org/back'], odd: [[{ deep: { deeper: [] } }]], ['__proto__']: { x: {} } })
    const client = (await start().findClient(client_id)) as DocumentedClient
    const open = (value: unknown): unknown[] =>
      typeof value !== 'object' || value === null ? [] : [...(Object.isFrozen(value) ? [] : [value]), ...Object.values(value).flatMap(open)]
    expect(Object.isFrozen(client)).toBe(true)
    expect([client.client_metadata, client.jwks].flatMap(open)).toEqual([])
  })

  it('the registry is asked first: a client that it knows is not looked up on the web', async () => {
    const registered: Client = { ...clients['jwt-client'], client_id, jwks: { keys: [keys.other.jwk] } }
    const { ask } = start({ findClient: async (id) => (id === client_id ? registered : clients[id as 'jwt-client']) })
    expect(await ask(signedBy(client_id, {}, keys.other))).toEqual(ok)
    expect(await ask(signedBy(client_id))).toEqual(refusedFor('key_not_found'))
    expect(await ask(clientCredentials())).toEqual(ok)
    registered.enabled = false
    expect(await ask(signedBy(client_id, {}, keys.other))).toEqual(refusedFor('client_disabled'))
    expect(visits).toEqual([])
  })

  it.each(['reports', 'urn:example:reports', 'ftp://app.example.org/client.json', 'spiffe://example.org/app', 'https:app.example.org/c'])(
    '%s is a name that nobody knows',
    async (id) => {
      expect(await start().ask(bare(id))).toEqual(refusedFor('client_unknown'))
    },
  )

  describe('CD-01 the URL', () => {
    it.each([
      ['http', 'http://app.example.org/client.json', 'a URL that starts with https://'],
      ['another spelling of https', 'HTTPS://app.example.org/client.json', 'a URL that starts with https://'],
      ['no path', 'https://app.example.org', 'a URL with a host and a path'],
      ['no path, but a query', 'https://app.example.org?/client.json', 'a URL with a host and a path'],
      ['no host', 'https:///client.json', 'a URL with a host and a path'],
      ['a fragment', 'https://app.example.org/client.json#keys', 'a URL without a fragment'],
      ['an empty fragment', 'https://app.example.org/client.json#', 'a URL without a fragment'],
      ['a user', 'https://user@app.example.org/client.json', 'a URL without user information'],
      ['a user and a password', 'https://user:pass@app.example.org/client.json', 'a URL without user information'],
      ['an empty user', 'https://@app.example.org/client.json', 'a URL without user information'],
      ['a dot segment', 'https://app.example.org/a/./client.json', 'a path without . and .. as a segment'],
      ['two dots', 'https://app.example.org/a/../client.json', 'a path without . and .. as a segment'],
      ['two dots at the end', 'https://app.example.org/a/..', 'a path without . and .. as a segment'],
      ['encoded dots', 'https://app.example.org/a/%2e%2E/client.json', 'a path without . and .. as a segment'],
      ['dots that are half encoded', 'https://app.example.org/a/.%2e/client.json', 'a path without . and .. as a segment'],
      ['a space', 'https://app.example.org/client .json', expect.stringContaining('printable ASCII')],
      ['a backslash', 'https://app.example.org\\client.json', expect.stringContaining('printable ASCII')],
      ['a port that is none', 'https://app.example.org:99999/client.json', 'a URL'],
      ['brackets that stay open', 'https://[::1/client.json', 'a URL'],
      ['an empty host', 'https://:443/client.json', 'a URL'],
    ])('%s is refused before anybody is asked', async (_name, id, wanted) => {
      const asked: URL[] = []
      const { ask } = start({ allowPrivateUrls: false, allow: (url) => asked.push(url) > 0 })
      expect(await ask(bare(id))).toMatchObject({
        status: 401,
        body: constant,
        reason: 'client_id_malformed',
        detail: { wanted },
      })
      expect(asked).toEqual([])
    })

    it.each([
      'https://app.example.org/',
      'https://app.example.org/client.json',
      'https://app.example.org:443/client.json',
      'https://app.example.org:8443/client',
      'https://app.example.org/client?back=/../',
      'https://app.example.org/a/.well-known/...',
      'https://app.example.org/@user/client',
    ])('%s is one: the host is asked whether it wants it', async (id) => {
      const asked: string[] = []
      const { ask } = start({ allowPrivateUrls: false, allow: ({ href }) => asked.push(href) === 0 })
      expect(await ask(bare(id))).toEqual(refusedFor('client_url_not_allowed'))
      expect(asked).toEqual([new URL(id).href])
    })

    it('a URL that is too long, or no string, when your own handler asks', async () => {
      const { findClient } = start()
      const long = `${origin}/${'x'.repeat(1024)}`
      await expect(findClient(long)).rejects.toMatchObject({ error: 'invalid_client', reason: 'client_id_malformed' })
      expect(await findClient([client_id] as never)).toBeUndefined()
    })
  })

  describe('CD-04 the document names its own URL', () => {
    it.each<[name: string, client_id: unknown]>([
      ['another client', `${origin}/other.json`],
      ['a trailing slash', `${client_id}/`],
      ['another spelling of the host', client_id.replace('127.0.0.1', '127.1')],
      ['another case', client_id.toUpperCase()],
      ['none', undefined],
      ['a list', [client_id]],
      ['null', null],
    ])('%s', async (_name, named) => {
      expect(await answerTo({ client_id: named })).toEqual(refusedFor('client_metadata_invalid'))
    })

    it('the URL is compared as it was sent', async () => {
      routes['/client.json?a'] = json(documentOf(client_id))
      expect(await start().ask(signedBy(`${client_id}?a`))).toEqual(refusedFor('client_metadata_invalid'))
    })
  })

  describe('CD-05 no secrets', () => {
    const { privateKey } = keys.other
    const privateJwk = privateKey.export({ format: 'jwk' })
    it.each<[name: string, over: Document, seen: unknown]>([
      ['client_secret', { client_secret: 'hunter2' }, ['client_secret']],
      ['client_secret_expires_at', { client_secret_expires_at: 0 }, ['client_secret_expires_at']],
      ['client_secret that is null', { client_secret: null }, ['client_secret']],
      ['client_secret_basic', { token_endpoint_auth_method: 'client_secret_basic' }, ['client_secret_basic']],
      ['client_secret_post', { token_endpoint_auth_method: 'client_secret_post' }, ['client_secret_post']],
      ['client_secret_jwt', { token_endpoint_auth_method: 'client_secret_jwt' }, ['client_secret_jwt']],
      ['one in the list', { token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_jwt'] }, ['client_secret_jwt']],
      ['a private EC key', { jwks: { keys: [keys.client.jwk, privateJwk] } }, { jwks: ['d'] }],
      ['a member of a private RSA key', { jwks: { keys: [{ ...keys.client.jwk, qi: 'x' }] } }, { jwks: ['qi'] }],
      ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'aHVudGVyMg' }] } }, { jwks: ['k'] }],
    ])('%s', async (_name, over, seen) => {
      const answer = await answerTo(over)
      expect(answer).toEqual(refusedFor('client_metadata_invalid'))
      expect(answer.detail?.seen).toEqual(seen)
      expect(JSON.stringify(answer)).not.toMatch(/hunter2|aHVudGVyMg/)
    })
  })

  describe('members of a wrong type', () => {
    it.each<[over: Document]>([
      [{ token_endpoint_auth_method: null }],
      [{ token_endpoint_auth_method: ['none'] }],
      [{ token_endpoint_auth_methods_supported: 'none' }],
      [{ token_endpoint_auth_methods_supported: [7] }],
      [{ token_endpoint_auth_signing_alg: 256 }],
      [{ grant_types: CLIENT_CREDENTIALS }],
      [{ grant_types: null }],
      [{ scope: ['read'] }],
      [{ jwks: 'keys' }],
      [{ jwks: { keys: {} } }],
      [{ jwks: { keys: [null] } }],
      [{ jwks: undefined, jwks_uri: [`${origin}/jwks`] }],
      [{ dpop_bound_access_tokens: 'true' }],
      [{ tls_client_certificate_bound_access_tokens: 1 }],
    ])('%j', async (over) => {
      expect(await answerTo(over)).toEqual(refusedFor('client_metadata_invalid'))
    })
  })

  describe('CD-06 the method', () => {
    type Row = [declared: string | undefined, listed: string[] | undefined, publicClients: boolean, method: string | undefined]
    it.each<Row>([
      ['private_key_jwt', undefined, false, 'private_key_jwt'],
      ['private_key_jwt', undefined, true, 'private_key_jwt'],
      ['private_key_jwt', ['none', 'private_key_jwt'], true, 'private_key_jwt'],
      ['private_key_jwt', ['none'], true, 'private_key_jwt'],
      ['none', ['none', 'private_key_jwt'], true, 'private_key_jwt'],
      [undefined, ['none', 'private_key_jwt'], true, 'private_key_jwt'],
      ['tls_client_auth', ['private_key_jwt'], false, 'private_key_jwt'],
      ['none', undefined, true, 'none'],
      ['none', ['none'], true, 'none'],
      ['none', ['tls_client_auth'], true, 'none'],
      [undefined, ['none'], true, 'none'],
      [undefined, ['tls_client_auth', 'none'], true, 'none'],
      [undefined, [], true, 'none'],
      [undefined, undefined, true, 'none'],
      ['none', undefined, false, undefined],
      [undefined, undefined, false, undefined],
      ['tls_client_auth', undefined, true, undefined],
      ['tls_client_auth', ['none'], true, undefined],
      [undefined, ['tls_client_auth'], true, undefined],
      ['attest_jwt_client_auth', undefined, true, undefined],
    ])('declared %s, listed %j, publicClients %s: %s', async (declared, listed, publicClients, method) => {
      publish({ token_endpoint_auth_method: declared, token_endpoint_auth_methods_supported: listed })
      const { ask } = start({ publicClients })
      const [signed, unsigned] = [await ask(signedBy(client_id)), await ask(bare(client_id))]
      if (method === 'private_key_jwt') expect([signed, unsigned]).toEqual([ok, refusedFor('auth_method_not_registered')])
      else if (method === 'none')
        expect([signed, unsigned.reason]).toEqual([refusedFor('auth_method_not_registered'), 'public_client_not_allowed'])
      else expect([signed, unsigned]).toEqual([refusedFor('client_metadata_invalid'), refusedFor('client_metadata_invalid')])
    })

    it('the algorithm is the declared one', async () => {
      expect(await answerTo({ token_endpoint_auth_signing_alg: 'ES256' })).toEqual(ok)
      expect(await answerTo({ token_endpoint_auth_signing_alg: 'RS256' })).toEqual(refusedFor('alg_not_registered'))
      for (const alg of ['none', 'HS256', 'es256'])
        expect(await answerTo({ token_endpoint_auth_signing_alg: alg })).toEqual(refusedFor('client_metadata_invalid'))
    })
  })

  describe('CD-07 the keys', () => {
    it.each<[name: string, over: Document]>([
      ['none', { jwks: undefined }],
      ['from two sources', { jwks_uri: `${origin}/jwks` }],
    ])('%s', async (_name, over) => {
      expect(await answerTo(over)).toEqual(refusedFor('client_metadata_invalid'))
    })

    it('a jwks_uri is fetched as any other is: guarded, and once', async () => {
      routes['/jwks'] = json({ keys: [keys.client.jwk] })
      publish({ jwks: undefined, jwks_uri: `${origin}/jwks` })
      const { ask } = start()
      expect([await ask(signedBy(client_id)), await ask(signedBy(client_id))]).toEqual([ok, ok])
      expect(visits).toEqual(['/client.json', '/jwks'])
      expect(await answerTo({ jwks: undefined, jwks_uri: 'file:///etc/passwd' })).toEqual(refusedFor('jwks_blocked'))
      expect(await answerTo({ jwks: { keys: [] } })).toEqual(refusedFor('jwks_invalid'))
    })
  })

  describe('CD-07 T-53 the fetched keys are apart from those of registered clients', () => {
    const jwks_uri = `${origin}/jwks`
    const keySet = (bytes: number) => json({ keys: [keys.client.jwk], odd: 'x'.repeat(bytes) })
    const registered: Client = {
      ...(clients['jwt-client'] as Client),
      client_id: 'registered',
      jwks: null,
      jwks_uri,
      allowPrivateJwksUri: true,
    }
    const findClient = (id: string) => (id === 'registered' ? registered : undefined)

    it('each has its own, even of one URL; a copy of the client has those of the client', async () => {
      routes['/jwks'] = keySet(0)
      publish({ jwks: undefined, jwks_uri })
      const world = start({ findClient })
      const copied = start(
        {},
        { hooks: { findClient: async (id: string) => ({ ...(await world.findClient(id)), tenant: 'a' }) as unknown as Client } },
      )
      const fetches = () => visits.filter((path) => path === '/jwks').length
      for (const { ask, id, expected } of [
        { ...world, id: 'registered', expected: 1 },
        { ...world, id: client_id, expected: 2 },
        { ...world, id: client_id, expected: 2 },
        { ...copied, id: client_id, expected: 2 },
        { ...copied, id: 'registered', expected: 3 },
      ]) {
        expect(await ask(signedBy(id))).toEqual(ok)
        expect(fetches()).toBe(expected)
      }
    })

    it('a set has 16 KiB at most; one of a registered client may have more', async () => {
      publish({ jwks: undefined, jwks_uri })
      for (const [bytes, answer] of [
        [15_000, ok],
        [16_384, refusedFor('jwks_invalid')],
      ] as const) {
        routes['/jwks'] = keySet(bytes)
        const { ask } = start({ findClient })
        expect(await ask(signedBy(client_id))).toEqual(answer)
        expect(await ask(signedBy('registered'))).toEqual(ok)
      }
    })

    it('explain fetches none of them, unless asked', async () => {
      routes['/jwks'] = keySet(0)
      publish({ jwks: undefined, jwks_uri })
      const options = {
        issuer: 'https://as.example.com',
        grantTypes: [CLIENT_CREDENTIALS],
        hooks: { findClient: start().findClient },
      } as never
      const form = signedBy(client_id)
      expect(await explainRequest(form, options)).toMatchObject({ reason: 'jwks_unavailable' })
      expect(visits).not.toContain('/jwks')
      expect(await explainRequest(form, options, { fetchKeys: true })).toMatchObject({ accepted: true })
      expect(visits).toContain('/jwks')
    })
  })

  describe('CD-08 the grants and the scope', () => {
    const unauthorized = { status: 400, error: 'unauthorized_client', reason: 'grant_not_allowed_for_client' }
    it.each<[grant_types: string[] | undefined, allowed: string[], answer: object]>([
      [[CLIENT_CREDENTIALS, 'password', 'urn:example:odd'], [CLIENT_CREDENTIALS], { status: 200 }],
      [[CLIENT_CREDENTIALS], [JWT_BEARER_GRANT], unauthorized],
      [[JWT_BEARER_GRANT], [JWT_BEARER_GRANT, CLIENT_CREDENTIALS], unauthorized],
      [undefined, [JWT_BEARER_GRANT, CLIENT_CREDENTIALS], unauthorized],
      [[], [CLIENT_CREDENTIALS], unauthorized],
    ])('a document that lists %j, where the host allows %j', async (grant_types, allowed, answer) => {
      expect(await answerTo({ grant_types }, { grant_types: allowed })).toMatchObject(answer)
    })

    it.each<[document: string | undefined, host: string, granted: string]>([
      [undefined, 'read write', 'read write'],
      ['read', 'read write', 'read'],
      ['read admin', 'read write', 'read'],
      ['admin', 'read write', ''],
      ['', 'read', ''],
      [undefined, '', ''],
    ])('a document with the scope %j, where the host allows %j: %j', async (scope, host, granted) => {
      const { body } = await answerTo({ scope }, { scope: host })
      expect(body.scope ?? '').toBe(granted)
    })

    it('a document may demand bound tokens', async () => {
      expect(await answerTo({ dpop_bound_access_tokens: true })).toMatchObject({ status: 400, error: 'invalid_dpop_proof' })
      expect(await answerTo({ dpop_bound_access_tokens: false })).toEqual(ok)
      publish({ tls_client_certificate_bound_access_tokens: true })
      expect(await start().findClient(client_id)).toMatchObject({ tls_client_certificate_bound_access_tokens: true })
    })
  })

  describe('CD-09 X-01 the aud', () => {
    it.each<[name: string, claims: Document, answer: object]>([
      ['the advertised token endpoint', { aud: tokenEndpointUrl }, { status: 200, notices: ['aud_legacy'] }],
      ['the token endpoint, byte for byte', { aud: `${tokenEndpointUrl}/` }, { status: 401, reason: 'aud_mismatch' }],
      ['the issuer', {}, { status: 200, notices: [] }],
      ['both', { aud: [tokenEndpointUrl, 'https://as.example.com'] }, { status: 401, reason: 'aud_mismatch' }],
      ['another server', { aud: 'https://other.example/token' }, { status: 401, reason: 'aud_mismatch' }],
    ])('%s', async (_name, claims, answer) => {
      expect(await start().ask(signedBy(client_id, claims))).toMatchObject(answer)
    })

    it('another client keeps the default of the endpoint', async () => {
      const { ask } = start({ findClient: () => clients['jwt-client'] })
      expect(await ask(clientCredentials(byJwt(clientAssertion({ aud: tokenEndpointUrl }))))).toEqual(refusedFor('aud_not_registered'))
    })
  })

  describe('CD-11 the host decides which URLs', () => {
    const { host } = new URL(client_id)
    it.each<[name: string, allow: ClientMetadataDocumentsOptions['allow'], isAllowed: boolean]>([
      ['a list with the host', [host], true],
      ['a list with the URL', ['app.example.org', client_id], true],
      ['a list with the URL and a slash', [`${client_id}/`], false],
      ['a list with the URL in another spelling', [client_id.replace('127.0.0.1', '127.1')], false],
      ['a list with another URL of the host', [`${origin}/other.json`], false],
      ['a list with the host at another port', ['127.0.0.1'], false],
      ['a list with another host', ['app.example.org'], false],
      ['a function that says yes', ({ pathname }) => pathname === '/client.json', true],
      ['a function that says yes later', async () => true, true],
      ['a function that says no', () => false, false],
      ['a function that says no later', async () => false, false],
      ['a function that says something else', (() => 'yes') as never, false],
    ])('%s: %s', async (_name, allow, isAllowed) => {
      expect(await start({ allow }).ask(signedBy(client_id))).toEqual(isAllowed ? ok : refusedFor('client_url_not_allowed'))
      expect(visits).toHaveLength(isAllowed ? 1 : 0)
    })

    it('on every use: a client that is no longer allowed is refused at once', async () => {
      let allowed = true
      const { ask } = start({ allow: () => allowed })
      expect(await ask(signedBy(client_id))).toEqual(ok)
      allowed = false
      expect(await ask(signedBy(client_id))).toEqual(refusedFor('client_url_not_allowed'))
      allowed = true
      expect(await ask(signedBy(client_id))).toEqual(ok)
      expect(visits).toHaveLength(1)
    })

    it('a function that throws is a mistake of the host', async () => {
      const allow = () => {
        throw new Error('hunter2')
      }
      expect(await start({ allow }).ask(signedBy(client_id))).toMatchObject({ status: 500, reason: 'hook_error' })
    })

    it.each<[name: string, before: Document, after: Document, notices: string[]]>([
      ['another key', {}, { jwks: { keys: [keys.client.jwk, keys.other.jwk] } }, ['client_keys_changed']],
      ['another method', { token_endpoint_auth_method: 'none' }, {}, ['client_auth_method_changed']],
      ['a public client now', {}, { token_endpoint_auth_method: 'none' }, ['client_keys_changed', 'client_auth_method_changed']],
      ['another name', {}, { client_name: 'Another app' }, []],
    ])('tells a change for an hour: %s', async (_name, before, after, notices) => {
      await withClock(async (forward) => {
        publish(before)
        const { ask, findClient } = start({ publicClients: true })
        expect((await ask(signedBy(client_id))).notices).toEqual([])
        publish(after)
        forward(301_000)
        const form = () => (after.token_endpoint_auth_method === 'none' ? bare(client_id) : signedBy(client_id))
        await findClient(client_id) // as your authorization endpoint does
        expect((await ask(signedBy(client_id, { aud: 'https://other.example' }))).notices).toEqual([]) // refused
        const told = [await ask(form()), await ask(form())].map((answer) => answer.notices)
        forward(3_590_000)
        told.push((await ask(form())).notices)
        forward(20_000)
        told.push((await ask(form())).notices)
        const expected = before.token_endpoint_auth_method === 'none' ? ['client_keys_changed', ...notices] : notices
        expect(told).toEqual([expected, expected, expected, []])
      })
    })
  })

  describe('as they are published', () => {
    const chatGptKey = rsa('cimd-20260428030119')
    const handler: RequestHandler = (req, res) => void res.json({ access_token: 'a', level: req.tokenState?.client?.level })
    const grantTypes = [JWT_BEARER_GRANT, CLIENT_CREDENTIALS] as const
    const authorizationCode = (more: Record<string, string>) => ({ grant_type: 'authorization_code', code: 'c', ...more })

    it('CD-06 CD-09 ChatGPT signs with its key: the document offers none, too, and that is not enough', async () => {
      const document = chatGpt(origin)
      const id = document.client_id as string
      routes['/oauth/client.json'] = json(document)
      routes['/oauth/jwks.json'] = json({ keys: [chatGptKey.jwk] })
      const { ask, post, last, findClient } = start(
        { publicClients: true },
        { options: { fallthrough: true, grantTypes }, after: [handler] },
      )

      const signed = (key = chatGptKey) => byJwt(clientAssertion({ iss: id, aud: tokenEndpointUrl }, { key }))
      expect((await post(authorizationCode(signed()))).body).toEqual({ access_token: 'a', level: 'authenticated' })
      expect(last()).toMatchObject({ client_id: id, client_auth_method: 'private_key_jwt', notices: ['aud_legacy'] })
      expect((await post(authorizationCode({ client_id: id }))).body).toEqual({ access_token: 'a' }) // left to the handler: it must ask findClient
      expect(await findClient(id)).toMatchObject({
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'RS256',
      })
      expect(await ask(bare(id))).toEqual(refusedFor('auth_method_not_registered'))
      expect(await ask(authorizationCode(signed(rsa('another'))))).toEqual(refusedFor('key_not_found'))
      expect(await ask(grantRequest(grant(), signed()))).toMatchObject({ error: 'unauthorized_client' })
    })

    it('CD-08 Claude is a public client that lists jwt-bearer: the issuer and the endpoint decide whether it gets a token', async () => {
      const document = claude(origin)
      const id = document.client_id as string
      routes['/oauth/mcp-oauth-client-metadata'] = json(document)
      const request = (iss = 'https://identified.example') => grantRequest(grant({ iss, client_id: id }), { client_id: id })
      const findIssuer = (iss: string) =>
        iss === idp
          ? issuers[idp]
          : { ...issuers[openIdp], issuer: iss, client_authentication: 'identified' as const, clients: 'any' as const }
      const { ask, last } = start({ publicClients: true }, { hooks: { findIssuer } })
      expect(await ask(request())).toMatchObject({ status: 200, body: { scope: 'read' } })
      expect(last()).toMatchObject({ client_id: id, client_level: 'identified' })
      expect(await ask(request(idp))).toMatchObject({ error: 'unauthorized_client', reason: 'public_client_not_allowed' })
      const strict = start({}, { hooks: { findIssuer } })
      expect(await strict.ask(request())).toEqual(refusedFor('client_metadata_invalid'))
      const without = start({ publicClients: true, grant_types: ['authorization_code'] }, { hooks: { findIssuer } })
      expect(await without.ask(request())).toMatchObject({ error: 'unauthorized_client', reason: 'grant_not_allowed_for_client' })
    })
  })

  describe('CD-08 JG-14 whose grants it may present', () => {
    const url = client_id
    it.each<[clients: TrustedIssuer['clients'], named: string | undefined, reason: string | undefined]>([
      ['any', undefined, 'client_binding_mismatch'],
      ['any', 'jwt-client', 'client_binding_mismatch'],
      ['any', url, undefined],
      [[url], undefined, undefined],
      [[url], url, undefined],
      [['jwt-client'], url, 'client_binding_mismatch'],
    ])('of an issuer with clients %j, a grant that names %s: %s', async (clients, named, reason) => {
      const { ask } = start({}, { hooks: { findIssuer: (iss: string) => ({ ...issuers[idp], issuer: iss, clients }) as TrustedIssuer } })
      const assertion = grant(named === undefined ? {} : { client_id: named })
      expect((await ask(grantRequest(assertion, byJwt(clientAssertion({ iss: url }))))).reason).toBe(reason)
    })
  })

  it('a bad grant is answered first, whoever is named: nothing is fetched for it', async () => {
    const answers = [client_id, `${origin}/nothing`, 'https://not-allowed.example/c'].map((id) =>
      start({ allow: [new URL(origin).host], publicClients: true }).ask(grantRequest(grant({ exp: 1 }), { client_id: id })),
    )
    for (const answer of await Promise.all(answers))
      expect(answer).toMatchObject({ status: 400, error: 'invalid_grant', reason: 'expired' })
    expect(visits).toEqual([])
  })

  it('your own handler gets an OAuthError with the exact reason', async () => {
    const { findClient } = start({ allow: ['app.example.org'] })
    const thrown = await findClient(client_id).catch((error) => error)
    expect(thrown).toBeInstanceOf(OAuthError)
    expect(thrown).toBeInstanceOf(Error)
    expect(thrown).toMatchObject({ status: 401, ...constant, reason: 'client_url_not_allowed', detail: { wanted: ['app.example.org'] } })
  })
})

describe('options of clientMetadataDocuments', () => {
  const good = { findClient: () => undefined, allow: ['chatgpt.com'], grant_types: [CLIENT_CREDENTIALS], scope: 'read' }
  it.each<[name: string, options: unknown, message: string]>([
    ['none', undefined, 'clientMetadataDocuments: options must be an object, not undefined.'],
    ['no findClient', { ...good, findClient: undefined }, 'option findClient must be a function, not undefined.'],
    ['no allow', { ...good, allow: undefined }, 'option allow must be a function, or a non-empty list of hosts'],
    ['an empty allow', { ...good, allow: [] }, 'option allow must be a function, or a non-empty list of hosts'],
    ...[
      'chatgpt.com/oauth',
      'ChatGPT.com',
      'chatgpt.com:443',
      'chatgpt.com:99999',
      '*.example.com',
      '*',
      '.com',
      'chatgpt.com.',
      'chatgpt.com.:8443',
      'chatgpt..com',
      'chat gpt.com',
      '',
      '127.1',
      '[::1',
      'user@chatgpt.com',
      'https://chatgpt.com',
      'https://chatgpt.com/#a',
      'HTTPS://chatgpt.com/',
      'http://chatgpt.com/client.json',
      7,
    ].map((entry): [string, unknown, string] => [
      `an entry of allow that can never match: ${entry}`,
      { ...good, allow: ['chatgpt.com', entry] },
      "a non-empty list of hosts such as 'chatgpt.com' (without wildcards), and of https URLs, not [",
    ]),
    ['allow: true', { ...good, allow: true }, 'option allow must be a function'],
    ['no grant_types', { ...good, grant_types: undefined }, 'option grant_types must be a non-empty list of names'],
    ['empty grant_types', { ...good, grant_types: [] }, 'option grant_types must be a non-empty list of names'],
    ['no scope', { ...good, scope: undefined }, 'option scope must be a string'],
    ['publicClients as the endpoint has it', { ...good, publicClients: { scope: 'read' } }, 'option publicClients must be true or false'],
    ['allowPrivateUrls', { ...good, allowPrivateUrls: 'yes' }, 'option allowPrivateUrls must be true or false'],
    ['a misspelt name', { ...good, grantTypes: [] }, 'option grantTypes does not exist: did you mean grant_types?'],
  ])('%s', (_name, options, message) => {
    const make = () => clientMetadataDocuments(options as never)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(message)
  })

  it('take hosts with a port, and URLs', () => {
    const allow = ['chatgpt.com', 'app.example.org:8443', '[::1]:8080', 'a_b.xn--nxasmq6b', 'localhost', 'https://claude.ai/oauth?a=b']
    expect(clientMetadataDocuments({ ...good, allow })).toBeInstanceOf(Function)
    expect(clientMetadataDocuments({ ...good, allow: ['http://127.0.0.1/c'], allowPrivateUrls: true })).toBeInstanceOf(Function)
  })
})
