import { ConfigurationError, type TrustedIssuer } from '../index.js'
import type { Lines, Profile, Wrong } from './profile.js'
import { required, trustedIssuer } from './tightened.js'
import { asGrant, notAllowed, notForUs, type WorkloadArguments, withoutKeys, workloadLines } from './workload.js'

/** Arguments of {@link mcpWorkload}. Keys: one of `jwks`, `jwks_uri` and `discovery: true`. */
export interface McpWorkloadArguments extends WorkloadArguments {
  /** The issuer of the tokens: a platform, or an identity provider of your own. */
  issuer: string
  /** The issuer identifier of this server. As `aud`, it may have a slash at its end or not. */
  audience: string
  /** The token endpoint of this server, which may also be the `aud`. */
  tokenEndpointUrl: string
  /** The MCP servers whose tokens this server issues: absolute URIs. The first is the default. */
  resources: readonly string[]
}

const lines = {
  ...workloadLines,
  audience: {
    argument: 'audience',
    why: 'the token endpoint, or the issuer identifier with or without a slash: clients differ',
    rows: ['WI-02'],
  },
  subjects: { argument: 'subjects', why: 'only these workloads; or `claims`', rows: ['WI-04'] },
  resources: { argument: 'resources', why: 'the token is for an MCP server of yours, by default for the first', rows: ['MC-02'] },
  'claims.iat': { value: { present: true }, why: 'the token of a workload says when it was issued', rows: ['WI-01'] },
  algorithms: { value: ['ES256', 'PS256', 'RS256', 'EdDSA'], why: 'an explicit list', rows: ['WI-01'] },
  replay: { value: 'one-time-jti', why: 'a token with `jti` works once, one without until it expires', rows: ['WI-01'] },
  maxLifetime: { value: 3600, why: 'platforms sign for an hour', rows: ['WI-07'] },
} as const satisfies Lines

/**
 * Workloads that are MCP clients: Workload Identity Federation of the Model Context Protocol (SEP-1933). The token of any issuer is a grant. If a
 * profile has the name of your platform, spread it instead: `{ ...githubActions(…), resources }`.
 *
 * @throws ConfigurationError if neither `subjects` nor `claims` says which workloads of the issuer come in; if `resources` is empty; if an argument
 * is missing or more lenient than the profile
 * @example mcpWorkload({ issuer: 'https://idp.example.org', discovery: true, subjects: ['agent-7'], audience: 'https://as.example.com', tokenEndpointUrl: 'https://as.example.com/token', resources: ['https://mcp.example.com/'] })
 */
export function mcpWorkload({ issuer, audience, tokenEndpointUrl, ...more }: McpWorkloadArguments): TrustedIssuer {
  required('mcpWorkload', { issuer, audience, tokenEndpointUrl })
  if (!Array.isArray(more.resources) || more.resources.length === 0)
    throw new ConfigurationError('mcpWorkload: resources must list your MCP servers.')
  if (more.subjects === undefined && Object.keys(more.claims ?? {}).length === 0)
    throw new ConfigurationError('mcpWorkload: subjects or claims must say which workloads come in: without them, all of the issuer could.')
  const base = audience.replace(/\/$/, '')
  return trustedIssuer({ name: 'mcpWorkload', lines }, { issuer, audience: [tokenEndpointUrl, base, `${base}/`] }, more)
}

const resources = ['https://mcp.example.com/', 'https://files.example.com/mcp']
const wrong = {
  otherWorkload: {
    wrong: 'It is of another workload of the issuer.',
    claims: { sub: 'agent-8' },
    error: 'invalid_grant',
    reason: 'subject_not_allowed',
    rows: ['WI-04'],
  },
  forOtherServer: {
    wrong: 'Its `aud` is another server.',
    claims: { aud: 'https://other.example.net' },
    ...notForUs,
  },
  forOtherPath: {
    wrong: 'Its `aud` is another path of this server.',
    claims: { aud: 'https://as.example.com/other' },
    ...notForUs,
  },
  withoutIssueTime: {
    wrong: 'It has no `iat`.',
    claims: { iat: undefined },
    ...notAllowed,
    rows: ['WI-01'],
  },
  forOtherResource: {
    wrong: 'Its `resource` is an MCP server of somebody else.',
    claims: { resource: 'https://mcp.example.net/' },
    error: 'invalid_grant',
    reason: 'resource_not_allowed',
    rows: ['MC-02'],
  },
} as const satisfies Record<string, Wrong>

export const mcpWorkloadProfile: Profile = {
  name: 'mcpWorkload',
  about: 'workloads that are MCP clients: Workload Identity Federation of the Model Context Protocol',
  makes: 'TrustedIssuer',
  lines,
  example:
    "mcpWorkload({ issuer: 'https://idp.example.org', discovery: true, subjects: ['agent-7'], audience: 'https://as.example.com', tokenEndpointUrl: 'https://as.example.com/token', resources: ['https://mcp.example.com/'] })",
  registration: ({ server, url, issuer, subject, scope }) => ({
    issuer: withoutKeys(mcpWorkload({ issuer, audience: server, tokenEndpointUrl: url, subjects: [subject], scope, resources })),
  }),
  sample: { ...asGrant, alg: 'ES256', lifetime: 600, header: { typ: 'JWT' }, claims: { iss: '$issuer', sub: '$subject' } },
  right: {
    forTokenEndpoint: { what: '`aud` is the token endpoint', claims: { aud: '$url' }, rows: ['WI-02'] },
    withSlash: { what: '`aud` is the issuer identifier with a slash', claims: { aud: 'https://as.example.com/' }, rows: ['WI-02'] },
    withoutId: { what: 'no `jti`', claims: { jti: undefined }, rows: ['WI-01'] },
    forOneServer: { what: 'a `resource` claim', claims: { resource: resources[1] }, rows: ['MC-02'] },
  },
  wrong,
  accepts: { noJti: 'platforms need not send a `jti`' },
}
