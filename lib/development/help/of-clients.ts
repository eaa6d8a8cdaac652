/** What to do about a client that is refused, by its registration or by policy. */
import type { Help } from './help.js'

export const helpOfClients = {
  // the client
  client_unknown: {
    cause:
      '`findClient` returned `undefined`, or a client with another `client_id`. Perhaps the client is registered in another environment.',
    fix: 'Log the argument of `findClient`, and compare it character by character.',
  },
  client_disabled: {
    cause: "`enabled` of the client is not `true`: also `null`, `1` or `'true'` disable it.",
    fix: 'Set `enabled: true`, or leave it out.',
  },
  client_secret_mismatch: {
    cause: 'The secret is wrong, or `client_secret` holds a hash.',
    fix: 'Register the secret in plain text, or write the hook `verifyClientSecret`.',
  },
  client_secret_expired: {
    cause: '`client_secret_expires_at` has passed.',
    fix: 'Register a new secret, or 0 for a secret that does not expire.',
  },
  auth_method_not_registered: {
    cause:
      'The client uses another method than the registered one. If `token_endpoint_auth_method` is missing, that is `client_secret_basic`. Perhaps `previous_auth_method` has ended.',
    fix: 'Register the method that the client uses.',
  },
  client_identity_mismatch: {
    cause:
      '`iss` and `sub` of a client assertion differ, or `client_id` names another client. For the token of a workload, none of the `federated_credentials` fits exactly.',
    fix: 'Set `iss` and `sub` to the `client_id`. For workloads, compare `issuer`, `subject` and `audience`.',
  },
  client_secret_too_short: {
    cause: 'The secret is too short for `client_secret_jwt`: HS256 needs 32 bytes, HS384 48, HS512 64.',
    fix: 'Register a longer secret.',
  },
  client_misconfigured: {
    cause: 'A member of the `Client` has a wrong value.',
    fix: 'Correct the member that `event.detail.seen` names. `checkClient` finds such mistakes before a request does.',
  },
  client_url_not_allowed: {
    cause: '`allow` of `clientMetadataDocuments` lists neither the `client_id` nor its host, or did not return `true`.',
    fix: 'If you want this client, add its URL to `allow`, character by character. For all clients of its host, add the host. A port is part of the host.',
  },
  client_metadata_blocked: {
    cause: 'The host of the `client_id` is a private or loopback address, or its name resolves to one.',
    fix: 'Publish the document at a public address. In tests, set `allowPrivateUrls: true`.',
  },
  client_metadata_invalid: {
    cause:
      'The server at the `client_id` answered, but not with a good document. That has status 200, at most 5 KiB of JSON, its own URL as `client_id`, no secret, and a method that you accept. Some hosts answer servers with a page or a redirect. A public client needs `publicClients: true`.',
    fix: 'Compare `event.detail` with the document. If its host does not serve it to your server, register the client in your registry: that is asked first.',
  },
  mtls_cert_missing: {
    cause: 'The client registered a certificate method, and the request has no certificate. Often a proxy ends TLS.',
    fix: 'Request client certificates in your TLS server. Behind a proxy, write the hook `getClientCertificate`.',
  },
  mtls_mismatch: {
    cause: 'The certificate is not the registered one, has expired, or was not verified by your TLS layer.',
    fix: 'Compare the subject with the registered one. For `tls_client_auth`, the hook must return `verified: true`.',
  },
  // policy
  grant_not_allowed_for_client: {
    cause: "`grant_types` of the client does not list the grant. Without this member, it is `['authorization_code']`.",
    fix: 'List the grant in `grant_types`.',
  },
  public_client_not_allowed: {
    cause:
      'A public client asks for a token. The option `publicClients` is not set, the issuer demands `required`, or the grant is `client_credentials`.',
    fix: "Authenticate the client; or set `publicClients` and `client_authentication: 'identified'`.",
  },
  implicit_auth_not_allowed: {
    cause: 'A client signed its own grant, but is registered as a public client (`none`).',
    fix: 'Register `private_key_jwt` and the key of the client.',
  },
  dpop_not_supported: {
    cause: 'The client has `dpop_bound_access_tokens: true`. This suite accepts no DPoP proofs.',
    fix: 'Remove the member, or serve this client with another endpoint.',
  },
  scope_malformed: {
    cause: 'The `scope` parameter or claim has two spaces in a row, a line break, or is not a string.',
    fix: 'Separate the values by single spaces (RFC 6749 §3.3).',
  },
  scope_exceeds_client: {
    cause: 'The form asks for more than `scope` of the client. Without this member, `client_credentials` has no scope.',
    fix: 'Register the scope, or ask for less.',
  },
  scope_exceeds_issuer: {
    cause: 'The request asks for more than `scope` of the issuer, or the claim has nothing that issuer and client allow.',
    fix: 'Register the scope at the issuer, or ask for less.',
  },
  scope_exceeds_grant: {
    cause:
      'The form asks for more than the grant names, or than `authorizeGrant` returned. Or neither client nor issuer has a `scope`, and `authorizeGrant` returned none.',
    fix: 'Set `scope` of the issuer or the client, or return `scope` from `authorizeGrant`.',
  },
  scope_missing: {
    cause: 'The client has `requireScope`, and asks for a token of its own without saying for which scope.',
    fix: 'Send `scope`.',
  },
  scope_not_once: {
    cause:
      'The issuer has `scope_once`, and the grant has no value that begins with it, or several. CAMARA demands one purpose: `dpv:` and a value.',
    fix: 'Put exactly one of them into the scope of the grant.',
  },
  scope_param_forbidden: {
    cause: "The issuer has `scope_from: 'assertion'`, and the form has a `scope` parameter.",
    fix: 'Leave the parameter out.',
  },
  target_invalid: {
    cause: 'A `resource` parameter is not an absolute URI, or has a fragment (RFC 8707 §2).',
    fix: 'Send the URI of the resource server, such as `https://api.example.com`.',
  },
  target_not_allowed: {
    cause: 'A `resource` parameter names a resource that `resources` of the issuer does not list.',
    fix: 'Send a resource of this server, or list it in `resources`.',
  },
} as const satisfies Record<string, Help>
