// Shared by servers and load: names, keys, and scenarios.
import { generateKeyPairSync } from 'node:crypto'

export const issuer = 'https://as.example.com'
export const idp = 'https://idp.example.org'
export const api = 'https://api.example.com'
export const clientId = 'client'
export const clientSecret = 'a-secret-of-fair-length-for-one-client'
export const scope = 'read'
export const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const JWT_CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
export const bothGrants = [JWT_GRANT, 'client_credentials']

/** Lifetime of the JWTs in seconds: a little less than the limit of 300 for grants. */
export const lifetime = 290

/** The name of signer number `index`; the first has no number. */
export const member = (name, index) => (index === 0 ? name : `${name}-${index}`)

const kinds = {
  ES256: ['ec', { namedCurve: 'P-256' }],
  RS256: ['rsa', { modulusLength: 2048 }],
  EdDSA: ['ed25519', {}],
}

/** One key pair for each algorithm and role, as JWKs. */
export function makeKeys() {
  const pair = (alg) => {
    const { publicKey, privateKey } = generateKeyPairSync(...kinds[alg])
    return { public: { ...publicKey.export({ format: 'jwk' }), kid: 'key-0' }, private: privateKey.export({ format: 'jwk' }) }
  }
  const pairs = () => Object.fromEntries(Object.keys(kinds).map((alg) => [alg, pair(alg)]))
  return { client: pairs(), idp: pairs(), token: pairs(), stranger: pairs() }
}

/**
 * A world for one scenario: `use` is grant, client, both, reused; `alg` signs the assertions; `token` is opaque, or the `alg` of tokens.
 * `crowd` multiplies clients, issuers or keys; `remembered` fills the replay store beforehand.
 */
export const makeWorld = (keys, { use = 'client', alg = 'ES256', token = 'ES256', ...rest } = {}) => ({
  use,
  alg,
  token,
  store: 'memory',
  clients: 1,
  issuers: 1,
  keysEach: 1,
  remembered: 0,
  ...rest,
  keys: {
    client: keys.client[alg],
    idp: keys.idp[alg],
    stranger: keys.stranger[alg],
    token: token === 'opaque' ? undefined : keys.token[token].private,
  },
})
