/** What verifying a signature costs the server, by its key: signers choose keys, and any sender can make the server use them. */
import type { JWK } from '../../host/jwk.js'

const curveCosts: Readonly<Record<string, number>> = { Ed25519: 3, 'P-256': 2, 'P-384': 20, 'P-521': 42 } // measured

/**
 * The cost of one verification by a usable public key; 1 is that of RSA-2048 with the exponent 65537. RSA grows with the square of its size.
 * An exponent above 65537 counts fourfold: one of 32 bits takes up to 62 multiplications, 65537 takes 17.
 */
export function verificationCost({ kty, crv, n, e }: JWK): number {
  if (kty !== 'RSA') return curveCosts[crv as string] ?? Number.POSITIVE_INFINITY
  return (bitLength(n) / 2048) ** 2 * (exponentOf(e) > 65537 ? 4 : 1)
}

/** The length of a number in base64url, in bits. */
export function bitLength(encoded: unknown): number {
  const bytes = bytesOf(encoded)
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] as number) + 24
}

/** An RSA exponent in base64url; `NaN` if it has no byte or more than four. */
export function exponentOf(encoded: unknown): number {
  const bytes = bytesOf(encoded)
  return bytes.length === 0 || bytes.length > 4 ? Number.NaN : bytes.readUIntBE(0, bytes.length)
}

const bytesOf = (encoded: unknown) => Buffer.from(typeof encoded === 'string' ? encoded : '', 'base64url')
