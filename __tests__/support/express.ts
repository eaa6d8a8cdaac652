import express5 from 'express'
import express4 from 'express4'
import { testAll } from './test-all.js'

export type ExpressFactory = typeof express5
type Version = readonly [name: string, express: ExpressFactory]

const version4: Version = ['Express 4', express4 as unknown as ExpressFactory] // their types agree on what the tests use
const version5: Version = ['Express 5', express5]

/**
 * Both versions, for tests of what Express does: body parsers of the host, fall-through, error handlers, the query parser, mounting, connections
 * that end early.
 */
export const expresses: readonly Version[] = [version4, version5]

/** For tests of what only our code decides: JWT checks, policy, keys, stores, events. Express 5; in `npm run test:all` both versions. */
export const anyExpress: readonly Version[] = testAll ? expresses : [version5]
