/** In front of better-auth, which authenticates clients by JWT itself. `npm run hosts` installs it, into a folder of its own. */
import { existsSync } from 'node:fs'
import type { RequestListener, Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import {
  CLIENT_CREDENTIALS,
  type Client,
  type JWK,
  JWT_BEARER_GRANT,
  type Options,
  type TokenEndpointEvent,
  tokenEndpoint,
} from '../../lib/index.js'
import { describeWith } from '../support/describe-with.js'
import { withoutHandedOn } from '../support/events.js'
import { expresses } from '../support/express.js'
import { now } from '../support/jwt.js'
import { encode, form, type RawRequest, type RawResponse, sendRaw } from '../support/raw.js'
import { byJwt, clientAssertion, grantRequest, hooks, issuer, keys } from '../support/world.js'

type BetterAuthHost = (baseURL: string, jwk: JWK) => Promise<RequestListener>
const folder = new URL('../../../__tests__/hosts/better-auth/', import.meta.url)
const need = existsSync(new URL('node_modules/better-auth', folder)) ? {} : { missing: 'no better-auth: npm run hosts' }

const path = '/api/auth/oauth2/token'
const [ownIssuer, endpoint] = [`${issuer}/api/auth`, `${issuer}${path}`]
const as = (over: Record<string, unknown> = {}) => byJwt(clientAssertion({ iss: 'native', aud: endpoint, ...over }))
const post = (parameters: Record<string, string>, more: Partial<RawRequest> = {}): RawRequest => ({
  path,
  headers: [form],
  body: encode(parameters),
  ...more,
})
const credentials = (more: Record<string, string>) => ({ grant_type: CLIENT_CREDENTIALS, ...more })
const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://app.example.com/cb', code_verifier: 'x'.repeat(43) }
const refresh = { grant_type: 'refresh_token', refresh_token: 'x' }

/** Requests that are better-auth's, and its status. Each is made anew, since a client assertion may be used once. */
const ofTheHost: [name: string, request: () => RawRequest, status: number][] = [
  ['client_credentials, aud the token endpoint', () => post(credentials(as())), 200],
  ['client_credentials, aud the issuer', () => post(credentials(as({ aud: ownIssuer }))), 200],
  ['client_credentials, two values in aud', () => post(credentials(as({ aud: [ownIssuer, endpoint] }))), 200],
  ['client_credentials, valid for two hours', () => post(credentials(as({ exp: now() + 7190 }))), 200],
  ['client_credentials, chunked', () => post(credentials(as()), { framing: 'chunked' }), 200],
  ['client_credentials, valid for longer', () => post(credentials(as({ exp: now() + 8000 }))), 400],
  [
    'client_credentials, by a wrong key',
    () => post(credentials(byJwt(clientAssertion({ iss: 'native', aud: endpoint }, { key: keys.other })))),
    401,
  ],
  ['client_credentials, without jti', () => post(credentials(as({ jti: undefined }))), 400],
  ['client_credentials, no such client', () => post(credentials(as({ iss: 'nobody' }))), 400],
  ['client_credentials, no JWT', () => post(credentials(byJwt('x'))), 400],
  ['client_credentials, a bare client_id of a key client', () => post(credentials({ client_id: 'native' })), 400],
  ['an unknown code', () => post({ ...code, ...as() }), 400],
  [
    'a code, by a wrong key',
    () => post({ ...code, ...byJwt(clientAssertion({ iss: 'native', aud: endpoint }, { key: keys.other })) }),
    401,
  ],
  [
    'an unknown code, two values in aud, valid for two hours',
    () => post({ ...code, ...as({ aud: [ownIssuer, endpoint], exp: now() + 7190 }) }),
    400,
  ],
  ['an unknown refresh token', () => post({ ...refresh, ...as() }), 400],
  ['a refresh token, expired client assertion', () => post({ ...refresh, ...as({ exp: now() - 60 }) }), 401],
  ['an unknown grant type', () => post({ grant_type: 'urn:example:odd', ...as() }), 400],
  ['GET', () => ({ path, method: 'GET', framing: 'none' }), 404],
]

/** What must be equal: all but what better-auth draws at random, and the time. */
const comparable = ({ status, head, body }: RawResponse) => ({
  status,
  head,
  body: body.replace(/(?<="access_token":")\w+(?=")/, '…').replace(/(?<="expires_at":)\d+/, '…'),
})

describeWith(need, 'better-auth behind the suite', () => {
  describe.each(expresses)('on %s', (_, express) => {
    const servers: Server[] = []
    const events: TokenEndpointEvent[] = []
    const registered: Client = {
      client_id: 'native',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [keys.client.jwk] },
      grant_types: [JWT_BEARER_GRANT],
      scope: 'read',
    }
    let bare: Server
    let wrapped: Server
    let byDefault: Server

    beforeAll(async () => {
      const { betterAuthHost } = (await import(fileURLToPath(new URL('host.mjs', folder)))) as { betterAuthHost: BetterAuthHost }
      const { calls: _, ...plain } = hooks({ findClient: () => registered })
      const onEvent = (event: TokenEndpointEvent) => void events.push(event)
      const listen = async (over?: Partial<Options>) => {
        const app = express()
        if (over) app.post(path, ...tokenEndpoint({ issuer, hooks: plain, onEvent, fallthrough: true, ...over }))
        app.use(await betterAuthHost(issuer, keys.client.jwk))
        const server = app.listen(0)
        servers.push(server)
        return server
      }
      bare = await listen()
      wrapped = await listen({ hostVerifiesClientAssertions: true })
      byDefault = await listen({})
    })
    beforeEach(() => void events.splice(0))
    afterAll(() => {
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
    })

    it.each(ofTheHost)('T-73: as without the suite, byte for byte: %s', async (_, request, status) => {
      const expected = await sendRaw(bare, request())
      expect(expected).toMatchObject({ status })
      expect(comparable(await sendRaw(wrapped, request()))).toEqual(comparable(expected))
      expect(withoutHandedOn(events)).toEqual([])
    })

    it('T-73: the JWT grant by private_key_jwt is for the suite', async () => {
      const ask = (more: Record<string, string>) => sendRaw(wrapped, post(grantRequest(undefined, more)))
      expect(await ask(as({ aud: issuer }))).toMatchObject({ status: 200 })
      expect(await ask(as())).toMatchObject({ status: 401 })
      expect(await ask({ client_id: 'native' })).toMatchObject({ status: 401 })
      expect(events.map(({ outcome }) => outcome)).toEqual(['issued', 'refused', 'refused'])
    })

    it('T-73: without the option, native clients are refused', async () => {
      expect(await sendRaw(byDefault, post(credentials(as())))).toMatchObject({ status: 401 })
      expect(events).toMatchObject([{ outcome: 'refused', reason: 'aud_mismatch' }])
    })
  })
})
