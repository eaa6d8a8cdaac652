/** What is known of a JWT, from its text to its proof. */

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

/** A JWT that passed the checks which need no registration. Nothing in it is proven, but its claims have their types. */
export interface ReadAssertion extends DecodedAssertion {
  readonly claims: Readonly<Record<string, unknown>> & {
    readonly iss: string
    readonly sub?: string
    readonly exp: number
    readonly nbf?: number
    readonly iat?: number
    readonly jti?: string
  }
}

/** A JWT that passed every check. Whether it was used before is not among them. */
export interface VerifiedAssertion extends ReadAssertion {
  /** Under which its use is remembered. */
  readonly replayKey: string
  /** Seconds since the epoch: the first moment at which it could have been accepted. */
  readonly usableFrom: number
}
