// Runs StrykerJS for each group (`npm run mutation`, or `npm run mutation -- rules replay/memory` for some), and writes the scores of the last run
// of each group into docs/mutation.md. `--report` only writes them. Fails if the total is below 93 %.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { groups } from './mutation-groups.mjs'

const least = 93
const asked = process.argv.slice(2)
const wanted = asked.filter((name) => name !== '--report')
const isWanted = (name) => asked.length === 0 || wanted.some((part) => name === part || name.startsWith(`${part}/`))
const names = Object.keys(groups).filter(isWanted)
for (const part of wanted)
  if (!names.some((name) => name === part || name.startsWith(`${part}/`))) throw new Error(`There is no group ${part}.`)
for (const name of names) {
  const { status } = spawnSync('node_modules/.bin/stryker', ['run'], { stdio: 'inherit', env: { ...process.env, MUTATION_GROUP: name } })
  if (status !== 0) process.exit(status ?? 1)
}

/** For each mutant of each file, whether any group detected it. Mutants that do not load are left out. */
const files = new Map()
const missing = []
for (const name of Object.keys(groups)) {
  const path = `reports/mutation/${name}.json`
  if (!existsSync(path)) {
    missing.push(`\`${name}\``)
    continue
  }
  for (const [file, { mutants }] of Object.entries(JSON.parse(readFileSync(path, 'utf8')).files)) {
    for (const { status, mutatorName, location, replacement } of mutants) {
      if (!['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status)) continue
      const key = JSON.stringify([location, mutatorName, replacement])
      const found = files.get(file) ?? files.set(file, new Map()).get(file)
      found.set(key, found.get(key) || status === 'Killed' || status === 'Timeout')
    }
  }
}

const scoreOf = (mutants) => (100 * mutants.filter(Boolean).length) / mutants.length
const row = (name, mutants) =>
  `| ${name} | ${mutants.length} | ${mutants.filter(Boolean).length} | ${mutants.filter((found) => !found).length} | ${scoreOf(mutants).toFixed(1)} % |`
const all = [...files.values()].flatMap((mutants) => [...mutants.values()])
const rows = [...files].map(([file, mutants]) => row(`\`${file}\``, [...mutants.values()])).sort()
const table = ['| File | mutants | found | not found | score |', '|---|---|---|---|---|', ...rows, row('all', all)].join('\n')
const scores =
  missing.length === 0 ? table : `${table}\n\nThese groups did not run, so the table has no file of theirs: ${missing.join(', ')}.`
console.log(scores)

const page = 'docs/mutation.md'
const [begin, end] = ['<!-- scores -->\n', '\n<!-- end of scores -->']
const text = readFileSync(page, 'utf8')
writeFileSync(page, text.slice(0, text.indexOf(begin) + begin.length) + scores + text.slice(text.indexOf(end)))
if (scoreOf(all) < least) {
  console.error(`The score is below ${least} %.`)
  process.exitCode = 1
}
