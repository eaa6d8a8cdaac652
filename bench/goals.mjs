// The performance goals of the package: each is a ratio within one run.
import { ratio, summary } from './harness/stats.mjs'

const cpu = (rounds) => rounds.map((round) => round.cpu)

/** A figure of the matrix: CPU of one contender ÷ CPU of another, each in its scenario. */
const matrix = (above, below) => (results) =>
  Object.entries(results.matrix ?? {}).flatMap(([node, { result }]) => {
    const rounds = ([contender, use = 'client', alg = 'ES256', token = 'ES256']) =>
      result.find((one) => one.use === use && one.alg === alg && one.token === token)?.contenders[contender]
    const [one, other] = [rounds(above), rounds(below)]
    return one && other ? [{ node, ...ratio(cpu(one), cpu(other)) }] : []
  })

/** A figure of the refusals of this package: the worst (or the cheapest) case of a list, against a valid request, for each use. */
const refusal = (names, figure) => (results) =>
  Object.entries(results.refusals ?? {}).map(([node, { result }]) => {
    const cases = result.flatMap(({ contenders: { 'ours-express5': own } }) => names.map((name) => figure(cpu(own[name]), cpu(own.valid))))
    return { node, cases }
  })
const smallest = (cases) => cases.reduce((a, b) => (b.median < a.median ? b : a))
const largest = (cases) => cases.reduce((a, b) => (b.median > a.median ? b : a))
const pick = (figures, choose) => (results) => figures(results).map(({ node, cases }) => ({ node, ...choose(cases) }))

const openLoop = (figure) => (results) =>
  Object.entries(results['open-loop'] ?? {}).map(([node, { result }]) => ({
    node,
    ...summary(result['ours-express5'].map((round, index) => figure(round, result['hand-written'][index]))),
  }))

/** The first point of a growth axis that is at least `from` ÷ the last, if that is at least `to`: 1 is flat. */
const growth = (name, from, to) => (results) =>
  Object.entries(results.growth ?? {}).flatMap(([node, { result }]) => {
    const points = (result.axes[name] ?? []).filter(({ point }) => point >= from)
    const last = points.at(-1)
    return last?.point >= to ? [{ node, ...ratio(cpu(points[0].rounds), cpu(last.rounds)) }] : []
  })
const once = (part, figure) => (results) =>
  Object.entries(results[part] ?? {}).flatMap(([node, { result }]) => {
    const value = figure(result)
    return Number.isFinite(value) ? [{ node, median: value, low: value, high: value }] : []
  })

const beforeSignature = ['not a JWT', 'alg none', 'expired', 'wrong audience', 'unknown issuer']
const always = (value) => () => value
const since24 = (before, after) => (node) => (Number(node) >= 24 ? after : before)

/** The bound, `least` or `most`; for each version of Node if they differ. */
export const goals = [
  {
    name: 'tokens/s ÷ hand-written, ES256→ES256 grant',
    least: since24(1.25, 1.4),
    aim: since24(1.45, 1.65),
    value: matrix(['hand-written', 'grant'], ['ours-express5', 'grant']),
  },
  {
    name: 'tokens/s ÷ hand-written, ES256→ES256 client assertion',
    least: since24(1.25, 1.4),
    aim: since24(1.45, 1.65),
    value: matrix(['hand-written'], ['ours-express5']),
  },
  {
    name: 'tokens/s ÷ node-oidc-provider',
    least: since24(1.6, 2.2),
    aim: since24(1.9, 2.8),
    value: matrix(['oidc-provider'], ['ours-express5']),
  },
  { name: 'tokens/s ÷ the limit', least: always(0.8), aim: always(0.92), value: matrix(['limit', 'grant'], ['ours-express5', 'grant']) },
  {
    name: 'JWT client authentication, opaque token ÷ @node-oauth with a secret',
    least: always(0.8),
    aim: always(1),
    value: matrix(['node-oauth', 'client', 'ES256', 'opaque'], ['ours-express5', 'client', 'ES256', 'opaque']),
  },
  {
    name: 'reused client assertion, opaque token ÷ @node-oauth with a secret',
    least: always(0.8),
    aim: always(2),
    value: matrix(['node-oauth', 'reused', 'ES256', 'opaque'], ['ours-express5', 'reused', 'ES256', 'opaque']),
  },
  {
    name: 'four steps mounted apart ÷ one tokenEndpoint',
    least: always(0.97),
    aim: always('–'),
    value: matrix(['ours-express5', 'grant'], ['ours-steps', 'grant']),
  },
  {
    name: 'refusals before the signature ÷ own valid rate (worst)',
    least: since24(2, 3.5),
    aim: since24(2.4, 5),
    value: pick(
      refusal(beforeSignature, (bad, valid) => ratio(valid, bad)),
      smallest,
    ),
  },
  {
    name: 'garbage of 90 and 100 kB: CPU ÷ a valid request (worst)',
    most: 1,
    aim: always(0.7),
    value: pick(refusal(['100 kB garbage', '90 kB validly signed'], ratio), largest),
  },
  {
    name: 'p99 of 1,000 valid/s under 8,000 expired/s: hand-written ÷ ours',
    least: always(20),
    aim: always(100),
    digits: 1,
    value: openLoop((own, hand) => hand.flood.valid.p99 / own.flood.valid.p99),
  },
  {
    name: 'p99 of valid requests with as much garbage ÷ without',
    most: 2,
    aim: always('–'),
    value: openLoop((own) => own.halfGarbage.valid.p99 / own.calm.valid.p99),
  },
  {
    name: 'the same, where a quarter of the garbage has 100 kB',
    most: 2,
    aim: always('–'),
    value: openLoop((own) => own.halfBulk.valid.p99 / own.calm.valid.p99),
  },
  { name: '2 × capacity: p99 of accepted, ms', most: 100, aim: always(40), digits: 0, value: openLoop((own) => own.overload.accepted.p99) },
  {
    name: '2 × capacity: goodput ÷ capacity',
    least: always(0.6),
    aim: always(0.9),
    value: openLoop((own) => own.overload.goodput / own.capacity),
  },
  { name: '100,000 clients ÷ 1', least: always(0.95), aim: always('–'), value: growth('clients', 1, 1e5) },
  { name: '100,000 issuers ÷ 1', least: always(0.95), aim: always('–'), value: growth('issuers', 1, 1e5) },
  { name: '1,000,000 remembered ids ÷ 1,000', least: always(0.95), aim: always('–'), value: growth('remembered ids', 1e3, 1e6) },
  {
    name: 'bytes a remembered id, to 5 × 10⁶',
    most: 170,
    aim: always(120),
    digits: 0,
    value: once('growth', ({ store }) =>
      Math.max(...(store ?? []).filter(({ ids }) => ids >= 1e5 && ids <= 5e6).map(({ bytes }) => bytes)),
    ),
  },
  {
    name: 'worst consume to 5 × 10⁶ ids, ms, with its garbage collections',
    most: 10,
    aim: always(5),
    digits: 1,
    value: once('growth', ({ store }) => Math.max(...(store ?? []).filter(({ ids }) => ids <= 5e6).map(({ stall }) => stall))),
  },
  { name: 'soak: bytes a remembered id', most: 200, aim: always(170), digits: 0, value: once('soak', ({ bytesPerId }) => bytesPerId) },
  {
    name: 'flood: growth of memory, MB',
    most: 64,
    aim: always('–'),
    digits: 1,
    value: once('flood', ({ growth: bytes }) => bytes / 2 ** 20),
  },
]
