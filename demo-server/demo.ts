import type { TokenEndpointEvent } from '../lib/index.js'
import { createDrivers } from './drivers.js'
import type { MoreParties } from './registry.js'
import { demoRows, type Row } from './rows.js'
import { type Outcome, runRows } from './run.js'
import { type DemoServer, startServer } from './server.js'
import { painter, table } from './table.js'

export interface DemoOptions {
  port: number
  rows?: readonly Row[]
  print?: (text: string) => void
  colour?: boolean
  /** Registered in addition. */
  more?: MoreParties
  /** Receives the events of the server after the table is printed. */
  onEvent?: (event: TokenEndpointEvent) => void
}

export interface Demo {
  server: DemoServer
  outcomes: readonly Outcome[]
  /** Exit status: 0 if every row is as expected, else 1. */
  status: 0 | 1
}

/** Starts the server, sends the rows, prints the table. The server keeps running. */
export async function runDemo({ port, rows = demoRows, print = console.log, colour = false, more, onEvent }: DemoOptions): Promise<Demo> {
  const paint = painter(colour)
  const events: TokenEndpointEvent[] = []
  let report = (event: TokenEndpointEvent): void => void events.push(event)
  const server = await startServer(port, (event) => report(event), { more })
  try {
    const { issuer } = server.registry
    if (server.takenPort !== undefined) print(`Port ${server.takenPort} is taken: another one is used.`)
    print(`${paint('bold', 'Authorization server')} on ${issuer}, driven by openid-client, oauth4webapi and @modelcontextprotocol/client\n`)

    const outcomes = await runRows(rows, { registry: server.registry, drivers: await createDrivers(issuer) }, events)
    const wrong = outcomes.filter(({ asExpected }) => !asExpected).length
    print(table(outcomes, paint))
    print(
      wrong === 0
        ? paint('green', `\n All ${outcomes.length} as expected.`)
        : paint('red', `\n ${wrong} of ${outcomes.length} not as expected.`),
    )
    report = onEvent ?? (() => {})
    return { server, outcomes, status: wrong === 0 ? 0 : 1 }
  } catch (error) {
    await server.close()
    throw error
  }
}
