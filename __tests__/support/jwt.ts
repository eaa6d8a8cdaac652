import { createHmac, sign as cryptoSign, type KeyObject } from 'node:crypto'

const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Signs anything as a compact JWS: header and payload may be objects, or raw JSON text. No library checks what goes in. */
export function forge(header: unknown, payload: unknown, key: KeyObject | string | null, alg = 'ES256'): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${key === null ? '' : signature(input, key, alg).toString('base64url')}`
}

export function signature(input: string, key: KeyObject | string, alg: string): Buffer {
  const hash = `sha${alg.slice(2)}`
  if (alg.startsWith('HS')) return createHmac(hash, key).update(input).digest()
  if (alg.startsWith('Ed')) return cryptoSign(null, Buffer.from(input), key as KeyObject)
  if (alg.startsWith('ES')) return cryptoSign(hash, Buffer.from(input), { key: key as KeyObject, dsaEncoding: 'ieee-p1363' })
  if (alg.startsWith('PS')) return cryptoSign(hash, Buffer.from(input), { key: key as KeyObject, padding: 6, saltLength: -1 })
  return cryptoSign(hash, Buffer.from(input), key as KeyObject)
}

export const now = () => Math.floor(Date.now() / 1000)
let counter = 0
/** A `jti` that no other test uses. */
export const freshJti = () => `jti-${process.pid}-${counter++}`
