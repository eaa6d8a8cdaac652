import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const running = process.versions.node

function installed(major) {
  try {
    const path = join(dirname(require.resolve(`node${major}/package.json`)), 'bin', 'node')
    return { major, path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim() }
  } catch {
    return undefined
  }
}

/** The Node.js versions for servers: the requested ones that npm installed, and the one that runs this. `here`: only the latter. */
export function nodes(majors, here) {
  const self = { major: Number(running.split('.')[0]), path: process.execPath, version: `v${running}` }
  if (here) return [self]
  const found = majors.map((major) => installed(major) ?? (self.major === major ? self : undefined))
  majors.forEach((major, index) => {
    if (!found[index]) console.error(`Node ${major} is not installed: skipped. Run npm install in bench/ without --omit=optional.`)
  })
  return found.filter(Boolean)
}
