/** Runs the command in this process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from '@jest/globals'
import type { Io } from '../../lib/cli/io.js'
import { run } from '../../lib/cli/run.js'

export interface Ran {
  code: number
  out: string
  err: string
  /** What `--json` printed. */
  // biome-ignore lint/suspicious/noExplicitAny: each verb prints another object
  json(): any
}

interface Given {
  stdin?: string
  env?: Record<string, string>
  colour?: boolean
  stop?: AbortSignal
  /** Receives each text when it is printed. */
  onOut?: (text: string) => void
}

export async function cli(words: readonly string[], { stdin = '', env = {}, colour = false, stop, onOut }: Given = {}): Promise<Ran> {
  const printed = { out: '', err: '' }
  const io: Io = {
    out: (text) => {
      printed.out += `${text}\n`
      onOut?.(text)
    },
    err: (text) => {
      printed.err += `${text}\n`
    },
    stdin: async () => stdin,
    env,
    colour,
    stop: stop ?? new AbortController().signal,
  }
  const code = await run(words, io)
  return { code, ...printed, json: () => JSON.parse(printed.out) }
}

/** A folder that is there while the tests of a file run. */
export function temporaryFolder() {
  const path = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), '../../cli-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return {
    path,
    /** Writes a file. @returns its path */
    write(name: string, content: unknown): string {
      const file = join(path, name)
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
      return file
    },
  }
}
