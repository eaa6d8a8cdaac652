/**
 * Who this server knows: its clients, the issuers it trusts, its accounts. A real server has them in a database; here they are new at each
 * start. It also holds everybody's private keys, because the demo plays all parts: a real server has its own and the public ones of others.
 */
import { randomBytes, type webcrypto } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import { CLIENT_CREDENTIALS, type Client, type JWK, JWT_BEARER_GRANT, type TrustedIssuer } from '../lib/index.js'

export interface KeyPair {
  kid: string
  privateKey: webcrypto.CryptoKey
  /** Public. */
  jwk: JWK
}

/** A client as this server stores it; `redirect_uris` is for the old handler alone. */
export interface DemoClient extends Client {
  redirect_uris?: readonly string[]
}

export interface Account {
  id: string
  name: string
  /** What the account may give away. */
  scope: string
  /** What issuers call this account: `[iss, sub]`. Two issuers may use one `sub` for two people. */
  knownAs: readonly (readonly [iss: string, sub: string])[]
}

export type Registry = Awaited<ReturnType<typeof createRegistry>>

export async function createRegistry(issuer: string) {
  const keys = {
    server: await keyPair('server-1'),
    billing: await keyPair('billing-1'),
    partner: await keyPair('partner-1'),
    kiosk: await keyPair('kiosk-1'),
  }
  const partner = `${issuer}/partner`
  const kiosk = 'urn:example:kiosk'

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
    { client_id: 'mobile-app', token_endpoint_auth_method: 'none', grant_types: [JWT_BEARER_GRANT] },
  ]

  const issuers: readonly TrustedIssuer[] = [
    // First party: the client signs grants for its users itself.
    { issuer: 'billing', client_id: 'billing', jwks: { keys: [keys.billing.jwk] }, scope: 'read write' },
    // Federated: a third party, whose keys are fetched. A real one has an https URL, and allowPrivateJwksUri stays away.
    {
      issuer: partner,
      jwks_uri: `${partner}/jwks`,
      allowPrivateJwksUri: true,
      clients: ['billing', 'reports', 'mobile-app'],
      client_authentication: 'identified',
      scope: 'read write',
    },
    // Its grants need no client at all: so it gets little, and for one subject.
    { issuer: kiosk, jwks: { keys: [keys.kiosk.jwk] }, client_authentication: 'none', subjects: ['visitor'], scope: 'read' },
  ]

  const accounts: readonly Account[] = [
    {
      id: 'account-1',
      name: 'Alice Example',
      scope: 'read write',
      knownAs: [
        ['billing', 'alice'],
        [partner, 'a.example'],
      ],
    },
    { id: 'account-2', name: 'Visitor', scope: 'read', knownAs: [[kiosk, 'visitor']] },
  ]

  return {
    issuer,
    keys,
    partner,
    kiosk,
    findClient: (client_id: string) => clients.find((client) => client.client_id === client_id),
    findIssuer: (iss: string) => issuers.find((trusted) => trusted.issuer === iss),
    findAccount: (iss: string, sub: string) => accounts.find(({ knownAs }) => knownAs.some(([by, as]) => by === iss && as === sub)),
    /** The name of an account, or of a client that acts for itself. */
    nameOf: (subject: string) => accounts.find(({ id }) => id === subject)?.name ?? subject,
    /** Who is signed in at /authorize: the demo has no login page. */
    signedIn: accounts[0] as Account,
  }
}

async function keyPair(kid: string): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  return { kid, privateKey, jwk: { ...((await exportJWK(publicKey)) as JWK), kid, alg: 'ES256', use: 'sig' } }
}
