/** What a verb is, and how its arguments are read. */
import { parseArgs } from 'node:util'
import { type Io, type Outcome, UsageError } from './io.js'

export interface Flag {
  /** What stands for its value in the help. A flag without it is on or off. */
  readonly value?: string
  readonly about: string
  readonly default?: string
  readonly isRepeatable?: true
}

export interface Verb {
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** The arguments in order. A name in brackets may be left out. */
  readonly args: readonly (readonly [name: string, about: string])[]
  readonly flags: Readonly<Record<string, Flag>>
  /** What the values of an argument mean. */
  readonly values?: readonly (readonly [value: string, about: string])[]
  /** More paragraphs. */
  readonly about?: readonly string[]
  readonly examples: readonly string[]
  run(input: Input, io: Io): Promise<Outcome>
}

export const commandName = 'express-oauth-assertions'
export const commonFlags: Readonly<Record<string, Flag>> = {
  json: { about: 'print JSON' },
  help: { about: 'print this help' },
}

/** The arguments of one call. */
export class Input {
  constructor(
    readonly verb: Verb,
    readonly args: readonly string[],
    readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>,
  ) {}

  text(name: string): string | undefined {
    return this.values[name] as string | undefined
  }

  texts(name: string): readonly string[] {
    return (this.values[name] ?? []) as string[]
  }

  has(name: string): boolean {
    return this.values[name] === true
  }

  /** @throws UsageError if the flag is missing */
  demand(name: string): string {
    const value = this.text(name)
    if (value === undefined || value === '') throw new UsageError(`--${name} must be given: ${this.verb.flags[name]?.about}.`)
    return value
  }

  /** @throws UsageError if the argument is missing */
  arg(index: number): string {
    const value = this.args[index]
    if (value === undefined) throw new UsageError(`${this.verb.args[index]?.[0]} must be given: ${this.verb.args[index]?.[1]}.`)
    return value
  }

  /** A whole number. @throws UsageError if the flag is anything else */
  number(name: string): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    if (!/^\d{1,15}$/.test(value)) throw new UsageError(`--${name} must be a whole number.`)
    return Number(value)
  }
}

/** @throws UsageError if an argument does not exist, is missing, or is a secret */
export function readArguments(verb: Verb, words: readonly string[]): Input {
  refuseSecrets(words)
  const all = { ...verb.flags, ...commonFlags }
  const options = Object.fromEntries(
    Object.entries(all).map(([name, flag]) => [
      name,
      {
        type: flag.value === undefined ? ('boolean' as const) : ('string' as const),
        ...(flag.isRepeatable && { multiple: true }),
        ...(flag.default !== undefined && { default: flag.default }),
        ...(name === 'help' && { short: 'h' }),
      },
    ]),
  )
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
    if (positionals.length > verb.args.length)
      throw new UsageError(`${verb.name} takes ${countOf(verb.args.length)}, not ${positionals.length}.`)
    return new Input(verb, positionals, values)
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(problemOf(error as Error & { code?: string }))
  }
}

const countOf = (count: number) => (count === 1 ? '1 argument' : `${count} arguments`)

function problemOf({ code, message }: Error & { code?: string }): string {
  const [, flag = ''] = /'(-[^' =]*)/.exec(message) ?? []
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `${flag} does not exist.`
  if (/does not take an argument/.test(message)) return `${flag} takes no value.`
  return flag ? `${flag} must have a value. If the value starts with -, write ${flag}=VALUE.` : message
}

const secretFlag = /^--(?:client[-_]?)?(?:secret|password|passphrase|private[-_]?key)(?:=|$)/i
const secretText = /-----BEGIN|^(?:--[\w-]+=)?\s*\{.*"(?:d|k)"\s*:|^(?:--[\w-]+=)?eyJ[\w-]*\.[\w-]+\.[\w-]*$/s

/**
 * Arguments are seen by every user of the machine, and a shell keeps them in its history.
 * @throws UsageError that shows nothing of the argument
 */
function refuseSecrets(words: readonly string[]): void {
  const flag = words.find((word) => secretFlag.test(word))?.replace(/=.*/s, '')
  if (flag === undefined && !words.some((word) => secretText.test(word))) return
  throw new UsageError(
    `${flag ?? 'A key or a JWT'} must not stand in an argument. Every user of this machine can see arguments, and your shell keeps them. ` +
      'Write it into a file and name the file, write env:NAME to name an environment variable, or write - and send it to stdin.',
  )
}
