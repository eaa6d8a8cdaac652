/** Where a text comes from. Secrets have no other way in. */
import { readFile } from 'node:fs/promises'
import { type Io, UsageError } from './io.js'

/**
 * Reads a text from the path of a file, `env:NAME` or `-` for stdin.
 * @param shown how messages name the source: it may be a secret by mistake
 * @throws UsageError that names the source and shows nothing of its text
 */
export async function readSource(source: string, io: Io, shown = source): Promise<string> {
  if (source === '-') return await io.stdin()
  const [, name] = /^env:(.*)$/s.exec(source) ?? []
  if (name !== undefined) {
    const value = io.env[name]
    if (!value) throw new UsageError(`The environment variable ${name} must be set.`)
    return value
  }
  try {
    return await readFile(source, 'utf8')
  } catch (error) {
    throw new UsageError(`${shown} could not be read: ${(error as NodeJS.ErrnoException).code}. It must be a file, env:NAME or -.`)
  }
}
