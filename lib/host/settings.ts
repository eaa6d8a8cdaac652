import { assertOptions } from './check-options.js'
import { type ClientAssertionAudience, type ClientAuthMethodName, clientAuthMethodNames } from './client.js'
import type { Hooks } from './hooks.js'
import { algorithmNames, grantTypeNames, JWT_BEARER_GRANT, type Options, secretAlgorithms } from './options.js'
import type { ReplayStore } from './replay-store.js'

/** Options that were checked, with their defaults. Times in seconds. */
export interface Settings<H extends Partial<Hooks> = Partial<Hooks>> {
  readonly issuer: string
  /** The first one. */
  readonly tokenEndpointUrl: string | undefined
  /** Issuer identifier and token endpoint URLs. */
  readonly ownAudience: readonly string[]
  readonly hooks: H
  readonly onEvent: Options['onEvent']
  readonly revealReasons: boolean
  readonly fallthrough: boolean
  readonly hostVerifiesClientAssertions: boolean
  readonly grantTypes: readonly string[]
  /** With `fallthrough` and the default `grantTypes`, `client_credentials` with a secret is left to the host. */
  readonly secretsStayWithHost: boolean
  readonly clientAuthMethods: readonly ClientAuthMethodName[]
  readonly clientAssertions: {
    readonly audience: ClientAssertionAudience
    readonly requireJti: boolean
    readonly maxLifetime: number
    readonly mode: 'enforce' | 'observe'
  }
  readonly algorithms: readonly string[]
  /** Algorithms of the enabled methods that use a JWT. */
  readonly clientAlgorithms: readonly string[]
  readonly implicitErrors: 'grant' | 'split'
  readonly publicClients: { readonly scope: string; readonly maxLifetime: number } | undefined
  readonly clockTolerance: number
  readonly replayStore: ReplayStore | undefined
  readonly hookTimeout: number
  readonly turnBudget: number
  readonly invalidClientStatus: 400 | 401
  readonly requireTls: boolean
  readonly responseMembers: readonly string[]
  readonly limits: { readonly body: number; readonly parameters: number; readonly assertion: number }
}

const defaultAlgorithms = algorithmNames.filter((name) => name !== 'ES512')

/**
 * Checks options and adds the defaults.
 *
 * @param where the function to name in messages
 * @throws ConfigurationError naming the option, the problem and the fix
 */
export function settingsOf<H extends Partial<Hooks>>(where: string, options: Options<H>): Settings<H> {
  assertOptions(where, options)
  const { issuer, publicClients, clockTolerance = 10, turnBudget = 0.015 } = options
  const { fallthrough = false, hostVerifiesClientAssertions = false } = options
  const clientAssertions = {
    audience: 'issuer' as const,
    requireJti: false,
    maxLifetime: 3600,
    mode: 'enforce' as const,
    ...withoutUndefined(options.clientAssertions),
  }
  const tokenEndpointUrls = [options.tokenEndpointUrl ?? []].flat()
  const ownAudience = [issuer, ...tokenEndpointUrls]
  const algorithms = options.algorithms ?? defaultAlgorithms
  const clientAuthMethods = options.clientAuthMethods ?? clientAuthMethodNames
  return {
    issuer,
    tokenEndpointUrl: tokenEndpointUrls[0],
    ownAudience,
    hooks: options.hooks,
    onEvent: options.onEvent,
    revealReasons: options.revealReasons ?? false,
    fallthrough,
    hostVerifiesClientAssertions,
    grantTypes: options.grantTypes ?? (hostVerifiesClientAssertions ? [JWT_BEARER_GRANT] : grantTypeNames),
    secretsStayWithHost: fallthrough && options.grantTypes === undefined,
    clientAuthMethods,
    clientAssertions,
    publicClients: publicClients && { scope: publicClients.scope, maxLifetime: publicClients.maxLifetime ?? 300 },
    clockTolerance,
    replayStore: options.replayStore,
    hookTimeout: options.hookTimeout ?? 3,
    turnBudget,
    invalidClientStatus: options.invalidClientStatus ?? 401,
    requireTls: options.requireTls ?? false,
    responseMembers: options.responseMembers ?? [],
    limits: { body: 32_768, parameters: 50, assertion: 8192, ...withoutUndefined(options.limits) },
    algorithms,
    clientAlgorithms: [
      ...(clientAuthMethods.includes('private_key_jwt') ? algorithms : []),
      ...(clientAuthMethods.includes('client_secret_jwt') ? secretAlgorithms : []),
    ],
    implicitErrors: options.implicitErrors ?? 'grant',
  }
}

const withoutUndefined = <T extends object>(group: T | undefined) =>
  Object.fromEntries(Object.entries(group ?? {}).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> }
