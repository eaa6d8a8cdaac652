import { Connection } from './connection.mjs'
import { Outcome } from './outcome.mjs'

const connections = 500 // of a stream; beyond it requests wait here, and the wait counts
const drain = 5000 // ms: how long answers are awaited after the last arrival

/**
 * Sends streams of requests at constant rates, whatever the server does. Latency counts from the moment at which a request was due, so a
 * server that stalls cannot hide it (no coordinated omission). The connections are there before, as those of a load balancer are: Node accepts one new connection in
 * a turn of its event loop, so that a server with long turns would be measured by its accept queue.
 *
 * @param streams `{ name, requests, rate, seconds }`; requests are taken in turn, again from the start when they are used up
 * @returns for each stream its outcome, `goodput` (answers 200 a second, within the time of the arrivals), and how many were `unanswered`
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

  /** Opens the connections, and waits until each had an answer to something that costs little. */
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
