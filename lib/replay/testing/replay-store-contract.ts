import { type ReplayStoreSubject, replayStoreChecks } from './replay-store-checks.js'

/** `describe` and `it` of jest, vitest, mocha or node:test. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown
  it(name: string, test: () => Promise<void>): unknown
}

/**
 * Registers a test for each requirement of a `ReplayStore`. For another test runner, iterate over {@link replayStoreChecks}.
 *
 * @param runner default: the globals of jest, vitest and mocha
 * @throws TypeError if there is neither a runner nor such globals
 * @example replayStoreContract({ makeStore: () => myStore(client) })
 * @example replayStoreContract({ makeStore: () => myStore(client) }, { describe, it }) // of node:test
 */
export function replayStoreContract(subject: ReplayStoreSubject, runner: TestFunctions = globalThis as unknown as TestFunctions): void {
  const { describe, it } = runner
  if (typeof describe !== 'function' || typeof it !== 'function')
    throw new TypeError('replayStoreContract: hand it the functions of your test runner: replayStoreContract(subject, { describe, it }).')
  describe('a ReplayStore', () => {
    for (const { name, run } of replayStoreChecks(subject)) it(name, run)
  })
}
