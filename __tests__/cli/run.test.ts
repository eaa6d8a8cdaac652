/** What holds for every verb: help, JSON, exit codes, and no secret in arguments. */
import { describe, expect, it } from '@jest/globals'
import { verbs } from '../../lib/cli/verbs.js'
import { cli, temporaryFolder } from '../support/cli.js'
import { ec } from '../support/keys.js'

const folder = temporaryFolder()
const names = verbs.map(({ name }) => name)

describe('--help', () => {
  it('of the whole names each verb, and is printed with code 2 if there is none', async () => {
    const { code, out } = await cli(['--help'])
    expect(code).toBe(0)
    for (const { name, summary } of verbs) expect(out).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'))
    expect(await cli([])).toMatchObject({ code: 2, out })
    for (const word of ['-h', 'help']) expect(await cli([word])).toMatchObject({ code: 0, out })
  })

  it.each(names)('of %s names all that it takes, the exit codes and an example, in lines of at most 100 characters', async (name) => {
    const verb = verbs.find((one) => one.name === name)!
    const { code, out } = await cli([name, '--help'])
    expect(code).toBe(0)
    for (const flag of [...Object.keys(verb.flags), 'json', 'help']) expect(out).toMatch(new RegExp(`^  --${flag}\\b`, 'm'))
    for (const [arg] of verb.args) expect(out.split('\n')[0]).toContain(arg)
    expect(out).toContain('Exit code: 0')
    expect(out).toContain(`Examples:\n  `)
    const [, examples = ''] = out.split('Examples:\n')
    expect(
      out
        .replace(examples, '')
        .split('\n')
        .filter((line) => line.length > 100),
    ).toEqual([])
    expect(await cli([name, 'whatever', '-h'])).toMatchObject({ code: 0, out })
  })
})

describe('wrong usage has code 2 and says what to do', () => {
  it.each<[words: string[], message: RegExp]>([
    [['explode'], /no such verb. It must be one of keygen, sign/],
    [['keygen', '--colour'], /^--colour does not exist\.\n\nSee express-oauth-assertions keygen --help/],
    [['keygen', '--out'], /^--out must have a value/],
    [['keygen', '--force=yes'], /^--force takes no value/],
    [['keygen', 'a', 'b'], /^keygen takes 0 arguments, not 2/],
    [['check', 'a', 'b'], /^check takes 1 argument, not 2/],
    [['check'], /^FILE must be given/],
    [['sign', 'client'], /^--key must be given: private key/],
    [['jwks-serve', '--key', '-', '--port', 'x'], /^--port must be a whole number|could not|must be/],
  ])('%j', async (words, message) => {
    const { code, out, err } = await cli(words)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
    const json = await cli([...words, '--json'])
    expect({ code: json.code, err: json.err }).toEqual({ code: 2, err: '' })
    expect(json.json().error).toMatch(new RegExp(message.source.replace(/\\n.*/, '')))
  })
})

describe('what looks like a secret in an argument', () => {
  const jwt = 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJhIn0.c2lnbmF0dXJl'
  it.each([
    '--secret',
    '--secret=hunter2',
    '--client-secret=hunter2',
    '--client_secret',
    '--clientsecret',
    '--password=hunter2',
    '--passphrase',
    '--private-key=x',
    '--private_key',
    '--privateKey',
    '--SECRET',
    '-----BEGIN PRIVATE KEY-----',
    'x -----BEGIN',
    '{"kty":"EC","d":"hunter2"}',
    ' {"k" : "hunter2"}',
    '--key={"d":"hunter2"}',
    '--key=\n{"d":"hunter2"}',
    jwt,
    `--jwt=${jwt}`,
    'eyJ.e30.',
  ])('%j is refused', async (word) => {
    const { code, err } = await cli(['check', word])
    expect([code, err]).toEqual([2, expect.stringContaining('must not stand in an argument')])
    expect(err).not.toMatch(/hunter2|eyJ/)
    const flag = /^--[\w-]+/.exec(word)?.[0]
    const isNamed = flag !== undefined && /secret|pass|private/i.test(flag)
    expect(err.startsWith(isNamed ? `${flag} must` : 'A key or a JWT must')).toBe(true)
  })

  it.each([
    '--out=secret',
    '--secrets',
    '--xsecret',
    'x--secret',
    '{"kty":"EC"}',
    'x {"d":"y"}',
    `x${jwt}`,
    `${jwt} x`,
    'eyJ.e30',
    'a.b.c',
  ])('%j is none', async (word) => {
    const { err } = await cli(['check', word])
    expect(err).not.toContain('must not stand in an argument')
  })
})

describe('secrets in arguments are refused, and not repeated', () => {
  const { privateKey } = ec('k')
  const secret = 'hunter2hunter2'
  const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }))
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const jwt = 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJodW50ZXIyIn0.c2lnbmF0dXJl'

  it.each([
    ['act-as', 'client_secret_jwt', 'https://as.example.com/token', '--secret', secret],
    ['act-as', 'client_secret_jwt', 'https://as.example.com/token', `--client-secret=${secret}`],
    ['sign', 'client', '--password', secret],
    ['sign', 'client', '--passphrase', secret],
    ['sign', 'client', '--private-key', pem],
    ['sign', 'client', '--key', pem],
    ['sign', 'client', `--key=${pem}`],
    ['sign', 'client', '--key', jwk],
    ['explain', jwt],
    ['explain', `--registration=${jwt}`],
  ])('%s %s …', async (...words) => {
    const { code, err } = await cli(words)
    expect(code).toBe(2)
    expect(err).toContain('must not stand in an argument')
    expect(err).toContain('env:NAME')
    for (const part of [secret, jwk, pem, jwt, 'PRIVATE']) expect(err).not.toContain(part)
  })

  it('names of files with three parts are no JWT', async () => {
    const file = folder.write('a.client.registration', { client: { client_id: 'a' } })
    expect(await cli(['check', file])).toMatchObject({ code: 0 })
  })
})

describe('colours', () => {
  it('are only for a terminal', async () => {
    const file = folder.write('client.json', {
      client: {
        client_id: 'a',
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: 'a secret of some length',
      },
    })
    expect((await cli(['check', file], { colour: true })).out).toContain('\x1b[')
    expect((await cli(['check', file])).out).not.toContain('\x1b')
  })
})

describe('what is printed', () => {
  it('shows nothing of a broken file, which may have a secret', async () => {
    const file = folder.write('secret.json', '{"client_secret":"secret-canary" oops}')
    const { code, err } = await cli(['check', file])
    expect(code).toBe(2)
    expect(err).toContain('must be JSON')
    expect(err).not.toContain('canary')
  })

  it('shows nothing of a secret that was written instead of its source', async () => {
    const words = ['act-as', 'client_secret_jwt', 'https://as.example.com/token', '--audience', 'x', '--secret-from', 'secret-canary']
    const { code, err } = await cli(words)
    expect(code).toBe(2)
    expect(err).toContain('--secret-from could not be read')
    expect(err).not.toContain('canary')
  })

  it.each([false, true])('has no control character of a file, with colour %p', async (colour) => {
    const file = folder.write('control.json', [{ client_id: 'a\u001b[2Jb\u009bc\u202ed' }])
    const { out } = await cli(['check', file], { colour })
    expect(out).toContain('client a?[2Jb?c?d')
  })

  it.each(['http://as.example.com/token', 'https://user:canary@as.example.com/token', 'file:///token'])(
    'act-as sends nothing to %s',
    async (url) => {
      const { code, err } = await cli(['act-as', 'private_key_jwt', url, '--audience', 'x'])
      expect(code).toBe(2)
      expect(err).toContain('URL must')
      expect(err).not.toContain('canary')
    },
  )
})
