import { describe, expect, it } from '@jest/globals'
import { type ReplayStoreSubject, replayStoreContract } from '../../lib/replay/testing/index.js'

/** `replayStoreContract`, whose tests throw, with tests that expect. */
export const expectContract = (subject: ReplayStoreSubject): void =>
  replayStoreContract(subject, { describe, it: (name, test) => it(name, async () => expect(await test()).toBeUndefined()) })
