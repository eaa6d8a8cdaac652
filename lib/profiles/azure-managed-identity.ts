import { ConfigurationError, type TrustedIssuer } from '../index.js'
import type { Lines, Profile, Wrong } from './profile.js'
import {
  acceptsOfReusable,
  asGrant,
  notAllowed,
  notForUs,
  type WorkloadArguments,
  withoutKeys,
  workloadIssuer,
  workloadLines,
  wrongAudience,
} from './workload.js'

/** Arguments of {@link azureManagedIdentity}. */
export interface AzureManagedIdentityArguments extends WorkloadArguments {
  /** The id of the Entra tenant (`tid`): not its domain name. */
  tenant: string
  /** The object id of the managed identity (`oid`), which Azure also shows as principal id: not its client id. */
  object_id: string
  /** `requestedAccessTokenVersion` of the app registration that stands for this server. It decides the issuer. @default '1.0' */
  version?: '1.0' | '2.0'
}

const lines = {
  ...workloadLines,
  issuer: { argument: 'tenant', why: 'each tenant has an issuer of its own', rows: ['WI-04'] },
  'claims.tid': { argument: 'tenant', why: 'only this tenant', rows: ['WI-04'] },
  'claims.oid': { argument: 'object_id', why: 'only this identity', rows: ['WI-04'] },
  algorithms: { value: ['RS256'], why: 'the algorithm of Entra', rows: ['WI-04'] },
  replay: { value: 'reusable', why: 'Azure keeps a token, and gives it to the workload again', rows: ['WI-07'] },
  maxLifetime: { value: 86_700, why: 'these tokens live for 24 hours and 5 minutes', rows: ['WI-07'] },
} as const satisfies Lines

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Workloads of Azure with a managed identity. A workload asks its identity endpoint for a token with the `audience`, and sends it as a grant. Make an app
 * registration for this server: then its tokens are for nothing else. A token can live for a day, so yours should be short-lived.
 *
 * @throws ConfigurationError if `tenant` or `object_id` is not a GUID in small letters; if an argument is missing or more lenient than the profile
 * @example azureManagedIdentity({ audience: 'api://as.example.com', tenant: '0e3e2e88-8caf-41ca-b4da-e3b33b6c52ec', object_id: '644d9b8a-b07e-46e8-b81e-bd3a4c997ce9' })
 */
export function azureManagedIdentity({ tenant, object_id, version = '1.0', ...more }: AzureManagedIdentityArguments): TrustedIssuer {
  for (const [argument, id] of Object.entries({ tenant, object_id }))
    if (!guid.test(id))
      throw new ConfigurationError(
        `azureManagedIdentity: ${argument} must be a GUID in small letters, as Entra sends it. Names such as 'common' are no tenant.`,
      )
  if (version !== '1.0' && version !== '2.0') throw new ConfigurationError("azureManagedIdentity: version must be '1.0' or '2.0'.")
  const issuer = version === '1.0' ? `https://sts.windows.net/${tenant}/` : `https://login.microsoftonline.com/${tenant}/v2.0`
  return workloadIssuer({ name: 'azureManagedIdentity', lines, issuer, own: { claims: { tid: tenant, oid: object_id } } }, more)
}

const [tid, oid] = ['0e3e2e88-8caf-41ca-b4da-e3b33b6c52ec', '644d9b8a-b07e-46e8-b81e-bd3a4c997ce9']
const other = '7b9f7c1e-2f5a-4a57-9a55-3d1c5b1d2f10'

const wrong = {
  otherTenant: {
    wrong: 'It is of another tenant, which has another issuer.',
    claims: { iss: `https://sts.windows.net/${other}/`, tid: other },
    error: 'invalid_grant',
    reason: 'issuer_untrusted',
    rows: ['WI-04', 'T-81'],
  },
  guest: { wrong: 'Its `tid` is another tenant.', claims: { tid: other }, ...notAllowed, rows: ['WI-04', 'T-81'] },
  otherIdentity: {
    wrong: 'It is of another identity of the tenant, or of a person.',
    claims: { oid: other, sub: other },
    ...notAllowed,
    rows: ['WI-04', 'T-81'],
  },
  otherVersion: {
    wrong: 'It is of the other token version.',
    claims: { iss: `https://login.microsoftonline.com/${tid}/v2.0`, ver: '2.0' },
    error: 'invalid_grant',
    reason: 'issuer_untrusted',
    rows: ['WI-04'],
  },
  forOtherServer: {
    wrong: 'Its `aud` is an API of Azure.',
    claims: { aud: 'https://management.azure.com/' },
    ...notForUs,
  },
  ...wrongAudience,
} as const satisfies Record<string, Wrong>

export const azureManagedIdentityProfile: Profile = {
  name: 'azureManagedIdentity',
  about: 'workloads of Azure with a managed identity',
  makes: 'TrustedIssuer',
  lines,
  example: `azureManagedIdentity({ audience: 'api://as.example.com', tenant: '${tid}', object_id: '${oid}', scope: 'reports:write' })`,
  registration: ({ server, scope }) => ({
    issuer: withoutKeys(azureManagedIdentity({ audience: server, scope, tenant: tid, object_id: oid })),
  }),
  sample: {
    ...asGrant,
    alg: 'RS256',
    lifetime: 86_400,
    header: { typ: 'JWT' },
    claims: {
      iss: `https://sts.windows.net/${tid}/`,
      sub: oid,
      tid,
      oid,
      idtyp: 'app',
      ver: '1.0',
      uti: 'yO3F62CSGkedkoxqPrkWAA',
      jti: null,
    },
  },
  wrong,
  accepts: acceptsOfReusable,
}
