/** The requests of the demo and their expected responses, as data. */
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT } from '../lib/index.js'
import { askAsAgent, idJagOf } from './agent.js'
import { apiAnswer, tokenAnswer } from './answers.js'
import { authorizationCode, type Drivers } from './drivers.js'
import { signIdJag } from './enterprise.js'
import type { Registry } from './registry.js'
import { signGrant } from './sign-grant.js'

/** All parties of the demo: the server's registry with everybody's keys, and the client libraries. */
export interface Parties {
  registry: Registry
  drivers: Drivers
}

export interface Row {
  topic: string
  /** The client library that sends the requests. */
  by: 'openid-client' | 'oauth4webapi' | 'MCP client'
  /** Each request, and the answer that it must get. */
  requests: readonly (readonly [request: string, expected: string])[]
  /** Sends one request after the other and yields the answer of each. */
  send(parties: Parties): AsyncGenerator<string>
}

const grants = 'JWT as authorization grant'
const credentials = 'JWT as client authentication'
const old = 'In front of the old handler'
const refused = 'Refused'
const agents = 'An AI agent, by the identity provider of its user'
const api = 'The tokens at /api/me'

const redirects = { billing: 'https://billing.example/callback', reports: 'https://reports.example/callback' }
const elsewhere = 'https://other.example'

export const demoRows: readonly Row[] = [
  {
    topic: grants,
    by: 'openid-client',
    requests: [["partner's grant, client by its secret", '200 read write']],
    async *send(parties) {
      yield tokenAnswer(reportsGrant(parties, await partnerGrant(parties)))
    },
  },
  {
    topic: grants,
    by: 'openid-client',
    requests: [["client's own grant, client by a JWT: both at once", '200 read write']],
    async *send(parties) {
      const { keys, issuer } = parties.registry
      const assertion = await signGrant(keys.billing, { iss: 'billing', sub: 'alice', aud: issuer })
      yield tokenAnswer(openid.genericGrantRequest(await billing(parties), JWT_BEARER_GRANT, { assertion }))
    },
  },
  {
    topic: grants,
    by: 'oauth4webapi',
    requests: [["client's own grant, which is its credential too", '200 read write']],
    async *send({ registry: { keys, issuer }, drivers }) {
      const unnamed = drivers.oauth4webapi('unused', () => {}) // adds no credential, and no client_id
      const assertion = await signGrant(keys.billing, { iss: 'billing', sub: 'alice', aud: issuer })
      yield tokenAnswer(unnamed.grant(JWT_BEARER_GRANT, { assertion }))
    },
  },
  {
    topic: grants,
    by: 'oauth4webapi',
    requests: [["partner's grant, client by a JWT, asking for less", '200 read']],
    async *send(parties) {
      const client = parties.drivers.oauth4webapi('billing', oauth.PrivateKeyJwt(key(parties)))
      yield tokenAnswer(client.grant(JWT_BEARER_GRANT, { assertion: await partnerGrant(parties), scope: 'read' }))
    },
  },
  {
    topic: grants,
    by: 'oauth4webapi',
    requests: [
      ["partner's grant, public client", '200 read'],
      ["partner's grant, public client asking for more", '400 invalid_scope'],
    ],
    async *send(parties) {
      const app = parties.drivers.oauth4webapi('mobile-app', oauth.None())
      yield tokenAnswer(app.grant(JWT_BEARER_GRANT, { assertion: await partnerGrant(parties) }))
      yield tokenAnswer(app.grant(JWT_BEARER_GRANT, { assertion: await partnerGrant(parties), scope: 'read write' }))
    },
  },
  {
    topic: grants,
    by: 'oauth4webapi',
    requests: [["kiosk's grant, no client at all", '200 read']],
    async *send({ registry: { keys, kiosk, issuer }, drivers }) {
      const nobody = drivers.oauth4webapi('unused', () => {}) // adds no credential, and no client_id
      const assertion = await signGrant(keys.kiosk, { iss: kiosk, sub: 'visitor', aud: issuer })
      yield tokenAnswer(nobody.grant(JWT_BEARER_GRANT, { assertion }))
    },
  },
  {
    topic: credentials,
    by: 'openid-client',
    requests: [['client_credentials', '200 read write']],
    async *send(parties) {
      yield tokenAnswer(openid.clientCredentialsGrant(await billing(parties)))
    },
  },
  {
    topic: credentials,
    by: 'oauth4webapi',
    requests: [
      ['client_credentials, JWT with jti', '200 read write'],
      ['the same JWT again', '401 invalid_client'],
    ],
    send: (parties) => twiceWithOneAssertion(parties),
  },
  {
    topic: credentials,
    by: 'oauth4webapi',
    requests: [
      ['client_credentials, JWT without jti, good for an hour', '200 read write'],
      ['the same JWT again', '200 read write'],
    ],
    send: (parties) =>
      twiceWithOneAssertion(parties, (claims) => {
        delete claims.jti
        claims.exp = Number(claims.iat) + 3600
      }),
  },
  {
    topic: old,
    by: 'openid-client',
    requests: [['authorization_code, client by a JWT', '200 read write']],
    async *send(parties) {
      yield tokenAnswer(authorizationCode(await billing(parties), redirects.billing))
    },
  },
  {
    topic: old,
    by: 'oauth4webapi',
    requests: [
      ['authorization_code, client by its secret as ever', '200 read write'],
      ['refresh_token, client by its secret as ever', '200 read write'],
      ['the same refresh_token again', '400 invalid_grant'],
    ],
    async *send(parties) {
      const reports = parties.drivers.oauth4webapi('reports', oauth.ClientSecretBasic(secret(parties)))
      const tokens = reports.authorizationCode(redirects.reports)
      yield tokenAnswer(tokens)
      const { refresh_token = '' } = await tokens
      yield tokenAnswer(reports.refresh(refresh_token))
      yield tokenAnswer(reports.refresh(refresh_token))
    },
  },
  {
    topic: agents,
    by: 'MCP client',
    requests: [['ID-JAG there, token here, tool call', '200 Alice Example (read)']],
    async *send({ registry }) {
      yield askAsAgent(registry, idJagOf(registry))
    },
  },
  {
    topic: agents,
    by: 'oauth4webapi',
    requests: [['ID-JAG for the MCP server of somebody else', '400 invalid_grant']],
    async *send({ registry, drivers }) {
      const agent = drivers.oauth4webapi('agent', oauth.ClientSecretBasic(registry.findClient('agent')?.client_secret as string))
      const assertion = await signIdJag(registry, { sub: 'alice@enterprise.example', resource: `${elsewhere}/mcp` })
      yield tokenAnswer(agent.grant(JWT_BEARER_GRANT, { assertion }))
    },
  },
  {
    topic: refused,
    by: 'openid-client',
    requests: [
      ["partner's grant", '200 read write'],
      ['the same grant again', '400 invalid_grant'],
    ],
    async *send(parties) {
      const grant = await partnerGrant(parties)
      yield tokenAnswer(reportsGrant(parties, grant))
      yield tokenAnswer(reportsGrant(parties, grant))
    },
  },
  {
    topic: refused,
    by: 'openid-client',
    requests: [['grant for another server', '400 invalid_grant']],
    async *send(parties) {
      yield tokenAnswer(reportsGrant(parties, await partnerGrant(parties, elsewhere)))
    },
  },
  {
    topic: refused,
    by: 'openid-client',
    requests: [['client assertion for another server', '401 invalid_client']],
    async *send(parties) {
      const config = await billing(parties, (_header, claims) => {
        claims.aud = elsewhere
      })
      yield tokenAnswer(openid.clientCredentialsGrant(config))
    },
  },
  {
    topic: api,
    by: 'openid-client',
    requests: [['token of a JWT grant', '200 Alice Example']],
    async *send(parties) {
      const { access_token } = await reportsGrant(parties, await partnerGrant(parties))
      yield apiAnswer(openid.fetchProtectedResource(await billing(parties), access_token, meUrl(parties), 'GET'))
    },
  },
  {
    topic: api,
    by: 'oauth4webapi',
    requests: [
      ['token of the old handler', '200 Alice Example'],
      ['token of nobody', '401 invalid_token'],
    ],
    async *send(parties) {
      const { access_token } = await authorizationCode(await billing(parties), redirects.billing)
      const ask = (token: string) =>
        oauth.protectedResourceRequest(token, 'GET', meUrl(parties), undefined, undefined, { [oauth.allowInsecureRequests]: true })
      yield apiAnswer(ask(access_token))
      yield apiAnswer(ask('made-up'))
    },
  },
]

const key = ({ registry: { keys } }: Parties) => ({ key: keys.billing.privateKey, kid: keys.billing.kid })
const secret = ({ registry }: Parties) => registry.findClient('reports')?.client_secret as string
const meUrl = ({ registry }: Parties) => new URL(`${registry.issuer}/api/me`)

const partnerGrant = ({ registry: { keys, partner, issuer } }: Parties, aud = issuer) =>
  signGrant(keys.partner, { iss: partner, sub: 'a.example', aud })

/** openid-client as the client with a key. Its client assertions have `jti` and, as the only `aud`, the issuer identifier. */
const billing = (parties: Parties, modify?: openid.ModifyAssertionFunction) =>
  parties.drivers.openidClient('billing', openid.PrivateKeyJwt(key(parties), modify && { [openid.modifyAssertion]: modify }))

/** The JWT grant by openid-client as the client with a secret. */
async function reportsGrant(parties: Parties, assertion: string) {
  const config = await parties.drivers.openidClient('reports', openid.ClientSecretBasic(secret(parties)))
  return openid.genericGrantRequest(config, JWT_BEARER_GRANT, { assertion })
}

/** Client libraries make a new client assertion for each request: to send one twice, it is made once here and used in both. */
async function* twiceWithOneAssertion(
  parties: Parties,
  modify: (claims: Record<string, unknown>) => void = () => {},
): AsyncGenerator<string> {
  const made = new URLSearchParams()
  const sign = oauth.PrivateKeyJwt(key(parties), { [oauth.modifyAssertion]: (_header, claims) => modify(claims) })
  await sign({ issuer: parties.registry.issuer }, { client_id: 'billing' }, made, new Headers())
  const client = parties.drivers.oauth4webapi('billing', (_as, _client, body) => {
    body.set('client_assertion_type', JWT_BEARER_CLIENT_ASSERTION)
    body.set('client_assertion', made.get('client_assertion') as string)
  })
  yield tokenAnswer(client.grant(CLIENT_CREDENTIALS, {}))
  yield tokenAnswer(client.grant(CLIENT_CREDENTIALS, {}))
}
