import { describe, expect, it } from '@jest/globals'
import { CLIENT_CREDENTIALS, checkClient, JWT_BEARER_CLIENT_ASSERTION } from '../../lib/index.js'
import { type KubernetesArguments, type KubernetesCredentialArguments, kubernetes, kubernetesCredential } from '../../lib/profiles/index.js'
import { kubernetesProfile } from '../../lib/profiles/kubernetes.js'
import { answersTo, itRefuses, looser, looserGrant } from '../support/profile-arguments.js'
import { send, senderOf, server, startProfile } from '../support/profile-world.js'

const account = { issuer: 'https://idp.example.org', namespace: 'prod', serviceaccount: 'reports' }

describe('kubernetes', () => {
  itRefuses<KubernetesArguments>(kubernetes, { ...account, audience: server }, [
    ...looserGrant(3600),
    ['T-81 not without a namespace', { namespace: undefined }, /namespace must be a non-empty string/],
    ['T-81 not without a service account', { serviceaccount: '' }, /serviceaccount must be a non-empty string/],
    ['T-81 no list of namespaces', { namespace: ['prod', 'test'] }, /namespace must be a non-empty string/],
    ['T-81 no empty uid', { serviceaccount_uid: '' }, /uid must be text/],
    ['WI-03 not without an issuer', { issuer: undefined }, /issuer must be a non-empty string/],
    [
      'WI-04 no other rule for what it pins',
      { claims: { 'kubernetes.io': { namespace: 'prod' } } },
      /claims.kubernetes.io must not be set/,
    ],
  ])

  it('DI-13 WI-04 without a uid, a service account that was made again comes in', async () => {
    const registered = (keys: object) => ({ issuer: kubernetes({ ...account, audience: server, ...keys }) })
    const ofPod = (namespace: string) => ({ 'kubernetes.io': { namespace, serviceaccount: { name: 'reports', uid: 'another' } } })
    const { answers } = await answersTo(kubernetesProfile, registered, [ofPod('prod'), ofPod('test')])
    expect(answers).toEqual(['ok', 'claim_not_allowed'])
  })
})

describe('kubernetesCredential', () => {
  itRefuses<KubernetesCredentialArguments>(kubernetesCredential, account, [
    ...looser(3600),
    ['T-81 not without a namespace', { namespace: undefined }, /namespace must be a non-empty string/],
  ])

  it('DI-13 T-81 the same token authenticates a client, again and again, and that of another service account does not', async () => {
    const { identity } = senderOf(kubernetesProfile)
    const client = {
      client_id: 'reports',
      token_endpoint_auth_method: 'private_key_jwt',
      federated_credentials: [kubernetesCredential({ ...account, jwks: { keys: [identity.key?.publicJwk ?? {}] } })],
      grant_types: [CLIENT_CREDENTIALS],
    }
    expect(await checkClient(client)).toMatchObject({ errors: [] })
    const parameters = {
      grant_type: CLIENT_CREDENTIALS,
      client_id: 'reports',
      client_assertion_type: JWT_BEARER_CLIENT_ASSERTION,
      client_assertion: '$jwt',
      assertion: '',
    }
    const endpoint = await startProfile({ client })
    const pod = { jti: 'same' }
    const ofOther = { sub: 'system:serviceaccount:prod:default' }
    const ofOtherClaims = { 'kubernetes.io': { namespace: 'test', serviceaccount: { name: 'reports' } } }
    try {
      for (const claims of [pod, pod]) expect(await send(endpoint, identity, { claims }, parameters)).toMatchObject({ status: 200 })
      expect(await send(endpoint, identity, { claims: ofOther }, parameters)).toMatchObject({ reason: 'client_identity_mismatch' })
      expect(await send(endpoint, identity, { claims: ofOtherClaims }, parameters)).toMatchObject({ reason: 'claim_not_allowed' })
    } finally {
      await endpoint.close()
    }
  })

  it('has an audience of its own if it is told', () => {
    expect(kubernetesCredential({ ...account, audience: 'tokens' })).toMatchObject({ audience: 'tokens' })
    expect(kubernetesCredential(account)).not.toHaveProperty('audience')
  })
})
