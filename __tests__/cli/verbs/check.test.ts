import { describe, expect, it } from '@jest/globals'
import { cli, temporaryFolder } from '../../support/cli.js'
import { ec } from '../../support/keys.js'

const folder = temporaryFolder()
const { jwk } = ec('k')
const jwks = { keys: [jwk] }
const client = { client_id: 'reports', token_endpoint_auth_method: 'private_key_jwt', jwks, grant_types: ['client_credentials'] }
const issuer = { issuer: 'https://idp.example.org', jwks, clients: ['reports'] }
const options = { issuer: 'https://as.example.com', clockTolerance: 5 }
const [ofClient, ofIssuer] = ['client reports', 'issuer https://idp.example.org']

describe('check', () => {
  it.each<[shape: string, content: unknown, what: string[], ...flags: string[]]>([
    ['all together', { options, client, issuer }, ['options', ofClient, ofIssuer]],
    ['lists', { clients: [client], issuers: [issuer] }, [ofClient, ofIssuer]],
    ['one client', client, [ofClient]],
    ['a list of clients', [client, client], [ofClient, ofClient]],
    ['one issuer', issuer, [ofIssuer]],
    ['an issuer with a client', { ...issuer, client_id: 'reports' }, [ofIssuer]],
    ['options', options, ['options']],
    ['what it is told', { client_id: 'reports' }, [ofClient], '--as', 'client'],
  ])('takes %s', async (_, content, what, ...flags) => {
    const { code, json } = await cli(['check', folder.write('file.json', content), '--json', ...flags])
    expect([code, json()]).toMatchObject([0, { ok: true, checked: what.map((one) => ({ what: one, errors: [] })) }])
    expect(json().checked).toHaveLength(what.length)
  })

  it.each<[mistake: string, content: unknown, message: string]>([
    ['an option', { options: { ...options, clockTolerance: 500 } }, 'option clockTolerance must be a number of seconds from 0 to 60'],
    ['the name of an option', { options: { ...options, clientAssertion: {} } }, 'clientAssertion does not exist'],
    ['a client', { client: { ...client, maxLifetime: '60' } }, 'Client.maxLifetime must be a number of seconds above 0'],
    ['an issuer', { issuer: { ...issuer, replays: 'reusable' } }, 'did you mean replay?'],
  ])('says what is wrong with %s, with code 1', async (_, content, message) => {
    const file = folder.write('wrong.json', content)
    const { code, out } = await cli(['check', file])
    expect(code).toBe(1)
    expect(out).toMatch(/^✗ /m)
    expect(out).toContain('    error: ')
    expect(out).toContain(message)
    expect((await cli(['check', file, '--json'])).json()).toMatchObject({ ok: false })
  })

  it('prints each object with its mark, its errors and its warnings; one error is enough for code 1', async () => {
    const odd = { ...client, client_id: 'odd', enabled: false }
    const wrong = { ...client, client_id: 'wrong', maxLifetime: '60' }
    const { code, out } = await cli(['check', folder.write('marks.json', { clients: [client, odd, wrong] })])
    expect([code, out.trimEnd().split('\n')]).toEqual([
      1,
      [
        '✓ client reports',
        '! client odd',
        '    warning: Client.enabled is false: the client is refused.',
        '✗ client wrong',
        '    error: Client.maxLifetime must be a number of seconds above 0, not "60".',
      ],
    ])
  })

  it('does not ask for the hooks of options in a file of data', async () => {
    const { json } = await cli(['check', folder.write('data.json', { options }), '--json'])
    expect(json().checked[0].errors).toEqual([])
  })

  it('reads a module, with functions and dates, and stdin', async () => {
    const module = `export const issuer = ${JSON.stringify(issuer)}
      issuer.not_after = new Date('2030-01-01')
      export const options = { issuer: 'https://as.example.com', hooks: { findClient() {} } }`
    const whatOf = async (file: string, stdin = '') => {
      const { code, json } = await cli(['check', file, '--json'], { stdin })
      return [code, ...json().checked.map(({ what }: { what: string }) => what)]
    }
    expect(await whatOf(folder.write('good.mjs', module))).toEqual([0, 'options', ofIssuer])
    expect(await whatOf(folder.write('default.mjs', `export default { client: ${JSON.stringify(client)} }`))).toEqual([0, ofClient])
    expect(await whatOf('-', JSON.stringify({ client }))).toEqual([0, ofClient])
  })

  it('takes the date of an issuer in JSON as a text', async () => {
    const until = (not_after: string) => cli(['check', folder.write('dated.json', { issuer: { ...issuer, not_after } })])
    expect(await until('2030-01-01T00:00:00Z')).toMatchObject({ code: 0 })
    expect((await until('tomorrow')).out).toContain('not_after must be a valid Date')
  })

  it.each<[what: string, name: string, content: string, message: RegExp, ...flags: string[]]>([
    ['no JSON', 'broken.json', '{', /must be JSON/],
    ['a text', 'text.json', '"text"', /must have options, client/],
    ['an empty list', 'empty.json', '[]', /must have options, client/],
    ['a module that throws', 'throws.mjs', 'throw new Error("no database")', /could not be loaded: no database/],
    ['another kind', 'kind.json', '{}', /--as must be options, client or issuer/, '--as', 'server'],
  ])('has code 2 for %s', async (_, name, content, message, ...flags) => {
    const { code, err } = await cli(['check', folder.write(name, content), ...flags])
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
  })
})
