// Runs the compiled tests: `npm test` those that a change in lib/ can break, `npm run test:all` (with --all) everything. Other arguments go to Jest,
// such as `npm test -- policy`.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** What only `test:all` runs: it installs the package in projects, starts many processes, runs servers of others, or starts a browser. */
const onlyInAll = ['/package.test.js', '/processes.test.js', '/hosts/', '/playground-browser.test.js']
const leftOut = `Left to npm run test:all: the installed package, many processes, servers of others, a browser; Express 4 where only our code decides; whole matrices; most random runs; Redis clusters.`

const words = process.argv.slice(2)
const isAll = words.includes('--all')
const ignored = isAll ? [] : onlyInAll.map((part) => `--testPathIgnorePatterns=${part.replaceAll('.', '\\.')}`)
// many tests of `npm test` wait for timers and servers: one worker more keeps the processors busy; `test:all` starts processes of its own
const workers = availableParallelism() + (isAll ? 0 : 1)
const jest = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', 'node_modules/jest/bin/jest.js', `--maxWorkers=${workers}`]
const { status } = spawnSync(process.execPath, [...jest, ...ignored, ...words.filter((word) => word !== '--all')], {
  stdio: 'inherit',
  env: { ...process.env, TEST_ALL: isAll ? '1' : '0', TESTS_LEFT_OUT: isAll ? '' : leftOut },
})
process.exitCode = status ?? 1
