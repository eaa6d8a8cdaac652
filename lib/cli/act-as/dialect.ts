import type { Profile, Sample, SampleRegistration, SampleValues } from '../../profiles/index.js'
import type { SpoiledName } from '../../testing/spoiled.js'
import type { SpoiledUse } from '../../testing/spoiled-jwt.js'

/**
 * What a known client sends, as data. A text that starts with `$` is filled in. `null` leaves a claim out, also one that JWTs usually have.
 */
export interface Dialect {
  readonly about: string
  /** The JWT that is spoiled: as `client_assertion` or as `assertion`. */
  readonly use: SpoiledUse
  readonly alg: string
  /** `secret`: the JWT has an HMAC. */
  readonly signs: 'key' | 'secret'
  readonly aud: 'issuer' | 'token-endpoint'
  /** Of the JWT, in seconds. */
  readonly lifetime: number
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** Of the token request. `$jwt` is the JWT; `$client_assertion` is another one, of the client that presents a grant. */
  readonly parameters: Readonly<Record<string, string>>
  /** What the server registers. `$keys` stands for `jwks`, or for `jwks_uri` if the keys are served. */
  readonly registration:
    | { readonly client?: Readonly<Record<string, unknown>>; readonly issuer?: Readonly<Record<string, unknown>> }
    | ((values: SampleValues) => SampleRegistration)
  readonly without?: { readonly [name in SpoiledName]?: string }
  /** What the client sends in other requests than those of the JWT grant. */
  readonly asClient?: Sample
  /** JWTs that only this client must not get through with. */
  readonly wrong?: Profile['wrong']
}
