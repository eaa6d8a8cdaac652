import { createPrivateKey, sign } from 'node:crypto'

const digests = { ES256: 'sha256', RS256: 'sha256', EdDSA: null }
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Makes a fast signer of JWTs, since the load signs a hundred thousand of them. */
export function jwtSigner(alg, jwk, kid = jwk.kid) {
  const key = { key: createPrivateKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }
  const headers = new Map()
  return (claims, header) => {
    const name = header === undefined ? kid : JSON.stringify(header)
    if (!headers.has(name)) headers.set(name, encode({ alg, typ: 'JWT', ...(kid && { kid }), ...header }))
    const input = `${headers.get(name)}.${encode(claims)}`
    return `${input}.${sign(digests[alg], Buffer.from(input), key).toString('base64url')}`
  }
}

/** The same JWT with another signature of the right length. */
export function withBadSignature(token) {
  const at = token.length - 20
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}

export const unsigned = (claims) => `${encode({ alg: 'none' })}.${encode(claims)}.`
