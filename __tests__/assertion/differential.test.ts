/** jose as the oracle: it may accept more than we do, and never less. */
import { afterAll, describe, expect, it, jest } from '@jest/globals'
import { importJWK, type JWTVerifyOptions, jwtVerify } from 'jose'
import { decodeAssertion } from '../../lib/assertion/decode.js'
import { type KeyFinder, keyFinder } from '../../lib/assertion/keys/find-keys.js'
import { RemoteKeySets } from '../../lib/assertion/keys/remote-key-sets.js'
import { readAssertion, verifyAssertion } from '../../lib/assertion/verify.js'
import { Refusal } from '../../lib/host/errors.js'
import type { EndpointDemands, SignerDemands } from '../../lib/rules/jwt-demands.js'
import { forge, signature } from '../support/jwt.js'
import { ec, ed, type Pair, rsa } from '../support/keys.js'
import { random } from '../support/random.js'
import { runs, testAll } from '../support/test-all.js'

const now = 1_900_000_000
const clock = jest.spyOn(Date, 'now').mockReturnValue(now * 1000)
afterAll(() => clock.mockRestore())

const rsaPair = rsa('k')
const pairs: [alg: string, pair: Pair][] = [
  ['ES256', ec('k')],
  ['ES384', ec('k', 'P-384', 'ES384')],
  ['ES512', ec('k', 'P-521', 'ES512')],
  ['EdDSA', ed('k')],
  ['Ed25519', ed('k')],
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg): [string, Pair] => [alg, rsaPair]),
]
const algorithms = pairs.map(([alg]) => alg)
const us = 'https://as.example.com'
const rules: EndpointDemands = { algorithms, typ: ['jwt', 'jose'], required: ['iss', 'aud', 'exp'], audience: [us], clockTolerance: 10 }
const signer: SignerDemands = {
  algorithms: undefined,
  typ: undefined,
  commonTypes: undefined,
  audience: [us],
  defaultSub: undefined,
  requireJti: false,
  maxLifetime: 300,
  clockTolerance: 10,
  jwks_uri: undefined,

  ignoreX5c: false,
}
const findKeys: KeyFinder = keyFinder(new RemoteKeySets())

const good = { iss: 'https://idp.example.org', sub: 'alice', aud: us, exp: now + 60, iat: now, jti: 'j1' }
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const strangers = [...'=+/ .\n\0~%', '\u00e9', '\ufeff', '\u0410']

describe.each(pairs)('%s', (alg, pair) => {
  const jwks = { keys: [{ ...pair.jwk, alg }] }
  const head = { alg, kid: 'k', typ: 'JWT' }
  const { below, pick, chance } = random(alg)

  /** The reason for which we refuse, or `undefined`. */
  const ours = async (token: string): Promise<string | undefined> => {
    try {
      await verifyAssertion(readAssertion(decodeAssertion(token), rules, now), signer, { jwks }, findKeys, now)
      return undefined
    } catch (error) {
      if (error instanceof Refusal) return error.reason
      throw error // anything else is a fault of ours
    }
  }
  const options: JWTVerifyOptions = {
    algorithms: [alg],
    audience: us,
    clockTolerance: 10,
    requiredClaims: ['iss', 'sub', 'aud', 'exp'],
    currentDate: new Date(now * 1000),
  }
  const joses = async (token: string) => jwtVerify(token, await importJWK({ ...pair.jwk, alg }), options)

  /** Both accept, or we refuse. @returns whether both accept */
  const agree = async (token: string): Promise<boolean> => {
    if ((await ours(token)) !== undefined) return false
    const { payload } = await joses(token).catch((error: unknown) => {
      throw new Error(`jose refuses what we accept: ${token}`, { cause: error })
    })
    const read = readAssertion(decodeAssertion(token), rules, now).claims
    expect(payload).toEqual({ ...read })
    return true
  }

  const token = forge(head, good, pair.privateKey, alg)
  /** Every place in it, or in `npm test` every fifth. */
  const places = [...token].flatMap((_, at) => (testAll || at % 5 === 0 ? [at] : []))

  it('both accept the JWT from which the others are made', async () => {
    expect(await agree(token)).toBe(true)
  })

  it('JG-11 JW-01 T-12 T-15 any one character replaced is refused, at every place', async () => {
    const accepted: string[] = []
    for (const at of places) {
      const others = [
        pick([...alphabet].filter((letter) => letter !== token[at])),
        pick(strangers.filter((letter) => letter !== token[at])),
      ]
      for (const other of others) {
        const changed = token.slice(0, at) + other + token.slice(at + 1)
        if ((await ours(changed)) === undefined) accepted.push(`${at}: ${other}`)
      }
    }
    expect(accepted).toEqual([])
  })

  it('T-12 JW-22 any other last character of a segment is refused', async () => {
    const accepted: string[] = []
    const ends = [token.indexOf('.') - 1, token.lastIndexOf('.') - 1, token.length - 1]
    for (const at of ends) {
      for (const other of alphabet) {
        const changed = token.slice(0, at) + other + token.slice(at + 1)
        if (changed !== token && (await ours(changed)) === undefined) accepted.push(`${at}: ${other}`)
      }
    }
    expect(accepted).toEqual([])
  })

  it('any one character left out, put in, doubled or swapped is refused', async () => {
    const accepted: string[] = []
    for (let i = 0; i < runs(600); i++) {
      const at = below(token.length)
      const [before, behind] = [token.slice(0, at), token.slice(at)]
      const letter = chance(0.8) ? pick([...alphabet]) : pick(strangers)
      const changed = pick([
        before + behind.slice(1),
        before + letter + behind,
        before + behind[0] + behind,
        before + (behind[1] ?? '') + behind[0] + behind.slice(2),
      ])
      if (changed !== token && (await ours(changed)) === undefined) accepted.push(changed)
    }
    expect(accepted).toEqual([])
  })

  it('whatever is signed anew and accepted by us is accepted by jose, and read alike', async () => {
    const odd = [undefined, null, '', 'x', 0, -1, 1.5, 1e11, now, now + 10, now - 9.5, now + 60.25, true, [], {}, ['x'], [us], us, '\ud800']
    const texts = (payload: object, header: object): [header: string, payload: string] => {
      const write = (value: object) => {
        const text = JSON.stringify(value, null, chance(0.2) ? pick([1, '\t']) : undefined)
        if (chance(0.1)) return text.replace('{', '{"iss":"x","\\u0061lg":"none",')
        if (chance(0.05)) return text.replace(/\}$/, pick([',}', '}}', '', '} ', '}\n', '}x', ',"a":1e999}', ',"__proto__":{"exp":0}}']))
        return chance(0.02) ? `\ufeff${text}` : text
      }
      return [write(header), write(payload)]
    }
    let accepted = 0
    const samples = runs(alg === 'ES384' || alg === 'ES512' ? 250 : 700) // these two take ten times as long
    for (let i = 0; i < samples; i++) {
      const claims: Record<string, unknown> = { ...good, jti: `j${i}` }
      const header: Record<string, unknown> = { ...head }
      for (let n = below(3); n > 0; n--) {
        if (chance(0.7)) claims[pick(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'scope', 'x'])] = pick(odd)
        else
          header[pick(['alg', 'kid', 'typ', 'cty', 'crit', 'b64', 'x5t', 'jku', 'jwk', 'y'])] = pick([
            ...odd,
            'jwt',
            'JOSE',
            'none',
            'HS256',
            ...algorithms,
          ])
      }
      const [headText, payloadText] = texts(claims, header)
      let made = forge(headText, payloadText, pair.privateKey, alg)
      if (chance(0.05)) made = made.replace(/[^.]+$/, signature('other', pair.privateKey, alg).toString('base64url'))
      if (chance(0.05)) made += pick(['=', '\n', ' ', '.', 'A'])
      if (await agree(made)) accepted++
    }
    expect(accepted).toBeGreaterThan(samples / 10)
    expect(accepted).toBeLessThan(samples * 0.9)
  })
})
