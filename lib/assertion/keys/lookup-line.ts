import type { LookupFunction } from 'node:net'
import { publicLookup } from './public-address.js'

const most = 8 // names that wait
const patience = 3000 // ms: then no fetch waits for the address any more

/**
 * Makes a look-up for names that anybody can send: one at a time, and few wait. The look-up of the system cannot be ended. It holds a thread
 * for as long as the name servers are silent, which may be ten times the deadline of the fetch, and Node has two threads for names (half of
 * `UV_THREADPOOL_SIZE`). So a flood of such names has one of them at most, and the other one is left for the names that you registered.
 */
export function lookupLine(lookup: LookupFunction, now = () => performance.now()): LookupFunction {
  let waiting: { readonly until: number; start(): void }[] = []
  let isBusy = false
  const startNext = () => {
    waiting = waiting.filter(({ until }) => until > now())
    const next = waiting.shift()
    isBusy = next !== undefined
    next?.start()
  }
  return (hostname, options, callback) => {
    waiting = waiting.filter(({ until }) => until > now())
    if (waiting.length >= most) {
      process.nextTick(() => callback(new Error(`${most} names wait for their address already`), '', 0))
      return
    }
    const start = () =>
      lookup(hostname, options, (...answer) => {
        startNext()
        callback(...answer)
      })
    waiting.push({ until: now() + patience, start })
    if (!isBusy) startNext()
  }
}

/** The one line of this process. */
export const lookupInLine = lookupLine(publicLookup)
