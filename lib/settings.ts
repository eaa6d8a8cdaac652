import type { KeyObject } from 'node:crypto'
import { IncomingMessage } from 'node:http'
import { type KeyFinder, keyChecker, keyFinder } from './assertion/keys.js'
import { RemoteKeySets } from './assertion/remote-key-sets.js'
import type { AssertionRules } from './assertion/rules.js'
import { VerifiedSignatures } from './assertion/verified-signatures.js'
import { ConfigurationError } from './errors.js'
import type { Hooks } from './hooks.js'
import { checkOptions } from './option-checks.js'
import { algorithmNames, grantTypeNames, JWT_BEARER_GRANT, type Options, secretAlgorithms } from './options.js'
import { type ClientAssertionAudience, type ClientAuthMethodName, clientAuthMethodNames, type KeyRegistration } from './registration.js'
import { memoryReplayStore } from './replay/memory.js'
import type { ReplayStore } from './replay/store.js'
import { TurnBudget } from './turn-budget.js'

/** Validated options with defaults, plus the state that all steps of one endpoint share: replay store, key sets, load. Times in seconds. */
export interface Settings<H extends Partial<Hooks> = Partial<Hooks>> {
  readonly issuer: string
  readonly tokenEndpointUrl: string | undefined
  /** Issuer identifier and token endpoint URL. */
  readonly ownAudience: readonly string[]
  readonly hooks: H
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
  /** Algorithms of the enabled methods that use a JWT. */
  readonly clientAlgorithms: readonly string[]
  readonly implicitErrors: 'grant' | 'split'
  readonly publicClients: { readonly scope: string; readonly maxLifetime: number } | undefined
  readonly clockTolerance: number
  readonly replayStore: ReplayStore
  readonly hookTimeout: number
  readonly turnBudget: number
  readonly load: TurnBudget
  readonly invalidClientStatus: 400 | 401
  readonly requireTls: boolean
  readonly responseMembers: readonly string[]
  readonly limits: { readonly body: number; readonly parameters: number; readonly assertion: number }
  /** `spiffe`: a JWT-SVID as client assertion. */
  readonly assertionRules: Readonly<Record<'client' | 'spiffe' | 'grant', AssertionRules>>
  readonly findKeys: KeyFinder
  /** Cache for client assertions that may be sent again. */
  readonly verifiedSignatures: VerifiedSignatures
  /** Whether a public key is registered. */
  readonly hasKey: (registration: KeyRegistration, publicKey: KeyObject) => Promise<boolean>
}

const defaultAlgorithms = algorithmNames.filter((name) => name !== 'ES512')
/** The `typ` values that say no more than that it is a JWT, as `normalTyp` spells them (RFC 7519 §5.1). */
export const untyped = ['jwt', 'jose']

/** What each use of a JWT demands before any look-up. */
function assertionRules(
  withSecrets: boolean,
  algorithms: readonly string[],
  ownAudience: readonly string[],
  clockTolerance: number,
): Settings['assertionRules'] {
  const required = ['iss', 'aud', 'exp']
  const client = {
    algorithms: withSecrets ? [...algorithms, ...secretAlgorithms] : algorithms,
    typ: [...untyped, 'client-authentication+jwt'],
    required,
    audience: ownAudience,
    clockTolerance,
  }
  return {
    client,
    spiffe: {
      algorithms: algorithms.filter((name) => /^[REP]S/.test(name)),
      typ: untyped,
      required: ['sub', 'aud', 'exp'],
      audience: undefined,
      clockTolerance,
    }, // JWT-SVID §2, §3
    grant: { algorithms, typ: undefined, required, audience: undefined, clockTolerance },
  }
}
const known = new WeakMap<object, Settings>()

/**
 * Validates options once, at mount. The same object gives the same settings, so that steps mounted separately share one replay store.
 *
 * @param where the function to name in messages
 * @param required hooks that it calls
 * @throws ConfigurationError naming the option, the problem and the fix
 */
export function settingsOf<H extends Partial<Hooks>>(where: string, options: Options<H>, required: readonly (keyof Hooks)[]): Settings<H> {
  if (options instanceof IncomingMessage)
    throw new ConfigurationError(`${where} was mounted without being called: write ${where}(options).`)
  if (typeof options !== 'object' || options === null)
    throw new ConfigurationError(`${where} needs an options object with issuer and hooks.`)
  let settings = known.get(options)
  if (!settings) {
    settings = normalise(where, options)
    known.set(options, settings)
  }
  for (const hook of required) {
    if (!settings.hooks[hook])
      throw new ConfigurationError(`${where}: option hooks.${hook} is missing: it is a function that ${where} calls.`)
  }
  return settings as Settings<H>
}

function normalise(where: string, options: Options<Partial<Hooks>>): Settings {
  if (options.issuer === undefined)
    throw new ConfigurationError(
      `${where}: option issuer is missing: set it to the issuer identifier of this server, such as https://as.example.com.`,
    )
  if (options.hooks === undefined)
    throw new ConfigurationError(`${where}: option hooks is missing: it holds the functions that ${where} calls.`)
  checkOptions(where, options)
  if (options.publicClients && options.publicClients.scope === undefined)
    throw new ConfigurationError(`${where}: option publicClients.scope is missing: set it to what public clients may be granted.`)
  const { issuer, tokenEndpointUrl, publicClients, clockTolerance = 10, turnBudget = 0.015 } = options
  const { fallthrough = false, hostVerifiesClientAssertions = false } = options
  if (hostVerifiesClientAssertions && !fallthrough)
    throw new ConfigurationError(
      `${where}: option hostVerifiesClientAssertions needs fallthrough: true: without it, no request reaches your handler.`,
    )
  const clientAssertions = {
    audience: 'issuer' as const,
    requireJti: false,
    maxLifetime: 3600,
    mode: 'enforce' as const,
    ...withoutUndefined(options.clientAssertions),
  }
  if (clientAssertions.audience === 'issuer-or-token-endpoint' && !tokenEndpointUrl) {
    throw new ConfigurationError(`${where}: option clientAssertions.audience 'issuer-or-token-endpoint' needs option tokenEndpointUrl.`)
  }
  const ownAudience = tokenEndpointUrl === undefined ? [issuer] : [issuer, tokenEndpointUrl]
  const algorithms = options.algorithms ?? defaultAlgorithms
  const clientAuthMethods = options.clientAuthMethods ?? clientAuthMethodNames
  const remoteKeySets = new RemoteKeySets()
  return {
    issuer,
    tokenEndpointUrl,
    ownAudience,
    hooks: options.hooks,
    fallthrough,
    hostVerifiesClientAssertions,
    grantTypes: options.grantTypes ?? (hostVerifiesClientAssertions ? [JWT_BEARER_GRANT] : grantTypeNames),
    secretsStayWithHost: fallthrough && options.grantTypes === undefined,
    clientAuthMethods,
    clientAssertions,
    publicClients: publicClients && { scope: publicClients.scope, maxLifetime: publicClients.maxLifetime ?? 300 },
    clockTolerance,
    replayStore: options.replayStore ?? memoryReplayStore(),
    hookTimeout: options.hookTimeout ?? 3,
    turnBudget,
    load: new TurnBudget(turnBudget),
    invalidClientStatus: options.invalidClientStatus ?? 401,
    requireTls: options.requireTls ?? false,
    responseMembers: options.responseMembers ?? [],
    limits: { body: 32_768, parameters: 50, assertion: 8192, ...withoutUndefined(options.limits) },
    assertionRules: assertionRules(clientAuthMethods.includes('client_secret_jwt'), algorithms, ownAudience, clockTolerance),
    clientAlgorithms: [
      ...(clientAuthMethods.includes('private_key_jwt') ? algorithms : []),
      ...(clientAuthMethods.includes('client_secret_jwt') ? secretAlgorithms : []),
    ],
    implicitErrors: options.implicitErrors ?? 'grant',
    findKeys: keyFinder(remoteKeySets),
    verifiedSignatures: new VerifiedSignatures(),
    hasKey: keyChecker(remoteKeySets),
  }
}

const withoutUndefined = <T extends object>(group: T | undefined) =>
  Object.fromEntries(Object.entries(group ?? {}).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> }
