import { describe, expect, it } from '@jest/globals'
import { checkTrustedIssuer } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { ec, ed, rsa } from '../support/keys.js'
import { grant, grantRequest, idp, issuers, startWorld } from '../support/world.js'
import { hostile, jwksMistakes } from './mistakes.js'

const jwks = { keys: [ec('a').jwk, ed('b').jwk, { ...rsa('c').jwk, alg: undefined }] }
const good = { issuer: 'https://idp.example.org', jwks, clients: ['c'] }

it.each<[name: string, issuer: object]>([
  ['clients', good],
  ['any client', { ...good, clients: 'any' }],
  ['its own client', { ...good, clients: undefined, client_id: 'c' }],
  ['anybody', { ...good, clients: undefined, client_authentication: 'none' }],
  ['algorithms that its keys fit', { ...good, algorithms: ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS512'] }],
  ['keys that are discovered', { ...good, jwks: undefined, discovery: true }],
  ['algorithms of keys that are fetched', { ...good, jwks: undefined, jwks_uri: 'https://idp.example.org/jwks', algorithms: ['ES512'] }],
  [
    'all members',
    {
      ...good,
      audience: ['a', 'b'],
      subjects: () => true,
      scope: 'a',
      typ: 'jwt',
      replay: 'reusable',
      enabled: true,
      not_after: new Date(Date.now() + 9999),
    },
  ],
])('nothing is wrong with an issuer with %s', (_, issuer) => {
  expect(checkTrustedIssuer(issuer)).toEqual({ errors: [], warnings: [] })
})

it.each<[issuer: object, errors: string[]]>([
  [{ ...good, issuer: '' }, ['TrustedIssuer.issuer must be a non-empty string, not "".']],
  [
    { ...good, maxLifetme: 60, replay: 'once', not_after: '2030-01-01' },
    [
      'TrustedIssuer.maxLifetme does not exist: did you mean maxLifetime?',
      `TrustedIssuer.replay must be one of 'one-time', 'one-time-jti', 'same-client', 'reusable', not "once".`,
      'TrustedIssuer.not_after must be a valid Date, not "2030-01-01".',
    ],
  ],
  [
    { ...good, jwks: undefined },
    ['TrustedIssuer.jwks, TrustedIssuer.jwks_uri or TrustedIssuer.discovery must be set: exactly one of them, not none.'],
  ],
  [
    { ...good, discovery: true },
    ['TrustedIssuer.jwks, TrustedIssuer.jwks_uri or TrustedIssuer.discovery must be set: exactly one of them, not 2 of them.'],
  ],
  [{ ...good, issuer: 'idp', jwks: undefined, discovery: true }, ['TrustedIssuer.issuer must be a URL, not "idp".']],
  [
    { ...good, jwks: undefined, jwks_uri: 'http://localhost:4000/jwks' },
    ['TrustedIssuer.jwks_uri must be an https URL, or allowPrivateJwksUri, not "http://localhost:4000/jwks".'],
  ],
])('%j has errors', (issuer, errors) => {
  expect(checkTrustedIssuer(issuer)).toEqual({ errors, warnings: [] })
})

it.each(jwksMistakes)('jwks: %s', (_, given, { errors, warnings }) => {
  const named = (texts: string[]) => texts.map((text) => `TrustedIssuer.${text}`)
  expect(checkTrustedIssuer({ ...good, jwks: given })).toEqual({ errors: named(errors), warnings: named(warnings) })
})

const nobody = "TrustedIssuer.clients is not set: nobody may present its grants. List client_ids, or set it to 'any'."
it.each<[over: object, warning: string]>([
  [{ clients: undefined }, nobody],
  [{ clients: [] }, nobody],
  [{ clients: [], client_authentication: 'identified' }, nobody],
  [{ enabled: false }, 'TrustedIssuer.enabled is false: its grants are refused.'],
  [{ enabled: null }, 'TrustedIssuer.enabled is null: its grants are refused.'],
  [{ not_after: new Date(0) }, 'TrustedIssuer.not_after has passed: its grants are refused.'],
  [{ audience: [] }, 'TrustedIssuer.audience is []: no JWT can have it. Set it to the aud of the grants.'],
  [{ audience: '' }, 'TrustedIssuer.audience is "": no JWT can have it. Set it to the aud of the grants.'],
  [{ subjects: [] }, 'TrustedIssuer.subjects is empty: no sub is allowed.'],
  [{ algorithms: [] }, 'TrustedIssuer.algorithms is empty: no JWT is accepted.'],
  [{ algorithms: ['ES256', 'ES384', 'ES512'] }, 'TrustedIssuer.algorithms has "ES384", "ES512", which no registered key fits.'],
  [
    { jwks: undefined, jwks_uri: 'https://idp.example.org/jwks', algorithms: ['HS256'] },
    'TrustedIssuer.algorithms has "HS256", which no JWT may have.',
  ],
])('%j is a warning', (over, warning) => {
  expect(checkTrustedIssuer({ ...good, ...over })).toEqual({ errors: [], warnings: [warning] })
})

it.each(hostile)('never throws: %s', (_, value) => {
  expect(checkTrustedIssuer(value).errors.length).toBeGreaterThan(0)
})

describe.each(anyExpress)('on %s', (_, express) => {
  it('what the endpoint refuses is an error here, in the same words', async () => {
    const wrong = { ...issuers[idp], clients: 'jwt-client' }
    const { post, last } = startWorld(express, { hooks: { findIssuer: () => wrong as never } })
    await post(grantRequest(grant()))
    expect(checkTrustedIssuer(wrong).errors).toEqual([(last().cause as Error).message])
  })
})
