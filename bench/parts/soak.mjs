// A million refused and a million granted requests: every response is checked, and the growth of the heap.
import { isRefusal, withProcesses } from '../harness/bench.mjs'
import { refused } from '../harness/requests.mjs'
import { idp, makeWorld } from '../harness/world.mjs'

const samples = 10
const maxBytesPerId = 200
const maxGrowth = 64 * 2 ** 20
const isShed = (status) => status === 503 // counted below
const isServed = (status) => status === 200 || isShed(status)
const isRefused = (status) => isRefusal(status) || isShed(status)

export async function run({ node, keys, sizes, log }) {
  const { soak: total, chunk } = sizes
  const world = makeWorld(keys, { use: 'grant', max: total + 10 * chunk, maxLifetime: 3600 })
  const names = Object.keys(refused).filter((name) => !name.includes('kB') && name !== 'replay')
  return withProcesses(node, async ({ load, start }) => {
    const server = await start('ours-express5', world, { flags: ['--expose-gc', '--max-old-space-size=4096'] })
    const valid = { name: 'valid', kind: 'grant', options: { signer: idp }, expect: isServed }
    const invalid = { name: 'invalid', kind: 'refusedInTurn', options: { names, use: 'grant' }, expect: isRefused }
    const fire = async ({ name, kind, options, expect }, count) => {
      await load.prepare(name, kind, world, count, options)
      return answers(await load.closed(name, [server], { connections: 16 }), name, expect)
    }
    for (const phase of [invalid, valid]) await fire(phase, chunk) // one-time compilation and caching does not count as growth
    const phases = {}
    for (const phase of [invalid, valid]) {
      phases[phase.name] = await soak(phase, { total, chunk, server, fire })
      log(`soak: ${phase.name}`, phases[phase.name])
    }
    const again = answers(await load.closed('valid', [server], { connections: 16 }), 'the same again', undefined)
    const result = { ...verdicts(phases), phases, again }
    const { growthInvalid, bytesPerId } = result
    log('soak: memory', `growth under invalid requests ${megabytes(growthInvalid)} MB, ${bytesPerId.toFixed(0)} bytes a remembered id`)
    if (again[200] > (phases.valid.statuses[503] ?? 0)) throw new Error(`soak: ${again[200]} used grants were honoured again`)
    if (total >= 100_000 && (growthInvalid > maxGrowth || bytesPerId > maxBytesPerId)) throw new Error('soak: too much memory')
    return result
  })
}

async function soak(phase, { total, chunk, server, fire }) {
  const statuses = {}
  const heap = [{ sent: 0, ...(await server.usage(true)) }]
  const every = total / samples
  for (let sent = 0; sent < total; ) {
    const count = Math.min(chunk, total - sent)
    for (const [status, times] of Object.entries(await fire(phase, count))) statuses[status] = (statuses[status] ?? 0) + times
    sent += count
    if (sent === total || Math.floor(sent / every) > Math.floor((sent - count) / every)) heap.push({ sent, ...(await server.usage(true)) })
  }
  return { statuses, heap }
}

function answers({ statuses }, name, expect) {
  if (expect && Object.keys(statuses).some((status) => !expect(Number(status)))) {
    throw new Error(`soak, ${name}: unexpected answers ${JSON.stringify(statuses)}`)
  }
  return statuses
}

const growth = ({ heap }) => heap.at(-1).memory - heap[0].memory
const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1)

const verdicts = ({ valid, invalid }) => ({ growthInvalid: growth(invalid), bytesPerId: growth(valid) / valid.statuses[200] })
