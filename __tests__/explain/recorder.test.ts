import { describe, expect, it } from '@jest/globals'
import express from 'express'
import { JWT_BEARER_GRANT, type Options, recordRefusals, type TrustedIssuer, tokenEndpoint } from '../../lib/index.js'
import { testClient, testIssuer, tokenRequest } from '../../lib/testing/index.js'

const issuer = testIssuer({ registration: { client_authentication: 'none', scope: 'read' } })
const client = testClient()

function endpoint(most?: number) {
  const recorder = recordRefusals(most)
  const options: Options = {
    issuer: 'https://as.example.com',
    hooks: {
      findClient: (id) => (id === client.client_id ? client.registration : undefined),
      findIssuer: () => issuer.registration,
      authorizeGrant: ({ sub }) => ({ subject: sub }),
      mintToken: () => ({ access_token: 'a-token', token_type: 'Bearer', expires_in: 60 }),
    },
    onEvent: recorder,
  }
  const app = express().post('/token', ...tokenEndpoint(options))
  const send = (form: Record<string, string>) => tokenRequest(app, form)
  return { recorder, options, send }
}
const form = (overrides?: Parameters<typeof issuer.signGrant>[0]) => ({
  grant_type: JWT_BEARER_GRANT,
  assertion: issuer.signGrant(overrides),
  scope: 'read',
})

describe('recordRefusals', () => {
  it('keeps the last refusals, the latest first, and nothing of what passed', async () => {
    const { recorder, send } = endpoint(2)
    for (const aud of ['https://one.example', 'https://two.example', 'https://as.example.com', 'https://three.example'])
      await send(form({ claims: { aud } }))
    expect(recorder.refusals().map(({ event }) => event.detail?.seen)).toEqual([
      { aud: 'https://three.example' },
      { aud: 'https://two.example' },
    ])
    recorder.clear()
    expect(recorder.refusals()).toEqual([])
  })

  it('keeps what was asked, without signatures and secrets', async () => {
    const { recorder, send } = endpoint()
    const sent = {
      ...form({ claims: { aud: 'x' } }),
      ...client.clientAuthentication(),
      client_id: client.client_id,
      client_secret: 'secret-canary',
      code: 'code-canary',
      refresh_token: 'refresh-canary',
    }
    await send(sent)
    await send({ ...sent, client_secret: '' })
    const [second, first] = recorder.refusals()
    expect(first?.event.reason).toBe('multiple_client_auth_assertion')
    expect(second?.form).toEqual({
      grant_type: [JWT_BEARER_GRANT],
      scope: ['read'],
      client_id: [client.client_id],
      client_assertion_type: [sent.client_assertion_type],
      assertion: [sent.assertion.split('.').slice(0, 2).join('.')],
      client_assertion: [sent.client_assertion.split('.').slice(0, 2).join('.')],
    })
    const text = JSON.stringify(recorder.refusals())
    const signatures = [sent.assertion, sent.client_assertion].map((jwt) => String(jwt.split('.')[2]))
    for (const canary of ['secret-canary', 'code-canary', 'refresh-canary', ...signatures]) expect(text).not.toContain(canary)
  })

  it('explains a refusal at its moment, with the registrations of today', async () => {
    const { recorder, options, send } = endpoint()
    await send(form({ claims: { aud: 'https://else.example' } }))
    const [refusal] = recorder.refusals()
    if (!refusal) throw new Error('nothing was recorded')
    const then = await recorder.explain(refusal, options)
    expect(then).toMatchObject({ accepted: false, reason: 'aud_not_registered', grant: { reason: 'aud_not_registered' } })
    expect(then.fixes[0]?.edits.map(({ text }) => text)).toEqual(['send `aud: https://as.example.com`'])
    const mended: TrustedIssuer = { ...issuer.registration, audience: ['https://as.example.com', 'https://else.example'] }
    const today = await recorder.explain(refusal, { ...options, hooks: { ...options.hooks, findIssuer: () => mended } })
    expect(today).toMatchObject({ accepted: true, grant: { accepted: true } })
    expect(await recorder.explain(refusal, options, { at: refusal.at + 3600, fixes: false })).toMatchObject({ reason: 'expired' })
  })

  it('keeps in mind that a signature was wrong', async () => {
    const { recorder, options, send } = endpoint()
    await send(form({ signedBy: 'stranger' }))
    const [refusal] = recorder.refusals()
    if (!refusal) throw new Error('nothing was recorded')
    const explanation = await recorder.explain(refusal, options)
    expect(explanation).toMatchObject({ accepted: false, reason: 'signature_invalid' })
    expect(explanation.fixes[0]?.edits[0]).toMatchObject({ side: 'signer', path: 'assertion.key' })
  })

  it('records what could not be read, and explains it', async () => {
    const { recorder, options, send } = endpoint()
    await send({ grant_type: 'nonsense' })
    const [refusal] = recorder.refusals()
    expect(refusal).toMatchObject({ form: {}, event: { reason: 'unsupported_grant_type' } })
    if (refusal) expect(await recorder.explain(refusal, options)).toMatchObject({ accepted: false })
  })

  it('keeps nothing of an assertion that is no JWT, and no JWT or password in another parameter', async () => {
    const { recorder, options, send } = endpoint()
    const jwt = issuer.signGrant()
    const wrong = { resource: 'https://user:password-canary@api.example.com/', scope: `read ${jwt}` }
    for (const assertion of ['saml-canary', `${jwt}.part-canary`, 'opaque.token.canary']) {
      await send({ ...form(), assertion, ...wrong })
      const [refusal] = recorder.refusals()
      if (!refusal) throw new Error('nothing was recorded')
      expect(refusal.form.scope).toEqual(['read (a JWT)'])
      expect(await recorder.explain(refusal, options)).toMatchObject({ reason: refusal.event.reason })
    }
    const text = JSON.stringify(recorder.refusals())
    for (const canary of ['canary', String(jwt.split('.')[2])]) expect(text).not.toContain(canary)
  })

  it('does not mend a JWT that could not be read', async () => {
    const { recorder, options, send } = endpoint()
    await send(form({ repeatedClaims: { sub: 'mallory' } }))
    const [refusal] = recorder.refusals()
    if (!refusal) throw new Error('nothing was recorded')
    expect(refusal.event.reason).toBe('duplicate_member')
    expect(await recorder.explain(refusal, options)).toMatchObject({ accepted: false, reason: 'duplicate_member' })
  })

  it.each([
    ['client_secret_basic', 'secret', 'scope_exceeds_client'],
    ['client_secret_post', 'secret', 'scope_exceeds_client'],
    ['client_secret_basic', 'wrong', 'client_secret_mismatch'],
    ['client_secret_post', 'wrong', 'client_secret_mismatch'],
  ] as const)('explains a request with a secret, by %s, which is %s', async (method, secret, reason) => {
    const registration = {
      client_id: 'a b',
      token_endpoint_auth_method: method,
      client_secret: 'secret',
      grant_types: ['client_credentials'],
    }
    const recorder = recordRefusals()
    const { options } = endpoint()
    const own: Options = { ...options, hooks: { ...options.hooks, findClient: () => registration }, onEvent: recorder }
    const isBasic = method === 'client_secret_basic'
    await tokenRequest(
      express().post('/token', ...tokenEndpoint(own)),
      { grant_type: 'client_credentials', scope: 'read', ...(!isBasic && { client_id: 'a b', client_secret: secret }) },
      { headers: isBasic ? { authorization: `Basic ${Buffer.from(`a%20b:${secret}`).toString('base64')}` } : {} },
    )
    const [refusal] = recorder.refusals()
    if (!refusal) throw new Error('nothing was recorded')
    expect(refusal.event.reason).toBe(reason)
    expect(await recorder.explain(refusal, own)).toMatchObject({ accepted: false, reason })
  })

  it.each([-1, 0, 1.5, Number.NaN])('refuses to keep %p', (most) => {
    expect(() => recordRefusals(most)).toThrow('most must be a whole number above 0')
  })
})
