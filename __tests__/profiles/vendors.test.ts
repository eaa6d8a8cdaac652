/** Of each vendor, what its table cannot say: two grants of one second, further arguments, and how two profiles work together. */
import { afterEach, describe, expect, it } from '@jest/globals'
import { formOf, jwtOf, signerOf } from '../../lib/cli/act-as/identity.js'
import { type GrantCandidate, tokenEndpoint } from '../../lib/index.js'
import {
  auth0,
  box,
  docusign,
  fapi2,
  googleServiceAccount,
  msal,
  okta,
  type Profile,
  profiles,
  rfc7523bis,
  salesforce,
  smartBackendServices,
  zitadel,
} from '../../lib/profiles/index.js'
import { type Registered, send, senderOf, server, startProfile } from '../support/profile-world.js'

const open: { close(): Promise<unknown> }[] = []
afterEach(() => Promise.all(open.splice(0).map((endpoint) => endpoint.close())))
async function start(registered: Registered, ...more: [port?: number, hooks?: object]) {
  const endpoint = await startProfile(registered, ...more)
  open.push(endpoint)
  return endpoint
}
const profileOf = (name: string) => profiles[name] as Profile
const now = () => Math.floor(Date.now() / 1000)

describe.each(['googleServiceAccount', 'zitadel', 'salesforce', 'docusign'])('%s: grants without jti', (name) => {
  const { identity, registered } = senderOf(profileOf(name))
  const signedAt = (iat: number) => formOf(identity, jwtOf(identity, signerOf(identity), { claims: { iat, exp: iat + 120 } }))

  it('JG-09 two workers that sign in the same second send one text, and the second is refused', async () => {
    const [iat, endpoint] = [now(), await start(registered)]
    expect(signedAt(iat)).toEqual(signedAt(iat))
    expect(await endpoint.ask(signedAt(iat))).toMatchObject({ status: 200 })
    expect(await endpoint.ask(signedAt(iat))).toMatchObject({ error: 'invalid_grant', reason: 'jti_replayed' })
    expect(await endpoint.ask(signedAt(iat - 1))).toMatchObject({ status: 200 })
  })

  it("DI-01 with replay: 'one-time-jti' beside the profile, both get a token", async () => {
    const endpoint = await start({ ...registered, issuer: { ...registered.issuer!, replay: 'one-time-jti' } })
    const iat = now()
    expect([(await endpoint.ask(signedAt(iat))).status, (await endpoint.ask(signedAt(iat))).status]).toEqual([200, 200])
  })
})

it('DI-04 docusign: authorizeGrant tells the application from its users', async () => {
  const { identity, registered } = senderOf(profileOf('docusign'))
  const kinds: string[] = []
  const authorizeGrant = ({ subject_kind, sub }: GrantCandidate) => {
    kinds.push(subject_kind)
    return { subject: sub }
  }
  const endpoint = await start(registered, 0, { authorizeGrant })
  const [user, application] = [await send(endpoint, identity), await send(endpoint, identity, { claims: { sub: undefined } })]
  expect([user, application]).toMatchObject([{ subject: 'ada@example.org' }, { subject: 'a-client' }])
  expect(kinds).toEqual(['asserted', 'issuer'])
})

it('DI-03 box: a user and an enterprise with the same number are two subjects', async () => {
  const { identity, registered } = senderOf(profileOf('box'))
  const endpoint = await start(registered)
  const of = async (box_sub_type: string) => (await send(endpoint, identity, { claims: { box_sub_type, sub: '123' } })).subject
  expect(await of('user')).not.toBe(await of('enterprise'))
})

it('BI-05 auth0: the issuer identifier has the slash that the library writes', async () => {
  const { identity, registered } = senderOf(profileOf('auth0'))
  const endpoint = await start({ ...registered, options: { issuer: `${server}/` } })
  expect(await send(endpoint, { ...identity, server: `${server}/` })).toMatchObject({ status: 200 })
  expect(await send(endpoint, identity)).toMatchObject({ error: 'invalid_client', reason: 'aud_mismatch' })
})

it('FA-03 fapi2 is a part of the options', () => {
  const hooks = { findClient: () => undefined, mintToken: () => undefined as never }
  const grantTypes = ['client_credentials'] as const
  expect(tokenEndpoint({ issuer: server, hooks, grantTypes, onEvent: false, ...fapi2() })).toHaveLength(4)
})

const client_id = 'c'
it.each<[what: string, make: () => unknown, message: string]>([
  ['okta: a longer life', () => okta({ client_id, maxLifetime: 301 }), 'okta: maxLifetime must not be more lenient'],
  ['okta: an unknown argument', () => okta({ client_id, maxLifetme: 1 } as never), 'okta: maxLifetme does not exist'],
  ['okta: an audience', () => okta({ client_id, audience: 'issuer' } as never), 'okta: audience does not exist'],
  ['auth0: no client', () => auth0({ client_id: '' }), 'auth0: client_id must be a non-empty string.'],
  ['auth0: no jti', () => auth0({ client_id, requireJti: false }), 'auth0: requireJti must not be more lenient'],
  ['rfc7523bis: other grants', () => rfc7523bis({ client_id, grant_types: ['refresh_token'] }), 'rfc7523bis: grant_types must not be'],
  ['msal: ten minutes', () => msal({ client_id, maxLifetime: 601 }), 'msal: maxLifetime must not be more lenient'],
  [
    'smartBackendServices: RS256',
    () => smartBackendServices({ client_id, token_endpoint_auth_signing_alg: 'RS256' as never }),
    'smartBackendServices: token_endpoint_auth_signing_alg must be RS384 or ES384.',
  ],
  [
    'smartBackendServices: no scope',
    () => smartBackendServices({ client_id, requireScope: false }),
    'requireScope must not be more lenient',
  ],
  ['box: a longer life', () => box({ client_id, maxLifetime: 61 }), 'box: maxLifetime must not be more lenient'],
  ['box: no client', () => box({ client_id: '' }), 'box: client_id must be a non-empty string.'],
  ['docusign: no host', () => docusign({ client_id, audience: '' }), 'docusign: audience must be a non-empty string.'],
  ['salesforce: an empty audience', () => salesforce({ client_id, audience: '' }), 'salesforce: audience must be a non-empty string.'],
  ['zitadel: no user', () => zitadel({ userId: '', audience: server }), 'zitadel: userId must be a non-empty string.'],
  ['zitadel: other algorithms', () => zitadel({ userId: 'u', audience: server, algorithms: ['ES256'] }), 'algorithms must not be'],
  ['googleServiceAccount: nobody', () => googleServiceAccount({ client_email: '' }), 'client_email must be a non-empty string.'],
  [
    'googleServiceAccount: no URL',
    () => googleServiceAccount({ client_email: 'a', token_uri: '' }),
    'token_uri must be a non-empty string.',
  ],
])('DI-01 throws for %s', (_what, make, message) => {
  expect(make).toThrow(message)
})

it.each<[what: string, made: object, expected: object]>([
  ['googleServiceAccount without users', googleServiceAccount({ client_email: 'a' }), { subjects: ['a'] }],
  [
    'salesforce without audience',
    salesforce({ client_id }).issuer,
    { audience: ['https://login.salesforce.com', 'https://test.salesforce.com'] },
  ],
  ['box with hashed secrets', box({ client_id }).client, { client_id, token_endpoint_auth_method: 'client_secret_post' }],
  [
    'msal with an old certificate',
    msal({ client_id, token_endpoint_auth_signing_alg: 'RS256' }),
    { token_endpoint_auth_signing_alg: 'RS256' },
  ],
  [
    'smartBackendServices',
    smartBackendServices({ client_id, clockTolerance: 0 }),
    { token_endpoint_auth_signing_alg: 'RS384', clockTolerance: 0 },
  ],
])('%s', (_what, made, expected) => {
  expect(made).toMatchObject(expected)
})
