import { refusal } from '../host/errors.js'
import type { Granted } from '../host/hooks.js'
import type { StandardTokenResponse, TokenResponse } from '../host/token-state.js'
import { hostScope, isWithin } from '../rules/scope.js'

const visible = /^[\x20-\x7e]+$/ // RFC 6749 App. A.12, A.13, A.17

type Check = (value: unknown, granted: Granted) => string | undefined
const isText: Check = (value) => (typeof value === 'string' && visible.test(value) ? undefined : 'is a non-empty string of visible ASCII')

/** The check of each member of a token response (IANA OAuth Parameters, "token response"). */
const members: { [Name in keyof Required<StandardTokenResponse>]: Check } = {
  access_token: isText,
  token_type: isText,
  expires_in: (value, { maxLifetime = Number.MAX_SAFE_INTEGER }) =>
    Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= maxLifetime
      ? undefined
      : `is a whole number of seconds from 1 to ${maxLifetime}`,
  refresh_token: isText,
  scope: (value, { scope }) =>
    typeof value === 'string' && isWithin(hostScope(value), hostScope(scope)) ? undefined : 'is within the granted scope',
  id_token: isText,
  issued_token_type: isText,
  authorization_details: (value) => (Array.isArray(value) ? undefined : 'is an array'),
}

const checks = Object.entries(members)

/** Whether a member is sent: a registered one, or one that the host lists (RFC 6749 §8.2). */
export const isResponseMember = (name: string, responseMembers: readonly string[]) =>
  Object.hasOwn(members, name) || responseMembers.includes(name)

/**
 * The response to send for the result of `mintToken` (RFC 6749 §5.1): its own members that the table lists, each checked; those that the host lists in
 * `responseMembers`, unchecked; the granted scope, if any; no refresh token that the policy does not allow.
 * @throws Refusal `hook_error` (500), with the member and the fix in its cause
 */
export function toTokenResponse(minted: unknown, granted: Granted, responseMembers: readonly string[] = []): TokenResponse {
  try {
    if (typeof minted !== 'object' || minted === null) throw new TypeError('mintToken gave no token response')
    const response: Record<string, unknown> = {}
    for (const [name, check] of checks) {
      const value = Object.hasOwn(minted, name) ? (minted as Record<string, unknown>)[name] : undefined
      if (value === undefined) {
        const isNeeded = name === 'access_token' || name === 'token_type' || (name === 'expires_in' && granted.maxLifetime !== undefined)
        if (isNeeded) throw new TypeError(`mintToken gave no ${name}`)
        continue
      }
      const problem = check(value, granted)
      if (problem) throw new TypeError(`mintToken gave a wrong ${name}: it ${problem}`)
      if (name !== 'refresh_token' || granted.allowRefreshToken) response[name] = value
    }
    for (const name of responseMembers) if (Object.hasOwn(minted, name)) response[name] = (minted as Record<string, unknown>)[name]
    const scope = hostScope((response.scope as string | undefined) ?? granted.scope).join(' ')
    if (scope) response.scope = scope
    else delete response.scope // the grammar has no empty scope (RFC 6749 §3.3)
    return response as unknown as TokenResponse
  } catch (error) {
    throw refusal('hook_error', error)
  }
}
