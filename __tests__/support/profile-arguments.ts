/** Arguments that a profile must refuse, and what it makes of others. */
import { expect, it } from '@jest/globals'
import { ConfigurationError, type FederatedCredential, type TrustedIssuer } from '../../lib/index.js'
import type { Profile } from '../../lib/profiles/index.js'
import { type Registered, send, senderOf, startProfile } from './profile-world.js'

/** A test name that begins with the rows, what to change in good arguments, and what the error says. */
export type RefusedArguments = readonly [rule: string, changes: Readonly<Record<string, unknown>>, message: RegExp]

/** Each of these arguments makes it impossible to make the profile. */
export function itRefuses<A>(make: (given: A) => TrustedIssuer | FederatedCredential, good: A, refused: readonly RefusedArguments[]) {
  it('can be made', () => expect(() => make(good)).not.toThrow())
  it.each(refused)('%s', (_rule, changes, message) => {
    const made = () => make({ ...good, ...changes })
    expect(made).toThrow(ConfigurationError)
    expect(made).toThrow(message)
  })
}

/** What no workload profile takes, besides its own. `lifetime`: the longest that it allows, in seconds. */
export const looser = (lifetime: number): RefusedArguments[] => [
  ['WI-07 no longer lifetime', { maxLifetime: lifetime + 1 }, /maxLifetime must not be more lenient/],
  ['WI-04 no argument that it does not know', { repositoryId: '74' }, /repositoryId is not an argument/],
]

/** The same for profiles whose tokens are grants. */
export const looserGrant = (lifetime: number): RefusedArguments[] => [
  ...looser(lifetime),
  ['WI-02 not without an audience', { audience: undefined }, /audience must be a non-empty string/],
  ['WI-06 no token that outlives the grant', { lifetime: 'independent' }, /lifetime must not be more lenient/],
  ['WI-04 no algorithm besides', { algorithms: ['RS256', 'ES512'] }, /algorithms must not be more lenient/],
]

/** Sends the sample of a profile, with changed claims, to a server that has the registration. Returns the reasons, or `ok`. */
export async function answersTo(profile: Profile, registered: (keys: object) => Registered, claims: readonly Record<string, unknown>[]) {
  const { identity } = senderOf(profile)
  const endpoint = await startProfile(registered({ jwks: { keys: [identity.key?.publicJwk] } }))
  try {
    const answers: string[] = []
    for (const changed of claims) {
      const { status, reason } = await send(endpoint, identity, { claims: changed })
      answers.push(status === 200 ? 'ok' : (reason ?? `${status}`))
    }
    return { answers, granted: endpoint.granted }
  } finally {
    await endpoint.close()
  }
}
