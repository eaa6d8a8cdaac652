/** What the tests use of cors, which has no types of its own. */
declare module 'cors' {
  import type { RequestHandler } from 'express'

  export default function cors(options?: { origin?: string }): RequestHandler
}
