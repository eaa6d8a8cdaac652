/**
 * Goes on with what is there at once, or when it is there: a hook may answer either way. Most of a request waits for nothing, and then costs no
 * promise. Like `await`, it hands on what is thrown.
 */
export function after<T, R>(value: T | Promise<T>, goOn: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value)
}
