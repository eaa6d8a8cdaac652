/** Random choices that are the same in every run: what fails once fails again. */
export function random(seed: string) {
  let state = [...seed].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 17)
  /** From 0 to 1 (mulberry32). */
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    /** An integer from 0 to `limit` - 1. */
    below,
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
    chance: (probability: number) => next() < probability,
  }
}
