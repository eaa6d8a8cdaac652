/** Token requests of all kinds, right and wrong, with the keys of their signers: to compare what is explained with what an endpoint answers. */
import { constants, createHmac, sign as cryptoSign, generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto'
import { thumbprint } from '../../lib/assertion/keys/thumbprint.js'
import type { Client, Edit, JWK, Options, TrustedIssuer } from '../../lib/index.js'
import { issueCertificate } from '../support/certificates.js'
import type { random } from '../support/random.js'

type Random = ReturnType<typeof random>
type Members = Record<string, unknown>

export const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const JWT_CLIENT = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const as = 'https://as.example.com'
const idp = 'https://idp.example.org'
const secret = 'the-client-secret-which-is-long-enough-for-every-hash-of-the-three-algorithms'

interface Key {
  readonly jwk: JWK
  readonly privateKey: KeyObject
}
const pair = (kid: string, { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })): Key => ({
  jwk: { ...(publicKey.export({ format: 'jwk' }) as JWK), kid },
  privateKey,
})
const rsa = pair('rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }))
export const keys = { idp: pair('idp-1'), other: pair('idp-2'), client: pair('client-1'), stranger: pair('idp-1'), rsa }
const certificate = await issueCertificate({ subject: 'CN=client' })
const another = await issueCertificate({ subject: 'CN=another' })
const allKeys: readonly Key[] = Object.values(keys)

/** A JWT that can be signed again. */
export interface Jwt {
  header: Members
  claims: Members
  key: Key | 'secret' | 'another secret'
}

/** A request, with all that is registered for it. */
export interface Generated {
  form: Record<string, string[]>
  assertion?: Jwt | undefined
  client_assertion?: Jwt | undefined
  authorization?: string | undefined
  /** The TLS certificate of the sender, and whether the TLS layer verified it. */
  certificate?: { certificate: X509Certificate; verified: boolean } | undefined
  client: Members
  issuer: Members
  options: Members
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

export function signed({ header, claims, key }: Jwt): string {
  const input = `${encode(header)}.${encode(claims)}`
  const alg = String(header.alg)
  const hash = `sha${/\d+$/.exec(alg)?.[0] ?? 256}`
  if (typeof key === 'string') {
    const hmacKey = key === 'secret' ? secret : `${secret} or another`
    return `${input}.${createHmac(['sha256', 'sha384', 'sha512'].includes(hash) ? hash : 'sha256', hmacKey)
      .update(input)
      .digest('base64url')}`
  }
  const { asymmetricKeyType } = key.privateKey
  const how =
    asymmetricKeyType === 'ec'
      ? { key: key.privateKey, dsaEncoding: 'ieee-p1363' as const }
      : alg.startsWith('PS')
        ? { key: key.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : key.privateKey
  return `${input}.${cryptoSign(['sha256', 'sha384', 'sha512'].includes(hash) ? hash : 'sha256', Buffer.from(input), how).toString('base64url')}`
}

/** The body: with JWTs signed anew. */
export function formOf({ form, assertion, client_assertion }: Generated): Record<string, string[]> {
  return {
    ...form,
    ...(assertion && { assertion: [signed(assertion)] }),
    ...(client_assertion && { client_assertion: [signed(client_assertion)] }),
  }
}

export const bodyOf = (form: Record<string, readonly string[]>) => {
  const body = new URLSearchParams()
  for (const [name, values] of Object.entries(form)) for (const value of values) body.append(name, value)
  return body.toString()
}

/** The options of the endpoint for a request: its registrations behind hooks. */
export function optionsOf({ client, issuer, options, certificate }: Generated): Options {
  const { publicClients, ...others } = options
  return {
    issuer: as,
    ...others,
    ...(publicClients !== undefined && { publicClients }),
    hooks: {
      findClient: (id: string) => (id === client.client_id ? (client as unknown as Client) : undefined),
      findIssuer: (iss: string) => (iss === issuer.issuer ? (issuer as unknown as TrustedIssuer) : undefined),
      authorizeGrant: ({ sub }: { sub: string }) =>
        sub === 'nobody' ? undefined : { subject: `account-${sub}`, scope: 'read write admin' },
      mintToken: () => ({ access_token: 'a-token', token_type: 'Bearer', expires_in: 1 }),
      getClientCertificate: () => certificate,
    },
  } as Options
}

let serial = 0
const seconds = () => Math.floor(Date.now() / 1000)

const spoilClaims = (pick: Random['pick'], claims: Members): Members => {
  const now = seconds()
  const change = pick<Members>([
    { aud: `${as}/token` },
    { aud: [as, 'https://other.example'] },
    { aud: 'https://other.example' },
    { aud: undefined },
    { aud: 7 },
    { exp: now - 5 },
    { exp: now - 25 },
    { exp: now - 4000, iat: now - 4060 },
    { exp: (now + 60) * 1000, iat: now * 1000 },
    { exp: now + 100_000 },
    { exp: undefined },
    { exp: String(now + 60) },
    { nbf: now + 500 },
    { nbf: now + 30 },
    { iat: now + 900, exp: now + 960 },
    { iat: undefined },
    { iat: 'now' },
    { jti: undefined },
    { jti: 5 },
    { jti: 'x'.repeat(300) },
    { sub: undefined },
    { sub: '' },
    { sub: 'nobody' },
    { sub: 's'.repeat(2000) },
    { iss: 'https://else.example' },
    { iss: undefined },
    { client_id: 'app' },
    { client_id: 'another' },
    { cnf: { jkt: 'x' } },
    { scope: 'read' },
    { scope: 'read  write' },
    { scope: 'admin' },
  ])
  return { ...claims, ...change }
}

const spoilHeader = (pick: Random['pick'], header: Members): Members => ({
  ...header,
  ...pick<Members>([
    { kid: 'unknown' },
    { kid: undefined },
    { kid: 7 },
    { typ: 'JWT' },
    { typ: 'at+jwt' },
    { typ: 3 },
    { crit: ['x'] },
    { jwk: { kty: 'EC' } },
    { jku: 'https://evil.example/jwks' },
    { alg: 'none' },
    { alg: 'ES384' },
    { alg: 'HS256' },
    { alg: 'RS256' },
    { x: 'x'.repeat(3000) },
  ]),
})

function spoilJwt({ pick, chance }: Random, jwt: Jwt): Jwt {
  let { header, claims, key } = jwt
  while (chance(0.45)) {
    const what = pick(['claims', 'claims', 'claims', 'header', 'key'])
    if (what === 'claims') claims = spoilClaims(pick, claims)
    else if (what === 'header') header = spoilHeader(pick, header)
    else key = typeof key === 'string' ? 'another secret' : pick([keys.stranger, keys.other, keys.rsa])
  }
  return { header, claims, key }
}

const methods = [
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'private_key_jwt',
  'client_secret_jwt',
  'client_secret_basic',
  'client_secret_post',
  'none',
  'federated',
  'anonymous',
  'implicit',
] as const

/** One request. About a third of them pass. */
export function generate(chances: Random): Generated {
  const { pick, chance } = chances
  const now = seconds()
  const some = <T>(probability: number, value: T) => (chance(probability) ? value : undefined)
  const method = pick(methods)
  const grant_type = chance(0.7)
    ? JWT_GRANT
    : pick(['client_credentials', 'client_credentials', 'client_credentials', 'refresh_token', 'nonsense'])
  const isGrant = grant_type === JWT_GRANT
  const registered = method === 'federated' || method === 'anonymous' || method === 'implicit' ? 'private_key_jwt' : method
  const client: Members = {
    client_id: 'app',
    token_endpoint_auth_method: chance(0.93) ? registered : pick(['private_key_jwt', 'none', undefined, 'client_secret_post', 7]),
    grant_types: chance(0.92)
      ? [JWT_GRANT, 'client_credentials']
      : pick([undefined, [JWT_GRANT], ['client_credentials'], 'client_credentials']),
    ...(chance(0.7) ? { scope: pick(['read', 'read write', '', null]) } : {}),
    ...(chance(0.95)
      ? { jwks: { keys: [keys.client.jwk] } }
      : { jwks: pick<unknown>([{ keys: [] }, [keys.client.jwk], keys.client.jwk, undefined]) }),
    client_secret: secret,
    ...(method === 'tls_client_auth' ? { tls_client_auth_subject_dn: 'CN=client' } : {}),
    ...(method === 'self_signed_tls_client_auth' ? { jwks: { keys: [certificate.x509.publicKey.export({ format: 'jwk' })] } } : {}),
    ...(chance(0.05) ? { enabled: pick([false, true, 'yes', null]) } : {}),
    ...(chance(0.1) ? { audience: pick(['issuer', 'issuer-or-token-endpoint', 'any']) } : {}),
    ...(chance(0.1) ? { requireJti: pick([true, false]) } : {}),
    ...(chance(0.1) ? { maxLifetime: pick([10, 60, 600, '60']) } : {}),
    ...(chance(0.05) ? { client_secret_expires_at: pick([0, now - 100, now + 1000]) } : {}),
    ...(chance(0.05) ? { require_explicit_auth: true } : {}),
    ...(chance(0.03) ? { dpop_bound_access_tokens: true } : {}),
    ...(method === 'federated'
      ? {
          federated_credentials: [
            {
              issuer: 'https://ci.example',
              subject: 'repo:x',
              jwks: { keys: [keys.other.jwk] },
              ...(chance(0.2) ? { audience: pick([as, 'https://other.example']) } : {}),
              ...(chance(0.2) ? { maxLifetime: pick([30, 600]) } : {}),
            },
          ],
        }
      : {}),
    ...(chance(0.1) ? { token_endpoint_auth_signing_alg: pick(['ES256', 'RS256', 'HS256']) } : {}),
  }
  const issuer: Members = {
    issuer: idp,
    jwks: { keys: [keys.idp.jwk, keys.other.jwk, keys.rsa.jwk] },
    ...(method === 'implicit' ? { client_id: 'app' } : {}),
    ...(chance(0.8) ? { clients: pick([['app'], 'any', ['another']]) } : {}),
    ...(method === 'anonymous' || chance(0.3) ? { client_authentication: pick(['none', 'identified', 'required', 'none']) } : {}),
    ...(chance(0.6) ? { scope: pick(['read', 'read write', 'write']) } : {}),
    ...(chance(0.1) ? { scope_from: pick(['intersection', 'parameter', 'assertion']) } : {}),
    ...(chance(0.1) ? { audience: pick<unknown>([as, [as, `${as}/token`], 'https://other.example']) } : {}),
    ...(chance(0.1) ? { subjects: pick<unknown>([['alice'], ['bob'], (sub: string) => sub === 'alice']) } : {}),
    ...(chance(0.1) ? { algorithms: pick([['ES256'], ['RS256'], ['ES256', 'RS256']]) } : {}),
    ...(chance(0.05) ? { typ: 'id-jag+jwt' } : {}),
    ...(chance(0.1) ? { requireJti: pick([true, false]) } : {}),
    ...(chance(0.1) ? { maxLifetime: pick([30, 60, 3600]) } : {}),
    ...(chance(0.05) ? { default_sub: 'iss' } : {}),
    ...(chance(0.05) ? { enabled: pick([false, true]) } : {}),
    ...(chance(0.05) ? { not_after: new Date((now + pick([-100, 1000])) * 1000) } : {}),
    ...(chance(0.03) ? { maxlifetime: 3 } : {}),
  }
  const options: Members = {
    ...(chance(0.4) ? { tokenEndpointUrl: `${as}/token` } : {}),
    ...(chance(0.4) ? { publicClients: { scope: 'read write' } } : {}),
    ...(chance(0.1) ? { implicitErrors: 'split' } : {}),
    ...(chance(0.1) ? { clientAuthMethods: ['private_key_jwt', 'client_secret_basic'] } : {}),
    ...(chance(0.1) ? { clockTolerance: pick([0, 30]) } : {}),
    ...(chance(0.1) ? { grantTypes: [pick([JWT_GRANT, 'client_credentials'])] } : {}),
    ...(chance(0.1) ? { fallthrough: true } : {}),
    ...(chance(0.1) ? { algorithms: pick([['ES256'], ['RS256', 'ES256']]) } : {}),
  }
  const base = { iat: now, exp: now + 60, jti: `${serial++}` }
  const form: Record<string, string[]> = { grant_type: [grant_type] }
  const assertion = isGrant
    ? spoilJwt(chances, { header: { alg: 'ES256', kid: 'idp-1' }, claims: { iss: idp, sub: 'alice', aud: as, ...base }, key: keys.idp })
    : undefined
  let client_assertion: Jwt | undefined
  let authorization: string | undefined
  if (method === 'private_key_jwt' || method === 'client_secret_jwt') {
    const bySecret = method === 'client_secret_jwt'
    const header = bySecret ? { alg: 'HS256' } : { alg: 'ES256', kid: 'client-1' }
    const claims = { iss: 'app', sub: 'app', aud: as, ...base, jti: `${base.jti}-client` }
    client_assertion = spoilJwt(chances, { header, claims, key: bySecret ? 'secret' : keys.client })
  } else if (method === 'federated') {
    const claims = { iss: 'https://ci.example', sub: 'repo:x', aud: as, ...base, jti: `${base.jti}-ci` }
    client_assertion = spoilJwt(chances, { header: { alg: 'ES256', kid: 'idp-2' }, claims, key: keys.other })
  }
  if (client_assertion) form.client_assertion_type = [chance(0.97) ? JWT_CLIENT : 'urn:x']
  const hasCertificate = method.endsWith('tls_client_auth') && chance(0.95)
  const shown = hasCertificate
    ? { certificate: pick([certificate, certificate, certificate, another]).x509, verified: chance(0.9) }
    : undefined
  if (method === 'federated' || method === 'none' || method.endsWith('tls_client_auth') || chance(0.1))
    form.client_id = [chance(0.97) ? 'app' : 'another']
  if (method === 'client_secret_post') Object.assign(form, { client_id: ['app'], client_secret: [chance(0.9) ? secret : 'wrong'] })
  if (method === 'client_secret_basic') authorization = `Basic ${Buffer.from(`app:${chance(0.9) ? secret : 'wrong'}`).toString('base64')}`
  const scope = some(0.3, pick(['read', 'write', 'read write', 'admin', 'read  x']))
  if (scope !== undefined) form.scope = [scope]
  if (chance(0.05)) form.resource = [pick(['https://api.example.com', 'not-a-uri', 'https://api.example.com#x'])]
  if (chance(0.02)) form.grant_type = [grant_type, grant_type]
  if (chance(0.02)) delete form.grant_type
  return { form, assertion, client_assertion, authorization, certificate: shown, client, issuer, options }
}

type Tree = Members
const changed = (tree: Tree, [name = '', ...rest]: string[], value: unknown): Tree => {
  const { [name]: old, ...others } = tree
  const made = rest.length === 0 ? value : changed((old ?? {}) as Tree, rest, value)
  if (Array.isArray(tree)) return Object.assign([...tree], { [name]: made }) as unknown as Tree
  return made === undefined ? others : { ...tree, [name]: made }
}

/** The request after an edit, made with the real keys. */
export function edited(given: Generated, { path, value }: Edit): Generated {
  const [part = '', member = '', ...rest] = path.split('.')
  const jwt = part === 'assertion' || part === 'client_assertion' ? given[part] : undefined
  if (jwt && member === 'key') {
    const key = value === undefined ? undefined : allKeys.find(({ jwk }) => thumbprint(jwk) === value)
    return { ...given, [part]: { ...jwt, key: key ?? 'secret' } }
  }
  if (jwt) return { ...given, [part]: { ...jwt, ...changed({ header: jwt.header, claims: jwt.claims }, [member, ...rest], value) } }
  if ((part === 'client' || part === 'issuer') && path.endsWith('.jwks')) {
    const signer = part === 'issuer' ? given.assertion : given.client_assertion
    const { kid } = signer?.header ?? {}
    const jwk = typeof signer?.key === 'object' ? { ...signer.key.jwk, kid: typeof kid === 'string' ? kid : undefined } : undefined
    const owner = (member === 'jwks' ? given[part] : (given.client.federated_credentials as Members[])[0]) as Members
    const old = (owner.jwks as { keys: JWK[] } | undefined)?.keys ?? []
    const changedOwner = { ...owner, jwks: { keys: [...old, jwk] } }
    return { ...given, [part]: member === 'jwks' ? changedOwner : { ...given.client, federated_credentials: [changedOwner] } }
  }
  const set = part === 'form' && value !== undefined ? [value].flat() : value
  return changed(given as unknown as Tree, [part, member, ...rest], set) as unknown as Generated
}
