/** Finds the name that a misspelt one most likely means. */

/** A name without its case and punctuation: `jwksUri` is `jwks_uri`. */
export const fold = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')

/** The known name that takes the fewest edits, if those are few. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const distances = names.map((known) => ({ known, distance: editDistance(fold(name.slice(0, 64)), fold(known)) }))
  const [first] = distances.sort((one, other) => one.distance - other.distance)
  return first && first.distance <= Math.max(2, first.known.length / 3) && first.distance < fold(first.known).length
    ? first.known
    : undefined
}

/** How many letters must be inserted, deleted or replaced to turn one text into the other (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[other.length] as number
}

/** The known name that an unknown one is at most two edits away from. For objects that may have other members: these must not sound wrong. */
export function nearMiss(name: string, names: readonly string[]): string | undefined {
  const folded = fold(name.slice(0, 64))
  return (
    names.find((known) => fold(known) === folded) ??
    names.find((known) => editDistance(folded, fold(known)) <= Math.min(2, known.length / 4))
  )
}
