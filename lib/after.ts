/**
 * Goes on with what is there at once, or when it is there: a hook may answer either way. Most of a request waits for nothing, and then costs no
 * promise. Like `await`, it hands on what is thrown.
 */
export function after<T, R>(value: T | Promise<T>, goOn: (value: T) => R | Promise<R>): R | Promise<R> {
  return isPromise(value) ? value.then(goOn) : goOn(value)
}

/** By what it can do: where a host has replaced the global `Promise`, what an async function gives is not an instance of it. */
export const isPromise = <T>(value: T | PromiseLike<T>): value is Promise<T> =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') && typeof (value as { then?: unknown }).then === 'function'
