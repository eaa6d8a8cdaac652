import type { Shown } from '../host/evidence.js'

/** Evidence on one line, for people: `exp 1764250000, seconds_ago 312`. `null` is what is absent. */
export function readable(shown: Shown): string {
  if (Array.isArray(shown)) return shown.length === 0 ? 'nothing' : shown.map(readable).join(shown.some(isObject) ? '; ' : ', ')
  return isObject(shown)
    ? Object.entries(shown)
        .map(([name, value]) => `${name} ${nested(value)}`)
        .join(', ')
    : scalar(shown)
}

const isObject = (shown: Shown): shown is { readonly [name: string]: Shown } => typeof shown === 'object' && shown !== null
const nested = (shown: Shown) => (isObject(shown) ? `(${readable(shown)})` : readable(shown))

/** A text is in quotes only if it could be overlooked, or if its spaces at the ends could. */
function scalar(shown: Shown): string {
  if (shown === null) return 'nothing'
  return typeof shown === 'string' && shown.trim() === shown && shown !== '' ? shown : JSON.stringify(shown)
}

/** Control characters, also those that change the direction of text: a log line must end where it says. */
const control = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
/** Text that may come from anywhere, on one line. */
export const onOneLine = (text: string) => text.replace(control, '?')

const most = { errors: 3, lines: 12 }

/** The stacks of an exception and of its causes. It may contain anything: your hook threw it. */
export function stackOf(thrown: unknown): string[] {
  const lines: string[] = []
  try {
    let error = thrown
    for (let count = 0; error !== undefined && count < most.errors; count++) {
      const text = error instanceof Error ? (error.stack ?? String(error)) : String(error)
      lines.push(...`${count > 0 ? 'caused by ' : ''}${text}`.split('\n').slice(0, most.lines))
      error = error instanceof Error ? error.cause : undefined
    }
  } catch {
    lines.push('an exception that cannot be read')
  }
  return lines.map(onOneLine)
}
