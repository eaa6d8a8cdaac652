/** The keys that a command signs with. No message shows anything of a key. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { algorithmsOf } from '../assertion/keys/key-algorithms.js'
import { thumbprint } from '../assertion/keys/thumbprint.js'
import type { JWK } from '../index.js'
import { type Io, UsageError } from './io.js'
import { readSource } from './source.js'

export interface SigningKey {
  readonly key: KeyObject
  readonly alg: string
  readonly kid: string
  /** With `kid`, `alg` and `use`: as it is registered. */
  readonly publicJwk: JWK
}

/** The algorithms that a key may be made for. */
export const keyAlgorithms: readonly string[] = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
]

/** A private key as it signs here. @throws UsageError if `alg` is not for the key */
export function signingKey(key: KeyObject, { alg, kid }: { alg?: string | undefined; kid?: string | undefined } = {}): SigningKey {
  const publicJwk = createPublicKey(key).export({ format: 'jwk' }) as JWK
  const fitting = algorithmsOf(publicJwk)
  const chosen = alg ?? fitting[0]
  if (chosen === undefined) throw new UsageError('The key must be EC (P-256, P-384, P-521), RSA or Ed25519.')
  if (!fitting.includes(chosen)) throw new UsageError(`The key is not for ${chosen}. It is for ${fitting.join(', ')}.`)
  const id = kid ?? (thumbprint(publicJwk) as string)
  return { key, alg: chosen, kid: id, publicJwk: { ...publicJwk, kid: id, alg: chosen, use: 'sig' } }
}

/**
 * Reads a private key: PEM (PKCS#8, PKCS#1, SEC1) or JWK.
 * @param source path, `env:NAME` or `-`
 * @throws UsageError
 */
export async function readKey(
  source: string,
  io: Io,
  given: { alg?: string | undefined; kid?: string | undefined } = {},
): Promise<SigningKey> {
  const text = await readSource(source, io)
  const name = source === '-' ? 'stdin' : source
  const jwk = /^\s*\{/.test(text) ? jwkOf(text, name) : undefined
  return signingKey(imported(jwk ?? text, name), { alg: given.alg ?? jwk?.alg, kid: given.kid ?? jwk?.kid })
}

function jwkOf(text: string, name: string): JWK {
  let value: JWK & { keys?: unknown }
  try {
    value = JSON.parse(text)
  } catch {
    throw new UsageError(`${name} must be a PEM or a JWK. It starts as JSON, and is no JSON.`)
  }
  if (value.keys !== undefined)
    throw new UsageError(`${name} must be one private JWK, not a JWK Set. keygen writes it as private.jwk.json.`)
  if (value.d === undefined) throw new UsageError(`${name} must be a private JWK: it has no member d. A public key cannot sign.`)
  return value
}

function imported(given: JWK | string, name: string): KeyObject {
  try {
    return createPrivateKey(typeof given === 'string' ? { key: given, format: 'pem' } : { key: given as never, format: 'jwk' })
  } catch {
    throw new UsageError(`${name} must be a private key: ${problemOf(given)}.`)
  }
}

/** Why a key cannot be imported. The error of node:crypto may quote it. */
function problemOf(given: JWK | string): string {
  if (typeof given !== 'string') return 'the members of this JWK are not those of a key'
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(given)) return 'this PEM is encrypted; write it without a passphrase'
  if (/^-----BEGIN [A-Z ]*PUBLIC KEY-----/m.test(given)) return 'this PEM is a public key'
  if (/^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/m.test(given)) return 'this PEM is a certificate'
  return 'it is neither a PEM (PKCS#8, PKCS#1, SEC1) nor a JWK'
}
