import type { KeyObject } from 'node:crypto'
import { type KeyFinder, keyChecker, keyFinder } from '../assertion/keys/find-keys.js'
import { RemoteKeySets } from '../assertion/keys/remote-key-sets.js'
import { VerifiedSignatures } from '../assertion/verified-signatures.js'
import { type Listener, listenerOf } from '../development/default-listener.js'
import { ConfigurationError } from '../host/errors.js'
import type { Hooks } from '../host/hooks.js'
import type { SignerKeys } from '../host/jwk.js'
import { JWT_BEARER_GRANT, type Options } from '../host/options.js'
import type { ReplayStore } from '../host/replay-store.js'
import { type Settings, settingsOf } from '../host/settings.js'
import { shown } from '../host/shown.js'
import { memoryReplayStore } from '../replay/memory.js'
import { demandsOfClientAssertion, demandsOfGrant, demandsOfSvid, type EndpointDemands } from '../rules/jwt-demands.js'
import { LoadShedding } from './load-shedding.js'

/** One token endpoint: its settings, and what its steps share. */
export interface Endpoint<H extends Partial<Hooks> = Partial<Hooks>> extends Settings<H> {
  readonly onEvent: Listener | undefined
  readonly replayStore: ReplayStore
  readonly load: LoadShedding
  /** What is demanded of a JWT before its signer is looked up. */
  readonly demands: Readonly<Record<'clientAssertion' | 'svid' | 'grant', EndpointDemands>>
  readonly findKeys: KeyFinder
  /** Whether a public key is registered. */
  readonly hasKey: (registration: SignerKeys, publicKey: KeyObject) => Promise<boolean>
  /** Seconds since the epoch. */
  readonly now: () => number
  /** Cache for client assertions that may be sent again. */
  readonly verifiedSignatures: VerifiedSignatures
}

/** Hooks that only the JWT grant needs. */
const ofJwtGrant: readonly (keyof Hooks)[] = ['findIssuer', 'authorizeGrant']

const known = new WeakMap<object, Endpoint>()

/**
 * The endpoint of an options object. The same object gives the same endpoint, so that steps mounted separately share one replay store.
 *
 * @param where the function to name in messages
 * @param required hooks that it calls; those of the JWT grant are demanded only if that is served
 * @throws ConfigurationError naming the option, the problem and the fix
 */
export function endpointOf<H extends Partial<Hooks>>(where: string, options: Options<H>, required: readonly (keyof Hooks)[]): Endpoint<H> {
  if (typeof options !== 'object' || options === null)
    throw new ConfigurationError(`${where}: options must be an object with issuer and hooks, not ${shown(options)}.`)
  if ('headers' in options && 'method' in options)
    throw new ConfigurationError(`${where} was mounted without being called: write ${where}(options).`)
  let endpoint = known.get(options)
  if (!endpoint) {
    endpoint = makeEndpoint(settingsOf(where, options))
    known.set(options, endpoint)
  }
  const servesJwtGrant = endpoint.grantTypes.includes(JWT_BEARER_GRANT)
  for (const hook of required) {
    if (!endpoint.hooks[hook] && (servesJwtGrant || !ofJwtGrant.includes(hook)))
      throw new ConfigurationError(`${where}: option hooks.${hook} is missing: it must be a function, which ${where} calls.`)
  }
  return endpoint as Endpoint<H>
}

/**
 * Prepares the endpoint of an options object with some parts of its own, such as another clock: the steps made with these options use it.
 * @throws ConfigurationError as {@link endpointOf} does
 */
export function prepareEndpoint(where: string, options: Options<Partial<Hooks>>, parts: Partial<Endpoint>): Endpoint {
  const endpoint = makeEndpoint(settingsOf(where, options), parts)
  known.set(options, endpoint)
  return endpoint
}

function makeEndpoint(settings: Settings, parts: Partial<Endpoint> = {}): Endpoint {
  const remoteKeySets = new RemoteKeySets()
  return {
    ...settings,
    onEvent: listenerOf(settings),
    replayStore: settings.replayStore ?? memoryReplayStore(),
    load: new LoadShedding(settings.turnBudget),
    demands: {
      clientAssertion: demandsOfClientAssertion(settings),
      svid: demandsOfSvid(settings),
      grant: demandsOfGrant(settings),
    },
    findKeys: keyFinder(remoteKeySets),
    hasKey: keyChecker(remoteKeySets),
    verifiedSignatures: new VerifiedSignatures(),
    now: () => Date.now() / 1000,
    ...parts,
  }
}
