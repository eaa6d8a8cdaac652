import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const build = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** The code blocks of a document, by what their first line calls them. */
function blocksOf(document: string): Map<string, string> {
  const text = readFileSync(join(build, '..', document), 'utf8')
  return new Map([...text.matchAll(/^```js\n\/\/ ([^\n]*)\n(.*?)^```$/gms)].map(([, name, block]) => [name as string, block as string]))
}

function blockOf(document: string, name: string): string {
  const block = blocksOf(document).get(name)
  if (block === undefined) throw new Error(`${document} has no code block that starts with // ${name}`)
  return block
}

/**
 * What code blocks of a document export. They run as they stand there, on the lib of this test, beside all other files of the document.
 * @param names on the first line of the block
 */
export async function recipesOf<T>(document: string, ...names: string[]): Promise<T> {
  for (const name of names) blockOf(document, name)
  const folder = mkdtempSync(join(build, 'recipe-'))
  try {
    for (const [file, block] of blocksOf(document))
      if (file.endsWith('.mjs')) writeFileSync(join(folder, file), block.replaceAll("'express-oauth-assertions'", "'../lib/index.js'"))
    const modules = await Promise.all(names.map((name) => import(pathToFileURL(join(folder, name)).href)))
    return Object.assign({}, ...modules)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What one code block of a document exports. */
export const recipeOf = <T>(document: string, name: string): Promise<T> => recipesOf<T>(document, name)

/** Runs a code block that is no file, with these names in scope. @param title on the first line of the block */
export function runBlock(document: string, title: string, scope: Record<string, unknown>): void {
  new Function(...Object.keys(scope), blockOf(document, title))(...Object.values(scope))
}
