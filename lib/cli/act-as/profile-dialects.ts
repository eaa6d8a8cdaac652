/** What the clients of the profiles send. */
import { profiles } from '../../profiles/index.js'
import type { Dialect } from './dialect.js'

export const profileDialects: Readonly<Record<string, Dialect>> = Object.fromEntries(
  Object.values(profiles).map(({ name, about, sample, asClient, registration, accepts = {}, wrong }): [string, Dialect] => [
    name,
    { about: `profile: ${about}`, signs: 'key', ...sample, registration, without: accepts, wrong, ...(asClient && { asClient }) },
  ]),
)
