import { isPromise } from './after.js'
import { OAuthError, ownOAuthError, type RefusalReason, refusal } from './errors.js'
import type { Awaitable } from './hooks.js'

/**
 * Calls a hook with a timeout. A synchronous result is returned synchronously.
 * @throws OAuthError: the hook's own, else `failure` (`hook_error`, 500); after `seconds`, `onTimeout` (503). A late result is ignored.
 */
export function callHook<T>(
  seconds: number,
  call: () => Awaitable<T>,
  failure: RefusalReason = 'hook_error',
  onTimeout: RefusalReason = 'hook_timeout',
): T | Promise<T> {
  try {
    const result = call()
    return isPromise(result) ? inTime(result, seconds, failure, onTimeout) : (result as T)
  } catch (error) {
    throw hookFailure(error, failure)
  }
}

async function inTime<T>(result: PromiseLike<T>, seconds: number, failure: RefusalReason, onTimeout: RefusalReason): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(refusal(onTimeout)), seconds * 1000)
    })
    return await Promise.race([result, timeout])
  } catch (error) {
    throw hookFailure(error, failure)
  } finally {
    clearTimeout(timer)
  }
}

/** The `OAuthError` that a hook threw; `failure` if it threw something else, or something that cannot be read. */
function hookFailure(thrown: unknown, failure: RefusalReason): OAuthError {
  try {
    if (thrown instanceof OAuthError) return ownOAuthError(thrown)
  } catch {
    // cannot be read, such as a revoked proxy: handled like any other throw
  }
  return refusal(failure, thrown)
}
