import { expect, it } from '@jest/globals'
import { clientMembers } from '../../lib/host/check-registration.js'
import { nearest, nearMiss } from '../../lib/host/did-you-mean.js'
import { type Options, tokenEndpoint } from '../../lib/index.js'
import { hooks, issuer } from '../support/world.js'

it.each([
  ['clientAssertion', 'clientAssertions'],
  ['clientAuthMethod', 'clientAuthMethods'],
  ['grantType', 'grantTypes'],
  ['algorithm', 'algorithms'],
  ['clockTolerence', 'clockTolerance'],
  ['tokenEndpointURL', 'tokenEndpointUrl'],
  ['on_event', 'onEvent'],
  ['verifyClientSecret', 'hooks.verifyClientSecret'],
  ['maxLifetime', 'clientAssertions.maxLifetime'],
  ['revealReason', 'revealReasons'],
])('option %s: did you mean %s?', (name, meant) => {
  const { calls: _, ...plain } = hooks()
  expect(() => tokenEndpoint({ issuer, hooks: plain, [name]: {} } as Options)).toThrow(
    `option ${name} does not exist: did you mean ${meant}?`,
  )
})

it.each<[name: string, names: string[], meant: string | undefined]>([
  ['abcdef', ['abcdeg', 'abcxyz'], 'abcdeg'],
  ['ab', ['cd', 'xy'], undefined],
  ['x'.repeat(10_000), ['abc'], undefined],
  ['x', [], undefined],
  ['abcd', ['abxy'], 'abxy'],
  ['abcd', ['axyz'], undefined],
  ['abcdefgh123', ['abcdefghxyz'], 'abcdefghxyz'],
  ['abcdefg1234', ['abcdefgwxyz'], undefined],
  ['abcdefgh1234', ['abcdefghwxyz'], 'abcdefghwxyz'],
  ['ABC-def', ['abc_def'], 'abc_def'],
  ['zz', ['ab'], undefined],
])('nearest to %.20s of %j is %s', (name, names, meant) => {
  expect(nearest(name, names)).toBe(meant)
})

it.each([
  ['grant_type', 'grant_types'],
  ['grantTypes', 'grant_types'],
  ['jwksUri', 'jwks_uri'],
  ['jwksURL', 'jwks_uri'],
  ['scopes', 'scope'],
  ['clientId', 'client_id'],
  ['federated_credential', 'federated_credentials'],
  ['require_jti', 'requireJti'],
  ['token_endpoint_auth_methods', 'token_endpoint_auth_method'],
])('of a client, %s is close to %s', (name, meant) => {
  expect(nearMiss(name, clientMembers)).toBe(meant)
})

/** Members of RFC 7591, OpenID Connect and RFC 9126 that this package does not read, and what hosts add. */
const ofOthers =
  'client_name client_uri logo_uri tos_uri policy_uri redirect_uris response_types contacts software_id software_version software_statement ' +
  'client_id_issued_at registration_client_uri registration_access_token application_type sector_identifier_uri subject_type ' +
  'id_token_signed_response_alg userinfo_signed_response_alg request_object_signing_alg default_max_age require_auth_time default_acr_values ' +
  'initiate_login_uri request_uris post_logout_redirect_uris backchannel_logout_uri frontchannel_logout_uri authorization_signed_response_alg ' +
  'require_pushed_authorization_requests authorization_details_types introspection_signed_response_alg id name tenant tenant_id owner role roles ' +
  'type created_at updated_at disabled active secret secrets hash client_secret_hash keys description email url tags metadata plan'

it.each(ofOthers.split(' '))('of a client, %s is a member of its own', (name) => {
  expect(nearMiss(name, clientMembers)).toBeUndefined()
})

it.each<[name: string, names: string[], meant: string | undefined]>([
  ['abcd', ['abcx'], 'abcx'],
  ['abcd', ['abxy'], undefined],
  ['abcdefgh', ['abcdefxy'], 'abcdefxy'],
  ['abcdefgh', ['abcdexyz'], undefined],
  ['abcdefghijklmnop', ['abcdefghijklmxyz'], undefined],
  ['abcdefg', ['abcdefx', 'ABC_DEFG'], 'ABC_DEFG'],
  ['abc', ['abx'], undefined],
])('close to %s of %j is %s', (name, names, meant) => {
  expect(nearMiss(name, names)).toBe(meant)
})
