/** The steps of one route must stand in the order of the flow, once each, with the same options. */
import { ConfigurationError } from '../host/errors.js'
import type { TokenState } from '../host/token-state.js'
import type { Endpoint } from './endpoint.js'
import type { Transaction } from './transaction.js'

type Key = keyof TokenState

/** The place of a step in the flow: what it reads and what it adds. */
export interface Place {
  readonly name: string
  readonly needs: readonly Key[]
  readonly adds: Key
}

/** The step that adds each member of the state, in the order of the flow. */
const order: Record<Key, string> = {
  request: 'parseTokenRequest',
  client: 'authenticateClient',
  grant: 'verifyJwtGrant',
  response: 'issueToken',
}
const flow = `The order is ${Object.values(order).join(', ')}.`

/** What the steps of one endpoint must agree on. */
const shared = ['issuer', 'replayStore', 'clockTolerance', 'grantTypes', 'publicClients'] as const
const isSame = (one: unknown, other: unknown, option: string) =>
  one === other || (option !== 'replayStore' && JSON.stringify(one) === JSON.stringify(other))

/**
 * @throws ConfigurationError if a step runs before the one it needs, or twice, or with other options than the steps before it
 */
export function assertOrder({ name, needs, adds }: Place, { state, endpoint: first }: Transaction, endpoint: Endpoint): void {
  const missing = needs.find((key) => !(key in state))
  if (missing)
    throw new ConfigurationError(
      `${name} needs req.tokenState.${missing}: mount ${order[missing]}(options) before ${name}(options). ${flow}`,
    )
  if (adds in state) throw new ConfigurationError(`${name} ran twice on one request: mount it once on this route. ${flow}`)
  if (first !== endpoint && !shared.every((option) => isSame(first[option], endpoint[option], option))) {
    throw new ConfigurationError(
      `${name} has another ${shared.join(' or ')} than the steps before it: give the same options object to each step.`,
    )
  }
}
