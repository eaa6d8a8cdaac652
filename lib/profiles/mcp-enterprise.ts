import { ConfigurationError, type TrustedIssuer } from '../index.js'
import { type IdJagArguments, idJagClient, idJagIssuer, idJagLines, idJagSample, rightIdJags, wrongIdJags } from './id-jag.js'
import type { Lines, Profile } from './profile.js'

/** Arguments of {@link mcpEnterprise}. */
export interface McpEnterpriseArguments extends IdJagArguments {
  /** The MCP servers whose tokens this server issues: absolute URIs. The first is the default. */
  resources: readonly string[]
}

const lines = {
  ...idJagLines,
  replay: { value: 'one-time', why: 'an ID-JAG works once', rows: ['EM-02'] },
  resources: {
    argument: 'resources',
    why: 'the token is for the MCP server that the ID-JAG names, or for the first',
    rows: ['MC-02', 'EM-04'],
  },
} as const satisfies Lines

/**
 * An identity provider for MCP clients: Enterprise-Managed Authorization of the Model Context Protocol. It is {@link idJag}, but each ID-JAG
 * works once, and names an MCP server of yours. For public clients such as Claude, write `{ ...mcpEnterprise(…), client_authentication:
 * 'identified' }`, and set the option `publicClients`.
 *
 * @throws ConfigurationError as {@link idJag} does; if `resources` is empty
 * @example mcpEnterprise({ issuer: 'https://idp.example.org', discovery: true, audience: 'https://as.example.com', resources: ['https://mcp.example.com/'] })
 */
export function mcpEnterprise(given: McpEnterpriseArguments): TrustedIssuer {
  if (!Array.isArray(given.resources) || given.resources.length === 0)
    throw new ConfigurationError('mcpEnterprise: resources must list your MCP servers.')
  return idJagIssuer({ name: 'mcpEnterprise', lines }, given)
}

const resources = ['https://mcp.example.com/', 'https://files.example.com/mcp']
const invalidGrant = { error: 'invalid_grant', reason: 'resource_not_allowed' } as const

export const mcpEnterpriseProfile: Profile = {
  name: 'mcpEnterprise',
  about: 'an identity provider that lets MCP clients in: Enterprise-Managed Authorization',
  makes: 'TrustedIssuer',
  lines,
  example:
    "mcpEnterprise({ issuer: 'https://idp.example.org', discovery: true, audience: 'https://as.example.com', resources: ['https://mcp.example.com/'] })",
  registration: (values) => ({
    issuer: mcpEnterprise({ issuer: values.issuer, audience: values.server, scope: values.scope, resources }),
    client: idJagClient(values),
  }),
  sample: { ...idJagSample, claims: { ...idJagSample.claims, resource: resources[1] } },
  right: {
    ...rightIdJags,
    withoutResource: { what: 'no resource: the token is for the first', claims: { resource: undefined }, rows: ['MC-02'] },
    severalResources: { what: 'a list of resources', claims: { resource: [...resources] }, rows: ['EM-04'] },
  },
  wrong: {
    ...wrongIdJags,
    forOtherServer: {
      wrong: 'Its `resource` is an MCP server of somebody else.',
      claims: { resource: 'https://mcp.example.net/' },
      ...invalidGrant,
      rows: ['MC-02'],
    },
    beyondItsResource: {
      wrong: 'The `resource` parameter is not in its `resource` claim.',
      parameters: { resource: 'https://mcp.example.com/' },
      ...invalidGrant,
      rows: ['EM-04'],
    },
  },
}
