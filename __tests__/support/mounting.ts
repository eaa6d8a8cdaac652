/** What the event says of a request if only some steps are mounted. */
import type { RequestHandler } from 'express'
import request from 'supertest'
import type { Options, TokenEndpointEvent } from '../../lib/index.js'
import type { ExpressFactory } from './express.js'
import { grantRequest, hooks, issuer } from './world.js'

/** The event of a grant request to the steps that `mount` returns. */
export async function eventOf(express: ExpressFactory, mount: (options: Options) => RequestHandler[]): Promise<TokenEndpointEvent> {
  const events: TokenEndpointEvent[] = []
  const { calls: _, ...plain } = hooks()
  const steps = mount({ issuer, hooks: plain, onEvent: (event) => void events.push(event) })
  const server = express()
    .use('/token', ...steps)
    .listen(0)
  try {
    await request(server).post('/token').type('form').send(grantRequest())
  } finally {
    server.close()
  }
  return events[0] as TokenEndpointEvent
}
