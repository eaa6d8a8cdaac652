import { describe, expect, it } from '@jest/globals'
import { assertTrustedIssuer } from '../../lib/host/check-registration.js'
import { type ClaimRules, checkTrustedIssuer, type TrustedIssuer } from '../../lib/index.js'
import { claimEvidence } from '../../lib/rules/claim-rules.js'

const claims = {
  sub: 'repo:octo-org@65/app@74:ref:refs/heads/main',
  repository_id: '74',
  run_attempt: 1,
  protected: true,
  disabled: false,
  groups: ['admins'],
  'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'reports' } },
  nothing: null,
  act: { sub: 'alice' },
  given_name: 'Alice',
  upn: 'alice@example.com',
  org: { email: 'a@x' },
  subtype: 'y',
  prefix: 'x',
}

describe('WI-04 claim rules', () => {
  it.each<[rule: string, rules: ClaimRules | undefined, holds: boolean]>([
    ['no rules', undefined, true],
    ['a value', { repository_id: '74' }, true],
    ['another value', { repository_id: '75' }, false],
    ['the beginning of a value', { repository_id: '7' }, false],
    ['a number', { run_attempt: 1 }, true],
    ['text that looks like the number', { run_attempt: '1' }, false],
    ['a number that looks like the text', { repository_id: 74 }, false],
    ['true', { protected: true }, true],
    ['false', { protected: false }, false],
    ['one of a list', { repository_id: ['73', '74'] }, true],
    ['none of a list', { repository_id: ['73', '75'] }, false],
    ['a list is not a value: the claim is a list', { groups: 'admins' }, false],
    ['a list of values: the claim is a list', { groups: ['admins'] }, false],
    ['a prefix', { sub: { prefix: 'repo:octo-org@65/' } }, true],
    ['another prefix', { sub: { prefix: 'repo:octo-org@66/' } }, false],
    ['a prefix of a number', { run_attempt: { prefix: '1' } }, false],
    ['a prefix of a claim that is absent', { ref: { prefix: 'refs/' } }, false],
    ['a prefix of a claim that is an object', { 'kubernetes.io': { prefix: 'x' } }, false],
    ['CM-03 a pattern', { sub: { pattern: 'repo:[^/]+/app@\\d+:.*' } }, true],
    ['CM-03 a pattern is for the whole text', { sub: { pattern: 'repo:' } }, false],
    ['a pattern with alternatives is for the whole text', { sub: { pattern: 'repo:|main' } }, false],
    ['a pattern of a number', { run_attempt: { pattern: '1' } }, false],
    ['a pattern of a claim that is absent', { ref: { pattern: '.*' } }, false],
    ['a claim that is there', { groups: { present: true } }, true],
    ['a claim that is not there', { ref: { present: true } }, false],
    ['a claim that is there as null', { nothing: { present: true } }, false],
    ['a claim that is false is there', { disabled: { present: true } }, true],
    ['a claim that is absent', { ref: 'refs/heads/main' }, false],
    ['a claim that is null', { nothing: 'null' }, false],
    ['members of a claim', { 'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'reports' } } }, true],
    ['another member of a claim', { 'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'other' } } }, false],
    ['members of a claim that is text', { sub: { namespace: 'prod' } }, false],
    ['members of a claim that is null', { nothing: { namespace: 'prod' } }, false],
    ['members of a claim that is a list', { groups: { length: 1 } }, false],
    ['members of a claim that is absent', { google: { namespace: 'prod' } }, false],
    ['all hold but the last', { repository_id: '74', protected: true, ref: 'x' }, false],
    ['what every object has', { constructor: 'Object' }, false],
    ['what every object has, in a claim', { 'kubernetes.io': { toString: ((value: unknown) => value !== undefined) as never } }, false],
    ['a function that says yes', { groups: (value) => (value as string[]).includes('admins') }, true],
    ['a function that says no', { groups: () => false }, false],
    ['a function that says something', { groups: (() => 'yes') as never }, false],
    ['a function that promises', { groups: (async () => true) as never }, false],
    ['a function that promises, and fails', { groups: (() => Promise.reject(new Error('x'))) as never }, false],
    ['a function that wants absence', { actor: (value) => value === undefined }, true],
    ['a function that looks at other claims', { sub: (sub, { repository_id }) => String(sub).includes(`@${repository_id}:`) }, true],
  ])('%s', (_rule, rules, holds) => {
    expect(claimEvidence(rules, claims) === undefined).toBe(holds)
  })

  it.each<[of: string, rules: ClaimRules, seen: object, wanted: object]>([
    ['a claim', { repository_id: ['1', '2'] }, { repository_id: '74' }, { repository_id: ['1', '2'] }],
    ['the first that fails', { protected: true, repository_id: '1', ref: 'x' }, { repository_id: '74' }, { repository_id: '1' }],
    ['a member', { 'kubernetes.io': { namespace: 'test' } }, { 'kubernetes.io.namespace': 'prod' }, { 'kubernetes.io.namespace': 'test' }],
    ['a claim that is absent', { ref: 'x' }, { ref: null }, { ref: 'x' }],
    ['a claim about a person', { sub: 'alice' }, { sub: 'another value' }, { sub: 'alice' }],
    ['one within another claim', { act: { sub: 'bob' } }, { 'act.sub': 'another value' }, { 'act.sub': 'bob' }],
    ['one within a claim of another kind', { org: { email: 'b@x' } }, { 'org.email': 'another value' }, { 'org.email': 'b@x' }],
    ['a claim that is null', { nothing: 'x' }, { nothing: null }, { nothing: 'x' }],
    ['a claim whose name only looks like one about a person', { subtype: 'x' }, { subtype: 'y' }, { subtype: 'x' }],
    ['another name of a person', { given_name: 'Bob' }, { given_name: 'another value' }, { given_name: 'Bob' }],
    ['an account', { upn: 'bob@example.com' }, { upn: 'another value' }, { upn: 'bob@example.com' }],
    ['a function', { groups: () => false }, { groups: 'another value' }, { groups: 'a value that its function allows' }],
  ])('the event names %s, what it was and what it must be', (_of, rules, seen, wanted) => {
    expect(claimEvidence(rules, claims)).toEqual({ seen, wanted })
  })
})

describe('a registration with claim rules', () => {
  const registered = (rules: unknown) =>
    ({ issuer: 'https://idp.example.org', jwks: { keys: [] }, claims: rules }) as unknown as TrustedIssuer

  it.each<[rule: string, rules: unknown]>([
    ['none at all', {}],
    ['no object', 'repository_id'],
    ['a list', [['repository_id', '74']]],
    ['null', null],
    ['an empty list of values', { repository_id: [] }],
    ['a list with a list', { repository_id: [['74']] }],
    ['a value that is no value', { repository_id: null }],
    ['a value that is absent', { repository_id: undefined }],
    ['a number that is none', { run_attempt: Number.NaN }],
    ['presence that is false', { ref: { present: false, other: [] } }],
    ['an empty prefix', { sub: { prefix: '' } }],
    ['an empty pattern', { sub: { pattern: '' } }],
    ['a pattern that is no regular expression', { sub: { pattern: '(' } }],
    ['no rules for members', { 'kubernetes.io': {} }],
    ['a wrong rule for a member', { 'kubernetes.io': { namespace: [] } }],
    ['a misspelt rule', { sub: { prefx: [] } }],
  ])('is refused: %s', (_rule, rules) => {
    expect(() => assertTrustedIssuer(registered(rules))).toThrow('TrustedIssuer.claims must be an object of claim rules')
    expect(checkTrustedIssuer(registered(rules)).errors).toContainEqual(expect.stringContaining('TrustedIssuer.claims must be'))
  })

  it('is refused if its rules have no end', () => {
    const rules: Record<string, unknown> = {}
    rules.again = rules
    expect(() => assertTrustedIssuer(registered(rules))).toThrow('TrustedIssuer.claims must be')
  })

  it.each<[rule: string, rules: ClaimRules]>([
    ['values', { repository_id: '74', run_attempt: 1, protected: true }],
    [
      'others',
      {
        ref: ['a', 'b'],
        sub: { prefix: 'x/' },
        jti: { pattern: '\\w+' },
        iat: { present: true },
        groups: () => true,
        'kubernetes.io': { serviceaccount: { name: 'reports' } },
      },
    ],
  ])('may have %s', (_rule, rules) => {
    expect(() => assertTrustedIssuer(registered(rules))).not.toThrow()
  })
})
