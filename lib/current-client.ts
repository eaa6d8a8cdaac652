import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientAuthentication } from './state.js'

const storage = new AsyncLocalStorage<ClientAuthentication>()

/**
 * The client of the current request in handlers after `authenticateClient`; `undefined` elsewhere. For host libraries whose hooks get no
 * `req` (`getClient` of node-oauth2-server).
 */
export const currentClient = (): ClientAuthentication | undefined => storage.getStore()

/** Runs `next`, and all that follows it, with `client` as the current client. */
export const runWithClient = (client: ClientAuthentication, next: () => void): void => storage.run(client, next)
