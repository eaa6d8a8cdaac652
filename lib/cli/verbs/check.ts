import { checkClient, checkOptions, checkTrustedIssuer, type Findings } from '../../index.js'
import { UsageError } from '../io.js'
import { painter } from '../painter.js'
import { readRegistrations } from '../registrations.js'
import { commandName, type Verb } from '../verb.js'

interface Checked extends Findings {
  readonly what: string
}

/** A file of data has no functions: whether the hooks are there is not asked. */
const hooks = { findClient() {}, findIssuer() {}, authorizeGrant() {}, mintToken() {} }

const kinds = ['options', 'client', 'issuer']

export const check: Verb = {
  name: 'check',
  summary: 'Check options and registrations before they are deployed',
  args: [['FILE', 'JSON, or a module that exports: options, client, clients, issuer, issuers; - for stdin']],
  flags: { as: { value: 'KIND', about: 'what the file is, if it is one object or a list: options, client or issuer' } },
  about: ['In JSON, not_after of an issuer is a text such as "2027-01-31T00:00:00Z".'],
  examples: [`${commandName} check registrations.mjs`, `${commandName} check client.json --as client --json`],
  async run(input, io) {
    const as = input.text('as')
    if (as !== undefined && !kinds.includes(as)) throw new UsageError('--as must be options, client or issuer.')
    const { options, clients, issuers } = await readRegistrations(input.arg(0), io, as)
    const checked: Checked[] = [
      ...(options === undefined ? [] : [{ what: 'options', ...checkOptions({ hooks, ...(options as object) }) }]),
      ...clients.map((client) => ({ what: `client ${String(client.client_id)}`, ...checkClient(client) })),
      ...issuers.map((issuer) => ({ what: `issuer ${String(issuer.issuer)}`, ...checkTrustedIssuer(issuer) })),
    ]
    const paint = painter(io.colour)
    const lines = checked.flatMap(({ what, errors, warnings }) => [
      `${errors.length > 0 ? paint('red', '✗') : warnings.length > 0 ? paint('yellow', '!') : paint('green', '✓')} ${what}`,
      ...errors.map((error) => `    ${paint('red', 'error')}: ${error}`),
      ...warnings.map((warning) => `    ${paint('yellow', 'warning')}: ${warning}`),
    ])
    const code = checked.some(({ errors }) => errors.length > 0) ? 1 : 0
    return { code, json: { ok: code === 0, checked }, text: lines.join('\n') }
  },
}
