import { ratio, summary } from '../harness/stats.mjs'
import { cpuOf, mid, names, number, perNode, spread, table } from './format.mjs'

export function matrixTables(results) {
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

export function refusalTables(results) {
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

export function openLoopTables(results) {
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
        'a quarter of it of 100 kB',
        '2 × capacity: p99 of accepted',
        'goodput ÷ capacity',
      ],
      Object.entries(contenders).map(([contender, rounds]) => [
        names[contender],
        ...[
          ['flood', 'valid'],
          ['calm', 'valid'],
          ['halfGarbage', 'valid'],
          ['halfBulk', 'valid'],
        ].map(([run, stream]) => spread(summary(rounds.map((round) => round[run][stream].p99)), 1)),
        spread(summary(rounds.map(({ overload }) => overload.accepted.p99)), 1),
        spread(summary(rounds.map(({ overload, capacity }) => overload.goodput / capacity)), 2),
      ]),
    ),
  ])
}
