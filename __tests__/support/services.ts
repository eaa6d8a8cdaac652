/** Redis, PostgreSQL and a browser for the tests: those that REDIS_URL and DATABASE_URL name, else servers of our own, if their programs are there. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import pg from 'pg'
import { freePort } from './free-port.js'

const host = '127.0.0.1'
const debianFolder = '/usr/lib/postgresql'
const debianFolders = existsSync(debianFolder) ? readdirSync(debianFolder).map((version) => join(debianFolder, version, 'bin')) : []
const find = (program: string) =>
  [...debianFolders, ...(process.env.PATH ?? '').split(delimiter)].map((folder) => join(folder, program)).find((path) => existsSync(path))

/** What a test needs, and what is missing for it. */
export interface Need {
  readonly missing?: string
}
const redisServer = find('redis-server')
const [initdb, postgres] = [find('initdb'), find('postgres')]
/** PostgreSQL refuses to run as root. */
const account = process.getuid?.() === 0 ? accountOf('postgres') : {}

const unless = (isThere: unknown, missing: string): Need => (isThere ? {} : { missing })
/** Debian's browser, for the playground of the demo. */
export const chromium = find('chromium')
export const chromiumNeed = unless(chromium, 'no chromium')
export const ownRedisNeed = unless(redisServer, 'no redis-server')
export const redisNeed = unless(redisServer || process.env.REDIS_URL, 'no redis-server, and no REDIS_URL')
export const postgresNeed = unless((initdb && postgres && account) || process.env.DATABASE_URL, 'no postgres, and no DATABASE_URL')

const isRedisReady = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, host, () => socket.write('PING\r\n'))
    const end = (isReady: boolean) => {
      socket.destroy()
      resolve(isReady)
    }
    socket.once('data', (data) => end(data.toString().startsWith('+PONG')))
    socket.once('error', () => end(false))
  })

async function isPostgresReady(port: number): Promise<boolean> {
  const client = new pg.Client({ host, port, user: 'postgres' })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

/** @throws Error if the server is not ready within 20 s, or ends */
async function becomes(isReady: (port: number) => Promise<boolean>, port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await isReady(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${child.spawnfile} does not answer on port ${port}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>((resolve) => child.once('exit', () => resolve()))

export interface Service {
  url: string
  stop(): Promise<void>
}

export interface OwnRedis extends Service {
  port: number
  /** As a crash does. */
  kill(): Promise<void>
  /** On the same port and folder. */
  start(): Promise<void>
}

/** A server of our own, which keeps nothing on disk but what a test has it `SAVE`. */
export async function startRedis(...options: string[]): Promise<OwnRedis> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const settings = { port, bind: host, dir: folder, save: '', appendonly: 'no', daemonize: 'no' }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  let child: ChildProcess
  const redis: OwnRedis = {
    port,
    url: `redis://${host}:${port}`,
    async start() {
      child = spawn(redisServer as string, [...args, ...options], { stdio: 'ignore' })
      endWithUs(child)
      await becomes(isRedisReady, port, child)
    },
    async kill() {
      child.kill('SIGKILL')
      await ended(child)
    },
    async stop() {
      await redis.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await redis.start()
  return redis
}

/** `REDIS_URL`, or a server of our own. Tests on it use a prefix of their own, and take nothing away that is not theirs. */
export const useRedis = async (): Promise<Service> =>
  process.env.REDIS_URL ? { url: process.env.REDIS_URL, stop: async () => {} } : startRedis()

/** `DATABASE_URL`, or a server of our own. Tests on it use tables of their own. */
export const usePostgres = async (): Promise<Service> =>
  process.env.DATABASE_URL ? { url: process.env.DATABASE_URL, stop: async () => {} } : startPostgres()

async function startPostgres(): Promise<Service> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'))
  if (account?.uid && account.gid) chownSync(folder, account.uid, account.gid)
  const data = join(folder, 'data')
  const options = { ...account, cwd: folder, stdio: 'ignore' as const }
  execFileSync(initdb as string, ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'], options)
  const child = spawn(
    postgres as string,
    ['-D', data, '-p', String(port), '-h', host, '-k', folder, '-F', '-c', 'max_connections=200'],
    options,
  )
  endWithUs(child)
  await becomes(isPostgresReady, port, child)
  return {
    url: `postgres://postgres@${host}:${port}/postgres`,
    async stop() {
      child.kill('SIGQUIT')
      await ended(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function accountOf(user: string): { uid?: number; gid?: number } | undefined {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined // no such account
  }
}

/** A test run that is ended early leaves no server behind. */
function endWithUs(child: ChildProcess): void {
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
}
