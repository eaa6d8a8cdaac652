import type { OAuthErrorCode, Reason } from '../host/errors.js'
import type { JwtOverrides, TestSigner } from './signer.js'

/** What a JWT is used for: as `assertion` (`grant`), or as `client_assertion` (`client`). */
export type SpoiledUse = 'grant' | 'client'

/** The `error` of the answer and the `reason` of the event, if all options have their defaults. */
export interface SpoiledRefusal {
  error: OAuthErrorCode
  reason: Reason
}

/** One way to spoil a JWT. */
export interface SpoiledJwt {
  /** What is wrong, in one sentence. */
  wrong: string
  /** How each use is refused. If a use is not here, this row does not apply to it. */
  refused: { readonly [use in SpoiledUse]?: SpoiledRefusal }
  /** Returns what to change in a good JWT of the signer. */
  overrides(signer: TestSigner, use: SpoiledUse): JwtOverrides
  /** The JWT is for the other use: a client assertion is sent as grant, or a grant as client assertion. */
  signedByOtherParty?: true
  /** The same JWT is sent twice. The first request is accepted, unless something else is wrong. */
  sentTwice?: true
  /** Only for a signer with a key pair. A client with `client_secret_jwt` has none. */
  needsKeyPair?: true
  /** What the registration of the signer must have. Without it, the JWT is accepted. */
  needsRegistration?: { readonly requireJti: true }
}
