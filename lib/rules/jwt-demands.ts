/** What is demanded of a JWT: by the endpoint before its signer is looked up, then by the registration of the signer. Times in seconds. */

import type { Client, FederatedCredential } from '../host/client.js'
import { secretAlgorithms } from '../host/options.js'
import type { Settings } from '../host/settings.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'

/** What the endpoint demands of every JWT of one use. */
export interface EndpointDemands {
  readonly algorithms: readonly string[]
  /** `typ` values of the use, normalized by `normalTyp`; `undefined` if a registration may name another. */
  readonly typ: readonly string[] | undefined
  /** Claims that every signer must send. */
  readonly required: readonly string[]
  /** Every `aud` allowed in a self-issued JWT (`iss` = `sub`); `undefined` if a registration may name others. */
  readonly audience: readonly string[] | undefined
  readonly clockTolerance: number
}

/** What the registration of one signer demands. */
export interface SignerDemands {
  readonly algorithms: readonly string[] | undefined
  /** The `typ` that the signer registered: it must be there. */
  readonly typ: string | undefined
  /** Without a registered one: the `typ` values that may be there, as `normalTyp` spells them; `undefined` if {@link EndpointDemands} has named them. */
  readonly commonTypes: readonly string[] | undefined
  readonly audience: readonly string[]
  /** `iss`: `sub` may be omitted. */
  readonly defaultSub: 'iss' | undefined
  readonly requireJti: boolean
  readonly maxLifetime: number
  readonly clockTolerance: number
  readonly jwks_uri: string | undefined
  /** Whether an `x5c` header may be there: no key is taken from it. */
  readonly ignoreX5c: boolean
}

/** The `typ` values that say no more than that it is a JWT, as `normalTyp` spells them (RFC 7519 §5.1). */
const untyped = ['jwt', 'jose']
/** The `typ` values of a grant whose issuer registered none (RFC 7523bis §4). */
const grantTypes = [...untyped, 'authorization-grant+jwt']
const required = ['iss', 'aud', 'exp']

/** What a client assertion must be, whoever signed it (RFC 7523 §3, RFC 7523bis §4). */
export const demandsOfClientAssertion = ({ algorithms, clientAuthMethods, ownAudience, clockTolerance }: Settings): EndpointDemands => ({
  algorithms: clientAuthMethods.includes('client_secret_jwt') ? [...algorithms, ...secretAlgorithms] : algorithms,
  typ: [...untyped, 'client-authentication+jwt'],
  required,
  audience: ownAudience,
  clockTolerance,
})

/** What a JWT-SVID must be, as a client assertion (JWT-SVID §2, §3). */
export const demandsOfSvid = ({ algorithms, clockTolerance }: Settings): EndpointDemands => ({
  algorithms: algorithms.filter((name) => /^[REP]S/.test(name)),
  typ: untyped,
  required: ['sub', 'aud', 'exp'],
  audience: undefined,
  clockTolerance,
})

/** What a grant must be, whoever issued it (RFC 7523 §3). */
export const demandsOfGrant = ({ algorithms, clockTolerance }: Settings): EndpointDemands => ({
  algorithms,
  typ: undefined,
  required,
  audience: undefined,
  clockTolerance,
})

/** What most registrations leave open. */
const open = { algorithms: undefined, typ: undefined, commonTypes: undefined, defaultSub: undefined, requireJti: false }

/** What a client registered about its client assertions; the settings of the endpoint are the defaults. */
export function demandsOfClient(client: Client, { issuer, ownAudience, clientAssertions, clockTolerance }: Settings): SignerDemands {
  const { token_endpoint_auth_signing_alg: algorithm, audience, requireJti, maxLifetime, jwks_uri, ignoreX5c } = client
  const ofClient = client.clockTolerance ?? clockTolerance
  return {
    ...open,
    algorithms: algorithm === undefined || algorithm === null ? undefined : [algorithm],
    audience: (audience ?? clientAssertions.audience) === 'issuer-or-token-endpoint' ? ownAudience : [issuer],
    requireJti: requireJti ?? clientAssertions.requireJti,
    maxLifetime: maxLifetime ?? clientAssertions.maxLifetime,
    clockTolerance: Math.min(ofClient, clockTolerance),
    jwks_uri: jwks_uri ?? undefined,
    ignoreX5c: ignoreX5c === true,
  }
}

/** What the registration of a client says about the tokens of a workload that authenticate it. */
export function demandsOfWorkload(credential: FederatedCredential, settings: Settings): SignerDemands {
  return {
    ...open,
    algorithms: isSpiffeCredential(credential) ? demandsOfSvid(settings).algorithms : undefined, // for either client_assertion_type
    audience: [credential.audience ?? settings.issuer],
    maxLifetime: credential.maxLifetime ?? 3600,
    clockTolerance: settings.clockTolerance,
    jwks_uri: credential.jwks_uri ?? undefined,
    ignoreX5c: credential.ignoreX5c === true,
  }
}

/** Whether a credential is for JWT-SVIDs: its `issuer` is a trust domain. */
export const isSpiffeCredential = ({ issuer }: FederatedCredential) => issuer.startsWith('spiffe://')

/** What is registered about the grants of an issuer; the settings of the endpoint are the defaults. */
export function demandsOfIssuer(issuer: TrustedIssuer, { ownAudience, clockTolerance }: Settings): SignerDemands {
  const { algorithms, typ, audience = ownAudience, default_sub, requireJti = false, maxLifetime = 300, jwks_uri } = issuer
  const ofIssuer = issuer.clockTolerance ?? clockTolerance
  return {
    algorithms,
    typ,
    commonTypes: grantTypes,
    audience: typeof audience === 'string' ? [audience] : audience,
    defaultSub: default_sub,
    requireJti,
    maxLifetime,
    clockTolerance: Math.min(ofIssuer, clockTolerance),
    jwks_uri: jwks_uri ?? undefined,
    ignoreX5c: issuer.ignoreX5c === true,
  }
}
