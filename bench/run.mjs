// `node run.mjs [part…] [--node 20,22,24] [--rounds 5] [--only text] [--requests 1000000] [--report] [--smoke]`: measures, and writes
// results/; a full run, or one with --report, also RESULTS.md and the charts.
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pinned } from './harness/child.mjs'
import { nodes } from './harness/nodes.mjs'
import { full, smoke as tiny } from './harness/sizes.mjs'
import { summary } from './harness/stats.mjs'
import { makeKeys } from './harness/world.mjs'
import { saveResult, saveScenarios, writeReport } from './report.mjs'

const parts = ['matrix', 'refusals', 'open-loop', 'growth', 'soak', 'flood']
/** These take long and depend little on the version of Node: they run only on the newest. */
const onceOnly = ['growth', 'soak', 'flood']

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string' },
    rounds: { type: 'string' },
    only: { type: 'string' },
    requests: { type: 'string' },
    report: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
  },
})
const { smoke, only } = options
const stranger = positionals.find((part) => !parts.includes(part))
if (stranger) throw new Error(`There is no part ${stranger}: the parts are ${parts.join(', ')}.`)

const sizes = {
  ...(smoke ? tiny : full),
  ...(options.rounds && { rounds: Number(options.rounds) }),
  ...(options.requests && { soak: Number(options.requests), storeMax: Number(options.requests) / 10 }),
}
const found = nodes((options.node ?? '20,22,24').split(',').map(Number), smoke && !options.node)
const folder = smoke ? mkdtempSync(join(tmpdir(), 'bench-')) : fileURLToPath(new URL('.', import.meta.url))

/** Prints what was measured: medians of the rounds, and the spread of the CPU time. */
function log(title, rows) {
  console.log(title)
  if (smoke || !rows) return
  if (!Array.isArray(rows)) return console.log(`  ${typeof rows === 'string' ? rows : JSON.stringify(rows)}`)
  for (const { contender, rounds } of rows) {
    const { median, low, high } = summary(rounds.map(({ cpu }) => cpu))
    const of = (name) => summary(rounds.map((one) => one[name])).median
    console.log(
      `  ${contender.padEnd(22)} ${median.toFixed(1).padStart(7)} µs (${low.toFixed(1)}–${high.toFixed(1)}) ${of('rate').toFixed(0).padStart(7)}/s` +
        `  p50 ${of('p50').toFixed(1)} p99 ${of('p99').toFixed(1)} ms  server ${percent(of('busy'))}`,
    )
  }
}
const percent = (share) => `${Math.round(share * 100)} %`

/** `results/` of a fresh clone is empty: a part alone would leave nothing else in RESULTS.md. */
const isAll = positionals.length === 0 && only === undefined && options.node === undefined

if (!pinned && !smoke) console.error('No taskset, or one core only: server and load share what there is. The figures say little.')
const keys = makeKeys()
try {
  for (const part of positionals.length > 0 ? positionals : parts) {
    const { run } = await import(`./parts/${part}.mjs`)
    for (const node of onceOnly.includes(part) ? found.slice(-1) : found) {
      console.log(`\n== ${part}, Node ${node.version}`)
      const startedAt = new Date()
      const result = await run({ node, keys, sizes, only, smoke, log })
      const about = {
        part,
        node: node.version,
        rounds: sizes.rounds,
        cpu: cpus()[0].model,
        pinned,
        date: startedAt.toISOString().slice(0, 10),
      }
      if (only === undefined) saveResult(folder, part, node.major, { about, result })
      else if (part === 'matrix') saveScenarios(folder, node.major, { about, result })
    }
  }
  if (isAll || options.report || smoke) writeReport(folder)
  if (smoke) console.log('\nbench: everything works; no number was judged.')
} finally {
  if (smoke) rmSync(folder, { recursive: true, force: true })
}
