/** A host whose old handler shows what it gets, with the suite or without. Without Jest, so that a worker may load it. */
import type { Express, RequestHandler } from 'express'
import { type Hooks, type TokenEndpointEvent, tokenEndpoint } from '../../lib/index.js'
import type { ExpressFactory } from './express.js'

export type Place = 'in front' | 'behind' | 'of its own, behind'
export interface OldHost {
  /** Where the parser of the host stands. */
  place: Place
  /** Options of the suite; `null`: without it. */
  ours: { issuer: string; fallthrough?: boolean } | null
}
/** What an adapter sends to an app, and what comes back. */
export interface Answer {
  status: number
  body: unknown
}

const showing: RequestHandler = (req, res) =>
  void res.json({
    body: Buffer.isBuffer(req.body) ? `bytes: ${req.body}` : req.body,
    client: req.tokenState?.client?.client_id,
  })
const readingRaw: RequestHandler = (req, _res, next) => {
  const pieces: Buffer[] = []
  req.on('data', (piece) => pieces.push(piece))
  req.on('end', () => {
    req.body = { raw: Buffer.concat(pieces).toString() }
    next()
  })
}

/** The app of a host, and the events of the suite in it. */
export function oldHost(express: ExpressFactory, hooks: Hooks, { place, ours }: OldHost): { app: Express; events: TokenEndpointEvent[] } {
  const events: TokenEndpointEvent[] = []
  const app = express()
  const parser = place === 'of its own, behind' ? readingRaw : express.urlencoded({ extended: true })
  const suite = ours ? tokenEndpoint({ ...ours, hooks, onEvent: (event) => void events.push(event) }) : []
  app.post('/token', ...(place === 'in front' ? [parser, ...suite] : [...suite, parser]), showing)
  return { app, events }
}
