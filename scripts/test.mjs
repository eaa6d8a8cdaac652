// Runs the compiled tests: `npm test` those that a change in lib/ can break, `npm run test:all` (with --all) everything. Other arguments go to Jest,
// such as `npm test -- policy`.
import { spawnSync } from 'node:child_process'

/** Files that only `test:all` runs: they install the package in projects, or start many processes. */
const onlyInAll = ['package', 'processes']
const leftOut = `Left to npm run test:all: ${onlyInAll.join(', ')}; Express 4 where only our code decides; whole matrices; most random runs; Redis clusters.`

const words = process.argv.slice(2)
const isAll = words.includes('--all')
const ignored = isAll ? [] : onlyInAll.map((name) => `--testPathIgnorePatterns=/${name}\\.test\\.js$`)
const jest = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', 'node_modules/jest/bin/jest.js', '--maxWorkers=100%']
const { status } = spawnSync(process.execPath, [...jest, ...ignored, ...words.filter((word) => word !== '--all')], {
  stdio: 'inherit',
  env: { ...process.env, TEST_ALL: isAll ? '1' : '0', TESTS_LEFT_OUT: isAll ? '' : leftOut },
})
process.exitCode = status ?? 1
