import { shown } from '../host/shown.js'

/** What is wrong with an object that you wrote. */
export interface Findings {
  /** Mistakes: the endpoint, or requests that need the object, would be refused. */
  readonly errors: string[]
  /** What works, and is probably not what you want. */
  readonly warnings: string[]
}

/** An object whose members are not known. */
export type Unchecked = Readonly<Record<string, unknown>>

/** Collects what `find` finds in an object. Never throws: an object that cannot be read is an error. */
export function findingsOf(name: string, given: unknown, find: (object: Unchecked, found: Findings) => void): Findings {
  const found: Findings = { errors: [], warnings: [] }
  try {
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) find(given as Unchecked, found)
    else found.errors.push(`${name} must be an object, not ${typeof given === 'string' ? 'a string' : shown(given)}.`)
  } catch {
    found.errors.push(`${name} cannot be read: a member of it throws an exception.`)
  }
  return found
}

/** The findings of something that is not needed: none of them is an error. */
export const onlyWarnings = ({ warnings }: Findings): Findings => ({ errors: warnings, warnings })
