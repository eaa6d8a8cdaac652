import { aList, aPositiveInteger, aString, type Check, checkMembers, must, secret, tableOf } from '../host/checks.js'
import { ConfigurationError, refusal } from '../host/errors.js'
import { invalid } from '../host/evidence.js'
import type { Granted } from '../host/hooks.js'
import { shown } from '../host/shown.js'
import type { StandardTokenResponse, TokenResponse } from '../host/token-state.js'
import { hostScope, isWithin } from '../rules/scope.js'

const visible = /^[\x20-\x7e]+$/ // RFC 6749 App. A.12, A.13, A.17

const visibleText = must('a non-empty string of visible ASCII', (value) => typeof value === 'string' && visible.test(value))

/** The check of each member of a token response (IANA OAuth Parameters, "token response"). */
const members = tableOf({
  access_token: secret(visibleText),
  token_type: visibleText,
  expires_in: aPositiveInteger,
  refresh_token: secret(visibleText),
  scope: aString,
  id_token: secret(visibleText),
  issued_token_type: visibleText,
  authorization_details: aList,
} satisfies Record<keyof StandardTokenResponse, Check>)

const needed = ['access_token', 'token_type']

/** Whether a member is sent: a registered one, or one that the host lists (RFC 6749 §8.2). */
export const isResponseMember = (name: string, responseMembers: readonly string[]) =>
  members.names.includes(name) || responseMembers.includes(name)

/**
 * The response to send for the result of `mintToken` (RFC 6749 §5.1): its own members that the table lists, each checked; those that the host lists in
 * `responseMembers`, unchecked; the granted scope, if any; no refresh token that the policy does not allow.
 * @throws Refusal `hook_result_invalid` (500), with the member and the fix in its cause
 */
export function toTokenResponse(minted: unknown, granted: Granted, responseMembers: readonly string[] = []): TokenResponse {
  try {
    if (typeof minted !== 'object' || minted === null)
      throw new ConfigurationError(`mintToken must return an object, not ${minted === null ? 'null' : typeof minted}.`) // a string may be the token
    const given = minted as Record<string, unknown>
    const response: Record<string, unknown> = {}
    for (const name of members.names) if (Object.hasOwn(given, name) && given[name] !== undefined) response[name] = given[name]
    checkResponse(response, granted)
    if (!granted.allowRefreshToken) delete response.refresh_token
    for (const name of responseMembers) if (Object.hasOwn(given, name)) response[name] = given[name]
    const scope = hostScope((response.scope as string | undefined) ?? granted.scope).join(' ')
    if (scope) response.scope = scope
    else delete response.scope // the grammar has no empty scope (RFC 6749 §3.3)
    return response as unknown as TokenResponse
  } catch (error) {
    throw refusal('hook_result_invalid', () => invalid(error, 'a token response'))
  }
}

function checkResponse(response: Readonly<Record<string, unknown>>, { scope, maxLifetime }: Granted): void {
  const required = maxLifetime === undefined ? needed : [...needed, 'expires_in']
  checkMembers(members, response, { where: 'mintToken: ', required })
  if (maxLifetime !== undefined && (response.expires_in as number) > maxLifetime)
    throw new ConfigurationError(`mintToken: expires_in must be at most ${maxLifetime}, not ${response.expires_in}.`)
  if (response.scope !== undefined && !isWithin(hostScope(response.scope as string), hostScope(scope)))
    throw new ConfigurationError(`mintToken: scope must be within ${shown(scope)}, which was granted, not ${shown(response.scope)}.`)
}
