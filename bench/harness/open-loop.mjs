import { Connection } from './connection.mjs'
import { Outcome } from './outcome.mjs'

const maxConnections = 1000 // a stream; beyond it requests wait here, and the wait counts
const drain = 5000 // ms: how long answers are awaited after the last arrival

/**
 * Sends streams of requests at constant rates, whatever the server does. Latency counts from the moment at which a request was due, so a
 * server that stalls cannot hide it (no coordinated omission).
 *
 * @param streams `{ name, requests, rate, seconds }`; requests are taken in turn, again from the start when they are used up
 * @returns for each stream its outcome, `goodput` (answers 200 a second, within the time of the arrivals), and how many were `unanswered`
 */
export async function openLoop({ ports, streams }) {
  const startedAt = performance.now() + 5
  const running = streams.map((stream) => new Stream(stream, ports, startedAt))
  const lastArrival = startedAt + Math.max(...streams.map(({ seconds }) => seconds)) * 1000
  await new Promise((resolve) => {
    const turn = () => {
      const now = performance.now()
      for (const stream of running) stream.arrivals(now)
      if (running.every((stream) => stream.done) || now > lastArrival + drain) resolve()
      else if (running.every((stream) => stream.sent === stream.total)) setTimeout(turn, 5)
      else setImmediate(turn) // timers are a millisecond too coarse
    }
    turn()
  })
  return Object.fromEntries(running.map((stream) => [stream.name, stream.end()]))
}

class Stream {
  constructor({ name, requests, rate, seconds }, ports, startedAt) {
    Object.assign(this, { name, requests, rate, ports, startedAt })
    this.total = Math.round(rate * seconds)
    this.until = startedAt + seconds * 1000
    this.outcome = new Outcome(this.total)
    this.sent = 0
    this.good = 0
    this.idle = []
    this.all = []
    this.inFlight = new Map()
    this.backlog = 0
  }

  get done() {
    return this.outcome.count === this.total
  }

  due = (index) => this.startedAt + (index * 1000) / this.rate

  arrivals(now) {
    while (this.sent + this.backlog < this.total && this.due(this.sent + this.backlog) <= now) {
      this.backlog++
      this.push()
    }
  }

  push() {
    const connection = this.idle.pop() ?? this.grow()
    if (connection === undefined) return
    this.backlog--
    const index = this.sent++
    this.inFlight.set(connection, this.due(index))
    connection.send(this.requests[index % this.requests.length])
  }

  grow() {
    if (this.all.length === maxConnections) return undefined
    const connection = new Connection(this.ports[this.all.length % this.ports.length], this.answered)
    this.all.push(connection)
    return connection
  }

  answered = (connection, status) => {
    const now = performance.now()
    this.outcome.add(status, now - this.inFlight.get(connection))
    this.inFlight.delete(connection)
    if (status === 200 && now <= this.until) this.good++
    this.idle.push(connection)
    if (this.backlog > 0) this.push()
  }

  /** What was never answered has waited until now, at least. */
  end() {
    for (const connection of this.all) connection.end()
    const unanswered = this.total - this.outcome.count
    const now = performance.now()
    for (const due of this.inFlight.values()) this.outcome.add(0, now - due)
    while (this.outcome.count < this.total) this.outcome.add(0, now - this.due(this.outcome.count))
    return { ...this.outcome.summary(), unanswered, goodput: this.good / ((this.until - this.startedAt) / 1000) }
  }
}
