/** A small world for the tests: one authorization server, its clients and issuers, and ways to ask it for tokens. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from '@jest/globals'
import type { RequestHandler } from 'express'
import request from 'supertest'
import {
  CLIENT_CREDENTIALS,
  type Client,
  type Hooks,
  JWT_BEARER_CLIENT_ASSERTION,
  JWT_BEARER_GRANT,
  memoryReplayStore,
  type Options,
  type TokenEndpointEvent,
  type TrustedIssuer,
  tokenEndpoint,
  tokenErrorHandler,
} from '../../lib/index.js'
import type { ExpressFactory } from './express.js'
import { forge, freshJti, now } from './jwt.js'
import { ec, rsa } from './keys.js'

export const issuer = 'https://as.example.com'
export const tokenEndpointUrl = 'https://as.example.com/token'
const bothGrants = [JWT_BEARER_GRANT, CLIENT_CREDENTIALS]

export const keys = { client: ec('client-key'), other: ec('other-key'), idp: ec('idp-key'), idpRsa: rsa('idp-rsa-key') }

/** Registered clients, one for each way to be known. */
export const clients = {
  'jwt-client': {
    client_id: 'jwt-client',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [keys.client.jwk] },
    grant_types: [...bothGrants, 'authorization_code'],
    scope: 'read write',
  },
  'other-client': {
    client_id: 'other-client',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [keys.other.jwk] },
    grant_types: bothGrants,
    scope: 'read',
  },
  'basic-client': { client_id: 'basic-client', client_secret: 'basic-secret', grant_types: bothGrants, scope: 'read write' },
  'post-client': {
    client_id: 'post-client',
    token_endpoint_auth_method: 'client_secret_post',
    client_secret: 'post-secret',
    grant_types: bothGrants,
    scope: 'read write',
  },
  'public-client': { client_id: 'public-client', token_endpoint_auth_method: 'none', grant_types: bothGrants },
  'disabled-client': {
    client_id: 'disabled-client',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [keys.client.jwk] },
    grant_types: bothGrants,
    enabled: false,
  },
  'code-client': { client_id: 'code-client', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [keys.client.jwk] } },
} satisfies Record<string, Client>

export const idp = 'https://idp.example.org'
export const openIdp = 'https://open-idp.example.org'

/** Trusted issuers: `idp` demands an authenticated client, `openIdp` none, `jwt-client` signs its own grants. */
export const issuers = {
  [idp]: { issuer: idp, jwks: { keys: [keys.idp.jwk, keys.idpRsa.jwk] }, clients: 'any', scope: 'read write' },
  [openIdp]: { issuer: openIdp, jwks: { keys: [keys.idp.jwk] }, client_authentication: 'none', scope: 'read' },
  'jwt-client': { issuer: 'jwt-client', client_id: 'jwt-client', jwks: { keys: [keys.client.jwk] }, scope: 'read write' },
} satisfies Record<string, TrustedIssuer>

type Claims = Record<string, unknown>
type Over = { header?: Claims; key?: (typeof keys)['client']; alg?: string }

const without = (claims: Claims) => Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))

/** A good client assertion of `jwt-client`, but for what `claims` changes; `undefined` takes a claim away. */
export function clientAssertion(claims: Claims = {}, { header = {}, key = keys.client, alg = key.alg }: Over = {}): string {
  const client = claims.iss ?? 'jwt-client'
  return forge(
    without({ alg, kid: key.kid, ...header }),
    without({ iss: client, sub: client, aud: issuer, exp: now() + 60, iat: now(), jti: freshJti(), ...claims }),
    key.privateKey,
    alg,
  )
}

/** A good grant of `idp` for the subject `alice`, but for what `claims` changes; `undefined` takes a claim away. */
export function grant(claims: Claims = {}, { header = {}, key = keys.idp, alg = key.alg }: Over = {}): string {
  return forge(
    without({ alg, kid: key.kid, ...header }),
    without({ iss: idp, sub: 'alice', aud: issuer, exp: now() + 60, iat: now(), jti: freshJti(), ...claims }),
    key.privateKey,
    alg,
  )
}

/** Parameters that authenticate `jwt-client`. */
export const byJwt = (assertion = clientAssertion()) => ({
  client_assertion_type: JWT_BEARER_CLIENT_ASSERTION,
  client_assertion: assertion,
})
/** Parameters of a grant request by `jwt-client`. */
export const grantRequest = (assertion = grant(), more: Record<string, string> = byJwt()) => ({
  grant_type: JWT_BEARER_GRANT,
  assertion,
  ...more,
})
export const clientCredentials = (more: Record<string, string> = byJwt()) => ({ grant_type: CLIENT_CREDENTIALS, ...more })

export const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`

/** The challenge of a 401 that has this body. */
export const challengeOf = ({ error, error_description }: { error: string; error_description?: string }) =>
  `Basic realm="token endpoint", charset="UTF-8", error="${error}"${error_description ? `, error_description="${error_description}"` : ''}`

/** What every host has to write, in its simplest form; and a count of the calls. */
export function hooks(over: Partial<Hooks> = {}): Hooks & { calls: Record<string, number> } {
  const calls: Record<string, number> = { findClient: 0, findIssuer: 0, authorizeGrant: 0, mintToken: 0 }
  const counted =
    <A extends unknown[], R>(name: string, call: (...args: A) => R) =>
    (...args: A) => {
      calls[name] = (calls[name] ?? 0) + 1
      return call(...args)
    }
  const base: Hooks = {
    findClient: (id) => (Object.hasOwn(clients, id) ? clients[id as keyof typeof clients] : undefined),
    findIssuer: (iss) => (Object.hasOwn(issuers, iss) ? issuers[iss as keyof typeof issuers] : undefined),
    authorizeGrant: ({ sub }) => ({ subject: `local-${sub}` }),
    mintToken: ({ subject }) => ({ access_token: `token-of-${subject}`, token_type: 'Bearer', expires_in: 300 }),
    ...over,
  }
  return Object.assign(
    Object.fromEntries(Object.entries(base).map(([name, hook]) => [name, counted(name, hook as (...args: never[]) => unknown)])),
    { calls },
  ) as unknown as Hooks & { calls: Record<string, number> }
}

export interface World {
  server: Server
  url: string
  options: Options
  events: TokenEndpointEvent[]
  /** The event of the last request. */
  last(): TokenEndpointEvent
  calls: Record<string, number>
  /** Posts a form. */
  post(form: Record<string, string> | string, headers?: Record<string, string>): request.Test
}

export interface WorldOptions {
  options?: Partial<Options>
  hooks?: Partial<Hooks>
  /** Middlewares in front of the endpoint: a host's own parser, say. */
  before?: RequestHandler[]
  /** The host's own handler behind it. */
  after?: RequestHandler[]
}

const servers: Server[] = []

/** Starts a server whose /token is `tokenEndpoint`, and takes it down after the tests of the file. */
export function startWorld(express: ExpressFactory, { options = {}, hooks: over = {}, before = [], after = [] }: WorldOptions = {}): World {
  const events: TokenEndpointEvent[] = []
  const { calls, ...plain } = hooks(over)
  const all: Options = {
    issuer,
    tokenEndpointUrl,
    hooks: plain,
    onEvent: (event) => void events.push(event),
    publicClients: { scope: 'read' },
    replayStore: memoryReplayStore(),
    ...options,
  }
  const app = express()
  app.use(...(before.length > 0 ? before : [((_req, _res, next) => next()) as RequestHandler]))
  app.use('/token', ...tokenEndpoint(all), ...after)
  app.use('/token', tokenErrorHandler())
  const server = app.listen(0)
  servers.push(server)
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    options: all,
    events,
    last: () => events.at(-1) as TokenEndpointEvent,
    calls,
    post: (form, headers = {}) => request(server).post('/token').type('form').set(headers).send(form),
  }
}

afterAll(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
