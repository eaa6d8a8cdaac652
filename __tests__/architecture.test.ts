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
      return { target, isType: type !== undefined }
    }),
  ]),
)
const importsOf = (file: string) => statements.get(file)?.map(({ target }) => target) ?? []
const allImports = files.flatMap(importsOf)
const importersOf = (name: string | RegExp) =>
  files.filter((file) => importsOf(file).some((imported) => (typeof name === 'string' ? imported === name : name.test(imported))))

const steps = ['parse-token-request', 'authenticate-client', 'verify-jwt-grant', 'issue-token']
/** The floors of the house, from the top. A file imports only from floors below its own, and from its own folder. */
const floors: readonly (readonly string[])[] = [
  ['index.ts'],
  ['token-endpoint.ts'],
  steps,
  ['pipeline'],
  ['assertion', 'replay'],
  ['rules'],
  ['host'],
]
/**
 * Beside the house: what is of use to those who build on it, each in its folder. Each lists what it may import, in addition to its own files and
 * Node: types alone if the pattern is in `types`. Nothing in the house imports them but the files in `importers`.
 */
const capabilities: Record<string, { types: RegExp[]; values: RegExp[]; importers?: string[] }> = {
  check: { types: [], values: [/^host\//, /^assertion\/keys\//], importers: ['index.ts'] },
  development: { types: [], values: [/^host\//], importers: ['pipeline/endpoint.ts', 'index.ts'] },
  profiles: { types: [], values: [/^index\.ts$/] },
  testing: { types: [/^host\//], values: [/^replay\/testing\/index\.ts$/] },
  'client-metadata-documents': {
    types: [],
    values: [
      /^host\//,
      /^assertion\/keys\/(?:find-keys|guarded-fetch|lookup-line|remote-key-sets)\.ts$/,
      /^rules\/(?:claims|scope)\.ts$/,
      /^lru-cache$/,
    ],
    importers: ['index.ts'],
  },
  explain: { types: [], values: [/^(?!index\.ts|testing\/|replay\/)/], importers: ['index.ts'] }, // runs the code of the endpoint: every floor
  cli: {
    types: [],
    values: [
      /^index\.ts$/,
      /^testing\//,
      /^profiles\/index\.ts$/,
      /^assertion\/keys\/(?:guarded-fetch|discovery|key-set|key-algorithms|key-problems|thumbprint)\.ts$/, // what the server would say to a key set
      /^host\/(?:errors|evidence)\.ts$/,
    ],
  },
}
const roomOf = (file: string) => file.split('/')[0] as string
const isCapability = (file: string) => Object.hasOwn(capabilities, roomOf(file))
const floorOf = (file: string) => floors.findIndex((rooms) => rooms.includes(roomOf(file)))
const isOurs = (imported: string) => imported.endsWith('.ts')

describe('floors: a folder imports only from those below it', () => {
  it('every file of lib is on a floor or of a capability, and every import of ours is of a file that exists', () => {
    expect(files.filter((file) => floorOf(file) < 0 && !isCapability(file))).toEqual([])
    expect(allImports.filter(isOurs).filter((imported) => !files.includes(imported))).toEqual([])
  })

  it('every import is seen here', () => {
    const mentioned = files.flatMap((file) => [...text(file).matchAll(/^.*\bfrom '.*$|\b(?:import|require)\((?!pathToFileURL\()/gm)])
    expect(mentioned).toHaveLength(allImports.length)
    const filesOfUsers = files.filter((file) => text(file).includes('import(pathToFileURL('))
    expect(filesOfUsers).toEqual(['cli/registrations.ts'])
  })

  it('no import leads up, or sideways into another folder; types included', () => {
    const wrong = files
      .filter((file) => !isCapability(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((imported) => isOurs(imported) && !isCapability(imported))
          .filter((imported) => roomOf(imported) !== roomOf(file) && floorOf(imported) <= floorOf(file))
          .map((imported) => `${file} -> ${imported}`),
      )
    // a step may use the proof of another step's grant: a client that signs its own grants is authenticated by it
    expect(wrong).toEqual(['authenticate-client/by-its-grant.ts -> verify-jwt-grant/prove-grant.ts'])
  })

  it.each(Object.entries(capabilities))('the capability %s imports what it may, and is imported only where it may be', (name, may) => {
    const own = files.filter((file) => roomOf(file) === name)
    const ofOthers = own.flatMap((file) =>
      (statements.get(file) ?? [])
        .filter(({ target }) => !target.startsWith('node:') && roomOf(target) !== name)
        .filter(({ target, isType }) => ![...may.values, ...(isType ? may.types : [])].some((allowed) => allowed.test(target)))
        .map(({ target }) => `${file} -> ${target}`),
    )
    expect(own).not.toEqual([])
    expect(ofOthers).toEqual([])
    const importers = importersOf(new RegExp(`^${name}/`)).filter((file) => !isCapability(file))
    expect(importers.sort()).toEqual([...(may.importers ?? [])].sort())
  })

  it('the table of spoiled JWTs, which a page of a browser may load, imports types alone', () => {
    expect(statements.get('testing/spoiled.ts')?.map(({ isType }) => isType)).toEqual([true, true])
  })

  it('what a server loads has nothing of the command, not even through another capability', () => {
    expect(importersOf(/^cli\//).filter((file) => roomOf(file) !== 'cli')).toEqual([])
  })

  it('there is no cycle of files, by type neither', () => {
    const done = new Set<string>()
    const visit = (file: string, path: string[]): void => {
      expect(path).not.toContain(file)
      if (done.has(file)) return
      for (const imported of importsOf(file).filter(isOurs)) visit(imported, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(done.size).toBe(files.length)
  })

  it.each<[what: string | RegExp, importers: (string | RegExp)[]]>([
    ['index.ts', [/^cli\//, /^profiles\//]],
    ['token-endpoint.ts', ['index.ts', 'explain/dry-run.ts']],
    [/^authenticate-client\/mtls\//, [/^authenticate-client\/mtls\//, 'authenticate-client/methods.ts']],
    [/^authenticate-client\/workload\//, [/^authenticate-client\/workload\//, 'authenticate-client/methods.ts']],
    ['jose', [/^assertion\/keys\//, 'issue-token/jwt-signer.ts']],
    ['lru-cache', ['replay/memory.ts', 'assertion/verified-signatures.ts', /^assertion\/keys\//, 'client-metadata-documents/documents.ts']],
    [/^express|^@types/, []],
  ])('%s is imported only where it may be', (what, allowed) => {
    const strangers = importersOf(what).filter(
      (file) => !allowed.some((name) => (typeof name === 'string' ? name === file : name.test(file))),
    )
    expect(strangers).toEqual([])
  })

  it('rules are pure: they import nothing of Node but hash, and read no clock', () => {
    const rules = files.filter((file) => roomOf(file) === 'rules')
    const ofNode = rules.flatMap((file) =>
      [...text(file).matchAll(/^import (.*) from 'node:(.*)'$/gm)].map(([, names, module]) => `${names} of ${module}`),
    )
    expect(ofNode).toEqual(['{ hash } of crypto'])
    expect(rules.filter((file) => /Date\.now|new Date\(|performance|process\./.test(text(file)))).toEqual([])
  })

  it('nothing is imported but these packages and what Node brings', () => {
    const packages = allImports.filter((imported) => !isOurs(imported) && !imported.startsWith('node:'))
    expect([...new Set(packages)].sort()).toEqual(['jose', 'lru-cache'])
  })
})

describe('what a reader has to open', () => {
  const lines = (file: string) => text(file).trimEnd().split('\n').length

  it('the house has at most eleven entries, and the four steps are four of them', () => {
    const entries = readdirSync(lib).filter((entry) => !isCapability(entry))
    expect(entries.length).toBeLessThanOrEqual(11)
    expect(entries).toEqual(expect.arrayContaining(steps))
  })

  it('the eighteen files that decide everything have at most 1,650 lines together: little more than an hour', () => {
    const hour = [
      'token-endpoint.ts',
      ...steps.map((name) => `${name}/${name}.ts`),
      ...files.filter((file) => roomOf(file) === 'rules' && !['rules/form-encoding.ts', 'rules/evidence.ts'].includes(file)),
      'pipeline/step.ts',
      'pipeline/transaction.ts',
      'assertion/verify.ts',
      'host/refusals.ts',
    ]
    expect(hour).toHaveLength(18)
    expect(hour.reduce((sum, file) => sum + lines(file), 0)).toBeLessThanOrEqual(1650)
  })

  it('no file is longer than 180 lines', () => {
    expect(files.map((file) => [file, lines(file)] as const).filter(([, count]) => count > 180)).toEqual([])
  })

  it('a step is named after its folder and its file', () => {
    const camelCase = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    for (const step of steps) expect(text(`${step}/${step}.ts`)).toMatch(new RegExp(`export function ${camelCase(step)}[(<]`))
  })

  it('the map names every folder, and every folder is there', () => {
    const named = [...text('token-endpoint.ts').matchAll(/^ \* +([a-z-]+)\/ /gm)].map(([, folder]) => folder)
    const folders = readdirSync(lib).filter((entry) => !entry.includes('.'))
    expect([...new Set(named)].sort()).toEqual(folders.filter((folder) => !isCapability(folder)).sort())
    for (const name of Object.keys(capabilities)) expect(text('token-endpoint.ts')).toContain(`${name}/ (`)
  })

  it('tests lie in folders of the same names', () => {
    const folders = readdirSync(lib).filter((entry) => !entry.includes('.'))
    expect(folders.filter((folder) => !existsSync(join(root, '__tests__', folder)))).toEqual([])
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

  it.each(['', 'bench/', 'scripts/nodes/', '__tests__/hosts/better-auth/'])(
    '%spackage-lock.json fixes versions and digests, not addresses',
    (folder) => {
      const lock = readFileSync(join(root, folder, 'package-lock.json'), 'utf8')
      expect(lock).toContain('"integrity"')
      expect(lock).not.toContain('"resolved"')
    },
  )
})
