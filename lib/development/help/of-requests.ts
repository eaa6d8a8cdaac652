/** What to do about a request that is not well-formed, or whose credentials are not. */
import type { Help } from './help.js'

export const helpOfRequests = {
  // the request
  method_not_allowed: {
    cause: 'The request is not a POST.',
    fix: 'Send token requests with POST. With `fallthrough`, other methods reach your handler.',
  },
  tls_required: {
    cause: 'The option `requireTls` is set, and `req.secure` is false. Often a proxy ends TLS and Express does not trust it.',
    fix: "Use https. Behind a proxy, set Express's `trust proxy`.",
  },
  unsupported_media_type: {
    cause: 'The body is JSON or has another charset than UTF-8, or the `Content-Type` header is missing or repeated.',
    fix: 'Send `Content-Type: application/x-www-form-urlencoded`.',
  },
  unsupported_content_encoding: {
    cause: 'The body is compressed (`Content-Encoding`), and nothing has decoded it before the suite.',
    fix: 'Send the body without a content encoding.',
  },
  body_too_large: {
    cause: 'The body has more bytes than `limits.body`, or than the limit of your own parser.',
    fix: 'Send less, or raise `limits.body`.',
  },
  too_many_parameters: {
    cause: 'The request has more parameters than `limits.parameters`, or than the limit of your own parser.',
    fix: 'Send only the parameters of the grant, or raise `limits.parameters`.',
  },
  body_unreadable: {
    cause: 'Your own body parser could not read the body.',
    fix: 'Compare the body with its `Content-Length` and `Content-Encoding`.',
  },
  parameter_malformed: {
    cause: 'A parameter has wrong percent-encoding or is not UTF-8. Or the body begins with a `?` or a byte order mark.',
    fix: 'Build the body with `URLSearchParams` or the like.',
  },
  parameter_shape: {
    cause: 'A client sends `client_id[]`, or a parser before the suite makes lists and objects.',
    fix: 'Send plain strings. Use `express.urlencoded({ extended: false })`.',
  },
  parameter_too_large: {
    cause: 'A parameter is too long. For JWTs, the limit is `limits.assertion`.',
    fix: 'Put less into the JWT, or raise `limits.assertion`.',
  },
  duplicate_parameter: {
    cause: 'The form has a parameter twice. Only `resource` and `audience` may repeat (RFC 6749 §3.2).',
    fix: 'Send each parameter once.',
  },
  credential_in_query: {
    cause: 'Parameters are in the URL.',
    fix: 'Send them in the body. URLs end up in logs.',
  },
  missing_parameter: {
    cause: '`grant_type` is missing, the JWT grant has no `assertion`, or `client_secret` comes without `client_id`.',
    fix: 'Send the missing parameter. An empty parameter counts as missing.',
  },
  unsupported_grant_type: {
    cause: '`grant_type` is misspelt, or the option `grantTypes` does not list it.',
    fix: 'Compare `grant_type` character by character. To serve other grants with your own handler, set `fallthrough: true`.',
  },
  // client credentials
  incomplete_client_assertion: {
    cause: 'The request has only one of `client_assertion` and `client_assertion_type`.',
    fix: 'Send both.',
  },
  malformed_authorization: {
    cause: 'The `Authorization` header is repeated, is not Base64, or has no colon between `client_id` and secret.',
    fix: 'Send `Basic` and the Base64 of `client_id:client_secret`, each part percent-encoded first (RFC 6749 §2.3.1).',
  },
  multiple_client_auth: {
    cause: 'A secret is in the header and in the body.',
    fix: 'Send one of them.',
  },
  multiple_client_auth_assertion: {
    cause: 'A secret or an `Authorization` header comes with the `client_assertion`. Some libraries send an empty `Basic` header.',
    fix: "Send one credential. While a client moves to keys, set its `client_assertion_mode: 'observe'`.",
  },
  client_id_mismatch: {
    cause: '`client_id` in the body differs from the one in the `Authorization` header.',
    fix: 'Leave `client_id` out of the body.',
  },
  unsupported_client_assertion_type: {
    cause: '`client_assertion_type` is misspelt, or is that of SAML.',
    fix: 'Send `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.',
  },
  unsupported_auth_scheme: {
    cause: 'The `Authorization` header has another scheme than `Basic`, such as `Bearer`.',
    fix: 'Use `Basic`, or no `Authorization` header.',
  },
  auth_method_not_enabled: {
    cause: 'The option `clientAuthMethods` does not list the method of the request.',
    fix: 'List the method. The tokens of workloads need `private_key_jwt`.',
  },
  client_auth_missing: {
    cause: 'The request has no credential, and the grant or its issuer demands a client; or the client registered `require_explicit_auth`.',
    fix: 'Send a credential, or set `client_authentication` of the issuer.',
  },
  client_id_malformed: {
    cause:
      '`client_id` is longer than 1024 characters, or has other characters than printable ASCII. Or it is the URL of a metadata document, and has no path, a fragment, user information, or `.` or `..` as a segment.',
    fix: 'Send the `client_id` as it is registered, or as it stands in its document.',
  },
} as const satisfies Record<string, Help>
