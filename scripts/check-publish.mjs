// Runs before `npm publish`: the addresses of the repository must not be placeholders any more. Reads the package in the current folder.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const placeholder = 'github.com/OWNER/'
const within = (folder, end) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .filter((file) => file.endsWith(end))
        .map((file) => join(folder, file))
    : []
const files = [
  'package.json',
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...within('docs', '.md'),
  ...within('lib', '.ts'), // the address of a help page
  ...within('dist', '.js'), // a build from before it was replaced
]
const left = files.filter((file) => readFileSync(file, 'utf8').includes(placeholder))
if (left.length > 0) {
  console.error(`${placeholder} must be the address of the repository before you publish. Replace it in: ${left.join(', ')}.`)
  process.exitCode = 1
}
