import type { VerifiedAssertion } from './assertion.js'
import type { Client, ProvenBy } from './client.js'
import type { TrustedIssuer } from './trusted-issuer.js'

/** What the client sent, checked for shape only (RFC 6749 §3.2). Nothing in it is proven. */
export interface TokenRequest {
  readonly grant_type: string
  /** The registered parameters that were sent, each a non-empty string; a null-prototype object. `resource` and `audience` are separate. */
  readonly parameters: Readonly<Record<string, string>>
  /** RFC 8707 `resource`, which may repeat. */
  readonly resource: readonly string[]
  /** Token-exchange `audience`, which may repeat. */
  readonly audience: readonly string[]
  /** The `Authorization` header. */
  readonly authorization: string | undefined
}

/** Who sent the request. `level` says how much of it is proven (RFC 6749 §2.1, RFC 7521 §4.1). */
export type ClientAuthentication =
  /** A confidential client proved its identity by `method`. */
  | {
      readonly level: 'authenticated'
      readonly method: ProvenBy
      readonly client_id: string
      readonly client: Client
      /** The JWT that proved it. */
      readonly assertion?: VerifiedAssertion
      /** SHA-256 thumbprint of the certificate that proved it: `x5t#S256` of RFC 8705 §3.1. */
      readonly certificateThumbprint?: string
      /** Whether `assertion` may be sent again. */
      readonly reusable?: boolean
    }
  /** A public client named itself; nothing is proven. */
  | {
      readonly level: 'identified'
      readonly method: 'none'
      readonly client_id: string
      readonly client: Client
      readonly assertion?: undefined
      readonly certificateThumbprint?: undefined
      readonly reusable?: undefined
    }
  /** No client was named. */
  | {
      readonly level: 'anonymous'
      readonly method?: undefined
      readonly client_id?: undefined
      readonly client?: undefined
      readonly assertion?: undefined
      readonly certificateThumbprint?: undefined
      readonly reusable?: undefined
    }

/** A JWT authorization grant that passed every check and, unless it is reusable, was consumed (RFC 7523 §2.1). */
export interface JwtGrant {
  readonly issuer: TrustedIssuer
  /** `sub` of the assertion; the issuer if it is absent (`default_sub`). Unique only together with the issuer. */
  readonly sub: string
  /** The local account that `authorizeGrant` returned. */
  readonly subject: string
  /** Space-separated granted scope; empty if none. */
  readonly scope: string
  readonly allowRefreshToken: boolean
  readonly assertion: VerifiedAssertion
  /** What `authorizeGrant` returned for `mintToken`. */
  readonly context: unknown
}

/** The members of a successful response that are registered (RFC 6749 §5.1; IANA OAuth Parameters). */
export interface StandardTokenResponse {
  access_token: string
  token_type: string
  /** Lifetime in seconds. */
  expires_in?: number
  refresh_token?: string
  scope?: string
  id_token?: string
  issued_token_type?: string
  authorization_details?: unknown
}

/** The names of the registered members: always sent, and checked. */
export const standardResponseMembers = [
  'access_token',
  'token_type',
  'expires_in',
  'refresh_token',
  'scope',
  'id_token',
  'issued_token_type',
  'authorization_details',
] as const satisfies readonly (keyof StandardTokenResponse)[]

/** A successful response (RFC 6749 §5.1). Members besides the registered ones are sent if `responseMembers` lists them. */
export interface TokenResponse extends StandardTokenResponse {
  [member: string]: unknown
}

/**
 * `req.tokenState`: each step adds one member. `null` means that the request, or that part of it, is left to the host. It is a view for
 * reading: the steps keep a state of their own, and replace `req.tokenState` by a new copy of it after each step.
 */
export interface TokenState {
  /** From `parseTokenRequest`. */
  readonly request: TokenRequest | null
  /** From `authenticateClient`. */
  readonly client: ClientAuthentication | null
  /** From `verifyJwtGrant`. */
  readonly grant: JwtGrant | null
  /** From `issueToken`. */
  readonly response: TokenResponse | null
}

declare global {
  namespace Express {
    interface Request {
      readonly tokenState?: Partial<TokenState>
    }
  }
}
