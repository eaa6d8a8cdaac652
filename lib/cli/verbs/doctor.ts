import { examine } from '../doctor/examine.js'
import { UsageError } from '../io.js'
import { columns, painter } from '../painter.js'
import { commandName, type Verb } from '../verb.js'

const marks = { ok: '✓', warning: '!', problem: '✗' }
const styles = { ok: 'green', warning: 'yellow', problem: 'red' } as const

export const doctor: Verb = {
  name: 'doctor',
  summary: 'Fetch the keys of an issuer as your server would, and say what it would accept',
  args: [['URL', 'an issuer, which leads to its jwks_uri by discovery, or a jwks_uri']],
  flags: {
    as: { value: 'KIND', about: 'what the URL is, if that is not clear: issuer or jwks_uri' },
    'allow-private': { about: 'let URLs be http, or lead to private and loopback addresses' },
  },
  about: ['It reports the rules for URLs, TLS, redirects, content type, size, caching, and each key: usable, or why not.'],
  examples: [`${commandName} doctor https://accounts.google.com`, `${commandName} doctor http://127.0.0.1:8123/jwks --allow-private`],
  async run(input, io) {
    const as = input.text('as')
    if (as !== undefined && as !== 'issuer' && as !== 'jwks_uri') throw new UsageError('--as must be issuer or jwks_uri.')
    const { kind, findings } = await examine(input.arg(0), input.has('allow-private'), as)
    const paint = painter(io.colour)
    const problems = findings.filter(({ state }) => state === 'problem').length
    const rows = findings.map(({ state, topic, text }) => [marks[state], topic, text] as const)
    const table = columns(rows, (cell, column, row) => (column === 0 ? paint(styles[findings[row]?.state ?? 'ok'], cell) : cell))
    const verdict =
      problems === 0 ? paint('green', 'Your server would accept it.') : paint('red', `${problems} problem${problems === 1 ? '' : 's'}.`)
    return { code: problems === 0 ? 0 : 1, json: { ok: problems === 0, kind, findings }, text: `${table}\n\n${verdict}` }
  },
}
