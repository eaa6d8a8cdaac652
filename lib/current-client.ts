import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientAuthentication } from './state.js'

const storage = new AsyncLocalStorage<ClientAuthentication>()

/**
 * The client of the current request, in the host's handlers for grants that the host answers: for libraries whose hooks get no `req`
 * (`getClient` of node-oauth2-server). `undefined` elsewhere: for grants that are issued here, hooks get `client`, and handlers have
 * `req.tokenState.client`.
 */
export const currentClient = (): ClientAuthentication | undefined => storage.getStore()

/** Runs `next`, and all that follows it, with `client` as the current client. */
export const runWithClient = (client: ClientAuthentication, next: () => void): void => storage.run(client, next)
