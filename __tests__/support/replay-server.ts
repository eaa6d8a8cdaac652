/** One process of a token endpoint on a shared replay store: its settings come in an environment variable, its port goes to its parent. */
import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import express from 'express'
import pg from 'pg'
import { type JWK, memoryReplayStore, type ReplayStore, tokenEndpoint } from '../../lib/index.js'
import { postgresReplayStore } from '../../lib/replay/postgres/postgres.js'
import { redisReplayStore } from '../../lib/replay/redis/redis.js'
import { ioRedis, nodeRedis } from './clients.js'

export type StoreName = 'memory' | 'node-redis' | 'ioredis' | 'postgres'
export interface ReplayServerSettings {
  store: StoreName
  url: string
  /** Prefix of the keys, or the name of the table. */
  place: string
  issuer: string
  idp: string
  key: JWK
}

const stores: Record<StoreName, (settings: ReplayServerSettings) => Promise<ReplayStore>> = {
  memory: async () => memoryReplayStore({ maxPerIssuer: 100_000 }),
  'node-redis': async ({ url, place }) => redisReplayStore((await nodeRedis(url)).client, { prefix: place }),
  ioredis: async ({ url, place }) => redisReplayStore((await ioRedis(url)).client, { prefix: place }),
  postgres: async ({ url, place }) =>
    postgresReplayStore(new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 1000, query_timeout: 2000 }), {
      table: place,
    }),
}

const settings: ReplayServerSettings = JSON.parse(process.env.REPLAY_SERVER ?? '')
const { issuer, idp, key } = settings
const endpoint = tokenEndpoint({
  issuer,
  clockTolerance: 0,
  hookTimeout: 2,
  replayStore: await stores[settings.store](settings),
  hooks: {
    findClient: () => undefined,
    findIssuer: (iss) => (iss === idp ? { issuer: idp, jwks: { keys: [key] }, client_authentication: 'none', scope: 'read' } : undefined),
    authorizeGrant: ({ sub }) => ({ subject: sub }),
    mintToken: () => ({ access_token: randomUUID(), token_type: 'Bearer' }),
  },
})
const server = express()
  .post('/token', ...endpoint)
  .listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())
