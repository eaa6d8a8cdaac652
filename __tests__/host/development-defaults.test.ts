import { expect, it } from '@jest/globals'
import { developmentDefaults } from '../../lib/host/development-defaults.js'

const replayStore = { consume: () => true }
const [https, http] = ['https://as.example.com', 'http://localhost:3000']
const named = (name: string) => expect.stringContaining(`option ${name} is`)

it.each<[name: string, given: Parameters<typeof developmentDefaults>[0], expected: unknown[]]>([
  ['nothing', { issuer: https, tokenEndpointUrl: `${https}/token`, replayStore }, []],
  ['nothing, without the URL of the endpoint', { issuer: https, replayStore }, []],
  ['an issuer over http', { issuer: http, replayStore }, [named('issuer')]],
  ['an endpoint over http', { issuer: https, tokenEndpointUrl: `${http}/token`, replayStore }, [named('tokenEndpointUrl')]],
  ['a store of one process', { issuer: https }, [named('replayStore')]],
  ['all', { issuer: http, tokenEndpointUrl: http }, [named('issuer'), named('tokenEndpointUrl'), named('replayStore')]],
  ['an issuer that only ends like http', { issuer: 'https://as.example.com/http:', replayStore }, []],
  ['an issuer that is no text', { issuer: 7 as never, replayStore }, []],
])('only for development: %s', (_name, given, expected) => expect(developmentDefaults(given)).toEqual(expected))
