/** README.md, SECURITY.md, CHANGELOG.md and docs/: every link leads somewhere, also in the package; sentences are short; named tests exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const documents = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`),
]
const manifest = JSON.parse(read('package.json'))
const shippedByNpm = ['README.md', 'LICENSE', 'package.json']

/** Whether the package has this file: by `files`, where later lines win. */
function isShipped(file: string): boolean {
  let shipped = shippedByNpm.includes(file)
  for (const entry of manifest.files as string[]) {
    const path = entry.replace('!', '')
    if (file === path || file.startsWith(`${path}/`)) shipped = !entry.startsWith('!')
  }
  return shipped
}

/** The anchors of a document, as GitHub and npm make them from its headings. */
const anchorsOf = (file: string) =>
  [...withoutCode(read(file)).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    (title as string)
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
const withoutCode = (text: string) => text.replace(/^```.*?^```$/gms, '')
const linksOf = (file: string) =>
  [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => ({ file, link: link as string }))

const links = documents.flatMap(linksOf)
const repository = 'https://github.com/OWNER/express-oauth-assertions/blob/main/'

describe('links', () => {
  it('between documents lead to a file and a heading that are there', () => {
    const broken = links
      .filter(({ link }) => !link.startsWith('https:'))
      .filter(({ file, link }) => {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? file : normalize(join(dirname(file), path)).replaceAll('\\', '/')
        return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
      })
    expect(broken).toEqual([])
    expect(links.length).toBeGreaterThan(100)
  })

  it('of a document in the package lead to a file in the package', () => {
    const outside = links
      .filter(({ file, link }) => isShipped(file) && !/^(?:https:|#)/.test(link))
      .filter(({ file, link }) => !isShipped(normalize(join(dirname(file), link.split('#')[0] as string)).replaceAll('\\', '/')))
    expect(outside).toEqual([])
  })

  it('into the repository lead to a file that is there', () => {
    const into = links.filter(({ link }) => link.includes('express-oauth-assertions/'))
    expect(into.length).toBeGreaterThan(0)
    for (const { link } of into)
      expect([link.startsWith(repository), existsSync(join(root, link.replace(repository, '')))]).toEqual([true, true])
  })
})

describe('the tests that the documents name', () => {
  it.each(documents)('%s: are there', (file) => {
    const named = [...read(file).matchAll(/__tests__\/[\w./-]+/g)].map(([path]) => path.replace(/\.$/, ''))
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

describe('no sentence of text has more than 32 words', () => {
  /** Paragraphs and list items; no tables, no code, no images. */
  const sentencesOf = (file: string) =>
    withoutCode(read(file))
      .replace(/<!--.*?-->/gs, '')
      .replace(/^(?:\||#|!\[).*$/gm, '\n')
      .split(/\n\s*\n|\n(?=\s*(?:[*-]|\d+\.) )/)
      .flatMap((paragraph) =>
        paragraph
          .replace(/`[^`]*`/g, 'code')
          .replace(/\]\([^)]*\)/g, ']')
          .replace(/\s+/g, ' ')
          .split(/(?<=[.?!])\**\)? /),
      )
  const words = (sentence: string) => sentence.split(' ').filter((word) => /\w/.test(word)).length

  it.each(documents)('%s', (file) => {
    expect(sentencesOf(file).filter((sentence) => words(sentence) > 32)).toEqual([])
  })
})
