import { Connection } from './connection.mjs'
import { Outcome } from './outcome.mjs'

const connections = 500 // per stream; more requests wait here, and their wait counts
const drain = 5000 // ms to wait for responses after the last arrival

/**
 * Sends streams of requests at constant rates, whatever the server does. Latency counts from the time at which a request was due, so a
 * server that stalls cannot hide it (no coordinated omission). Connections are opened beforehand, as by a load balancer: Node accepts one
 * new connection per event loop turn, so otherwise the accept queue of a server with long turns would be measured.
 *
 * @param streams `{ name, requests, rate, seconds }`; requests are sent in order, from the start again after the last
 * @returns for each stream its outcome, `goodput` (200 responses per second during the arrivals), and how many were `unanswered`
 */
export async function openLoop({ ports, streams }) {
  const running = streams.map((stream) => new Stream(stream, ports))
  for (const stream of running) await stream.connect()
  const startedAt = performance.now() + 5
  for (const stream of running) stream.start(startedAt)
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

const knock = Buffer.from('GET /token HTTP/1.1\r\nHost: as.example.com\r\n\r\n')

class Stream {
  constructor({ name, requests, rate, seconds }, ports) {
    Object.assign(this, { name, requests, rate, seconds, ports })
    this.total = Math.round(rate * seconds)
    this.sent = 0
    this.good = 0
    this.all = []
    this.inFlight = new Map()
    this.backlog = 0
  }

  /** Opens the connections, and waits until each had a response to a cheap request. */
  async connect() {
    for (let index = 0; index < connections; index++) {
      await new Promise((resolve) => {
        const connection = new Connection(this.ports[index % this.ports.length], resolve)
        this.all.push(connection)
        connection.send(knock)
      })
    }
    for (const connection of this.all) connection.answered = this.answered
    this.idle = [...this.all]
  }

  start(startedAt) {
    this.startedAt = startedAt
    this.until = startedAt + this.seconds * 1000
    this.outcome = new Outcome(this.total)
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
    const connection = this.idle.pop()
    if (connection === undefined) return
    this.backlog--
    const index = this.sent++
    this.inFlight.set(connection, this.due(index))
    connection.send(this.requests[index % this.requests.length])
  }

  answered = (connection, status) => {
    const now = performance.now()
    this.outcome.add(status, now - this.inFlight.get(connection))
    this.inFlight.delete(connection)
    if (status === 200 && now <= this.until) this.good++
    this.idle.push(connection)
    if (this.backlog > 0) this.push()
  }

  /** Counts requests without a response with the latency that they have by now. */
  end() {
    for (const connection of this.all) connection.end()
    const unanswered = this.total - this.outcome.count
    const now = performance.now()
    for (const due of this.inFlight.values()) this.outcome.add(0, now - due)
    while (this.outcome.count < this.total) this.outcome.add(0, now - this.due(this.outcome.count))
    return { ...this.outcome.summary(), unanswered, goodput: this.good / ((this.until - this.startedAt) / 1000) }
  }
}
