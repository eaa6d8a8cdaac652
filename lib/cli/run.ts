/** Runs one command line. */
import { helpOf, helpOfAll } from './help.js'
import { type Io, type Outcome, UsageError } from './io.js'
import { commandName, readArguments, type Verb } from './verb.js'
import { verbs } from './verbs.js'

export type ExitCode = 0 | 1 | 2

/** @param words what stands behind the name of the program */
export async function run(words: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = words
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.out(helpOfAll(verbs))
    return name === undefined ? 2 : 0
  }
  const verb = verbs.find((one) => one.name === name)
  const isJson = rest.includes('--json')
  try {
    if (!verb) throw new UsageError(`There is no such verb. It must be one of ${verbs.map((one) => one.name).join(', ')}.`)
    if (rest.includes('--help') || rest.includes('-h')) {
      io.out(helpOf(verb))
      return 0
    }
    const { code, json, text } = await outcomeOf(verb, rest, io)
    if (text !== undefined) io.out(isJson ? JSON.stringify(json, undefined, 2) : harmless(text, io.colour))
    return code
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (isJson) io.out(JSON.stringify({ error: message }, undefined, 2))
    else io.err(`${message}${error instanceof UsageError ? `\n\nSee ${commandName} ${verb ? `${verb.name} ` : ''}--help` : ''}`)
    return 2
  }
}

const control = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const ownColour = /(\x1b\[(?:[12]|22|3[1239])m)/ // those of painter.ts

/** A text without control characters, which a server, a JWT or a key set may have: they could change the terminal. */
const harmless = (text: string, colour: boolean) =>
  colour
    ? text
        .split(ownColour)
        .map((part, index) => (index % 2 === 1 ? part : part.replace(control, '?')))
        .join('')
    : text.replace(control, '?')

const outcomeOf = (verb: Verb, words: readonly string[], io: Io): Promise<Outcome> => verb.run(readArguments(verb, words), io)
