import { randomUUID } from 'node:crypto'
import { aName, anything, aPositiveInteger, aString, type Check, checkOptionsOf, must, tableOf } from '../host/checks.js'
import { OAuthError } from '../host/errors.js'
import type { Hooks } from '../host/hooks.js'
import { normalUri } from '../host/resource-uri.js'
import { type JwtSignerOptions, jwtSigner } from './jwt-signer.js'

/** Options of `tokenMinter`: the key, and the content of the tokens. */
export interface TokenMinterOptions extends JwtSignerOptions {
  /** Issuer identifier of this server: `iss` of the tokens. */
  issuer: string
  /**
   * The resource servers that the tokens are for: `aud`. The first one is the default. A `resource` parameter (RFC 8707) may select others.
   * Any other `resource` is `invalid_target`.
   */
  audience: string | readonly string[]
  /** Lifetime of the tokens in seconds. Keep it short: a token should not outlive its grant by much (RFC 7521 §4.1). @default 300 */
  lifetime?: number
}

const optionChecks = tableOf({
  key: anything, // in jwt-signer.ts: it must fit the algorithm
  kid: aString,
  algorithm: aString,
  issuer: aName,
  audience: must('a non-empty string or a list of them', (value) => {
    const audiences = Array.isArray(value) ? value : [value]
    return audiences.length > 0 && audiences.every((one) => typeof one === 'string' && one !== '')
  }),
  lifetime: aPositiveInteger,
} satisfies Record<keyof TokenMinterOptions, Check>)

/**
 * Makes a `mintToken` hook that issues JWT access tokens (RFC 9068, `at+jwt`), for a host that has no tokens of its own.
 *
 * Each token has a `client_id` (RFC 9068 §2.2). If no client presented the grant, it is the issuer of the grant, which is the party that asked.
 * So an issuer with `client_authentication: 'none'` must not have the `client_id` of another party as its identifier.
 *
 * @throws ConfigurationError if an option is missing or wrong, or the key is not private, too small or not for the algorithm. No error shows
 * the key that was given
 * @example const mintToken = tokenMinter({ issuer, audience: 'https://api.example.com', key: readFileSync('2026-11.key.pem') })
 */
export function tokenMinter(options: TokenMinterOptions): Hooks['mintToken'] {
  checkOptionsOf('tokenMinter', optionChecks, options, ['issuer', 'audience'])
  const { issuer, audience, key, kid, algorithm, lifetime = 300 } = options
  const sign = jwtSigner('at+jwt', { key, ...(kid !== undefined && { kid }), ...(algorithm !== undefined && { algorithm }) })
  const audiences = typeof audience === 'string' ? [audience] : audience
  const byUrl = new Map(audiences.map((one) => [normalUri(one), one])) // the token has the spelling of the option

  return ({ client, subject, scope, resource, grant, maxLifetime = lifetime }) => {
    const asked = resource.map((uri) => (audiences.includes(uri) ? uri : byUrl.get(normalUri(uri))))
    if (asked.includes(undefined)) throw new OAuthError('invalid_target', 'The resource is not known.')
    const isBound = Boolean(client.client?.tls_client_certificate_bound_access_tokens) // a database may say 1
    if (isBound && client.certificateThumbprint === undefined) throw new OAuthError('invalid_request', 'A client certificate is needed.')
    const expires_in = Math.min(lifetime, maxLifetime)
    const iat = Math.floor(Date.now() / 1000)
    // JSON leaves out what is undefined
    const claims = {
      iss: issuer,
      sub: subject,
      aud: asked.length > 1 ? asked : (asked[0] ?? audiences[0]),
      client_id: client.client_id ?? grant?.issuer.issuer,
      iat,
      exp: iat + expires_in,
      jti: randomUUID(),
      scope: scope || undefined,
      cnf: isBound ? { 'x5t#S256': client.certificateThumbprint } : undefined,
    }
    const minted = (access_token: string) => ({ access_token, token_type: 'Bearer', expires_in })
    const token = sign(claims) // not awaited if it is there: a hook that returns a promise costs a timer
    return typeof token === 'string' ? minted(token) : token.then(minted)
  }
}
