// The load, in its own process: makes batches of requests, and sends them.
import { closedLoop } from './closed-loop.mjs'
import { serve } from './ipc.mjs'
import { openLoop } from './open-loop.mjs'
import { makers } from './requests.mjs'

const batches = new Map()

serve({
  /** Makes `count` requests in advance, so that signing does not disturb the run. */
  prepare({ batch, kind, world, count, options }) {
    const make = makers[kind](world, options)
    batches.set(
      batch,
      Array.from({ length: count }, (_, index) => make(index)),
    )
  },
  size: ({ batch }) => batches.get(batch).length,
  closed: ({ batch, ports, connections, from, to }) => closedLoop({ requests: batches.get(batch).slice(from, to), ports, connections }),
  open: ({ ports, streams }) =>
    openLoop({ ports, streams: streams.map(({ batch, ...stream }) => ({ ...stream, requests: batches.get(batch) })) }),
})
