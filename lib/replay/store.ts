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
   * @param usableFrom seconds since the epoch: the first moment at which the JWT could have been accepted. A store that has lost its memory
   * since then cannot know that it was not
   * @returns `true`: recorded now; `false`: recorded before, or expired; `'full'`: no room (a live record is never dropped to make
   * some); `'forgotten'`: usable since before the store remembers. Anything else, or a throw, is answered as a failing store: 503, and no token.
   */
  consume(key: string, expiresAt: number, issuer: string, usableFrom: number): Awaitable<boolean | 'full' | 'forgotten'>
  /**
   * Forgets `key`, because the request that recorded it got no token. Only the request whose `consume` gave `true` asks for it, once. Without it,
   * an honest retry after a 503 is refused.
   */
  release?(key: string): Awaitable<unknown>
}
