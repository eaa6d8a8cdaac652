/** One known client with the names and the key that it has here. */

import { filled, type SampleRegistration } from '../../profiles/index.js'
import { type JwtOverrides, makeSigner, type Signer } from '../../testing/signer.js'
import type { SigningKey } from '../keys.js'
import type { Dialect } from './dialect.js'

export interface Identity {
  readonly dialect: Dialect
  readonly url: string
  /** The issuer identifier of the server. */
  readonly server: string
  readonly client_id: string
  readonly issuer: string
  readonly subject: string
  readonly scope: string
  readonly key?: SigningKey
  readonly secret?: string
  /** Where the public key is served, if it is. */
  readonly jwks_uri?: string
}

const algOf = ({ dialect, key }: Identity) => key?.alg ?? dialect.alg

/** Signs as the identity. */
export function signerOf(identity: Identity): Signer {
  const { dialect, url, server, key, secret } = identity
  const audience = dialect.aud === 'issuer' ? server : url
  return makeSigner({ key: key?.key, kid: key?.kid, secret, alg: algOf(identity), audience })
}

/** The same party with the client assertion of its other requests. */
export const asClient = (identity: Identity): Identity =>
  identity.dialect.asClient ? { ...identity, dialect: { ...identity.dialect, ...identity.dialect.asClient } } : identity

/** The JWT under test. @param changes what spoils it */
export function jwtOf(identity: Identity, signer: Signer, changes: JwtOverrides = {}): string {
  const { dialect, key } = identity
  const now = Math.floor(Date.now() / 1000)
  const claims = filled(dialect.claims, { ...identity, now }) as Record<string, unknown>
  const header = { ...(key === undefined && { kid: undefined }), ...dialect.header, ...changes.header }
  const changed = filled(changes.claims ?? {}, { ...identity, now }) as Record<string, unknown>
  return signer.sign({ iat: now, exp: now + dialect.lifetime, ...claims }, { ...changes, claims: changed, header })
}

/** A JWT of the other use, by the same key: a client assertion instead of a grant, or the reverse. */
export function jwtOfOtherUse({ dialect, client_id, issuer, subject }: Identity, signer: Signer): string {
  return signer.sign(dialect.use === 'grant' ? { iss: client_id, sub: client_id } : { iss: issuer, sub: subject })
}

/** The token request with a JWT. @param changes parameters to change; an empty one is left out */
export function formOf(identity: Identity, jwt: string, changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { client_id, server: audience, key } = identity
  const client_assertion = key && makeSigner({ ...key, audience }).sign({ iss: client_id, sub: client_id })
  const form = filled({ ...identity.dialect.parameters, ...changes }, { ...identity, jwt, client_assertion }) as Record<string, string>
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ''))
}

/** The registrations of a profile, with the keys of its signer: of the issuer, of the client, or of the workload that the client is known by. */
function keysAdded({ issuer, client, options }: SampleRegistration, keys: object): Record<string, unknown> {
  const { federated_credentials, ...rest } = client ?? {}
  const withKeys = federated_credentials
    ? { ...rest, federated_credentials: federated_credentials.map((credential) => ({ ...credential, ...keys })) }
    : { ...rest, ...(rest.token_endpoint_auth_method === 'private_key_jwt' && keys) }
  return {
    ...(issuer && { issuer: { ...issuer, ...keys } }),
    ...(client && { client: withKeys }),
    ...(options && { further_options: options }),
  }
}

/** What the server must register: `client` and `issuer`, and the options that they need. */
export function registrationOf(identity: Identity): Record<string, unknown> {
  const { dialect, url, server, key, jwks_uri } = identity
  const values = { ...identity, alg: algOf(identity) }
  const keys = jwks_uri === undefined ? { jwks: { keys: [key?.publicJwk] } } : { jwks_uri, allowPrivateJwksUri: true }
  const options = { issuer: server, tokenEndpointUrl: url }
  if (typeof dialect.registration === 'function') return { ...keysAdded(dialect.registration(values), keys), options }
  const parts = Object.entries(dialect.registration).map(([kind, template]) => {
    const { $keys, ...members } = filled(template, values) as Record<string, unknown>
    return [kind, $keys ? { ...members, ...keys } : members]
  })
  return { options, ...Object.fromEntries(parts) }
}
