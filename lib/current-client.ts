import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientAuthentication } from './state.js'

const storage = new AsyncLocalStorage<ClientAuthentication>()

/**
 * The client of the request in whose handling this is called, once `authenticateClient` has run; `undefined` elsewhere. For host libraries whose
 * hooks are given no `req` (`getClient` of node-oauth2-server).
 */
export const currentClient = (): ClientAuthentication | undefined => storage.getStore()

/** Runs the rest of the request, from `next` on, as that of `client`. */
export const runWithClient = (client: ClientAuthentication, next: () => void): void => storage.run(client, next)
