import { describe, expect, it } from '@jest/globals'
import { helpTexts } from '../../lib/development/help/texts.js'
import { pageOf } from '../../lib/host/help-page.js'
import { ConfigurationError, devLog, type Reason, type TokenEndpointEvent } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { stderrUnder } from '../support/stderr.js'
import { basic, byJwt, clientAssertion, clientCredentials, grant, grantRequest, startWorld } from '../support/world.js'

const event = (over: Partial<TokenEndpointEvent> = {}): TokenEndpointEvent => ({
  outcome: 'refused',
  status: 400,
  error: 'invalid_grant',
  reason: 'expired',
  request_id: 'r-1',
  step: 'verifyJwtGrant',
  claimed: {},
  notices: [],
  duration: 1,
  timings: {},
  ...over,
})
function written(over: Partial<TokenEndpointEvent>): string {
  const texts: string[] = []
  devLog({ write: (text) => texts.push(text) })(event(over))
  return texts.join('')
}

describe('devLog', () => {
  it.each(['issued', 'handed_on', 'aborted'] as const)('writes nothing for a request that was %s', (outcome) => {
    expect(written({ outcome })).toBe('')
  })

  it('writes to stderr, whatever NODE_ENV says', async () => {
    const text = await stderrUnder('production', () => devLog()(event()))
    expect(text).toBe(written({}))
    expect(text).toMatch(/^token request refused: expired \(400 invalid_grant\)\n {2}step {5}verifyJwtGrant\n {2}request {2}r-1\n/)
  })

  it.each(Object.keys(helpTexts) as Reason[])('has a cause, a fix and a page for %s', (reason) => {
    const text = written({ reason })
    for (const line of [/^ {2}why {6}\S.*\.$/m, /^ {2}fix {6}\S.*\.$/m]) expect(text).toMatch(line)
    expect(text).toContain(`  help     ${pageOf(reason)}\n`)
    expect(text.split('\n')).toHaveLength(7)
  })

  it('says which of the names are proven', () => {
    const claimed = { client_id: 'c', issuer: 'i', kid: 'k' }
    expect(written({ claimed })).toContain('  client   c (claimed)\n  issuer   i (claimed)\n  kid      k (claimed)\n')
    expect(written({ claimed, client_id: 'c', client_level: 'identified' })).toContain('  client   c (claimed)\n')
    const proven = { claimed, client_id: 'c', client_level: 'authenticated', issuer: 'i' } as const
    expect(written(proven)).toContain('  client   c (verified)\n  issuer   i (verified)\n  kid      k (claimed)\n')
  })

  it('has the whole message of a mistake in the configuration, and no stack', () => {
    const cause = new ConfigurationError(`must be ${'x'.repeat(400)}`)
    const text = written({ reason: 'misconfigured', cause, detail: { seen: 'must be xxx...', wanted: null } })
    expect(text).toContain(`  seen     ${cause.message}\n`)
    expect(text).not.toContain('dev-log.test')
  })

  it('has the stack of what a function of the host threw, and of nothing else', () => {
    const cause = new TypeError('no row')
    for (const reason of ['hook_error', 'hook_denied', 'replay_store_error'] as const)
      expect(written({ reason, cause })).toContain('\n    TypeError: no row\n        at ')
    expect(written({ reason: 'jwks_unavailable', cause })).not.toContain('no row')
  })

  it('refuses an option that does not exist', () => {
    expect(() => devLog({ wirte: () => {} } as never)).toThrow('devLog: option wirte does not exist: did you mean write?')
  })
})

describe.each(anyExpress)('on %s', (_, express) => {
  const hostile = 'x\n\x1b[31mtoken request issued\r\u202e\u2028é'
  const forms: [name: string, form: Record<string, string>][] = [
    ['grant_type', { grant_type: `unknown${hostile}` }],
    ['client_id', clientCredentials({ client_id: hostile })],
    ['resource', { ...clientCredentials(), resource: hostile }],
    ['scope', { ...clientCredentials(), scope: `a${hostile}` }],
    ['aud of a client assertion', clientCredentials(byJwt(clientAssertion({ aud: hostile })))],
    ['iss and sub of a client assertion', clientCredentials(byJwt(clientAssertion({ iss: hostile, sub: hostile })))],
    ['kid', clientCredentials(byJwt(clientAssertion({}, { header: { kid: hostile } })))],
    ['typ', clientCredentials(byJwt(clientAssertion({}, { header: { typ: hostile } })))],
    ['names of claims', clientCredentials(byJwt(clientAssertion({ [hostile]: 1, exp: undefined })))],
    ['names of header parameters', clientCredentials(byJwt(clientAssertion({}, { header: { [hostile]: 1, crit: ['a'] } })))],
    ['iss of a grant', grantRequest(grant({ iss: hostile }))],
    ['aud of a grant', grantRequest(grant({ aud: [hostile, 'b'] }))],
    ['scope of a grant', grantRequest(grant({ scope: hostile }))],
  ]

  it.each(forms)('a sender cannot forge a line or change a terminal: %s', async (_name, form) => {
    const texts: string[] = []
    const world = startWorld(express, { options: { onEvent: devLog({ write: (text) => texts.push(text) }) } })
    const { status } = await world.post(form, { 'X-Request-Id': 'a b\tc' })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(texts).toHaveLength(1)
    const [text = ''] = texts
    expect(text).toMatch(/^[\x20-\x7e§\n]+$/)
    expect(text.match(/^token request /gm)).toHaveLength(1)
    for (const line of text.trimEnd().split('\n').slice(1))
      expect(line).toMatch(/^ {2}(?:step|request|client|issuer|kid|seen|wanted|why|fix|help) /)
  })

  it('nor with an Authorization header, or with what a hook throws about it', async () => {
    const texts: string[] = []
    const findClient = (id: string): never => {
      throw new Error(`no client ${id} ${hostile}`)
    }
    const world = startWorld(express, { hooks: { findClient }, options: { onEvent: devLog({ write: (text) => texts.push(text) }) } })
    expect((await world.post({ grant_type: 'client_credentials' }, { Authorization: basic('a"b', 'hunter2') })).status).toBe(500)
    expect(texts.join('')).toMatch(/\n {4}Error: no client a"b x\n {4}\?\[31mtoken request issued/)
    expect(texts.join('')).not.toMatch(/^token request issued|[\x1b\r\u202e\u2028]/m)
    expect(texts.join('')).not.toContain('hunter2')
  })
})

it('devLog writes its block also for a reason that it does not know', () => {
  const written: string[] = []
  const event = { outcome: 'refused', status: 400, error: 'invalid_grant', reason: 'mine', step: 's', request_id: 'r', claimed: {} }
  devLog({ write: (text) => void written.push(text) })(event as never)
  expect(written.join('')).toContain('token request refused: mine')
})
