/** Many processes of one token endpoint behind a front that gives each connection to the next of them, and grants sent to it several times at once. */
import { type ChildProcess, fork } from 'node:child_process'
import { Agent, request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { JWT_BEARER_GRANT } from '../../lib/index.js'
import { forge, freshJti, now } from './jwt.js'
import { ed } from './keys.js'
import type { ReplayServerSettings, StoreName } from './replay-server.js'

const issuer = 'https://as.example.com'
const idp = 'https://idp.example.org'
const key = ed('idp-key')

/** A grant signed now. */
export const newGrant = () =>
  forge(
    { alg: key.alg, kid: key.kid },
    { iss: idp, sub: 'alice', aud: issuer, exp: now() + 300, iat: now(), jti: freshJti() },
    key.privateKey,
    key.alg,
  )

export interface Answer {
  status: number
  token: string | undefined
  /** Of the header `Retry-After`, in seconds. */
  retryAfter: string | undefined
}

export interface Endpoint {
  /** How many connections went to each process. */
  readonly connections: readonly number[]
  ask(assertion: string): Promise<Answer>
  stop(): Promise<void>
}

/** Starts `processes` processes on one store. `place`: prefix of the keys, or name of the table. */
export async function startProcesses(processes: number, store: StoreName, url = '', place = '{oauth-replay}:'): Promise<Endpoint> {
  const settings: ReplayServerSettings = { store, url, place, issuer, idp, key: key.jwk }
  const env = { ...process.env, REPLAY_SERVER: JSON.stringify(settings), NODE_OPTIONS: '' }
  const children = Array.from({ length: processes }, () =>
    fork(new URL('./replay-server.js', import.meta.url), { env, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  )
  const ports = await Promise.all(children.map(portOf))
  const connections = ports.map(() => 0)
  let next = 0
  const front = createServer((socket) => {
    const turn = next++ % ports.length
    connections[turn] = (connections[turn] ?? 0) + 1
    const back = connect(ports[turn] as number, '127.0.0.1')
    socket.pipe(back).pipe(socket)
    for (const [one, other] of [
      [socket, back],
      [back, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const agent = new Agent({ keepAlive: true, maxSockets: 64, scheduling: 'fifo' })
  const { port } = front.address() as AddressInfo
  return {
    connections,
    ask: (assertion) => post(port, agent, new URLSearchParams({ grant_type: JWT_BEARER_GRANT, assertion }).toString()),
    async stop() {
      agent.destroy()
      front.close()
      await Promise.all(children.map(end))
    },
  }
}

const portOf = (child: ChildProcess) =>
  new Promise<number>((resolve, reject) => {
    child.once('message', (port) => resolve(port as number))
    child.once('exit', (code) => reject(new Error(`A process of the endpoint ended with ${code}`)))
  })

const end = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

const post = (port: number, agent: Agent, form: string) =>
  new Promise<Answer>((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': form.length }
    const asked = request({ port, host: '127.0.0.1', method: 'POST', path: '/token', agent, headers, timeout: 30_000 }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text) => {
        body += text
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, token: JSON.parse(body).access_token, retryAfter: response.headers['retry-after'] }),
      )
    })
    asked.on('timeout', () => asked.destroy(new Error('No answer within 30 s')))
    asked.on('error', reject)
    asked.end(form)
  })

export interface ReplayCount {
  grants: number
  attempts: number
  tokens: number
  /** Tokens beyond the first of a grant. */
  doubles: number
  /** How often each status was answered. */
  statuses: Record<number, number>
  /** 503s that did not say when to come back. */
  withoutRetryAfter: number
}

export interface ReplayRun {
  grants: number
  /** How often each grant is sent at once. */
  copies: number
  /** Told after each grant how many are through. */
  onProgress?(done: number): void
  /** Called between two tries of a grant that got nothing but 503s, the same JWT each time. Without it, nothing is sent twice. */
  beforeRetry?(): Promise<unknown>
}

/** Sends grants to an endpoint, each several times at once, and counts the tokens that each one got. */
export async function replayGrants(endpoint: Endpoint, { grants, copies, onProgress, beforeRetry }: ReplayRun): Promise<ReplayCount> {
  const count: ReplayCount = { grants, attempts: 0, tokens: 0, doubles: 0, statuses: {}, withoutRetryAfter: 0 }
  const sendCopies = async (assertion: string) => {
    const answers = await Promise.all(Array.from({ length: copies }, () => endpoint.ask(assertion)))
    for (const { status, retryAfter } of answers) {
      count.attempts++
      count.statuses[status] = (count.statuses[status] ?? 0) + 1
      if (status === 503 && !retryAfter) count.withoutRetryAfter++
    }
    return answers
  }
  let [begun, done] = [0, 0]
  const work = async () => {
    while (begun++ < grants) {
      const assertion = newGrant()
      const tokens = new Set<string>()
      for (let tries = 0; tries < 100; tries++) {
        const answers = await sendCopies(assertion)
        for (const { token } of answers) if (token) tokens.add(token)
        if (!beforeRetry || answers.some(({ status }) => status !== 503)) break
        await beforeRetry()
      }
      count.tokens += tokens.size
      count.doubles += Math.max(0, tokens.size - 1)
      onProgress?.(++done)
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
  return count
}
