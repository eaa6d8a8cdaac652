/** A fact about a request that you may want to know. It is no reason to refuse the request. */
export type Notice =
  /** A client assertion was accepted with the token endpoint URL as `aud` (`issuer-or-token-endpoint`). */
  | 'aud_legacy'
  /** A client authenticated by its `previous_auth_method`. */
  | 'previous_auth_method'
  /** A client assertion may be sent again: it has no `jti`, or was registered as reusable. */
  | 'client_assertion_reusable'
  /** A grant may be sent again, by the `replay` of its issuer. */
  | 'grant_reusable'
  /** The granted scope is less than the requested scope. */
  | 'scope_narrowed'
  /** `mintToken` returned a refresh token that the policy does not allow. It was not sent. */
  | 'refresh_token_dropped'
  /** `mintToken` returned a member that was not sent, because `responseMembers` does not list it. */
  | 'response_member_dropped'
  /** A JWT could not be given back to the replay store. If the client repeats this request, it is refused. */
  | 'release_failed'
  /** The keys of the client are not those of before. Its hook says so (`event_notices`). */
  | 'client_keys_changed'
  /** The client authenticates by another method than before. Its hook says so (`event_notices`). */
  | 'client_auth_method_changed'

const known: Readonly<Record<Notice, true>> = {
  aud_legacy: true,
  previous_auth_method: true,
  client_assertion_reusable: true,
  grant_reusable: true,
  scope_narrowed: true,
  refresh_token_dropped: true,
  response_member_dropped: true,
  release_failed: true,
  client_keys_changed: true,
  client_auth_method_changed: true,
}
const most = 10

/** Whether a value is a list of notices as a registration may have it: known names, and few. */
export const areNotices = (value: unknown): value is readonly Notice[] =>
  Array.isArray(value) && value.length <= most && value.every((one) => typeof one === 'string' && Object.hasOwn(known, one))
