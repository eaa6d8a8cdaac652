import { describe, expect, it } from '@jest/globals'
import { tokenEndpointMetadata } from '../../lib/host/metadata.js'
import { algorithmNames, secretAlgorithms } from '../../lib/host/options.js'
import {
  CLIENT_CREDENTIALS,
  type Client,
  ConfigurationError,
  clientMetadataDocuments,
  JWT_BEARER_GRANT,
  type Options,
} from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { forge, freshJti, now } from '../support/jwt.js'
import { ec, ed, type Pair, rsa } from '../support/keys.js'
import { byJwt, clientCredentials, hooks, issuer, startWorld, tokenEndpointUrl } from '../support/world.js'

const options = (over: Partial<Options> = {}): Options => {
  const { calls: _, ...plain } = hooks()
  return { issuer, tokenEndpointUrl, hooks: plain, ...over }
}
const metadata = (over: Partial<Options> = {}, own?: Parameters<typeof tokenEndpointMetadata>[1]) =>
  tokenEndpointMetadata(options(over), own)

describe('tokenEndpointMetadata', () => {
  it('MD-01..MD-05 of the defaults', () => {
    expect(metadata()).toEqual({
      issuer,
      token_endpoint: tokenEndpointUrl,
      grant_types_supported: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS],
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_jwt', 'client_secret_basic', 'client_secret_post'],
      token_endpoint_auth_signing_alg_values_supported: [...algorithmNames.filter((name) => name !== 'ES512'), ...secretAlgorithms],
    })
  })

  it.each<[name: string, over: Partial<Options>, message: RegExp]>([
    ['no tokenEndpointUrl', { tokenEndpointUrl: undefined }, /tokenEndpointMetadata: option tokenEndpointUrl is missing/],
    ['an issuer over http', { issuer: 'http://as.example.com' }, /tokenEndpointMetadata: option issuer must be an https URL/],
    ['an issuer with a query', { issuer: 'https://as.example.com?x=1' }, /option issuer must be a URL without a query/],
    ['an issuer with an empty query', { issuer: 'https://as.example.com?' }, /option issuer must be a URL without a query/],
    ['an issuer with a fragment', { issuer: 'https://as.example.com#x' }, /option issuer must be a URL without a fragment/],
    ['no issuer', { issuer: undefined as never }, /option issuer is missing/],
  ])('MD-01 throws for %s', (_name, over, message) => {
    expect(() => metadata(over)).toThrow(ConfigurationError)
    expect(() => metadata(over)).toThrow(message)
  })

  it('MD-02 always names its grants, in all and with those of the host behind them', () => {
    expect(metadata({ grantTypes: [JWT_BEARER_GRANT] }).grant_types_supported).toEqual([JWT_BEARER_GRANT])
    const own = { grant_types_supported: ['authorization_code', CLIENT_CREDENTIALS, 'refresh_token'] }
    expect(metadata({}, own).grant_types_supported).toEqual([JWT_BEARER_GRANT, CLIENT_CREDENTIALS, 'authorization_code', 'refresh_token'])
    expect(metadata({ fallthrough: true, hostVerifiesClientAssertions: true }).grant_types_supported).toEqual([JWT_BEARER_GRANT])
  })

  it('MD-03, CA-12 always names its methods, the safest first however they were listed, then those of the host', () => {
    expect(metadata().token_endpoint_auth_methods_supported[0]).toBe('private_key_jwt')
    const { token_endpoint_auth_methods_supported } = metadata(
      { clientAuthMethods: ['client_secret_basic', 'none', 'private_key_jwt', 'none'] },
      { token_endpoint_auth_methods_supported: ['kerberos', 'none'] },
    )
    expect(token_endpoint_auth_methods_supported).toEqual(['private_key_jwt', 'client_secret_basic', 'kerberos', 'none'])
  })

  it.each<[methods: NonNullable<Options['clientAuthMethods']>, algorithms: readonly string[] | undefined, expected: string[] | undefined]>([
    [['private_key_jwt'], ['ES256', 'RS256'], ['ES256', 'RS256']],
    [['client_secret_jwt'], ['ES256'], [...secretAlgorithms]],
    [['private_key_jwt', 'client_secret_jwt'], ['PS256'], ['PS256', ...secretAlgorithms]],
    [['private_key_jwt'], ['ES512'], ['ES512']],
    [['client_secret_basic'], ['ES256'], undefined],
    [['private_key_jwt'], ['EdDSA'], ['EdDSA', 'Ed25519']],
    [['private_key_jwt'], ['Ed25519', 'ES256'], ['EdDSA', 'Ed25519', 'ES256']],
  ])('MD-04 names the algorithms of %j with %j', (clientAuthMethods, algorithms, expected) => {
    expect(metadata({ clientAuthMethods, algorithms }).token_endpoint_auth_signing_alg_values_supported).toEqual(expected)
  })

  it('MD-04 SHOULD hold RS256, which the defaults do, and never none', () => {
    const { token_endpoint_auth_signing_alg_values_supported: listed = [] } = metadata()
    expect(listed).toContain('RS256')
    expect(listed).not.toContain('none')
    expect(() => metadata({ algorithms: ['none'] })).toThrow(ConfigurationError)
    expect(() => metadata({}, { token_endpoint_auth_signing_alg_values_supported: ['none'] })).toThrow(ConfigurationError)
  })

  describe('CD-10 clients with a URL as client_id', () => {
    const documented = (publicClients: boolean): Partial<Options> => ({
      hooks: {
        ...options().hooks,
        findClient: clientMetadataDocuments({
          findClient: () => undefined,
          allow: ['app.example.org'],
          grant_types: ['authorization_code'],
          scope: '',
          publicClients,
        }),
      },
    })
    it.each([true, false])('are announced, and none is listed if they may be public: %s', (publicClients) => {
      const announced = metadata(documented(publicClients))
      expect(announced.client_id_metadata_document_supported).toBe(true)
      expect(announced.token_endpoint_auth_methods_supported.includes('none')).toBe(publicClients)
      expect(announced.token_endpoint_auth_methods_supported[0]).toBe('private_key_jwt')
    })

    it('none is not listed if the endpoint does not enable it', () => {
      const over = { ...documented(true), clientAuthMethods: ['private_key_jwt'] } as const
      expect(metadata(over).token_endpoint_auth_methods_supported).toEqual(['private_key_jwt'])
    })

    it('are announced if the host says so, for a hook of its own; and not, if it says no', () => {
      expect(metadata({}, { client_id_metadata_document_supported: true })).toMatchObject({ client_id_metadata_document_supported: true })
      expect(metadata(documented(true), { client_id_metadata_document_supported: false })).not.toHaveProperty(
        'client_id_metadata_document_supported',
      )
      expect(metadata()).not.toHaveProperty('client_id_metadata_document_supported')
    })
  })

  it.each(['client_secret_jwt', 'private_key_jwt'])("MD-04 asks for the algorithms of a host's own JWT method: %s", (method) => {
    const own = { token_endpoint_auth_methods_supported: [method] }
    const over = { clientAuthMethods: ['client_secret_basic'] } as const
    expect(() => metadata(over, own)).toThrow(/token_endpoint_auth_signing_alg_values_supported/)
    const algorithms = { token_endpoint_auth_signing_alg_values_supported: ['HS256'] }
    expect(metadata(over, { ...own, ...algorithms })).toMatchObject(algorithms)
  })

  it.each<[methods: NonNullable<Options['clientAuthMethods']>, bound: true | undefined]>([
    [['tls_client_auth'], true],
    [['private_key_jwt', 'self_signed_tls_client_auth'], true],
    [['private_key_jwt', 'client_secret_basic'], undefined],
  ])('MD-05 says whether tokens may be bound to a certificate: %j', (clientAuthMethods, bound) => {
    expect(metadata({ clientAuthMethods }).tls_client_certificate_bound_access_tokens).toBe(bound)
  })

  const getClientCertificate = () => undefined
  const verifyClientSecret = () => true
  const { findClient, findIssuer, authorizeGrant, mintToken } = hooks()
  const methods = (over: object) => metadata(over).token_endpoint_auth_methods_supported

  it('MD-03 names a method only if it can be used with these options', () => {
    const has = (name: string, over: object) => methods(over).includes(name)
    const withHook = (hook: object) => ({ hooks: { ...options().hooks, ...hook } })
    for (const name of ['tls_client_auth', 'self_signed_tls_client_auth']) {
      expect([name, has(name, {})]).toEqual([name, false])
      expect([name, has(name, withHook({ getClientCertificate }))]).toEqual([name, true])
      expect([name, has(name, { clientAuthMethods: [name] })]).toEqual([name, true])
      expect([name, has(name, { clientAuthMethods: ['private_key_jwt'], ...withHook({ getClientCertificate }) })]).toEqual([name, false])
    }
    expect(has('client_secret_jwt', {})).toBe(true)
    expect(has('client_secret_jwt', withHook({ verifyClientSecret }))).toBe(false)
    expect(metadata(withHook({ verifyClientSecret })).token_endpoint_auth_signing_alg_values_supported).not.toContain('HS256')
    expect(has('client_secret_jwt', { clientAuthMethods: ['client_secret_jwt'], ...withHook({ verifyClientSecret }) })).toBe(true)
    expect(has('client_secret_basic', withHook({ verifyClientSecret }))).toBe(true)
  })

  it('MD-03 names none only if public clients can use the JWT grant', () => {
    const publicClients = { scope: 'read' }
    expect(methods({ publicClients })).toContain('none')
    expect(methods({})).not.toContain('none')
    expect(methods({ publicClients, clientAuthMethods: ['private_key_jwt'] })).not.toContain('none')
    expect(methods({ publicClients, grantTypes: [CLIENT_CREDENTIALS] })).not.toContain('none')
  })

  it('MD-02 names a grant only if its hooks are there', () => {
    const grants = (given: object) =>
      tokenEndpointMetadata({ issuer, tokenEndpointUrl, hooks: given }, { grant_types_supported: ['authorization_code'] })
        .grant_types_supported
    expect(grants({ findClient, mintToken })).toEqual([CLIENT_CREDENTIALS, 'authorization_code'])
    expect(grants({ findClient, findIssuer, mintToken })).toEqual([CLIENT_CREDENTIALS, 'authorization_code'])
    expect(grants({ findClient, findIssuer, authorizeGrant, mintToken })).toEqual([
      JWT_BEARER_GRANT,
      CLIENT_CREDENTIALS,
      'authorization_code',
    ])
    expect(grants({ findClient })).toEqual(['authorization_code'])
  })

  it('MD-02 MD-03 throws if nothing can be used: absent lists have defaults (RFC 8414 §2)', () => {
    const bare = { issuer, tokenEndpointUrl, hooks: {} }
    expect(() => tokenEndpointMetadata(bare)).toThrow('grant_types_supported must not be empty')
    const grants = { grant_types_supported: ['authorization_code'] }
    expect(() => tokenEndpointMetadata(bare, grants)).toThrow('token_endpoint_auth_methods_supported must not be empty')
    const own = { ...grants, token_endpoint_auth_methods_supported: ['none'] }
    expect(tokenEndpointMetadata(bare, own)).toEqual({ issuer, token_endpoint: tokenEndpointUrl, ...own })
  })

  it('IJ-17 EM-06 names the profiles of the JWT grant that are served, and only with that grant', () => {
    const authorization_grant_profiles_supported = ['urn:ietf:params:oauth:grant-profile:id-jag']
    expect(metadata({}, { authorization_grant_profiles_supported })).toMatchObject({ authorization_grant_profiles_supported })
    expect(metadata()).not.toHaveProperty('authorization_grant_profiles_supported')
    const without = () => metadata({ grantTypes: [CLIENT_CREDENTIALS] }, { authorization_grant_profiles_supported })
    expect(without).toThrow('authorization_grant_profiles_supported must be empty, unless grant_types_supported has')
  })

  it('gives a document of its own each time, and names no issuer that it trusts (IJ-17)', () => {
    const shared = options()
    const first = tokenEndpointMetadata(shared)
    first.grant_types_supported.push('x')
    first.token_endpoint_auth_signing_alg_values_supported?.push('none')
    expect(tokenEndpointMetadata(shared)).toEqual(metadata())
    expect(JSON.stringify(first)).not.toContain('idp.example.org')
  })
})

describe.each(anyExpress)('MD-04 what the metadata names is what is accepted, on %s', (_, express) => {
  const rsaPair = rsa('rsa')
  const edPair = ed('ed')
  const pairs: Record<string, Pair> = {
    ES256: ec('es256'),
    ES384: ec('es384', 'P-384', 'ES384'),
    ES512: ec('es512', 'P-521', 'ES512'),
    ...Object.fromEntries(algorithmNames.filter((name) => /^[RP]S/.test(name)).map((name) => [name, rsaPair])),
    EdDSA: edPair,
    Ed25519: edPair,
  }
  const client_secret = 'a secret of sixty-four bytes, which is as long as HS512 needs it'
  const everyAlgorithm = [...algorithmNames, ...secretAlgorithms, 'none', 'HS1', 'ES256K']

  it.each<[name: string, over: Partial<Options>]>([
    ['the defaults', {}],
    ['private_key_jwt alone', { clientAuthMethods: ['private_key_jwt'] }],
    ['client_secret_jwt alone', { clientAuthMethods: ['client_secret_jwt'] }],
    ['no JWT', { clientAuthMethods: ['client_secret_basic'] }],
    ['a short list', { algorithms: ['ES512', 'PS384', 'Ed25519'] }],
    ['EdDSA alone', { algorithms: ['EdDSA'], clientAuthMethods: ['private_key_jwt'] }],
  ])('with %s', async (_name, over) => {
    const common = { grant_types: [CLIENT_CREDENTIALS], client_secret }
    const registered: Record<string, Client> = {
      key: {
        ...common,
        client_id: 'key',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: Object.values(pairs).map(({ jwk: { alg: _alg, ...jwk } }) => jwk) },
      },
      secret: { ...common, client_id: 'secret', token_endpoint_auth_method: 'client_secret_jwt' },
    }
    const world = startWorld(express, { options: over, hooks: { findClient: (id) => registered[id] } })
    const accepted: string[] = []
    for (const alg of everyAlgorithm) {
      const client = alg.startsWith('HS') ? 'secret' : 'key'
      const pair = pairs[alg]
      const claims = { iss: client, sub: client, aud: issuer, exp: now() + 60, jti: freshJti() }
      const [key, signedWith] = pair
        ? [pair.privateKey, alg]
        : client === 'secret' && alg !== 'HS1'
          ? [client_secret, alg]
          : [pairs.ES256!.privateKey, 'ES256']
      const assertion = forge({ alg, ...(pair && { kid: pair.kid }) }, claims, alg === 'none' ? null : key, signedWith)
      const { status } = await world.post(clientCredentials(byJwt(assertion)))
      if (status === 200) accepted.push(alg)
      else expect([alg, status]).toEqual([alg, 401])
    }
    const listed = tokenEndpointMetadata(world.options).token_endpoint_auth_signing_alg_values_supported ?? []
    expect([...listed].sort()).toEqual(accepted.sort())
  })
})
