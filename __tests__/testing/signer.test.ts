import { verify } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { makeSigner } from '../../lib/testing/signer.js'
import { ec, type Pair, rsa } from '../support/keys.js'

const audience = 'https://as.example.com'
const decoded = (jwt: string, part: 0 | 1) => JSON.parse(Buffer.from(jwt.split('.')[part] as string, 'base64url').toString())

describe('makeSigner', () => {
  it.each([
    ['ES256', ec('k')],
    ['RS256', rsa('k')],
  ] as [string, Pair][])('signs with a key that is given, %s, and under its kid', (alg, pair) => {
    const signer = makeSigner({ alg, audience, key: pair.privateKey, kid: 'mine' })
    const jwt = signer.sign({ iss: 'me' })
    const [input, signature] = [jwt.slice(0, jwt.lastIndexOf('.')), Buffer.from(jwt.split('.')[2] as string, 'base64url')]
    expect(verify('sha256', Buffer.from(input), { key: pair.publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
    expect(decoded(jwt, 0)).toEqual({ alg, kid: 'mine' })
    expect(decoded(jwt, 1)).toMatchObject({ iss: 'me', aud: audience })
    expect(signer.jwk).toEqual({ ...pair.jwk, alg, kid: 'mine' })
    expect(signer.strangerJwk).not.toMatchObject({ x: signer.jwk.x, n: signer.jwk.n })
  })

  it('makes a key and a kid of its own otherwise', () => {
    const [one, other] = [makeSigner({ alg: 'ES256', audience }), makeSigner({ alg: 'ES256', audience })]
    expect(one.kid).not.toBe(other.kid)
    expect(one.jwk.x).not.toBe(other.jwk.x)
  })
})
