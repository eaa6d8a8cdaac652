// dist/esm by tsc; dist/cjs as one file by esbuild, with jose inside: jose is ESM only, and CommonJS hosts on Node 20 test with Jest, which cannot
// require ESM. Both have declarations of their own kind.
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

const require = createRequire(import.meta.url)
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
const run = (...args) => execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...args], { stdio: 'inherit' })

rmSync('dist', { recursive: true, force: true })
run('--outDir', 'dist/esm')
run('--outDir', 'dist/cjs', '--emitDeclarationOnly')
await build({
  entryPoints: ['lib/index.ts'],
  outfile: 'dist/cjs/index.js',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['lru-cache'],
  legalComments: 'inline',
})
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
