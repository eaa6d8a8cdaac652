import { expect, it } from '@jest/globals'
import { isSignatureKey } from '../../../lib/assertion/jws.js'
import { algorithmsOf } from '../../../lib/assertion/keys/key-algorithms.js'
import { algorithmNames } from '../../../lib/host/options.js'
import { pairOfEachAlgorithm } from '../../support/keys.js'

const pairs = Object.entries(pairOfEachAlgorithm())

it.each(pairs)('JW-05 the key for %s is for the algorithms that verify with it, and for no other', (_alg, { jwk, publicKey }) => {
  expect([...algorithmsOf(jwk)].sort()).toEqual(algorithmNames.filter((alg) => isSignatureKey(alg, publicKey)).sort())
})

it.each([
  [{ kty: 'oct', k: 'AAAA' }],
  [{ kty: 'EC', crv: 'secp256k1' }],
  [{ kty: 'EC', crv: 'Ed25519' }],
  [{ kty: 'OKP', crv: 'P-256' }],
  [{ kty: 'OKP', crv: 'X25519' }],
  [{ kty: 'constructor', crv: '__proto__' }],
  [{}],
])('%j is for none', (jwk) => {
  expect(algorithmsOf(jwk as never)).toEqual([])
})
