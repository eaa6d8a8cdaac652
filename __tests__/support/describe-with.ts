import { describe, it } from '@jest/globals'
import type { Need } from './services.js'
import { testAll } from './test-all.js'

/** `describe` for tests that need a server: where there is none, they are skipped by a name that says so, or fail if REQUIRE_SERVICES is set. */
export function describeWith({ missing }: Need, name: string, body: () => void): void {
  if (!missing) describe(name, body)
  else if (!process.env.REQUIRE_SERVICES) describe.skip(`${name} (skipped: ${missing})`, body)
  else {
    it(`${name} (REQUIRE_SERVICES is set)`, () => {
      throw new Error(missing)
    })
  }
}

/** `describe` for tests that only `npm run test:all` runs. */
export function describeInAll(name: string, body: () => void): void {
  if (testAll) describe(name, body)
}
