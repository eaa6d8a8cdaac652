import { spawn } from 'node:child_process'
import { createServer } from 'node:net'

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A Redis server started here, or the one of REDIS_URL; undefined if there is neither. */
export async function privateRedis() {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, end: async () => undefined }
  const port = await freePort()
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ready = await new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.once('exit', () => resolve(false))
    server.stdout.on('data', (text) => String(text).includes('Ready to accept') && resolve(true))
  })
  if (!ready) return undefined
  return { url: `redis://127.0.0.1:${port}`, end: () => new Promise((resolve) => server.once('exit', resolve) && server.kill()) }
}
