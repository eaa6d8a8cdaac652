/** Statuses and latencies of a run. */
export class Outcome {
  constructor(expected) {
    this.latencies = new Float64Array(expected)
    this.statusOf = new Uint16Array(expected)
    this.count = 0
    this.startedAt = performance.now()
  }

  /** @param latency milliseconds */
  add(status, latency) {
    this.latencies[this.count] = latency
    this.statusOf[this.count++] = status
  }

  summary() {
    const seconds = (performance.now() - this.startedAt) / 1000
    const statuses = {}
    for (const status of this.statusOf.subarray(0, this.count)) statuses[status] = (statuses[status] ?? 0) + 1
    const accepted = this.latencies.filter((_, index) => index < this.count && this.statusOf[index] === 200)
    return {
      count: this.count,
      seconds,
      statuses,
      ...percentiles(this.latencies.subarray(0, this.count)),
      accepted: { count: accepted.length, ...percentiles(accepted) },
    }
  }
}

function percentiles(latencies) {
  const sorted = Float64Array.from(latencies).sort()
  const at = (share) => (sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))])
  return { p50: at(0.5), p99: at(0.99) }
}
