/** The cases of the playground, as data: what the page fills in. Times and `jti` are new for each call. */
import { randomUUID } from 'node:crypto'
import { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT } from '../lib/index.js'
import { type SpoiledName, spoiled } from '../lib/testing/spoiled.js' // in your own project: 'express-oauth-assertions/testing'
import type { KeyPair, Registry } from './registry.js'

/** A JWT as the page edits it. */
export interface CaseJwt {
  /** JSON texts, signed character by character. */
  header: string
  claims: string
  /** The name of a key, `none`, or `secret:` and the name of a key whose public part is the secret of an HMAC. */
  key: string
}

export interface Case {
  id: string
  group: 'Accepted' | 'Grant refused' | 'Client authentication refused' | 'Policy' | 'Registration'
  title: string
  about: string
  /** The reason of the refusal; none if a token is issued. */
  reason?: string
  parameters: Record<string, string>
  basic?: { user: string; password: string }
  assertion?: CaseJwt
  client_assertion?: CaseJwt
  /** How often it is sent. */
  times: 1 | 2
}

type Members = Record<string, unknown>
interface Changes {
  claims?: Members
  header?: Members
  key?: string
  repeated?: Members
}

const lifetime = 300 // seconds: the longest that is allowed by default, since the reader edits in the meantime
const jsonOf = (value: unknown) => JSON.stringify(value, null, 2)

/** Names in the page, and what the JWT is spoiled with: a row of the table. The reason is the one that this server gives. */
const spoiledGrants: readonly (readonly [SpoiledName, title: string, reason?: string])[] = [
  ['wrongAudience', 'Meant for another server'],
  ['severalAudiences', 'Meant for two servers'],
  ['expired', 'Expired'],
  ['inMilliseconds', 'Times in milliseconds'],
  ['notYetValid', 'Not valid yet'],
  ['issuedInFuture', 'Issued by a wrong clock'],
  ['livesTooLong', 'Valid for ten years'],
  ['wrongIssuer', 'Unknown issuer'],
  ['wrongKey', 'Signed with another key'],
  ['unknownKid', 'Unknown key ID'],
  ['wrongAlgorithm', 'Another algorithm'],
  ['unsigned', 'Not signed'],
  ['publicKeyAsSecret', 'Public key used as a secret'],
  ['embeddedKey', 'Brings its own key'],
  ['criticalHeader', 'Critical header that nobody knows'],
  ['wrongType', 'An access token'],
  ['duplicateMember', 'A claim twice'],
  ['noExp', 'Without expiry'],
  ['noSub', 'Without subject'],
  ['noAud', 'Without audience'],
  ['replayed', 'Sent twice'],
  ['clientAssertionAsGrant', 'A client assertion sent as grant'],
]
const spoiledClientAssertions: readonly (readonly [SpoiledName, title: string])[] = [
  ['wrongAudience', 'Meant for another server'],
  ['expired', 'Expired'],
  ['inMilliseconds', 'Times in milliseconds'],
  ['issuedInFuture', 'Issued by a wrong clock'],
  ['unknownClient', 'Unknown client'],
  ['wrongIssuer', 'Issuer is not the client'],
  ['wrongKey', 'Signed with another key'],
  ['unknownKid', 'Unknown key ID'],
  ['unsigned', 'Not signed'],
  ['wrongType', 'An access token'],
  ['noSub', 'Without subject'],
  ['replayed', 'Sent twice'],
  ['grantAsClientAssertion', 'A grant sent as client assertion'],
]

export function casesOf({ issuer, keys, partner, kiosk, findClient }: Registry): Case[] {
  const now = Math.floor(Date.now() / 1000)
  const jwt = (name: string, { kid }: KeyPair, base: Members, { claims, header, key = name, repeated }: Changes = {}): CaseJwt => {
    const text = jsonOf({ ...base, aud: issuer, iat: now, exp: now + lifetime, jti: randomUUID(), ...claims })
    return {
      header: jsonOf({ alg: 'ES256', kid, ...header }),
      claims: repeated ? `${text.slice(0, -2)},${jsonOf(repeated).slice(1)}` : text,
      key,
    }
  }
  const ofPartner = (changes?: Changes) => jwt('partner', keys.partner, { iss: partner, sub: 'a.example' }, changes)
  const ofKiosk = (changes?: Changes) => jwt('kiosk', keys.kiosk, { iss: kiosk, sub: 'visitor' }, changes)
  const ofBilling = (sub: string, changes?: Changes) => jwt('billing', keys.billing, { iss: 'billing', sub }, changes)
  const ofInventory = () => jwt('inventory', keys.inventory, { iss: 'inventory', sub: 'inventory' })
  const basic = { user: 'reports', password: findClient('reports')?.client_secret as string }

  const grant = (assertion: CaseJwt, parameters: Record<string, string> = {}) => ({
    parameters: { grant_type: JWT_BEARER_GRANT, ...parameters },
    assertion,
    times: 1 as const,
  })
  const asClient = (client_assertion: CaseJwt, parameters: Record<string, string> = {}) => ({
    parameters: { grant_type: CLIENT_CREDENTIALS, client_assertion_type: JWT_BEARER_CLIENT_ASSERTION, ...parameters },
    client_assertion,
    times: 1 as const,
  })
  const byJwt = { client_assertion_type: JWT_BEARER_CLIENT_ASSERTION }

  /** What a row of the table changes in a JWT of a signer. */
  function changesOf(name: SpoiledName, use: 'grant' | 'client', owner: string, { kid }: KeyPair): Changes {
    const signer = { alg: 'ES256', kid, audience: issuer, strangerJwk: keys.stranger.jwk }
    const { claims, header, signedBy = 'own', repeatedClaims } = spoiled[name].overrides(signer, use)
    const key = { own: owner, stranger: 'stranger', nobody: 'none', 'public-key-as-secret': `secret:${owner}` }[signedBy]
    return { ...(claims && { claims }), ...(header && { header }), key, ...(repeatedClaims && { repeated: repeatedClaims }) }
  }
  const timesOf = (name: SpoiledName) => ('sentTwice' in spoiled[name] ? 2 : 1)

  return [
    {
      id: 'grant-by-secret',
      group: 'Accepted',
      title: "Partner's grant, client with its secret",
      about: 'A trusted issuer vouches for an account. The client that presents the grant authenticates by HTTP Basic.',
      ...grant(ofPartner()),
      basic,
    },
    {
      id: 'grant-by-jwt',
      group: 'Accepted',
      title: 'Both halves of RFC 7523 at once',
      about: 'One JWT is the authorization grant, another JWT authenticates the client.',
      ...grant(ofPartner(), byJwt),
      client_assertion: ofBilling('billing'),
    },
    {
      id: 'own-grant',
      group: 'Accepted',
      title: "Client's own grant, which is its credential too",
      about: 'The client signs the grant itself, so the signature also authenticates it.',
      ...grant(ofBilling('alice')),
    },
    {
      id: 'grant-public',
      group: 'Accepted',
      title: "Partner's grant, public client",
      about: 'The client only names itself. It gets less: the option `publicClients` limits its scope.',
      ...grant(ofPartner(), { client_id: 'mobile-app' }),
    },
    {
      id: 'grant-nobody',
      group: 'Accepted',
      title: "Kiosk's grant, no client at all",
      about: 'Grants of this issuer need no client. It may only assert one subject.',
      ...grant(ofKiosk()),
    },
    {
      id: 'client-credentials',
      group: 'Accepted',
      title: 'Client authentication by a JWT',
      about: 'The client asks for a token of its own. A JWT replaces its secret.',
      ...asClient(ofBilling('billing')),
    },
    ...spoiledGrants.map(
      ([name, title]): Case => ({
        id: `grant-${name}`,
        group: 'Grant refused',
        title,
        about: spoiled[name].wrong,
        reason: reasonOf(name, 'grant'),
        ...grant(name === 'clientAssertionAsGrant' ? ofInventory() : ofPartner(changesOf(name, 'grant', 'partner', keys.partner))),
        basic,
        times: timesOf(name),
      }),
    ),
    {
      id: 'grant-noJti',
      group: 'Grant refused',
      title: 'Without ID, though the issuer requires one',
      about: spoiled.noJti.wrong,
      reason: 'jti_missing',
      ...grant(ofKiosk(changesOf('noJti', 'grant', 'kiosk', keys.kiosk))),
    },
    ...spoiledClientAssertions.map(
      ([name, title]): Case => ({
        id: `client-${name}`,
        group: 'Client authentication refused',
        title,
        about: spoiled[name].wrong,
        reason: reasonOf(name, 'client'),
        ...asClient(
          name === 'grantAsClientAssertion' ? ofPartner() : ofBilling('billing', changesOf(name, 'client', 'billing', keys.billing)),
        ),
        times: timesOf(name),
      }),
    ),
    {
      id: 'client-secret',
      group: 'Client authentication refused',
      title: 'A wrong secret',
      about: 'The grant is good, but the secret of the client is not.',
      reason: 'client_secret_mismatch',
      ...grant(ofPartner()),
      basic: { ...basic, password: 'not-the-secret' },
    },
    {
      id: 'scope-too-wide',
      group: 'Policy',
      title: 'Scope too wide',
      about: 'The request asks for more than the client and the issuer may have.',
      reason: 'scope_exceeds_client',
      ...grant(ofPartner(), { scope: 'read write admin' }),
      basic,
    },
    {
      id: 'subject-not-allowed',
      group: 'Policy',
      title: 'Subject that the issuer may not assert',
      about: 'The kiosk asserts an account that is not on its list.',
      reason: 'subject_not_allowed',
      ...grant(ofKiosk({ claims: { sub: 'alice' } })),
    },
    {
      id: 'no-client',
      group: 'Policy',
      title: 'No client, though the issuer requires one',
      about: "Nobody authenticates, and the partner's grants need a client.",
      reason: 'client_auth_missing',
      ...grant(ofPartner()),
    },
    {
      id: 'forgotten-grant-types',
      group: 'Registration',
      title: 'Forgotten grant_types',
      about: 'The client authenticates well. Its registration does not list `client_credentials`.',
      reason: 'grant_not_allowed_for_client',
      ...asClient(ofInventory()),
    },
    {
      id: 'not-on-the-list',
      group: 'Registration',
      title: 'Client that may not present the grant',
      about: 'The issuer lists the clients that may present its grants. The kind of grant is not registered for this client either.',
      reason: 'grant_not_allowed_for_client',
      ...grant(ofPartner(), byJwt),
      client_assertion: ofInventory(),
    },
  ]
}

const reasonOf = (name: SpoiledName, use: 'grant' | 'client'): string =>
  (spoiled[name].refused as { [of in typeof use]?: { reason: string } })[use]?.reason as string
