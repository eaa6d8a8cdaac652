import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, jest } from '@jest/globals'

jest.setTimeout(20_000) // each case starts a process
const build = join(dirname(fileURLToPath(import.meta.url)), '..')
const root = join(build, '..')
const run = (...args: string[]) => spawnSync(process.execPath, [join(root, 'scripts/requirements.mjs'), ...args], { encoding: 'utf8' })

describe('docs/requirements.md', () => {
  it('has one row for each id in the name of a test, in order, with the tests that name it', () => {
    expect(run('--check')).toMatchObject({ stderr: '', status: 0 })
  })
})

describe('the check of docs/requirements.md', () => {
  const folder = mkdtempSync(join(build, 'requirements-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const page = join(folder, 'docs/requirements.md')

  // The digits stand apart from their letters: these ids are of no test of ours.
  const id = (letters: string, digits: string) => `${letters}-${digits}`
  const [first, second, other] = [id('ZZ', '01'), id('ZZ', '02'), id('ZY', '10')]
  const names = `
    // ${id('ZZ', '97')} in a comment
    /* ${id('ZZ', '98')} in another */
    const rows = [['${second} a row', 1 /* ${id('ZZ', '99')} in a row */]]
    describe(\`${other} \${1} things\`, () => it.each(rows)('%s', () => {}))`
  const table = (rows: string[]) => `| id | requirement | where proven |\n|---|---|---|\n${rows.map((row) => `${row} |\n`).join('')}`
  const good = [
    `| ${first} | One \\| two. | [some](../__tests__/some.test.ts)`,
    `| ${second} | Two. | [more](../__tests__/deep/more.test.ts)`,
  ]
  const last = `| ${other} | Ten. | [more](../__tests__/deep/more.test.ts)`

  function project({ some = `it('${first} one', () => {})`, rows = good, lastRows = [last] }) {
    for (const path of ['docs', '__tests__/deep']) mkdirSync(join(folder, path), { recursive: true })
    writeFileSync(join(folder, '__tests__/some.test.ts'), some)
    writeFileSync(join(folder, '__tests__/deep/more.test.ts'), names)
    writeFileSync(join(folder, '__tests__/deep/support.ts'), `export const name = '${id('ZZ', '96')}'`)
    writeFileSync(page, `# Page\n\n${table(rows)}\n## Next\n\n${table(lastRows)}`)
  }
  const stale = 'docs/requirements.md is not what the names of the tests make it. Run npm run docs.\n'

  it('takes a page that is right', () => {
    project({})
    expect(run('--check', folder)).toMatchObject({ stderr: '', status: 0 })
  })

  it.each<[fault: string, given: Parameters<typeof project>[0], problem: string]>([
    [
      'an id without a row',
      { some: `it('${first} ${id('ZZ', '03')}', () => {})` },
      `docs/requirements.md has no row for ${id('ZZ', '03')}, which a test names: some.test.ts.\n`,
    ],
    [
      'a row that no test names',
      { rows: [...good, `| ${id('ZZ', '97')} | Three. | `] },
      `docs/requirements.md: no test names ${id('ZZ', '97')}.\n`,
    ],
    ['two rows in two tables', { lastRows: [last, good[0] as string] }, `docs/requirements.md: ${first} has two rows.\n`],
    ['rows in another order', { rows: good.toReversed() }, stale],
    ['a test that the row does not have', { some: `it('${first} ${other}', () => {})` }, stale],
    ['a row without its tests', { rows: [`| ${first} | One. | `, good[1] as string] }, stale],
  ])('refuses %s', (_, given, problem) => {
    project(given)
    const { stderr, status } = run('--check', folder)
    expect(stderr).toContain(problem)
    expect(status).toBe(1)
  })

  it('is satisfied by the page that it writes', () => {
    project({ rows: [`| ${second} | Two. |`, `| ${first} | One \\| two. |`], lastRows: [`| ${other} | Ten. |`] })
    expect(run(folder)).toMatchObject({ stderr: '', status: 0 })
    expect(readFileSync(page, 'utf8')).toBe(`# Page\n\n${table(good)}\n## Next\n\n${table([last])}`)
  })
})
