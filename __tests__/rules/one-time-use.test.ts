import { describe, expect, it } from '@jest/globals'
import type { VerifiedAssertion } from '../../lib/host/assertion.js'
import type { ClientAuthentication } from '../../lib/host/token-state.js'
import type { TrustedIssuer } from '../../lib/host/trusted-issuer.js'
import { clientMarker, isReusableGrant, replayKey, replayMarker, usableFrom } from '../../lib/rules/one-time-use.js'
import { random } from '../support/random.js'

const assertion = (claims: object = {}) =>
  ({ claims: { iss: 'a', exp: 1000, jti: 'j', ...claims }, replayKey: 'key', usableFrom: 690 }) as unknown as VerifiedAssertion
const client = (over: object): ClientAuthentication =>
  ({ level: 'authenticated', method: 'private_key_jwt', client_id: 'c', ...over }) as ClientAuthentication

describe('AF-15 the marker of a one-time JWT', () => {
  it.each<[exp: number, clockTolerance: number, expiresAt: number]>([
    [1000, 0, 1000],
    [1000, 10, 1010],
    [1000.2, 10, 1011],
    [1000, 0.5, 1001],
  ])('T-45 outlives an exp of %d, accepted for %d s more: until %d', (exp, clockTolerance, expiresAt) => {
    const marker = { key: 'key', expiresAt, issuer: 'a', usableFrom: 690 }
    expect(replayMarker(assertion({ exp }), 'grant', clockTolerance)).toEqual({ ...marker, use: 'grant' })
    expect(clientMarker(client({ assertion: assertion({ exp }) }), clockTolerance)).toEqual({ ...marker, use: 'client' })
  })

  it.each<[who: string, authentication: ClientAuthentication]>([
    ['a client without assertion', client({ method: 'client_secret_basic' })],
    ['nobody', { level: 'anonymous' }],
    ['JW-22 a client assertion without jti', client({ assertion: assertion({ jti: undefined }) })],
    ['one that was registered as reusable', client({ assertion: assertion(), reusable: true })],
  ])('there is none for %s', (_, authentication) => {
    expect(clientMarker(authentication, 10)).toBeUndefined()
  })
})

it('T-45 a JWT without iss is marked as of no issuer', () => {
  expect(replayMarker(assertion({ iss: undefined }), 'client', 0).issuer).toBe('')
})

describe('isReusableGrant', () => {
  const anonymous: ClientAuthentication = { level: 'anonymous' }
  it.each<[replay: TrustedIssuer['replay'], who: ClientAuthentication, client_id: string | undefined, is: boolean]>([
    [undefined, client({}), 'c', false],
    ['one-time', client({}), 'c', false],
    ['reusable', client({}), 'c', true],
    ['reusable', client({}), undefined, true],
    ['reusable', anonymous, undefined, true],
    ['same-client', client({}), 'c', true],
    ['same-client', client({}), 'another', false],
    ['same-client', client({}), undefined, false],
    ['same-client', anonymous, undefined, false],
    ['same-client', anonymous, 'c', false],
  ])('replay: %j, for %j, with the claim client_id %j: %s', (replay, who, client_id, is) => {
    expect(isReusableGrant({ issuer: 'a', replay }, who, assertion({ client_id }))).toBe(is)
  })

  it.each([
    ['j', false],
    [undefined, true],
  ])('WI-01 one-time-jti: a grant with the jti %j may be sent again: %s', (jti, is) => {
    for (const who of [anonymous, client({})])
      expect(isReusableGrant({ issuer: 'a', replay: 'one-time-jti' }, who, assertion({ jti }))).toBe(is)
  })
})

describe('T-45 usableFrom: the earliest time at which the checks of a JWT could have passed', () => {
  const limits = { maxLifetime: 300, clockTolerance: 10 }
  it.each<[what: string, claims: object, from: number]>([
    ['exp less the longest lifetime', { exp: 1000 }, 690],
    ['iat, if it is later', { exp: 1000, iat: 800 }, 790],
    ['nbf, if it is later', { exp: 1000, nbf: 900 }, 890],
    ['the later of iat and nbf', { exp: 1000, iat: 900, nbf: 800 }, 890],
    ['exp less the longest lifetime, if both are earlier', { exp: 1000, iat: 600, nbf: 500 }, 690],
    ['the beginning of time, without any of them', { exp: 100 }, -10],
  ])('%s, less the tolerance', (_, claims, from) => {
    expect(usableFrom(claims as VerifiedAssertion['claims'], limits)).toBe(from)
  })
})

describe('replayKey', () => {
  it('is 43 base64url characters, the same for the same JWT', () => {
    expect(replayKey('a', 'b', 'c.d')).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(replayKey('a', 'b', 'c.d')).toBe(replayKey('a', 'b', 'c.d'))
    expect(replayKey('a', undefined, 'c.d')).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  it('is made of iss and jti where there is a jti: how it was written or signed does not matter (T-13)', () => {
    expect(replayKey('a', 'b', 'c.d')).toBe(replayKey('a', 'b', 'other.text'))
  })

  it('is made of what was signed where there is none (JW-22, T-51)', () => {
    expect(replayKey('a', undefined, 'c.d')).not.toBe(replayKey('a', undefined, 'c.e'))
    expect(replayKey('a', undefined, 'c.d')).not.toBe(replayKey('b', undefined, 'c.d'))
  })

  const pairs: [string, [string, string], [string, string]][] = [
    ['T-47 (a, bc) and (ab, c)', ['a', 'bc'], ['ab', 'c']],
    ['T-47 the same jti of two issuers', ['https://a.example', 'j'], ['https://b.example', 'j']],
    ['JW-19 case', ['a', 'J'], ['a', 'j']],
    ['a NUL between', ['a\0', 'b'], ['a', '\0b']],
    ['a length within iss', ['a1:b', 'c'], ['a', 'b1:c']],
    ['a prefix within iss', ['ajti:b', 'c'], ['a', 'bjti:c']],
    ['lengths that look alike', ['1:a', '1:b'], ['1', ':a1:b']],
    ['digits behind iss', ['a1', '1'], ['a', '11']],
    ['composed and decomposed letters', ['é', 'j'], ['e\u0301', 'j']],
    ['white space', ['a', 'j '], ['a', 'j']],
    ['__proto__', ['__proto__', 'j'], ['constructor', 'j']],
  ]
  it.each(pairs)('differs for %s', (_, [iss, jti], [otherIss, otherJti]) => {
    expect(replayKey(iss, jti, 'x')).not.toBe(replayKey(otherIss, otherJti, 'x'))
  })

  it('of a jti never meets that of a signing input, whatever the jti says', () => {
    const input = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIn0'
    for (const jti of [input, `signing-input:${input}`, `jti:${input}`, `${input.length}:${input}`, 'undefined', ''])
      expect(replayKey('a', jti, 'other')).not.toBe(replayKey('a', undefined, input))
    expect(replayKey('a', 'signing-input:x', 'x')).not.toBe(replayKey('a', undefined, 'x'))
  })

  it('differs for any two of 20,000 pairs over few letters', () => {
    const { pick, below } = random('replay')
    const letters = ['', 'a', 'b', '1', ':', 'jti:', 'signing-input:', '1:', '2:', '\0', 'é', '😀']
    const word = () => Array.from({ length: 1 + below(4) }, () => pick(letters)).join('')
    const seen = new Map<string, string>()
    const mistaken: string[] = []
    for (let i = 0; i < 20_000; i++) {
      const [iss, id, isJti] = [word(), word(), below(2) === 0]
      const key = isJti ? replayKey(iss, id, 'unused') : replayKey(iss, undefined, id)
      const pair = JSON.stringify([iss, id, isJti])
      if ((seen.get(key) ?? pair) !== pair) mistaken.push(pair)
      seen.set(key, pair)
    }
    expect(mistaken).toEqual([])
    expect(seen.size).toBeGreaterThan(5000)
  })
})
