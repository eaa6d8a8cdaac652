// Compiled as ES module and as CommonJS, against the types of Express 4 and of Express 5.
import express from 'express'
import {
  authenticateClient,
  type Client,
  ConfigurationError,
  type GrantCandidate,
  type GrantDecision,
  type Granted,
  type Hooks,
  type InternalClientSecrets,
  internalClientSecrets,
  issueToken,
  JWT_BEARER_GRANT,
  memoryReplayStore,
  OAuthError,
  type Options,
  parseTokenRequest,
  type ReplayStore,
  type TokenEndpointEvent,
  type TokenResponse,
  type TrustedIssuer,
  tokenEndpoint,
  tokenErrorHandler,
  tokenMinter,
  verifyJwtGrant,
} from 'express-oauth-assertions'
import { type PostgresPool, postgresReplaySchema, postgresReplayStore } from 'express-oauth-assertions/postgres'
import { redisReplayStore } from 'express-oauth-assertions/redis'
import {
  type JwtOverrides,
  type ReplayStoreCheck,
  recordEvents,
  replayStoreChecks,
  replayStoreContract,
  type SpoiledName,
  spoiled,
  spoiledRequests,
  testClient,
  testIssuer,
  tokenRequest,
} from 'express-oauth-assertions/testing'

const hooks: Hooks = {
  findClient: async (client_id: string): Promise<Client | undefined> => ({ client_id, token_endpoint_auth_method: 'private_key_jwt' }),
  findIssuer: (iss): TrustedIssuer => ({ issuer: iss, jwks: { keys: [] }, clients: ['app'] }),
  authorizeGrant: ({ sub, issuer, client }: GrantCandidate): GrantDecision =>
    client.level === 'anonymous' || issuer.enabled === false ? { refused: 'consent_missing' } : { subject: `${client.client_id}/${sub}` },
  mintToken: async ({ subject, scope }: Granted): Promise<TokenResponse> => ({ access_token: subject, token_type: 'Bearer', scope }),
}
const replayStore: ReplayStore = { consume: async () => true, release: () => undefined }
const onEvent = ({ outcome, reason }: TokenEndpointEvent) => void [outcome, reason]
const options: Options = { issuer: 'https://as.example.com', hooks, onEvent, replayStore, fallthrough: true }
const handler: express.RequestHandler = (req, res) => {
  const client = req.tokenState?.client
  if (client?.level === 'authenticated') res.json({ client_id: client.client_id.toUpperCase(), name: client.client.client_id })
  else res.status(400).json({ granted: req.tokenState?.grant?.subject ?? null })
}

const app = express()
app.post('/token', ...tokenEndpoint(options), handler)
const { fillIn, secretOf, isSecretOf }: InternalClientSecrets = internalClientSecrets({ key: new Uint8Array(32) })
app.post('/old', ...tokenEndpoint(options), express.urlencoded({ extended: false }), fillIn, handler)
if (!isSecretOf('app', secretOf('app'))) throw new Error('not the internal secret')
app.post('/inline', ...tokenEndpoint(options), (req, res) => {
  res.json({ grant_type: req.tokenState?.request?.grant_type, path: req.path })
})
app.use('/mounted', ...tokenEndpoint(options), tokenErrorHandler())
app.post(
  '/steps',
  parseTokenRequest({ issuer: 'https://as.example.com', hooks: {} }),
  authenticateClient({ issuer: 'https://as.example.com', hooks: { findClient: hooks.findClient } }),
  verifyJwtGrant({ issuer: 'https://as.example.com', hooks: { findIssuer: hooks.findIssuer, authorizeGrant: hooks.authorizeGrant } }),
  issueToken({ issuer: 'https://as.example.com', hooks: { mintToken: hooks.mintToken } }),
  handler,
)
const { findClient, mintToken } = hooks
app.post(
  '/keys',
  ...tokenEndpoint({ issuer: 'https://as.example.com', hooks: { findClient, mintToken }, grantTypes: ['client_credentials'] }),
)
const ofClients = { issuer: 'https://as.example.com', hooks: { findClient } }
app.post('/proven', parseTokenRequest(ofClients), authenticateClient(ofClients), handler)
express.Router().post('/token', ...tokenEndpoint({ ...options, replayStore: memoryReplayStore({ max: 10 }) }))
hooks.mintToken = tokenMinter({ issuer: 'https://as.example.com', audience: 'https://api.example.com', key: { kty: 'EC' } })
export const errors: Error[] = [new OAuthError('invalid_grant', 'The account is closed.', { status: 400 }), new ConfigurationError('no')]

// the stores, with clients of these shapes, and the kit
declare const nodeRedis: { eval(script: string, options?: { keys?: string[]; arguments?: string[] }): Promise<unknown> }
declare const ioRedis: { call(command: string, ...args: (string | Buffer | number)[]): Promise<unknown> }
declare const pool: PostgresPool
const stores: ReplayStore[] = [
  redisReplayStore(nodeRedis, { prefix: '{app}:', startupGuard: true }),
  redisReplayStore(ioRedis, { durable: true }),
  postgresReplayStore(pool, { table: 'auth.used', sweepInterval: 30 }),
]
const schema: string = postgresReplaySchema({ table: 'auth.used' })
export const checks: readonly ReplayStoreCheck[] = replayStoreChecks({ makeStore: () => stores[0] ?? memoryReplayStore(), timeout: 1 })
replayStoreContract({ makeStore: async () => memoryReplayStore() }, { describe: () => schema, it: async (_name, test) => test() })

// the test helpers
const [testing, tested, recorded] = [testIssuer({ alg: 'RS256', registration: { scope: 'a' } }), testClient(), recordEvents()]
const overrides: JwtOverrides = { claims: { sub: 'ada', jti: undefined }, header: { typ: 'JWT' }, signedBy: 'stranger' }
app.post('/tested', ...tokenEndpoint({ ...options, onEvent: recorded }))
export const testedAnswers = async (): Promise<(string | undefined)[]> => {
  const registered: [TrustedIssuer, Client] = [testing.registration, tested.registration]
  const form = { grant_type: JWT_BEARER_GRANT, assertion: testing.signGrant(overrides), ...tested.clientAuthentication() }
  const { body } = await tokenRequest(app, form, { path: '/tested', headers: { Accept: 'application/json' } })
  const name: SpoiledName = 'inMilliseconds'
  const [first] = spoiledRequests(name, 'grant', { issuer: testing, client: tested })
  return [registered[0].issuer, body.error, recorded.last?.reason, first?.assertion, spoiled[name].refused.grant?.reason]
}
// @ts-expect-error no such way to spoil a JWT
spoiledRequests('stale', 'grant', { issuer: testing, client: tested })
// @ts-expect-error no such algorithm
testIssuer({ alg: 'HS256' })

// null, as databases return it, is as if absent
export const fromDatabase: Client = {
  client_id: 'app',
  scope: null,
  client_secret: null,
  grant_types: null,
  maxLifetime: null,
  replay: null,
  jwks: null,
  jwks_uri: null,
  allowPrivateJwksUri: null,
  federated_credentials: [
    { issuer: 'a', subject: 'b', audience: null, maxLifetime: null, replay: null, jwks: null, jwks_uri: 'https://a' },
  ],
}
// @ts-expect-error null does not mean enabled
export const undecided: Client = { client_id: 'app', enabled: null }
// of a trusted issuer, only the members about its keys
export const issuerFromDatabase: TrustedIssuer = { issuer: 'a', jwks: null, jwks_uri: 'https://a', allowPrivateJwksUri: null }
// @ts-expect-error null is no list
export const unlisted: TrustedIssuer = { issuer: 'a', clients: null }

// members of the host: inferred from what findClient returns
type Tenant = Client<{ tenant: string }>
declare const tenants: Map<string, Tenant>
declare const rows: { findUnique(id: string): Promise<{ client_id: string; scope: string | null; tenant: string } | null> }
const ofIssuers = { findIssuer: () => null, authorizeGrant: () => undefined }
const endpointOfTenants = { issuer: 'https://as.example.com', responseMembers: ['tenant'] }
app.post(
  '/tenants',
  ...tokenEndpoint({
    ...endpointOfTenants,
    hooks: {
      findClient: async (id) => tenants.get(id),
      findIssuer: () => undefined,
      verifyClientSecret: (client, secret) => client?.tenant.toUpperCase() === secret,
      authorizeGrant: ({ client, sub }) => ({ subject: `${client.client?.tenant.toUpperCase()}/${sub}` }),
      mintToken({ client: { client } }) {
        // @ts-expect-error no member of this host
        client?.tenants
        return { access_token: 'a', token_type: 'Bearer', tenant: client?.tenant.toUpperCase() }
      },
    },
  }),
  ...tokenEndpoint({
    ...endpointOfTenants,
    grantTypes: ['client_credentials'],
    hooks: {
      findClient: (id) => rows.findUnique(id),
      mintToken: ({ client }) => ({ access_token: 'a', token_type: 'Bearer', tenant: client.client?.tenant.toUpperCase() }),
    },
  }),
  authenticateClient({
    ...endpointOfTenants,
    hooks: { findClient: (id) => tenants.get(id), verifyClientSecret: (client, secret) => client?.tenant.toUpperCase() === secret },
  }),
)
export const hooksOfTenants: Hooks<Tenant> = {
  ...ofIssuers,
  findClient: (id) => tenants.get(id),
  authorizeGrant: (candidate) => ({ subject: candidate.client.client?.tenant.toUpperCase() ?? candidate.sub }),
  mintToken: async (granted: Granted<Tenant>) => ({ access_token: granted.client.client?.tenant ?? 'a', token_type: 'Bearer' }),
}
const optionsOfTenants: Options<Hooks<Tenant>> = { ...endpointOfTenants, hooks: hooksOfTenants }
app.post('/tenants', ...tokenEndpoint(optionsOfTenants))
app.post(
  '/tenants',
  parseTokenRequest(optionsOfTenants),
  authenticateClient(optionsOfTenants),
  verifyJwtGrant(optionsOfTenants),
  issueToken(optionsOfTenants),
)
app.post('/tenants', ...tokenEndpoint({ ...optionsOfTenants, hooks: { ...hooksOfTenants, mintToken: hooks.mintToken } }))
app.post(
  '/unnamed',
  ...tokenEndpoint({
    ...endpointOfTenants,
    hooks: { ...hooks, findClient: (client_id) => (client_id === 'app' ? { client_id, tenant: 'a' } : null) },
  }),
)
// as docs/guides/secrets.md shows it
declare const compare: (secret: string, hash: string) => Promise<boolean>
declare const nobody: string
type MyClient = Client<{ client_secret_hash: string }>

const verifyClientSecret: Hooks<MyClient>['verifyClientSecret'] = (client, secret) => compare(secret, client?.client_secret_hash ?? nobody)
app.post('/secrets', ...tokenEndpoint({ ...options, hooks: { ...hooks, findClient: (): MyClient | null => null, verifyClientSecret } }))
// @ts-expect-error a client without the member of this host
hooksOfTenants.findClient = (client_id) => ({ client_id })
// names are completed, and others are strings of the host
export const registered: Client = {
  client_id: 'app',
  token_endpoint_auth_method: 'private_key_jwt',
  previous_auth_method: 'attest_jwt_client_auth',
  grant_types: ['client_credentials', 'urn:example:own', String('x')],
  token_endpoint_auth_signing_alg: 'ES256',
}
type KnownNames<T> = T extends string ? (string extends T ? never : T) : never
const known: KnownNames<NonNullable<Client['token_endpoint_auth_method']>>[] = ['private_key_jwt', 'client_secret_basic', 'none']
const knownAlgorithms: KnownNames<NonNullable<Options['algorithms']>[number]>[] = ['ES256', 'EdDSA']
export const completed = [known, knownAlgorithms]
// @ts-expect-error no name that is completed
known.push('private_key')

// what must not compile
// @ts-expect-error no client
redisReplayStore({})
// @ts-expect-error a misspelt option
redisReplayStore(nodeRedis, { keyPrefix: 'a' })
// @ts-expect-error no way to make a store
replayStoreChecks({})
// @ts-expect-error a misspelt option
tokenEndpoint({ ...options, clockTolerence: 5 })
// @ts-expect-error no issuer
tokenEndpoint({ hooks })
// @ts-expect-error a hook is missing
tokenEndpoint({ issuer: 'https://as.example.com', hooks: { findClient: hooks.findClient } })
// @ts-expect-error the hooks of the JWT grant are missing
tokenEndpoint({ issuer: 'https://as.example.com', hooks: { findClient, mintToken } })
// @ts-expect-error the hooks of the JWT grant are missing
tokenEndpoint({ issuer: 'https://as.example.com', hooks: { findClient, mintToken }, grantTypes: [JWT_BEARER_GRANT, 'client_credentials'] })
// @ts-expect-error a hook is missing
tokenEndpoint({ issuer: 'https://as.example.com', hooks: { findClient }, grantTypes: ['client_credentials'] })
// @ts-expect-error the hook of this step is missing
issueToken({ issuer: 'https://as.example.com', hooks: { findClient: hooks.findClient } })
// @ts-expect-error a hook of another shape
hooks.mintToken = () => 'token'
// @ts-expect-error a decision without subject
hooks.authorizeGrant = () => ({ scope: 'read' })
// @ts-expect-error a code that no specification registers
new OAuthError('account_closed')
// @ts-expect-error a grant type that this package does not serve
options.grantTypes = ['authorization_code']
// @ts-expect-error a value outside its list
export const wrongIssuer: TrustedIssuer = { issuer: 'a', replay: 'sometimes' }
app.get('/', (req) => {
  // @ts-expect-error the state may be absent
  req.tokenState.client
  // @ts-expect-error no client is known before its level is
  req.tokenState?.client?.client_id.length
  // @ts-expect-error what is proven does not change
  if (req.tokenState?.grant) req.tokenState.grant.subject = 'mallory'
  // @ts-expect-error the state is a view
  if (req.tokenState) req.tokenState.client = null
  // @ts-expect-error the state is a view
  req.tokenState = {}
})
