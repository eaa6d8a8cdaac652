import { ratio, summary } from '../harness/stats.mjs'
import { cpuOf, mid, number, perNode, spread, table } from './format.mjs'

export function growthTables(results) {
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
      ['ids in a memory store', 'µs a consume', 'worst consume ms', 'bytes an id'],
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

export function soakTables(results) {
  return [
    ...perNode(results, 'soak', (node, { phases, again, growthInvalid, bytesPerId }) => [
      `## Soak, Node ${node}`,
      '',
      `Invalid: ${answers(phases.invalid.statuses)}; memory grew by ${megabytes(growthInvalid)} MB. Valid: ${answers(phases.valid.statuses)}; ${number(bytesPerId)} bytes a remembered id. The last of them sent again: ${answers(again)}.`,
      '',
      ...table(
        ['heap and buffers, MB, after', ...phases.valid.heap.map(({ sent }) => sent.toLocaleString('en'))],
        Object.entries(phases).map(([name, { heap }]) => [name, ...heap.map(({ memory }) => megabytes(memory))]),
      ),
    ]),
    ...perNode(results, 'flood', (node, { max, sent, flood, before, other, again, growth }) => [
      `## Flood, Node ${node}`,
      '',
      `One issuer sent ${sent.toLocaleString('en')} valid grants to a store for ${max.toLocaleString('en')}: ${answers(flood)}. Another issuer's grants before: ${answers(before)}; meanwhile: ${answers(other)}; those from before sent again: ${answers(again)}. Memory grew by ${megabytes(growth)} MB.`,
      '',
    ]),
  ]
}
