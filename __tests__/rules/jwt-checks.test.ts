import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import type { DecodedAssertion } from '../../lib/host/assertion.js'
import { type AssertionReason, assertionRefusals } from '../../lib/host/errors.js'
import { settingsOf } from '../../lib/host/settings.js'
import { checksBeforeLookup, checksOfRegistration, firstFailure, type JwtCheck } from '../../lib/rules/jwt-checks.js'
import {
  demandsOfClient,
  demandsOfIssuer,
  demandsOfWorkload,
  type EndpointDemands,
  type SignerDemands,
} from '../../lib/rules/jwt-demands.js'

const now = 1_900_000_000.5
const issuer = 'https://as.example.com'
const tokenUrl = 'https://as.example.com/token'
const shape: EndpointDemands = {
  algorithms: ['ES256', 'RS256'],
  typ: ['jwt', 'jose', 'x+jwt'],
  required: ['iss', 'aud', 'exp'],
  audience: [issuer, tokenUrl],
  clockTolerance: 10,
}
const signer: SignerDemands = {
  algorithms: ['ES256'],
  typ: undefined,
  commonTypes: undefined,
  audience: [issuer],
  defaultSub: undefined,
  requireJti: false,
  maxLifetime: 300,
  clockTolerance: 10,
  jwks_uri: 'https://idp.example.org/jwks',

  ignoreX5c: false,
}

interface Change<Rules> {
  header?: object
  claims?: object
  rules?: Partial<Rules>
}
const clean = (value: object) => Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
const jwt = ({ header: changed = {}, claims = {} }: Change<unknown>): DecodedAssertion => {
  const header = clean({ alg: 'ES256', ...changed })
  return {
    token: '',
    signingInput: `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30`,
    signature: Buffer.alloc(0),
    header,
    claims: clean({ iss: 'a', sub: 'b', aud: issuer, exp: Math.floor(now) + 60, ...claims }),
  }
}
const second = Math.floor(now)

type Case<Rules> = [reason: AssertionReason | undefined, change: Change<Rules>]
const header = (header: object): Change<never> => ({ header })
const claims = (claims: object): Change<never> => ({ claims })

/** The member that makes a header so many bytes long. */
const padding = (bytes: number) => ({ x: 'x'.repeat(bytes - '{"alg":"ES256","x":""}'.length) })

const shapeCases: Case<EndpointDemands>[] = [
  [undefined, {}],
  [undefined, header(padding(2048))], // T-14
  ['header_too_large', header(padding(2049))],
  ['alg_not_allowed', header({ alg: 'ES384' })],
  ['alg_not_allowed', header({ alg: undefined })],
  ['alg_not_allowed', header({ alg: ['ES256'] })],
  ['alg_not_allowed', { rules: { algorithms: [] } }],
  [undefined, header({ alg: 'RS256' })],
  // JW-07: two names of one algorithm
  [undefined, { header: { alg: 'EdDSA' }, rules: { algorithms: ['ES256', 'Ed25519'] } }],
  [undefined, { header: { alg: 'Ed25519' }, rules: { algorithms: ['ES256', 'EdDSA'] } }],
  ['alg_not_allowed', { header: { alg: 'EdDSA' }, rules: { algorithms: ['ES256'] } }],
  ['alg_not_allowed', { header: { alg: 'ES256' }, rules: { algorithms: ['EdDSA'] } }],
  ['alg_not_allowed', { header: { alg: 'Ed448' }, rules: { algorithms: ['EdDSA'] } }],
  ['typ_not_allowed', header({ typ: 'y+jwt' })],
  ['typ_not_allowed', header({ typ: null })],
  [undefined, { header: { typ: 'y+jwt' }, rules: { typ: undefined } }], // registration may name it
  ['typ_not_allowed', { header: { typ: ['x+jwt'] }, rules: { typ: undefined } }],
  ['typ_not_allowed', { header: { typ: null }, rules: { typ: undefined } }],
  [undefined, header({ typ: 'application/X+JWT' })],
  ...['crit', 'b64', 'jwk', 'x5u'].map((name): Case<EndpointDemands> => ['header_not_allowed', header({ [name]: null })]),
  [undefined, header({ x5t: 'a', cty: 'b', zip: 'c', jku: 1 })],
  ['kid_malformed', header({ kid: '' })],
  ['kid_malformed', header({ kid: 'k'.repeat(257) })],
  ['kid_malformed', header({ kid: '\ud800' })],
  [undefined, header({ kid: 'k'.repeat(256) })],
  ...['iss', 'aud', 'exp'].map((name): Case<EndpointDemands> => ['claim_missing', claims({ [name]: undefined })]),
  [undefined, claims({ sub: undefined })],
  ...['iss', 'sub', 'jti'].flatMap((name): Case<EndpointDemands>[] =>
    [null, '', 1, [], {}, ['a'], '\udfff'].map((value) => ['claim_malformed', claims({ [name]: value })]),
  ),
  ...['exp', 'nbf', 'iat'].flatMap((name): Case<EndpointDemands>[] =>
    [null, '1', [], {}, true, -1, Number.NaN, Number.POSITIVE_INFINITY].map((value) => ['claim_malformed', claims({ [name]: value })]),
  ),
  ...[null, '', 1, {}, [], [''], [1], [issuer, null], [[issuer]]].map((aud): Case<EndpointDemands> => ['claim_malformed', claims({ aud })]),
  ['claim_malformed', { claims: { aud: [issuer, null] }, rules: { audience: undefined } }],
  ['claim_too_large', claims({ jti: 'j'.repeat(257) })],
  [undefined, claims({ jti: 'j'.repeat(256) })],
  ['claim_too_large', claims({ iss: 'i'.repeat(1025) })],
  ['claim_too_large', claims({ sub: 's'.repeat(1025) })],
  [undefined, claims({ iss: 'i'.repeat(1024), sub: 's'.repeat(1024) })],
  ['exp_in_ms', claims({ exp: now * 1000 })],
  ['exp_in_ms', claims({ exp: 1e11 + 1 })],
  ['exp_in_ms', claims({ nbf: now * 1000 })],
  ['exp_in_ms', claims({ iat: now * 1000 })],
  [undefined, claims({ exp: 1e11 })],
  // JG-06, JW-16, T-18: the half second of `now` shows which way is rounded
  ['expired', claims({ exp: 0 })],
  ['expired', claims({ exp: second - 10 })],
  ['expired', claims({ exp: second - 9.1 })],
  [undefined, claims({ exp: second - 9 })],
  ['expired', { claims: { exp: second }, rules: { clockTolerance: 0 } }],
  ['expired', { claims: { exp: second + 0.9 }, rules: { clockTolerance: 0 } }],
  [undefined, { claims: { exp: second + 1 }, rules: { clockTolerance: 0 } }],
  ['expired', { claims: { exp: second }, rules: { clockTolerance: 0.5 } }], // RFC 7519 §4.1.4: "on or after"
  [undefined, { claims: { exp: second - 59 }, rules: { clockTolerance: 60 } }],
  ['expired', { claims: { exp: second - 60 }, rules: { clockTolerance: 60 } }],
  // JG-07, JG-08
  [undefined, claims({ nbf: now + 10 })],
  ['not_yet_valid', claims({ nbf: now + 10.1 })],
  ['not_yet_valid', { claims: { nbf: now + 0.1 }, rules: { clockTolerance: 0 } }],
  [undefined, { claims: { nbf: now }, rules: { clockTolerance: 0 } }],
  [undefined, claims({ iat: now + 10 })],
  ['iat_future', claims({ iat: now + 10.1 })],
  [undefined, claims({ nbf: 0, iat: 0 })],
  // JG-05, BI-01
  ['aud_mismatch', claims({ sub: 'a', aud: `${issuer}/` })],
  ['aud_mismatch', claims({ sub: 'a', aud: [issuer, tokenUrl] })],
  ['aud_mismatch', claims({ sub: 'a', aud: [issuer, issuer] })],
  [undefined, claims({ sub: 'a', aud: [issuer] })],
  [undefined, claims({ sub: 'a', aud: tokenUrl })],
  [undefined, claims({ aud: 'somebody else' })], // a foreign token: its registration names the audience
  [undefined, { claims: { aud: ['x', 'y'] }, rules: { audience: undefined } }],
  [undefined, { claims: { sub: 'a', aud: 'x' }, rules: { audience: undefined } }],
]

const registrationCases: Case<SignerDemands>[] = [
  [undefined, {}],
  ['alg_not_registered', header({ alg: 'RS256' })],
  [undefined, { header: { alg: 'RS256' }, rules: { algorithms: undefined } }],
  [undefined, { rules: { commonTypes: ['jwt'] } }],
  [undefined, { header: { typ: 'application/JWT' }, rules: { commonTypes: ['jwt'] } }],
  ['typ_not_registered', { header: { typ: 'at+jwt' }, rules: { commonTypes: ['jwt'] } }],
  [undefined, { header: { typ: 'x+jwt' }, rules: { typ: 'x+jwt', commonTypes: ['jwt'] } }],
  ['typ_not_registered', { header: { typ: 'jwt' }, rules: { typ: 'x+jwt', commonTypes: ['jwt'] } }],
  ['typ_not_registered', { rules: { typ: 'jwt' } }],
  ['typ_not_registered', { header: { typ: 'jose' }, rules: { typ: 'jwt' } }],
  [undefined, { header: { typ: 'application/JWT' }, rules: { typ: 'jwt' } }],
  [undefined, { header: { typ: 'jwt' }, rules: { typ: 'application/JWT' } }],
  ['jku_not_registered', header({ jku: 'https://idp.example.org/jwks/' })],
  ['jku_not_registered', header({ jku: ['https://idp.example.org/jwks'] })],
  ['jku_not_registered', { header: { jku: 'https://idp.example.org/jwks' }, rules: { jwks_uri: undefined } }],
  ['jku_not_registered', { header: { jku: null }, rules: { jwks_uri: undefined } }],
  [undefined, header({ jku: 'https://idp.example.org/jwks' })],
  ['x5c_not_registered', header({ x5c: ['certificate'] })],
  ['x5c_not_registered', header({ x5c: null })],
  [undefined, { header: { x5c: ['certificate'] }, rules: { ignoreX5c: true } }],
  ['sub_missing', claims({ sub: undefined })],
  [undefined, { claims: { sub: undefined }, rules: { defaultSub: 'iss' } }],
  ['sub_missing', { claims: { sub: undefined, prn: 'ann' }, rules: { defaultSub: 'iss' } }], // it speaks for somebody else than its issuer
  [undefined, { claims: { prn: 'ann' } }],
  ['jti_missing', { rules: { requireJti: true } }],
  [undefined, { claims: { jti: 'j' }, rules: { requireJti: true } }],
  ['aud_not_registered', claims({ aud: tokenUrl })],
  ['aud_not_registered', claims({ aud: [issuer, tokenUrl] })],
  ['aud_not_registered', { claims: { aud: [] }, rules: { audience: [] } }],
  ['aud_not_registered', { rules: { audience: [] } }],
  [undefined, { claims: { aud: 'x' }, rules: { audience: ['x', 'y'] } }],
  // CM-08: a stricter tolerance than that of the endpoint
  ['tolerance_exceeded', { claims: { iat: now + 0.1 }, rules: { clockTolerance: 0 } }],
  ['tolerance_exceeded', { claims: { nbf: now + 0.1 }, rules: { clockTolerance: 0 } }],
  ['tolerance_exceeded', { claims: { exp: second }, rules: { clockTolerance: 0 } }],
  [undefined, { claims: { iat: now, nbf: now, exp: second + 1 }, rules: { clockTolerance: 0 } }],
  // counted from now, or from an earlier iat, with the tolerance
  [undefined, claims({ exp: now + 310 })],
  ['lifetime_too_long', claims({ exp: now + 310.1 })],
  ['lifetime_too_long', claims({ iat: now + 10, exp: now + 310.1 })],
  [undefined, claims({ iat: now - 250, exp: now + 60 })],
  ['lifetime_too_long', claims({ iat: now - 250.1, exp: now + 60 })],
  ['lifetime_too_long', claims({ iat: 0 })],
  [undefined, { claims: { exp: now + 86_400 }, rules: { maxLifetime: 86_400 } }],
]

/** The order of the checks, each with a fault that only it finds. Of a JWT with several faults the first in this order is told. */
/** `x5c_not_registered` decides about it, and limits.assertion about its size. */
shapeCases.push([undefined, header({ ...padding(2049), x5c: ['certificate'] })])

const shapeOrder: Case<EndpointDemands>[] = [
  ['header_too_large', header(padding(2049))],
  ['alg_not_allowed', header({ alg: 'ES384' })],
  ['typ_not_allowed', header({ typ: 'y+jwt' })],
  ['header_not_allowed', header({ crit: [] })],
  ['kid_malformed', header({ kid: '' })],
  ['claim_missing', claims({ exp: undefined })],
  ['claim_malformed', claims({ jti: 1 })],
  ['claim_malformed', claims({ nbf: '1' })],
  ['claim_malformed', claims({ aud: [] })],
  ['claim_too_large', claims({ jti: 'j'.repeat(257) })],
  ['exp_in_ms', claims({ exp: now * 1000 })],
  ['expired', claims({ exp: 0 })],
  ['not_yet_valid', claims({ nbf: now + 100 })],
  ['iat_future', claims({ iat: now + 100 })],
  ['aud_mismatch', claims({ sub: 'a', aud: 'x' })],
]
const registrationOrder: Case<SignerDemands>[] = [
  ['alg_not_registered', header({ alg: 'RS256' })],
  ['typ_not_registered', { header: { typ: 'at+jwt' }, rules: { commonTypes: ['jwt'] } }],
  ['jku_not_registered', header({ jku: 'https://elsewhere.example/jwks' })],
  ['x5c_not_registered', header({ x5c: [] })],
  ['sub_missing', claims({ sub: undefined })],
  ['jti_missing', { rules: { requireJti: true } }],
  ['aud_not_registered', claims({ aud: 'x' })],
  ['tolerance_exceeded', claims({ exp: 0 })],
  ['lifetime_too_long', claims({ exp: now + 1000 })],
]

describe.each([
  ['checksBeforeLookup', checksBeforeLookup as readonly JwtCheck<never>[], shapeCases as Case<never>[], shapeOrder as Case<never>[], shape],
  [
    'checksOfRegistration',
    checksOfRegistration as readonly JwtCheck<never>[],
    registrationCases as Case<never>[],
    registrationOrder as Case<never>[],
    signer,
  ],
])('%s', (_, checks, cases, order, base) => {
  const judge = (change: Change<object>, list = checks) => firstFailure(list, jwt(change), { ...base, ...change.rules } as never, now)

  it.each(cases.map((row) => [row[0] ?? 'holds', JSON.stringify(row[1]).slice(0, 100), row] as const))(
    '%s: %s',
    (_reason, _change, row) => {
      expect(judge(row[1])).toBe(row[0])
    },
  )

  it('has a case for each check alone', () => {
    for (const check of checks) {
      const alone = cases.filter(
        ([, change]) =>
          judge(change, [check]) === check.reason &&
          judge(
            change,
            checks.filter((r) => r !== check),
          ) === undefined,
      )
      expect([check.demands, alone.length > 0]).toEqual([check.demands, true])
    }
  })

  it('has this order', () => {
    expect(checks.map(({ reason }) => reason)).toEqual(order.map(([reason]) => reason))
    for (const [reason, change] of order) expect(judge(change)).toBe(reason)
  })

  it('names the first in this order that fails, whatever else fails', () => {
    const merge = (one: Change<object>, other: Change<object>): Change<object> => ({
      header: { ...one.header, ...other.header },
      claims: { ...one.claims, ...other.claims },
      rules: { ...one.rules, ...other.rules },
    })
    for (const [i, [reason, first]] of order.entries()) {
      const later = order.slice(i + 1).map(([, change]) => change as Change<object>)
      for (const other of later) expect([reason, other, judge(merge(other, first))]).toEqual([reason, other, reason])
      expect(judge([...later].reverse().concat(first).reduce(merge, {}))).toBe(reason)
    }
  })

  it('can be walked to its end for any JWT: no check throws', () => {
    for (const [, change] of [...shapeCases, ...registrationCases])
      for (const check of checks) expect(typeof check.holds(jwt(change), base as never, now)).toBe('boolean')
  })

  it('says in words what each check demands', () => {
    for (const { demands } of checks) expect(demands).toMatch(/^\S.{10,}[^.]$/)
  })
})

describe('the reasons', () => {
  /** Reasons that are no check: the file under lib that refuses with each. */
  const elsewhere: Partial<Record<AssertionReason, string>> = {
    jwt_malformed: 'assertion/decode.ts',
    jwt_encrypted: 'assertion/decode.ts',
    duplicate_member: 'assertion/decode.ts',
    issuer_untrusted: 'verify-jwt-grant/prove-grant.ts',
    issuer_disabled: 'verify-jwt-grant/prove-grant.ts',
    claim_not_allowed: 'verify-jwt-grant/prove-grant.ts',
    jwks_invalid: 'assertion/keys/key-set.ts',
    jwks_blocked: 'assertion/keys/guarded-fetch.ts',
    discovery_invalid: 'assertion/keys/discovery.ts',
    key_not_found: 'assertion/keys/key-set.ts',
    signature_invalid: 'assertion/signature.ts',
    jti_replayed: 'pipeline/store-answer.ts',
    not_provably_fresh: 'pipeline/store-answer.ts',
  }

  it.each(Object.entries(elsewhere))('%s comes from %s', (reason, file) => {
    const text = readFileSync(new URL(`../../../lib/${file}`, import.meta.url), 'utf8')
    expect(text).toMatch(new RegExp(`(?:[rR]efusal\\(|blocked: )'${reason}'`))
  })

  it('are all reachable: by a check, or elsewhere', () => {
    const checks = [...checksBeforeLookup, ...checksOfRegistration].map(({ reason }) => reason)
    expect([...new Set([...checks, ...(Object.keys(elsewhere) as AssertionReason[])])].sort()).toEqual(
      Object.keys(assertionRefusals).sort(),
    )
    for (const reason of checks) expect(elsewhere[reason]).toBeUndefined()
  })

  it('speak to the sender only where no registration is concerned (design 10)', () => {
    for (const { reason } of checksBeforeLookup) expect([reason, typeof assertionRefusals[reason]]).toEqual([reason, 'string'])
    for (const { reason } of checksOfRegistration) expect([reason, assertionRefusals[reason]]).toEqual([reason, null])
  })
})
it('JW-12: a `jwks_uri` of null, as databases return it, fits no `jku`', () => {
  const { jwks_uri: _, ...absent } = signer
  const settings = settingsOf('test', { issuer, hooks: {} })
  const registered = { issuer, client_id: 'c', jwks_uri: null }
  for (const demands of [
    demandsOfClient(registered, settings),
    demandsOfWorkload({ ...registered, subject: 's' }, settings),
    demandsOfIssuer(registered, settings),
  ])
    expect(firstFailure(checksOfRegistration, jwt({ header: { jku: null } }), { ...absent, jwks_uri: demands.jwks_uri }, now)).toBe(
      'jku_not_registered',
    )
})
