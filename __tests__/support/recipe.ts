import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const build = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** What a code block of a document exports. It runs as it stands there, on the lib of this test. @param name on the first line of the block */
export async function recipeOf<T>(document: string, name: string): Promise<T> {
  const blocks = readFileSync(join(build, '..', document), 'utf8').split(/^```(?:js)?\n/m)
  const block = blocks.find((text) => text.startsWith(`// ${name}\n`))
  if (block === undefined) throw new Error(`${document} has no code block that starts with // ${name}`)
  const folder = mkdtempSync(join(build, 'recipe-'))
  try {
    const file = join(folder, name)
    writeFileSync(file, block.replaceAll("'express-oauth-assertions'", "'../lib/index.js'"))
    return await import(pathToFileURL(file).href)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
