/** The Ed25519 keys of small order are computed here on the curve (RFC 8032 §5.1), and signatures are forged under them. */
import { createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { smallOrderCoordinates } from '../../../lib/assertion/keys/small-order.js'
import { usableKeys } from '../../../lib/assertion/keys/usable-keys.js'
import type { JWK } from '../../../lib/index.js'
import { anyExpress } from '../../support/express.js'
import { freshJti, now } from '../../support/jwt.js'
import { ed } from '../../support/keys.js'
import { byJwt, clientCredentials, clients, grantRequest, issuer, issuers, openIdp, startWorld } from '../../support/world.js'

const p = 2n ** 255n - 19n
const order = 2n ** 252n + 27742317777372353535851937790883648493n // of the subgroup of prime order; the curve has 8 times as many points
type Point = readonly [x: bigint, y: bigint]
const identity: Point = [0n, 1n]

const modulo = (value: bigint) => ((value % p) + p) % p
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let [square, rest] = [modulo(base), exponent]; rest > 0n; square = (square * square) % p, rest >>= 1n)
    if (rest & 1n) result = (result * square) % p
  return result
}
const inverse = (value: bigint) => power(value, p - 2n)
const d = modulo(-121665n * inverse(121666n))

function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const k = modulo(d * x1 * x2 * y1 * y2)
  return [modulo((x1 * y2 + x2 * y1) * inverse(1n + k)), modulo((y1 * y2 + x1 * x2) * inverse(1n - k))]
}
function multiply(scalar: bigint, point: Point): Point {
  let result = identity
  for (let [double, rest] = [point, scalar]; rest > 0n; double = add(double, double), rest >>= 1n)
    if (rest & 1n) result = add(result, double)
  return result
}
const isIdentity = ([x, y]: Point) => x === 0n && y === 1n

/** The points with a y-coordinate, one or two of them, or none. */
function pointsAt(y: bigint): Point[] {
  const square = modulo((y * y - 1n) * inverse(d * y * y + 1n))
  const root = power(square, (p + 3n) / 8n)
  const x = [root, modulo(root * power(2n, (p - 1n) / 4n))].find((candidate) => modulo(candidate * candidate) === square)
  if (x === undefined) return []
  return x === 0n ? [[0n, modulo(y)]] : [x, p - x].map((one): Point => [one, modulo(y)])
}

/** The subgroup of all points P with 8·P = identity, from a point that generates it. */
function torsion(): Point[] {
  for (let y = 2n; ; y++) {
    for (const point of pointsAt(y)) {
      const generator = multiply(order, point)
      if (isIdentity(multiply(4n, generator))) continue
      return Array.from({ length: 8 }, (_, index) => multiply(BigInt(index), generator))
    }
  }
}

const littleEndian = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse()
const number = (hex: string) => BigInt(`0x${Buffer.from(hex, 'hex').reverse().toString('hex')}`)
/** Every encoding of a y-coordinate in 255 bits: itself and, if that fits, p more, which is not canonical (RFC 8032 §5.1.3). */
const encodings = (y: bigint) => [y, y + p].filter((value) => value < 2n ** 255n).map((value) => littleEndian(value).toString('hex'))
const withSign = (coordinate: Buffer) => Buffer.from(coordinate.map((byte, index) => (index === 31 ? byte | 0x80 : byte)))
const jwkOf = (key: Buffer): JWK => ({ kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') })
const smallOrderKeys = [...smallOrderCoordinates].flatMap((hex) => [Buffer.from(hex, 'hex'), withSign(Buffer.from(hex, 'hex'))])

/** A signature without a private key: R is the identity, S is zero. */
const forged = Buffer.concat([littleEndian(1n), Buffer.alloc(32)])

describe('T-77 Ed25519 keys of small order', () => {
  const points = torsion()

  it('the arithmetic of this file is that of the curve', () => {
    const base = pointsAt(4n * inverse(5n)).find(([x]) => x % 2n === 0n) as Point
    expect(isIdentity(multiply(order, base))).toBe(true)
    expect(isIdentity(multiply(8n, base))).toBe(false)
  })

  it('there are eight points, all of which 8 takes to the identity', () => {
    expect(new Set(points.map(String)).size).toBe(8)
    expect(points.every((point) => isIdentity(multiply(8n, point)))).toBe(true)
  })

  it('the table has every encoding of their y-coordinates, and nothing else', () => {
    expect([...smallOrderCoordinates].sort()).toEqual([...new Set(points.flatMap(([, y]) => encodings(y)))].sort())
  })

  it('each point with a y-coordinate of the table is one of them', () => {
    for (const hex of smallOrderCoordinates) {
      const found = pointsAt(number(hex))
      expect(found.length).toBeGreaterThan(0)
      expect(found.every((point) => isIdentity(multiply(8n, point)))).toBe(true)
    }
  })

  it.each(smallOrderKeys.map((key) => [key.toString('hex'), key] as const))('%s is no key', (_hex, key) => {
    expect(usableKeys([jwkOf(key)])).toEqual([])
  })

  it('what is next to them is a key', () => {
    const next = [...smallOrderCoordinates].flatMap((hex) => [number(hex) + 1n, number(hex) - 1n]).filter((y) => y >= 0n && y < 2n ** 255n)
    const others = next.map(littleEndian).filter((key) => !smallOrderCoordinates.has(key.toString('hex')))
    expect(others.length).toBeGreaterThanOrEqual(7)
    for (const key of others) expect(usableKeys([jwkOf(key)])).toHaveLength(1)
  })
})

describe.each(anyExpress)('T-77 a signature that anybody can make, on %s', (_, express) => {
  const accepting = smallOrderKeys.filter((key) =>
    verify(null, Buffer.from('any text'), createPublicKey({ key: { ...jwkOf(key) }, format: 'jwk' }), forged),
  )
  const weak = { ...jwkOf(littleEndian(1n)), kid: 'weak' }
  const jwt = (claims: object) => {
    const parts = [
      { alg: 'EdDSA', kid: 'weak' },
      { aud: issuer, exp: now() + 60, iat: now(), jti: freshJti(), ...claims },
    ]
    return [...parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')), forged.toString('base64url')].join('.')
  }

  it('node:crypto takes it, up to Node 22', () => {
    const isOld = Number.parseInt(process.versions.node, 10) < 24
    expect(accepting.map((key) => key.toString('hex')).includes(littleEndian(1n).toString('hex'))).toBe(isOld)
  })

  it.each([
    ['alone', 'jwks_invalid', [weak]],
    ['beside a good key', 'key_not_found', [weak, ed('good').jwk]],
  ])('is refused if its key is registered %s', async (_where, reason, keys) => {
    const world = startWorld(express, {
      hooks: {
        findClient: () => ({ ...clients['jwt-client'], jwks: { keys } }),
        findIssuer: () => ({ ...issuers[openIdp], jwks: { keys } }),
      },
    })
    const asClient = await world.post(clientCredentials(byJwt(jwt({ iss: 'jwt-client', sub: 'jwt-client' }))))
    expect([asClient.status, asClient.body.error, world.last().reason]).toEqual([401, 'invalid_client', reason])
    const asGrant = await world.post(grantRequest(jwt({ iss: openIdp, sub: 'alice' }), {}))
    expect([asGrant.status, asGrant.body.error, world.last().reason]).toEqual([400, 'invalid_grant', reason])
    expect(world.calls.mintToken).toBe(0)
  })
})
