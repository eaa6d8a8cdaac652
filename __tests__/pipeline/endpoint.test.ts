/** One endpoint for one options object. */
import { describe, expect, it } from '@jest/globals'
import { CLIENT_CREDENTIALS, type Hooks, memoryReplayStore, type Options } from '../../lib/index.js'
import { endpointOf, prepareEndpoint } from '../../lib/pipeline/endpoint.js'

const issuer = 'https://as.example.com'
const hook = () => undefined
const optionsOf = (hooks: object = {}, over: object = {}) => ({ issuer, hooks, onEvent: false, ...over }) as Options<Partial<Hooks>>

describe('endpointOf', () => {
  it('is one endpoint for one object, and another for a copy', () => {
    const options = optionsOf()
    const endpoint = endpointOf('one', options, [])
    expect(endpointOf('other', options, [])).toBe(endpoint)
    expect(endpointOf('one', { ...options }, [])).not.toBe(endpoint)
  })

  it.each<[options: unknown, message: string]>([
    [undefined, 'theStep: options must be an object with issuer and hooks, not undefined.'],
    [null, 'theStep: options must be an object with issuer and hooks, not null.'],
    ['x', 'theStep: options must be an object with issuer and hooks, not "x".'],
    [{ headers: {}, method: 'POST' }, 'theStep was mounted without being called: write theStep(options).'],
    [{ headers: {} }, 'theStep: option '],
    [{ method: 'POST' }, 'theStep: option '],
  ])('of %j: says what is wrong', (options, message) => {
    expect(() => endpointOf('theStep', options as never, [])).toThrow(message)
  })

  it.each<[name: string, hooks: Partial<Hooks>, over: object, required: (keyof Hooks)[], missing: string | undefined]>([
    ['a hook that is there', { findClient: hook }, {}, ['findClient'], undefined],
    ['a hook that is missing', {}, {}, ['findClient'], 'findClient'],
    ['the second', { findClient: hook }, {}, ['findClient', 'mintToken'], 'mintToken'],
    ['a hook of the JWT grant', {}, {}, ['findIssuer'], 'findIssuer'],
    ['another', {}, {}, ['authorizeGrant'], 'authorizeGrant'],
    [
      'hooks of the JWT grant that is not served',
      { findClient: hook },
      { grantTypes: [CLIENT_CREDENTIALS] },
      ['findIssuer', 'authorizeGrant', 'findClient'],
      undefined,
    ],
    ['another hook where the JWT grant is not served', {}, { grantTypes: [CLIENT_CREDENTIALS] }, ['findIssuer', 'mintToken'], 'mintToken'],
  ])('demands %s', (_name, hooks, over, required, missing) => {
    const make = () => endpointOf('theStep', optionsOf(hooks, over), required)
    if (missing === undefined) expect(make).not.toThrow()
    else expect(make).toThrow(`theStep: option hooks.${missing} is missing: it must be a function, which theStep calls.`)
  })

  it('knows what is demanded of each kind of JWT, and the time in seconds', () => {
    const { demands, now } = endpointOf('theStep', optionsOf(), [])
    expect(Object.keys(demands).sort()).toEqual(['clientAssertion', 'grant', 'svid'])
    expect(Math.abs(now() - Date.now() / 1000)).toBeLessThan(5)
  })

  it('uses the store and the listener of the options', () => {
    const replayStore = memoryReplayStore()
    const onEvent = () => {}
    expect(endpointOf('theStep', optionsOf({}, { replayStore, onEvent }), [])).toMatchObject({ replayStore })
    expect(endpointOf('theStep', optionsOf({}, { onEvent }), []).onEvent).toBe(onEvent)
  })
})

it('prepareEndpoint makes the endpoint of these options from parts', () => {
  const options = optionsOf()
  const endpoint = prepareEndpoint('theStep', options, { now: () => 7 })
  expect(endpoint.now()).toBe(7)
  expect(endpointOf('theStep', options, [])).toBe(endpoint)
})
