/** What the table of the profile cannot say: rules about the host's decisions, about headers, and about a registration that differs. */
import { afterEach, describe, expect, it } from '@jest/globals'
import { formOf, jwtOf, signerOf } from '../../lib/cli/act-as/identity.js'
import { type GrantDecision, type Hooks, JWT_BEARER_GRANT } from '../../lib/index.js'
import { type CamaraArguments, camara, profiles } from '../../lib/profiles/index.js'
import { tokenRequest } from '../../lib/testing/index.js'
import { type Registered, send, sendChanged, senderOf, startProfile } from '../support/profile-world.js'

const { identity, registered } = senderOf(profiles.camara!)
const open: { close(): Promise<unknown> }[] = []
afterEach(() => Promise.all(open.splice(0).map((endpoint) => endpoint.close())))
async function start(over: Registered = {}, hooks: Partial<Hooks> = {}) {
  const endpoint = await startProfile({ ...registered, ...over }, 0, hooks)
  open.push(endpoint)
  return endpoint
}
const withClient = (change: object): Registered => ({ client: { ...registered.client!, ...change } })

describe('camara', () => {
  it('CM-11 a client that may not use the grant is unauthorized_client', async () => {
    const endpoint = await start(withClient({ grant_types: ['client_credentials'] }))
    expect(await send(endpoint, identity)).toMatchObject({ error: 'unauthorized_client', reason: 'grant_not_allowed_for_client' })
  })

  it.each<[what: string, decision: GrantDecision | undefined, reason: string]>([
    ['an unknown number', undefined, 'subject_unknown'],
    ['no consent', { refused: 'consent_missing' }, 'consent_missing'],
  ])('CM-13 %s is invalid_grant', async (_what, decision, reason) => {
    expect(await send(await start({}, { authorizeGrant: () => decision }), identity)).toMatchObject({ error: 'invalid_grant', reason })
  })

  it('CM-14 there is no refresh token, even if mintToken makes one', async () => {
    const mintToken = () => ({ access_token: 'a', token_type: 'Bearer', expires_in: 60, refresh_token: 'r' })
    const endpoint = await start({}, { mintToken })
    expect(await send(endpoint, identity)).toMatchObject({ status: 200 })
    expect(endpoint.events.at(-1)?.notices).toContain('refresh_token_dropped')
  })

  it('CM-15 the same grant works once', async () => {
    const endpoint = await start()
    const form = formOf(identity, jwtOf(identity, signerOf(identity)))
    expect([(await endpoint.ask(form)).status, (await endpoint.ask(form)).reason]).toEqual([200, 'jti_replayed'])
  })

  it('CM-18 an unknown client of other requests is a 401', async () => {
    const row = { ...profiles.camara!.wrong.longAssertion!, claims: { iss: 'nobody', sub: 'nobody' } }
    expect(await sendChanged(await start(), identity, row)).toMatchObject({
      status: 401,
      error: 'invalid_client',
      reason: 'client_unknown',
    })
  })

  it('CM-19 a DPoP header is ignored; a client that needs DPoP is refused', async () => {
    const endpoint = await start()
    const form = formOf(identity, jwtOf(identity, signerOf(identity)))
    const { status, body } = await tokenRequest(endpoint.at, form, { headers: { DPoP: 'not.a.proof' } })
    expect([status, body]).toMatchObject([200, { token_type: 'Bearer' }])
    const bound = await start(withClient({ dpop_bound_access_tokens: true }))
    expect(await send(bound, identity)).toMatchObject({ error: 'invalid_dpop_proof', reason: 'dpop_not_supported' })
  })

  const given: CamaraArguments = { client_id: 'shop', tokenEndpointUrl: 'https://as.example.com/token', scope: 'dpv:Marketing' }
  it.each<[what: string, change: object, message: string]>([
    ['no URL', { tokenEndpointUrl: undefined }, 'camara: tokenEndpointUrl must be a non-empty string.'],
    ['no scope', { scope: '' }, 'camara: scope must be a non-empty string.'],
    ['no purpose', { scope: 'number-verification:verify' }, 'camara: scope must name a purpose'],
    ['no client', { client_id: '' }, 'camara: client_id must be a non-empty string.'],
    ['a longer life', { maxLifetime: 301 }, 'camara: maxLifetime must not be more lenient than the profile, which sets 300.'],
    ['a tolerance', { clockTolerance: 1 }, 'camara: clockTolerance must not be more lenient than the profile, which sets 0.'],
    ['grants that work again', { replay: 'reusable' }, 'camara: replay must not be more lenient than the profile, which sets "one-time".'],
    ['other subjects', { claims: { sub: { prefix: 'tel:' } } }, 'camara: claims.sub must not be set: the profile sets it.'],
  ])('CM-02 throws for %s', (_what, change, message) => {
    expect(() => camara({ ...given, ...change })).toThrow(message)
  })

  it('takes stricter arguments, and gives keys and scope to both registrations', () => {
    const { issuer, client } = camara({ ...given, maxLifetime: 60, jwks_uri: 'https://shop.example/jwks', enabled: false })
    expect(issuer).toMatchObject({ issuer: 'shop', maxLifetime: 60, jwks_uri: 'https://shop.example/jwks', enabled: false })
    const grant_types = [JWT_BEARER_GRANT, 'client_credentials']
    expect(client).toMatchObject({
      client_id: 'shop',
      scope: 'dpv:Marketing',
      jwks_uri: 'https://shop.example/jwks',
      enabled: false,
      grant_types,
    })
  })
})
