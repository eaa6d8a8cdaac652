import { afterAll, describe, expect, it, jest } from '@jest/globals'
import { decodeAssertion } from '../../lib/assertion/decode.js'
import type { KeyFinder } from '../../lib/assertion/keys/find-keys.js'
import { prepareKeySet } from '../../lib/assertion/keys/key-set.js'
import { readAssertion, verifyAssertion } from '../../lib/assertion/verify.js'
import { type AssertionReason, type Refusal, refusal } from '../../lib/host/errors.js'
import { evidenceOf } from '../../lib/host/evidence.js'
import type { EndpointDemands, SignerDemands } from '../../lib/rules/jwt-demands.js'
import { replayKey } from '../../lib/rules/one-time-use.js'
import { forge } from '../support/jwt.js'
import { ec } from '../support/keys.js'

const now = 1_900_000_000
const clock = jest.spyOn(Date, 'now').mockReturnValue(now * 1000)
afterAll(() => clock.mockRestore())

const pair = ec('k')
const rules: EndpointDemands = {
  algorithms: ['ES256'],
  typ: ['jwt'],
  required: ['iss', 'aud', 'exp'],
  audience: ['us'],
  clockTolerance: 10,
}
const signer: SignerDemands = {
  algorithms: undefined,
  typ: undefined,
  commonTypes: undefined,
  audience: ['us'],
  defaultSub: undefined,
  requireJti: false,
  maxLifetime: 300,
  clockTolerance: 10,
  jwks_uri: undefined,

  ignoreX5c: false,
}
const good = { iss: 'a', sub: 'b', aud: 'us', exp: now + 60, jti: 'j' }
const jwt = (claims: object = {}, key = pair) => forge({ alg: 'ES256', kid: 'k' }, { ...good, ...claims }, key.privateKey)

const read = (token: string, over: Partial<EndpointDemands> = {}) =>
  readAssertion(decodeAssertion(token), { ...rules, ...over }, Date.now() / 1000)
let searches = 0
const findKeys: KeyFinder = async (_, header) => {
  searches++
  return prepareKeySet({ keys: [pair.jwk] }).find(header)
}
const verify = async (token: string, over: Partial<SignerDemands> = {}, finder = findKeys) =>
  verifyAssertion(read(token), { ...signer, ...over }, {}, finder, Date.now() / 1000)

describe('readAssertion and verifyAssertion', () => {
  it('give the claims and the key under which the use is remembered', async () => {
    const token = jwt()
    const { claims, header, replayKey: key } = await verify(token)
    expect({ ...claims }).toEqual(good)
    expect({ ...header }).toEqual({ alg: 'ES256', kid: 'k' })
    expect(key).toBe(replayKey('a', 'j', 'unused'))
  })

  it.each<[name: string, run: () => unknown, seen: object]>([
    ['of the endpoint', () => read(jwt({ exp: now - 60 })), { exp: now - 60, seconds_ago: 60 }],
    ['of the signer', () => verify(jwt({ exp: now + 600 })), { lifetime: 600 }],
  ])('show what a check %s saw', async (_name, run, seen) => {
    const error = await (async () => run())().catch((thrown) => thrown)
    expect(evidenceOf((error as Refusal).evidence).seen).toEqual(seen)
  })

  it('JW-22 remember a JWT without jti by what was signed', async () => {
    const token = jwt({ jti: undefined })
    expect((await verify(token)).replayKey).toBe(replayKey('a', undefined, token.slice(0, token.lastIndexOf('.'))))
  })

  it('T-47 remember a JWT that names no issuer, where it need not, as that of none', async () => {
    const ofNone = read(jwt({ iss: undefined }), { required: ['aud', 'exp'] })
    expect((await verifyAssertion(ofNone, signer, {}, findKeys, Date.now() / 1000)).replayKey).toBe(replayKey('', 'j', 'unused'))
  })

  it.each<[AssertionReason, string]>([
    ['header_too_large', forge({ alg: 'ES256', x: 'x'.repeat(2049) }, good, pair.privateKey)],
    ['expired', jwt({ exp: 1 })],
    ['aud_mismatch', jwt({ sub: 'a', aud: 'them' })],
  ])('readAssertion throws %s', (reason, token) => {
    expect(() => read(token)).toThrow(expect.objectContaining({ reason }))
  })

  it.each<[AssertionReason, object, Partial<SignerDemands>]>([
    ['alg_not_registered', {}, { algorithms: ['RS256'] }],
    ['sub_missing', { sub: undefined }, {}],
    ['jti_missing', { jti: undefined }, { requireJti: true }],
    ['aud_not_registered', {}, { audience: ['others'] }],
    ['lifetime_too_long', {}, { maxLifetime: 10 }],
  ])('T-53 %s is found before any key is looked for', async (reason, claims, over) => {
    searches = 0
    await expect(verify(jwt(claims), over)).rejects.toMatchObject({ reason })
    expect(searches).toBe(0)
  })

  it('signature_invalid is found last', async () => {
    searches = 0
    await expect(verify(jwt({}, ec('k')))).rejects.toMatchObject({ reason: 'signature_invalid' })
    expect(searches).toBe(1)
  })

  it('let the failure of a key search through', async () => {
    const failing: KeyFinder = async () => {
      throw refusal('jwks_unavailable', { seen: null, wanted: null })
    }
    await expect(verify(jwt(), {}, failing)).rejects.toMatchObject({ reason: 'jwks_unavailable' })
  })

  it('look at the clock again: what expired in between is refused by nobody but its own check', () => {
    expect(read(jwt({ exp: now - 9 })).claims.exp).toBe(now - 9)
    clock.mockReturnValueOnce((now + 1) * 1000)
    expect(() => read(jwt({ exp: now - 9 }))).toThrow(expect.objectContaining({ reason: 'expired' }))
  })
})

describe('usableFrom (T-45): the first moment at which a JWT could have been accepted', () => {
  it.each<[what: string, claims: object, from: number]>([
    ['its iat, less the tolerance', { iat: now - 5 }, now - 15],
    ['its nbf, if that is later', { iat: now - 5, nbf: now - 2 }, now - 12],
    ['its exp less the longest lifetime, without either', {}, now + 60 - 300 - 10],
    ['its exp less the longest lifetime, if that is later', { iat: now - 20, exp: now + 290 }, now - 20],
  ])('is %s', async (_, claims, from) => {
    expect((await verify(jwt(claims))).usableFrom).toBe(from)
    clock.mockReturnValue((from - 1) * 1000)
    try {
      await expect((async () => verify(jwt(claims)))()).rejects.toMatchObject({
        reason: expect.stringMatching(/iat_future|not_yet_valid|lifetime_too_long/),
      })
    } finally {
      clock.mockReturnValue(now * 1000)
    }
  })
})
