import { after } from './after.js'
import type { VerifiedAssertion } from './assertion/assertion.js'
import type { SignerRules } from './assertion/ladder.js'
import { readAssertion, verifyAssertion } from './assertion/verify.js'
import { AssertionError, refusal } from './errors.js'
import type { Exchange } from './exchange.js'
import type { Hooks } from './hooks.js'
import type { TrustedIssuer } from './registration.js'
import { checkTrustedIssuer } from './registration-checks.js'
import type { Settings } from './settings.js'
import { timed } from './timed.js'

/** An authorization grant whose signature was verified, and the registration that it was held against. Whether it may be used is not decided. */
export interface ProvenGrant {
  readonly issuer: TrustedIssuer
  readonly assertion: VerifiedAssertion
}

type IssuerSettings = Settings<Partial<Pick<Hooks, 'findIssuer'>>>

/**
 * The trusted issuer that an assertion names: the one trust evaluation, made for every request, so that what is switched off is refused at once.
 * @throws AssertionError `issuer_untrusted`, `issuer_disabled`; OAuthError `hook_error`, `hook_timeout`
 */
function findIssuer(iss: string, exchange: Exchange, { hooks, hookTimeout }: IssuerSettings): TrustedIssuer | Promise<TrustedIssuer> {
  return after(
    exchange.call('findIssuer', hookTimeout, () => hooks.findIssuer?.(iss)),
    (issuer) => trusted(issuer, iss),
  )
}

function trusted(issuer: TrustedIssuer | undefined, iss: string): TrustedIssuer {
  if (issuer === undefined || issuer === null) throw new AssertionError('issuer_untrusted')
  try {
    if (typeof issuer !== 'object') throw new TypeError('findIssuer gave neither a TrustedIssuer nor undefined')
    checkTrustedIssuer(issuer)
  } catch (error) {
    throw refusal('hook_error', error)
  }
  if (issuer.issuer !== iss) throw new AssertionError('issuer_untrusted')
  if (issuer.enabled !== undefined && issuer.enabled !== true) throw new AssertionError('issuer_disabled')
  if (issuer.not_after && issuer.not_after.getTime() <= Date.now()) throw new AssertionError('issuer_disabled')
  return issuer
}

/**
 * Proves the `assertion` of a request, once: a step that asks again gets the same result (RFC 7523 §3), unless it was mounted with options of its own.
 * @throws AssertionError with the reason of the first check that fails; OAuthError for a server that could not check
 */
export function proveGrant(token: string, exchange: Exchange, settings: IssuerSettings): ProvenGrant | Promise<ProvenGrant> {
  if (exchange.proof?.settings !== settings) exchange.proof = attempt(settings, () => prove(token, exchange, settings))
  const { proof } = exchange
  if ('failure' in proof) throw proof.failure
  return proof.grant
}

/** What came of proving a grant, and whose rules it was held to. */
export type Proof = { readonly settings: IssuerSettings } & (
  | { readonly grant: ProvenGrant | Promise<ProvenGrant> }
  | { readonly failure: unknown }
)

function attempt(settings: IssuerSettings, proving: () => ProvenGrant | Promise<ProvenGrant>): Proof {
  try {
    return { settings, grant: proving() }
  } catch (failure) {
    return { settings, failure }
  }
}

function prove(token: string, exchange: Exchange, settings: IssuerSettings): ProvenGrant | Promise<ProvenGrant> {
  const jwt = readAssertion(token, settings.assertionRules.grant)
  exchange.notes.claimed.issuer = jwt.claims.iss
  return after(findIssuer(jwt.claims.iss, exchange, settings), (issuer) => {
    exchange.grantIssuer = issuer
    if (!settings.load.hasRoomToVerify()) throw refusal('overloaded')
    const verify = () => verifyAssertion(jwt, signerRules(issuer, settings), issuer, settings.findKeys)
    return after(timed(exchange.timings, 'signature', verify), (assertion) => ({ issuer, assertion }))
  })
}

/** What a grant's `typ` may be where its issuer registered none (RFC 7519 §5.1, RFC 7523bis §4). */
const commonTypes = ['jwt', 'jose', 'authorization-grant+jwt']

/** The registration of the issuer, where it says something, else the settings of the endpoint. */
function signerRules(issuer: TrustedIssuer, { ownAudience, clockTolerance }: IssuerSettings): SignerRules {
  const { algorithms, typ, audience = ownAudience, default_sub, requireJti = false, maxLifetime = 300, jwks_uri } = issuer
  return {
    algorithms,
    typ,
    commonTypes,
    audience: typeof audience === 'string' ? [audience] : audience,
    defaultSub: default_sub,
    requireJti,
    maxLifetime,
    clockTolerance,
    jwks_uri,
  }
}
