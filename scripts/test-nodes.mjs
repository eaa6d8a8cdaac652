// Runs the compiled tests of `npm test` with the other versions of Node that package.json supports. `npm run test:nodes -- 22 24`: only with these.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('nodes/', import.meta.url))
const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const supported = Object.keys(dependencies).map((name) => name.replace('node', ''))
const isRunning = (version) => process.versions.node.startsWith(`${version}.`)

function install() {
  const [installed, locked] = ['node_modules/.package-lock.json', 'package-lock.json'].map((file) => join(folder, file))
  const isCurrent = existsSync(installed) && statSync(installed).mtimeMs >= statSync(locked).mtimeMs
  if (!isCurrent) execFileSync('npm', ['ci'], { cwd: folder, stdio: 'inherit' })
}

/** Runs the tests with one version. Returns how many passed, failed and were skipped: the last line that the tests print. */
async function test(version) {
  const bin = join(folder, 'node_modules', `node${version}`, 'bin')
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` } // for tests that start npm
  console.log(`\nNode ${version}`)
  const tests = spawn(join(bin, 'node'), ['scripts/test.mjs'], { env, stdio: ['inherit', 'pipe', 'inherit'] })
  const closed = once(tests, 'close')
  let printed = ''
  for await (const chunk of tests.stdout.setEncoding('utf8')) {
    process.stdout.write(chunk)
    printed = (printed + chunk).slice(-1000)
  }
  const counts = /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(printed)?.slice(1).map(Number) ?? [0, 0, 0]
  const [code] = await closed
  if (code !== 0) counts[1] ||= 1 // it ended before it could count
  return counts
}

async function testAll(versions) {
  let sum = [0, 0, 0]
  for (const version of versions) {
    const counts = await test(version)
    sum = sum.map((count, index) => count + counts[index])
  }
  const [passed, failed, skipped] = sum
  console.log(`\nNode ${versions.join(', ')}:\n${passed} passed, ${failed} failed, ${skipped} skipped`)
  process.exitCode = failed === 0 ? 0 : 1
}

const chosen = process.argv.slice(2)
const unknown = chosen.find((version) => !supported.includes(version))
if (unknown !== undefined) throw new Error(`A version must be one of ${supported.join(', ')}, not ${unknown}.`)
if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(`SKIPPED: the other versions of Node are installed for linux-x64 only, and this is ${process.platform}-${process.arch}.`)
} else {
  install()
  await testAll((chosen.length > 0 ? chosen : supported).filter((version) => !isRunning(version)))
}
