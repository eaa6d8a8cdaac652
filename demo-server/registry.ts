/**
 * The clients, trusted issuers and accounts of this server. A real server has them in a database; here they are new at each start. It also
 * holds all private keys, because the demo plays all parties: a real server has only its own, and the public keys of the others.
 */
import { randomBytes, type webcrypto } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import { CLIENT_CREDENTIALS, type Client, type JWK, JWT_BEARER_GRANT, type TrustedIssuer } from '../lib/index.js'
// in your own project: from 'express-oauth-assertions/profiles'
import { mcpEnterprise } from '../lib/profiles/index.js'

export interface KeyPair {
  kid: string
  privateKey: webcrypto.CryptoKey
  /** Public. */
  jwk: JWK
}

/** A client as this server stores it; `redirect_uris` is only for the old handler. */
export interface DemoClient extends Client {
  redirect_uris?: readonly string[]
}

export interface Account {
  id: string
  name: string
  /** The scope that the account may grant. */
  scope: string
  /** The names of this account at its issuers: `[iss, sub]`. Two issuers may use one `sub` for two people. */
  knownAs: readonly (readonly [iss: string, sub: string])[]
}

export type Registry = Awaited<ReturnType<typeof createRegistry>>

/** More clients and issuers, as `express-oauth-assertions act-as --print-registration` prints them. */
export interface MoreParties {
  client?: Client
  issuer?: TrustedIssuer
}

export async function createRegistry(issuer: string, more: MoreParties = {}) {
  const keys = {
    server: await keyPair('server-1'),
    billing: await keyPair('billing-1'),
    partner: await keyPair('partner-1'),
    kiosk: await keyPair('kiosk-1'),
    inventory: await keyPair('inventory-1'),
    enterprise: await keyPair('enterprise-1'),
    /** Registered nowhere. */
    stranger: await keyPair('stranger-1'),
  }
  const partner = `${issuer}/partner`
  const kiosk = 'urn:example:kiosk'
  const enterprise = `${issuer}/enterprise`
  const mcp = `${issuer}/mcp`

  const clients: readonly DemoClient[] = [
    {
      client_id: 'billing',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [keys.billing.jwk] },
      grant_types: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS, 'authorization_code'],
      scope: 'read write',
      redirect_uris: ['https://billing.example/callback'],
    },
    {
      client_id: 'reports',
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: randomBytes(24).toString('base64url'),
      grant_types: [JWT_BEARER_GRANT, 'authorization_code', 'refresh_token'],
      scope: 'read write',
      redirect_uris: ['https://reports.example/callback'],
    },
    // An AI agent, which speaks MCP.
    {
      client_id: 'agent',
      client_secret: randomBytes(24).toString('base64url'),
      grant_types: [JWT_BEARER_GRANT],
      scope: 'read',
    },
    { client_id: 'mobile-app', token_endpoint_auth_method: 'none', grant_types: [JWT_BEARER_GRANT] },
    // Somebody forgot its `grant_types`: without them, it may only use authorization_code (RFC 7591 §2).
    { client_id: 'inventory', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [keys.inventory.jwk] }, scope: 'read' },
    ...(more.client ? [more.client] : []),
  ]

  const issuers: readonly TrustedIssuer[] = [
    // First party: the client signs grants for its users itself.
    { issuer: 'billing', client_id: 'billing', jwks: { keys: [keys.billing.jwk] }, scope: 'read write' },
    // Federated: a third party, whose keys are fetched. In production with an https URL and without allowPrivateJwksUri.
    {
      issuer: partner,
      jwks_uri: `${partner}/jwks`,
      allowPrivateJwksUri: true,
      algorithms: ['ES256'],
      clients: ['billing', 'reports', 'mobile-app'],
      client_authentication: 'identified',
      scope: 'read write',
    },
    // Its grants need no client: so its scope is small, only one subject is allowed, and each grant must have an ID.
    {
      issuer: kiosk,
      jwks: { keys: [keys.kiosk.jwk] },
      client_authentication: 'none',
      subjects: ['visitor'],
      scope: 'read',
      requireJti: true,
    },
    // An enterprise lets the agents of its people in: one line. In production without allowPrivateJwksUri.
    mcpEnterprise({ issuer: enterprise, discovery: true, allowPrivateJwksUri: true, audience: issuer, resources: [mcp], scope: 'read' }),
    ...(more.issuer ? [more.issuer] : []),
  ]

  const accounts: readonly Account[] = [
    {
      id: 'account-1',
      name: 'Alice Example',
      scope: 'read write',
      knownAs: [
        ['billing', 'alice'],
        [partner, 'a.example'],
        [enterprise, 'alice@enterprise.example'],
      ],
    },
    { id: 'account-2', name: 'Visitor', scope: 'read', knownAs: [[kiosk, 'visitor']] },
    ...accountsOf(more.issuer),
  ]

  return {
    issuer,
    keys,
    partner,
    kiosk,
    enterprise,
    /** The MCP server. */
    mcp,
    /** The agent, as the identity provider of the enterprise knows it. */
    agentAtIdp: { client_id: 'agent-of-the-enterprise', client_secret: randomBytes(24).toString('base64url') },
    clients,
    issuers,
    findClient: (client_id: string) => clients.find((client) => client.client_id === client_id),
    findIssuer: (iss: string) => issuers.find((trusted) => trusted.issuer === iss),
    findAccount: (iss: string, sub: string) => accounts.find(({ knownAs }) => knownAs.some(([by, as]) => by === iss && as === sub)),
    /** The name of an account, or of a client that has a token for itself. */
    nameOf: (subject: string) => accounts.find(({ id }) => id === subject)?.name ?? subject,
    /** Who is signed in at /authorize: the demo has no login page. */
    signedIn: accounts[0] as Account,
  }
}

/** A NumericDate. */
export const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

/** An account for each subject that an issuer may name. */
function accountsOf(issuer?: TrustedIssuer): Account[] {
  const subjects = Array.isArray(issuer?.subjects) ? (issuer.subjects as string[]) : []
  return subjects.map((sub) => ({ id: `account of ${sub}`, name: sub, scope: 'read write', knownAs: [[issuer?.issuer as string, sub]] }))
}

async function keyPair(kid: string): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true }) // the playground signs in the browser
  return { kid, privateKey, jwk: { ...((await exportJWK(publicKey)) as JWK), kid, alg: 'ES256', use: 'sig' } }
}
