/** What to do about a JWT that is refused. */
import type { Help } from './help.js'

export const helpOfJwts = {
  jwt_encrypted: {
    check: 'the JWT is signed, not encrypted',
    cause: 'The assertion has five parts: it is encrypted (RFC 7516).',
    fix: 'Send a JWT that is only signed. TLS keeps it secret.',
  },
  jwt_malformed: {
    check: 'the text has three parts of Base64url without padding, and header and payload are JSON objects',
    cause: 'The parameter is not one signed JWT: an opaque token, or text that was cut off or encoded twice.',
    fix: 'Send the JWT as the library returns it.',
  },
  header_too_large: {
    cause: 'The header holds certificates or other large values.',
    fix: 'Send only `alg`, `typ` and `kid`.',
  },
  duplicate_member: {
    check: 'no JSON object in the JWT repeats a name',
    cause: 'Header or payload has a member twice. Parsers read such JSON differently.',
    fix: 'Build the JWT with a library instead of joining strings.',
  },
  alg_not_allowed: {
    cause: 'The JWT has `ES512`, `none`, or HMAC without `client_secret_jwt`.',
    fix: 'Sign with another `alg`, or list it in the option `algorithms`.',
  },
  typ_not_allowed: {
    cause: 'An ID token, an access token or another typed JWT is sent as client assertion.',
    fix: 'Sign a JWT for this purpose, with `typ` absent or `JWT`.',
  },
  header_not_allowed: {
    cause: 'The library sends `jwk` or `x5u`, or demands an extension by `crit`.',
    fix: 'Switch this off in the library, and register the key.',
  },
  kid_malformed: {
    cause: '`kid` is a number, is empty, or is longer than 256 characters.',
    fix: 'Use a short string.',
  },
  claim_missing: {
    cause: 'The library does not set `aud`, `iss` or `exp` by itself.',
    fix: 'Set all three.',
  },
  claim_malformed: {
    cause: '`exp` is a string, or `sub` is a number.',
    fix: 'Write times as numbers and identifiers as strings.',
  },
  claim_too_large: {
    cause: '`jti`, `iss` or `sub` is too long. Perhaps `jti` holds data.',
    fix: 'Use a UUID as `jti`.',
  },
  exp_in_ms: {
    cause: '`exp`, `iat` or `nbf` comes from `Date.now()`, which is in milliseconds.',
    fix: 'Write `Math.floor(Date.now() / 1000)`.',
  },
  expired: {
    cause: 'The clock of the client is wrong, or the client sends a stored JWT.',
    fix: 'Sign a new JWT for each request. Use NTP. `clockTolerance` may be up to 60 seconds.',
  },
  not_yet_valid: {
    cause: '`nbf` is in the future: the clock of the client is ahead.',
    fix: 'Use NTP, or leave `nbf` out. `clockTolerance` may be up to 60 seconds.',
  },
  iat_future: {
    cause: '`iat` is in the future: the clock of the client is ahead.',
    fix: 'Use NTP. `clockTolerance` may be up to 60 seconds.',
  },
  aud_mismatch: {
    cause: '`aud` of a client assertion is neither `issuer` nor in `tokenEndpointUrl`, has a slash more or less, or has two values.',
    fix: 'Set `aud` to `issuer`, alone. If the library sends the URL that it calls, list this URL in the option `tokenEndpointUrl`.',
  },
  issuer_untrusted: {
    check: '`findIssuer` returns an issuer whose `issuer` equals `iss`',
    cause: '`findIssuer` returned `undefined`, or an issuer that is spelt otherwise, often with a slash at the end.',
    fix: 'Register the `iss` of the JWT, character by character. `event.claimed.issuer` has it.',
  },
  issuer_disabled: {
    check: '`enabled` of the issuer is absent or `true`, and `not_after` has not passed',
    cause: 'The issuer is switched off, or `not_after` has passed.',
    fix: 'Set `enabled: true`, or remove `not_after`.',
  },
  alg_not_registered: {
    cause: 'The signer registered other algorithms: `algorithms` of the issuer, `token_endpoint_auth_signing_alg` of the client.',
    fix: 'Register the `alg` of the JWT.',
  },
  typ_not_registered: {
    cause: 'The issuer registered `typ`, and the grant has another one or none. Or it registered none, and the grant has an unusual one.',
    fix: 'Set `TrustedIssuer.typ` to the `typ` of the grant.',
  },
  jku_not_registered: {
    cause: 'The JWT has a `jku` header that differs from the registered `jwks_uri`.',
    fix: 'Register this URL as `jwks_uri`, or switch the header off in the library.',
  },
  x5c_not_registered: {
    cause: 'The JWT has an `x5c` header, as MSAL sends it.',
    fix: 'Set `ignoreX5c: true` in the registration: then the header is ignored. Or switch it off in the library.',
  },
  sub_missing: {
    cause: 'A service account asks for itself, or the library sends `prn`, the old name of `sub`.',
    fix: "Send `sub`. For service accounts, set `default_sub: 'iss'`.",
  },
  jti_missing: {
    cause: '`requireJti` is set, and the JWT has no `jti`.',
    fix: 'Set `jti` to a new UUID for each JWT.',
  },
  aud_not_registered: {
    cause:
      'A client assertion has the token endpoint URL as `aud`, and only the issuer identifier is accepted. Or a grant has another `aud` than registered.',
    fix: "For clients, set `audience: 'issuer-or-token-endpoint'`. For issuers, set the option `tokenEndpointUrl` or `TrustedIssuer.audience`.",
  },
  tolerance_exceeded: {
    cause: 'The clock of the signer is ahead or behind, and its registration has a strict `clockTolerance`. CAMARA allows none for `iat`.',
    fix: 'Use NTP at the signer.',
  },
  lifetime_too_long: {
    cause: 'The library signs for an hour. Grants may live 300 seconds by default.',
    fix: 'Set an earlier `exp`, or raise `maxLifetime` of the issuer or client.',
  },
  claim_not_allowed: {
    check: 'the claims are as `claims` of the registration demands',
    cause: 'The JWT is genuine, but for another workload, repository or tenant than registered. `event.detail` names the claim.',
    fix: 'If this workload should come in, register its value in `claims`.',
  },
  jwks_invalid: {
    check: 'exactly one of `jwks`, `jwks_uri` and `discovery` is registered, and it has a usable key',
    cause:
      '`jwks_uri` redirects, is a 404, or is HTML. Or the set has no usable key: keys are private, weak, too expensive, or for encryption.',
    fix: '`event.detail.seen` says which mistake it is. Register `{ keys: [public JWK] }`, and exactly one source.',
  },
  jwks_blocked: {
    check: '`jwks_uri` is https and has a public address',
    cause: '`jwks_uri` is not https, or leads to a private address.',
    fix: 'Register `jwks`, or set `allowPrivateJwksUri: true`.',
  },
  discovery_invalid: {
    check: 'the metadata of the issuer names the issuer and its `jwks_uri`',
    cause:
      '`discovery` is registered, and the issuer has no metadata, or metadata that names another issuer. Often it is a slash at the end.',
    fix: 'Register the issuer as its metadata names it, or register its `jwks_uri`.',
  },
  key_not_found: {
    check: 'a registered key fits `kid` and `alg`',
    cause: 'No registered key has the `kid`, the key does not fit `alg`, or a new key was not published.',
    fix: 'Register the key, or remove its `kid` from the registration (`jwks` only).',
  },
  signature_invalid: {
    check: 'the signature is right',
    cause:
      'The JWT was signed with another private key, or was altered. Or it has no `kid`, and its key is not among those that are [tried](client.md#keys).',
    fix: 'Register the public key that belongs to the private key of the signer. Make the JWK again from its PEM. Send a `kid`.',
  },
  jti_replayed: {
    check: 'the JWT was not used before',
    cause: 'The client sent the same JWT twice, often in a retry. Or two grants without `jti` were signed in one second.',
    fix: 'Sign a JWT with a new `jti` for each request. If that is impossible, register [`replay`](client.md#replay).',
  },
  not_provably_fresh: {
    check: 'the records of the replay store reach back to the first moment at which the JWT could be used',
    cause: 'The replay store lost its memory, and the JWT could have been used before.',
    fix: 'Sign a new JWT with `iat`. See [a store that lost its memory](stores.md#a-store-that-lost-its-memory).',
  },
} as const satisfies Record<string, Help>
