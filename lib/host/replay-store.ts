import type { Awaitable } from './hooks.js'

/**
 * Remembers which one-time JWTs were used. Built in: `memoryReplayStore` for one process, `redisReplayStore` and `postgresReplayStore` for
 * several. With a store that several processes share, the guarantee holds across them: of N copies of one JWT, exactly one is accepted.
 */
export interface ReplayStore {
  /**
   * Records `key`, atomically, unless it is recorded: of concurrent calls with one key exactly one returns `true`.
   *
   * @param key 43 base64url characters
   * @param expiresAt seconds since the epoch; the record must live until then, and may be dropped afterwards
   * @param issuer the signer, for quotas
   * @param usableFrom seconds since the epoch: the earliest time at which the JWT could have been accepted. A store that has lost its
   * records since then cannot know whether it was
   * @returns `true`: recorded now; `false`: recorded before, or expired; `'full'`: no room (a live record is never dropped to make
   * some); `'forgotten'`: usable before the records of the store begin. Anything else, or a throw, is a store error: 503, and no token.
   */
  consume(key: string, expiresAt: number, issuer: string, usableFrom: number): Awaitable<boolean | 'full' | 'forgotten'>
  /**
   * Removes `key`, because the request that recorded it got no token. Only called by the request whose `consume` returned `true`, at most
   * once. Without it, a legitimate retry after a 503 is refused.
   */
  release?(key: string): Awaitable<unknown>
}
