/** The texts of `--help`. */
import { commandName, commonFlags, type Flag, type Verb } from './verb.js'

const width = 100

/** Fills lines with words. The first line has its indentation already. */
function wrapped(text: string, indent: number): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string
    if (line !== '' && indent + line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join(`\n${' '.repeat(indent)}`)
}

/** Two columns. */
function rowsOf(rows: readonly (readonly [string, string])[]): string {
  const column = Math.max(...rows.map(([name]) => name.length)) + 4
  return rows.map(([name, about]) => `  ${name.padEnd(column - 2)}${wrapped(about, column)}`).join('\n')
}

const flagRow = ([name, { value, about, default: usual, isRepeatable }]: [string, Flag]) =>
  [
    `--${name}${value === undefined ? '' : ` ${value}`}`,
    `${about}${isRepeatable ? '; may be repeated' : ''}${usual === undefined ? '' : ` (default: ${usual})`}`,
  ] as const

const exitCodes = 'Exit code: 0 if all is well, 1 if a problem was found, 2 if it could not be done as written.'

/** The help of one verb. */
export function helpOf({ name, summary, args, flags, values = [], about = [], examples }: Verb): string {
  const usage = [commandName, name, ...args.map(([arg]) => arg), '[flags]'].join(' ')
  return [
    usage,
    `${summary}.`,
    ...(args.length > 0 ? [rowsOf(args)] : []),
    ...(values.length > 0 ? [rowsOf(values)] : []),
    rowsOf(Object.entries({ ...flags, ...commonFlags }).map(flagRow)),
    ...about.map((paragraph) => wrapped(paragraph, 0)),
    exitCodes,
    ['Examples:', ...examples.map((example) => `  ${example}`)].join('\n'),
  ].join('\n\n')
}

/** The help of the whole. */
export function helpOfAll(verbs: readonly Verb[]): string {
  return [
    `${commandName} <verb> [arguments] [flags]`,
    rowsOf(verbs.map(({ name, summary }) => [name, summary] as const)),
    `Each verb has its own help: ${commandName} <verb> --help. Each prints JSON with --json.`,
    wrapped(
      'A secret or a private key is never an argument. SOURCE is the path of a file, env:NAME for an environment variable, or - for stdin.',
      0,
    ),
    exitCodes,
  ].join('\n\n')
}
