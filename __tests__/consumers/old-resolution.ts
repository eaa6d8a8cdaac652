// Compiled with `moduleResolution: node`, which does not read `exports`: `typesVersions` leads it to the types of the sub-paths.
import { type ReplayStore, tokenEndpoint } from 'express-oauth-assertions'
import { type PostgresPool, postgresReplayStore } from 'express-oauth-assertions/postgres'
import { idJag } from 'express-oauth-assertions/profiles'
import { redisReplayStore } from 'express-oauth-assertions/redis'
import { replayStoreChecks, testIssuer } from 'express-oauth-assertions/testing'

declare const ioRedis: { call(command: string, ...args: string[]): Promise<unknown> }
declare const pool: PostgresPool
const stores: ReplayStore[] = [redisReplayStore(ioRedis, { durable: true }), postgresReplayStore(pool)]
export const checks = [tokenEndpoint, replayStoreChecks, testIssuer, idJag, stores]
// @ts-expect-error a misspelt option: the types are there
redisReplayStore(ioRedis, { keyPrefix: 'a' })
