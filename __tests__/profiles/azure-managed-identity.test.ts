import { describe, expect, it } from '@jest/globals'
import { type AzureManagedIdentityArguments, azureManagedIdentity } from '../../lib/profiles/index.js'
import { itRefuses, looserGrant } from '../support/profile-arguments.js'

describe('azureManagedIdentity', () => {
  const tenant = '0e3e2e88-8caf-41ca-b4da-e3b33b6c52ec'
  const good = { audience: 'api://as.example.com', tenant, object_id: '644d9b8a-b07e-46e8-b81e-bd3a4c997ce9' }
  itRefuses<AzureManagedIdentityArguments>(azureManagedIdentity, good, [
    ...looserGrant(86_700),
    ['T-81 not without a tenant', { tenant: undefined }, /tenant must be a GUID/],
    ['T-81 not without an identity', { object_id: undefined }, /object_id must be a GUID/],
    ...['common', 'organizations', 'consumers', 'example.org'].map(
      (name) => [`T-81 no tenant ${name}`, { tenant: name }, /tenant must be a GUID/] as const,
    ),
    ['WI-04 no capital letters, which no token has', { tenant: tenant.toUpperCase() }, /small letters/],
    ['WI-04 no other version', { version: 1 }, /version must be/],
    ['WI-04 no other rule for what it pins', { claims: { oid: { present: true } } }, /claims.oid must not be set/],
  ])

  it('WI-04 each tenant has an issuer of its own, and each version of tokens', () => {
    expect(azureManagedIdentity(good)).toMatchObject({ issuer: `https://sts.windows.net/${tenant}/`, discovery: true })
    expect(azureManagedIdentity({ ...good, version: '2.0' })).toMatchObject({ issuer: `https://login.microsoftonline.com/${tenant}/v2.0` })
  })
})
