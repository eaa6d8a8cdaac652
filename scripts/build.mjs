// dist/esm by tsc; dist/cjs by esbuild, one file for each entry, with jose bundled: jose is ESM only, and CommonJS hosts on Node 20 may
// test with Jest, which cannot require ESM. Each has its own declarations.
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

const require = createRequire(import.meta.url)
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
const run = (...args) => execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...args], { stdio: 'inherit' })

rmSync('dist', { recursive: true, force: true })
run('--outDir', 'dist/esm')
run('--outDir', 'dist/cjs', '--emitDeclarationOnly')
const options = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', external: ['lru-cache'], legalComments: 'inline' }
await build({ ...options, entryPoints: ['lib/index.ts'], outfile: 'dist/cjs/index.js' })
await build({
  ...options,
  entryPoints: ['lib/replay/redis/redis.ts', 'lib/replay/postgres/postgres.ts', 'lib/testing/index.ts'],
  outbase: 'lib',
  outdir: 'dist/cjs',
  // the error classes of the main entry, so that instanceof holds across the entries
  plugins: [
    {
      name: 'errors',
      setup: ({ onResolve }) => onResolve({ filter: /\/errors\.js$/ }, () => ({ path: '../../index.js', external: true })),
    },
  ],
})
await build({
  ...options,
  entryPoints: ['lib/profiles/index.ts'],
  outdir: 'dist/cjs/profiles',
  plugins: [
    {
      name: 'main entry', // profiles are made of what it exports
      setup: ({ onResolve }) => onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path: '../index.js', external: true })),
    },
  ],
})
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
rmSync('dist/cjs/cli', { recursive: true }) // nobody imports the command: it is an ES module alone
chmodSync('dist/esm/cli/main.js', 0o755)
