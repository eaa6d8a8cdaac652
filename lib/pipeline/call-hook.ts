import { isRefusal, OAuthError, ownOAuthError, type RefusalReason, refusal } from '../host/errors.js'
import { nameOfThrown } from '../host/evidence.js'
import type { Awaitable } from '../host/hooks.js'

/**
 * Calls a hook with a timeout. A synchronous hook costs no timer.
 * @throws OAuthError that the hook threw; Refusal `failure` (500) for any other exception, `onTimeout` (503) after `seconds`. A late result is
 * ignored.
 */
export async function callHook<T>(
  name: string,
  seconds: number,
  call: () => Awaitable<T>,
  failure: RefusalReason = 'hook_error',
  onTimeout: RefusalReason = 'hook_timeout',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    const result = call()
    if (!isThenable(result)) return result
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(
        () => reject(refusal(onTimeout, { seen: `${name} did not answer`, wanted: { within_seconds: seconds } })),
        seconds * 1000,
      )
      Promise.resolve(result).then(resolve, reject) // a thenable may resolve to a promise that never settles: then `reject` would do nothing
    })
  } catch (error) {
    throw hookFailure(name, error, failure)
  } finally {
    clearTimeout(timer)
  }
}

/** Not `instanceof Promise`: a host may use another promise library, or another realm's. */
const isThenable = <T>(value: Awaitable<T>): value is PromiseLike<T> =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') && typeof (value as { then?: unknown }).then === 'function'

/** The `OAuthError` that a hook threw; `failure` if it threw something else, or something that cannot be read. */
function hookFailure(name: string, thrown: unknown, failure: RefusalReason): unknown {
  if (isRefusal(thrown)) return thrown // the timeout
  try {
    if (thrown instanceof OAuthError) return ownOAuthError(thrown)
  } catch {
    // cannot be read, such as a revoked proxy: handled like any other throw
  }
  return refusal(failure, () => ({ seen: `${name} threw ${nameOfThrown(thrown)}`, wanted: `a result of ${name}`, cause: thrown }))
}
