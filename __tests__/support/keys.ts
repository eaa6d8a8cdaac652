import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JWK } from '../../lib/index.js'

export interface Pair {
  privateKey: KeyObject
  publicKey: KeyObject
  /** Public JWK with kid and alg. */
  jwk: JWK
  kid: string
  alg: string
}

function pair(alg: string, kid: string, { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): Pair {
  return { privateKey, publicKey, kid, alg, jwk: { ...(publicKey.export({ format: 'jwk' }) as JWK), kid, alg } }
}

/** The keys of `rsa-keys.ts` that this file has not used yet. */
const generated: string[] = JSON.parse(process.env.TEST_RSA_KEYS ?? '[]')
function generatedPair() {
  const pem = generated.shift()
  return pem && { privateKey: createPrivateKey(pem), publicKey: createPublicKey(pem) }
}

/** As PEM, not as objects: see lib/testing/signer.ts. */
const asPem = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const
const fromPem = ({ privateKey, publicKey }: { privateKey: unknown; publicKey: unknown }) => ({
  privateKey: createPrivateKey(privateKey as string),
  publicKey: createPublicKey(publicKey as string),
})

export const ec = (kid: string, namedCurve = 'P-256', alg = 'ES256') =>
  pair(alg, kid, fromPem(generateKeyPairSync('ec', { namedCurve, ...asPem })))
export const rsa = (kid: string, modulusLength = 2048, alg = 'RS256') =>
  pair(alg, kid, (modulusLength === 2048 && generatedPair()) || fromPem(generateKeyPairSync('rsa', { modulusLength, ...asPem })))
export const ed = (kid: string) => pair('EdDSA', kid, fromPem(generateKeyPairSync('ed25519', asPem)))

/** A key pair for each signature algorithm, by its name; the RSA algorithms share one. */
export function pairOfEachAlgorithm(): Record<string, Pair> {
  const rsaPair = rsa('k')
  return {
    ES256: ec('k'),
    ES384: ec('k', 'P-384', 'ES384'),
    ES512: ec('k', 'P-521', 'ES512'),
    EdDSA: ed('k'),
    Ed25519: ed('k'),
    ...Object.fromEntries(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [alg, rsaPair])),
  }
}
