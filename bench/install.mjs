// `node install.mjs [--smoke]`: installs what the bench needs, separate from the package. --smoke: without other versions of Node, and only
// if it is missing.
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const smoke = process.argv.includes('--smoke')
const folder = fileURLToPath(new URL('.', import.meta.url))
const installed = new URL('node_modules/.package-lock.json', import.meta.url)
const locked = new URL('package-lock.json', import.meta.url)
const isCurrent = existsSync(installed) && statSync(installed).mtimeMs >= statSync(locked).mtimeMs

if (!smoke) execFileSync('npm', ['install'], { cwd: folder, stdio: 'inherit' })
else if (!isCurrent) execFileSync('npm', ['ci', '--omit=optional'], { cwd: folder, stdio: 'inherit' })
