// `node report.mjs`: writes RESULTS.md and the charts from results/. run.mjs does so when it ends.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { barChart, lineCharts } from './chart.mjs'
import { goals } from './goals.mjs'
import { ratio, summary } from './harness/stats.mjs'

const names = {
  hello: 'Express 5, hello',
  limit: 'the limit: Express 5, raw node:crypto, no policy',
  'hand-written': 'hand-written: Express 5, jose, lru-cache',
  'ours-express5': '**this package**, Express 5',
  'ours-express4': '**this package**, Express 4',
  'ours-steps': '**this package**, four steps mounted apart',
  'oidc-provider': 'node-oidc-provider',
  'node-oauth': '@node-oauth/oauth2-server, with a secret',
  jmondi: '@jmondi/oauth2-server, with a secret',
}

export function saveResult(folder, part, major, content) {
  mkdirSync(join(folder, 'results'), { recursive: true })
  writeFileSync(join(folder, 'results', `${part}-${major}.json`), JSON.stringify(content))
}

/** All saved results: `{ matrix: { 20: { about, result }, … }, … }`. */
function readResults(folder) {
  const results = {}
  for (const file of readdirSync(join(folder, 'results'))) {
    const [, part, major] = /^(.+)-(\d+)\.json$/.exec(file)
    results[part] ??= {}
    results[part][major] = JSON.parse(readFileSync(join(folder, 'results', file), 'utf8'))
  }
  return results
}

export function writeReport(folder) {
  const results = readResults(folder)
  const sections = [intro, goalTable, matrixTables, refusalTables, openLoopTables, growthTables, soakTables].map((section) =>
    section(results),
  )
  writeFileSync(join(folder, 'RESULTS.md'), `${sections.flat().join('\n').trim()}\n`)
  for (const [name, chart] of [
    ['chart.svg', barChart(results.matrix, names)],
    ['growth.svg', lineCharts(results.growth)],
  ]) {
    if (chart) writeFileSync(join(folder, name), chart)
  }
}

const number = (value, digits = 0) => (value === null || value === undefined ? '–' : value.toFixed(digits))
const spread = ({ median, low, high }, digits = 0) => `${number(median, digits)} (${number(low, digits)}–${number(high, digits)})`
const series = (rounds, name) => rounds.map((round) => round[name])
const cpuOf = (rounds) => series(rounds, 'cpu')
const mid = (rounds, name) => summary(series(rounds, name)).median
const perNode = (results, part, render) =>
  Object.entries(results[part] ?? {}).flatMap(([major, { about, result }]) => render(about.node, result, major))
const table = (head, rows) => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
  '',
]

function intro(results) {
  const runs = Object.values(results).flatMap((part) => Object.values(part).map(({ about }) => about))
  const one = (name) => [...new Set(runs.map((about) => about[name]))].join(', ')
  return [
    '# Results',
    '',
    `Written by \`npm run bench\` on ${one('date')}; ${one('cpu')}; ${runs.every(({ pinned }) => pinned) ? 'servers on one core, the load on another' : 'servers and load not pinned'}; Node ${one('node')}; rounds: ${one('rounds')}.`,
    'Figures are medians, with the smallest and largest of the rounds in parentheses. [README.md](README.md) says how to read them.',
    '',
  ]
}

function goalTable(results) {
  const rows = goals.flatMap(({ name, least, aim, most, value, digits = 2 }) =>
    value(results).map(({ node, ...figure }) => {
      const measured = typeof figure.median === 'number' ? spread(figure, digits) : '–'
      const bound = most === undefined ? `≥ ${least(node)}` : `≤ ${most}`
      const holds = most === undefined ? figure.median >= least(node) : figure.median <= most
      return [name, `Node ${node}`, measured, bound, aim(node), holds ? 'yes' : 'no']
    }),
  )
  return rows.length === 0 ? [] : ['## What it must show', '', ...table(['ratio', 'on', 'measured', 'bound', 'aim', 'holds'], rows)]
}

function matrixTables(results) {
  return perNode(results, 'matrix', (node, scenarios) => [
    `## Valid requests, Node ${node}`,
    '',
    ...scenarios.flatMap(({ use, alg, token, contenders }) => {
      const own = cpuOf(contenders['ours-express5'])
      const rows = Object.entries(contenders).map(([contender, rounds]) => [
        names[contender],
        spread(summary(cpuOf(rounds))),
        `${number(mid(rounds, 'rate'))}${mid(rounds, 'busy') < 0.9 ? ' *' : ''}${mid(rounds, 'shed') > 0.01 ? ` (${number(mid(rounds, 'shed') * 100)} % shed)` : ''}`,
        number(mid(rounds, 'p50'), 1),
        number(mid(rounds, 'p99'), 1),
        spread(ratio(cpuOf(rounds), own), 2),
      ])
      return [`**${use}, ${alg} → ${token}**`, '', ...table(['', 'CPU µs', 'requests/s', 'p50 ms', 'p99 ms', 'CPU ÷ ours'], rows)]
    }),
    '\\* the server was not fully busy: the load was the bound.',
    '',
  ])
}

function refusalTables(results) {
  return perNode(results, 'refusals', (node, matches) => [
    `## Refusals, Node ${node}: server CPU µs, and against a valid request of the same contender`,
    '',
    ...matches.flatMap(({ use, contenders }) => {
      const who = Object.keys(contenders)
      const rows = Object.keys(contenders[who[0]]).map((name) => [
        name,
        ...who.map((contender) => {
          const { [name]: rounds, valid } = contenders[contender]
          const statuses = Object.keys(rounds[0].statuses)
            .map((status) => (status === '0' ? 'reset' : status))
            .join('/')
          return `${number(mid(rounds, 'cpu'))} · ${spread(ratio(cpuOf(rounds), cpuOf(valid)), 2)} · ${statuses}`
        }),
      ])
      return table([`as a ${use}`, ...who.map((contender) => names[contender])], rows)
    }),
  ])
}

function openLoopTables(results) {
  return perNode(results, 'open-loop', (node, contenders) => [
    `## Constant arrival rates, Node ${node}`,
    '',
    'p99 in ms from the moment a request was due.',
    '',
    ...table(
      [
        '',
        '1,000 valid/s while 8,000 expired/s arrive',
        'valid at 0.3 of capacity',
        'the same with as much garbage',
        '2 × capacity: p99 of accepted',
        'goodput ÷ capacity',
      ],
      Object.entries(contenders).map(([contender, rounds]) => [
        names[contender],
        ...[
          ['flood', 'valid'],
          ['calm', 'valid'],
          ['halfGarbage', 'valid'],
        ].map(([run, stream]) => spread(summary(rounds.map((round) => round[run][stream].p99)), 1)),
        spread(summary(rounds.map(({ overload }) => overload.accepted.p99)), 1),
        spread(summary(rounds.map(({ overload, capacity }) => overload.goodput / capacity)), 2),
      ]),
    ),
  ])
}

function growthTables(results) {
  return perNode(results, 'growth', (node, { axes, processes, store }) => [
    `## Growth, Node ${node}`,
    '',
    '![CPU a request as things grow](growth.svg)',
    '',
    ...Object.entries(axes).flatMap(([name, points]) =>
      table(
        [name, 'CPU µs', '÷ first', 'CPU µs in the first round of all', 'heap MB'],
        points.map(({ point, rounds, first, heapUsed }) => [
          point.toLocaleString('en'),
          spread(summary(cpuOf(rounds))),
          spread(ratio(cpuOf(rounds), cpuOf(points[0].rounds)), 2),
          number(first),
          number(heapUsed / 2 ** 20),
        ]),
      ),
    ),
    ...table(
      ['store, processes', 'CPU µs', 'requests/s', 'p99 ms'],
      Object.entries(processes).map(([name, rounds]) => [
        name,
        spread(summary(cpuOf(rounds))),
        number(mid(rounds, 'rate')),
        number(mid(rounds, 'p99'), 1),
      ]),
    ),
    ...table(
      ['ids in a memory store', 'µs a consume', 'worst consume ms', 'heap bytes an id'],
      (store ?? []).map(({ ids, consume, stall, bytes }) => [
        ids.toLocaleString('en'),
        number(consume, 2),
        number(stall, 1),
        number(bytes),
      ]),
    ),
  ])
}

const answers = (statuses) =>
  Object.entries(statuses)
    .map(([status, count]) => `${count.toLocaleString('en')} × ${status}`)
    .join(', ')
const megabytes = (bytes) => number(bytes / 2 ** 20, 1)

function soakTables(results) {
  return [
    ...perNode(results, 'soak', (node, { phases, again, growthInvalid, bytesPerId }) => [
      `## Soak, Node ${node}`,
      '',
      `Invalid: ${answers(phases.invalid.statuses)}; the heap grew by ${megabytes(growthInvalid)} MB. Valid: ${answers(phases.valid.statuses)}; ${number(bytesPerId)} bytes of heap a remembered id. The last of them sent again: ${answers(again)}.`,
      '',
      ...table(
        ['heap MB after', ...phases.valid.heap.map(({ sent }) => sent.toLocaleString('en'))],
        Object.entries(phases).map(([name, { heap }]) => [name, ...heap.map(({ heapUsed }) => megabytes(heapUsed))]),
      ),
    ]),
    ...perNode(results, 'flood', (node, { max, sent, flood, before, other, again, growth }) => [
      `## Flood, Node ${node}`,
      '',
      `One issuer sent ${sent.toLocaleString('en')} valid grants to a store for ${max.toLocaleString('en')}: ${answers(flood)}. Another issuer's grants before: ${answers(before)}; meanwhile: ${answers(other)}; those from before sent again: ${answers(again)}. The heap grew by ${megabytes(growth)} MB.`,
      '',
    ]),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeReport(fileURLToPath(new URL('.', import.meta.url)))
