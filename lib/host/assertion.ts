/** The types of a JWT, from decoded to verified. */
import type { TrustedIssuer } from './trusted-issuer.js'

/** A JWT whose text is well-formed. Nothing in it is proven. */
export interface DecodedAssertion {
  readonly token: string
  /** `header.payload`, the octets that are signed (RFC 7515 §2). */
  readonly signingInput: string
  readonly signature: Buffer
  /** JOSE header; a null-prototype object. */
  readonly header: Readonly<Record<string, unknown>>
  /** JWT Claims Set; a null-prototype object. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** A JWT that passed the checks without registration. Its claims have these types, but nothing is proven. */
export interface ReadAssertion extends DecodedAssertion {
  readonly claims: Readonly<Record<string, unknown>> & {
    /** Only a JWT-SVID may lack it. */
    readonly iss?: string
    readonly sub?: string
    readonly exp: number
    readonly nbf?: number
    readonly iat?: number
    readonly jti?: string
  }
}

/** A JWT that passed every check except for replay. */
export interface VerifiedAssertion extends ReadAssertion {
  /** The key under which its use is remembered. */
  readonly replayKey: string
  /** Seconds since the epoch: the earliest time at which it could have been accepted. */
  readonly usableFrom: number
}

/** A grant whose signature was verified, and the registration it was checked against. Whether it may be used is not decided. */
export interface ProvenGrant {
  readonly issuer: TrustedIssuer
  readonly assertion: VerifiedAssertion
}
