import type { Awaitable } from './hooks.js'

/**
 * Remembers which one-time JWTs were used. Built in are `memoryReplayStore` for one process, `redisReplayStore` and `postgresReplayStore` for
 * several. If several processes share a store, the guarantee holds across them: of N copies of one JWT, exactly one is accepted.
 */
export interface ReplayStore {
  /**
   * Records `key` atomically, unless it is recorded. Of concurrent calls with one key, exactly one returns `true`.
   *
   * @param key 43 base64url characters
   * @param expiresAt seconds since the epoch. The record must live until then. Afterwards it may be dropped
   * @param issuer the signer, for quotas
   * @param usableFrom seconds since the epoch: the earliest time at which the JWT could have been accepted. If the store lost records of that
   * time, it cannot know whether the JWT was used
   * @returns `true`: recorded now. `false`: recorded before, or expired. `'full'`: no room; a live record must never be dropped.
   * `'forgotten'`: usable before the records of the store begin. Anything else, or a throw, is a store error: 503, and no token.
   */
  consume(key: string, expiresAt: number, issuer: string, usableFrom: number): Awaitable<boolean | 'full' | 'forgotten'>
  /**
   * Removes `key`, because the request that recorded it got no token. Only the request whose `consume` returned `true` calls it, at most
   * once. Without `release`, a client that repeats its request after a 503 is refused.
   */
  release?(key: string): Awaitable<unknown>
}
