import express5 from 'express'
import express4 from 'express4'

/** Every behaviour is shown on both. */
export const expresses: readonly [name: string, express: typeof express5][] = [
  ['Express 4', express4 as unknown as typeof express5], // their types agree on what the tests use
  ['Express 5', express5],
]
export type ExpressFactory = typeof express5
