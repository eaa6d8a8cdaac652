import { Connection } from './connection.mjs'
import { Outcome } from './outcome.mjs'

/**
 * Sends all requests over a fixed number of connections, each after the response to the one before: the capacity of a server. Meanwhile it
 * never sleeps: in a virtual machine, waking a process costs the server that does it some 10 µs a response, and one that answers sooner
 * than the load can send wakes it less often.
 */
export function closedLoop({ requests, ports, connections }) {
  return new Promise((resolve) => {
    const outcome = new Outcome(requests.length)
    const sentAt = new Map()
    const pool = []
    let next = 0
    const stayAwake = () => outcome.count < requests.length && setImmediate(stayAwake)
    const send = (connection) => {
      sentAt.set(connection, performance.now())
      connection.send(requests[next++])
    }
    const answered = (connection, status) => {
      outcome.add(status, performance.now() - sentAt.get(connection))
      if (next < requests.length) return send(connection)
      if (outcome.count < requests.length) return
      for (const one of pool) one.end()
      resolve(outcome.summary())
    }
    for (let index = 0; index < Math.min(connections, requests.length); index++) {
      pool.push(new Connection(ports[index % ports.length], answered))
    }
    for (const connection of [...pool]) send(connection)
    if (ports.length === 1) stayAwake() // a second server needs the load's core
  })
}
