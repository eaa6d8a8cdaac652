/**
 * Every named way to spoil a JWT, as data: what is wrong, what a token endpoint must answer, and what to change in a good JWT. No I/O and no
 * import but types, so that a test, a command and a page can use one table.
 */
import type { Reason } from '../host/errors.js'
import type { SpoiledJwt } from './spoiled-jwt.js'

const now = () => Math.floor(Date.now() / 1000)
const hour = 3600
const tenYears = 10 * 365 * 24 * hour

/** The same reason for both uses: the error says which parameter had the JWT. */
const both = (reason: Reason, reasonOfClient = reason) => ({ ...asGrant(reason), ...asClient(reasonOfClient) })
const asGrant = (reason: Reason) => ({ grant: { error: 'invalid_grant', reason } as const })
const asClient = (reason: Reason) => ({ client: { error: 'invalid_client', reason } as const })

/** Another algorithm of the same kind of key, if there is one. */
const anotherAlgorithm = (alg: string) =>
  ({ ES256: 'ES384', HS256: 'HS384', HS384: 'HS256', HS512: 'HS256' })[alg] ??
  (/^RS/.test(alg) ? alg.replace('RS', 'PS') : /^PS/.test(alg) ? alg.replace('PS', 'RS') : 'ES256')

const without = (claim: string, reason: Reason) => ({
  wrong: `It has no \`${claim}\`.`,
  refused: both(reason),
  overrides: () => ({ claims: { [claim]: undefined } }),
})

const table = {
  expired: {
    wrong: 'It expired an hour ago.',
    refused: both('expired'),
    overrides: () => ({ claims: { iat: now() - hour - 60, exp: now() - hour } }),
  },
  notYetValid: {
    wrong: 'Its `nbf` is an hour from now.',
    refused: both('not_yet_valid'),
    overrides: () => ({ claims: { nbf: now() + hour, exp: now() + hour + 60 } }),
  },
  issuedInFuture: {
    wrong: 'Its `iat` is an hour from now, as from a signer with a wrong clock.',
    refused: both('iat_future'),
    overrides: () => ({ claims: { iat: now() + hour, exp: now() + hour + 60 } }),
  },
  livesTooLong: {
    wrong: 'It is valid for ten years.',
    refused: both('lifetime_too_long'),
    overrides: () => ({ claims: { exp: now() + tenYears } }),
  },
  inMilliseconds: {
    wrong: 'Its times are in milliseconds.',
    refused: both('exp_in_ms'),
    overrides: () => ({ claims: { iat: now() * 1000, exp: (now() + 60) * 1000 } }),
  },
  wrongAudience: {
    wrong: 'Its `aud` names another server.',
    refused: both('aud_not_registered', 'aud_mismatch'),
    overrides: () => ({ claims: { aud: 'https://another-as.example.net' } }),
  },
  severalAudiences: {
    wrong: 'Its `aud` names this server and another server, which could use it here.',
    refused: both('aud_not_registered', 'aud_mismatch'),
    overrides: ({ audience }) => ({ claims: { aud: [audience, 'https://another-as.example.net'] } }),
  },
  wrongIssuer: {
    wrong: 'Its `iss` is not its signer.',
    refused: both('issuer_untrusted', 'client_identity_mismatch'),
    overrides: () => ({ claims: { iss: 'https://another-idp.example.net' } }),
  },
  unknownClient: {
    wrong: 'Its `iss` and `sub` are a client that is not registered.',
    refused: asClient('client_unknown'),
    overrides: () => ({ claims: { iss: 'another-client', sub: 'another-client' } }),
  },
  wrongKey: {
    wrong: 'It is signed with another key, under the `kid` of the registered key.',
    refused: both('signature_invalid'),
    overrides: () => ({ signedBy: 'stranger' }),
  },
  unknownKid: {
    wrong: 'Its `kid` names no registered key.',
    refused: both('key_not_found'),
    overrides: () => ({ header: { kid: 'another-key' }, signedBy: 'stranger' }),
    needsKeyPair: true,
  },
  wrongAlgorithm: {
    wrong: 'Its `alg` is not the registered algorithm.',
    refused: both('alg_not_registered'),
    overrides: ({ alg }) => ({ header: { alg: anotherAlgorithm(alg) } }),
  },
  unsigned: {
    wrong: 'Its `alg` is `none`, and it has no signature.',
    refused: both('jwt_malformed'),
    overrides: () => ({ header: { alg: 'none', kid: undefined }, signedBy: 'nobody' }),
  },
  publicKeyAsSecret: {
    wrong: 'It has an HMAC whose secret is the public key, which everybody knows.',
    refused: both('alg_not_allowed', 'auth_method_not_registered'),
    overrides: () => ({ header: { alg: 'HS256' }, signedBy: 'public-key-as-secret' }),
    needsKeyPair: true,
  },
  noJti: { ...without('jti', 'jti_missing'), needsRegistration: { requireJti: true } },
  noExp: without('exp', 'claim_missing'),
  noIss: without('iss', 'claim_missing'),
  noSub: without('sub', 'sub_missing'),
  noAud: without('aud', 'claim_missing'),
  replayed: {
    wrong: 'It was used before.',
    refused: both('jti_replayed'),
    overrides: () => ({}),
    sentTwice: true,
  },
  embeddedKey: {
    wrong: 'It is signed with another key, and brings this key in its `jwk` header.',
    refused: both('header_not_allowed'),
    overrides: ({ strangerJwk }) => ({ header: { jwk: strangerJwk }, signedBy: 'stranger' }),
  },
  criticalHeader: {
    wrong: 'Its `crit` header demands an extension that nobody knows.',
    refused: both('header_not_allowed'),
    overrides: () => ({ header: { crit: ['urn:example:extension'], 'urn:example:extension': true } }),
  },
  wrongType: {
    wrong: 'Its `typ` header says that it is an access token.',
    refused: both('typ_not_registered', 'typ_not_allowed'),
    overrides: () => ({ header: { typ: 'at+jwt' } }),
  },
  duplicateMember: {
    wrong: 'It has the member `sub` twice, and parsers disagree on which counts.',
    refused: both('duplicate_member'),
    overrides: () => ({ repeatedClaims: { sub: 'mallory' } }),
  },
  tampered: {
    wrong: 'A claim was changed after it was signed.',
    refused: both('signature_invalid'),
    overrides: (_, use) => ({ claimsAfterSigning: use === 'grant' ? { sub: 'mallory' } : { jti: 'another' } }),
  },
  grantAsClientAssertion: {
    wrong: 'A grant of an issuer is sent as client assertion.',
    refused: asClient('client_identity_mismatch'),
    overrides: () => ({}),
    signedByOtherParty: true,
  },
  clientAssertionAsGrant: {
    wrong: 'A client assertion is sent as grant.',
    refused: asGrant('issuer_untrusted'),
    overrides: () => ({}),
    signedByOtherParty: true,
    needsKeyPair: true,
  },
} as const satisfies Record<string, SpoiledJwt>

/** The name of a way to spoil a JWT. */
export type SpoiledName = keyof typeof table

/** Every named way to spoil a JWT. */
export const spoiled: Readonly<Record<SpoiledName, Readonly<SpoiledJwt>>> = table
