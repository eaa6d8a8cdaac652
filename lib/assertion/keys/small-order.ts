/**
 * The y-coordinates of the Ed25519 public keys of small order, in hexadecimal as encoded (RFC 8032 §5.1.2), without the sign bit of x.
 * Anybody can sign for such a key: no private key is needed.
 */
export const smallOrderCoordinates: ReadonlySet<string> = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000', // order 1: y = 1
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // order 2: y = p - 1
  '0000000000000000000000000000000000000000000000000000000000000000', // order 4: y = 0
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', // order 8
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // y = p, which is 0
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // y = p + 1, which is 1
])

/** Whether an encoded public key is of small order. */
export function isOfSmallOrder(encoded: Buffer): boolean {
  const coordinate = Buffer.from(encoded)
  coordinate[31] = (coordinate[31] as number) & 0x7f
  return smallOrderCoordinates.has(coordinate.toString('hex'))
}
