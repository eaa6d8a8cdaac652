import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Express } from 'express'

/** `http.createServer(app)` on requests and responses that Express need not change. */
export const createFastServer = (app: Express): Server => createServer(requestClasses(app), app)

/**
 * Classes whose objects have from birth the prototypes that Express gives to each request and each response: its `Object.setPrototypeOf` then changes
 * nothing, and V8 keeps the objects fast. For `https.createServer({ key, cert, ...requestClasses(app) }, app)`, too.
 */
export const requestClasses = (app: Express) => ({
  IncomingMessage: withPrototype(IncomingMessage, app.request),
  ServerResponse: withPrototype(ServerResponse, app.response),
})

/** A subclass in the old manner, since a `class` cannot choose its prototype; `Reflect.construct` would be slower than what is avoided here. */
function withPrototype<C extends typeof IncomingMessage | typeof ServerResponse>(base: C, prototype: object): C {
  function Subclass(this: unknown, ...args: unknown[]) {
    Reflect.apply(base, this, args)
  }
  Subclass.prototype = prototype
  return Object.setPrototypeOf(Subclass, base)
}
