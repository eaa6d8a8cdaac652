/** The recipe for a product that has no profile here, as docs/reference/profiles.md shows it. */
import { expect, it } from '@jest/globals'
import express from 'express'
import { checkTrustedIssuer, type TrustedIssuer } from '../../lib/index.js'
import { type SpoiledName, spoiled, testIssuer } from '../../lib/testing/index.js'
import { recipeOf } from '../support/recipe.js'
import { grantRequest, issuer as server, startWorld } from '../support/world.js'

const { acmeHr } = await recipeOf<{ acmeHr: (given: object) => TrustedIssuer }>('docs/reference/profiles.md', 'acme-hr.mjs')
const right = { sub: 'employee:7', tenant_id: 't-74' }
const acme = testIssuer({ issuer: 'https://hr.acme.example', audience: server, claims: right })
const { discovery: _, ...registered } = { ...acmeHr({ tenant_id: 't-74', audience: server, scope: 'read' }), jwks: acme.registration.jwks! }
const world = startWorld(express as never, { hooks: { findIssuer: (iss) => (iss === registered.issuer ? registered : undefined) } })
const reasonOf = async (assertion: string) => {
  await world.post(grantRequest(assertion))
  return world.last().reason
}

it('WI-04 a profile for another product takes ten lines, and refuses what it must', async () => {
  expect(acmeHr.toString().split('\n').length).toBeLessThanOrEqual(10)
  expect(() => acmeHr({ audience: server })).toThrow('tenant_id must be set')
  expect(checkTrustedIssuer(acmeHr({ tenant_id: 't-74', audience: server, scope: 'read' }))).toEqual({ errors: [], warnings: [] })
  expect(await reasonOf(acme.signGrant())).toBeUndefined()
  expect(await reasonOf(acme.signGrant({ claims: { ...right, tenant_id: 't-75' } }))).toBe('claim_not_allowed')
  expect(await reasonOf(acme.signGrant({ claims: { ...right, sub: 'admin' } }))).toBe('claim_not_allowed')
})

it.each(Object.keys(spoiled).filter((name) => spoiled[name as SpoiledName].refused.grant && name !== 'clientAssertionAsGrant'))(
  'WI-04 it refuses %s',
  async (name) => {
    const row = spoiled[name as SpoiledName]
    const jwt = acme.signGrant(row.overrides(acme, 'grant'))
    if (row.sentTwice) expect(await reasonOf(jwt)).toBeUndefined()
    expect(await reasonOf(jwt)).toBe(row.refused.grant?.reason)
  },
)
