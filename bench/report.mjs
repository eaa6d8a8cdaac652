// `node report.mjs`: writes RESULTS.md and the charts from results/. run.mjs does so at the end of a full run.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { barChart, lineCharts } from './chart.mjs'
import { goals } from './goals.mjs'
import { nameOf, scenarios } from './parts/matrix.mjs'
import { growthTables, soakTables } from './report/endurance.mjs'
import { names, spread, table } from './report/format.mjs'
import { matrixTables, openLoopTables, refusalTables } from './report/speed.mjs'

export function saveResult(folder, part, major, content) {
  mkdirSync(join(folder, 'results'), { recursive: true })
  writeFileSync(join(folder, 'results', `${part}-${major}.json`), JSON.stringify(content))
}

/** Saves some scenarios of the matrix beside those that were measured before: each is a comparison of its own. */
export function saveScenarios(folder, major, content) {
  const path = join(folder, 'results', `matrix-${major}.json`)
  const before = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).result : []
  const isNew = (scenario) => content.result.some((one) => nameOf(one) === nameOf(scenario))
  const all = [...before.filter((scenario) => !isNew(scenario)), ...content.result]
  const place = (scenario) => scenarios.findIndex((one) => nameOf(one) === nameOf(scenario))
  saveResult(folder, 'matrix', major, { ...content, result: all.sort((a, b) => place(a) - place(b)) })
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

if (process.argv[1] === fileURLToPath(import.meta.url)) writeReport(fileURLToPath(new URL('.', import.meta.url)))
