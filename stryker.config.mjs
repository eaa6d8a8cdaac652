// One group at a time: scripts/mutation.mjs runs them all.
import { fileURLToPath } from 'node:url'
import { groups } from './scripts/mutation-groups.mjs'

const name = process.env.MUTATION_GROUP
const group = groups[name]
if (!group) throw new Error(`MUTATION_GROUP is one of ${Object.keys(groups).join(', ')}: npm run mutation sets it.`)

export default {
  mutate: group.mutate,
  ignorePatterns: ['build*', 'dist', 'reports', 'biome.json', 'docs', '.ci', '.stryker-tmp'],
  buildCommand: 'tsc -p tsconfig.json --noCheck',
  tsconfigFile: 'none', // to rewrite it, Stryker needs the compiler API, which typescript 7 does not have
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'],
  jest: {
    configFile: 'jest.config.mjs',
    config: {
      testEnvironment: fileURLToPath(new URL('scripts/mutation-environment.cjs', import.meta.url)),
      testRunner: fileURLToPath(new URL('scripts/mutation-jest-circus.cjs', import.meta.url)),
      testMatch: group.tests.map((test) => `<rootDir>/__tests__/${test}.test.js`),
      testNamePattern: group.names ?? '^(?!.*T-70)', // speed is not what is judged here, and a busy machine would kill mutants
    },
    enableFindRelatedTests: false,
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 30_000, // a mutant that a busy machine slows down is not killed
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false, skipFull: true },
  jsonReporter: { fileName: `reports/mutation/${name}.json` },
  htmlReporter: { fileName: `reports/mutation/${name}.html` },
  tempDirName: '.stryker-tmp',
  allowConsoleColors: false,
}
