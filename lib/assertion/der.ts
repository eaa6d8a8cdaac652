/** ECDSA signatures are two integers: concatenated in JWS (RFC 7518 §3.4), a DER sequence in OpenSSL (X.690 §8). */

const SEQUENCE = 0x30
const INTEGER = 0x02

/** Converts `r || s`, of equal length, to DER. */
export function derFromRaw(raw: Buffer): Buffer {
  const half = raw.length / 2
  const r = numberAt(raw, 0, half)
  const s = numberAt(raw, half, raw.length)
  const length = r.length + s.length + r.pad + s.pad + 4
  const long = length > 0x7f ? 1 : 0 // P-521
  const der = Buffer.allocUnsafe(2 + long + length)
  let at = 0
  der[at++] = SEQUENCE
  if (long) der[at++] = 0x81
  der[at++] = length
  for (const { start, length: bytes, pad } of [r, s]) {
    der[at++] = INTEGER
    der[at++] = bytes + pad
    if (pad) der[at++] = 0
    at += raw.copy(der, at, start, start + bytes)
  }
  return der
}

/** The position of an integer without leading zeros, and whether DER needs one zero to keep it positive. */
function numberAt(raw: Buffer, from: number, to: number): { start: number; length: number; pad: 0 | 1 } {
  let start = from
  while (start < to - 1 && raw[start] === 0) start++
  return { start, length: to - start, pad: (raw[start] as number) > 0x7f ? 1 : 0 }
}

/** Converts a DER signature made by OpenSSL to `r || s`, `size` bytes each. The input is trusted: its form is not checked. */
export function rawFromDer(der: Buffer, size: number): Buffer {
  const raw = Buffer.alloc(2 * size)
  let at = der[1] === 0x81 ? 3 : 2
  for (const end of [size, 2 * size]) {
    const length = der[at + 1] as number
    const start = at + 2
    const kept = Math.min(length, size) // a leading zero is only for the sign
    der.copy(raw, end - kept, start + length - kept, start + length)
    at = start + length
  }
  return raw
}
