/** What the checks of ladder.ts compare a JWT with: the settings of the endpoint, then the registration of its signer. */

/** What the endpoint demands of every JWT of one use. Times in seconds. */
export interface AssertionRules {
  readonly algorithms: readonly string[]
  /** `typ` values of the use, normalized by `normalTyp`; `undefined` if a registration may name another. */
  readonly typ: readonly string[] | undefined
  /** Claims that every signer must send. */
  readonly required: readonly string[]
  /** Every `aud` allowed in a self-issued JWT (`iss` = `sub`); `undefined` if a registration may name others. */
  readonly audience: readonly string[] | undefined
  readonly clockTolerance: number
}

/** What the registration of one signer demands. Times in seconds. */
export interface SignerRules {
  readonly algorithms: readonly string[] | undefined
  /** The `typ` that the signer registered: it must be there. */
  readonly typ: string | undefined
  /** Without a registered one: the `typ` values that may be there, as `normalTyp` spells them; `undefined` if {@link AssertionRules} has named them. */
  readonly commonTypes: readonly string[] | undefined
  readonly audience: readonly string[]
  /** `iss`: `sub` may be omitted. */
  readonly defaultSub: 'iss' | undefined
  readonly requireJti: boolean
  readonly maxLifetime: number
  readonly clockTolerance: number
  readonly jwks_uri: string | undefined
}
