import { describe, expect, it } from '@jest/globals'
import type { ClientAuthentication, TokenRequest } from '../../lib/host/token-state.js'
import { CLIENT_CREDENTIALS, type Client, JWT_BEARER_GRANT, type TrustedIssuer } from '../../lib/index.js'
import {
  clientPolicy,
  grantedScope,
  issuerPolicy,
  scopePolicy,
  signingClient,
  subjectIsClient,
  subjectPolicy,
} from '../../lib/rules/policy.js'

const client: Client = { client_id: 'c', grant_types: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS], scope: 'a b' }
const authenticated = (over: Partial<Client> = {}): ClientAuthentication => ({
  level: 'authenticated',
  method: 'private_key_jwt',
  client_id: 'c',
  client: { ...client, ...over },
})
const identified = (over: Partial<Client> = {}): ClientAuthentication => ({
  level: 'identified',
  method: 'none',
  client_id: 'c',
  client: { ...client, ...over },
})
const anonymous: ClientAuthentication = { level: 'anonymous' }
const open = { publicClients: { scope: 'a', maxLifetime: 300 } }
const closed = { publicClients: undefined }
const request = (grant_type: string, scope?: string) => ({ grant_type, parameters: scope === undefined ? {} : { scope } }) as TokenRequest
/** A refusal has evidence. */
const shown = { seen: expect.anything(), wanted: expect.anything() }
const issuer = (over: Partial<TrustedIssuer> = {}): TrustedIssuer => ({ issuer: 'i', ...over })

describe('clientPolicy: client type × grant', () => {
  it.each<
    [
      name: string,
      client: ClientAuthentication,
      grant: string,
      settings: typeof open | typeof closed,
      scope: string | undefined,
      refused: string | undefined,
    ]
  >([
    ['CA-03 an authenticated client, JWT grant', authenticated(), JWT_BEARER_GRANT, closed, undefined, undefined],
    ['an authenticated client, client_credentials', authenticated(), CLIENT_CREDENTIALS, closed, undefined, undefined],
    ['CA-04 a public client, JWT grant, where the host lets them', identified(), JWT_BEARER_GRANT, open, undefined, undefined],
    ['a public client, JWT grant, by default', identified(), JWT_BEARER_GRANT, closed, undefined, 'public_client_not_allowed'],
    ['CA-13 a public client, client_credentials', identified(), CLIENT_CREDENTIALS, open, undefined, 'public_client_not_allowed'],
    ['AF-04 no client, JWT grant: the issuer decides later', anonymous, JWT_BEARER_GRANT, closed, undefined, undefined],
    ['no client, client_credentials', anonymous, CLIENT_CREDENTIALS, open, undefined, 'client_auth_missing'],
    [
      'MD-06 a client that did not register the grant',
      authenticated({ grant_types: undefined }),
      JWT_BEARER_GRANT,
      open,
      undefined,
      'grant_not_allowed_for_client',
    ],
    [
      'MD-06 without registered grants, a client may use the code',
      authenticated({ grant_types: undefined }),
      'authorization_code',
      open,
      undefined,
      undefined,
    ],
    ['AF-03 a scope beyond the registered one', authenticated(), JWT_BEARER_GRANT, closed, 'a c', 'scope_exceeds_client'],
    [
      'no registered scope, client_credentials: nothing may be asked for',
      authenticated({ scope: undefined }),
      CLIENT_CREDENTIALS,
      closed,
      'a',
      'scope_exceeds_client',
    ],
    [
      'no registered scope, JWT grant: the issuer and the host bound it',
      authenticated({ scope: undefined }),
      JWT_BEARER_GRANT,
      closed,
      'a',
      undefined,
    ],
    ['TE-16 a malformed scope', authenticated(), JWT_BEARER_GRANT, closed, 'a  b', 'scope_malformed'],
    ['CM-17 a client that must say its scope, and does', authenticated({ requireScope: true }), CLIENT_CREDENTIALS, closed, 'a', undefined],
    [
      'CM-17 a client that must say its scope, and does not',
      authenticated({ requireScope: true }),
      CLIENT_CREDENTIALS,
      closed,
      undefined,
      'scope_missing',
    ],
    ['CM-17 a JWT grant has its own scope', authenticated({ requireScope: true }), JWT_BEARER_GRANT, closed, undefined, undefined],
    [
      'DP-11 a client whose tokens must be bound to a DPoP key',
      authenticated({ dpop_bound_access_tokens: true }),
      CLIENT_CREDENTIALS,
      closed,
      undefined,
      'dpop_not_supported',
    ],
  ])('%s', (_name, who, grant, settings, scope, refused) => {
    expect(clientPolicy(who, request(grant, scope), settings)).toEqual(refused && expect.objectContaining({ refused, ...shown }))
  })
})

describe('JG-14 issuerPolicy: client type × what the issuer demands', () => {
  const named = { clients: ['c'] }
  const openTo = { client_authentication: 'identified' } as const
  const strict = authenticated({ require_named_grant: true })
  const strictPublic = identified({ require_named_grant: true })
  it.each<
    [
      name: string,
      client: ClientAuthentication,
      issuer: Partial<TrustedIssuer>,
      claims: Record<string, unknown>,
      refused: string | undefined,
    ]
  >([
    ['required (default), authenticated', authenticated(), named, {}, undefined],
    ['required, identified', identified(), named, {}, 'public_client_not_allowed'],
    ['required, none', anonymous, named, {}, 'client_auth_missing'],
    ['identified, authenticated', authenticated(), { ...named, client_authentication: 'identified' }, {}, undefined],
    ['identified, identified', identified(), { ...named, client_authentication: 'identified' }, {}, undefined],
    ['identified, none', anonymous, { ...named, client_authentication: 'identified' }, {}, 'client_auth_missing'],
    ['none, none', anonymous, { client_authentication: 'none' }, {}, undefined],
    ['none, authenticated', authenticated(), { client_authentication: 'none' }, {}, undefined],
    ['no client may present its grants unless registered so', authenticated(), {}, {}, 'client_binding_mismatch'],
    ['a client that is not listed', authenticated(), { clients: ['d'] }, {}, 'client_binding_mismatch'],
    ['any client', authenticated(), { clients: 'any' }, {}, undefined],
    ['any client, and this one needs to be named', strict, { clients: 'any' }, {}, 'client_binding_mismatch'],
    ['any client, and the grant names it', strict, { clients: 'any' }, { client_id: 'c' }, undefined],
    ['any client, identified, and this one needs to be named', strictPublic, { ...openTo, clients: 'any' }, {}, 'client_binding_mismatch'],
    ['any client, identified, and the grant names it', strictPublic, { ...openTo, clients: 'any' }, { client_id: 'c' }, undefined],
    ['a client that needs to be named, but is listed', strict, named, {}, undefined],
    ['a client that needs to be named, and is not listed', strict, { clients: ['d'] }, { client_id: 'c' }, 'client_binding_mismatch'],
    ['any client, the client that the issuer is, which needs to be named', strict, { clients: 'any', client_id: 'c' }, {}, undefined],
    ['none, a client that needs to be named', strict, { clients: 'any', client_authentication: 'none' }, {}, undefined],
    ['the client that the issuer is', authenticated(), { client_id: 'c' }, {}, undefined],
    ['T-68 a grant for another client', authenticated(), named, { client_id: 'd' }, 'client_binding_mismatch'],
    ['T-68 a grant for a client, from none', anonymous, { client_authentication: 'none' }, { client_id: 'd' }, 'client_binding_mismatch'],
    ['IJ-13 a grant that is bound to a key', authenticated(), named, { cnf: { jkt: 'x' } }, 'pop_required'],
    ['IJ-04 a grant for this client', authenticated(), named, { client_id: 'c' }, undefined],
  ])('%s', (_name, who, over, claims, refused) => {
    expect(issuerPolicy(who, issuer(over), claims)).toEqual(refused && expect.objectContaining({ refused, ...shown }))
  })
})

describe('T-68 signingClient: the client that the signature of a grant authenticates', () => {
  it.each<[name: string, issuer: Partial<TrustedIssuer>, claims: Record<string, unknown>, client: string | undefined]>([
    ['an issuer that is no client', {}, {}, undefined],
    ['an issuer that is no client, even if its grant names one', { clients: ['d'] }, { client_id: 'd' }, undefined],
    ['nobody else may present its grants', { client_id: 'c' }, {}, 'c'],
    ['its list has nobody', { client_id: 'c', clients: [] }, {}, 'c'],
    ['its list has only itself', { client_id: 'c', clients: ['c', 'c'] }, {}, 'c'],
    ['its list has another client', { client_id: 'c', clients: ['c', 'd'] }, {}, undefined],
    ['any client may present its grants', { client_id: 'c', clients: 'any' }, {}, undefined],
    ['public clients may', { client_id: 'c', client_authentication: 'identified' }, {}, undefined],
    ['anybody may', { client_id: 'c', client_authentication: 'none' }, {}, undefined],
    ['any client may, but the grant names it', { client_id: 'c', clients: 'any' }, { client_id: 'c' }, 'c'],
    ['anybody may, but the grant names it', { client_id: 'c', client_authentication: 'none' }, { client_id: 'c' }, 'c'],
    ['any client may, and the grant names another', { client_id: 'c', clients: 'any' }, { client_id: 'd' }, undefined],
  ])('%s', (_name, over, claims, client) => {
    expect(signingClient(issuer(over), claims)).toBe(client)
  })
})

describe('subjectPolicy', () => {
  it.each<
    [
      name: string,
      client: ClientAuthentication,
      issuer: Partial<TrustedIssuer>,
      sub: string,
      refused: string | undefined,
      claims?: Record<string, unknown>,
    ]
  >([
    ['any subject', authenticated(), {}, 'alice', undefined],
    ['a listed subject', authenticated(), { subjects: ['alice'] }, 'alice', undefined],
    ['T-67 one that is not listed', authenticated(), { subjects: ['alice'] }, 'bob', 'subject_not_allowed'],
    ['a subject by rule', authenticated(), { subjects: (sub) => sub.endsWith('@x') }, 'a@x', undefined],
    ['a subject against the rule', authenticated(), { subjects: (sub) => sub.endsWith('@x') }, 'a@y', 'subject_not_allowed'],
    ['T-67 an async rule: a promise is not true', authenticated(), { subjects: (async () => true) as never }, 'a@x', 'subject_not_allowed'],
    ['AF-13 a client that speaks for itself', authenticated(), { issuer: 'c' }, 'c', 'jwt_kind_confusion'],
    ['AF-13 also without a client', anonymous, { issuer: 'c', client_id: 'c' }, 'c', 'jwt_kind_confusion'],
    ['DI-01 a service account', authenticated(), { issuer: 'c', default_sub: 'iss' }, 'c', undefined],
    ['DI-06 an issuer that is no client', authenticated(), { issuer: 'user-1' }, 'user-1', undefined],
    ['T-68 another issuer that names the client: subjectIsClient judges that', authenticated(), {}, 'c', undefined],
    ['IJ-09 a subject of a tenant', authenticated(), { subject: ['tenant'] }, 'alice', undefined, { tenant: 't' }],
    ['IJ-09 a subject without its tenant', authenticated(), { subject: ['tenant'] }, 'alice', 'subject_incomplete'],
    ['IJ-09 a tenant that is no text', authenticated(), { subject: ['tenant'] }, 'alice', 'subject_incomplete', { tenant: 7 }],
    ['IJ-09 a tenant that is empty', authenticated(), { subject: ['tenant'] }, 'alice', 'subject_incomplete', { tenant: '' }],
    ['iss and sub need no mention', authenticated(), { subject: ['iss', 'sub'] }, 'alice', undefined],
  ])('%s', (_name, who, over, sub, refused, claims = {}) => {
    expect(subjectPolicy(who, issuer(over), sub, claims)).toEqual(refused && expect.objectContaining({ refused, ...shown }))
  })
})

describe('subjectIsClient', () => {
  it.each<[name: string, subject: string, client: ClientAuthentication, kind: 'asserted' | 'issuer', isClient: boolean]>([
    ['T-68 an account that reads like the client that asks', 'c', authenticated(), 'asserted', true],
    ['T-68 like a public one', 'c', identified(), 'asserted', true],
    ['DI-01 a service account', 'c', authenticated(), 'issuer', false],
    ['an account', 'alice', authenticated(), 'asserted', false],
    ['an account, where nobody asks', 'c', anonymous, 'asserted', false],
  ])('%s', (_name, subject, who, kind, isClient) => {
    expect(subjectIsClient(subject, who, kind)).toBe(isClient)
  })
})

describe('scopePolicy: parameter × claim × ceilings', () => {
  it.each<
    [
      name: string,
      client: ClientAuthentication,
      issuer: Partial<TrustedIssuer>,
      parameter: string | undefined,
      claim: unknown,
      expected: string | undefined | { refused: string },
      bounded?: boolean,
    ]
  >([
    ['nothing asked, nothing bounds', anonymous, {}, undefined, undefined, undefined, false],
    ['X-12 asked for, and nothing bounds it', anonymous, {}, 'a', undefined, 'a', false],
    ['X-12 asserted, and nothing bounds it', anonymous, {}, undefined, 'a', 'a', false],
    ['TE-17 nothing asked, and the ceiling is empty', authenticated({ scope: '' }), {}, undefined, undefined, ''],
    ['no ceiling where a database says null', authenticated({ scope: null as never }), {}, 'z', undefined, 'z', false],
    ['TE-17 nothing asked: the ceiling', authenticated(), { scope: 'a b c' }, undefined, undefined, 'a b'],
    ['X-12 the parameter narrows the claim', authenticated(), {}, 'a', 'a b', 'a'],
    ['X-12 the parameter exceeds the claim', authenticated(), {}, 'a b', 'a', { refused: 'scope_exceeds_grant' }],
    ['T-66 the parameter exceeds the issuer', authenticated(), { scope: 'a' }, 'a b', undefined, { refused: 'scope_exceeds_issuer' }],
    ['IJ-06 the claim is narrowed to the ceilings', authenticated(), { scope: 'a' }, undefined, 'a c', 'a'],
    ['the claim has nothing within the ceilings', authenticated(), { scope: 'a' }, undefined, 'c', { refused: 'scope_exceeds_issuer' }],
    ['CA-04 a public client gets less', identified(), { scope: 'a b' }, undefined, undefined, 'a'],
    ['CA-04 a public client asks for more', identified(), { scope: 'a b' }, 'b', undefined, { refused: 'scope_exceeds_client' }],
    ['DI-01 scope from the assertion', authenticated(), { scope_from: 'assertion' }, undefined, 'a', 'a'],
    ['CM-01 and not from the parameter', authenticated(), { scope_from: 'assertion' }, 'a', 'a', { refused: 'scope_param_forbidden' }],
    ['DI-06 scope from the parameter, whatever the claim says', authenticated(), { scope_from: 'parameter' }, 'b', 'a', 'b'],
    ['CM-09 one of a kind', authenticated(), { scope_once: 'a' }, undefined, 'a b', 'a b'],
    ['CM-09 one of a kind, in the parameter', authenticated(), { scope_once: 'a' }, 'a b', undefined, 'a b'],
    ['CM-09 none of a kind', authenticated(), { scope_once: 'a' }, undefined, 'b', { refused: 'scope_not_once' }],
    ['CM-09 nothing at all', authenticated(), { scope_once: 'a' }, undefined, undefined, { refused: 'scope_not_once' }],
    ['CM-09 two of a kind', authenticated(), { scope_once: 'a' }, undefined, 'a ab b', { refused: 'scope_not_once' }],
    ['CM-12 the one is not allowed', authenticated(), { scope_once: 'z' }, undefined, 'zz b', { refused: 'scope_exceeds_issuer' }],
    ['CM-09 nothing bounds it', anonymous, { scope_once: 'z' }, undefined, 'zz b', 'zz b', false],
    ['a claim of another type', authenticated(), {}, undefined, ['a'], { refused: 'scope_malformed' }],
    ['TE-16 a malformed parameter', authenticated(), {}, 'a  b', undefined, { refused: 'scope_malformed' }],
    ['a malformed claim', authenticated(), {}, undefined, 'a"', { refused: 'scope_malformed' }],
    ['an empty claim asks for nothing', authenticated(), {}, undefined, '', ''],
    ['an empty claim, nothing bounds it', anonymous, {}, undefined, '', ''],
    ['and the parameter exceeds it', authenticated(), {}, 'a', '', { refused: 'scope_exceeds_grant' }],
    ['repetition', authenticated(), {}, 'a a b', undefined, 'a b'],
  ])('%s', (_name, who, over, parameter, claim, expected, bounded = true) => {
    const verdict = scopePolicy(who, issuer(over), parameter, claim, open)
    if (typeof expected === 'object') expect(verdict).toMatchObject({ ...expected, ...shown })
    else expect('scope' in verdict ? { ...verdict, scope: verdict.scope?.join(' ') } : verdict).toEqual({ scope: expected, bounded })
  })
})

describe('grantedScope: the policy × the word of the host', () => {
  it.each<[name: string, scope: string | undefined, bounded: boolean, decided: string | undefined, expected: string | { refused: string }]>(
    [
      ['bounded, the host says nothing', 'a b', true, undefined, 'a b'],
      ['the host narrows', 'a b', true, 'b c', 'b'],
      ['the host leaves nothing', 'a b', true, 'c', { refused: 'scope_exceeds_grant' }],
      ['nothing bounds it, and the host does not name it', 'a', false, undefined, { refused: 'scope_exceeds_grant' }],
      ['nothing bounds it, and the host names it', 'a', false, 'a b', 'a'],
      ['nothing asked, and the host names it', undefined, false, 'a b', 'a b'],
      ['nothing asked, nothing named', undefined, false, undefined, ''],
      ['nothing asked, and the host names nothing', undefined, false, '', ''],
      ['a ceiling of nothing, and the host names more', '', true, 'a', ''],
    ],
  )('%s', (_name, scope, bounded, decided, expected) => {
    const granted = grantedScope({ scope: scope?.split(' ').filter(Boolean), bounded }, decided)
    if (typeof expected === 'object') expect(granted).toMatchObject({ ...expected, ...shown })
    else expect('refused' in granted ? granted : granted.join(' ')).toBe(expected)
  })
})
