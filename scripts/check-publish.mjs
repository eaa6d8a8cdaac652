// Runs before `npm publish`: the addresses of the repository must not be placeholders any more. Reads the package in the current folder.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const placeholder = 'github.com/OWNER/'
const documents = readdirSync('docs', { recursive: true }).map((file) => join('docs', file))
const files = ['package.json', 'README.md', 'SECURITY.md', 'CHANGELOG.md', ...documents.filter((file) => file.endsWith('.md'))]
const left = files.filter((file) => readFileSync(file, 'utf8').includes(placeholder))
if (left.length > 0) {
  console.error(`${placeholder} must be the address of the repository before you publish. Replace it in: ${left.join(', ')}.`)
  process.exitCode = 1
}
