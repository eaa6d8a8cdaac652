import { expect, it } from '@jest/globals'
import { CLIENT_CREDENTIALS, checkOptions, memoryReplayStore, type Options, tokenEndpoint } from '../../lib/index.js'
import { stderrUnder } from '../support/stderr.js'
import { hooks, issuer } from '../support/world.js'
import { hostile } from './mistakes.js'

const { calls: _, ...plain } = hooks()
const good = { issuer, hooks: plain, replayStore: memoryReplayStore() }
const noStore =
  'option replayStore is not set: only this process knows which JWTs were used. Several processes must share Redis or PostgreSQL.'

it.each<[options: object, warnings: string[]]>([
  [good, []],
  [{ ...good, fallthrough: true, onEvent: false, tokenEndpointUrl: `${issuer}/token` }, []],
  [{ ...good, hooks: { ...plain, findIssuer: undefined }, grantTypes: [CLIENT_CREDENTIALS] }, []],
  [{ ...good, replayStore: undefined }, [noStore]],
  [{ ...good, issuer: 'http://localhost:3000' }, ['option issuer is an http URL: in production it must be https.']],
  [{ ...good, tokenEndpointUrl: 'http://127.0.0.1/token' }, ['option tokenEndpointUrl is an http URL: in production it must be https.']],
  [{ ...good, revealReasons: true }, ['option revealReasons is for staging: under NODE_ENV=production, the endpoint is refused.']],
  [
    { ...good, hooks: {} },
    ['findClient', 'mintToken', 'findIssuer', 'authorizeGrant'].map((hook) => `option hooks.${hook} is missing: tokenEndpoint needs it.`),
  ],
])('%j has no errors', (options, warnings) => {
  expect(checkOptions(options)).toEqual({ errors: [], warnings })
})

it.each<[options: object, errors: string[]]>([
  [
    {},
    [
      'option issuer is missing: set it to the issuer identifier of this server, such as https://as.example.com.',
      'option hooks is missing: it holds the functions that the steps call.',
    ],
  ],
  [
    { ...good, clientAssertion: {}, clockTolerance: 61, limits: { body: 0, paramters: 1 }, publicClients: 'all' },
    [
      'option clientAssertion does not exist: did you mean clientAssertions?',
      'option publicClients must be an object, not "all".',
      'option clockTolerance must be a number of seconds from 0 to 60, not 61.',
      'option limits.paramters does not exist: did you mean limits.parameters?',
      'option limits.body must be a whole number above 0, not 0.',
    ],
  ],
  [
    { ...good, publicClients: {}, hostVerifiesClientAssertions: true, clientAssertions: { audience: 'issuer-or-token-endpoint' } },
    [
      'option publicClients.scope is missing: set it to what public clients may be granted.',
      'option hostVerifiesClientAssertions needs fallthrough: true: without it, no request reaches your handler.',
      "option clientAssertions.audience 'issuer-or-token-endpoint' needs option tokenEndpointUrl.",
    ],
  ],
])('%j has errors: all of them, and the first is that of the endpoint', (options, errors) => {
  expect(checkOptions(options)).toEqual({ errors, warnings: [] })
  expect(() => tokenEndpoint(options as Options)).toThrow(`tokenEndpoint: ${errors[0]}`)
})

it('revealReasons is an error under production', async () => {
  await stderrUnder('production', () => {
    expect(checkOptions({ ...good, revealReasons: true }).errors).toEqual([expect.stringContaining('revealReasons must not be true')])
  })
  expect.assertions(1)
})

it.each(hostile)('never throws: %s', (_name, value) => {
  expect(checkOptions(value).errors.length).toBeGreaterThan(0)
})
