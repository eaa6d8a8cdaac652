/** What the profile of CAMARA must refuse: grants, and the client assertions of other requests. */
import type { Wrong } from './profile.js'

/** What the API consumer of the sample may have. */
export const sampleScope = 'dpv:FraudPreventionAndDetection number-verification:verify'
const scope = sampleScope
const invalidGrant = { error: 'invalid_grant' } as const
const badSubject = { ...invalidGrant, reason: 'claim_not_allowed', rows: ['CM-03'] } as const
const tooLong = { ...invalidGrant, reason: 'lifetime_too_long' } as const
const asClient = { asClient: true, error: 'invalid_client' } as const

export const wrongGrants = {
  scopeParameter: {
    wrong: 'There is a scope parameter.',
    parameters: { scope },
    error: 'invalid_request',
    reason: 'scope_param_forbidden',
    rows: ['CM-01'],
  },
  unknownConsumer: {
    wrong: 'Its `iss` is no API consumer.',
    claims: { iss: 'another-client' },
    ...invalidGrant,
    reason: 'issuer_untrusted',
    rows: ['CM-02'],
  },
  ipAddress: { wrong: 'Its `sub` is an IP address.', claims: { sub: 'ipport:198.51.100.1:4711' }, ...badSubject },
  noPlus: { wrong: 'Its number has no plus sign.', claims: { sub: 'tel:34666666666' }, ...badSubject },
  separators: { wrong: 'Its number has separators.', claims: { sub: 'tel:+34-666-666-666' }, ...badSubject },
  emptyToken: { wrong: 'Its operator token is empty.', claims: { sub: 'operatortoken:' }, ...badSubject },
  forIssuer: {
    wrong: 'Its `aud` is the issuer identifier, and not the called URL.',
    claims: { aud: '$server' },
    ...invalidGrant,
    reason: 'aud_not_registered',
    rows: ['CM-04'],
  },
  withoutIssueTime: {
    wrong: 'It has no `iat`.',
    claims: { iat: undefined },
    ...invalidGrant,
    reason: 'claim_not_allowed',
    rows: ['CM-05'],
  },
  farAhead: { wrong: 'Its `exp` is 310 seconds ahead.', claims: { exp: '$now+310' }, ...tooLong, rows: ['CM-06'] },
  longLived: { wrong: 'It lives for 350 seconds.', claims: { iat: '$now-200', exp: '$now+150' }, ...tooLong, rows: ['CM-07'] },
  ahead: {
    wrong: 'Its `iat` is 5 seconds after the receipt.',
    claims: { iat: '$now+5' },
    ...invalidGrant,
    reason: 'tolerance_exceeded',
    rows: ['CM-08'],
  },
  withoutScope: {
    wrong: 'It has no `scope`.',
    claims: { scope: undefined },
    ...invalidGrant,
    reason: 'claim_not_allowed',
    rows: ['CM-09'],
  },
  withoutPurpose: {
    wrong: 'It has no purpose.',
    claims: { scope: 'number-verification:verify' },
    error: 'invalid_scope',
    reason: 'scope_not_once',
    rows: ['CM-09'],
  },
  twoPurposes: {
    wrong: 'It has two purposes.',
    claims: { scope: `${scope} dpv:Marketing` },
    error: 'invalid_scope',
    reason: 'scope_not_once',
    rows: ['CM-09'],
  },
  otherPurpose: {
    wrong: 'Its purpose is not one that the API consumer may have.',
    claims: { scope: 'dpv:Marketing number-verification:verify' },
    error: 'invalid_scope',
    reason: 'scope_exceeds_issuer',
    rows: ['CM-12'],
  },
} as const satisfies Record<string, Wrong>

export const wrongAssertions = {
  longAssertion: {
    wrong: 'A client assertion lives for 400 seconds.',
    claims: { exp: '$now+400' },
    ...asClient,
    reason: 'lifetime_too_long',
    rows: ['CM-16', 'CM-18'],
  },
  assertionWithoutJti: {
    wrong: 'A client assertion has no `jti`.',
    claims: { jti: undefined },
    ...asClient,
    reason: 'jti_missing',
    rows: ['CM-16', 'CM-18'],
  },
  credentialsWithoutScope: {
    wrong: 'Client credentials have no scope parameter.',
    parameters: { scope: '' },
    asClient: true,
    error: 'invalid_scope',
    reason: 'scope_missing',
    rows: ['CM-17'],
  },
} as const satisfies Record<string, Wrong>
