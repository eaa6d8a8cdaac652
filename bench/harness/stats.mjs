export function median(values) {
  const sorted = values.filter((value) => value !== null && value !== undefined).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Median, smallest and largest. */
export const summary = (values) => ({ median: median(values), low: Math.min(...values), high: Math.max(...values) })

/** The ratio of two series, round by round, since a disturbance of a round affects both. */
export const ratio = (above, below) => summary(above.map((value, round) => value / below[round]))
