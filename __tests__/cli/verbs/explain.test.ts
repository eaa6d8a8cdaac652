/** How `explain` reads its input and shows an explanation. The explanations are of the test here. */
import { describe, expect, it } from '@jest/globals'
import type { Explainer } from '../../../lib/cli/explaining.js'
import { readArguments } from '../../../lib/cli/verb.js'
import { explainVerb } from '../../../lib/cli/verbs/explain.js'
import { type Explanation, JWT_BEARER_GRANT, type Options, type RequestExplanation } from '../../../lib/index.js'
import { testClient, testIssuer } from '../../../lib/testing/index.js'
import { cli, temporaryFolder } from '../../support/cli.js'

const folder = temporaryFolder()
const [client, issuer] = [testClient(), testIssuer()]
const options = { issuer: 'https://as.example.com' }
const registration = folder.write('registration.json', { options, client: client.registration, issuer: issuer.registration })

const accepted: Explanation = { accepted: true, checks: [], keys: [], fixes: [] }
const refused: Explanation = {
  accepted: false,
  reason: 'aud_mismatch',
  checks: [
    { reason: 'expired', demands: '`exp` is in the future', state: 'passed', seen: 1, wanted: 2 },
    {
      reason: 'aud_mismatch',
      demands: '`aud` names this server',
      state: 'failed',
      seen: 'https://other',
      wanted: ['https://as.example.com'],
    },
    { reason: 'jti_missing', demands: '`jti` is there', state: 'not_reached' },
  ],
  keys: [
    { kid: 'a', thumbprint: 'T1', alg: 'ES256', kty: 'EC', fits: true, verifies: true },
    { kid: 'b', thumbprint: 'T2', kty: 'RSA', fits: false, verifies: false },
    { thumbprint: 'T3', kty: 'EC', fits: true, verifies: false },
    { kid: 'c', problem: 'a symmetric key', fits: false, verifies: false },
  ],
  fixes: [
    {
      edits: [
        { side: 'signer', text: 'send aud: https://as.example.com', path: 'claims.aud', value: 'https://as.example.com', weakens: false },
      ],
      weakens: false,
    },
    {
      edits: [
        { side: 'server', text: 'register audience', path: 'issuer.audience', weakens: true },
        { side: 'sender', text: 'send it again', path: 'form', weakens: false },
      ],
      weakens: true,
    },
  ],
}
const { checks: _, keys: __, ...outcome } = refused
const ofRequest: RequestExplanation = {
  ...outcome,
  leftToHost: false,
  status: 400,
  error: 'invalid_grant',
  step: 'verify-jwt-grant',
  grant: refused,
}

type Call = Parameters<Explainer['explain']> | Parameters<Explainer['explainRequest']>

/** Runs the verb with an explainer that gives this explanation. */
async function explain(stdin: string, { flags = ['--registration', registration], given = refused } = {}) {
  const calls: Call[] = []
  const explainer: Explainer = {
    explain: async (...call) => {
      calls.push(call)
      return given
    },
    explainRequest: async (...call) => {
      calls.push(call)
      return ofRequest
    },
  }
  const verb = explainVerb(explainer)
  const io = { out() {}, err() {}, stdin: async () => stdin, env: {}, colour: false, stop: new AbortController().signal }
  const outcome = await verb.run(readArguments(verb, flags), io)
  return { ...outcome, call: calls[0] as unknown as [string | URLSearchParams, Record<string, unknown> & Options, Record<string, unknown>] }
}

describe('explain of a JWT', () => {
  it('is told the use, the options and the registration by what the JWT says', async () => {
    const assertion = client.signClientAssertion()
    const { call: ofClient } = await explain(` ${assertion}\n`)
    expect(ofClient).toMatchObject([assertion, { use: 'client', options, client: client.registration, fetchKeys: false }])
    expect(ofClient[1]).not.toHaveProperty('issuer')
    const { call: ofGrant } = await explain(issuer.signGrant())
    expect(ofGrant[1]).toMatchObject({ use: 'grant', issuer: issuer.registration })
    expect(ofGrant[1]).not.toHaveProperty('client')
    expect((await explain(assertion, { flags: ['--registration', registration, '--use', 'grant'] })).call[1]).toMatchObject({
      use: 'grant',
    })
    expect((await explain('garbage')).call).toMatchObject(['garbage', { use: 'grant', issuer: issuer.registration }])
  })

  it('takes the moment, and keys from another address', async () => {
    const flagged = async (...flags: string[]) =>
      (await explain(issuer.signGrant(), { flags: ['--registration', registration, ...flags] })).call[1]
    expect(await flagged('--at', '1700000000')).toMatchObject({ at: 1_700_000_000 })
    expect(await flagged('--at', '2026-12-31T12:00:00Z')).toMatchObject({ at: Date.UTC(2026, 11, 31, 12) / 1000 })
    expect(await flagged('--fetch-keys')).toMatchObject({ fetchKeys: true, issuer: issuer.registration })
    const fetched = await flagged('--jwks', 'https://idp.example.org/jwks')
    expect(fetched).toMatchObject({ fetchKeys: true, issuer: { jwks_uri: 'https://idp.example.org/jwks', allowPrivateJwksUri: false } })
    expect(fetched.issuer).not.toHaveProperty('jwks')
    expect(await flagged('--jwks', 'http://127.0.0.1:1/', '--allow-private')).toMatchObject({ issuer: { allowPrivateJwksUri: true } })
  })

  it('prints each check, what was seen and wanted, the keys and the fixes; the code is 1', async () => {
    const { code, json, text } = await explain(issuer.signGrant())
    expect([code, json]).toEqual([1, refused])
    expect(text).toBe(`refused: aud_mismatch
  ✓ expired: \`exp\` is in the future
  ✗ aud_mismatch: \`aud\` names this server
      seen: "https://other"
      wanted: ["https://as.example.com"]
  · jti_missing: \`jti\` is there

Registered keys:
  ES256 a, thumbprint T1: verifies the signature
  RSA b, thumbprint T2: does not fit
  EC (no kid), thumbprint T3: fits, and does not verify the signature
  c: cannot be used: a symmetric key

What would make it pass, each alone:
  - send aud: https://as.example.com (signer)
  - register audience (server); and send it again (sender) — weakens the server`)
  })

  it('has code 0 if it is accepted', async () => {
    expect(await explain(issuer.signGrant(), { given: accepted })).toMatchObject({ code: 0, text: 'accepted' })
  })
})

describe('explain of a token request', () => {
  const form = { grant_type: JWT_BEARER_GRANT, assertion: issuer.signGrant() }

  it('reads a curl line, or a form body, and calls hooks that know the registrations', async () => {
    const line = `curl -u reports:secret https://as.example.com/token -d grant_type=${JWT_BEARER_GRANT} -d assertion=${form.assertion}`
    const { call } = await explain(line)
    expect(Object.fromEntries(call[0] as URLSearchParams)).toEqual(form)
    expect(call[2]).toEqual({ fetchKeys: false, authorization: `Basic ${btoa('reports:secret')}` })
    const { hooks } = call[1]
    expect([hooks.findClient('test-client'), hooks.findClient('another')]).toEqual([client.registration, undefined])
    expect([hooks.findIssuer(issuer.issuer), hooks.findIssuer('another')]).toEqual([issuer.registration, undefined])
    expect(hooks.authorizeGrant({ sub: 'ada' } as never)).toEqual({ subject: 'ada' })
    expect(hooks.mintToken({} as never)).toMatchObject({ token_type: 'Bearer' })

    const body = new URLSearchParams(form).toString()
    expect((await explain(body)).call).toMatchObject([body, { issuer: options.issuer }, { fetchKeys: false }])
  })

  it('lets the hooks of the file win', async () => {
    const file = folder.write(
      'own.mjs',
      `export const options = { issuer: 'https://as.example.com', hooks: { findClient: () => 'mine' } }; export const client = { client_id: 'x' }`,
    )
    const { call } = await explain('grant_type=x', { flags: ['--registration', file] })
    expect([call[1].hooks.findClient('any'), call[1].hooks.findIssuer('any')]).toEqual(['mine', undefined])
  })

  it('prints the answer, the step, and each JWT', async () => {
    const { code, text } = await explain('grant_type=x')
    expect(code).toBe(1)
    expect(text).toMatch(/^400 invalid_grant in step verify-jwt-grant\nrefused: aud_mismatch\n/)
    expect(text).toMatch(/\n\nThe grant\nrefused: aud_mismatch\n/)
    expect(text).not.toContain('The client assertion')
  })
})

describe('explain, with what explains', () => {
  it('finds a wrong aud and the fix, in a JWT and in a curl line', async () => {
    const wrong = { claims: { aud: 'https://other.example' } }
    const line = `curl https://as.example.com/token -d grant_type=${JWT_BEARER_GRANT} -d assertion=${issuer.signGrant(wrong)}`
    for (const stdin of [client.signClientAssertion(wrong), line]) {
      const { code, out } = await cli(['explain', '--registration', registration], { stdin })
      expect(code).toBe(1)
      expect(out).toMatch(/✗ aud_(?:mismatch|not_registered): /)
      expect(out).toContain('seen: {"aud":"https://other.example"}')
      expect(out).toContain('send `aud: https://as.example.com` (signer)')
      expect(out).toContain('What would make it pass, each alone:')
    }
    expect(await cli(['explain', '--registration', registration], { stdin: client.signClientAssertion() })).toMatchObject({ code: 0 })
  })
})

describe('explain has code 2', () => {
  it.each<[what: string, stdin: string, flags: string[], message: RegExp]>([
    ['without a registration', 'x', [], /--registration must be given/],
    ['without options', 'x', ['--registration', folder.write('client-only.json', { client: client.registration })], /must have options/],
    ['without a JWT', ' \n', ['--registration', registration], /Nothing was received/],
    ['for another use', 'x', ['--registration', registration, '--use', 'token'], /--use must be client or grant/],
    ['for another moment', 'x', ['--registration', registration, '--at', 'noon'], /--at must be seconds/],
  ])('%s', async (_, stdin, flags, message) => {
    await expect(explain(stdin, { flags })).rejects.toThrow(message)
  })
})

it('explain calls the hooks of a file on their own object: it may be an instance of a class', async () => {
  const file = folder.write(
    'class.mjs',
    `class Hooks { #client = ${JSON.stringify(client.registration)}; findClient() { return this.#client } }
     export const options = { issuer: 'https://as.example.com', hooks: new Hooks() }`,
  )
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...client.clientAuthentication() }).toString()
  expect(await cli(['explain', '--registration', file], { stdin: form })).toMatchObject({ code: 0 })
})
