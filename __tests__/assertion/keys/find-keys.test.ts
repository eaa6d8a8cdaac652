import type { KeyObject } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { decodeAssertion } from '../../../lib/assertion/decode.js'
import { keyChecker, keyFinder } from '../../../lib/assertion/keys/find-keys.js'
import { prepareKeySet } from '../../../lib/assertion/keys/key-set.js'
import { RemoteKeySets } from '../../../lib/assertion/keys/remote-key-sets.js'
import { verificationCost } from '../../../lib/assertion/keys/verification-cost.js'
import { verifySignature as verifyNow } from '../../../lib/assertion/signature.js'
import { Refusal } from '../../../lib/host/errors.js'
import { evidenceOf } from '../../../lib/host/evidence.js'
import type { JSONWebKeySet, JWK } from '../../../lib/index.js'
import { forge } from '../../support/jwt.js'
import { ec, ed, type Pair, rsa } from '../../support/keys.js'

const verifySignature = async (...args: Parameters<typeof verifyNow>) => verifyNow(...args)
const es256 = ec('ec')
const es384 = ec('ec384', 'P-384', 'ES384')
const rs256 = rsa('rsa')
const eddsa = ed('ed')
const bytes = (value: Buffer | number[]) => Buffer.from(value).toString('base64url')
const without = (jwk: JWK, ...members: string[]) => Object.fromEntries(Object.entries(jwk).filter(([name]) => !members.includes(name)))

/** The largest number of so many bits. */
const modulus = (bits: number) => {
  const n = Buffer.alloc(Math.ceil(bits / 8), 0xff)
  n[0] = 2 ** (((bits - 1) % 8) + 1) - 1
  return bytes(n)
}

/** How many keys are candidates, or why there is none. */
async function found(document: unknown, header: object = { alg: 'ES256', kid: 'ec' }): Promise<number | string> {
  try {
    return (await prepareKeySet(document).find(header as Record<string, unknown>)).length
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
}
const one = (jwk: unknown, header?: object) => found({ keys: [jwk] }, header)

describe('a key (T-55 JW-05 JW-08 JW-25)', () => {
  const rsaHeader = { alg: 'RS256', kid: 'rsa' }
  const edHeader = { alg: 'EdDSA', kid: 'ed' }
  const table: [string, number | string, unknown, object?][] = [
    ['ES256', 1, es256.jwk],
    ['no kid in the header', 1, es256.jwk, { alg: 'ES256' }],
    ['no kid in the key, none in the header', 1, without(es256.jwk, 'kid'), { alg: 'ES256' }],
    ['no kid in the key, one in the header', 'key_not_found', without(es256.jwk, 'kid')],
    ['no alg in the key', 1, without(es256.jwk, 'alg')],
    ['another kid', 'key_not_found', es256.jwk, { alg: 'ES256', kid: 'EC' }],
    ['kid is a number in the key', 'key_not_found', { ...es256.jwk, kid: 1 }, { alg: 'ES256', kid: '1' }],
    ['another alg in the key', 'key_not_found', { ...es256.jwk, alg: 'ES384' }],
    ['alg none in the key', 'key_not_found', { ...es256.jwk, alg: 'none' }, { alg: 'none', kid: 'ec' }],
    ['alg HS256 with an RSA key', 'key_not_found', without(rs256.jwk, 'alg'), { alg: 'HS256', kid: 'rsa' }],
    ['no alg in the header', 'key_not_found', es256.jwk, { kid: 'ec' }],
    ['alg __proto__', 'key_not_found', es256.jwk, { alg: '__proto__', kid: 'ec' }],
    ['RS256 wanted of an EC key', 'key_not_found', without(es256.jwk, 'alg'), { alg: 'RS256', kid: 'ec' }],
    ['ES384 wanted of a P-256 key', 'key_not_found', without(es256.jwk, 'alg'), { alg: 'ES384', kid: 'ec' }],
    ['ES384', 1, es384.jwk, { alg: 'ES384', kid: 'ec384' }],
    ['PS256 of an RSA key without alg', 1, without(rs256.jwk, 'alg'), { alg: 'PS256', kid: 'rsa' }],
    ['PS256 of an RSA key for RS256', 'key_not_found', rs256.jwk, { alg: 'PS256', kid: 'rsa' }],
    ...['EdDSA', 'Ed25519', undefined].flatMap((alg) =>
      ['EdDSA', 'Ed25519'].map(
        (wanted) =>
          [`JW-07 ${wanted} of a key whose alg is ${alg}`, 1, { ...eddsa.jwk, alg }, { alg: wanted, kid: 'ed' }] as [
            string,
            number,
            unknown,
            object,
          ],
      ),
    ),
    ['use sig', 1, { ...es256.jwk, use: 'sig' }],
    ['use enc', 'jwks_invalid', { ...es256.jwk, use: 'enc' }],
    ['use SIG', 'jwks_invalid', { ...es256.jwk, use: 'SIG' }],
    ['use null, as a database says nothing', 1, { ...es256.jwk, use: null }],
    ['key_ops verify', 1, { ...es256.jwk, key_ops: ['verify'] }],
    ['key_ops sign', 'jwks_invalid', { ...es256.jwk, key_ops: ['sign'] }],
    ['key_ops encrypt', 'jwks_invalid', { ...es256.jwk, key_ops: ['encrypt', 'wrapKey'] }],
    ['key_ops []', 'jwks_invalid', { ...es256.jwk, key_ops: [] }],
    ['key_ops is a string', 'jwks_invalid', { ...es256.jwk, key_ops: 'verify' }],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].map(
      (member) =>
        [`private member ${member}`, 'jwks_invalid', { ...rs256.jwk, [member]: 'AQAB' }, rsaHeader] as [string, string, unknown, object],
    ),
    ['the private key', 'jwks_invalid', { ...es256.privateKey.export({ format: 'jwk' }), kid: 'ec' }],
    ['oct', 'jwks_invalid', { kty: 'oct', k: bytes(Buffer.alloc(32)), kid: 'ec' }, { alg: 'HS256', kid: 'ec' }],
    ['oct without k', 'jwks_invalid', { kty: 'oct', kid: 'ec' }, { alg: 'HS256', kid: 'ec' }],
    ['no kty', 'jwks_invalid', without(es256.jwk, 'kty')],
    ['kty of another case', 'jwks_invalid', { ...es256.jwk, kty: 'ec' }],
    ['kty __proto__', 'jwks_invalid', { ...es256.jwk, kty: '__proto__' }],
    ['kty constructor', 'jwks_invalid', { ...es256.jwk, kty: 'constructor' }],
    ['kty AKP', 'jwks_invalid', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA', kid: 'ec' }, { alg: 'ML-DSA-44', kid: 'ec' }],
    ['curve P-521', 1, ec('ec', 'P-521', 'ES512').jwk, { alg: 'ES512', kid: 'ec' }],
    ['RSA with an exponent of 32 bits', 1, { ...rs256.jwk, e: 'gAAAAQ' }, rsaHeader],
    ['curve secp256k1', 'jwks_invalid', ec('ec', 'secp256k1', 'ES256K').jwk],
    ['curve X25519', 'jwks_invalid', { ...eddsa.jwk, crv: 'X25519' }],
    ['curve Ed448', 'jwks_invalid', { ...eddsa.jwk, crv: 'Ed448' }],
    ['curve P-256 of an OKP key', 'jwks_invalid', { ...es256.jwk, kty: 'OKP' }],
    ['no curve', 'jwks_invalid', without(es256.jwk, 'crv')],
    ['the curve of another key', 'key_not_found', { ...without(es256.jwk, 'alg'), crv: 'P-384' }, { alg: 'ES384', kid: 'ec' }],
    ['a point off the curve', 'key_not_found', { ...es256.jwk, y: es256.jwk.x }],
    ['the point at zero', 'key_not_found', { ...es256.jwk, x: bytes(Buffer.alloc(32)), y: bytes(Buffer.alloc(32)) }],
    ['a coordinate that is too short', 'key_not_found', { ...es256.jwk, x: 'AAAA' }],
    ['a coordinate that is too long', 'key_not_found', { ...es256.jwk, x: `____${es256.jwk.x}` }],
    ['a coordinate that is no string', 'key_not_found', { ...es256.jwk, x: 1 }],
    ['no y', 'key_not_found', without(es256.jwk, 'y')],
    ['an Ed25519 key that is too short', 'jwks_invalid', { ...eddsa.jwk, x: bytes(Buffer.alloc(31, 9)) }, edHeader],
    ['an Ed25519 key that is too long', 'jwks_invalid', { ...eddsa.jwk, x: bytes(Buffer.alloc(33, 9)) }, edHeader],
    ['an Ed25519 key without x', 'jwks_invalid', without(eddsa.jwk, 'x'), edHeader],
    ['an Ed25519 key whose x is no string', 'jwks_invalid', { ...eddsa.jwk, x: 1 }, edHeader],
    ['an Ed25519 key with padding', 1, { ...eddsa.jwk, x: `${eddsa.jwk.x}=` }, edHeader],
    ['T-77 an Ed25519 key of small order', 'jwks_invalid', { ...eddsa.jwk, x: bytes([1, ...Array(31).fill(0)]) }, edHeader],
    ['RSA 2048', 1, rs256.jwk, rsaHeader],
    ['RSA 1024', 'jwks_invalid', rsa('rsa', 1024).jwk, rsaHeader],
    ['RSA of 2047 bits', 'jwks_invalid', { ...rs256.jwk, n: modulus(2047) }, rsaHeader],
    ['RSA of 2048 bits', 1, { ...rs256.jwk, n: modulus(2048) }, rsaHeader],
    ['RSA of 8192 bits', 1, { ...rs256.jwk, n: modulus(8192) }, rsaHeader],
    ['RSA of 8193 bits', 'jwks_invalid', { ...rs256.jwk, n: modulus(8193) }, rsaHeader],
    ['RSA of 8193 bits, e = 3', 'jwks_invalid', { ...rs256.jwk, n: modulus(8193), e: bytes([3]) }, rsaHeader],
    ['T-77 RSA of 4096 bits, e = 2^32 - 1', 1, { ...rs256.jwk, n: modulus(4096), e: bytes([255, 255, 255, 255]) }, rsaHeader],
    ['T-77 RSA of 4097 bits, e = 65539', 'jwks_invalid', { ...rs256.jwk, n: modulus(4097), e: bytes([1, 0, 3]) }, rsaHeader],
    ['T-77 RSA of 8192 bits, e = 2^32 - 1', 'jwks_invalid', { ...rs256.jwk, n: modulus(8192), e: bytes([255, 255, 255, 255]) }, rsaHeader],
    [
      'RSA 1024 behind zeros',
      'jwks_invalid',
      { ...rs256.jwk, n: bytes(Buffer.concat([Buffer.alloc(128), Buffer.alloc(128, 0xff)])) },
      rsaHeader,
    ],
    ['RSA, n is nothing but zeros', 'jwks_invalid', { ...rs256.jwk, n: bytes(Buffer.alloc(256)) }, rsaHeader],
    ['RSA, no n', 'jwks_invalid', without(rs256.jwk, 'n'), rsaHeader],
    ['RSA, n is no string', 'jwks_invalid', { ...rs256.jwk, n: 1 }, rsaHeader],
    ['RSA, e = 65537', 1, { ...rs256.jwk, e: bytes([1, 0, 1]) }, rsaHeader],
    ['RSA, e = 3', 1, { ...rs256.jwk, e: bytes([3]) }, rsaHeader],
    ['RSA, e = 1', 'jwks_invalid', { ...rs256.jwk, e: bytes([1]) }, rsaHeader],
    ['RSA, e = 1 behind zeros', 'jwks_invalid', { ...rs256.jwk, e: bytes([0, 0, 1]) }, rsaHeader],
    ['RSA, e = 0', 'jwks_invalid', { ...rs256.jwk, e: bytes([0]) }, rsaHeader],
    ['RSA, e = 65536', 'jwks_invalid', { ...rs256.jwk, e: bytes([1, 0, 0]) }, rsaHeader],
    ['RSA, e above 2^32', 'jwks_invalid', { ...rs256.jwk, e: bytes([1, 0, 0, 0, 1]) }, rsaHeader],
    ['RSA, e as long as n', 'jwks_invalid', { ...rs256.jwk, e: rs256.jwk.n }, rsaHeader],
    ['RSA, e is empty', 'jwks_invalid', { ...rs256.jwk, e: '' }, rsaHeader],
    ['RSA, no e', 'jwks_invalid', without(rs256.jwk, 'e'), rsaHeader],
    ['null', 'jwks_invalid', null],
    ['a string', 'jwks_invalid', 'key'],
    ['an array', 'jwks_invalid', [es256.jwk]],
    ['an empty object', 'jwks_invalid', {}],
  ]
  it.each(table)('%s: %s', async (...[, expected, jwk, header]) => {
    expect(await one(jwk, header)).toBe(expected)
  })
})

describe('a key set (T-52 T-55 JW-24)', () => {
  it.each([
    [undefined],
    [null],
    [1],
    ['{}'],
    [[]],
    [{}],
    [{ keys: {} }],
    [{ keys: 'x' }],
    [{ keys: null }],
    [{ keys: [] }],
    [{ keys: [null, 1, 'x'] }],
  ])('%j is none', async (document) => {
    expect(await found(document)).toBe('jwks_invalid')
  })

  it('may have 100 keys, not 101', async () => {
    const fill = (count: number) => ({ keys: [es256.jwk, ...Array(count - 1).fill({ kty: 'oct' })] })
    expect(await found(fill(100))).toBe(1)
    expect(await found(fill(101))).toBe('jwks_invalid')
    expect(await found({ keys: Array(10_000).fill(es256.jwk) })).toBe('jwks_invalid')
  })

  it('does not suffer from the bad keys in it', async () => {
    const bad = [null, { kty: 'oct', k: 'AAAA' }, { ...rs256.jwk, d: 'AAAA' }, { ...es384.jwk, use: 'enc' }, { kty: 'EC' }]
    const document = { keys: [...bad, es256.jwk, rs256.jwk, es384.jwk] }
    expect(await found(document)).toBe(1)
    expect(await found(document, { alg: 'RS256' })).toBe(1)
    expect(await found(document, { alg: 'ES384' })).toBe(1)
  })

  it('may use one kid for keys of several algorithms', async () => {
    const keys = [es256, es384, rs256, eddsa].map(({ jwk }) => ({ ...jwk, kid: 'same' }))
    for (const alg of ['ES256', 'ES384', 'RS256', 'EdDSA']) expect(await found({ keys }, { alg, kid: 'same' })).toBe(1)
  })

  describe('registered here, without kid', () => {
    const unnamed = without(es256.jwk, 'kid')
    const other = { ...ec('other').jwk, alg: 'ES256' }
    const named = (keys: object[], kid?: string) =>
      keyFinder(undefined as never)({ jwks: { keys } } as never, { alg: 'ES256', ...(kid && { kid }) })
    it('fits a JWT that names any kid which no key has', async () => {
      for (const kid of ['theirs', 'theirs', 'another']) expect(await named([unnamed], kid)).toHaveLength(1)
      expect(await named([unnamed])).toHaveLength(1)
    })
    it('does not fit one that names another of the keys', async () => {
      const [found] = await named([unnamed, other], 'other')
      expect(found?.export({ format: 'jwk' })).toMatchObject({ x: other.x })
      const [stranger, second] = await named([unnamed, other], 'theirs')
      expect([stranger?.export({ format: 'jwk' }).x, second]).toEqual([unnamed.x, undefined])
      expect(await named([unnamed, other])).toHaveLength(2)
    })
    it('and is found as it was before: the same objects, and nothing that grows', async () => {
      expect((await named([unnamed], 'a'))[0]).toBe((await named([unnamed], 'b'))[0])
    })
    it('null members, as a database says it, are none', async () => {
      expect(await found({ keys: [{ ...es256.jwk, use: null, key_ops: null, alg: null, d: null, k: null }] })).toBe(1)
    })
  })

  it('may use one kid twice: each key is tried', async () => {
    const pairs = [ec('same'), ec('same')]
    const keySet = prepareKeySet({ keys: pairs.map(({ jwk }) => jwk) })
    for (const pair of pairs) {
      const jwt = decodeAssertion(forge({ alg: 'ES256', kid: 'same' }, {}, pair.privateKey))
      await expect(verifySignature(jwt, await keySet.find(jwt.header))).resolves.toBeDefined()
    }
    const stranger = decodeAssertion(forge({ alg: 'ES256', kid: 'same' }, {}, ec('same').privateKey))
    await expect(verifySignature(stranger, await keySet.find(stranger.header))).rejects.toMatchObject({ reason: 'signature_invalid' })
  })

  it('without kid, at most ten of fifty keys are tried', async () => {
    const pairs = Array.from({ length: 50 }, (_, i) => ec(`k${i}`))
    const keySet = prepareKeySet({ keys: pairs.map(({ jwk }) => jwk) })
    const verify = async (pair: Pair, kid?: string) => {
      const jwt = decodeAssertion(forge({ alg: 'ES256', ...(kid && { kid }) }, {}, pair.privateKey))
      const keys = await keySet.find(jwt.header)
      expect(keys.length).toBe(kid ? 1 : 10)
      return verifySignature(jwt, keys)
    }
    await expect(verify(pairs[9] as Pair)).resolves.toBeDefined()
    await expect(verify(pairs[10] as Pair)).rejects.toMatchObject({ reason: 'signature_invalid' })
    await expect(verify(pairs[49] as Pair, 'k49')).resolves.toBeDefined()
  })

  describe('T-77 without kid, no more keys are tried than cost 64 verifications by RSA-2048', () => {
    const rsaOf = (bits: number, e = [1, 0, 1]) => ({ kty: 'RSA', n: modulus(bits), e: bytes(e) })
    const large = [255, 255, 255, 255]
    const fill = <T>(count: number, one: T): T[] => Array(count).fill(one)
    it.each<[keys: string, alg: string, set: JWK[], costs: number[]]>([
      ['P-256', 'ES256', fill(20, es256.jwk), fill(10, 2)],
      ['Ed25519', 'EdDSA', fill(20, eddsa.jwk), fill(10, 3)],
      ['P-384', 'ES384', fill(20, es384.jwk), [20, 20, 20]],
      ['P-521', 'ES512', fill(20, ec('k', 'P-521', 'ES512').jwk), [42]],
      ['RSA-2048', 'RS256', fill(20, rsaOf(2048)), fill(10, 1)],
      ['RSA-2048 with a large exponent', 'RS256', fill(20, rsaOf(2048, large)), fill(10, 4)],
      ['RSA-4096', 'PS256', fill(20, rsaOf(4096)), fill(10, 4)],
      ['RSA-4096 with a large exponent', 'PS256', fill(20, rsaOf(4096, large)), [16, 16, 16, 16]],
      ['RSA-6144', 'PS512', fill(20, rsaOf(6144)), fill(7, 9)],
      ['RSA-8192', 'RS256', fill(20, rsaOf(8192)), [16, 16, 16, 16]],
      ['cheap ones before expensive ones', 'RS256', [...fill(3, rsaOf(2048)), ...fill(9, rsaOf(8192))], [1, 1, 1, 16, 16, 16]],
      ['a cheap one behind expensive ones', 'RS256', [...fill(3, rsaOf(8192)), rsaOf(4096), rsaOf(8192), rsaOf(2048)], [16, 16, 16, 4]],
    ])('%s', async (_keys, alg, keys, costs) => {
      const unnamed = keys.map((key) => without(key, 'kid'))
      const costOf = (key: KeyObject) => verificationCost(key.export({ format: 'jwk' }) as JWK)
      expect((await prepareKeySet({ keys: unnamed }).find({ alg })).map(costOf)).toEqual(costs)
      const duplicates = unnamed.map((key) => ({ ...key, kid: 'same' }))
      expect((await prepareKeySet({ keys: duplicates }).find({ alg, kid: 'same' })).map(costOf)).toEqual(costs)
      const named = unnamed.map((key, index) => ({ ...key, kid: String(index) }))
      expect(await prepareKeySet({ keys: named }).find({ alg, kid: String(keys.length - 1) })).toHaveLength(1)
    })
  })

  it('without kid, keys that cannot be used do not count', async () => {
    const broken = { ...es256.jwk, y: es256.jwk.x }
    expect(await found({ keys: [broken, broken, es256.jwk] }, { alg: 'ES256' })).toBe(1)
    expect(await found({ keys: [...Array(12).fill(broken), es256.jwk] }, { alg: 'ES256' })).toBe(1)
    expect(await found({ keys: [broken, broken] }, { alg: 'ES256' })).toBe('key_not_found')
  })

  it('is read once: what happens to the document afterwards changes nothing', async () => {
    const document = { keys: [{ ...es256.jwk }] }
    const keySet = prepareKeySet(document)
    const own = document.keys[0] as JWK
    own.x = es384.jwk.x as string
    document.keys.length = 0
    expect(await keySet.find({ alg: 'ES256', kid: 'ec' })).toHaveLength(1)
  })
})

describe('keyFinder', () => {
  const asked: string[] = []
  const remote = new RemoteKeySets(async (url, allowPrivate) => {
    asked.push(`${url} ${allowPrivate}`)
    return { document: { keys: [es256.jwk] }, bytes: 1 }
  })
  const findKeys = keyFinder(remote)
  const url = 'https://idp.example.org/jwks'
  const header = { alg: 'ES256', kid: 'ec' }
  const jwks = { keys: [es256.jwk] }

  it('takes keys from the one place that is registered', async () => {
    expect(await findKeys({ jwks }, header)).toHaveLength(1)
    expect(asked).toEqual([])
    expect(await findKeys({ jwks_uri: url }, header)).toHaveLength(1)
    expect(await findKeys({ jwks_uri: url, allowPrivateJwksUri: true }, header)).toHaveLength(1)
    expect(asked).toEqual([`${url} false`, `${url} true`])
  })

  it.each([[{}], [{ jwks, jwks_uri: url }], [{ jwks: undefined, jwks_uri: undefined }], [{ jwks: null as unknown as JSONWebKeySet }]])(
    'refuses both and neither: %j',
    async (registration) => {
      await expect((async () => findKeys(registration, header))()).rejects.toMatchObject({ reason: 'jwks_invalid' })
    },
  )

  it('JW-12 JC-06 never takes them from the header', async () => {
    const attacker = ec('evil')
    const evil = { alg: 'ES256', kid: 'evil', jwk: attacker.jwk, jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x5u' }
    asked.length = 0
    await expect(async () => findKeys({ jwks }, evil)).rejects.toMatchObject({ reason: 'key_not_found' })
    expect(asked).toEqual([])
  })

  it('JW-12: an unknown kid is refused without any work of jose, since every sender can name one', () => {
    let thrown: unknown
    try {
      findKeys({ jwks }, { alg: 'ES256', kid: 'nobody' })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ reason: 'key_not_found' })
  })

  it('sees at once what the host adds to a jwks, removes from it, or replaces in it', async () => {
    const [first, second, third] = [ec('k1'), ec('k2'), ec('k3')]
    const live = { keys: [first.jwk] }
    const has = (pair: Pair) =>
      (async () => findKeys({ jwks: live }, { alg: 'ES256', kid: pair.kid }))().then(
        () => true,
        () => false,
      )
    const state = async () => [await has(first), await has(second), await has(third)]
    expect(await state()).toEqual([true, false, false])
    live.keys.push(second.jwk)
    expect(await state()).toEqual([true, true, false])
    live.keys.shift()
    expect(await state()).toEqual([false, true, false])
    live.keys[0] = third.jwk
    expect(await state()).toEqual([false, false, true])
    live.keys = [first.jwk]
    expect(await state()).toEqual([true, false, false])
    live.keys = []
    expect(await state()).toEqual([false, false, false])
    live.keys = [first.jwk, second.jwk]
    expect(await state()).toEqual([true, true, false])
    live.keys[1] = third.jwk
    expect(await state()).toEqual([true, false, true])
    live.keys = [second.jwk, third.jwk]
    expect(await state()).toEqual([false, true, true])
  })

  it('sees the new key under an old kid', async () => {
    const [old, fresh] = [ec('k'), ec('k')]
    const live = { keys: [old.jwk] }
    const verify = async (pair: Pair) => {
      const jwt = decodeAssertion(forge({ alg: 'ES256', kid: 'k' }, {}, pair.privateKey))
      return verifySignature(jwt, await findKeys({ jwks: live }, jwt.header))
    }
    await verify(old)
    live.keys[0] = fresh.jwk
    await verify(fresh)
    await expect(verify(old)).rejects.toMatchObject({ reason: 'signature_invalid' })
  })

  it('imports a key once, however often a database makes new objects of it', async () => {
    const fresh = () => ({ jwks: { keys: [{ ...es256.jwk }] } })
    const [key] = await findKeys(fresh(), header)
    for (let i = 0; i < 3; i++) expect((await findKeys(fresh(), header))[0]).toBe(key)
    const other = ec('ec')
    expect((await findKeys({ jwks: { keys: [{ ...other.jwk }] } }, header))[0]).not.toBe(key)
    expect((await findKeys({ jwks: { keys: [{ ...es256.jwk, alg: 'ES256', use: 'sig' }] } }, header))[0]).not.toBe(key)
  })

  it('T-53 keeps at most eight megabytes of registered keys: the set that was used least is prepared again', async () => {
    const keys = (jwks: JSONWebKeySet) => keyFinder(new RemoteKeySets())({ jwks }, { alg: 'ES256', kid: 'ec' })
    const [first] = await keys({ keys: [{ ...es256.jwk, first: 1 }] })
    const isKept = async () => (await keys({ keys: [{ ...es256.jwk, first: 1 }] }))[0] === first
    const flood = async (sets: number) => {
      for (let index = 0; index < sets; index++) await keys({ keys: [{ ...es256.jwk, odd: `${sets} ${index} ${'é'.repeat(2500)}` }] })
    }
    await flood(1000)
    expect(await isKept()).toBe(true)
    await flood(1900)
    expect(await isKept()).toBe(false)
  })

  it.each<[what: string, jwks: unknown]>([
    ['a member that refers to itself', { keys: [Object.assign({ ...es256.jwk }, { self: {} as unknown })] }],
    ['a member that cannot be written', { keys: [{ ...es256.jwk, size: 1n }] }],
  ])('takes a registration with %s', async (_, jwks) => {
    const [jwk] = (jwks as { keys: { self?: unknown }[] }).keys
    if (jwk?.self) jwk.self = jwk
    expect(await findKeys({ jwks: jwks as JSONWebKeySet }, header)).toHaveLength(1)
  })

  it('JW-10 never takes one such registration for another', async () => {
    const of = (pair: Pair) => findKeys({ jwks: { keys: [{ ...without(pair.jwk, 'kid'), size: 1n }] } }, { alg: 'ES256', kid: 'theirs' })
    for (const pair of [ec('a'), ec('b')]) expect((await of(pair)).map((key) => key.equals(pair.publicKey))).toEqual([true])
  })

  it('takes frozen registrations', async () => {
    const frozen = Object.freeze({ keys: Object.freeze([Object.freeze({ ...es256.jwk })]) }) as unknown as JSONWebKeySet
    expect(await findKeys({ jwks: frozen }, header)).toHaveLength(1)
    expect(await findKeys({ jwks: frozen }, header)).toHaveLength(1)
  })
})

describe('keyChecker: whether a public key is a registered one', () => {
  const asked: string[] = []
  const remote = new RemoteKeySets(async (url, allowPrivate) => {
    asked.push(`${url} ${allowPrivate}`)
    return { document: { keys: [es256.jwk] }, bytes: 1 }
  })
  const isRegistered = keyChecker(remote)
  const url = 'https://idp.example.org/jwks'

  it.each<[what: string, jwk: JWK, key: KeyObject, isIt: boolean]>([
    ['an EC key', es256.jwk, es256.publicKey, true],
    ['an RSA key', rs256.jwk, rs256.publicKey, true],
    ['an Ed25519 key', eddsa.jwk, eddsa.publicKey, true],
    ['a key under another kid', { ...es256.jwk, kid: 'x', alg: undefined }, es256.publicKey, true],
    ['another key of this kind', es256.jwk, ec('ec').publicKey, false],
    ['another kind of key', es256.jwk, rs256.publicKey, false],
    ['a key of another curve', es256.jwk, es384.publicKey, false],
    ...(['x', 'y'] as const).map((member): [string, JWK, KeyObject, boolean] => [
      `a key of which ${member} is another`,
      { ...es256.jwk, [member]: ec('ec').jwk[member] },
      es256.publicKey,
      false,
    ]),
    ['an RSA key with another exponent', { ...rs256.jwk, e: 'Aw' }, rs256.publicKey, false],
    ['an RSA key with another modulus', { ...rs256.jwk, n: rsa('rsa').jwk.n }, rs256.publicKey, false],
  ])('JW-12 %s', async (_, jwk, key, isIt) => {
    expect(await isRegistered({ jwks: { keys: [jwk] } }, key)).toBe(isIt)
  })

  it('JW-12 one key of several', async () => {
    expect(await isRegistered({ jwks: { keys: [rs256.jwk, es256.jwk] } }, es256.publicKey)).toBe(true)
    expect(await isRegistered({ jwks: { keys: [rs256.jwk, eddsa.jwk] } }, es256.publicKey)).toBe(false)
  })

  it('asks the one place that is registered', async () => {
    asked.length = 0
    expect(await isRegistered({ jwks_uri: url, jwks: null as never }, es256.publicKey)).toBe(true)
    expect(await isRegistered({ jwks_uri: url, allowPrivateJwksUri: true }, es384.publicKey)).toBe(false)
    expect(asked).toEqual([`${url} false`, `${url} true`])
    await expect(isRegistered({ jwks_uri: url, jwks: { keys: [es256.jwk] } }, es256.publicKey)).rejects.toMatchObject({
      reason: 'jwks_invalid',
    })
  })
})

describe('the source of keys', () => {
  const find = (registration: object) => keyFinder(new RemoteKeySets())(registration as never, { alg: 'ES256' } as never)
  it.each<[name: string, registration: object, seen: object]>([
    ['none', {}, { jwks: null, jwks_uri: null }],
    ['none, as a database says it', { jwks: null, jwks_uri: null }, { jwks: null, jwks_uri: null }],
    ['both', { jwks: { keys: [] }, jwks_uri: 'https://x.example' }, { jwks: 'given', jwks_uri: 'given' }],
    [
      'discovery beside another',
      { issuer: 'https://x.example', discovery: true, jwks: { keys: [] } },
      { jwks: 'given', jwks_uri: null, discovery: true },
    ],
  ])('shows which there is, and nothing of it: %s', async (_name, registration, seen) => {
    const error = await (async () => find(registration))().catch((thrown: unknown) => thrown as Refusal)
    expect((error as Refusal).reason).toBe('jwks_invalid')
    expect(evidenceOf((error as Refusal).evidence)).toEqual({
      seen: { discovery: null, ...seen },
      wanted: 'exactly one of jwks, jwks_uri and discovery',
    })
  })
})
