import { describe, expect, it } from '@jest/globals'
import type { VerifiedAssertion } from '../../lib/assertion/assertion.js'
import { clientMarker, replayMarker } from '../../lib/replay/marker.js'
import type { ClientAuthentication } from '../../lib/state.js'

const assertion = (claims: object = {}) =>
  ({ claims: { iss: 'a', exp: 1000, jti: 'j', ...claims }, replayKey: 'key', usableFrom: 690 }) as unknown as VerifiedAssertion
const client = (over: object): ClientAuthentication =>
  ({ level: 'authenticated', method: 'private_key_jwt', client_id: 'c', ...over }) as ClientAuthentication

describe('AF-15 the marker of a one-time JWT', () => {
  it.each<[exp: number, clockTolerance: number, expiresAt: number]>([
    [1000, 0, 1000],
    [1000, 10, 1010],
    [1000.2, 10, 1011],
    [1000, 0.5, 1001],
  ])('T-45 outlives an exp of %d, accepted for %d s more: until %d', (exp, clockTolerance, expiresAt) => {
    const marker = { key: 'key', expiresAt, issuer: 'a', usableFrom: 690 }
    expect(replayMarker(assertion({ exp }), 'grant', clockTolerance)).toEqual({ ...marker, use: 'grant' })
    expect(clientMarker(client({ assertion: assertion({ exp }) }), clockTolerance)).toEqual({ ...marker, use: 'client' })
  })

  it.each<[who: string, authentication: ClientAuthentication]>([
    ['a client without assertion', client({ method: 'client_secret_basic' })],
    ['nobody', { level: 'anonymous' }],
    ['JW-22 a client assertion without jti', client({ assertion: assertion({ jti: undefined }) })],
    ['one that was registered as reusable', client({ assertion: assertion(), reusable: true })],
  ])('there is none for %s', (_, authentication) => {
    expect(clientMarker(authentication, 10)).toBeUndefined()
  })
})
