import { describe, expect, it } from '@jest/globals'
import { CLIENT_CREDENTIALS, checkClient, JWT_BEARER_GRANT } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { ec, ed, rsa } from '../support/keys.js'
import { byJwt, clientCredentials, clients, startWorld } from '../support/world.js'
import { hostile, jwksMistakes } from './mistakes.js'

const key = ec('a')
const jwks = { keys: [key.jwk] }
const good = { client_id: 'c', token_endpoint_auth_method: 'private_key_jwt', jwks, grant_types: [CLIENT_CREDENTIALS] }
const secret = { client_id: 'c', client_secret: 'x'.repeat(32), grant_types: [JWT_BEARER_GRANT] }
const hmac = { ...secret, token_endpoint_auth_method: 'client_secret_jwt' }
const tls = { ...good, jwks: undefined, token_endpoint_auth_method: 'tls_client_auth' }
const past = Math.floor(Date.now() / 1000) - 1

it.each<[name: string, client: object]>([
  ['a key', good],
  ['a key of each kind', { ...good, jwks: { keys: [key.jwk, ed('b').jwk, rsa('c').jwk, ec('d', 'P-384', 'ES384').jwk] } }],
  ['a URL', { ...good, jwks: null, jwks_uri: 'https://client.example.com/jwks' }],
  ['a private URL', { ...good, jwks: undefined, jwks_uri: 'http://localhost:4000/jwks', allowPrivateJwksUri: true }],
  ['a secret', secret],
  ['no secret: the hook verifyClientSecret may have it', { ...secret, client_secret: undefined }],
  ['an HMAC secret', hmac],
  ['an HMAC secret of 64 bytes', { ...hmac, client_secret: 'é'.repeat(32), token_endpoint_auth_signing_alg: 'HS512' }],
  ['a certificate', { ...tls, tls_client_auth_san_dns: 'client.example.com' }],
  ['a self-signed certificate', { ...good, token_endpoint_auth_method: 'self_signed_tls_client_auth' }],
  ['a public client', { client_id: 'c', token_endpoint_auth_method: 'none', grant_types: [JWT_BEARER_GRANT] }],
  ['a workload', { ...good, jwks: undefined, federated_credentials: [{ issuer: 'https://idp.example', subject: 's', jwks }] }],
  ['members of the host', { ...good, client_name: 'Reports', tenant: 7, redirect_uris: [] }],
  [
    'null, as databases return it',
    { ...good, scope: null, maxLifetime: null, federated_credentials: null, client_secret_expires_at: null },
  ],
  ['an algorithm', { ...good, token_endpoint_auth_signing_alg: 'ES256' }],
  [
    'times that are not over',
    { ...secret, client_secret_expires_at: 0, previous_auth_method: 'none', previous_auth_method_expires_at: past + 999 },
  ],
])('nothing is wrong with %s', (_, client) => {
  expect(checkClient(client)).toEqual({ errors: [], warnings: [] })
})

it.each<[client: object, errors: string[]]>([
  [{ ...good, client_id: undefined }, ['Client.client_id must be 1 to 1024 characters of printable ASCII, not undefined.']],
  [{ ...good, client_id: 'é' }, ['Client.client_id must be 1 to 1024 characters of printable ASCII, not "é".']],
  [
    { ...good, maxLifetime: '60', replay: 'often', scope: ['a'] },
    [
      'Client.scope must be a string, not ["a"].',
      'Client.maxLifetime must be a number of seconds above 0, not "60".',
      `Client.replay must be one of 'one-time', 'reusable', not "often".`,
    ],
  ],
  [{ ...good, discovery: true }, ['Client.discovery must be absent: the keys of a client are its jwks or its jwks_uri, not true.']],
  [{ ...good, jwks: undefined }, ['Client.jwks or Client.jwks_uri must be set: exactly one of them, not neither.']],
  [
    { ...good, jwks_uri: 'https://client.example.com/jwks' },
    ['Client.jwks or Client.jwks_uri must be set: exactly one of them, not both.'],
  ],
  [{ ...good, jwks: null, jwks_uri: 7 }, ['Client.jwks_uri must be a string, not 7.']],
  [
    { ...good, jwks: null, jwks_uri: 'http://client.example.com/jwks' },
    ['Client.jwks_uri must be an https URL, or allowPrivateJwksUri, not "http://client.example.com/jwks".'],
  ],
  [
    { ...good, jwks: null, jwks_uri: 'https://localhost:4000/jwks' },
    ['Client.jwks_uri must lead to a public address, not "https://localhost:4000/jwks", unless allowPrivateJwksUri is true.'],
  ],
  [
    { ...good, jwks: null, jwks_uri: 'https://10.0.0.1/jwks' },
    ['Client.jwks_uri must be a public address, or allowPrivateJwksUri, not "https://10.0.0.1/jwks".'],
  ],
  [
    { ...good, jwks: null, jwks_uri: 'https://me:hunter2@client.example.com/jwks' },
    ['Client.jwks_uri must be a URL without user information and fragment, not "…@client.example.com/jwks".'],
  ],
  [{ ...good, jwks: null, jwks_uri: 'jwks.json' }, ['Client.jwks_uri must be a URL, not "jwks.json".']],
  [
    { ...good, jwks: null, federated_credentials: 'x' },
    [
      'Client.federated_credentials must be a list of objects, not "x".',
      'Client.jwks or Client.jwks_uri must be set: exactly one of them, not neither.',
    ],
  ],
  [
    { ...good, federated_credentials: [{ issuer: 'https://idp.example', sub: 's' }] },
    [
      'FederatedCredential.sub does not exist: it must be one of issuer, subject, claims, audience, maxLifetime, replay, jwks, jwks_uri, discovery, allowPrivateJwksUri, ignoreX5c.',
      'FederatedCredential.subject must be a non-empty string, not undefined.',
      'Client.federated_credentials[0].jwks, Client.federated_credentials[0].jwks_uri or Client.federated_credentials[0].discovery must be set: exactly one of them, not none.',
    ],
  ],
  [{ ...good, grant_types: 'client_credentials' }, ['Client.grant_types must be a list of strings, not "client_credentials".']],
  [{ ...secret, client_secret: '' }, ['Client.client_secret must be a non-empty string.']],
  [{ ...secret, client_secret: { hunter: 2 } }, ['Client.client_secret must be a non-empty string.']],
  [
    { ...hmac, client_secret: 'hunter2' },
    ['Client.client_secret must be a string of at least 32 bytes for client_secret_jwt with HS256, not 7.'],
  ],
  [
    { ...hmac, token_endpoint_auth_signing_alg: 'HS512' },
    ['Client.client_secret must be a string of at least 64 bytes for client_secret_jwt with HS512, not 32.'],
  ],
  [
    { ...hmac, client_secret: undefined },
    ['Client.client_secret must be a string of at least 32 bytes for client_secret_jwt with HS256, not 0.'],
  ],
  [{ ...tls, tls_client_auth_san_dns: '' }, ['Client.tls_client_auth_san_dns must be a non-empty string, not "".']],
  [
    tls,
    [
      'tls_client_auth needs exactly one of Client.tls_client_auth_subject_dn, Client.tls_client_auth_san_dns, Client.tls_client_auth_san_uri, Client.tls_client_auth_san_ip, Client.tls_client_auth_san_email, not none.',
    ],
  ],
  [
    { ...tls, tls_client_auth_san_dns: 'a', tls_client_auth_san_ip: '192.0.2.1' },
    [expect.stringMatching(/, not tls_client_auth_san_dns and tls_client_auth_san_ip\.$/) as unknown as string],
  ],
  [
    { ...secret, previous_auth_method: 'private_key_jwt' },
    ['Client.jwks or Client.jwks_uri must be set: exactly one of them, not neither.'],
  ],
])('%j has errors', (client, errors) => {
  expect(checkClient(client)).toEqual({ errors, warnings: [] })
})

it.each(jwksMistakes)('jwks: %s', (_, given, { errors, warnings }) => {
  const named = (texts: string[]) => texts.map((text) => `Client.${text}`)
  expect(checkClient({ ...good, jwks: given })).toEqual({ errors: named(errors), warnings: named(warnings) })
})

it.each<[client: object, warnings: string[]]>([
  [
    { ...good, grant_types: undefined },
    [
      `Client.grant_types is not set: it is ['authorization_code'], so the client gets no token of this package. List ${JWT_BEARER_GRANT} or ${CLIENT_CREDENTIALS}.`,
    ],
  ],
  [
    { ...good, grant_types: ['authorization_code'] },
    [
      `Client.grant_types is ["authorization_code"], so the client gets no token of this package. List ${JWT_BEARER_GRANT} or ${CLIENT_CREDENTIALS}.`,
    ],
  ],
  [
    { ...good, grant_types: undefined, grant_type: CLIENT_CREDENTIALS },
    [
      expect.stringContaining('grant_types is not set') as unknown as string,
      'Client.grant_type is no member of this package and is ignored: did you mean grant_types?',
    ],
  ],
  [{ ...good, jwksUri: 'x' }, ['Client.jwksUri is no member of this package and is ignored: did you mean jwks_uri?']],
  [{ ...good, enabled: false }, ['Client.enabled is false: the client is refused.']],
  [{ ...good, enabled: null }, ['Client.enabled is null: the client is refused.']],
  [{ ...secret, client_secret_expires_at: past }, ['Client.client_secret_expires_at has passed: the secret is refused.']],
  [
    { ...good, previous_auth_method: 'client_secret_post', previous_auth_method_expires_at: past },
    ['Client.previous_auth_method_expires_at has passed: the previous method is refused.'],
  ],
  [
    { ...good, dpop_bound_access_tokens: true },
    ['Client.dpop_bound_access_tokens is set: the client is refused, since no DPoP proof is accepted here.'],
  ],
  [
    { ...good, token_endpoint_auth_method: undefined },
    ['Client.token_endpoint_auth_method is not set: it is client_secret_basic, which needs no keys. Set it to private_key_jwt.'],
  ],
  [
    { ...good, token_endpoint_auth_method: 'private_key_jwk' },
    ['Client.token_endpoint_auth_method is "private_key_jwk", which is no method of this package: did you mean private_key_jwt?'],
  ],
  [
    { ...good, previous_auth_method: 'x' },
    [
      'Client.previous_auth_method is "x", which is no method of this package: it must be one of private_key_jwt, tls_client_auth, self_signed_tls_client_auth, client_secret_jwt, client_secret_basic, client_secret_post, none.',
    ],
  ],
  [
    { ...good, token_endpoint_auth_signing_alg: 'RS256' },
    ['Client.token_endpoint_auth_signing_alg has "RS256", which no registered key fits.'],
  ],
  [
    { ...hmac, token_endpoint_auth_signing_alg: 'ES256' },
    ['Client.token_endpoint_auth_signing_alg is "ES256": it must be one of HS256, HS384, HS512. No JWT is accepted.'],
  ],
  [
    { ...secret, client_secret: '$2b$10$abcdefghijklmnopqrstuv' },
    ['Client.client_secret looks like a hash: it must be the secret itself. For hashes, write the hook verifyClientSecret.'],
  ],
  [{ ...secret, jwks: { keys: [] } }, ['Client.jwks.keys must have a public signature key, not be empty.']],
])('%j has warnings', (client, warnings) => {
  expect(checkClient(client)).toEqual({ errors: [], warnings })
})

it.each(hostile)('never throws: %s', (_, value) => {
  const { errors, warnings } = checkClient(value)
  expect(errors.length).toBeGreaterThan(0)
  for (const text of [...errors, ...warnings]) expect(typeof text).toBe('string')
})

it('shows no secret', () => {
  const canary = 'hunter2'
  const texts = [
    { ...hmac, client_secret: canary },
    { ...secret, client_secret: [canary] },
    {
      ...good,
      jwks: {
        keys: [
          { kty: 'oct', k: canary },
          { ...key.jwk, d: canary },
        ],
      },
    },
    { ...good, jwks: canary },
    canary,
  ].map((client) => JSON.stringify(checkClient(client)))
  for (const text of texts) expect(text).not.toContain(canary)
})

describe.each(anyExpress)('on %s', (_, express) => {
  it('what the endpoint refuses as a mistake of the registration is an error here, in the same words', async () => {
    const wrong = { ...clients['jwt-client'], maxLifetime: '60' }
    const { post, last } = startWorld(express, { hooks: { findClient: () => wrong as never } })
    await post(clientCredentials(byJwt()))
    expect(checkClient(wrong).errors).toEqual([(last().cause as Error).message])
  })
})

it.each<[secret: string, isHash: boolean]>([
  ['$2b$12$abcdefghijklmnopqrstuv', true],
  ['$2y$10$abc', true],
  ['$argon2id$v=19$m=65536', true],
  ['$argon2i$x', true],
  ['$scrypt$x', true],
  ['$5$x', true],
  ['$6$x', true],
  ['$pbkdf2-sha256$x', true],
  ['$pbkdf2$x', true],
  ['{SHA}x', true],
  ['{SHA256}x', true],
  ['sha256:abc', true],
  ['sha512-crypt$abc', true],
  ['bcrypt$abc', true],
  ['pbkdf2_sha256$abc', true],
  ['x$2b$12$abc', false],
  ['$2z$12$abc', false],
  ['$argon2 $x', false],
  ['$7$x', false],
  ['shabby secret', false],
  ['a secret', false],
])('a client_secret %s looks like a hash: %s', (client_secret, isHash) => {
  const { errors, warnings } = checkClient({ ...secret, client_secret })
  expect([errors, warnings.length]).toEqual([[], isHash ? 1 : 0])
})

it.each<[what: string, client: unknown, shown: string]>([
  ['undefined', undefined, 'undefined'],
  ['null', null, 'null'],
  ['text, which may be a secret', 'hunter2', 'a string'],
  ['a number', 7, '7'],
  ['a list', [good], 'a list'],
  ['a function', () => good, 'a function'],
])('%s is no client', (_what, client, shown) => {
  expect(checkClient(client)).toEqual({ errors: [`Client must be an object, not ${shown}.`], warnings: [] })
})

it.each<[what: string, client: object, errors: number, warnings: number]>([
  ['enabled: true', { ...good, enabled: true }, 0, 0],
  ['enabled: false', { ...good, enabled: false }, 0, 1],
  ['a client_id with another letter in front', { ...good, client_id: 'éa' }, 1, 0],
  ['a client_id with another letter behind', { ...good, client_id: 'aé' }, 1, 0],
  ['a client_id of 1024 characters', { ...good, client_id: 'a'.repeat(1024) }, 0, 0],
  ['a client_id of 1025 characters', { ...good, client_id: 'a'.repeat(1025) }, 1, 0],
  ['one grant type of ours', { ...good, grant_types: ['authorization_code', CLIENT_CREDENTIALS] }, 0, 0],
  ['a self-signed certificate without keys', { ...good, token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: undefined }, 1, 0],
  ['a previous method that is the present one', { ...secret, client_secret: '', previous_auth_method: 'client_secret_basic' }, 1, 0],
  ['an algorithm of no key', { ...good, token_endpoint_auth_signing_alg: 'PS256' }, 0, 1],
  ['a subject that is no text', { ...tls, tls_client_auth_san_dns: 7 }, 1, 0],
])('has so many findings: %s', (_what, client, errors, warnings) => {
  const found = checkClient(client)
  expect([found.errors.length, found.warnings.length]).toEqual([errors, warnings])
})
