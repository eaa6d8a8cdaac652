// Generates the reference pages in docs/reference/, the table of faults in SECURITY.md and that of groups in docs/mutation.md, from the code and its docstrings.
// `node scripts/reference.mjs [--check]` after `npm run compile`: rewrites what stands between the markers, or fails if that would change it.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { groups } from './mutation-groups.mjs'
import { literalsOf, membersOf, summaryOf } from './read-interface.mjs'

const root = new URL('..', import.meta.url)
const built = new URL(process.env.BUILD_DIR ?? 'build/', root)
const read = (file) => readFileSync(new URL(file, root), 'utf8')
const { refusals, assertionRefusals, assertionUses } = await import(new URL('lib/host/refusals.js', built).href)
const { checksBeforeLookup, checksOfRegistration } = await import(new URL('lib/rules/jwt-checks.js', built).href)
const { clientPolicy, issuerPolicy } = await import(new URL('lib/rules/policy.js', built).href)
const { spoiled } = await import(new URL('lib/testing/spoiled.js', built).href)
const { helpOf, helpOfAll } = await import(new URL('lib/cli/help.js', built).href)
const { verbs } = await import(new URL('lib/cli/verbs.js', built).href)
const { faultTable } = await import(new URL('__tests__/support/faults.js', built).href)
const { profiles } = await import(new URL('lib/profiles/index.js', built).href)
const { helpTexts } = await import(new URL('lib/development/help/texts.js', built).href)

const code = (text) => `\`${text}\``
const pages = {
  Client: 'client.md',
  Hooks: 'hooks.md',
  ReplayStore: 'stores.md',
  TokenEndpointEvent: 'events.md',
  TrustedIssuer: 'trusted-issuer.md',
  Options: 'options.md',
}
const linked = (text) => text.replaceAll(/\{@link (\w+)\}/g, (_, name) => (pages[name] ? `[${code(name)}](${pages[name]})` : code(name)))
const anchor = (name) => name.toLowerCase().replaceAll('.', '')
const firstSentence = (text) => linked(/^.*?[.:](?= [A-Z`]|$)/.exec(text.split('\n')[0])?.[0] ?? text).replace(/:$/, '.')
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n\n', ' ')

const sourceOf = (name, file) => {
  const text = read(`lib/${file}.ts`)
  const own = membersOf(text, name)
  const inherits = new RegExp(`^export interface ${name}\\b[^\\n]* extends [^{]*(KeyRegistration|IssuerKeys)`, 'm').exec(text)
  return { summary: linked(summaryOf(text, name)), members: inherits ? [...own, ...keyMembers(inherits[1])] : own }
}
const keyMembers = (of) => [
  ...membersOf(read('lib/host/jwk.ts'), 'KeyRegistration'),
  ...(of === 'IssuerKeys' ? membersOf(read('lib/host/jwk.ts'), of) : []),
]
/** Members of nested objects follow their group, by their path. */
const flat = (members, path = '') =>
  members.flatMap(({ members: nested, ...member }) => [
    { ...member, name: path + member.name },
    ...flat(nested ?? [], `${path}${member.name}.`),
  ])

const defaultOf = ({ optional, default: value, type }) => {
  if (value !== undefined) return code(value)
  return optional ? (type === 'object' ? '' : 'none') : 'required'
}

/** A table that links to a section for each member. */
function sections(name, file) {
  const { summary, members } = sourceOf(name, file)
  const all = flat(members)
  const short = (member) => (defaultOf(member).length > 40 ? 'see below' : defaultOf(member))
  const rows = all.map(
    (member) => `| [${code(member.name)}](#${anchor(member.name)}) | ${short(member)} | ${cell(firstSentence(member.text))} |`,
  )
  const details = all.map((member) => {
    const facts = [`Type: ${code(member.type)}.`, ...(defaultOf(member) ? [fact(defaultOf(member))] : [])]
    return `### ${member.name}\n\n${linked(member.text)}\n\n${facts.join(' ')}`
  })
  return [summary, ['| name | default | in short |', '|---|---|---|', ...rows].join('\n'), ...details].join('\n\n')
}
const fact = (value) => (value === 'required' ? 'Required.' : value === 'none' ? 'Default: none.' : `Default: ${value}.`)

function table(name, file, { hasDefaults = true } = {}) {
  const { summary, members } = sourceOf(name, file)
  const rows = flat(members).map((member) => {
    const cells = [code(member.name), code(member.type), ...(hasDefaults ? [defaultOf(member)] : []), linked(member.text)]
    return `| ${cells.map(cell).join(' | ')} |`
  })
  const head = hasDefaults ? ['| name | type | default | meaning |', '|---|---|---|---|'] : ['| name | type | meaning |', '|---|---|---|']
  return `${summary}\n\n${[...head, ...rows].join('\n')}`
}

/** A section for each hook: how it is called, and what it must do. */
function hookSections() {
  const { summary, members } = sourceOf('Hooks', 'host/hooks')
  const details = members.map(({ name, type, text }) => {
    const signature = `\`\`\`ts\n${name}${type.startsWith('(') ? '' : ': '}${type}\n\`\`\``
    return `### ${name}\n\n${signature}\n\n${linked(text)}`
  })
  return [summary, ...details].join('\n\n')
}

function eventSections() {
  const { summary, members } = sourceOf('TokenEndpointEvent', 'host/event')
  const details = members.map(({ name, type, text, optional }) => {
    return `### ${name}\n\n${linked(text)}\n\nType: ${code(type)}. ${optional ? 'It may be absent.' : 'It is always there.'}`
  })
  return [summary, ...details].join('\n\n')
}

const noticeTable = () =>
  [
    '| notice | meaning |',
    '|---|---|',
    ...literalsOf(read('lib/host/notice.ts'), 'Notice').map(({ name, text }) => `| ${code(name)} | ${text} |`),
  ].join('\n')

const capital = (text) => text[0].toUpperCase() + text.slice(1)
const checks = [...checksBeforeLookup, ...checksOfRegistration]

function reasonSection(reason, onTheWire) {
  const { cause, fix, check } = helpTexts[reason]
  const demands = checks.filter((check) => check.reason === reason).map((check) => check.demands)
  const demanded = demands.length > 0 ? demands.join('; ') : check
  return [
    `### ${reason}`,
    onTheWire,
    [...(demanded ? [`* Check: ${demanded}.`] : []), `* Usual cause: ${cause}`, `* Fix: ${fix}`].join('\n'),
  ].join('\n\n')
}

/** A section for each reason, in the groups of lib/host/refusals.ts. */
function errorSections() {
  const source = read('lib/host/refusals.ts').split('\n')
  const parts = []
  for (const [reason, [status, error, text]] of Object.entries(refusals)) {
    const before = source[source.findIndex((line) => line.startsWith(`  ${reason}: [`)) - 1]
    const group = /^ {2}\/\/ ([^:]*)/.exec(before)?.[1]
    if (group) parts.push(`## ${capital(group)}`)
    parts.push(reasonSection(reason, `${status} ${code(error)}: "${text}"`))
  }
  const [client, grant] = [assertionUses.client, assertionUses.grant]
  const uses = `${client[0]} ${code(client[1])} for a ${code('client_assertion')}, ${grant[0]} ${code(grant[1])} for an ${code('assertion')}`
  parts.push('## The JWT')
  for (const [reason, text] of Object.entries(assertionRefusals))
    parts.push(reasonSection(reason, text ? `${uses}: "${text}"` : `${uses}. The text is constant: "${client[2]}" or "${grant[2]}"`))
  parts.push('## A hook', reasonSection('hook_denied', 'Status, `error` and text are those of the `OAuthError` that a hook threw.'))
  return parts.join('\n\n')
}

function errorTable() {
  const rows = new Map()
  const link = (reason) => `[${code(reason)}](#${reason})`
  for (const [reason, [status, error]] of Object.entries(refusals)) {
    const key = `| ${status} | ${code(error)} |`
    rows.set(key, [...(rows.get(key) ?? []), link(reason)])
  }
  const [client, grant] = [assertionUses.client, assertionUses.grant]
  const ofJwts = Object.keys(assertionRefusals).map(link).join(', ')
  return [
    '| status | `error` | reasons |',
    '|---|---|---|',
    ...[...rows].map(([key, listed]) => `${key} ${listed.join(', ')} |`),
    `| ${client[0]} or ${grant[0]} | ${code(client[1])} for a \`client_assertion\`, ${code(grant[1])} for an \`assertion\` | ${ofJwts} |`,
  ].join('\n')
}

const checkTable = () =>
  [
    '| reason | what must hold |',
    '|---|---|',
    ...checks.map(({ reason, demands }) => `| [${code(reason)}](#${reason}) | ${demands} |`),
  ].join('\n')

/** The results of the policy functions for every kind of client. */
function policyTable() {
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  const registered = { client_id: 'c', grant_types: [grant, 'client_credentials'] }
  const open = { publicClients: { scope: '', maxLifetime: 300 } }
  const kinds = [
    ['is authenticated', { level: 'authenticated', client_id: 'c', client: registered }, open],
    ['is public, with `publicClients`', { level: 'identified', client_id: 'c', client: registered }, open],
    ['is public, without `publicClients`', { level: 'identified', client_id: 'c', client: registered }, { publicClients: undefined }],
    ['is not named', { level: 'anonymous' }, open],
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
  ].join('\n')
}

/** What each spoiled JWT is refused with. */
function spoiledTable() {
  const reason = (refusal) => (refusal ? `[${code(refusal.reason)}](errors.md#${refusal.reason})` : '')
  const rows = Object.entries(spoiled).map(([name, { wrong, refused, needsKeyPair, needsRegistration }]) => {
    const needs = [
      ...(needsKeyPair ? ['The signer must have a key pair.'] : []),
      ...Object.entries(needsRegistration ?? {}).map(([member, value]) => `The registration must have ${code(`${member}: ${value}`)}.`),
    ]
    return `| ${code(name)} | ${[wrong, ...needs].join(' ')} | ${reason(refused.grant)} | ${reason(refused.client)} |`
  })
  return ['| name | what is wrong | as grant | as client assertion |', '|---|---|---|---|', ...rows].join('\n')
}

/** A section for each profile: what it is for, a call, what it sets and why, what it refuses. */
function profileSections() {
  const listed = (rows) => rows.join(', ')
  const shown = ({ value, argument }) =>
    argument === undefined ? code(JSON.stringify(value).replaceAll('"', "'")) : `the argument ${code(argument)}`
  const made = {
    Registration: `${code('{ issuer, client }')}, for ${code('findIssuer')} and ${code('findClient')}`,
    Options: `a part of ${code('Options')}`,
  }
  return Object.values(profiles)
    .map(({ name, about, makes, path, lines, example, wrong }) => {
      const set = Object.entries(lines).map(
        ([member, line]) => `| ${code(member)} | ${shown(line)} | ${capital(line.why)}. | ${listed(line.rows)} |`,
      )
      const refused = Object.values(wrong).map(
        (one) => `| ${one.wrong} | [${code(one.reason)}](errors.md#${one.reason}) | ${listed(one.rows)} |`,
      )
      return [
        `## ${name}`,
        `${capital(about)}. It makes ${made[makes] ?? `a ${code(makes)}`}.`,
        ...(path
          ? [
              `Its libraries call ${code(path)}: mount your endpoint there, too, and list the URL in the option ${code('tokenEndpointUrl')}.`,
            ]
          : []),
        `\`\`\`js\nconst made = ${example}\n\`\`\``,
        ['| member | value | why | rules |', '|---|---|---|---|', ...set].join('\n'),
        ['| refused | reason | rules |', '|---|---|---|', ...refused].join('\n'),
      ].join('\n\n')
    })
    .join('\n\n')
}

const groupTable = () => {
  const list = (paths) => paths.map(code).join(', ')
  const rows = Object.entries(groups).map(([name, { mutate, tests }]) => {
    return `| ${code(name)} | ${list(mutate)} | ${list(tests.map((test) => `__tests__/${test}.test.ts`))} |`
  })
  return ['| group | changes | tests |', '|---|---|---|', ...rows].join('\n')
}

const documents = {
  'docs/reference/options.md': { options: sections('Options', 'host/options') },
  'docs/reference/client.md': {
    client: sections('ClientMetadata', 'host/client'),
    'federated-credential': table('FederatedCredential', 'host/client'),
    policy: policyTable(),
  },
  'docs/reference/trusted-issuer.md': { 'trusted-issuer': sections('TrustedIssuer', 'host/trusted-issuer') },
  'docs/reference/hooks.md': {
    hooks: hookSections(),
    'grant-candidate': table('GrantCandidate', 'host/hooks', { hasDefaults: false }),
    'grant-decision': table('GrantDecision', 'host/hooks'),
    granted: table('Granted', 'host/hooks', { hasDefaults: false }),
    'client-metadata-documents': table('ClientMetadataDocumentsOptions', 'client-metadata-documents/client-metadata-documents'),
    'client-certificate': table('ClientCertificate', 'host/client', { hasDefaults: false }),
    'token-minter': tokenMinterTable(),
  },
  'docs/reference/steps.md': {
    'token-state': table('TokenState', 'host/token-state', { hasDefaults: false }),
    request: table('TokenRequest', 'host/token-state', { hasDefaults: false }),
    'client-authentication': table('ClientAuthentication', 'host/token-state', { hasDefaults: false }),
    'jwt-grant': table('JwtGrant', 'host/token-state', { hasDefaults: false }),
  },
  'docs/reference/events.md': {
    event: eventSections(),
    notices: noticeTable(),
    'audience-report': table('AudienceReportOptions', 'host/audience-report'),
    'audience-snapshot': table('AudienceSnapshot', 'host/audience-report', { hasDefaults: false }),
    'audience-counts': table('AudienceCounts', 'host/audience-report', { hasDefaults: false }),
  },
  'docs/reference/stores.md': {
    memory: table('MemoryReplayStoreOptions', 'replay/memory'),
    redis: table('RedisReplayStoreOptions', 'replay/redis/redis'),
    postgres: postgresTable(),
  },
  'docs/reference/errors.md': { errors: errorTable(), checks: checkTable(), reasons: errorSections() },
  'docs/reference/testing.md': {
    'test-issuer-options': table('TestIssuerOptions', 'testing/test-issuer'),
    'test-issuer': testSignerTable('TestIssuer', 'testing/test-issuer'),
    'test-client-options': table('TestClientOptions', 'testing/test-client'),
    'test-client': testSignerTable('TestClient', 'testing/test-client'),
    'jwt-overrides': table('JwtOverrides', 'testing/signer'),
    spoiled: spoiledTable(),
    'spoiled-jwt': table('SpoiledJwt', 'testing/spoiled-jwt', { hasDefaults: false }),
    'token-request-answer': table('TokenRequestAnswer', 'testing/token-request', { hasDefaults: false }),
  },
  'docs/reference/cli.md': {
    help: printed(helpOfAll(verbs)),
    ...Object.fromEntries(verbs.map((verb) => [verb.name, printed(helpOf(verb))])),
  },
  'docs/reference/profiles.md': { profiles: profileSections() },
  'docs/mutation.md': { groups: groupTable() },
  'SECURITY.md': { faults: faultTable().join('\n') },
}

/** What a command prints. */
function printed(text) {
  return `\`\`\`text\n${text}\n\`\`\``
}

/** The options of an interface and of the one that it extends, in one table. */
function tokenMinterTable() {
  const own = table('TokenMinterOptions', 'issue-token/token-minter')
  return `${own}\n${table('JwtSignerOptions', 'issue-token/jwt-signer').split('\n').slice(4).join('\n')}`
}
function testSignerTable(name, file) {
  const own = table(name, file, { hasDefaults: false })
  return `${own}\n${table('TestSigner', 'testing/signer', { hasDefaults: false }).split('\n').slice(4).join('\n')}`
}
function postgresTable() {
  const own = table('PostgresReplayStoreOptions', 'replay/postgres/postgres')
  return `${own}\n${table('PostgresTableOptions', 'replay/postgres/postgres-statements').split('\n').slice(4).join('\n')}`
}

function fill(file, text, name, content) {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`]
  const at = text.indexOf(begin)
  if (at < 0) throw new Error(`${file} has no <!-- ${name} -->`)
  const until = text.indexOf(end)
  if (until > at) return `${text.slice(0, at + begin.length)}${content}\n${text.slice(until)}`
  return text.replace(new RegExp(`(${begin})(?:\\|.*\\n)*`), (_, marker) => `${marker}${content}\n`) // a table alone ends by itself
}

for (const [file, blocks] of Object.entries(documents)) {
  const path = fileURLToPath(new URL(file, root))
  const before = readFileSync(path, 'utf8')
  const after = Object.entries(blocks).reduce((text, [name, content]) => fill(file, text, name, content), before)
  if (!process.argv.includes('--check')) writeFileSync(path, after)
  else if (before !== after) {
    console.error(`${file} is not what the code and its docstrings make it. Run npm run docs.`)
    process.exitCode = 1
  }
}
