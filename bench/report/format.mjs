import { summary } from '../harness/stats.mjs'

export const names = {
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

export const number = (value, digits = 0) => (value === null || value === undefined ? '–' : value.toFixed(digits))
export const spread = ({ median, low, high }, digits = 0) => `${number(median, digits)} (${number(low, digits)}–${number(high, digits)})`
export const series = (rounds, name) => rounds.map((round) => round[name])
export const cpuOf = (rounds) => series(rounds, 'cpu')
export const mid = (rounds, name) => summary(series(rounds, name)).median
export const perNode = (results, part, render) =>
  Object.entries(results[part] ?? {}).flatMap(([major, { about, result }]) => render(about.node, result, major))
export const table = (head, rows) => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
  '',
]
