// A memory store alone in a process: the cost of an id, and the longest `consume`.
import { hash } from 'node:crypto'
import { memoryReplayStore } from '../../dist/esm/index.js'
import { serve } from './ipc.mjs'

const sample = 20_000
const later = Math.floor(Date.now() / 1000) + 3600
const key = (index) => hash('sha256', `id-${index}`, 'base64url')

function heap() {
  for (let round = 0; round < 3; round++) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

serve({
  /** Fills a store with ids: heap bytes per id, longest `consume` in ms meanwhile, and µs per `consume` when it is full. */
  fill({ ids }) {
    const before = heap()
    const max = ids + sample
    const store = memoryReplayStore({ max, maxPerIssuer: max })
    let stall = 0
    const consume = (index) => {
      const id = key(index)
      const from = performance.now()
      if (store.consume(id, later, 'an issuer', later - 3600) !== true) throw new Error('a fresh id was not taken')
      const took = performance.now() - from
      stall = Math.max(stall, took)
      return took
    }
    for (let index = 0; index < ids; index++) consume(index)
    const bytes = (heap() - before) / ids
    let total = 0
    for (let index = ids; index < max; index++) total += consume(index)
    return { ids, bytes, stall, consume: (total / sample) * 1000 }
  },
})
