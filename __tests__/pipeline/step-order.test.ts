import { describe, expect, it } from '@jest/globals'
import { ConfigurationError, memoryReplayStore, type Options } from '../../lib/index.js'
import { endpointOf } from '../../lib/pipeline/endpoint.js'
import { assertOrder, type Place } from '../../lib/pipeline/step-order.js'
import type { Transaction } from '../../lib/pipeline/transaction.js'
import { issuer } from '../support/world.js'

const flow = 'The order is parseTokenRequest, authenticateClient, verifyJwtGrant, issueToken.'
const store = memoryReplayStore()
const endpoint = (over: Partial<Options> = {}) => endpointOf('t', { issuer, hooks: {}, replayStore: store, ...over }, [])
const first = endpoint()
const place: Place = { name: 'verifyJwtGrant', needs: ['request', 'client'], adds: 'grant' }
const check = (state: object, own = first) => assertOrder(place, { state, endpoint: first } as Transaction, own)

describe('T-61 T-62 the order of the steps', () => {
  it('a step may run after those it needs, whatever they added', () => {
    expect(() => check({ request: {}, client: {} })).not.toThrow()
    expect(() => check({ request: null, client: null })).not.toThrow()
  })

  it.each([
    [{}, 'request', 'parseTokenRequest'],
    [{ client: {} }, 'request', 'parseTokenRequest'],
    [{ request: {} }, 'client', 'authenticateClient'],
  ])('after %j it names the step that is missing', (state, missing, needed) => {
    const says = `verifyJwtGrant needs req.tokenState.${missing}: mount ${needed}(options) before verifyJwtGrant(options). ${flow}`
    expect(() => check(state)).toThrow(new ConfigurationError(says))
  })

  it('a step that has run is refused, also if it left the request to the host', () => {
    const says = `verifyJwtGrant ran twice on one request: mount it once on this route. ${flow}`
    expect(() => check({ request: {}, client: {}, grant: null })).toThrow(new ConfigurationError(says))
  })

  const done = { request: {}, client: {} }
  it.each<[what: string, over: Partial<Options>]>([
    ['another issuer', { issuer: 'https://other.example.com' }],
    ['another store, however alike', { replayStore: memoryReplayStore() }],
    ['another tolerance', { clockTolerance: 5 }],
    ['other grant types', { grantTypes: ['client_credentials'] }],
    ['public clients', { publicClients: { scope: 'read' } }],
  ])('CA-04 %s than the first step is refused', (_, over) => {
    expect(() => check(done, endpoint(over))).toThrow(/^verifyJwtGrant has another issuer or replayStore or clockTolerance/)
  })

  it('equal options in another object are the same', () => {
    expect(() => check(done, endpoint({ publicClients: undefined, algorithms: ['ES256'] }))).not.toThrow()
    expect(() => check(done, endpoint())).not.toThrow()
  })
})
