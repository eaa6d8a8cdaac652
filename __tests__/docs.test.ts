/** What the guides say: each code block runs as it stands there. */
import { execFile, spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals'
import express, { type RequestHandler } from 'express'
import { decodeJwt, jwtVerify } from 'jose'
import request from 'supertest'
import { mostTrials } from '../lib/explain/fixes.js'
import {
  type AudienceReport,
  CLIENT_CREDENTIALS,
  type Client,
  type Granted,
  type Hooks,
  JWT_BEARER_CLIENT_ASSERTION,
  JWT_BEARER_GRANT,
  JWT_SPIFFE_CLIENT_ASSERTION,
  type Options,
  type TokenEndpointEvent,
  type TrustedIssuer,
  tokenEndpoint,
  tokenMinter,
} from '../lib/index.js'
import * as profileFunctions from '../lib/profiles/index.js'
import { tokenRequest } from '../lib/testing/index.js'
import { describeWith } from './support/describe-with.js'
import { now } from './support/jwt.js'
import { ec, type Pair, rsa } from './support/keys.js'
import { chatGpt, claude, json, startPublisher } from './support/publisher.js'
import { recipeOf, startRecipe } from './support/recipe.js'
import {
  basic,
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  hooks,
  issuer,
  keys,
  startWorld,
  tokenEndpointUrl,
} from './support/world.js'

const build = join(dirname(fileURLToPath(import.meta.url)), '..')
const root = join(build, '..')
const guides = readdirSync(join(root, 'docs/guides')).map((file) => `docs/guides/${file}`)
const blocks = guides.flatMap((guide) =>
  [...readFileSync(join(root, guide), 'utf8').matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, block]) => ({
    guide,
    language,
    block: block as string,
  })),
)
/** The blocks that have run to their end. */
const executed = new Set<string>()

function findBlock(text: string) {
  const found = blocks.filter(({ block }) => block.includes(text))
  if (found.length !== 1) throw new Error(`docs/guides has ${found.length} blocks with ${text}`)
  return found[0]!
}
/** The block with this text in it. */
const blockWith = (text: string) => findBlock(text).block
/** The value of a `const` of a guide. */
function objectOf<T>(name: string, scope: Record<string, unknown> = {}): T {
  const { [name]: _, ...names }: Record<string, unknown> = { JWT_BEARER_GRANT, publicJwk: signer.jwk, ...profileFunctions, ...scope }
  const block = blockWith(`const ${name} = `)
  const value = new Function(...Object.keys(names), `${block.replace(/^import .*$/gm, '')}\nreturn ${name}`)(...Object.values(names))
  executed.add(block)
  return value
}
async function moduleOf<T>(name: string): Promise<T> {
  const { guide, block } = findBlock(`// ${name}\n`)
  const module = await recipeOf<T>(guide, name)
  executed.add(block)
  return module
}
/** As it is registered, but with a key of the test, since its jwks_uri cannot be asked here. */
const withKeysHere = ({ jwks_uri: _, discovery: __, ...rest }: TrustedIssuer): TrustedIssuer => ({ ...rest, jwks: { keys: [signer.jwk] } })

const hasPrograms = spawnSync('sh', ['-c', 'command -v openssl && command -v curl']).status === 0
const shellNeed = hasPrograms ? {} : { missing: 'no openssl, or no curl' }
const signer = rsa('signer')
const publisher = await startPublisher()
const byHandler: RequestHandler = (_req, res) => void res.status(418).send('the old answer')

type Claims = Record<string, unknown>

/** A server that knows one issuer, or one client, or both. */
function worldOf({ trusted, client, hooks = {}, options = {} }: Partial<WorldParts>) {
  const known: Partial<Hooks> = {
    findIssuer: (iss) => (iss === trusted?.issuer ? trusted : undefined),
    findClient: (id) => (id === client?.client_id ? client : clients[id as 'jwt-client']),
    ...hooks,
  }
  const world = startWorld(express as never, { options, hooks: known })
  /** The answer to a form, and the exact reason. */
  const ask = async (form: Record<string, string>, headers: Record<string, string> = {}) => {
    const { status, body } = await world.post(form, headers)
    return { status, body, reason: world.last().reason, notices: world.last().notices }
  }
  return { ...world, ask }
}
interface WorldParts {
  trusted: TrustedIssuer
  client: Client
  hooks: Partial<Hooks>
  options: Partial<Options>
}

const key = { key: signer }
const assertionOf = (claims: Claims, over: { header?: Claims; key?: Pair } = key) => byJwt(clientAssertion(claims, { ...key, ...over }))
const refusedFor = (reason: string) => expect.objectContaining({ reason })
const ok = expect.objectContaining({ status: 200 })

describe('docs/guides/existing-server.md', () => {
  const reach = (options: Partial<Options>, after: RequestHandler[]) =>
    startWorld(express as never, { options: { fallthrough: true, ...options }, after })

  it('says who authenticates, and who answers', async () => {
    const seen: (string | undefined)[] = []
    const old: RequestHandler = (req, res, next) => {
      seen.push(req.tokenState?.client?.level)
      byHandler(req, res, next)
    }
    const { post } = reach({}, [old])
    expect((await post(grantRequest())).status).toBe(200)
    expect((await post(clientCredentials())).status).toBe(200)
    expect((await post({ grant_type: 'refresh_token', ...byJwt() })).status).toBe(418)
    const secret = { authorization: basic('basic-client', 'basic-secret') }
    expect((await post({ grant_type: 'refresh_token' }, secret)).status).toBe(418)
    expect((await post({ grant_type: CLIENT_CREDENTIALS }, secret)).status).toBe(418)
    expect(seen).toEqual(['authenticated', undefined, undefined])
    const listed = reach({ grantTypes: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS] }, [old])
    expect((await listed.post({ grant_type: CLIENT_CREDENTIALS }, secret)).status).toBe(200)
  })

  it('says what the host has to check: grant_types of its own grants, and secrets that have ended', async () => {
    const { post } = reach({}, [byHandler])
    expect(clients['code-client']).not.toHaveProperty('grant_types')
    expect((await post({ grant_type: 'refresh_token', ...byJwt(clientAssertion({ iss: 'code-client' })) })).status).toBe(418)
    const ended = { ...clients['basic-client'], client_secret_expires_at: 1 }
    const world = startWorld(express as never, { options: { fallthrough: true }, hooks: { findClient: () => ended }, after: [byHandler] })
    const secret = { authorization: basic('basic-client', 'basic-secret') }
    expect((await world.post({ grant_type: 'refresh_token' }, secret)).status).toBe(418)
    expect((await world.post(grantRequest(grant(), {}), secret)).status).toBe(401)
  })
})

describe('docs/guides: secrets', () => {
  it('has a verifyClientSecret for hashes, which compares for a client that nobody is, too', async () => {
    const { hashSync } = await import('bcryptjs')
    const { verifyClientSecret } = await moduleOf<{ verifyClientSecret: NonNullable<Hooks['verifyClientSecret']> }>('hashed-secrets.mjs')
    const verify = jest.fn(verifyClientSecret)
    const client = { client_id: 'hashed', client_secret_hash: hashSync('right', 10), grant_types: [CLIENT_CREDENTIALS] } as Client
    const { ask } = worldOf({ client, hooks: { verifyClientSecret: verify } })
    const by = (id: string, secret: string) => ask({ grant_type: CLIENT_CREDENTIALS }, { authorization: basic(id, secret) })
    expect(await by('hashed', 'right')).toEqual(ok)
    expect(await by('hashed', 'wrong')).toEqual(refusedFor('client_secret_mismatch'))
    expect(await by('nobody', 'right')).toEqual(refusedFor('client_unknown'))
    expect(verify).toHaveBeenLastCalledWith(undefined, 'right')
    expect(await verifyClientSecret({ client_id: 'without-hash' }, 'right')).toBe(false)
    const startedAt = performance.now()
    await verifyClientSecret(undefined, 'right')
    expect(performance.now() - startedAt).toBeGreaterThan(5) // a comparison that is refused at once takes less than one
  })

  it('registers a secret that comes in two ways, and one method is the default', async () => {
    const client = objectOf<Client>('bothWays')
    const { ask } = worldOf({ client })
    const { client_id } = client
    const client_secret = client.client_secret ?? ''
    const inBody = { grant_type: CLIENT_CREDENTIALS, client_id, client_secret }
    expect(await ask({ grant_type: CLIENT_CREDENTIALS }, { authorization: basic(client_id, client_secret) })).toMatchObject({
      status: 200,
      notices: [],
    })
    expect(await ask(inBody)).toMatchObject({ status: 200, notices: ['previous_auth_method'] })
    const { previous_auth_method: _, token_endpoint_auth_method: __, ...one } = client
    expect(await worldOf({ client: one }).ask(inBody)).toEqual(refusedFor('auth_method_not_registered'))
  })
})

describe('docs/guides: issuers', () => {
  const lone = (claims: Claims, over: { header?: Claims } = {}) => grantRequest(grant(claims, { ...key, ...over }), {})

  it('service accounts', async () => {
    const trusted = objectOf<TrustedIssuer>('serviceAccount')
    const { ask, options } = worldOf({ trusted })
    expect(options.tokenEndpointUrl).toBe(tokenEndpointUrl)
    const claims = { iss: trusted.issuer, sub: undefined, jti: undefined, exp: now() + 3600, scope: 'backups:read' }
    const google = 'https://oauth2.googleapis.com/token'
    for (const aud of [google, options.tokenEndpointUrl])
      expect(await ask(lone({ ...claims, aud }))).toMatchObject({ status: 200, body: { scope: 'backups:read' } })
    expect(await ask(lone({ ...claims, aud: google, sub: 'ada' }))).toEqual(refusedFor('subject_not_allowed'))
    expect(await ask({ ...lone({ ...claims, aud: google, iat: now() - 1 }), scope: 'backups:read' })).toEqual(
      refusedFor('scope_param_forbidden'),
    )
  })

  it('clients that sign their own grants', async () => {
    const integrations = objectOf<profileFunctions.SelfIssued[]>('integrations')
    const sent = { salesforce: { aud: 'https://login.salesforce.com' }, docusign: { aud: 'as.example.com' } }
    for (const [at, claims] of Object.values(sent).entries()) {
      const { issuer: trusted, client } = integrations[at]!
      const { ask, last } = worldOf({ trusted, client })
      expect(await ask(lone({ iss: trusted.issuer, sub: 'ada@example.org', ...claims }))).toEqual(ok)
      expect(last()).toMatchObject({ client_id: client.client_id, client_auth_method: 'jwt_bearer_grant' })
      expect(await ask({ ...lone({ iss: trusted.issuer, ...claims }), ...byJwt() })).toEqual(refusedFor('client_binding_mismatch'))
    }
    const { issuer: trusted, client } = integrations[2]!
    const box = worldOf({ trusted, client })
    const form = () => lone({ iss: 'archive', aud: 'https://api.box.com/oauth2/token', box_sub_type: 'user', exp: now() + 30 })
    const secret = { client_id: 'archive', client_secret: 'a secret from your database' }
    expect(await box.ask({ ...form(), ...secret })).toEqual(ok)
    expect(await box.ask(form())).toEqual(refusedFor('client_auth_missing'))
  })

  it('an identity provider of the organisation', async () => {
    const trusted = objectOf<TrustedIssuer>('corporateIdp')
    const { ask } = worldOf({ trusted: withKeysHere({ ...trusted, clients: ['intranet', 'jwt-client'] }) })
    const by = (claims: Claims) => ask(grantRequest(grant({ iss: trusted.issuer, ...claims }, key)))
    const wide = { ...clients['jwt-client'], scope: undefined } as unknown as Client
    const open = worldOf({ trusted: withKeysHere({ ...trusted, clients: 'any' }), client: wide })
    const scoped = { iss: trusted.issuer, exp: now() + 600, scope: 'contacts:read admin' }
    expect(await open.ask(grantRequest(grant(scoped, key)))).toMatchObject({ status: 200, body: { scope: 'contacts:read' } })
    expect(await by({ exp: now() + 600 })).toEqual(ok)
    expect(await by({ exp: now() + 700 })).toEqual(refusedFor('lifetime_too_long'))
    expect(await by({ iss: `${trusted.issuer}/` })).toEqual(refusedFor('issuer_untrusted'))
    expect(await worldOf({ trusted: withKeysHere(trusted) }).ask(grantRequest(grant({ iss: trusted.issuer }, key)))).toEqual(
      refusedFor('client_binding_mismatch'),
    )
  })

  it('ID-JAG', async () => {
    const trusted = withKeysHere(objectOf<TrustedIssuer>('identityProvider'))
    const client = { ...clients['jwt-client'], client_id: 'wiki', scope: 'chat:read' }
    const { ask } = worldOf({ trusted, client })
    const jag = (claims: Claims) =>
      grant({ iss: trusted.issuer, client_id: 'wiki', ...claims }, { ...key, header: { typ: 'oauth-id-jag+jwt' } })
    const by = (assertion: string) => ask({ ...grantRequest(assertion), ...byJwt(clientAssertion({ iss: 'wiki' })) })
    const once = jag({})
    expect(await by(once)).toMatchObject({ status: 200, notices: ['grant_reusable'] })
    expect(await by(once)).toEqual(ok)
    expect(await by(jag({ client_id: 'jwt-client' }))).toEqual(refusedFor('client_binding_mismatch'))
    expect(await by(jag({ aud: tokenEndpointUrl }))).toEqual(refusedFor('aud_not_registered'))
  })

  it('grants without jti are one grant in one second', async () => {
    const trusted = objectOf<TrustedIssuer>('twiceInASecond')
    const of = () => lone({ iss: trusted.issuer, jti: undefined, iat: 1_000, exp: 1_000 })
    expect(of()).toEqual(of()) // RS256: byte for byte
    const iat = now()
    const aud = 'https://oauth2.googleapis.com/token'
    const grantAt = (at: number) => lone({ iss: trusted.issuer, sub: undefined, aud, jti: undefined, iat: at, exp: iat + 60 })
    const reusable = worldOf({ trusted })
    expect([await reusable.ask(grantAt(iat)), await reusable.ask(grantAt(iat))]).toEqual([ok, ok])
    const { replay: _, ...oneTime } = trusted
    const { ask } = worldOf({ trusted: oneTime })
    expect(await ask(grantAt(iat - 1))).toEqual(ok)
    expect(await ask(grantAt(iat - 1))).toEqual(refusedFor('jti_replayed'))
    expect(await ask(grantAt(iat))).toEqual(ok)
  })

  it('no proof of possession', async () => {
    const { ask } = worldOf({ trusted: objectOf<TrustedIssuer>('twiceInASecond') })
    const aud = 'https://oauth2.googleapis.com/token'
    const claims = { iss: 'etl@accounts.example.com', sub: undefined, aud, cnf: { jkt: 'x' } }
    expect(await ask(lone(claims))).toEqual(refusedFor('pop_required'))
    const client = { ...clients['jwt-client'], dpop_bound_access_tokens: true }
    expect(await worldOf({ client }).ask(clientCredentials())).toEqual(refusedFor('dpop_not_supported'))
  })
})

describe('docs/guides/workloads.md', () => {
  const pod = {
    iss: 'https://kubernetes.default.svc.cluster.local',
    sub: 'system:serviceaccount:prod:reports',
    aud: [issuer],
    'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'reports' } },
  }
  const [aws, tid] = ['https://sts.amazonaws.com/', '0e3e2e88-8caf-41ca-b4da-e3b33b6c52ec']
  const account = (aws_account: string) => ({ [aws]: { aws_account } })
  const gitlabJob = { project_id: '20', ref: 'main', ref_type: 'branch', ref_protected: 'true' }
  const azureIdentity = { aud: 'api://as.example.com', sub: 'x', tid, oid: '644d9b8a-b07e-46e8-b81e-bd3a4c997ce9', jti: undefined }
  const role = 'arn:aws:iam::123456789012:role/reports'

  /** What the workload of each block sends, and what another one sends. */
  const platforms: [name: string, lifetime: number, own: Claims, other: Claims][] = [
    ['github', 300, { sub: 'repo:o/r:environment:production', repository_id: '74', environment: 'production' }, { environment: 'test' }],
    ['gitlab', 3600, { sub: 'project_path:g/p:ref_type:branch:ref:main', ...gitlabJob }, { ref_type: 'tag' }],
    ['cluster', 3600, pod, { 'kubernetes.io': { namespace: 'test', serviceaccount: { name: 'reports' } } }],
    ['google', 3600, { sub: '104567890123456789012', jti: undefined }, { sub: '104567890123456789013' }],
    ['aws', 300, { sub: role, ...account('123456789012') }, account('210987654321')],
    ['azure', 86_400, azureIdentity, { oid: tid }],
    ['mcp', 600, { sub: 'agent-7', aud: `${issuer}/` }, { sub: 'agent-8' }],
  ]
  it.each(platforms)('%s', async (name, lifetime, own, other) => {
    const trusted = objectOf<TrustedIssuer>(name)
    const mintToken = () => ({ access_token: 't', token_type: 'Bearer', expires_in: 60 })
    const { ask } = worldOf({ trusted: withKeysHere(trusted), hooks: { mintToken } })
    const by = (claims: Claims) => ask(grantRequest(grant({ iss: trusted.issuer, exp: now() + lifetime, ...own, ...claims }, key), {}))
    const answer = await by({})
    expect(answer).toEqual(ok)
    expect(answer.body.scope).toBe(trusted.scope)
    expect((await by(other)).reason).toMatch(/^(claim|subject)_not_allowed$/)
    expect(await by({ aud: 'https://elsewhere.example' })).toEqual(refusedFor('aud_not_registered'))
  })

  it('finds the account by ids: WI-06 sub is neither a user nor a client_id, and the token does not outlive that of the workload', async () => {
    const { findIssuer, authorizeGrant } = await moduleOf<Pick<Hooks, 'findIssuer' | 'authorizeGrant'>>('workload-hooks.mjs')
    const iss = 'https://token.actions.githubusercontent.com'
    const trusted = withKeysHere((await findIssuer(iss)) as TrustedIssuer)
    const granted: Granted[] = []
    const mintToken = (given: Granted) => {
      granted.push(given)
      return { access_token: 't', token_type: 'Bearer', expires_in: 60 }
    }
    const { ask } = worldOf({ trusted, hooks: { authorizeGrant, mintToken } })
    const run = { iss, sub: 'jwt-client', ref: 'refs/heads/main', event_name: 'push', exp: now() + 100 } // sub is a client_id
    const by = (claims: Claims) => ask(grantRequest(grant({ ...run, ...claims }, key), {}))
    expect(await by({ repository_id: '74' })).toMatchObject({ status: 200, body: { scope: 'deploy' } })
    expect(await by({ repository_id: '75', sub: 'repo:o/r:ref:refs/heads/main' })).toMatchObject({ body: { scope: 'reports:write' } })
    expect(await by({ repository_id: '76' })).toEqual(refusedFor('claim_not_allowed'))
    expect(await by({ repository_id: '74', event_name: 'pull_request_target' })).toEqual(refusedFor('claim_not_allowed'))
    expect(granted.map(({ subject }) => subject)).toEqual(['deployer', 'reporter'])
    for (const { maxLifetime } of granted) expect(maxLifetime).toBeLessThanOrEqual(100)
    expect(await findIssuer('https://idp.example.org')).toBeUndefined()
  })

  it('a Kubernetes service account, as a client assertion', async () => {
    const client = objectOf<Client>('reportsPod')
    const { ask, last } = worldOf({ client })
    const token = (claims: Claims) => ({ ...clientCredentials(assertionOf({ ...pod, ...claims })), client_id: 'reports' })
    const good = token({ exp: now() + 3600 })
    expect(await ask(good)).toMatchObject({ status: 200, notices: ['client_assertion_reusable'] })
    expect(await ask(good)).toEqual(ok)
    expect(last().client_auth_method).toBe('federated_jwt')
    expect(await ask(token({ sub: 'system:serviceaccount:prod:other' }))).toEqual(refusedFor('client_identity_mismatch'))
    expect(await ask(clientCredentials(assertionOf({ iss: 'reports' })))).toMatchObject({ status: 401 })
  })

  it('SPIFFE, as a client assertion of either type', async () => {
    const client = objectOf<Client>('billing')
    const { ask, last } = worldOf({ client })
    const token = (claims: Claims, type: string) => ({
      ...clientCredentials(assertionOf({ sub: 'spiffe://prod.example.org/ns/prod/sa/billing', ...claims })),
      client_id: 'billing',
      client_assertion_type: type,
    })
    for (const type of [JWT_SPIFFE_CLIENT_ASSERTION, JWT_BEARER_CLIENT_ASSERTION]) {
      const good = token({ iss: 'https://any.example' }, type)
      expect(await ask(good)).toMatchObject({ status: 200, body: { scope: 'invoices:read' } })
      expect((await ask(good)).status).toBe(200)
      expect(last().client_auth_method).toBe('federated_jwt')
      expect(await ask(token({ sub: 'spiffe://other.example.org/ns/prod/sa/billing' }, type))).toEqual(
        refusedFor('client_identity_mismatch'),
      )
    }
  })
})

describe('docs/guides: client libraries', () => {
  const ask = (client: Client, claims: Claims, over: { header?: Claims } = {}) =>
    worldOf({ client }).ask(clientCredentials(assertionOf({ iss: client.client_id, aud: tokenEndpointUrl, ...claims }, over)))

  it('MSAL, Okta, Auth0 and SMART on FHIR', async () => {
    const [msal, okta, auth0, smart] = objectOf<[Client, Client, Client, Client]>('libraries')
    const pss = { ...signer, alg: 'PS256' }
    const { ask: again } = worldOf({ client: { ...msal, jwks: { keys: [{ ...signer.jwk, alg: 'PS256' }] } } })
    const cached = clientCredentials(
      assertionOf(
        { iss: msal.client_id, aud: tokenEndpointUrl, exp: now() + 600, nbf: now() },
        { key: pss, header: { kid: undefined, 'x5t#S256': 'thumbprint', x5c: ['certificate'] } },
      ),
    )
    expect(await again(cached)).toMatchObject({ status: 200, notices: ['aud_legacy', 'client_assertion_reusable'] })
    expect(await again(cached)).toEqual(ok)
    expect(await ask(okta, { exp: now() + 300 })).toMatchObject({ status: 200, notices: ['aud_legacy'] })
    expect(await ask(okta, { aud: 'https://as.example.com/oauth2/v1/token' })).toEqual(refusedFor('aud_mismatch'))
    const slash = worldOf({ client: auth0, options: { issuer: `${issuer}/` } })
    expect(await slash.ask(clientCredentials(assertionOf({ iss: 'billing', aud: `${issuer}/` })))).toEqual(ok)
    expect(await ask(auth0, { aud: `${issuer}/` })).toEqual(refusedFor('aud_mismatch'))
    expect(smart).toMatchObject({ requireScope: true, maxLifetime: 300 })
  })

  it('libraries that address the token endpoint', async () => {
    const client = objectOf<Client>('tokenEndpointAsAudience')
    expect(await ask(client, { exp: now() + 3600 }, { header: { kid: undefined } })).toMatchObject({ status: 200, notices: ['aud_legacy'] })
    expect(await ask(client, { aud: 'https://elsewhere.example' })).toEqual(refusedFor('aud_mismatch'))
    expect(await ask(client, {}, { header: { jku: 'https://elsewhere.example/jwks' } })).toEqual(refusedFor('jku_not_registered'))
    const { audience: _, ...strict } = client
    expect(await ask(strict, {})).toEqual(refusedFor('aud_not_registered'))
  })

  it('the issuer as the only audience: the report names the clients that a strict endpoint refuses, and no other', async () => {
    interface Audiences {
      report: AudienceReport
      reportedTokenEndpoint(hooks: Hooks, log: (event: TokenEndpointEvent) => void): RequestHandler[]
      wouldBeRefused(): string[]
    }
    const { report, reportedTokenEndpoint, wouldBeRefused } = await moduleOf<Audiences>('audiences.mjs')
    const sent = {
      'sends-issuer': { aud: issuer },
      'sends-list': { aud: [issuer] },
      'sends-url': { aud: tokenEndpointUrl },
      workload: { iss: 'https://idp.example.org', sub: 'job', aud: 'urn:sts' },
    }
    const findClient = (client_id: string): Client => {
      const { jwks, ...rest } = { ...clients['jwt-client'], client_id }
      const trusted = { issuer: 'https://idp.example.org', subject: 'job', audience: 'urn:sts', jwks: { keys: [signer.jwk] } }
      return client_id === 'workload' ? { ...rest, federated_credentials: [trusted] } : { ...rest, jwks: { keys: [signer.jwk] } }
    }
    const { calls: _, ...plain } = hooks({ findClient })
    const logged: TokenEndpointEvent[] = []
    const statusesOf = async (handlers: RequestHandler[]) => {
      const statuses: Record<string, number> = {}
      const app = express().post('/token', ...handlers)
      for (const [client_id, claims] of Object.entries(sent)) {
        const form = { ...clientCredentials(assertionOf({ iss: client_id, ...claims })), ...(client_id === 'workload' && { client_id }) }
        statuses[client_id] = (await request(app).post('/token').type('form').send(form)).status
      }
      return statuses
    }
    const all = Object.keys(sent)
    expect(await statusesOf(reportedTokenEndpoint(plain, (event) => void logged.push(event)))).toEqual(
      Object.fromEntries(all.map((client_id) => [client_id, 200])),
    )
    expect(logged.map(({ client_id }) => client_id)).toEqual(all)
    expect(wouldBeRefused()).toEqual(['sends-url'])
    expect(report.snapshot().clients).toMatchObject({ 'sends-list': { list: 1 }, workload: { other: 1 } })
    const strict = tokenEndpoint({ issuer, tokenEndpointUrl, clientAssertions: { audience: 'issuer' }, hooks: plain, onEvent: false })
    const refused = Object.entries(await statusesOf(strict as RequestHandler[])).filter(([, status]) => status === 401)
    expect(refused.map(([client_id]) => client_id)).toEqual(wouldBeRefused())

    for (let at = 0; at < 1000; at += 1)
      report({ client_id: `c${at}`, audience: { client_assertion: tokenEndpointUrl } } as TokenEndpointEvent)
    expect(wouldBeRefused()).toContain('and others: raise mostSigners')
    report.clear()
    expect(wouldBeRefused()).toEqual([])
  })

  it('SMART on FHIR: patient in the response', async () => {
    const mintToken = () => ({ access_token: 't', token_type: 'Bearer', expires_in: 60, patient: '123' })
    const sent = worldOf({ hooks: { mintToken }, options: { responseMembers: ['patient'] } })
    expect(await sent.ask(clientCredentials())).toMatchObject({ body: { patient: '123' }, notices: [] })
    const dropped = await worldOf({ hooks: { mintToken } }).ask(clientCredentials())
    expect(dropped.notices).toEqual(['response_member_dropped'])
    expect(dropped.body).not.toHaveProperty('patient')
  })

  it('requests-oauthlib: an empty Basic header beside the client assertion', async () => {
    const { ask } = worldOf({})
    expect(await ask(clientCredentials(), { authorization: basic('jwt-client', '') })).toEqual(refusedFor('multiple_client_auth_assertion'))
    expect(await ask({ ...clientCredentials(), client_id: 'jwt-client' })).toEqual(ok)
  })

  it('MCP SDK: a resource with a slash', async () => {
    const mintToken = tokenMinter({ issuer, audience: 'https://api.example.com', key: keys.other.privateKey })
    const { ask } = worldOf({ hooks: { mintToken } })
    const { body } = await ask({ ...clientCredentials(), resource: 'https://api.example.com/' })
    expect(decodeJwt(body.access_token).aud).toBe('https://api.example.com')
    expect((await ask({ ...clientCredentials(), resource: 'https://other.example/' })).body.error).toBe('invalid_target')
  })
})

describe('docs/guides: keys', () => {
  const folder = mkdtempSync(join(build, 'docs-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  /** Runs a program: a command of a block, or a file that has been written from one. */
  const run = async (command: string, args: readonly string[], env: Record<string, string> = {}) => {
    const { stdout } = await promisify(execFile)(command, args, { cwd: folder, env: { ...process.env, ...env } })
    for (const { block } of blocks) if (block === args[1] || block.startsWith(`// ${args[0]}\n`)) executed.add(block)
    return stdout
  }
  const write = (name: string) => writeFileSync(join(folder, name), blockWith(`// ${name}\n`))
  const jwkOf = async (file: string, ...kid: string[]) => JSON.parse(await run(process.execPath, ['jwk.mjs', file, ...kid]))
  const makeWithNode = async () => {
    for (const name of ['make-key.mjs', 'jwk.mjs', 'sign-grant.mjs']) write(name)
    await run(process.execPath, ['make-key.mjs', '2026-11'])
  }

  it('are made with Node, and become a JWK', async () => {
    await makeWithNode()
    const jwk = await jwkOf('2026-11.pub.pem', '2026-11')
    expect(Object.keys(jwk).sort()).toEqual(['crv', 'kid', 'kty', 'use', 'x', 'y'])
    expect(jwk).toMatchObject({ kty: 'EC', crv: 'P-256', kid: '2026-11', use: 'sig' })
    expect(await jwkOf('2026-11.key.pem')).toEqual({ ...jwk, kid: undefined }) // nothing private, from a private key either
  })

  const [openssl, curl] = [blockWith('openssl genpkey'), blockWith('curl -s')]
  describeWith(shellNeed, 'with OpenSSL and curl', () => {
    it('are made, and sign a grant that is sent', async () => {
      await makeWithNode()
      await run('sh', ['-c', openssl])
      const trusted = objectOf<TrustedIssuer>('testIssuer', { publicJwk: await jwkOf('2026-12.pub.pem', '2026-12') })
      const { url, last } = worldOf({ trusted })
      const answer = JSON.parse(await run('sh', ['-c', curl], { TOKEN_ENDPOINT: url }))
      expect(answer).toMatchObject({ token_type: 'Bearer', scope: 'contacts:read' })
      expect(last()).toMatchObject({ outcome: 'issued', issuer: 'https://idp.example.org' })
    })
  })

  it('sign a grant, for the kid that is registered, or one that is not', async () => {
    await makeWithNode()
    const assertion = (await run(process.execPath, ['sign-grant.mjs', '2026-11.key.pem', '2026-11'])).trim()
    const form = { grant_type: JWT_BEARER_GRANT, assertion }
    const registered = async (...kid: string[]) =>
      worldOf({ trusted: objectOf<TrustedIssuer>('testIssuer', { publicJwk: await jwkOf('2026-11.pub.pem', ...kid) }) })
    const { ask } = await registered('2026-11')
    expect([await ask(form), await ask(form)]).toEqual([ok, refusedFor('jti_replayed')])
    expect(await (await registered()).ask(form)).toEqual(ok)
    expect(await (await registered('another')).ask(form)).toEqual(refusedFor('key_not_found'))
  })

  it('change while both are good', async () => {
    const [old, fresh] = [ec('old'), ec('new')]
    const client = objectOf<Client>('changing', { oldJwk: old.jwk, newJwk: fresh.jwk })
    const { ask } = worldOf({ client })
    for (const key of [old, fresh]) expect(await ask(clientCredentials(assertionOf({ iss: 'reports' }, { key })))).toEqual(ok)
    expect(await ask(clientCredentials(assertionOf({ iss: 'reports' }, { key: ec('third') })))).toEqual(refusedFor('key_not_found'))
  })

  it('of tokenMinter stay the same after a start', async () => {
    await makeWithNode()
    process.env.MINTER_KEY = join(folder, '2026-11.key.pem')
    const client = { level: 'authenticated', client_id: 'reports' }
    const granted = { client, subject: 'ada', scope: '', resource: [] } as unknown as Granted
    const publicKey = createPublicKey(readFileSync(join(folder, '2026-11.pub.pem')))
    for (const _ of ['one start', 'another']) {
      const { mintToken } = await moduleOf<Pick<Hooks, 'mintToken'>>('mint-token.mjs')
      const { access_token } = await mintToken(granted)
      expect((await jwtVerify(access_token, publicKey)).protectedHeader).toMatchObject({ kid: '2026-11', alg: 'ES256' })
    }
    delete process.env.MINTER_KEY
  })
})

describe('docs/guides, case by case: the complete file runs', () => {
  const [reports, idp] = [ec('reports'), ec('idp')]
  const files = {
    'reports.jwk.json': JSON.stringify(reports.jwk),
    'idp.jwk.json': JSON.stringify(idp.jwk),
    'minter.key.pem': ec('minter').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
  const byKey = (key = reports) => byJwt(clientAssertion({ iss: 'reports' }, { key }))
  let stop: (() => Promise<void>) | undefined
  afterEach(async () => {
    await stop?.()
    stop = undefined
  })
  async function start(name: string, more: { env?: Record<string, string>; edit?(text: string): string } = {}) {
    const file = `${name}.mjs`
    const server = await startRecipe(`docs/guides/${name}.md`, file, { files, ...more })
    executed.add(blockWith(`// ${file}\n`))
    stop = server.stop
    const ask = async (form: Record<string, string>, headers: Record<string, string> = {}) => {
      const response = await fetch(server.url, { method: 'POST', body: new URLSearchParams(form), headers })
      return [response.status, await response.json()] as [number, Record<string, string>]
    }
    const status = async (...request: Parameters<typeof ask>) => (await ask(...request))[0]
    return { ...server, ask, status }
  }

  it('A: keys for my clients', async () => {
    const { ask, printed, url } = await start('keys-for-clients')
    expect(await ask(clientCredentials(byKey()))).toMatchObject([200, { token_type: 'Bearer', expires_in: 300, scope: 'contacts:read' }])
    expect(await ask(clientCredentials(byKey(idp)))).toMatchObject([401, { error: 'invalid_client' }])
    expect(await ask({ grant_type: CLIENT_CREDENTIALS, client_id: 'reports' })).toMatchObject([401, { error: 'invalid_client' }])
    expect(await ask(grantRequest(grant(), byKey()))).toMatchObject([400, { error: 'unsupported_grant_type' }])
    expect((await fetch(url, { method: 'POST', body: new URLSearchParams(clientCredentials(byKey())) })).headers.get('cache-control')).toBe(
      'no-store',
    )
    expect(await printed(/(?:handed_on.*){2}/s)).toMatch(/^handed_on 200 \nrefused 401 key_not_found\n/m)
  }, 20_000)

  it('B: grants of an issuer', async () => {
    const { ask, printed } = await start('grants')
    const grantOf = (claims: Claims = {}) => grant({ iss: 'https://idp.example.org', sub: 'ada@example.org', ...claims }, { key: idp })
    const once = grantOf({ exp: now() + 300 })
    const [status, body] = await ask(grantRequest(once, byKey()))
    expect([status, body.scope, decodeJwt(body.access_token as string).sub]).toEqual([200, 'contacts:read', 'account-1'])
    const refused = [400, { error: 'invalid_grant' }]
    expect(await ask(grantRequest(once, byKey()))).toMatchObject(refused)
    expect(await ask(grantRequest(grantOf({ sub: 'eve@example.org' }), byKey()))).toMatchObject(refused)
    expect(await ask(grantRequest(grantOf({ exp: now() + 400 }), byKey()))).toMatchObject(refused)
    expect(await ask(grantRequest(grantOf(), {}))).toMatchObject([401, { error: 'invalid_client' }])
    const reasons = [...(await printed(/client_auth_missing\n/)).matchAll(/^refused 40\d (\w+)$/gm)].map(([, reason]) => reason)
    expect(reasons).toEqual(['jti_replayed', 'subject_unknown', 'lifetime_too_long', 'client_auth_missing'])
  }, 20_000)

  it('C: in front of an existing server, where a client with keys is nobody without its key', async () => {
    const { ask, url } = await start('existing-server')
    executed.add(blockWith('// old-server.mjs\n')) // which it imports
    const refresh = { grant_type: 'refresh_token', refresh_token: 'x' }
    expect(await ask({ ...refresh, ...byKey() })).toEqual([200, { access_token: 'refresh_token for reports', token_type: 'Bearer' }])
    const shop = { ...refresh, client_id: 'shop', client_secret: 'the secret of the shop' }
    expect(await ask(shop)).toEqual([200, { access_token: 'refresh_token for shop', token_type: 'Bearer' }])
    const refused = [401, { error: 'invalid_client' }]
    expect(await ask({ ...refresh, ...byKey(idp) })).toMatchObject(refused)
    expect(await ask({ ...refresh, client_id: 'reports' })).toMatchObject(refused)
    expect(await ask({ ...refresh, client_id: 'reports', client_secret: 'guess' })).toMatchObject(refused)
    const huge = await fetch(url, { method: 'POST', body: new URLSearchParams({ ...refresh, more: 'x'.repeat(200_000) }) })
    expect([huge.status, await huge.json()]).toMatchObject([413, { error: 'invalid_request' }])
  }, 20_000)

  it('E: ChatGPT signs, Claude does not, and nobody is ChatGPT by its client_id alone', async () => {
    const key = rsa('chatgpt')
    const { origin } = publisher
    publisher.routes['/oauth/client.json'] = json(chatGpt(origin))
    publisher.routes['/oauth/jwks.json'] = json({ keys: [key.jwk] })
    publisher.routes['/oauth/mcp-oauth-client-metadata'] = json(claude(origin))
    const { host } = new URL(origin)
    const edit = (text: string) => text.replace("allow: ['chatgpt.com', 'claude.ai'],", `allow: ['${host}'], allowPrivateUrls: true,`)
    const { ask, printed, url } = await start('client-metadata-documents', { edit })
    const code = { grant_type: 'authorization_code', code: 'c' }
    const id = `${origin}/oauth/client.json`
    const signed = (by = key) => byJwt(clientAssertion({ iss: id, aud: tokenEndpointUrl }, { key: by }))
    const refused = [401, { error: 'invalid_client' }]
    expect(await ask({ ...code, ...signed() })).toMatchObject([200, { scope: 'notes:read' }])
    expect(await ask({ ...code, ...signed(rsa('another')) })).toMatchObject(refused)
    expect(await ask({ ...code, client_id: id })).toMatchObject(refused)
    expect(await ask({ ...code, client_id: `${origin}/oauth/mcp-oauth-client-metadata` })).toMatchObject([200, { scope: 'notes:read' }])
    expect(await ask({ ...code, client_id: 'https://evil.example/c' })).toMatchObject(refused)
    expect(await ask({ ...code, client_id: 'nobody' })).toMatchObject(refused)
    expect(await printed(/key_not_found/)).toMatch(/^handed_on 200 {2}aud_legacy$/m)
    const metadata = await fetch(new URL('/.well-known/oauth-authorization-server', url))
    expect(await metadata.json()).toMatchObject({
      client_id_metadata_document_supported: true,
      token_endpoint_auth_methods_supported: expect.arrayContaining(['none', 'private_key_jwt']),
      grant_types_supported: ['authorization_code', 'refresh_token'],
    })
    const { client_id, token_endpoint_auth_method, grant_types } = claude('https://claude.ai')
    expect(objectOf<Client>('claude')).toEqual({ client_id, token_endpoint_auth_method, grant_types, scope: 'notes:read' })
  }, 20_000)

  const bySecret = { authorization: basic('reports', 'the secret of reports') }
  const request = { grant_type: CLIENT_CREDENTIALS }
  const phases: [phase: string, ends: string, both: number, secret: number, key: number][] = [
    ['observe', '2000-01-01', 200, 200, 401],
    ['both', '2000-01-01', 200, 200, 200],
    ['ending', '2999-12-31', 401, 200, 200],
    ['ending', '2000-01-01', 401, 401, 200],
    ['moved', '2000-01-01', 401, 401, 200],
  ]
  it.each(phases)(
    'D: from secrets to keys, phase %s, with an end at %s',
    async (phase, ends, both, secret, key) => {
      const { status, printed } = await start('secrets-to-keys', {
        env: { PHASE: phase },
        edit: (text) => text.replace('2026-12-31', ends),
      })
      expect(await status(clientCredentials(byKey()), bySecret)).toBe(both)
      expect(await status(request, bySecret)).toBe(secret)
      expect(await status(clientCredentials(byKey()))).toBe(key)
      expect(await status(clientCredentials(byKey(idp)))).toBe(401)
      const [ofBoth, ofSecret, ofKey] = [...(await printed(/(?:\}\n.*){4}/s)).matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line))
      const notices = phase === 'both' || (phase === 'ending' && secret === 200) ? ['previous_auth_method'] : []
      expect(ofSecret).toMatchObject({ notices, outcome: secret === 200 ? 'issued' : 'refused' })
      if (both === 200) expect(ofBoth).toMatchObject({ client_auth_method: 'client_secret_basic', observed: { result: 'ok' }, notices })
      if (key === 200) expect(ofKey).toMatchObject({ client_auth_method: 'private_key_jwt', notices: [] })
    },
    20_000,
  )
})

describe('docs/guides/rate-limits.md', () => {
  it('has timeouts that a server takes, shorter than the defaults that it names', async () => {
    const { createStrictServer } = await moduleOf<{ createStrictServer: typeof createServer }>('timeouts.mjs')
    const [strict, plain] = [createStrictServer(), createServer()]
    expect([strict.headersTimeout, strict.requestTimeout]).toEqual([10_000, 20_000])
    expect([plain.headersTimeout, plain.requestTimeout]).toEqual([60_000, 300_000])
  })
})

describe('docs/guides/explain.md', () => {
  const trusted: TrustedIssuer = { issuer: 'https://idp.example.org', jwks: { keys: [signer.jwk] }, client_authentication: 'none' }
  const options: Options = {
    issuer,
    hooks: {
      findClient: () => undefined,
      findIssuer: () => trusted,
      authorizeGrant: ({ sub }) => ({ subject: sub }),
      mintToken: () => ({ access_token: 'a-token', token_type: 'Bearer' }),
    },
  }
  const form = (over: Claims) => ({ grant_type: JWT_BEARER_GRANT, assertion: signed({ iss: trusted.issuer, sub: 'alice', ...over }) })
  const signed = (claims: Claims) => grant(claims, { key: signer })

  it('prints the reason, the checks and the fixes of a JWT', async () => {
    const { why } = await moduleOf<{ why(jwt: string, options: Options, print: (line: string) => void): Promise<void> }>('why.mjs')
    const lines: string[] = []
    await why(form({ aud: 'https://else.example' }).assertion, options, (line) => lines.push(line))
    expect(lines[0]).toBe(`refused: aud_not_registered, seen {"aud":"https://else.example"}, wanted {"aud":["${issuer}"]}`)
    expect(lines).toContain('failed: `aud` is one value, and the signer may use it (aud_not_registered)')
    expect(lines).toContain(`signer: send \`aud: ${issuer}\``)
    expect(lines.at(-1)).toMatch(/^weaker: server: register /)
  })

  it('says how often a hook may be called', () => {
    expect(readFileSync(join(root, 'docs/guides/explain.md'), 'utf8')).toContain(`up to ${mostTrials} times`)
  })

  it('says what a request would be answered', async () => {
    const { whyRequest } = await moduleOf<{ whyRequest(form: object, options: Options): Promise<object> }>('why-request.mjs')
    expect(await whyRequest(form({}), options)).toMatchObject({ accepted: true, status: 200, step: 'issueToken', fix: undefined })
    expect(await whyRequest({ ...form({}), resource: 'x' }, options)).toMatchObject({
      reason: 'target_invalid',
      fix: 'send no `resource` parameter',
    })
  })

  it('reviews recorded refusals', async () => {
    const { recorder, review } = await moduleOf<{ recorder: NonNullable<Options['onEvent']>; review(options: Options): Promise<string[]> }>(
      'recorder.mjs',
    )
    const app = express().post('/token', ...tokenEndpoint({ ...options, onEvent: recorder }))
    await tokenRequest(app, form({ aud: 'https://else.example' }))
    const hooks = { ...options.hooks, findIssuer: () => ({ ...trusted, audience: 'https://else.example' }) }
    expect(await review({ ...options, hooks })).toEqual([expect.stringMatching(/^[\w-]+: aud_not_registered, today accepted$/)])
  })
})

describe('every code block of the guides', () => {
  it('in TypeScript stands in a file that is compiled against the package', () => {
    const compiled = readFileSync(join(root, '__tests__/consumers/types.ts'), 'utf8')
    const inTypeScript = blocks.filter(({ language }) => language === 'ts')
    expect(inTypeScript).toHaveLength(1)
    for (const { block } of inTypeScript) {
      expect(compiled).toContain(block)
      executed.add(block)
    }
  })

  it('was run by a test above, by one in front of a real host, or in a project that has the package', () => {
    const tests = join(root, '__tests__')
    const others = ['recipes.test.ts', 'package.test.ts', ...readdirSync(join(tests, 'hosts')).map((file) => `hosts/${file}`)].filter(
      (file) => file.endsWith('.ts'),
    )
    const names = new Set(
      others.flatMap((file) => [...readFileSync(join(tests, file), 'utf8').matchAll(/'([^'\n]+)'/g)].map(([, name]) => name)),
    )
    const isRun = (block: string) => executed.has(block) || names.has(/^\/\/ (.*)\n/.exec(block)?.[1] ?? '')
    const impossible = shellNeed.missing ? ['openssl genpkey', 'curl -s'].map(blockWith) : []
    expect(blocks.map(({ block }) => block).filter((block) => !isRun(block))).toEqual(impossible)
  })
})
