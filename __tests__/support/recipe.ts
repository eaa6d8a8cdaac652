import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { freePort } from './free-port.js'

const build = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** The code blocks of a document, by what their first line calls them. */
function blocksOf(document: string): Map<string, string> {
  const text = readFileSync(join(build, '..', document), 'utf8')
  return new Map([...text.matchAll(/^```js\n\/\/ ([^\n]*)\n(.*?)^```$/gms)].map(([, name, block]) => [name as string, block as string]))
}

const onThisLib = (block: string) =>
  block.replaceAll(/'express-oauth-assertions(\/profiles)?'/g, (_, profiles = '') => `'../lib${profiles}/index.js'`)

/** Writes the files of a document, which use the lib of this test. */
function writeFiles(document: string, folder: string, edit = (text: string) => text): void {
  for (const [file, block] of blocksOf(document)) if (file.endsWith('.mjs')) writeFileSync(join(folder, file), edit(onThisLib(block)))
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
    writeFiles(document, folder)
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

export interface RunningRecipe {
  url: string
  /** What it has printed, once it has printed this. */
  printed(until: RegExp): Promise<string>
  stop(): Promise<void>
}

/**
 * Starts a server that a document has as a complete file. It runs as it stands there, but on a free port instead of 3000.
 * @param files that stand beside it, by name
 */
export async function startRecipe(
  document: string,
  file: string,
  {
    files = {},
    env = {},
    edit = (text: string) => text,
  }: { files?: Record<string, string>; env?: Record<string, string>; edit?(text: string): string } = {},
): Promise<RunningRecipe> {
  blockOf(document, file)
  const port = await freePort()
  const folder = mkdtempSync(join(build, 'recipe-'))
  writeFiles(document, folder, (text) => edit(text.replaceAll('3000', String(port))))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const server = spawn(process.execPath, [file], { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(server, 'exit')
  let printed = ''
  for (const stream of [server.stdout, server.stderr]) stream.setEncoding('utf8').on('data', (text) => (printed += text))
  const stop = async () => {
    server.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const url = `http://localhost:${port}/token`
  while (!(await answers(url))) {
    if (server.exitCode === null) await sleep(50)
    else {
      await stop()
      throw new Error(`${file} of ${document} ended: ${printed}`)
    }
  }
  return {
    url,
    async printed(until) {
      for (let tries = 0; !until.test(printed); tries++) {
        if (tries === 200) throw new Error(`${file} of ${document} has not printed ${until}, but ${printed}`)
        await sleep(50)
      }
      return printed
    },
    stop,
  }
}

const answers = (url: string) =>
  fetch(url, { method: 'PUT' }).then(
    () => true,
    () => false,
  )
