/** `npm run replays`: how many tokens concurrent copies of one grant get, for each store. Ends with status 1 if any grant got a second one. */
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { postgresReplaySchema } from '../../lib/replay/postgres/postgres.js'
import { replayGrants, startProcesses } from './replay-processes.js'
import type { StoreName } from './replay-server.js'
import { type Service, usePostgres, useRedis } from './services.js'

export const [grants, copies] = [5000, 4]
const place = `replays_${process.pid}_${Date.now()}`

async function withTable<T>(url: string, run: () => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(postgresReplaySchema({ table: place }))
    return await run()
  } finally {
    await client.query(`DROP TABLE IF EXISTS ${place}`)
    await client.end()
  }
}

/** Each store, and the processes that share it. */
export const rows: readonly [name: string, processes: number, store: StoreName, service: () => Promise<Service>][] = [
  ['memory', 1, 'memory', async () => ({ url: '', stop: async () => {} })],
  ['Redis', 4, 'node-redis', useRedis],
  ['PostgreSQL', 4, 'postgres', usePostgres],
]

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()

async function main(): Promise<void> {
  console.log(
    '| replay store | processes | grants | sent, each 4 times at once | tokens | tokens beyond the first |\n|---|---|---|---|---|---|',
  )
  for (const [name, processes, store, use] of rows) {
    const service = await use()
    const run = async () => {
      const endpoint = await startProcesses(processes, store, service.url, place)
      try {
        return await replayGrants(endpoint, { grants, copies })
      } finally {
        await endpoint.stop()
      }
    }
    try {
      const { attempts, tokens, doubles } = await (store === 'postgres' ? withTable(service.url, run) : run())
      console.log(`| ${[name, processes, grants, attempts, tokens, doubles].join(' | ')} |`)
      if (doubles > 0 || tokens !== grants) process.exitCode = 1
    } finally {
      await service.stop()
    }
  }
}
