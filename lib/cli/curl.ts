/** curl lines of token requests, written and read. */
import { UsageError } from './io.js'

const quoted = (word: string) => (/^[\w:/.,@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** The line that sends a token request. */
export function curlLine(url: string, parameters: Readonly<Record<string, string>>): string {
  const data = Object.entries(parameters).map(([name, value]) => ` --data-urlencode ${quoted(`${name}=${value}`)}`)
  return `curl -sS ${quoted(url)} \\\n${data.join(' \\\n')}`
}

export interface CurlRequest {
  readonly url?: string
  readonly form: URLSearchParams
  readonly authorization?: string
}

/**
 * Reads a curl line as a shell and curl would.
 * @throws UsageError if it cannot be read without its shell: variables, files
 */
export function parseCurl(line: string): CurlRequest {
  const [, ...words] = wordsOf(line)
  const form = new URLSearchParams()
  let url: string | undefined
  let authorization: string | undefined
  for (let at = 0; at < words.length; at++) {
    const { flag, value } = flagOf(words[at] as string)
    if (flag === undefined) url ??= words[at]
    else if (withValue.has(flag)) {
      const text = value ?? words[++at] ?? ''
      if (data.has(flag)) addData(form, text, flag)
      else if (flag === '-u' || flag === '--user') authorization = `Basic ${Buffer.from(text).toString('base64')}`
      else if (flag === '-H' || flag === '--header') authorization = headerValue(text, 'authorization:') ?? authorization
      else if (flag === '--url') url = text
    }
  }
  return { form, ...(url !== undefined && { url }), ...(authorization !== undefined && { authorization }) }
}

/** The value of a header line, if it has this name. */
const headerValue = (line: string, name: string) => (line.toLowerCase().startsWith(name) ? line.slice(name.length).trim() : undefined)

const data: ReadonlySet<string> = new Set(['-d', '--data', '--data-raw', '--data-ascii', '--data-binary', '--data-urlencode'])
/** The flags of curl that a token request may have and that take a value. */
const withValue: ReadonlySet<string> = new Set([
  ...data,
  ...['-u', '--user', '-H', '--header', '-X', '--request', '--url', '-o', '--output', '-A', '--user-agent', '-w', '--write-out'],
  ...['-m', '--max-time', '--connect-timeout', '--cacert', '-E', '--cert', '--key', '-x', '--proxy', '--retry', '--resolve'],
])

/** `-dVALUE`, `--data=VALUE` is no way of curl; `-sSd VALUE` is. */
function flagOf(word: string): { flag?: string; value?: string } {
  if (!word.startsWith('-') || word === '-') return {}
  if (word.startsWith('--')) return { flag: word }
  for (let at = 1; at < word.length; at++) {
    const flag = `-${word[at]}`
    if (withValue.has(flag)) return at + 1 < word.length ? { flag, value: word.slice(at + 1) } : { flag }
  }
  return { flag: word }
}

function addData(form: URLSearchParams, text: string, flag: string): void {
  if (text.startsWith('@') && flag !== '--data-raw') throw new UsageError(`${flag} ${text} names a file: put its text into the line.`)
  if (flag !== '--data-urlencode') {
    for (const [name, value] of new URLSearchParams(text)) form.append(name, value)
    return
  }
  const at = text.indexOf('=')
  if (at < 0) throw new UsageError('--data-urlencode must have a name and a value here: name=value.')
  form.append(text.slice(0, at), text.slice(at + 1))
}

/** The words of a line of a POSIX shell (without expansions). */
function wordsOf(line: string): string[] {
  const words: string[] = []
  const token = /\\\r?\n|\s+|\\(.)|'([^']*)'|"((?:[^"\\]|\\.)*)"|([^\s\\'"]+)|(.)/gsy
  let word: string | undefined
  for (const [all, escaped, single, double, plain, odd] of line.trim().matchAll(token)) {
    if (odd !== undefined) throw new UsageError('The line must have a closing quote for each opening one.')
    const bare = double ?? plain
    if (bare !== undefined && /(?<!\\)[$`]/.test(bare))
      throw new UsageError('The line must not have shell variables: put their values into it.')
    const text = escaped ?? single ?? double?.replace(/\\([$`"\\])/g, '$1').replace(/\\\r?\n/g, '') ?? plain
    if (text !== undefined) word = (word ?? '') + text
    else if (!all.startsWith('\\') && word !== undefined) word = void words.push(word) as undefined
  }
  if (word !== undefined) words.push(word)
  return words
}
