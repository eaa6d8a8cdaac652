/** Runs `work` and adds its duration in milliseconds to `timings[name]`, also if it fails; without `timings`, only runs it. */
export async function timed<T>(timings: Record<string, number> | undefined, name: string, work: () => Promise<T>): Promise<T> {
  if (timings === undefined) return work()
  const startedAt = performance.now()
  try {
    return await work()
  } finally {
    timings[name] = (timings[name] ?? 0) + performance.now() - startedAt
  }
}
