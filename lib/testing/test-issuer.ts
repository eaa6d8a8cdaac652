import type { AlgorithmName, JSONWebKeySet } from '../host/jwk.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import { serveJwks } from './serve-jwks.js'
import { type JwtOverrides, makeSigner, type TestSigner } from './signer.js'

/** Options of {@link testIssuer}. */
export interface TestIssuerOptions {
  /** The `iss` of its grants. @default 'https://idp.example.org' */
  issuer?: string
  /** The `aud` of its grants: the issuer identifier of your server. @default 'https://as.example.com' */
  audience?: string
  /** The `alg` of its grants. @default 'ES256' */
  alg?: AlgorithmName
  /** Claims of every grant. @default { sub: 'alice' } */
  claims?: Record<string, unknown>
  /** Members of the registration to change or add. */
  registration?: Partial<TrustedIssuer>
}

/** An issuer of JWT grants for tests. */
export interface TestIssuer extends TestSigner {
  /** The `iss` of its grants. */
  readonly issuer: string
  /** Its public key. */
  readonly jwks: JSONWebKeySet
  /** What `findIssuer` returns. Any registered client may present the grants. */
  readonly registration: TrustedIssuer
  /** A grant that your server accepts, except for what `overrides` changes. It is for `alice` and valid for a minute. */
  signGrant(overrides?: JwtOverrides): string
  /** Serves `jwks` on a free port of loopback. */
  serve(): Promise<ServedIssuer>
}

/** The JWKS server of a {@link TestIssuer}. */
export interface ServedIssuer {
  readonly jwks_uri: string
  /** The registration of the issuer, with `jwks_uri` instead of `jwks`. */
  readonly registration: TrustedIssuer
  close(): Promise<void>
}

/**
 * Makes an issuer with a new key.
 * @example const issuer = testIssuer()
 *   const findIssuer = (iss) => (iss === issuer.issuer ? issuer.registration : undefined)
 *   const assertion = issuer.signGrant({ claims: { sub: 'ada' } })
 */
export function testIssuer(options: TestIssuerOptions = {}): TestIssuer {
  const { issuer = 'https://idp.example.org', audience = 'https://as.example.com', alg = 'ES256', claims = {} } = options
  const signer = makeSigner({ alg, audience })
  const jwks = { keys: [signer.jwk] }
  const common: TrustedIssuer = { issuer, algorithms: [alg], clients: 'any' }
  return {
    alg,
    kid: signer.kid,
    audience,
    get strangerJwk() {
      return signer.strangerJwk
    },
    issuer,
    jwks,
    registration: { ...common, jwks, ...options.registration },
    signGrant: (overrides?: JwtOverrides) => signer.sign({ iss: issuer, sub: 'alice', ...claims }, overrides),
    async serve() {
      const { jwks_uri, close } = await serveJwks(jwks)
      const { jwks: _, ...registration } = { ...common, ...options.registration }
      return { jwks_uri, registration: { ...registration, jwks_uri, allowPrivateJwksUri: true }, close }
    },
  }
}
