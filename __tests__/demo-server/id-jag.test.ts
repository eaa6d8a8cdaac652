/** ID-JAG end to end: two authorization servers, an MCP client as it is published, an MCP server. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { askAsAgent, idJagOf } from '../../demo-server/agent.js'
import { signIdJag, signIdToken } from '../../demo-server/enterprise.js'
import { type DemoServer, startServer } from '../../demo-server/server.js'
import { JWT_BEARER_GRANT, type TokenEndpointEvent } from '../../lib/index.js'
import { ID_JAG_PROFILE, profiles, type Wrong } from '../../lib/profiles/index.js'
import { tokenRequest } from '../../lib/testing/index.js'

const user = 'alice@enterprise.example'
const events: TokenEndpointEvent[] = []
let demo: DemoServer
beforeAll(async () => {
  demo = await startServer(0, (event) => events.push(event))
})
afterAll(() => demo.close())

const json = async (path: string) => (await (await fetch(`${demo.registry.issuer}${path}`)).json()) as Record<string, unknown>

describe('ID-JAG in the demo', () => {
  it('EM-01 MC-01 MC-02 the agent gets an ID-JAG at one server, a token at the other, and the tool answers with it', async () => {
    expect(await askAsAgent(demo.registry, idJagOf(demo.registry))).toBe('200 Alice Example (read)')
    expect(events.at(-1)).toMatchObject({ outcome: 'issued', issuer: demo.registry.enterprise, client_id: 'agent', scope: 'read' })
  })

  it('EM-06 IJ-17 the metadata names the profile', async () => {
    expect(await json('/.well-known/oauth-authorization-server')).toMatchObject({
      authorization_grant_profiles_supported: [ID_JAG_PROFILE],
      grant_types_supported: expect.arrayContaining([JWT_BEARER_GRANT]),
    })
  })

  it('the MCP server takes no token that is for somebody else', async () => {
    const ask = (token?: string) =>
      fetch(demo.registry.mcp, { method: 'POST', body: '{}', headers: { ...(token && { authorization: `Bearer ${token}` }) } })
    const none = await ask()
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('oauth-protected-resource/mcp')])
    const assertion = await signIdJag(demo.registry, { sub: user })
    for (const token of ['made-up', assertion]) expect((await ask(token)).status).toBe(401)
  })

  const wrong: [rows: string, wrong: string, variant: Wrong][] = Object.values(profiles.mcpEnterprise?.wrong ?? {}).map((variant) => [
    variant.rows.join(' '),
    variant.wrong,
    variant,
  ])
  it.each(wrong)('%s refused: %s', async (_rows, _wrong, { claims = {}, header = {}, parameters = {}, error, reason }) => {
    const { registry } = demo
    const agent = registry.findClient('agent')
    const credentials = 'client_assertion' in parameters ? {} : { client_id: 'agent', client_secret: String(agent?.client_secret) }
    const { client_assertion: _, client_assertion_type: __, ...more } = parameters
    const filled = Object.fromEntries(
      Object.entries(claims).map(([name, value]) => [name, value === '$url' ? `${registry.issuer}/token` : value]),
    )
    const assertion = await signIdJag(registry, { sub: user, resource: registry.mcp, ...filled }, header)
    const authorization = credentials.client_id && `Basic ${btoa(`${credentials.client_id}:${credentials.client_secret}`)}`
    const response = await fetch(`${registry.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: JWT_BEARER_GRANT, assertion, ...more }),
      headers: { ...(authorization && { authorization }) },
    })
    expect(await response.json()).toMatchObject({ error })
    expect(events.at(-1)?.reason).toBe(reason)
  })

  it.each<[what: string, change: Record<string, string>, status: number, error: string]>([
    ['a client that it does not know', { client_secret: 'guess' }, 401, 'invalid_client'],
    ['a server that the enterprise has not approved', { audience: 'https://other.example' }, 400, 'invalid_target'],
    ['an ID token that is none', { subject_token: 'x' }, 400, 'invalid_grant'],
    ['another exchange', { requested_token_type: 'urn:ietf:params:oauth:token-type:access_token' }, 400, 'invalid_request'],
  ])('the identity provider refuses %s', async (_what, change, status, error) => {
    const { registry } = demo
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      subject_token: await signIdToken(registry, user),
      audience: registry.issuer,
      resource: registry.mcp,
      ...registry.agentAtIdp,
      ...change,
    }
    expect(await tokenRequest(`${registry.enterprise}/token`, form)).toMatchObject({ status, body: { error } })
  })
})
