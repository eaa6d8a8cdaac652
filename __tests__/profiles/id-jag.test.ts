import { describe } from '@jest/globals'
import { type IdJagArguments, idJag, type McpEnterpriseArguments, mcpEnterprise } from '../../lib/profiles/index.js'
import { itRefuses, type RefusedArguments } from '../support/profile-arguments.js'
import { server } from '../support/profile-world.js'

const good = { issuer: 'https://idp.example.org', audience: server }
const refused: RefusedArguments[] = [
  ['IJ-03 not without an audience', { audience: '' }, /audience must be a non-empty string/],
  ['IJ-02 no longer lifetime', { maxLifetime: 301 }, /maxLifetime must not be more lenient/],
  ['IJ-02 jti is required', { requireJti: false }, /requireJti must not be more lenient/],
  ['IJ-05 no public clients', { client_authentication: 'identified' }, /client_authentication must not be more lenient/],
  ['IJ-11 not reusable', { replay: 'reusable' }, /replay must not be more lenient/],
  ['IJ-04 no other rule for the client', { claims: { client_id: 'a' } }, /claims.client_id must not be set/],
  ['EM-01 no algorithm besides', { algorithms: ['ES512'] }, /algorithms must not be more lenient/],
  ['EM-01 no longer grants', { limits: { assertion: 16_385 } }, /limits must not be more lenient/],
  ['IJ-01 no argument that it does not know', { typ: 'JWT' }, /typ is not an argument/],
]

describe('idJag', () => itRefuses<IdJagArguments>(idJag, good, refused))
describe('mcpEnterprise', () => {
  itRefuses<McpEnterpriseArguments>(mcpEnterprise, { ...good, resources: ['https://mcp.example.com/'] }, [
    ...refused,
    ['EM-02 not the same client again', { replay: 'same-client' }, /replay must not be more lenient/],
    ['MC-02 not without an MCP server', { resources: [] }, /resources must list your MCP servers/],
  ])
})
