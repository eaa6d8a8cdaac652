import type { JWK } from '../../host/jwk.js'
import { edDSANames } from '../../host/options.js'

const ofRsa: readonly string[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const byCurve = new Map<unknown, readonly string[]>([
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', edDSANames],
])

/** The algorithms that a public key may verify, the usual one first (RFC 7518 §3.1, RFC 8037 §3.1). None for other kinds of keys. */
export const algorithmsOf = ({ kty, crv }: Pick<JWK, 'kty' | 'crv'>): readonly string[] =>
  kty === 'RSA' ? ofRsa : (byCurve.get(`${kty} ${crv}`) ?? [])
