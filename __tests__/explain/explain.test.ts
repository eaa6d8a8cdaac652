import { describe, expect, it } from '@jest/globals'
import { ConfigurationError, explain, explainRequest, JWT_BEARER_GRANT, type Options, type TrustedIssuer } from '../../lib/index.js'
import { type SpoiledName, spoiled, spoiledRequests, testClient, testIssuer } from '../../lib/testing/index.js'

const issuer = testIssuer({ registration: { client_authentication: 'none', scope: 'read' } })
const client = testClient({ registration: { scope: 'read' } })
const bySecret = testClient({ client_id: 'with-secret', method: 'client_secret_jwt' })
const clients = new Map([client, bySecret].map(({ registration }) => [registration.client_id, registration]))

const calls: string[] = []
const options: Options = {
  issuer: 'https://as.example.com',
  hooks: {
    findClient: (id) => clients.get(id),
    findIssuer: (iss) => (iss === issuer.issuer ? issuer.registration : undefined),
    authorizeGrant: ({ sub }) => ({ subject: `account-${sub}` }),
    mintToken: () => {
      calls.push('mintToken')
      return { access_token: 'token-canary', token_type: 'Bearer', expires_in: 60 }
    },
  },
  replayStore: {
    consume: () => {
      calls.push('consume')
      return true
    },
    release: () => void calls.push('release'),
  },
  onEvent: () => void calls.push('onEvent'),
}
const grant = (overrides?: Parameters<typeof issuer.signGrant>[0]) => issuer.signGrant(overrides)
const about = { use: 'grant', options, issuer: issuer.registration } as const

describe('explain', () => {
  it('says that a good grant and a good client assertion pass, by which key, and that each check passed', async () => {
    for (const explanation of [
      await explain(grant(), about),
      await explain(client.signClientAssertion(), { use: 'client', options, client: client.registration }),
      await explain(bySecret.signClientAssertion(), { use: 'client', options, client: bySecret.registration }),
    ]) {
      expect(explanation).toMatchObject({ accepted: true, fixes: [] })
      expect(explanation.reason).toBeUndefined()
      expect(explanation.checks.length).toBeGreaterThan(25)
      expect(explanation.checks.filter(({ state }) => state !== 'passed')).toEqual([])
      expect(JSON.stringify(explanation.checks)).not.toContain('NaN')
      expect(explanation.keys.filter(({ fits, verifies }) => fits && verifies)).toHaveLength(1)
    }
  })

  const names = Object.keys(spoiled) as SpoiledName[]
  const cases = names.flatMap((name) =>
    (['grant', 'client'] as const)
      .filter((use) => spoiled[name].refused[use] && !spoiled[name].sentTwice)
      .map((use) => [name, use] as const),
  )
  it.each(cases)('%s as %s: gives the reason of the endpoint, and shows which check failed', async (name, use) => {
    const [request] = spoiledRequests(name, use, { issuer, client })
    const jwt = String(request?.[use === 'grant' ? 'assertion' : 'client_assertion'])
    const needed = spoiled[name].needsRegistration ?? {}
    const signer = use === 'grant' ? { issuer: { ...issuer.registration, ...needed } } : { client: { ...client.registration, ...needed } }
    const explanation = await explain(jwt, { use, options, ...signer })
    const { reason } = spoiled[name].refused[use] as { reason: string }
    expect(explanation).toMatchObject({ accepted: false, reason, detail: { seen: expect.anything(), wanted: expect.anything() } })
    expect(explanation.checks.find(({ state }) => state === 'failed')).toMatchObject({ reason, ...explanation.detail })
    const mendable = explanation.fixes.some(({ weakens }) => !weakens)
    expect([name, mendable]).toEqual([name, !unmendable.includes(name)])
  })
  /** No edit of the parts makes a JWT of what is not one. */
  const unmendable: readonly string[] = ['notAJwt', 'encrypted']

  it.each<[what: string, overrides: Parameters<typeof issuer.signGrant>[0], edits: string[]]>([
    ['another audience', { claims: { aud: 'https://else.example' } }, ['signer: send `aud: https://as.example.com`']],
    ['an unknown kid', { header: { kid: 'unknown' } }, [`signer: send the header \`kid: ${issuer.kid}\``]],
    ['a critical header', { header: { crit: ['b64'] } }, ['signer: send no `crit` header']],
    ['no jti where it is not demanded', { claims: { jti: undefined } }, []],
  ])('names the one edit that mends %s', async (_what, overrides, edits) => {
    const { fixes } = await explain(grant(overrides), about)
    expect(fixes[0]?.edits.map(({ side, text }) => `${side}: ${text}`) ?? []).toEqual(edits)
  })

  it.each<[what: string, claims: object, registration: object, edits: string[]]>([
    [
      'a workload with another audience',
      { aud: 'https://else.example' },
      {},
      ['send `aud: api://as`', 'register `audience: https://else.example` for the workload'],
    ],
    ['another workload', { sub: 'repo:y' }, {}, ['send `sub: repo:x`', 'register `subject: repo:y` for the workload']],
    [
      'a workload whose tokens live long',
      { exp: 2_000_000_000 },
      { maxLifetime: 120 },
      ['send `exp: <time>`', 'register `maxLifetime: <time>` for the workload'],
    ],
  ])('names the edits for %s, which are those of its own registration', async (_what, claims, registration, edits) => {
    const ci = testIssuer({ issuer: 'https://ci.example', audience: 'api://as', claims: { sub: 'repo:x' } })
    const credential = { issuer: ci.issuer, subject: 'repo:x', audience: 'api://as', jwks: ci.jwks, ...registration }
    const workload = { client_id: 'workload', token_endpoint_auth_method: 'private_key_jwt', federated_credentials: [credential] }
    const { accepted, fixes } = await explain(ci.signGrant({ claims: { ...claims } }), { use: 'client', options, client: workload })
    expect(accepted).toBe(false)
    expect(fixes.map((fix) => fix.edits.map(({ text }) => text.replace(/\d{6,}/, '<time>')).join())).toEqual(edits)
    expect(fixes.at(-1)?.edits.at(-1)?.path).toMatch(/^client\.federated_credentials\.0\.\w+$/)
  })

  it.each<[what: string, overrides: Parameters<typeof issuer.signGrant>[0], registration: Partial<TrustedIssuer>, edits: string[]]>([
    [
      'another repository',
      { claims: { repository_id: '75' } },
      { claims: { repository_id: '74' } },
      ['send `repository_id: 74`', 'register `claims.repository_id: 75` for the issuer'],
    ],
    ['no repository', {}, { claims: { repository_id: ['74', '76'] } }, ['send `repository_id: 74`']],
    ['an x5c header', { header: { x5c: ['x'] } }, {}, ['send no `x5c` header', 'register `ignoreX5c: true` for the issuer']],
  ])('names the edits for a grant with %s', async (_what, overrides, registration, edits) => {
    const { accepted, fixes } = await explain(grant(overrides), { ...about, issuer: { ...issuer.registration, ...registration } })
    expect([accepted, fixes.map((fix) => fix.edits.map(({ text }) => text).join())]).toEqual([false, edits])
  })

  it.each<[what: string, form: object, claims: object, registration: Partial<TrustedIssuer>, reason: string, fix: string]>([
    [
      'for another resource',
      {},
      { resource: 'https://other.example' },
      { resources: ['https://api.example'] },
      'resource_not_allowed',
      'send `resource: https://api.example`',
    ],
    ['without its tenant', {}, {}, { subject: ['tenant'] }, 'subject_incomplete', 'send the claim `tenant`'],
    [
      'for an unknown resource',
      { resource: 'https://other.example' },
      {},
      { resources: ['https://api.example'] },
      'target_not_allowed',
      'send no `resource` parameter',
    ],
  ])('says what mends a request %s', async (_what, form, claims, registration, reason, fix) => {
    const trusted = { ...issuer.registration, client_authentication: 'none' as const, ...registration }
    const hooks = { ...options.hooks, findIssuer: () => trusted }
    const sent = { grant_type: JWT_BEARER_GRANT, assertion: grant({ claims: { ...claims } }), ...form }
    const explanation = await explainRequest(sent, { ...options, hooks })
    expect([explanation.reason, explanation.fixes[0]?.edits.map(({ text }) => text)]).toEqual([reason, [fix]])
  })

  it('says to remove what must not be registered, and never proposes a value that cannot pass', async () => {
    const ended = { ...issuer.registration, not_after: new Date(0) }
    expect((await explain(grant(), { ...about, issuer: ended })).fixes.map(({ edits }) => edits.map(({ text }) => text))).toEqual([
      ['remove `not_after` of the issuer'],
    ])
    const { fixes } = await explain(grant({ claims: { jti: '\ud800' } }), about)
    expect(fixes.map(({ edits }) => edits.map(({ text }) => text))).toEqual([['send `jti: a-new-jti`']])
  })

  it('finds two edits where two are needed, and sorts what weakens this server behind', async () => {
    const now = Math.floor(Date.now() / 1000)
    const { fixes } = await explain(grant({ claims: { aud: 'https://else.example', iat: now, exp: now + 86_400 } }), {
      ...about,
      at: now + 1.5,
    })
    expect(fixes.map(({ weakens, edits }) => [weakens, edits.map(({ path }) => path)])).toEqual([
      [false, ['assertion.claims.aud', 'assertion.claims.exp']],
      [true, ['assertion.claims.aud', 'issuer.maxLifetime']],
      [true, ['issuer.audience', 'assertion.claims.exp']],
      [true, ['issuer.audience', 'issuer.maxLifetime']],
    ])
  })

  it('judges at another moment', async () => {
    const old = grant({ claims: { iat: 1_700_000_000, exp: 1_700_000_060 } })
    expect(await explain(old, { ...about, at: 1_700_000_030 })).toMatchObject({ accepted: true })
    const late = await explain(old, { ...about, at: 1_700_003_660, fixes: false })
    expect(late).toMatchObject({ reason: 'expired', detail: { seen: { seconds_ago: 3600 } }, fixes: [] })
  })

  it('fetches the keys of a jwks_uri only if asked', async () => {
    const served = await issuer.serve()
    try {
      const registration = served.registration as TrustedIssuer
      const unasked = await explain(grant(), { ...about, issuer: registration })
      expect(unasked).toMatchObject({ reason: 'jwks_unavailable', detail: { wanted: 'fetchKeys: true' }, keys: [] })
      const asked = await explain(grant(), { ...about, issuer: registration, fetchKeys: true })
      expect(asked).toMatchObject({ accepted: true, keys: [{ kid: issuer.kid, fits: true, verifies: true }] })
    } finally {
      await served.close()
    }
  })

  it('asks the hooks for a signer that was not given', async () => {
    expect(await explain(grant(), { use: 'grant', options })).toMatchObject({ accepted: true })
    expect(await explain(client.signClientAssertion(), { use: 'client', options })).toMatchObject({ accepted: true })
    const strange = await explain(grant({ claims: { iss: 'https://strange.example' } }), { use: 'grant', options })
    expect(strange).toMatchObject({ reason: 'issuer_untrusted', keys: [] })
  })

  it('tells a key that is registered from one that would fit and one that verifies', async () => {
    const stranger = testIssuer()
    const keys = [
      ...(stranger.registration.jwks?.keys ?? []),
      ...(issuer.registration.jwks?.keys ?? []),
      { kty: 'oct', k: 'AAAA', kid: 'secret' },
    ]
    const explanation = await explain(grant({ header: { kid: stranger.kid } }), {
      ...about,
      issuer: { ...issuer.registration, jwks: { keys } },
    })
    expect(explanation.reason).toBe('signature_invalid')
    expect(explanation.keys).toMatchObject([
      { kid: stranger.kid, fits: true, verifies: false },
      { kid: issuer.kid, fits: false, verifies: true },
      { kid: 'secret', problem: 'a symmetric key: register a public key', fits: false, verifies: false },
    ])
  })

  it.each(['', 'x', 'a.b', 'e30.e30.AAAA', 'e30..', `${'a'.repeat(9000)}.b.c`])('explains %j, which nobody can mend', async (jwt) => {
    for (const use of ['grant', 'client'] as const) {
      const { accepted, checks } = await explain(jwt, { use, options })
      expect(accepted).toBe(false)
      expect(checks.find(({ state }) => state === 'failed')).toBeDefined()
    }
  })

  it('throws for options that an endpoint would not take', async () => {
    await expect(explain(grant(), { ...about, options: { ...options, clockTolerance: 100 } })).rejects.toThrow(ConfigurationError)
  })
})

describe('explainRequest', () => {
  const request = () => ({ grant_type: JWT_BEARER_GRANT, assertion: grant(), ...client.clientAuthentication() })

  it('explains a request with both JWTs, without any effect', async () => {
    calls.length = 0
    const explanation = await explainRequest(request(), options)
    expect(explanation).toMatchObject({
      accepted: true,
      step: 'issueToken',
      status: 200,
      fixes: [],
      client: { accepted: true },
      grant: { accepted: true },
    })
    expect(calls).toEqual([])
  })

  it.each<[what: string, form: object, reason: string, fix: string | undefined]>([
    ['a scope that is too wide', { scope: 'read write' }, 'scope_exceeds_client', 'sender: send `scope=read`'],
    ['a grant type of nobody', { grant_type: 'nonsense' }, 'unsupported_grant_type', `sender: send \`grant_type=${JWT_BEARER_GRANT}\``],
    ['a repeated parameter', { scope: ['read', 'read'] }, 'duplicate_parameter', 'sender: send `scope` once'],
    ['a resource with a fragment', { resource: 'https://api.example.com#x' }, 'target_invalid', 'sender: send no `resource` parameter'],
    [
      'a secret besides',
      { client_id: client.client_id, client_secret: 'x' },
      'multiple_client_auth_assertion',
      'sender: send no `client_secret` parameter',
    ],
    [
      'an assertion type of nobody',
      { client_assertion_type: 'urn:x' },
      'unsupported_client_assertion_type',
      `sender: send \`client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer\``,
    ],
    ['no assertion', { assertion: '' }, 'missing_parameter', undefined],
  ])('%s: the reason, and the edit', async (_what, form, reason, fix) => {
    const explanation = await explainRequest({ ...request(), ...form }, options)
    expect(explanation).toMatchObject({ accepted: false, reason, status: expect.any(Number), error: expect.any(String) })
    const [first] = explanation.fixes
    expect(first?.edits.map(({ side, text }) => `${side}: ${text}`).join()).toBe(fix)
  })

  it('reads a body as text, as URLSearchParams and as an object', async () => {
    const body = new URLSearchParams(request())
    for (const form of [body.toString(), body, Object.fromEntries(body)])
      expect(await explainRequest(form, options)).toMatchObject({ accepted: true })
  })

  it('calls hooks on their own object, and compares a secret once, however many fixes are tried', async () => {
    class HostHooks {
      readonly #clients = clients
      compared = 0
      findClient(id: string) {
        return this.#clients.get(id)
      }
      findIssuer = options.hooks.findIssuer
      authorizeGrant = options.hooks.authorizeGrant
      mintToken = options.hooks.mintToken
      verifyClientSecret() {
        this.compared++
        return this.#clients.size > 0
      }
    }
    const hooks = new HostHooks()
    clients.set('by-secret', { client_id: 'by-secret', token_endpoint_auth_method: 'client_secret_post', scope: 'read' })
    const form = {
      grant_type: JWT_BEARER_GRANT,
      assertion: grant({ claims: { aud: 'x' } }),
      client_id: 'by-secret',
      client_secret: 'secret',
      scope: 'read all',
    }
    const explanation = await explainRequest(form, { ...options, hooks })
    expect(explanation).toMatchObject({ accepted: false, reason: 'grant_not_allowed_for_client' })
    expect(explanation.fixes.length).toBeGreaterThan(1)
    expect(hooks.compared).toBe(1)
  })

  it('says what is left to the host', async () => {
    const explanation = await explainRequest('grant_type=refresh_token&refresh_token=x', { ...options, fallthrough: true })
    expect(explanation).toMatchObject({ accepted: false, leftToHost: true, fixes: [] })
  })

  it('shows no signature, secret or token', async () => {
    const secret = String(bySecret.registration.client_secret)
    const form = {
      grant_type: JWT_BEARER_GRANT,
      assertion: grant({ claims: { aud: 'x' } }),
      ...bySecret.clientAuthentication(),
      client_secret: secret,
    }
    const text = JSON.stringify([
      await explainRequest(form, options, { authorization: `Basic ${Buffer.from(`with-secret:${secret}`).toString('base64')}` }),
      await explainRequest({ ...form, client_secret: '' }, options),
      await explain(form.client_assertion, { use: 'client', options }),
    ])
    const signatures = [form.assertion, form.client_assertion].map((jwt) => String(jwt.split('.')[2]))
    for (const canary of [secret, ...signatures, 'token-canary', Buffer.from(`with-secret:${secret}`).toString('base64')])
      expect(text).not.toContain(canary)
  })
})
