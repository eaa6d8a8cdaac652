import { createPrivateKey, KeyObject, randomBytes, type webcrypto } from 'node:crypto'
import { SignJWT } from 'jose'
import { ConfigurationError, OAuthError } from './errors.js'
import type { Hooks } from './hooks.js'
import type { JWK } from './jwk.js'

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

/** By the names of OpenSSL and of Web Cryptography. */
const curveAlgorithms: Record<string, string> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
}

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
  const alg = algorithm ?? (given as JWK).alg ?? fittingAlgorithm(key)
  if (isCryptoKey(key) && !isOneAlgorithm(alg, fittingAlgorithm(key)))
    throw new ConfigurationError(
      `tokenMinter: option algorithm does not fit option key: it is ${fittingAlgorithm(key)}, as the key was made for.`,
    )
  const kid = givenKid ?? (typeof (given as JWK).kid === 'string' ? (given as JWK).kid : undefined)
  const header = { alg: String(alg), typ: 'at+jwt', ...(kid !== undefined && { kid }) }
  const audiences = typeof audience === 'string' ? [audience] : audience

  return async ({ client, subject, scope, resource, maxLifetime = lifetime }) => {
    const stranger = resource.find((uri) => !audiences.includes(uri))
    if (stranger !== undefined) throw new OAuthError('invalid_target', 'The resource is not known.')
    const expires_in = Math.min(lifetime, maxLifetime)
    const iat = Math.floor(Date.now() / 1000)
    const access_token = await new SignJWT({
      iss: issuer,
      sub: subject,
      aud: resource.length > 1 ? [...resource] : (resource[0] ?? audiences[0]),
      ...(client.client_id !== undefined && { client_id: client.client_id }),
      iat,
      exp: iat + expires_in,
      jti: randomBytes(16).toString('base64url'),
      ...(scope && { scope }),
      ...(client.client?.tls_client_certificate_bound_access_tokens &&
        client.certificateThumbprint && { cnf: { 'x5t#S256': client.certificateThumbprint } }),
    })
      .setProtectedHeader(header)
      .sign(key)
    return { access_token, token_type: 'Bearer', expires_in }
  }
}

type PrivateKey = KeyObject | webcrypto.CryptoKey

function privateKey(key: TokenMinterOptions['key']): PrivateKey {
  let found: PrivateKey
  try {
    found = key instanceof KeyObject || isCryptoKey(key) ? key : createPrivateKey({ key: key as never, format: 'jwk' })
  } catch (error) {
    throw new ConfigurationError(`tokenMinter: option key is no private key: ${(error as Error).message}`, { cause: error })
  }
  if (found.type !== 'private')
    throw new ConfigurationError('tokenMinter: option key is not private: tokens are signed with a private key.')
  if ('usages' in found && !found.usages.includes('sign'))
    throw new ConfigurationError("tokenMinter: option key may not sign: make it with the usage 'sign'.")
  return found
}

const edDSA = ['EdDSA', 'Ed25519'] // two names of one algorithm (RFC 9864)
const isOneAlgorithm = (one: string, other: string) => one === other || (edDSA.includes(one) && edDSA.includes(other))

const isCryptoKey = (key: unknown): key is webcrypto.CryptoKey => Object.prototype.toString.call(key) === '[object CryptoKey]'

function fittingAlgorithm(key: PrivateKey): string {
  const algorithm = key instanceof KeyObject ? ofKeyObject(key) : ofCryptoKey(key)
  if (!algorithm)
    throw new ConfigurationError('tokenMinter: no algorithm fits option key: use an EC (P-256, P-384, P-521), RSA or Ed25519 key.')
  return algorithm
}

function ofKeyObject({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType === 'rsa') return 'RS256'
  return asymmetricKeyType === 'ed25519' ? 'EdDSA' : curveAlgorithms[asymmetricKeyDetails?.namedCurve ?? '']
}

/** A CryptoKey is bound to one algorithm; it stays one, since it need not be extractable. */
function ofCryptoKey({ algorithm }: webcrypto.CryptoKey): string | undefined {
  const { name, namedCurve = '', hash } = algorithm as { name: string; namedCurve?: string; hash?: { name: string } }
  const bits = /^SHA-(256|384|512)$/.exec(hash?.name ?? '')?.[1]
  if (bits) return name === 'RSASSA-PKCS1-v1_5' ? `RS${bits}` : name === 'RSA-PSS' ? `PS${bits}` : undefined
  return name === 'Ed25519' ? 'EdDSA' : name === 'ECDSA' ? curveAlgorithms[namedCurve] : undefined
}
