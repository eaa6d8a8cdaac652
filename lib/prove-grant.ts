import type { VerifiedAssertion } from './assertion/assertion.js'
import { decodeAssertion } from './assertion/compact.js'
import type { SignerRules } from './assertion/rules.js'
import { readAssertion, verifyAssertion } from './assertion/verify.js'
import { AssertionError, refusal } from './errors.js'
import type { Exchange } from './exchange.js'
import type { Hooks } from './hooks.js'
import { signingClient } from './policy.js'
import type { TrustedIssuer } from './registration.js'
import { checkTrustedIssuer } from './registration-checks.js'
import { type Settings, untyped } from './settings.js'
import { timed } from './timed.js'

/** A grant whose signature was verified, and the registration it was checked against. Whether it may be used is not decided. */
export interface ProvenGrant {
  readonly issuer: TrustedIssuer
  readonly assertion: VerifiedAssertion
}

type IssuerSettings = Settings<Partial<Pick<Hooks, 'findIssuer'>>>

/**
 * Looks up the trusted issuer of an assertion. The only trust decision: made for every request, so that disabling takes effect at once.
 * @throws AssertionError `issuer_untrusted`, `issuer_disabled`; OAuthError `hook_error`, `hook_timeout`
 */
async function findIssuer(iss: string, exchange: Exchange, { hooks, hookTimeout }: IssuerSettings): Promise<TrustedIssuer> {
  const issuer = await exchange.call('findIssuer', hookTimeout, () => hooks.findIssuer?.(iss))
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
 * Proves the `assertion` of a request, once: a later step gets the same result (RFC 7523 §3), unless it was mounted with other options. The
 * cached proof ignores `token`: an exchange has one `assertion` parameter, which never changes, so the settings are the whole cache key.
 * @throws AssertionError with the reason of the first check that fails; OAuthError for a server that could not check
 */
export async function proveGrant(token: string, exchange: Exchange, settings: IssuerSettings): Promise<ProvenGrant> {
  if (exchange.proof?.settings !== settings) exchange.proof = { settings, grant: prove(token, exchange, settings) }
  return exchange.proof.grant
}

/** The result of proving a grant, and the settings that were applied. */
export interface Proof {
  readonly settings: IssuerSettings
  readonly grant: Promise<ProvenGrant>
}

async function prove(token: string, exchange: Exchange, settings: IssuerSettings): Promise<ProvenGrant> {
  const decoded = decodeAssertion(token)
  if (typeof decoded.claims.iss === 'string') exchange.notes.claimed.issuer = decoded.claims.iss // also if a check refuses it
  const jwt = readAssertion(decoded, settings.assertionRules.grant)
  const { iss = '' } = jwt.claims // always there: the rules of grants require it
  const issuer = await findIssuer(iss, exchange, settings)
  exchange.mayBeImplicit = signingClient(issuer, jwt.claims) !== undefined
  if (!settings.load.admitToVerify()) throw refusal('overloaded')
  const verify = () => verifyAssertion(jwt, signerRules(issuer, settings), issuer, settings.findKeys)
  return { issuer, assertion: await timed(exchange.timings, 'signature', verify) }
}

/** The `typ` values of a grant whose issuer registered none (RFC 7519 §5.1, RFC 7523bis §4). */
const commonTypes = [...untyped, 'authorization-grant+jwt']

/** The issuer's registration; the settings of the endpoint are the defaults. */
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
