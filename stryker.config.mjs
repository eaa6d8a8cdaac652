// One group at a time: scripts/mutation.mjs runs them all.
import { groups } from './scripts/mutation-groups.mjs'

const name = process.env.MUTATION_GROUP
const group = groups[name]
if (!group) throw new Error(`MUTATION_GROUP is one of ${Object.keys(groups).join(', ')}: npm run mutation sets it.`)

export default {
  mutate: group.mutate,
  ignorePatterns: ['build*', 'dist', 'reports', 'biome.json', '.ci', '.stryker-tmp*'],
  buildCommand: 'tsc -p tsconfig.json --noCheck',
  tsconfigFile: 'none', // to rewrite it, Stryker needs the compiler API, which typescript 7 does not have
  plugins: ['./scripts/mutation-runner.mjs', './scripts/mutation-ignorer.mjs'],
  testRunner: 'this-process',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'],
  maxTestRunnerReuse: 200, // a run may leave something in memory
  ignorers: ['words'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 8_000, // a mutant that a busy machine slows down is not killed
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false, skipFull: true },
  jsonReporter: { fileName: `reports/mutation/${name}.json` },
  htmlReporter: { fileName: `reports/mutation/${name}.html` },
  tempDirName: '.stryker-tmp',
  allowConsoleColors: false,
}
