/**
 * Undoes what Express does to the speed of requests and responses on Node 20 and 22. Express replaces their prototypes, and V8 before
 * version 13 takes such an object for a prototype itself: each property added to it makes a hidden class that no other object shares, and
 * no inline cache fits. As dictionaries, all requests share one hidden class again, which saves about an eighth of the CPU time of a token
 * request. From V8 13 on (Node 24) it would cost time instead.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

const isSlow = Number.parseInt(process.versions.v8, 10) < 13

/** Turns a request and its response into dictionaries, where that helps. Their properties stay as they are. */
export function toDictionaries(req: IncomingMessage, res: ServerResponse): void {
  if (!isSlow || !hasOtherPrototype(req)) return
  reinsert(req, 'statusMessage')
  reinsert(res, 'sendDate')
}

/** V8 turns an object into a dictionary when a property is deleted that was not the last to be added. */
function reinsert<Name extends string>(object: { [N in Name]?: unknown }, name: Name): void {
  const value = object[name]
  if (value !== undefined && Reflect.deleteProperty(object, name)) object[name] = value
}

/** Whether a request no longer has the prototype that its server gave it: with `createFastServer` (docs/scaling.md) it still has. */
function hasOtherPrototype(req: IncomingMessage): boolean {
  const server = (req.socket as { server?: unknown } | undefined)?.server
  if (typeof server !== 'object' || server === null) return false
  if (!givenPrototypes.has(server)) givenPrototypes.set(server, requestPrototypeOf(server))
  const given = givenPrototypes.get(server)
  return given !== undefined && given !== Object.getPrototypeOf(req)
}

const givenPrototypes = new WeakMap<object, object | undefined>()

/** The prototype of the class in the option `IncomingMessage` of a server, which node:http keeps under a symbol. */
function requestPrototypeOf(server: object): object | undefined {
  const symbol = Object.getOwnPropertySymbols(server).find(({ description }) => description === 'IncomingMessage')
  return symbol && (server as Record<symbol, { prototype?: object } | undefined>)[symbol]?.prototype
}
