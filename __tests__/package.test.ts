/** The package as its users get it: packed, unpacked, and used from every kind of project. */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, jest } from '@jest/globals'
import { createApp } from '../demo-server/app.js'
import { createRegistry } from '../demo-server/registry.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const consumers = fileURLToPath(new URL('../consumers/', import.meta.url))
const sources = join(root, '__tests__', 'consumers')
const name = 'express-oauth-assertions'
const kinds = [
  { kind: 'Express 4', folder: join(consumers, 'express4'), express: 'express4', types: 'express4' },
  { kind: 'Express 5', folder: join(consumers, 'express5'), express: 'express', types: 'express' },
]
const compilerOptions = { noEmit: true, strict: true, module: 'nodenext', target: 'es2022', skipLibCheck: false, types: ['node'] }
const entries = ['index', 'replay/redis/redis', 'replay/postgres/postgres', 'profiles/index', 'testing/index']
const unpacked = join(consumers, 'express5', 'node_modules', name)

jest.setTimeout(60_000)

const execute = promisify(execFile)
/** Runs a program without what the test run around it has set; gives its output, also of one that fails. */
async function run(cwd: string, command: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const { NODE_OPTIONS: _, JEST_WORKER_ID: __, ...env } = process.env
  try {
    const { stdout } = await execute(command, args, { cwd, env, timeout: 60_000 })
    return { code: 0, output: stdout }
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string }
    return { code: code ?? 1, output: `${stdout}${stderr}` }
  }
}
const runNode = (cwd: string, ...args: string[]) => run(cwd, process.execPath, ...args)
const bin = (path: string) => join(root, 'node_modules', path)
const files = (folder: string, end = '') =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith(end) && statSync(join(folder, file)).isFile())
    .sort()

/** dist must show what lib says. */
function isBuilt(): boolean {
  const built = join(root, 'dist', 'cjs', 'package.json') // the last file that a build writes
  if (!existsSync(built)) return false
  const newest = Math.max(...files(join(root, 'lib')).map((file) => statSync(join(root, 'lib', file)).mtimeMs))
  return statSync(built).mtimeMs >= newest
}

beforeAll(async () => {
  if (!isBuilt()) expect(await runNode(root, 'scripts/build.mjs')).toMatchObject({ code: 0 })
  rmSync(consumers, { recursive: true, force: true })
  mkdirSync(consumers, { recursive: true })
  const packed = await run(root, 'npm', 'pack', '--ignore-scripts', '--no-update-notifier', '--pack-destination', consumers)
  expect(packed).toMatchObject({ code: 0 })
  const [tarball = ''] = readdirSync(consumers).filter((file) => file.endsWith('.tgz'))
  for (const { folder, express, types } of kinds) {
    const modules = join(folder, 'node_modules')
    mkdirSync(join(modules, name), { recursive: true })
    mkdirSync(join(modules, '@types'))
    expect(await run(consumers, 'tar', '-xzf', tarball, '--strip-components=1', '-C', join(modules, name))).toMatchObject({ code: 0 })
    symlinkSync(bin(express), join(modules, 'express'), 'junction')
    for (const runner of ['supertest', 'vitest']) symlinkSync(bin(runner), join(modules, runner), 'junction')
    symlinkSync(bin(`@types/${types}`), join(modules, '@types', 'express'), 'junction')
    cpSync(sources, folder, { recursive: true })
    for (const flavour of ['types.mts', 'types.cts']) cpSync(join(sources, 'types.ts'), join(folder, flavour))
    rmSync(join(folder, 'types.ts'))
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.mts', 'types.cts'] }))
  }
}, 60_000)

const guide = readFileSync(join(root, 'docs/guides/testing.md'), 'utf8')
/** A file of the guide to testing. */
const blockOf = (file: string) => new RegExp(`^\`\`\`js\n(// ${file}\n.*?)^\`\`\`$`, 'ms').exec(guide)?.[1] as string
const jestHere = [bin('jest/bin/jest.js'), '--rootDir', '.', '--watchman=false', '--ci', '--json']
const guideRuns = [
  { file: 'token.test.js', runner: 'jest, CommonJS', command: jestHere, count: /"numPassedTests":2,/ },
  { file: 'jest.test.mjs', runner: 'jest, ES modules', command: ['--experimental-vm-modules', ...jestHere], count: /"numPassedTests":51,/ },
  { file: 'node.test.mjs', runner: 'node:test', command: ['--test', '--test-reporter=tap'], count: /^# pass 3$/m },
  { file: 'vitest.test.mjs', runner: 'vitest', command: [bin('vitest/vitest.mjs'), 'run', '--reporter=tap-flat'], count: /^ok 1 - /m },
  { file: 'supertest.test.mjs', runner: 'node:test', command: ['--test', '--test-reporter=tap'], count: /^# pass 1$/m },
]

const served = {
  status: 200,
  typ: 'at+jwt',
  sub: 'alice',
  again: { status: 401, error: 'invalid_client', error_description: 'Client authentication failed.' },
  events: ['issued 200', 'refused 401 jti_replayed'],
}

describe.each(kinds)('a project on $kind', ({ folder }) => {
  it.each(['commonjs.cjs', 'esm.mjs'])('%s serves a token', async (script) => {
    const { code, output } = await runNode(folder, script)
    expect(code === 0 ? JSON.parse(output) : output).toEqual(served)
  })

  it('loads the stores and the contract kit beside the main entry, as ES module and CommonJS', async () => {
    const { code, output } = await runNode(folder, 'subpaths.mjs')
    const copy = { check: 'honours a key once', errors: [true, true, true], answer: false, schema: 'CREATE TABLE IF NOT EXISTS "used" (' }
    expect(code === 0 ? JSON.parse(output) : output).toEqual([copy, copy])
  })

  it('ES module and CommonJS copies in one process agree on what an OAuthError is', async () => {
    const { code, output } = await runNode(folder, 'both.mjs')
    expect(code === 0 ? JSON.parse(output) : output).toEqual({
      copies: 2,
      exports: true,
      instances: [
        [true, true],
        [true, true],
      ],
      strangers: [false, false],
      answers: ['400 The account is closed.', '400 The account is closed.'],
    })
  })

  it('its Jest in CommonJS mode serves a token', async () => {
    const { code, output } = await runNode(folder, bin('jest/bin/jest.js'), '--rootDir', '.', '--watchman=false', '--ci')
    expect(code === 0 ? 'passed' : output).toBe('passed')
  })

  it.each(guideRuns)('$file of the guide runs with $runner', async ({ file, command, count }) => {
    const project = join(folder, file.replaceAll('.', '-'))
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), '{ "private": true }')
    for (const name of ['app.mjs', file]) writeFileSync(join(project, name), blockOf(name))
    const { code, output } = await runNode(project, ...command)
    expect(code === 0 ? 'passed' : output).toBe('passed')
    expect(output).toMatch(count)
  })

  it('its TypeScript compiles, ES module and CommonJS, and refuses what is planted', async () => {
    const { code, output } = await runNode(folder, bin('typescript/bin/tsc'))
    expect({ code, output }).toEqual({ code: 0, output: '' })
  })

  it('its TypeScript 5 with `moduleResolution: node` finds the types of each sub-path', async () => {
    const attw = createRequire(join(root, 'node_modules/@arethetypeswrong/core/package.json')) // it has a TypeScript that still knows `node`
    const tsc = join(dirname(attw.resolve('typescript/package.json')), 'bin', 'tsc')
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'commonjs', '--moduleResolution', 'node', '--types', 'node']
    const { code, output } = await runNode(folder, tsc, ...flags, '--skipLibCheck', 'old-resolution.ts')
    expect({ code, output }).toEqual({ code: 0, output: '' })
  })
})

describe('the tarball', () => {
  it('holds what a user needs, and nothing else', () => {
    const all = files(unpacked)
    const ofRepository = ['mutation.md', 'requirements.md'] // these are about the tests
    const documents = files(join(root, 'docs')).filter((file) => !ofRepository.includes(file))
    expect(all.filter((file) => !file.startsWith('dist/'))).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'SECURITY.md',
        'bench/growth.svg',
        'package.json',
        ...documents.map((file) => `docs/${file}`),
      ].sort(),
    )
    const modules = files(join(root, 'lib'), '.ts').map((file) => file.replace(/\.ts$/, ''))
    expect(all.filter((file) => file.startsWith('dist/'))).toEqual(
      [
        'dist/cjs/package.json',
        ...entries.map((entry) => `dist/cjs/${entry}.js`),
        ...modules.flatMap((module) => [`dist/esm/${module}.d.ts`, `dist/esm/${module}.js`]),
        ...modules.filter((module) => !module.startsWith('cli/')).map((module) => `dist/cjs/${module}.d.ts`),
      ].sort(),
    )
  })

  it('has types that need no types of another package', () => {
    const specifiers = files(join(unpacked, 'dist'), '.d.ts').flatMap((file) =>
      [
        ...readFileSync(join(unpacked, 'dist', file), 'utf8').matchAll(
          /(?:from |import\()['"]([^'"]+)['"]|<reference [^>]*["']([^"']+)["']/g,
        ),
      ].map((match) => match[1] ?? match[2] ?? ''),
    )
    expect(specifiers.length).toBeGreaterThan(10)
    expect(specifiers.filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))).toEqual([])
  })

  it.each([
    ['index', ['lru-cache']],
    ['replay/redis/redis', ['../../index.js']],
    ['replay/postgres/postgres', ['../../index.js']],
    ['profiles/index', ['../index.js']],
    ['testing/index', []],
  ])('has jose inside its CommonJS half, and no second copy of its errors: %s asks for %j', (entry, modules) => {
    const code = readFileSync(join(unpacked, 'dist', 'cjs', `${entry}.js`), 'utf8')
    const required = [...code.matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, specifier = '']) => specifier)
    expect([...new Set(required)].filter((specifier) => !specifier.startsWith('node:'))).toEqual(modules)
  })

  it('has each entry that its exports name', () => {
    const { exports } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'))
    const { './package.json': _, ...modules } = exports as Record<string, Record<string, Record<string, string>>>
    const paths = Object.values(modules).flatMap((conditions) => Object.values(conditions).flatMap((targets) => Object.values(targets)))
    expect(paths.sort()).toEqual(
      entries.flatMap((entry) => ['cjs', 'esm'].flatMap((half) => [`./dist/${half}/${entry}.d.ts`, `./dist/${half}/${entry}.js`])).sort(),
    )
  })
})

describe('the command, installed in a project', () => {
  const folder = join(consumers, 'express5')
  const command = join(folder, 'node_modules', '.bin', name)
  const key = join('keys', 'private.pem')
  const cli = (...words: string[]) => run(folder, command, ...words)
  const json = async (...words: string[]) => {
    const { code, output } = await cli(...words, '--json')
    return { code, json: JSON.parse(output) }
  }
  const tested: string[] = []
  /** A case for one verb. */
  const verb = (verbName: string, does: string, test: () => Promise<void>) => {
    tested.push(verbName)
    it(`${verbName} ${does}`, test)
  }

  beforeAll(async () => {
    const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'))
    mkdirSync(dirname(command))
    symlinkSync(join('..', name, manifest.bin[name]), command) // as npm installs it
    expect(await cli('keygen', '--out', 'keys')).toMatchObject({ code: 0 })
  })

  it('is what npx runs', async () => {
    const { code, output } = await run(folder, 'npx', '--no-install', name, '--help')
    expect([code, output]).toEqual([0, (await cli('--help')).output])
  })

  it('prints the help that its page has', async () => {
    const page = readFileSync(join(unpacked, 'docs/reference/cli.md'), 'utf8')
    for (const words of [[], ...tested.map((one) => [one])]) {
      const { code, output } = await cli(...words, '--help')
      expect(code).toBe(0)
      expect(page).toContain(`\`\`\`text\n${output}\`\`\``)
    }
  })

  verb('keygen', 'writes keys that only their owner may read', async () => {
    expect(statSync(join(folder, key)).mode & 0o777).toBe(0o600)
    expect(await cli('keygen', '--out', 'keys')).toMatchObject({ code: 2, output: expect.stringContaining('never overwritten') })
  })

  verb('sign', 'prints a JWT, and takes its key from stdin', async () => {
    const words = ['sign', 'client', '--client-id', 'a', '--audience', 'https://as.example.com']
    expect((await cli(...words, '--key', key)).output).toMatch(/^ey[\w-]+\.ey[\w-]+\.[\w-]{86}\n$/)
    const { code, output } = await run(folder, 'sh', '-c', `"${command}" ${words.join(' ')} --key - < ${key}`)
    expect([code, output]).toEqual([0, expect.stringMatching(/^ey/)])
    expect(await cli(...words, '--secret', 'hunter2')).toMatchObject({ code: 2, output: expect.not.stringContaining('hunter2') })
  })

  verb('explain', 'says which check failed', async () => {
    const client = { client_id: 'a', token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'] }
    const jwks = JSON.parse(readFileSync(join(folder, 'keys', 'jwks.json'), 'utf8'))
    writeFileSync(join(folder, 'server.json'), JSON.stringify({ options: { issuer: 'https://as' }, client: { ...client, jwks } }))
    const words = ['--key', key, '--client-id', 'a', '--curl', '--token-endpoint', 'https://as/token', '--audience']
    for (const [audience, code, reason] of [
      ['https://as', 0, undefined],
      ['https://other', 1, 'aud_mismatch'],
    ] as const) {
      writeFileSync(join(folder, 'request.txt'), (await cli('sign', 'client', ...words, audience)).output)
      const explained = await json('explain', 'request.txt', '--registration', 'server.json')
      expect([explained.code, explained.json.reason]).toEqual([code, reason])
    }
  })

  verb('check', 'reads a module', async () => {
    writeFileSync(join(folder, 'clients.mjs'), `export const client = { client_id: 'a', maxLifetime: '60' }`)
    expect(await json('check', 'clients.mjs')).toMatchObject({
      code: 1,
      json: { checked: [{ what: 'client a', errors: [expect.stringMatching(/^Client.maxLifetime must be /)] }] },
    })
  })

  verb('jwks-serve', 'serves keys that doctor finds good, and ends with 0 when it is told to', async () => {
    const server = spawn(command, ['jwks-serve', '--key', key, '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(server, 'exit')
    const [printed] = (await once(server.stdout, 'data')) as [Buffer]
    const { jwks_uri } = JSON.parse(printed.toString())
    expect(await json('doctor', jwks_uri, '--allow-private')).toMatchObject({ code: 0, json: { ok: true, kind: 'jwks_uri' } })
    server.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  verb('doctor', 'refuses a private address', async () => {
    expect(await json('doctor', 'https://127.0.0.1/jwks')).toMatchObject({
      code: 1,
      json: { findings: [{ topic: 'url', state: 'problem' }] },
    })
  })

  verb('act-as', 'ends with 0 against the demo, and with 1 against a demo that forgets used JWTs', async () => {
    const forgetful = { replayStore: { consume: async () => true } }
    for (const [changes, expected, wrong] of [
      [{}, 0, []],
      [forgetful, 1, ['replayed']],
    ] as const) {
      // the address of the demo is in what is registered, so it is asked for first
      const { server, url, audience } = await listening()
      const words = ['act-as', 'private_key_jwt', url, '--key', key, '--audience', audience]
      const { json: more } = await json(...words, '--print-registration')
      server.on('request', createApp(await createRegistry(audience, more), undefined, changes))
      const { code, json: report } = await json(...words)
      server.close()
      const attempts = report.attempts as { variant: string; ok: boolean }[]
      expect([code, attempts.filter(({ ok }) => !ok).map(({ variant }) => variant)]).toEqual([expected, wrong])
      expect(attempts.length).toBeGreaterThan(20)
    }
  })

  it('each verb has a case here', () => {
    const { output } = spawnSync(command, ['--help'], { encoding: 'utf8' }) as unknown as { output: string[] }
    const verbs = [...output.join('').matchAll(/^ {2}([a-z-]+) {2,}[A-Z]/gm)].map(([, one]) => one)
    expect(verbs.sort()).toEqual([...tested].sort())
  })
})

/** A server that listens on loopback and answers nothing yet. */
async function listening() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const audience = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { server, audience, url: `${audience}/token` }
}
