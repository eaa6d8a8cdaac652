import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'

const root = fileURLToPath(new URL('../../', import.meta.url))
const lib = join(root, 'lib')
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'))
const text = (file: string) => readFileSync(join(lib, file), 'utf8')

const statement = /^(?:import|export)( type)? [^'=()]*from '([^']+)'$/gm
/** What a file imports: its own files by their path under lib, packages by name. */
const statements = new Map(
  files.map((file) => [
    file,
    [...text(file).matchAll(statement)].map(([, type, specifier = '']) => {
      const target = specifier.startsWith('.') ? relative(lib, join(lib, dirname(file), specifier)).replace(/\.js$/, '.ts') : specifier
      return { target, typesOnly: type !== undefined }
    }),
  ]),
)
const importsOf = (file: string) => statements.get(file)?.map(({ target }) => target) ?? []
const valuesOf = (file: string) => statements.get(file)?.flatMap(({ target, typesOnly }) => (typesOnly ? [] : target)) ?? []
const allImports = files.flatMap(importsOf)
const importersOf = (name: string | RegExp) =>
  files.filter((file) => importsOf(file).some((imported) => (typeof name === 'string' ? imported === name : name.test(imported))))

const steps = ['parse-token-request', 'authenticate-client', 'verify-jwt-grant', 'issue-token'].map((name) => `middleware/${name}.ts`)

describe('imports point downwards (design §2)', () => {
  it('every import of a file of ours is of a file that exists', () => {
    const ours = allImports.filter((imported) => imported.endsWith('.ts'))
    expect(ours.filter((imported) => !files.includes(imported))).toEqual([])
  })

  it('every import is seen here', () => {
    const mentioned = files.flatMap((file) => [...text(file).matchAll(/^.*\bfrom '.*$|\b(?:import|require)\(/gm)])
    expect(mentioned).toHaveLength(allImports.length)
  })

  it('there is no cycle', () => {
    const done = new Set<string>()
    const visit = (file: string, path: string[]): void => {
      expect(path).not.toContain(file)
      if (done.has(file)) return
      for (const imported of valuesOf(file)) visit(imported, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(done.size).toBeGreaterThanOrEqual(files.length)
  })

  it.each<[what: string | RegExp, importers: (string | RegExp)[]]>([
    ['index.ts', []],
    ['token-endpoint.ts', ['index.ts']],
    [new RegExp(`^(${steps.join('|')})$`), ['index.ts', 'token-endpoint.ts']],
    [/^middleware\//, ['index.ts', 'token-endpoint.ts', /^middleware\//]],
    [/^client-auth\//, [/^client-auth\//, 'middleware/authenticate-client.ts']],
    ['jose', [/^assertion\//, 'jwt-signer.ts']],
    ['lru-cache', ['assertion/remote-key-sets.ts', 'assertion/verified-signatures.ts', 'assertion/keys.ts']],
    [/^express|^@types/, []],
  ])('%s is imported only where design §2 lets it', (what, allowed) => {
    const strangers = importersOf(what).filter(
      (file) => !allowed.some((name) => (typeof name === 'string' ? name === file : name.test(file))),
    )
    expect(strangers).toEqual([])
  })

  it('the verifier knows neither HTTP steps nor clients nor grants', () => {
    const outside = files.filter((file) => file.startsWith('assertion/')).flatMap(importsOf)
    const ours = outside.filter((imported) => imported.endsWith('.ts') && !imported.startsWith('assertion/'))
    expect([...new Set(ours)].sort()).toEqual([
      'after.ts',
      'empty-record.ts',
      'errors.ts',
      'jwk.ts',
      'jws.ts',
      'registration.ts',
      'replay/replay-key.ts',
    ])
  })

  it('nothing is imported but these packages and what Node brings', () => {
    const packages = allImports.filter((imported) => !imported.endsWith('.ts') && !imported.startsWith('node:'))
    expect([...new Set(packages)].sort()).toEqual(['jose', 'lru-cache'])
  })
})

describe('a file has one job', () => {
  const lines = (file: string) => text(file).trimEnd().split('\n').length

  it('token-endpoint.ts is the map of the code: at most 40 lines', () => expect(lines('token-endpoint.ts')).toBeLessThanOrEqual(40))

  it('no file is longer than 220 lines', () => {
    expect(files.map((file) => [file, lines(file)] as const).filter(([, count]) => count > 220)).toEqual([])
  })

  it('a step is named after its file', () => {
    const camelCase = (file: string) => file.replace(/^.*\/|\.ts$/g, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    for (const file of steps) expect(text(file)).toContain(`export function ${camelCase(file)}(`)
  })
})

describe('the repository installs from wherever its reader installs from', () => {
  it('no file that is tracked names a package registry', () => {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
    expect(tracked).toContain('package.json')
    const registry = /registry\.(?:[\w-]+\.)*(?:org|com|net|io|dev)\b|npm\.pkg\./i
    const named = tracked.filter((file) => existsSync(join(root, file)) && registry.test(readFileSync(join(root, file), 'utf8')))
    expect(named).toEqual([])
  })

  it('the lock file fixes versions and digests, not addresses', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
    expect(lock).toContain('"integrity"')
    expect(lock).not.toContain('"resolved"')
  })
})
