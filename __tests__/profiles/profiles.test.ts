/** Every profile: what it must accept, what it must refuse, and that each member which it sets is needed for that. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Right, Wrong } from '../../lib/profiles/index.js'
import * as all from '../../lib/profiles/index.js'
import { namesOf } from '../../lib/profiles/profile.js'
import { spoiled } from '../../lib/testing/index.js'
import { outcomesOf, type ProfileEndpoint, type Registered, send, sendChanged, senderOf, startProfile } from '../support/profile-world.js'
import { testAll } from '../support/test-all.js'

const { profiles } = all
const requirements = readFileSync(new URL('../../../docs/requirements.md', import.meta.url), 'utf8')

it('each profile is a function of its name', () => {
  for (const [name, profile] of Object.entries(profiles)) {
    expect(profile.name).toBe(name)
    expect(typeof Object.entries(all).find(([exported]) => exported === name)?.[1]).toBe('function')
    expect(profile.example).toContain(`${name}(`)
  }
})

describe.each(Object.values(profiles).map((profile) => [profile.name, profile] as const))('%s', (_name, profile) => {
  const { identity, registered } = senderOf(profile)
  const rightOnes = Object.entries(profile.right ?? {})
  const wrongOnes = Object.entries(profile.wrong)

  let endpoint: ProfileEndpoint
  beforeAll(async () => {
    endpoint = await startProfile(registered)
  })
  afterAll(() => endpoint.close())

  it('accepts what its clients send', async () => {
    expect(await send(endpoint, identity)).toMatchObject({ status: 200 })
  })

  if (rightOnes.length > 0)
    it.each(rightOnes.map(([name, { what, rows }]) => [rows.join(' '), what, name] as const))(
      '%s accepts: %s',
      async (_rows, _what, name) => {
        expect(await sendChanged(endpoint, identity, profile.right?.[name] as Right)).toMatchObject({ status: 200 })
      },
    )

  it.each(wrongOnes.map(([name, { wrong, rows }]) => [rows.join(' '), wrong, name] as const))(
    '%s refuses: %s',
    async (_rows, _wrong, name) => {
      const row = profile.wrong[name] as Wrong
      expect(await sendChanged(endpoint, identity, row)).toMatchObject({ error: row.error, reason: row.reason })
    },
  )

  it('refuses each spoiled JWT of the test helpers, but those that its clients may send', async () => {
    const outcomes = await outcomesOf(profile, identity, registered)
    const accepted = Object.keys(outcomes).filter((name) => Object.hasOwn(spoiled, name) && outcomes[name]?.status === 200)
    const named = Object.keys(profile.accepts ?? {}).filter((name) => Object.hasOwn(outcomes, name))
    expect(accepted.sort()).toEqual(named.sort())
  })

  /** All members take many requests. `npm test` tries every third. */
  const tried = Object.keys(profile.lines).filter((_, index) => testAll || index % 3 === 0)
  it('needs each member that it sets: without it, something else is accepted or refused', async () => {
    const before = await outcomesOf(profile, identity, registered)
    for (const path of tried) {
      const after = await Promise.all(withoutMember(registered, path, profile.makes).map((one) => outcomesOf(profile, identity, one)))
      expect([path, after.every((one) => JSON.stringify(one) === JSON.stringify(before))]).toEqual([path, false])
    }
  })

  it('names rules that the project keeps', () => {
    const cited = [...Object.values(profile.lines), ...Object.values(profile.right ?? {}), ...Object.values(profile.wrong)]
    for (const { rows } of cited) {
      expect(rows.length).toBeGreaterThan(0)
      expect(rows.filter((row) => !requirements.includes(`| ${row} |`))).toEqual([])
    }
  })
})

/** Members that are what they would be by default, and a value that is more lenient. */
const lenient: Record<string, unknown> = {
  client_authentication: 'none',
  replay: 'reusable',
  requireJti: false,
  maxLifetime: 1_000_000_000,
  audience: 'issuer-or-token-endpoint',
  clockTolerance: 60,
}

/** A registration without one member of a profile, and with a more lenient one. */
function withoutMember(registered: Registered, path: string, makes: string): Registered[] {
  const parts = namesOf(path)
  const names = makes === 'Registration' ? parts.slice(1) : parts
  const last = names.at(-1) as string
  const changed = (change: (owner: Record<string, unknown>) => void) => {
    const copy = structuredClone(registered)
    const every = [copy.issuer, copy.client, copy.options, ...(copy.client?.federated_credentials ?? [])]
    for (const root of makes === 'Registration' ? [copy[parts[0] as keyof Registered]] : every) {
      let owner = root as Record<string, unknown> | undefined
      for (const name of names.slice(0, -1)) owner = owner?.[name] as Record<string, unknown> | undefined
      if (!owner || !Object.hasOwn(owner, last)) continue
      change(owner)
      if (Object.keys(owner).length === 0) delete (root as unknown as Record<string, unknown>)[names[0] as string]
    }
    return copy
  }
  const deleted = changed((owner) => delete owner[last])
  const weakened = changed((owner) => {
    owner[last] = lenient[last]
  })
  return Object.hasOwn(lenient, last) ? [deleted, weakened] : [deleted]
}
