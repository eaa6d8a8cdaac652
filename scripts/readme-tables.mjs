// Generates the tables of README.md and SECURITY.md from the code. `node scripts/readme-tables.mjs [--check]` after `npm run compile`:
// rewrites them, or fails if that would change them.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('..', import.meta.url)
const built = new URL(process.env.BUILD_DIR ?? 'build/', root)
const { refusals, assertionRefusals, assertionUses } = await import(new URL('lib/host/errors.js', built).href)
const { checksBeforeLookup, checksOfRegistration } = await import(new URL('lib/rules/jwt-checks.js', built).href)

const { faultTable } = await import(new URL('__tests__/support/faults.js', built).href)
const { clientPolicy, issuerPolicy } = await import(new URL('lib/rules/policy.js', built).href)

const code = (text) => `\`${text}\``
const assertionReasons = Object.keys(assertionRefusals).map(code).join(', ')

function errorTable() {
  const rows = new Map()
  for (const [reason, [status, error]] of Object.entries(refusals)) {
    const key = `| ${status} | ${code(error)} |`
    rows.set(key, [...(rows.get(key) ?? []), code(reason)])
  }
  const uses = Object.values(assertionUses).map(([, error]) => code(error))
  return [
    '| status | `error` | reasons |',
    '|---|---|---|',
    ...[...rows].map(([key, reasons]) => `${key} ${reasons.join(', ')} |`),
    `| 401 or 400 | ${uses[0]} for a \`client_assertion\`, ${uses[1]} for an \`assertion\` | ${assertionReasons} |`,
  ]
}

const rungTable = () => [
  '| reason | what must hold |',
  '|---|---|',
  ...[...checksBeforeLookup, ...checksOfRegistration].map(({ reason, demands }) => `| ${code(reason)} | ${demands} |`),
]

/** The results of the policy functions for every kind of client. */
function policyTable() {
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  const registered = { client_id: 'c', grant_types: [grant, 'client_credentials'] }
  const open = { publicClients: { scope: '', maxLifetime: 300 } }
  const kinds = [
    ['authenticates', { level: 'authenticated', client_id: 'c', client: registered }, open],
    ['public, with `publicClients`', { level: 'identified', client_id: 'c', client: registered }, open],
    ['public, without', { level: 'identified', client_id: 'c', client: registered }, { publicClients: undefined }],
    ['none named', { level: 'anonymous' }, open],
  ]
  const answer = (refused) => (refused ? code(refusals[refused.refused][1]) : 'yes')
  const demands = ['required', 'identified', 'none']
  return [
    `| the client | ${code('client_credentials')} | ${demands.map((demand) => `JWT grant, issuer says ${code(demand)}`).join(' | ')} |`,
    '|---|---|---|---|---|',
    ...kinds.map(([name, client, settings]) => {
      const request = (grant_type) => ({ grant_type, parameters: {} })
      const byGrant = demands.map((client_authentication) =>
        answer(
          clientPolicy(client, request(grant), settings) ??
            issuerPolicy(client, { issuer: 'i', clients: ['c'], client_authentication }, {}),
        ),
      )
      return `| ${name} | ${answer(clientPolicy(client, request('client_credentials'), settings))} | ${byGrant.join(' | ')} |`
    }),
  ]
}

function fill(file, text, name, rows) {
  const between = new RegExp(`(<!-- ${name} -->\\n)(?:\\|.*\\n)*`)
  if (!between.test(text)) throw new Error(`${file} has no <!-- ${name} -->`)
  return text.replace(between, (_, marker) => `${marker}${rows.join('\n')}\n`)
}

const documents = {
  'README.md': { policy: policyTable(), errors: errorTable(), rungs: rungTable() },
  'SECURITY.md': { faults: faultTable() },
}
for (const [file, tables] of Object.entries(documents)) {
  const path = fileURLToPath(new URL(file, root))
  const before = readFileSync(path, 'utf8')
  const after = Object.entries(tables).reduce((text, [name, rows]) => fill(file, text, name, rows), before)
  if (!process.argv.includes('--check')) writeFileSync(path, after)
  else if (before !== after) {
    console.error(`${file}: its tables are not those of the code. Run npm run docs.`)
    process.exitCode = 1
  }
}
