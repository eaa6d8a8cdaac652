// Packs the package and checks the tarball with publint and attw, as its users will resolve it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'package-'))
const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
try {
  const [{ filename, files }] = JSON.parse(run('npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder))
  const tarball = join(folder, filename)
  console.log(files.map(({ path, size }) => `${String(size).padStart(7)}  ${path}`).join('\n'))
  console.log(run('npx', '--no-install', 'publint', 'run', tarball, '--strict'))
  console.log(run('npx', '--no-install', 'attw', tarball, '--profile', 'strict'))
} catch (error) {
  console.error(error.stdout || error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
