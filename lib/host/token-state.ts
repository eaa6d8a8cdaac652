import type { VerifiedAssertion } from './assertion.js'
import type { Client, ProvenBy } from './client.js'
import type { TrustedIssuer } from './trusted-issuer.js'

/** The request, checked for shape only (RFC 6749 §3.2). Nothing in it is proven. */
export interface TokenRequest {
  /** The `grant_type` parameter. */
  readonly grant_type: string
  /** The known parameters that were sent, each a non-empty string; a null-prototype object. `resource` and `audience` are separate. */
  readonly parameters: Readonly<Record<string, string>>
  /** The `resource` parameters (RFC 8707). */
  readonly resource: readonly string[]
  /** The `audience` parameters (RFC 8693). */
  readonly audience: readonly string[]
  /** The `Authorization` header. */
  readonly authorization: string | undefined
}

/** The client. `level` says how much is proven (RFC 6749 §2.1, RFC 7521 §4.1): `authenticated`, `identified` or `anonymous`. */
export type ClientAuthentication<C extends Client = Client> =
  /** A confidential client proved its identity by `method`. */
  | {
      /** How much is proven. */
      readonly level: 'authenticated'
      /** The method that proved it. */
      readonly method: ProvenBy
      /** The client that it authenticated. */
      readonly client_id: string
      /** The object that `findClient` returned. */
      readonly client: C
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
      readonly client: C
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

/** A JWT authorization grant that passed every check (RFC 7523 §2.1). It is used up, unless it is reusable. */
export interface JwtGrant {
  /** The object that `findIssuer` returned. */
  readonly issuer: TrustedIssuer
  /** `sub` of the assertion. If it is absent (`default_sub`), the issuer. It is unique only together with the issuer. */
  readonly sub: string
  /** Text that only this subject has: see `GrantCandidate.subject_key`. */
  readonly subject_key: string
  /** The local account that `authorizeGrant` returned. */
  readonly subject: string
  /** Space-separated granted scope; empty if none. */
  readonly scope: string
  /** The resources that the token is to be for (RFC 8707). */
  readonly resource: readonly string[]
  /** Whether `authorizeGrant` allowed a refresh token. */
  readonly allowRefreshToken: boolean
  /** The verified JWT. */
  readonly assertion: VerifiedAssertion
  /** The `context` that `authorizeGrant` returned. */
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
 * `req.tokenState`: each step adds one member. `null` means that this part of the request is left to your handler. It is for reading: each step
 * replaces it by a new copy, and ignores what was assigned to it.
 */
export interface TokenState {
  /** From `parseTokenRequest`: grant type and parameters. */
  readonly request: TokenRequest | null
  /** From `authenticateClient`: the client, and how it is known. */
  readonly client: ClientAuthentication | null
  /** From `verifyJwtGrant`: the proven grant. `null` for other grants. */
  readonly grant: JwtGrant | null
  /** From `issueToken`: the response. */
  readonly response: TokenResponse | null
}

declare global {
  namespace Express {
    interface Request {
      readonly tokenState?: Partial<TokenState>
    }
  }
}
