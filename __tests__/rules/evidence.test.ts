import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { DecodedAssertion } from '../../lib/host/assertion.js'
import { detailOf } from '../../lib/host/evidence.js'
import { evidenceBeforeLookup, evidenceOfRegistration } from '../../lib/rules/evidence.js'
import { checksBeforeLookup, checksOfRegistration } from '../../lib/rules/jwt-checks.js'
import type { EndpointDemands, SignerDemands } from '../../lib/rules/jwt-demands.js'
import { runs } from '../support/test-all.js'

type Json = Record<string, unknown>
const as = 'https://as.example.com'
const now = 1_900_000_000.25
const endpoint: EndpointDemands = {
  algorithms: ['ES256', 'RS256'],
  typ: ['jwt', 'jose'],
  required: ['iss', 'aud', 'exp'],
  audience: [as, `${as}/token`],
  clockTolerance: 10,
}
const signer: SignerDemands = {
  algorithms: ['ES256'],
  typ: undefined,
  commonTypes: ['jwt'],
  audience: [as],
  defaultSub: undefined,
  requireJti: true,
  maxLifetime: 300,
  clockTolerance: 10,
  jwks_uri: 'https://signer.example/jwks',

  ignoreX5c: false,
}
/** A good JWT of its own issuer, but for what is changed. `undefined` takes a member away. */
function jwtOf(claims: Json = {}, header: Json = {}, signingInput = 'e30.e30'): DecodedAssertion {
  const kept = (members: Json) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
  return {
    token: `${signingInput}.c2ln`,
    signingInput,
    signature: Buffer.from('sig'),
    header: kept({ alg: 'ES256', kid: 'k1', ...header }),
    claims: kept({ iss: 'c', sub: 'c', aud: as, exp: now + 60, iat: now - 1, jti: 'j', ...claims }),
  } as DecodedAssertion
}
const claimsOf = (claims: Json) => jwtOf(claims)
const headerOf = (header: Json) => jwtOf({}, header)

type Row<Demands> = [reason: string, jwt: DecodedAssertion, detail: { seen: unknown; wanted: unknown }, over?: Partial<Demands>]

const beforeLookup: Row<EndpointDemands>[] = [
  [
    'claim_malformed',
    claimsOf({ jti: undefined, exp: 'x' }),
    { seen: { exp: 'x', type: 'string' }, wanted: 'exp must be a number of seconds since 1970' },
  ],
  ['header_too_large', jwtOf({}, {}, `${'A'.repeat(2800)}.e30`), { seen: { bytes: 2100 }, wanted: { at_most: 2048 } }],
  ['alg_not_allowed', headerOf({ alg: 'none' }), { seen: { alg: 'none' }, wanted: { alg: ['ES256', 'RS256'] } }],
  ['alg_not_allowed', headerOf({ alg: undefined }), { seen: { alg: null }, wanted: { alg: ['ES256', 'RS256'] } }],
  ['typ_not_allowed', headerOf({ typ: 'at+jwt' }), { seen: { typ: 'at+jwt' }, wanted: { typ: [null, 'jwt', 'jose'] } }],
  ['typ_not_allowed', headerOf({ typ: 7 }), { seen: { typ: 7 }, wanted: { typ: 'a string, or no typ' } }, { typ: undefined }],
  ['header_not_allowed', headerOf({ crit: ['b64'], b64: false }), { seen: ['crit', 'b64'], wanted: 'none of crit, b64, jwk, x5u' }],
  ['header_not_allowed', headerOf({ x5u: null, x: 1 }), { seen: ['x5u'], wanted: 'none of crit, b64, jwk, x5u' }],
  ['kid_malformed', headerOf({ kid: null }), { seen: { kid: null, type: 'null' }, wanted: 'kid must be a string of 1 to 256 characters' }],
  [
    'kid_malformed',
    headerOf({ kid: ['k'] }),
    { seen: { kid: ['k'], type: 'list' }, wanted: 'kid must be a string of 1 to 256 characters' },
  ],
  ['kid_malformed', headerOf({ kid: '' }), { seen: { kid: '', type: 'string' }, wanted: 'kid must be a string of 1 to 256 characters' }],
  ['claim_missing', claimsOf({ aud: undefined, exp: undefined }), { seen: ['iss', 'sub', 'iat', 'jti'], wanted: ['aud', 'exp'] }],
  ['claim_malformed', claimsOf({ iss: 7 }), { seen: { iss: 7, type: 'number' }, wanted: 'iss must be a non-empty string of Unicode' }],
  ['claim_malformed', claimsOf({ sub: '' }), { seen: { sub: '', type: 'string' }, wanted: 'sub must be a non-empty string of Unicode' }],
  ['claim_malformed', claimsOf({ jti: null }), { seen: { jti: null, type: 'null' }, wanted: 'jti must be a non-empty string of Unicode' }],
  [
    'claim_malformed',
    claimsOf({ exp: '60' }),
    { seen: { exp: '60', type: 'string' }, wanted: 'exp must be a number of seconds since 1970' },
  ],
  ['claim_malformed', claimsOf({ iat: -1 }), { seen: { iat: -1, type: 'number' }, wanted: 'iat must be a number of seconds since 1970' }],
  [
    'claim_malformed',
    claimsOf({ aud: [] }),
    { seen: { aud: [], type: 'list' }, wanted: 'aud must be a non-empty string, or a list of such strings' },
  ],
  [
    'claim_malformed',
    claimsOf({ aud: { a: 1 } }),
    { seen: { aud: { a: 1 }, type: 'object' }, wanted: 'aud must be a non-empty string, or a list of such strings' },
  ],
  [
    'claim_too_large',
    claimsOf({ iss: 'c'.repeat(1025) }),
    { seen: { iss: 1025, sub: 1, jti: 1 }, wanted: { iss: 1024, sub: 1024, jti: 256 } },
  ],
  [
    'claim_too_large',
    claimsOf({ sub: undefined, jti: 'j'.repeat(257) }),
    { seen: { iss: 1, jti: 257 }, wanted: { iss: 1024, sub: 1024, jti: 256 } },
  ],
  ['exp_in_ms', claimsOf({ exp: 1_900_000_060_500 }), { seen: { exp: 1_900_000_060_500 }, wanted: { exp: 1_900_000_060 } }],
  [
    'exp_in_ms',
    claimsOf({ exp: 1_900_000_060_000, nbf: 1_900_000_000_000 }),
    { seen: { exp: 1_900_000_060_000, nbf: 1_900_000_000_000 }, wanted: { exp: 1_900_000_060, nbf: 1_900_000_000 } },
  ],
  ['expired', claimsOf({ exp: 1_899_999_980 }), { seen: { exp: 1_899_999_980, seconds_ago: 20 }, wanted: { exp_after: 1_899_999_990 } }],
  [
    'not_yet_valid',
    claimsOf({ nbf: 1_900_000_020 }),
    { seen: { nbf: 1_900_000_020, seconds_ahead: 20 }, wanted: { nbf_at_most: 1_900_000_010 } },
  ],
  [
    'iat_future',
    claimsOf({ iat: 1_900_000_020 }),
    { seen: { iat: 1_900_000_020, seconds_ahead: 20 }, wanted: { iat_at_most: 1_900_000_010 } },
  ],
  [
    'aud_mismatch',
    claimsOf({ aud: 'https://other.example' }),
    { seen: { aud: 'https://other.example' }, wanted: { aud: [as, `${as}/token`] } },
  ],
  ['aud_mismatch', claimsOf({ aud: [as, 'x'] }), { seen: { aud: [as, 'x'] }, wanted: { aud: [as, `${as}/token`] } }],
]

const ofRegistration: Row<SignerDemands>[] = [
  ['alg_not_registered', headerOf({ alg: 'RS256' }), { seen: { alg: 'RS256' }, wanted: { alg: ['ES256'] } }],
  ['typ_not_registered', headerOf({ typ: 'x' }), { seen: { typ: 'x' }, wanted: { typ: [null, 'jwt'] } }],
  ['typ_not_registered', headerOf({}), { seen: { typ: null }, wanted: { typ: 'grant+jwt' } }, { typ: 'grant+jwt' }],
  [
    'jku_not_registered',
    headerOf({ jku: 'https://x' }),
    { seen: { jku: 'https://x' }, wanted: { jku: [null, 'https://signer.example/jwks'] } },
  ],
  ['jku_not_registered', headerOf({ jku: null }), { seen: { jku: null }, wanted: { jku: [null] } }, { jwks_uri: undefined }],
  [
    'x5c_not_registered',
    headerOf({ x5c: ['certificate'] }),
    { seen: 'an x5c header', wanted: 'no x5c header, or ignoreX5c: true in the registration' },
  ],
  ['sub_missing', claimsOf({ sub: undefined }), { seen: ['iss', 'aud', 'exp', 'iat', 'jti'], wanted: 'a sub claim' }],
  ['jti_missing', claimsOf({ jti: undefined }), { seen: ['iss', 'sub', 'aud', 'exp', 'iat'], wanted: 'a jti claim' }],
  ['aud_not_registered', claimsOf({ aud: `${as}/token` }), { seen: { aud: `${as}/token` }, wanted: { aud: [as] } }],
  [
    'tolerance_exceeded',
    claimsOf({ exp: now + 60, iat: now + 5 }),
    { seen: { exp: now + 60, nbf: null, iat: now + 5, now: Math.round(now) }, wanted: { clockTolerance: 0 } },
    { clockTolerance: 0 },
  ],
  ['lifetime_too_long', claimsOf({ exp: now + 400 }), { seen: { lifetime: 401 }, wanted: { at_most: 300 } }],
  ['lifetime_too_long', claimsOf({ exp: now + 400, iat: undefined }), { seen: { lifetime: 400 }, wanted: { at_most: 300 } }],
]

describe.each([
  { table: 'before the look-up', checks: checksBeforeLookup, evidence: evidenceBeforeLookup, demands: endpoint, rows: beforeLookup },
  {
    table: 'against the registration',
    checks: checksOfRegistration,
    evidence: evidenceOfRegistration,
    demands: signer,
    rows: ofRegistration,
  },
])('the evidence of a check $table', ({ checks, evidence, demands, rows }) => {
  type Check = { reason: string; holds(jwt: DecodedAssertion, demands: object, now: number): boolean }
  const show = evidence as unknown as Record<
    string,
    (jwt: DecodedAssertion, demands: object, now: number) => { seen: unknown; wanted: unknown }
  >

  it('each check has evidence and a row here, and nothing else has', () => {
    const reasons = [...new Set(checks.map(({ reason }) => reason))].sort()
    expect(Object.keys(evidence).sort()).toEqual(reasons)
    expect([...new Set(rows.map(([reason]) => reason))].sort()).toEqual(reasons)
  })

  it.each(rows.map((row, index) => [row[0], index, row] as const))('%s (%i)', (reason, _, [, jwt, detail, over = {}]) => {
    const failed = (checks as readonly Check[]).find((check) => !check.holds(jwt, { ...demands, ...over }, now))
    expect(failed?.reason).toBe(reason)
    expect(detailOf(show[reason]?.(jwt, { ...demands, ...over }, now) as never)).toEqual(detail)
  })

  it('T-64 for a JWT with members of any type it does not throw, is bounded, and has no signature', () => {
    const odd: fc.JsonValue[] = [
      null,
      true,
      [],
      {},
      { toString: 1, valueOf: 1 },
      '',
      'x'.repeat(5000),
      '\ud800',
      -1,
      1e300,
      [null],
      [['a']],
    ]
    const value = fc.oneof(fc.constantFrom(...odd), fc.jsonValue({ maxDepth: 4 }))
    const members = (...names: string[]) =>
      fc.tuple(
        fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] }),
        fc.dictionary(fc.string(), fc.jsonValue()),
      )
    const header = members('alg', 'kid', 'typ', 'jku', 'crit', 'x5c')
    const claims = members('iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'prn', 'cnf')
    fc.assert(
      fc.property(header, claims, fc.constantFrom(...Object.keys(evidence)), (head, body, reason) => {
        const read = (pair: readonly object[]): Json => Object.setPrototypeOf(JSON.parse(JSON.stringify(Object.assign({}, ...pair))), null)
        const jwt = { ...jwtOf(), header: read(head), claims: read(body), signature: Buffer.from('canary'), token: 'canary' }
        const found = show[reason]?.(jwt as unknown as DecodedAssertion, demands, now) as { seen: unknown; wanted: unknown }
        const text = JSON.stringify(detailOf(found))
        expect(text).toMatch(/^[\x20-\x7e]*$/)
        expect(text.length).toBeLessThan(100_000)
        expect(text).not.toContain('canary')
      }),
      { seed: 7523, numRuns: runs(1000) },
    )
  })
})
