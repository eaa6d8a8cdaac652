/**
 * What the shared replay stores cost: bytes per record, and calls per second of one process.
 *
 *   npm run build && REDIS_URL=redis://127.0.0.1:6379/9 DATABASE_URL=postgres://127.0.0.1/test node bench/shared-stores.mjs
 *
 * It empties that Redis database, and creates and drops its own table. A server whose variable is not set is skipped.
 */
import { hash, randomUUID } from 'node:crypto'
import pg from 'pg'
import { createClient } from 'redis'
import { postgresReplaySchema, postgresReplayStore } from '../dist/esm/replay/postgres/postgres.js'
import { redisReplayStore } from '../dist/esm/replay/redis/redis.js'

const table = 'bench_replay_store'
const expiresAt = Math.ceil(Date.now() / 1000) + 600
const consume = (store) => store.consume(hash('sha256', randomUUID(), 'base64url'), expiresAt, 'https://idp.example.org', expiresAt - 600)

/** Records a number of keys, several at a time; returns calls per second. */
async function fill(store, records, atOnce) {
  const startedAt = performance.now()
  for (let done = 0; done < records; done += atOnce) {
    const answers = await Promise.all(Array.from({ length: atOnce }, () => consume(store)))
    if (answers.some((answer) => answer !== true)) throw new Error(`the store answered ${answers}`)
  }
  return Math.round((records / (performance.now() - startedAt)) * 1000)
}

const print = (name, bytes, rate) => console.log(`${name}: ${Math.round(bytes)} bytes a record, ${rate} consume/s from one process`)

if (process.env.REDIS_URL) {
  const client = await createClient({ url: process.env.REDIS_URL }).connect()
  const memory = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1])
  await client.flushDb()
  const store = redisReplayStore(client)
  await consume(store)
  const [before, records] = [await memory(), 100_000]
  const rate = await fill(store, records, 500)
  print('Redis', ((await memory()) - before) / records, rate)
  await client.flushDb()
  await client.close()
}

if (process.env.DATABASE_URL) {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
  await pool.query(`DROP TABLE IF EXISTS ${table}`)
  await pool.query(postgresReplaySchema({ table }))
  const records = 20_000
  const rate = await fill(postgresReplayStore(pool, { table }), records, 100)
  const { rows } = await pool.query('SELECT pg_total_relation_size($1) AS bytes', [table])
  print('PostgreSQL', rows[0].bytes / records, rate)
  await pool.query(`DROP TABLE ${table}`)
  await pool.end()
}
