/** What a refusal saw and wanted, as events show it: bounded, printable, and without anything that is secret. */

/** A value that an event shows: a bounded copy as JSON. `null` stands for what is absent. */
export type Shown = string | number | boolean | null | readonly Shown[] | { readonly [name: string]: Shown }

/** Why a request was refused, as data. Never a token, a secret or a signature. */
export interface Detail {
  /** What the request, or this server, had. */
  readonly seen: Shown
  /** What would have passed: a value, a list of which one would do, or what it must be in words. */
  readonly wanted: Shown
}

/** What a refusal carries. Never a token, a secret or a signature: of those, say only what is wrong with them. */
export interface Evidence {
  readonly seen: unknown
  readonly wanted: unknown
  /** The exception behind it. */
  readonly cause?: unknown
}
/** Evidence, or how to get it: a function is only called if somebody listens to the event. */
export type GivenEvidence = Evidence | (() => Evidence)

/** The evidence of a refusal. It may read objects of the host, which may throw. */
export function evidenceOf(given: GivenEvidence): Evidence {
  try {
    return typeof given === 'function' ? given() : given
  } catch (cause) {
    return { seen: nameOfThrown(cause), wanted: 'objects that can be read', cause }
  }
}

/** The evidence of a registration, or of a result of a hook, that a check found wrong. Only the text of our own checks is known to be harmless. */
export const invalid = (cause: unknown, wanted = 'what the reference of this object says'): Evidence => ({
  seen: nameOfThrown(cause) === 'ConfigurationError' ? (cause as Error).message : `${nameOfThrown(cause)} was thrown`,
  wanted,
  cause,
})

/** The name of an exception, and no text: that may contain anything. */
export function nameOfThrown(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return typeof thrown
    return typeof thrown.name === 'string' ? thrown.name : 'Error'
  } catch {
    return 'something that cannot be read'
  }
}

/** What an event shows of evidence. */
export function detailOf({ seen, wanted }: Evidence): Detail {
  try {
    return { seen: shownCopy(seen), wanted: shownCopy(wanted) }
  } catch (thrown) {
    return { seen: nameOfThrown(thrown), wanted: 'objects that can be read' }
  }
}

const most = { characters: 256, members: 20, depth: 3 }

/** Text of a sender as printable ASCII of at most 256 characters. */
export const printable = (text: string) =>
  text
    .slice(0, most.characters)
    .replaceAll('…', '...')
    .replace(/[^\x20-\x7e]/g, '?')

const jwt = /eyJ[\w-]{8,}(?:\.[\w-]*)*/g
const userInformation = /:\/\/[^\s/?#]*@/g

/** Text that may be in the wrong place, such as a JWT that was sent as scope: without JWTs, and without the password of a URL. */
export const withoutCredentials = (text: string) => text.replace(jwt, '(a JWT)').replace(userInformation, '://...@')

/** The same as an event shows it: printable and short. */
export const harmless = (text: string) => printable(withoutCredentials(text.slice(0, 16 * most.characters)))

const credential =
  /(password|passwd|pwd|secret|token|assertion|authorization)(["']?\s{0,3}[=:]\s{0,3}["']?(?:Basic |Bearer )?)[^\s"'&,;]+/gi

/** An exception in a log line: its name and message, without what looks like a credential. No stack. */
export function shownCause(cause: unknown): { readonly name: string; readonly message: string } {
  const name = nameOfThrown(cause)
  try {
    const message = cause instanceof Error ? cause.message : cause
    return { name: harmless(name), message: typeof message === 'string' ? harmless(message.replace(credential, '$1$2...')) : '' }
  } catch {
    return { name, message: '' }
  }
}

/** A number for people to read: at most three decimals. */
export const rounded = (value: number) => Math.round(value * 1000) / 1000

/** A bounded copy: what is deep or long ends in `...`. */
function shownCopy(value: unknown, depth = 0): Shown {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return harmless(value)
  if (typeof value === 'number') return Number.isFinite(value) ? rounded(value) : String(value)
  if (typeof value === 'boolean') return value
  if (typeof value !== 'object') return typeof value
  if (depth === most.depth) return '...'
  if (Array.isArray(value)) {
    const shown = value.slice(0, most.members).map((one) => shownCopy(one, depth + 1))
    return value.length > most.members ? [...shown, '...'] : shown
  }
  const names = Object.keys(value)
  const shown = names
    .slice(0, most.members)
    .map((name): [string, Shown] => [harmless(name), shownCopy((value as Record<string, unknown>)[name], depth + 1)])
  return Object.fromEntries(names.length > most.members ? [...shown, ['...', names.length - most.members]] : shown)
}
