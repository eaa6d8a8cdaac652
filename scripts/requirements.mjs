// Fills the column "where proven" of docs/requirements.md. `node scripts/requirements.mjs [--check] [folder of the project]`: rewrites the page,
// or fails if that would change it. Fails, too, if a test names an id that has no row, or if no test names the id of a row.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { transform } from 'esbuild'

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true })
const root = positionals[0] ?? fileURLToPath(new URL('..', import.meta.url))
const [page, tests] = ['docs/requirements.md', '__tests__']
const byId = (a, b) => a.localeCompare(b, 'en', { numeric: true })

/** The ids in a file, without its comments. Every string counts, since the names of `.each` stand in tables of their own. */
async function idsIn(path) {
  const { code } = await transform(readFileSync(join(root, path), 'utf8'), {
    loader: 'ts',
    minifyWhitespace: true,
    legalComments: 'none',
  })
  return code.match(/\b(?:[A-Z]{1,2}-\d{2}|I\d{1,2})\b/g) ?? []
}

/** The tables that name the tests of a file: those of the profiles stand beside their functions. */
const tablesOf = (file) =>
  file === 'profiles/profiles.test.ts' ? readdirSync(join(root, 'lib/profiles')).map((name) => `lib/profiles/${name}`) : []

/** Each id, with the test files that name it. */
async function citations() {
  const all = readdirSync(join(root, tests), { recursive: true, encoding: 'utf8' })
  const files = all.filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules')) // those of the hosts are not ours
  const named = new Map()
  for (const file of files.map((path) => path.replaceAll('\\', '/')).sort())
    for (const id of new Set((await Promise.all([posix.join(tests, file), ...tablesOf(file)].map(idsIn))).flat()))
      named.set(id, [...(named.get(id) ?? []), file])
  return named
}

const problems = []
const rows = new Set()
const cited = await citations()

function row(line) {
  const [, id, requirement] = line.split(/\s*(?<!\\)\|\s*/)
  if (rows.has(id)) problems.push(`${page}: ${id} has two rows.`)
  if (!cited.has(id)) problems.push(`${page}: no test names ${id}.`)
  rows.add(id)
  const links = (cited.get(id) ?? []).map((file) => `[${basename(file, '.test.ts')}](${posix.join('..', tests, file)})`)
  return { id, text: `| ${id} | ${requirement} | ${links.join(', ')} |\n` }
}

const table = /(?<=^\| id \| requirement \| where proven \|\n\|---\|---\|---\|\n)(?:\|.*\n)+/gm
const before = readFileSync(join(root, page), 'utf8')
const after = before.replace(table, (lines) => {
  const sorted = lines
    .trimEnd()
    .split('\n')
    .map(row)
    .sort((a, b) => byId(a.id, b.id))
  return sorted.map(({ text }) => text).join('')
})
for (const [id, files] of cited) if (!rows.has(id)) problems.push(`${page} has no row for ${id}, which a test names: ${files.join(', ')}.`)
if (!values.check) writeFileSync(join(root, page), after)
else if (before !== after) problems.push(`${page} is not what the names of the tests make it. Run npm run docs.`)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
