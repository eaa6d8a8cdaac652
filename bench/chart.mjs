// SVG written directly: bars for the headline, small panels for growth. They follow the reader's light or dark theme.
import { summary } from './harness/stats.mjs'

const style = `<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .faint { fill: #59636e; font-size: 12px }
  .bar { fill: #8c959f }
  .own { fill: #0969da }
  .axis { stroke: #d1d9e0; fill: none }
  .line { stroke: #0969da; fill: none; stroke-width: 2 }
  .dot { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .faint { fill: #9198a1 } .bar { fill: #656c76 } .own { fill: #4493f8 }
    .axis { stroke: #3d444d } .line { stroke: #4493f8 } .dot { fill: #4493f8 }
  }
</style>`

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const text = (x, y, content, more = '') => `<text x="${x}" y="${y}" ${more}>${escaped(content)}</text>`
const svg = (width, height, label, parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(label)}">\n${[style, ...parts].join('\n')}\n</svg>\n`

const shown = ['limit', 'ours-express5', 'ours-express4', 'hand-written', 'oidc-provider', 'node-oauth', 'jmondi']
const left = 320
const barRoom = 400
const rowHeight = 24

/** Tokens per second that one core can issue (from CPU time), for ES256 client assertions and ES256 tokens, by version of Node. */
export function barChart(matrix, names) {
  const groups = Object.values(matrix ?? {}).flatMap(({ about, result }) => {
    const scenario = result.find(({ use, alg, token }) => use === 'client' && alg === 'ES256' && token === 'ES256')
    if (!scenario) return []
    const bars = shown.map((contender) => ({ contender, rate: 1e6 / summary(scenario.contenders[contender].map(({ cpu }) => cpu)).median }))
    return [{ node: about.node, bars }]
  })
  if (groups.length === 0) return undefined
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ rate }) => rate)))
  const parts = [text(16, 26, 'Tokens a second on one core: ES256 client assertion in, ES256 token out', 'class="title"')]
  let y = 56
  for (const { node, bars } of groups) {
    parts.push(text(16, y, `Node ${node}`, 'class="faint"'))
    for (const { contender, rate } of bars) {
      y += rowHeight
      const width = Math.round((rate / most) * barRoom)
      const own = contender.startsWith('ours')
      parts.push(text(left - 8, y, names[contender].replaceAll('*', ''), `text-anchor="end"${own ? ' font-weight="600"' : ''}`))
      parts.push(`<rect class="${own ? 'own' : 'bar'}" x="${left}" y="${y - 13}" width="${width}" height="17" rx="2"/>`)
      parts.push(text(left + width + 6, y, Math.round(rate).toLocaleString('en')))
    }
    y += rowHeight + 14
  }
  return svg(left + barRoom + 80, y, 'Tokens a second on one core, by contender and version of Node', parts)
}

const panel = { width: 380, height: 210, left: 52, top: 44, right: 16, bottom: 34 }

/** CPU per request against each thing that grows, with a logarithmic x axis. */
export function lineCharts(growth) {
  const latest = Object.values(growth ?? {}).at(-1)
  if (!latest) return undefined
  const axes = Object.entries(latest.result.axes).filter(([, points]) => points.length > 1)
  const columns = 2
  const rows = Math.ceil(axes.length / columns)
  const parts = axes.map(([name, points], index) => {
    const x = (index % columns) * panel.width
    const y = Math.floor(index / columns) * panel.height
    return `<g transform="translate(${x} ${y})">${lineChart(name, points)}</g>`
  })
  return svg(columns * panel.width, rows * panel.height, 'Server CPU a request as things grow', parts)
}

function lineChart(name, points) {
  const values = points.map(({ rounds }) => summary(rounds.map(({ cpu }) => cpu)).median)
  const most = Math.max(...values) * 1.15
  const [first, last] = [points[0].point, points.at(-1).point].map(Math.log)
  const right = panel.width - panel.right
  const floor = panel.height - panel.bottom
  const atX = (point) => Math.round(panel.left + ((Math.log(point) - first) / (last - first)) * (right - panel.left))
  const atY = (value) => Math.round(floor - (value / most) * (floor - panel.top))
  const places = points.map(({ point }, index) => [atX(point), atY(values[index])])
  return [
    text(16, 22, name, 'class="title"'),
    text(16, 38, 'server CPU µs a request', 'class="faint"'),
    `<path class="axis" d="M${panel.left} ${panel.top}V${floor}H${right}"/>`,
    `<path class="line" d="M${places.map((place) => place.join(' ')).join('L')}"/>`,
    ...places.map(([x, y]) => `<circle class="dot" cx="${x}" cy="${y}" r="3"/>`),
    ...places.map(([x, y], index) => text(x, y - 8, Math.round(values[index]).toString(), 'class="faint" text-anchor="middle"')),
    ...points.map(({ point }) => text(atX(point), floor + 18, short(point), 'class="faint" text-anchor="middle"')),
    text(panel.left - 6, floor + 4, '0', 'class="faint" text-anchor="end"'),
  ].join('\n')
}

const short = (count) => new Intl.NumberFormat('en', { notation: 'compact' }).format(count)
