import { createPrivateKey, KeyObject, randomUUID, type webcrypto } from 'node:crypto'
import { ConfigurationError, OAuthError } from './errors.js'
import type { Hooks } from './hooks.js'
import type { JWK } from './jwk.js'
import { isSignatureKey, signJws } from './jws.js'

export interface TokenMinterOptions {
  /** Issuer identifier of this server: `iss`. */
  issuer: string
  /** The resource servers that the tokens are for: `aud`. The first is the default; a `resource` parameter (RFC 8707) may ask for the others. */
  audience: string | readonly string[]
  /** Private key that signs: a JWK, a `KeyObject` or a `CryptoKey`. */
  key: JWK | KeyObject | webcrypto.CryptoKey
  /** `kid` header. Default: that of the JWK. */
  kid?: string
  /** `alg` header. Default: the one that fits the key; RS256 for RSA. */
  algorithm?: string
  /** Lifetime of the tokens in seconds. Default 300, which does not outlive a grant by much (RFC 7521 §4.1). */
  lifetime?: number
}

const curveAlgorithms: Record<string, string> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }

/**
 * Makes a `mintToken` hook that issues JWT access tokens (RFC 9068, `at+jwt`), for a host that has no tokens of its own.
 *
 * @throws ConfigurationError if an option is missing, or the key is not private
 * @example const mintToken = tokenMinter({ issuer, audience: 'https://api.example.com', key: privateJwk })
 */
export function tokenMinter(options: TokenMinterOptions): Hooks['mintToken'] {
  const { issuer, audience, key: given, kid: givenKid, algorithm, lifetime = 300, ...unknown } = options
  for (const name of Object.keys(unknown)) throw new ConfigurationError(`tokenMinter: option ${name} does not exist.`)
  if (!issuer || !audience || audience.length === 0) throw new ConfigurationError('tokenMinter: options issuer and audience are needed.')
  if (!Number.isSafeInteger(lifetime) || lifetime < 1)
    throw new ConfigurationError('tokenMinter: option lifetime is a positive whole number of seconds.')
  const key = privateKey(given)
  const alg = String(algorithm ?? (given as JWK).alg ?? fittingAlgorithm(key))
  if (!isSignatureKey(alg, key)) throw new ConfigurationError(`tokenMinter: option key is no key for ${alg}.`)
  const kid = givenKid ?? (typeof (given as JWK).kid === 'string' ? (given as JWK).kid : undefined)
  const header = base64url(JSON.stringify({ alg, typ: 'at+jwt', ...(kid !== undefined && { kid }) }))
  const audiences = typeof audience === 'string' ? [audience] : audience

  return ({ client, subject, scope, resource, maxLifetime = lifetime }) => {
    const stranger = resource.find((uri) => !audiences.includes(uri))
    if (stranger !== undefined) throw new OAuthError('invalid_target', 'The resource is not known.')
    const expires_in = Math.min(lifetime, maxLifetime)
    const iat = Math.floor(Date.now() / 1000)
    const claims = {
      iss: issuer,
      sub: subject,
      aud: resource.length > 1 ? [...resource] : (resource[0] ?? audiences[0]),
      ...(client.client_id !== undefined && { client_id: client.client_id }),
      iat,
      exp: iat + expires_in,
      jti: randomUUID(),
      ...(scope && { scope }),
      ...(client.client?.tls_client_certificate_bound_access_tokens &&
        client.certificateThumbprint && { cnf: { 'x5t#S256': client.certificateThumbprint } }),
    }
    const signingInput = `${header}.${base64url(JSON.stringify(claims))}`
    const respond = (signature: Buffer) => ({
      access_token: `${signingInput}.${signature.toString('base64url')}`,
      token_type: 'Bearer',
      expires_in,
    })
    const signature = signJws(alg, key, signingInput)
    return signature instanceof Promise ? signature.then(respond) : respond(signature)
  }
}

const base64url = (text: string) => Buffer.from(text).toString('base64url')

function privateKey(key: TokenMinterOptions['key']): KeyObject {
  try {
    const object =
      key instanceof KeyObject ? key : isCryptoKey(key) ? KeyObject.from(key) : createPrivateKey({ key: key as never, format: 'jwk' })
    if (object.type === 'private') return object
  } catch (error) {
    throw new ConfigurationError(`tokenMinter: option key is no private key: ${(error as Error).message}`, { cause: error })
  }
  throw new ConfigurationError('tokenMinter: option key is not private: tokens are signed with a private key.')
}

const isCryptoKey = (key: unknown): key is webcrypto.CryptoKey => Object.prototype.toString.call(key) === '[object CryptoKey]'

function fittingAlgorithm(key: KeyObject): string {
  const { asymmetricKeyType, asymmetricKeyDetails } = key
  const algorithm =
    asymmetricKeyType === 'rsa'
      ? 'RS256'
      : asymmetricKeyType === 'ed25519'
        ? 'EdDSA'
        : curveAlgorithms[asymmetricKeyDetails?.namedCurve ?? '']
  if (!algorithm)
    throw new ConfigurationError('tokenMinter: no algorithm fits option key: use an EC (P-256, P-384, P-521), RSA or Ed25519 key.')
  return algorithm
}
