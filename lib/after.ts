/**
 * Passes a value to `goOn`: at once, or if it is a promise, when that resolves. Most of a request is synchronous, and then costs no
 * promise. Like `await`, it propagates errors.
 */
export function after<T, R>(value: T | Promise<T>, goOn: (value: T) => R | Promise<R>): R | Promise<R> {
  return isPromise(value) ? value.then(goOn) : goOn(value)
}

/** Checks for `then`, not `instanceof`: if a host has replaced the global `Promise`, async functions still return the native one. */
export const isPromise = <T>(value: T | PromiseLike<T>): value is Promise<T> =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') && typeof (value as { then?: unknown }).then === 'function'
