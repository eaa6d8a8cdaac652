/** What to do about a valid JWT whose grant may not be used, and about what goes wrong in this server or its hooks. */
import type { Help } from './help.js'

export const helpOfGrants = {
  // the grant
  pop_required: {
    cause: 'The grant has a `cnf` claim, and this suite accepts no proof of possession.',
    fix: 'Ask the issuer for a grant without `cnf`.',
  },
  jwt_kind_confusion: {
    cause: 'One JWT is sent as `assertion` and as `client_assertion`; or a grant has the client as `iss` and `sub`.',
    fix: "Sign two JWTs. For a service account, set `default_sub: 'iss'` and leave `sub` out.",
  },
  grant_client_unknown: {
    cause: 'The client that should have signed the grant (`TrustedIssuer.client_id`) is not registered.',
    fix: 'Return this client from `findClient`, or correct `client_id` of the issuer.',
  },
  grant_client_disabled: {
    cause: 'The client that signed the grant has an `enabled` other than `true`.',
    fix: 'Set `enabled: true`, or leave it out.',
  },
  client_binding_mismatch: {
    cause:
      "The issuer does not list the client, or the `client_id` claim of the grant names another one. Without `clients`, no client is listed. With `clients: 'any'`, a client with `require_named_grant`, such as one with a URL as `client_id`, needs a grant that names it.",
    fix: "Set `clients` of the issuer to a list of `client_id`s, or to `'any'`. A client with a URL must be in the list, or in the `client_id` claim.",
  },
  subject_not_allowed: {
    cause: '`subjects` of the issuer does not allow the `sub`.',
    fix: 'List the `sub`, or let the function return `true`.',
  },
  subject_incomplete: {
    cause: 'The grant lacks a claim that `subject` of the issuer lists, such as `tenant`.',
    fix: 'Ask the issuer to send the claim. If its subjects have no tenants, remove it from `subject`.',
  },
  resource_not_allowed: {
    cause: 'The `resource` claim is malformed or names no resource of the issuer, or the parameter names one that is not in the claim.',
    fix: 'Ask the issuer for a grant for this resource, or list the resource in `resources`.',
  },
  subject_unknown: {
    cause: "`authorizeGrant` returned `undefined` or `{ refused: 'subject_unknown' }`.",
    fix: 'Look up the account by `issuer` and `sub`.',
  },
  subject_disabled: {
    cause: "`authorizeGrant` returned `{ refused: 'subject_disabled' }`.",
    fix: 'Enable the account.',
  },
  consent_missing: {
    cause: "`authorizeGrant` returned `{ refused: 'consent_missing' }`.",
    fix: 'Let the account holder consent.',
  },
  subject_is_client: {
    cause: '`authorizeGrant` returned the `client_id` of the client as the account.',
    fix: 'Use account IDs that no client has.',
  },
  // the server
  hook_error: {
    cause: 'A hook threw an exception that is no `OAuthError`. `event.detail.seen` names the hook.',
    fix: 'Correct the hook. `event.cause` is the exception, and `devLog` prints its stack.',
  },
  hook_result_invalid: {
    cause: 'A hook returned a value of the wrong type. `event.detail.seen` names the hook and the member.',
    fix: 'Return what the reference of the hook says. TypeScript finds most such mistakes.',
  },
  registration_invalid: {
    cause:
      '`findIssuer` returned an issuer with a mistake, such as an unknown member or a value of the wrong type. `event.detail.seen` names it.',
    fix: 'Correct the registration of the issuer. `checkTrustedIssuer` finds such mistakes before a request does.',
  },
  hook_timeout: {
    cause: 'A hook took longer than `hookTimeout`, 3 seconds by default.',
    fix: 'Make the look-up faster, and give it a deadline of its own. `event.timings` has the duration of each hook.',
  },
  misconfigured: {
    cause: 'The steps are mounted in the wrong order, or something before them has begun the response.',
    fix: 'Mount `tokenEndpoint`, which has the right order. `event.detail.seen` says what is wrong.',
  },
  overloaded: {
    cause: 'More requests arrive than this process can answer.',
    fix: 'Add processes or rate limits. The option `turnBudget` sets the limit.',
  },
  jwks_unavailable: {
    cause: '`jwks_uri` does not answer within 3 seconds, answers 5xx or 429, or has a certificate that is not valid.',
    fix: 'Make it reachable from this server: check DNS and firewall. If its certificate has expired, renew it. Send the whole chain.',
  },
  client_metadata_unavailable: {
    cause:
      'The server at the `client_id` does not answer within 2 seconds, answers 5xx or 429, or has a certificate that is not valid. Or more unknown URLs were sent than are fetched in 30 seconds, or more names than are resolved.',
    fix: 'Make it reachable from this server: check DNS and firewall. Against floods of unknown URLs, list the complete URLs of your clients in `allow`: they are always fetched. Limit the rate of requests.',
  },
  replay_store_error: {
    cause: 'Redis or PostgreSQL cannot be reached, or takes longer than `hookTimeout`.',
    fix: 'Read `event.cause` and the log of the store.',
  },
  replay_store_full: {
    cause: 'The replay store has no room: an issuer signs long lifetimes, or there is a flood.',
    fix: 'Set rate limits. Raise `max` and `maxPerIssuer`, or give Redis more memory.',
  },
  client_gone: {
    cause: 'The client closed the connection before its request was complete or answered.',
    fix: 'Nothing is used up, and the client may send the request again. If it happens often, look for a proxy with a short timeout.',
  },
  // hook
  hook_denied: {
    cause: 'One of your hooks threw an `OAuthError`.',
    fix: 'Status, `error` and text are those of the hook. `event.timings` names the hooks that ran.',
  },
} as const satisfies Record<string, Help>
