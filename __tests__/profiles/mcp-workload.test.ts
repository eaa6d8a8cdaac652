import { describe, expect, it } from '@jest/globals'
import { type McpWorkloadArguments, mcpWorkload } from '../../lib/profiles/index.js'
import { mcpWorkloadProfile } from '../../lib/profiles/mcp-workload.js'
import { answersTo, itRefuses, looserGrant } from '../support/profile-arguments.js'
import { server, url } from '../support/profile-world.js'

describe('mcpWorkload', () => {
  const resources = ['https://mcp.example.com/']
  const good = { issuer: 'https://idp.example.org', audience: server, tokenEndpointUrl: url, subjects: ['agent-7'], resources }
  itRefuses<McpWorkloadArguments>(mcpWorkload, good, [
    ...looserGrant(3600),
    ['T-81 not without a workload', { subjects: undefined }, /subjects or claims must say which workloads come in/],
    ['T-81 not with an empty rule', { subjects: undefined, claims: {} }, /subjects or claims must say/],
    ['WI-02 not without the token endpoint', { tokenEndpointUrl: undefined }, /tokenEndpointUrl must be a non-empty string/],
    ['MC-02 not without an MCP server', { resources: [] }, /resources must list your MCP servers/],
    ['MC-02 not with something else', { resources: 'https://mcp.example.com/' }, /resources must list your MCP servers/],
    ['WI-01 no repeated use', { replay: 'reusable' }, /replay must not be more lenient/],
    ['WI-01 no other rule for iat', { claims: { iat: 0 } }, /claims.iat must not be set/],
  ])

  it.each([server, `${server}/`])('WI-02 takes three values of aud, if the audience is %s', async (audience) => {
    const { subjects: _, ...rest } = good
    const registered = (keys: object) => ({ issuer: mcpWorkload({ ...rest, audience, claims: { team: 'red' }, ...keys }) })
    const values = [server, `${server}/`, url, `${url}/`, `${server}//`]
    const { answers, granted } = await answersTo(
      mcpWorkloadProfile,
      registered,
      values.map((aud) => ({ aud, team: 'red' })),
    )
    expect(answers).toEqual(['ok', 'ok', 'ok', 'aud_not_registered', 'aud_not_registered'])
    expect(granted[0]?.resource).toEqual(resources) // MC-02
  })

  it('WI-01 takes a token with jti once, and one without until it expires', async () => {
    const registered = (keys: object) => ({ issuer: mcpWorkload({ ...good, subjects: ['ada@example.org'], ...keys }) })
    const [once, again] = [
      { jti: 'one', iat: '$now' },
      { jti: undefined, iat: '$now' },
    ]
    const { answers } = await answersTo(mcpWorkloadProfile, registered, [once, once, again, again])
    expect(answers).toEqual(['ok', 'jti_replayed', 'ok', 'ok'])
  })
})
