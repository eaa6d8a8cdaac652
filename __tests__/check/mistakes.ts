import { kindOfDocument, problemOfKey } from '../../lib/assertion/keys/key-problems.js'
import { ec, rsa } from '../support/keys.js'

const key = ec('a').jwk
const weak = rsa('weak', 1024).jwk
const malformed = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }
const unusable: Record<string, unknown> = {
  'a private key': { ...key, d: 'AA' },
  'a symmetric key': { kty: 'oct', k: 'AA' },
  'a weak RSA key': weak,
  'a key for encryption': { ...key, use: 'enc' },
  'a key for other operations': { ...key, key_ops: ['sign'] },
  'a curve that is not supported': { ...key, crv: 'secp256k1' },
  'a PEM in the list': '-----BEGIN PUBLIC KEY-----',
  'a type that is not known': { kty: 'AKP' },
}
const tooMany = Array.from({ length: 101 }, () => key)

interface Found {
  errors: string[]
  warnings: string[]
}
const errors = (...texts: string[]): Found => ({ errors: texts, warnings: [] })
const warnings = (...texts: string[]): Found => ({ errors: [], warnings: texts })
const noJwks = (jwks: unknown) => errors(`jwks must be a JWK Set, { keys: [...] }, not ${kindOfDocument(jwks)}.`)

/** JWK Sets with mistakes, and what is said about each after the name of the object. */
export const jwksMistakes: [name: string, jwks: unknown, found: Found][] = [
  ...Object.entries(unusable).flatMap(([name, one]): [string, unknown, Found][] => [
    [`${name} alone`, { keys: [one] }, errors(`jwks.keys[0] is of no use: ${problemOfKey(one)}.`)],
    [`${name} after a good one`, { keys: [key, one] }, warnings(`jwks.keys[1] is of no use: ${problemOfKey(one)}.`)],
  ]),
  [
    'a point that is not on its curve',
    { keys: [malformed] },
    errors('jwks.keys[0] is of no use: its members are not those of a public key.'),
  ],
  [
    'two mistakes',
    { keys: [malformed, weak] },
    errors('jwks.keys[0] is of no use: its members are not those of a public key.', `jwks.keys[1] is of no use: ${problemOfKey(weak)}.`),
  ],
  ['no key', { keys: [] }, errors('jwks.keys must have a public signature key, not be empty.')],
  ['too many keys', { keys: tooMany }, errors('jwks.keys must have at most 100 keys, not 101.')],
  ...[key, [key], '{"keys":[]}', '-----BEGIN PUBLIC KEY-----', { keys: key }].map((jwks): [string, unknown, Found] => [
    kindOfDocument(jwks),
    jwks,
    noJwks(jwks),
  ]),
]

const throwing = () =>
  new Proxy(
    {},
    {
      get() {
        throw new Error('no')
      },
      ownKeys() {
        throw new Error('no')
      },
    },
  )
const revoked = Proxy.revocable({}, {})
revoked.revoke()

/** What no check may throw for; each has an error at least. */
export const hostile: [name: string, value: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 7],
  ['a bigint', 7n],
  ['a symbol', Symbol('x')],
  ['a text', 'x'],
  ['a function', () => {}],
  ['a list', [{}]],
  ['no members', {}],
  ['no prototype', Object.create(null)],
  ['a Map', new Map()],
  ['members that throw', throwing()],
  ['a revoked proxy', revoked.proxy],
  ['a proxy in jwks', { jwks: throwing() }],
  ['a proxy in the list of keys', { jwks: { keys: [throwing(), revoked.proxy] } }],
  ['a proxy in hooks', { hooks: throwing() }],
  ['a proxy in federated_credentials', { federated_credentials: [throwing()] }],
  [
    'members of the wrong type',
    Object.fromEntries(['issuer', 'hooks', 'jwks', 'jwks_uri', 'client_id', 'grant_types'].map((name) => [name, 7])),
  ],
  [
    'members that are lists',
    Object.fromEntries(['issuer', 'hooks', 'jwks', 'jwks_uri', 'client_id', 'clients'].map((name) => [name, [null]])),
  ],
  [
    'a text without a string form',
    {
      client_id: Object.create(null),
      issuer: Object.create(null),
      token_endpoint_auth_method: 'x',
      jwks: { keys: [{ kty: {}, crv: Symbol('x') }] },
    },
  ],
]
