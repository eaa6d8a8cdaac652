// Starts the test files that wait longest first: a long one at the end would leave all workers but one idle. They wait for timers and servers, so
// their size says nothing, and Jest knows durations only from an earlier run.
import { existsSync } from 'node:fs'
import Sequencer from '@jest/test-sequencer'

const longest = [
  'faults',
  'demo-server/playground',
  'explain/equals-endpoint',
  'threats',
  'parse-token-request/fallthrough',
  'replay/redis/redis',
  'replay/postgres/postgres',
  'assertion/keys/jwks-faults',
  'replay/testing/contract',
  'assertion/keys/remote-key-sets',
  'pipeline/step',
  'pipeline/disconnects',
  'reference',
]
const missing = longest.filter((name) => !existsSync(new URL(`../__tests__/${name}.test.ts`, import.meta.url)))
if (missing.length > 0) throw new Error(`scripts/test-sequencer.mjs must name files of __tests__, not ${missing.join(', ')}.`)

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const index = longest.findIndex((name) => path.replaceAll('\\', '/').endsWith(`/__tests__/${name}.test.js`))
      return index < 0 ? longest.length : index
    }
    return super.sort(tests).sort((one, other) => rank(one) - rank(other))
  }
}
