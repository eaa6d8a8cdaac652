import { isPromise } from './after.js'

/** Runs `work` and adds its duration in milliseconds to `timings[name]`, also if it fails; without `timings`, only runs it. */
export function timed<T>(timings: Record<string, number> | undefined, name: string, work: () => T | Promise<T>): T | Promise<T> {
  if (timings === undefined) return work()
  const startedAt = performance.now()
  const note = () => {
    timings[name] = (timings[name] ?? 0) + performance.now() - startedAt
  }
  let result: T | Promise<T>
  try {
    result = work()
  } catch (error) {
    note()
    throw error
  }
  if (isPromise(result)) return result.finally(note)
  note()
  return result
}
