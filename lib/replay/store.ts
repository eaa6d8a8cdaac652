import type { Awaitable } from '../hooks.js'

/**
 * Remembers which one-time JWTs were used. Built in: `memoryReplayStore` for one process. A store that several processes share makes the
 * guarantee hold across them: of N copies of one JWT, exactly one is honoured.
 */
export interface ReplayStore {
  /**
   * Records `key`, atomically, unless it is recorded: of concurrent calls with one key exactly one gets `true`.
   *
   * @param key 43 base64url characters
   * @param expiresAt seconds since the epoch; the record must live until then, and may go afterwards
   * @param issuer who signed, for quotas
   * @returns `true`: recorded now; `false`: recorded before, or expired; `'full'`: no room (a live record is never dropped to make
   * some). Anything else, or a throw, is answered as a failing store: 503, and no token.
   */
  consume(key: string, expiresAt: number, issuer: string): Awaitable<boolean | 'full'>
  /** Forgets `key`, because the request that recorded it got no token. Without it, an honest retry after a 503 is refused. */
  release?(key: string): Awaitable<unknown>
}
