import { existsSync, readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
const entry = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).exports['./redis']
const file = entry && new URL(entry.import?.default ?? entry.default ?? entry, root)

/** Whether the package, as built, has a Redis store. */
export const hasRedisStore = file !== undefined && existsSync(file)

export async function redisStore(url) {
  const { redisReplayStore } = await import(file.href)
  const { createClient } = await import('redis')
  const client = createClient({ url })
  await client.connect()
  return redisReplayStore(client)
}
