// Draws docs/demo.svg, the picture in README.md, from the output of the demo. `node scripts/demo-svg.mjs [--check]` after `npm run compile`:
// rewrites it, or fails if that would change it.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('..', import.meta.url)
const main = fileURLToPath(new URL(`${process.env.BUILD_DIR ?? 'build/'}demo-server/main.js`, root))
const env = { ...process.env, PORT: '0', NO_COLOR: '1' }
const printed = execFileSync(process.execPath, [main, '--exit'], { encoding: 'utf8', env }).trimEnd()
const lines = printed.replace(/(127\.0\.0\.1):\d+/, '$1:3000').split('\n')

const [columnWidth, lineHeight, margin] = [7.8, 18, 16]
const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const text = (piece) => piece.replace(/[&<>]/g, (character) => escapes[character])
const span = (kind, piece) => (piece ? `<tspan class="${kind}">${text(piece)}</tspan>` : '')
/** A row has a mark, the request, and after the arrow its answer, the sender and the reason. */
function drawn(line) {
  const [, mark, request, rest] = /^ ([✓✗])(.*?)(→.*)$/u.exec(line) ?? []
  if (mark) return `${span(mark === '✓' ? 'good' : 'bad', ` ${mark}`)}${text(request)}${span(/→ {2}2/.test(rest) ? 'good' : 'no', rest)}`
  return /^ \S/.test(line) ? span('head', line) : span('dim', line)
}
const rows = lines.map((line, row) => `<text x="${margin}" y="${margin + (row + 1) * lineHeight - 4}">${drawn(line)}</text>`)
const [width, height] = [Math.max(...lines.map((line) => line.length)) * columnWidth + 2 * margin, lines.length * lineHeight + 2 * margin]
const svg = `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${Math.ceil(width)} ${height}" role="img" aria-label="Output of npm run demo">
<style>text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#c9d1d9;white-space:pre}.good{fill:#7ee787}.bad{fill:#ff7b72}.no{fill:#ffa657}.dim{fill:#8b949e}.head{font-weight:bold}</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${rows.join('\n')}
</svg>
`

const file = fileURLToPath(new URL('docs/demo.svg', root))
if (!process.argv.includes('--check')) writeFileSync(file, svg)
else if (readFileSync(file, 'utf8') !== svg) throw new Error('docs/demo.svg is not what the demo prints. Run npm run docs.')
