// node:crypto in its fastest form: plain keys, and ECDSA signatures converted from and to DER here, which is faster than its option for it.
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'

const digest = (alg) => (alg === 'EdDSA' ? null : 'sha256')

export function rawVerifier(alg, jwk) {
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const form = alg === 'ES256' ? toDer : (signature) => signature
  return (input, signature) => verify(digest(alg), Buffer.from(input, 'latin1'), key, form(Buffer.from(signature, 'base64url')))
}

export function rawSigner(alg, jwk) {
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const form = alg === 'ES256' ? fromDer : (signature) => signature
  return (input) => form(sign(digest(alg), Buffer.from(input, 'latin1'), key)).toString('base64url')
}

function integer(bytes) {
  let start = 0
  while (start < 31 && bytes[start] === 0) start++
  const positive = bytes[start] & 0x80 ? [0] : []
  const value = Buffer.from([...positive, ...bytes.subarray(start)])
  return Buffer.concat([Buffer.from([2, value.length]), value])
}

function toDer(signature) {
  const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))])
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

function fromDer(der) {
  const out = Buffer.alloc(64)
  let at = 2
  for (const end of [32, 64]) {
    const length = der[at + 1]
    const bytes = der.subarray(at + 2, at + 2 + length)
    const significant = length > 32 ? bytes.subarray(length - 32) : bytes
    out.set(significant, end - significant.length)
    at += 2 + length
  }
  return out
}
