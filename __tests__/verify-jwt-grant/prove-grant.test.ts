import { afterEach, describe, expect, it, jest } from '@jest/globals'
import type { Options, TrustedIssuer } from '../../lib/index.js'
import { endpointOf } from '../../lib/pipeline/endpoint.js'
import { Transaction } from '../../lib/pipeline/transaction.js'
import { proveGrant } from '../../lib/verify-jwt-grant/prove-grant.js'
import { grant, hooks, idp, issuer, issuers, keys } from '../support/world.js'

function setUp(over: Partial<TrustedIssuer> = {}) {
  const { calls: _, ...plain } = hooks({ findIssuer: (iss) => ({ ...issuers[idp], issuer: iss, ...over }) })
  const endpointOfNewOptions = () => endpointOf('test', { issuer, hooks: plain } satisfies Options, [])
  const endpoint = endpointOfNewOptions()
  return { endpoint, another: endpointOfNewOptions(), transaction: new Transaction({} as never, {} as never, endpoint) }
}
afterEach(() => void jest.restoreAllMocks())

describe('proveGrant', () => {
  it('returns the issuer and the verified grant', async () => {
    const { transaction, endpoint } = setUp()
    const token = grant()
    const proven = await proveGrant(token, transaction, endpoint)
    expect([proven.issuer.issuer, proven.assertion.token]).toEqual([idp, token])
  })

  it('proves a grant once for one endpoint', async () => {
    const { transaction, endpoint, another } = setUp()
    const token = grant()
    const first = proveGrant(token, transaction, endpoint)
    expect(proveGrant(token, transaction, endpoint)).toBe(first)
    expect(proveGrant(token, transaction, another)).not.toBe(first)
    await first
  })

  it.each<[name: string, issuer: Partial<TrustedIssuer>, claims: Record<string, unknown>, may: boolean | undefined]>([
    ['an issuer that is a client', { client_id: 'jwt-client', clients: [] }, {}, true],
    ['an issuer that is no client', {}, {}, false],
    ['an issuer whose grants any client may present', { client_id: 'jwt-client' }, {}, false],
    ['an issuer that is a client, but the signature is wrong', { client_id: 'jwt-client', clients: [], jwks: { keys: [] } }, {}, true],
    ['an issuer that is not asked for, as the grant has expired', { client_id: 'jwt-client', clients: [] }, { exp: 1 }, undefined],
  ])('T-68 notes whether the grant may authenticate a client: %s', async (_name, over, claims, may) => {
    const { transaction, endpoint } = setUp(over)
    await Promise.allSettled([proveGrant(grant(claims), transaction, endpoint)])
    expect(transaction.mayBeImplicit).toBe(may)
  })

  it('WI-04 applies claim rules only if the signature is right', async () => {
    const asked: unknown[] = []
    const claims = { tier: (value: unknown) => asked.push(value) > 0 }
    const forged = setUp({ claims, jwks: { keys: [keys.other.jwk] } })
    await expect(proveGrant(grant({ tier: 'a' }), forged.transaction, forged.endpoint)).rejects.toMatchObject({ reason: 'key_not_found' })
    expect(asked).toEqual([])
    const { transaction, endpoint } = setUp({ claims })
    await proveGrant(grant({ tier: 'a' }), transaction, endpoint)
    expect(asked).toEqual(['a'])
  })

  it.each<[name: string, claims: Record<string, unknown>, claimed: string | undefined]>([
    ['a good grant', {}, idp],
    ['a grant that a check refuses', { exp: 1 }, idp],
    ['a grant whose iss is no string', { iss: 7 }, undefined],
    ['a grant without iss', { iss: undefined }, undefined],
  ])('notes the issuer and the kid that are claimed, for the event: %s', async (_name, claims, claimed) => {
    const { transaction, endpoint } = setUp()
    await Promise.allSettled([proveGrant(grant(claims), transaction, endpoint)])
    expect(transaction.record.claimed).toStrictEqual({ kid: 'idp-key', ...(claimed !== undefined && { issuer: claimed }) })
  })

  it.each<[after: number, reason: string | undefined]>([
    [-1, 'issuer_disabled'],
    [0, 'issuer_disabled'],
    [1, undefined],
  ])('T-67 an issuer whose not_after is %d ms from now', async (after, reason) => {
    const token = grant()
    const now = Date.now()
    jest.spyOn(Date, 'now').mockReturnValue(now)
    const { transaction, endpoint } = setUp({ not_after: new Date(now + after) })
    const refused = await proveGrant(token, transaction, endpoint).then(
      () => undefined,
      (error: { reason: string }) => error.reason,
    )
    expect(refused).toBe(reason)
  })
})
