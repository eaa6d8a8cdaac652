import { describe, expect, it } from '@jest/globals'
import { type SpiffeArguments, spiffe } from '../../lib/profiles/index.js'
import { itRefuses, looser } from '../support/profile-arguments.js'

describe('spiffe', () => {
  const id = 'spiffe://prod.example.org/billing'
  const notAnId = /id must be the SPIFFE ID of a workload/
  itRefuses<SpiffeArguments>(spiffe, { id, jwks: { keys: [] } }, [
    ...looser(3600),
    ['T-81 not without an id', { id: undefined }, notAnId],
    ['T-81 SP-01 no whole trust domain', { id: 'spiffe://prod.example.org' }, notAnId],
    ['T-81 SP-01 no whole trust domain with a slash', { id: 'spiffe://prod.example.org/' }, notAnId],
    ['SP-01 no other scheme', { id: 'https://prod.example.org/billing' }, notAnId],
    ['SP-01 no empty part of the path', { id: 'spiffe://prod.example.org//billing' }, notAnId],
    ['SP-01 no slash at the end', { id: `${id}/` }, notAnId],
    ['SP-01 no pattern', { id: 'spiffe://prod.example.org/*' }, notAnId],
    ['SP-01 no discovery: iss means nothing', { discovery: true }, /discovery is not an argument/],
    ['SP-02 no choice of replay: an SVID may be sent again', { replay: 'one-time' }, /replay is not an argument/],
  ])

  it('SP-01 has the trust domain as its issuer', () => {
    const more = { audience: 'tokens', maxLifetime: 300, jwks_uri: 'https://bundle.example.org/keys' }
    expect(spiffe({ id, ...more })).toEqual({ issuer: 'spiffe://prod.example.org', subject: id, ...more })
  })
})
