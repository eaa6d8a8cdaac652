import type { TokenEndpointEvent } from '../lib/index.js'
import type { Parties, Row } from './rows.js'

/** The outcome of one request of a row. */
export interface Outcome extends Pick<Row, 'topic' | 'by'> {
  request: string
  expected: string
  answer: string
  /** Why the server refused: only in its events, not in responses. */
  reason: string
  asExpected: boolean
}

/** Sends the rows sequentially. `events` receives the events of the server. */
export async function runRows(rows: readonly Row[], parties: Parties, events: readonly TokenEndpointEvent[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { topic, by, requests, send } of rows) {
    const answers = send(parties)
    for (const [request, expected] of requests) {
      const before = events.length
      const answer = await nextAnswer(answers)
      const reason = events.slice(before).find((event) => event.reason)?.reason ?? ''
      outcomes.push({ topic, by, request, expected, answer, reason, asExpected: answer === expected })
    }
  }
  return outcomes
}

async function nextAnswer(answers: AsyncGenerator<string>): Promise<string> {
  try {
    const { value, done } = await answers.next()
    return done ? 'not sent' : value
  } catch (error) {
    return String(error)
  }
}
