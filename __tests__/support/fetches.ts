/**
 * Counts what a token endpoint fetches for hostile requests: `npm run fetches`. Everything is real but the clock of the last cooldowns, which is put forward.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import express from 'express'
import { JWT_BEARER_GRANT, type TrustedIssuer, tokenEndpoint } from '../../lib/index.js'
import { forge, freshJti, now } from './jwt.js'
import { ec } from './keys.js'

export interface FetchCount {
  requests: string
  fetches: number
  /** What the project promises. */
  atMost: number
  /** The answers, and how many of each. */
  answers: Record<string, number>
}

const key = ec('known')
const cooldown = 31_000 // ms: a second more than that of the endpoint
const concurrency = 50

const good: RequestListener = (_req, res) => res.end(JSON.stringify({ keys: [key.jwk] }))
const listen = (server: Server) =>
  new Promise<string>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  )

/** One trusted issuer, whose `jwks_uri` answers as `answer` does; and a count of all requests that reach it. */
async function world(answer: RequestListener) {
  let fetches = 0
  const keyServer = createServer((req, res) => {
    fetches++
    answer(req, res)
  })
  const idp = await listen(keyServer)
  const trusted: TrustedIssuer = {
    issuer: idp,
    jwks_uri: `${idp}/jwks`,
    allowPrivateJwksUri: true,
    client_authentication: 'none',
    scope: 'a',
  }
  const app = express()
  app.post(
    '/token',
    ...tokenEndpoint({
      issuer: 'https://as.example.com',
      hooks: {
        findClient: () => undefined,
        findIssuer: (iss) => (iss === idp ? trusted : undefined),
        authorizeGrant: ({ sub }) => ({ subject: sub }),
        mintToken: () => ({ access_token: 'token', token_type: 'Bearer' }),
      },
    }),
  )
  const server = createServer(app)
  const url = `${await listen(server)}/token`
  return {
    idp,
    fetches: () => fetches,
    /** Sends so many grants, 50 at a time: `header` and `claims` differ from those of a good one. */
    async ask(count: number, header: (index: number) => object, claims: object = {}) {
      const answers: Record<string, number> = {}
      let next = 0
      const sender = async () => {
        for (let index = next++; index < count; index = next++) {
          const assertion = forge(
            { alg: 'ES256', kid: key.kid, ...header(index) },
            { iss: idp, sub: 'alice', aud: 'https://as.example.com', exp: now() + 60, iat: now(), jti: freshJti(), ...claims },
            key.privateKey,
          )
          const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ grant_type: JWT_BEARER_GRANT, assertion }) })
          const { error = 'token' } = (await response.json()) as { error?: string }
          answers[`${response.status} ${error}`] = (answers[`${response.status} ${error}`] ?? 0) + 1
        }
      }
      await Promise.all(Array.from({ length: Math.min(concurrency, count) }, sender))
      return answers
    },
    close() {
      for (const one of [server, keyServer]) {
        one.closeAllConnections()
        one.close()
      }
    },
  }
}

/** Runs `use` with a clock for cooldowns that can be put forward. */
export async function withClock<T>(use: (forward: (ms: number) => void) => Promise<T>): Promise<T> {
  const real = performance.now.bind(performance)
  let ahead = 0
  performance.now = () => real() + ahead
  try {
    return await use((ms) => {
      ahead += ms
    })
  } finally {
    Reflect.deleteProperty(performance, 'now') // the one of the prototype is back
  }
}

type World = Awaited<ReturnType<typeof world>>
async function count(requests: string, atMost: number, answer: RequestListener, run: (world: World) => Promise<Record<string, number>>) {
  const one = await world(answer)
  try {
    const answers = await run(one)
    return { requests, fetches: one.fetches(), atMost, answers }
  } finally {
    one.close()
  }
}

/** Counts the fetches of `requests` requests of each kind. */
export async function countFetches(requests = 1000): Promise<FetchCount[]> {
  const unknownKid = (index: number) => ({ kid: `unknown-${index}` })
  const hangs: RequestListener = () => {}
  const none = () => ({})
  return [
    await count('known kid', 1, good, ({ ask }) => ask(requests, none)),
    await count('unknown kid, in one cooldown', 1, good, ({ ask }) => ask(requests, unknownKid)),
    await count('unknown kid, in each of three cooldowns', 3, good, ({ ask }) =>
      withClock(async (forward) => {
        await ask(requests, unknownKid)
        forward(cooldown)
        await ask(requests, unknownKid)
        forward(cooldown)
        return ask(requests, unknownKid)
      }),
    ),
    await count(
      'JWKS down: it answers 500',
      2,
      (_req, res) => res.writeHead(500).end(),
      ({ ask }) => ask(requests, none),
    ),
    await count(
      'JWKS down: it hangs up',
      2,
      (_req, res) => res.destroy(),
      ({ ask }) => ask(requests, none),
    ),
    await count('JWKS down: it hangs', 2, hangs, ({ ask }) => ask(requests, none)),
    await count('unknown issuer at this address', 0, good, ({ ask, idp }) => ask(requests, none, { iss: `${idp}/other` })),
    await count('known issuer, jku and x5u of the sender', 0, good, ({ ask, idp }) =>
      ask(requests, (index) => ({ [index % 2 ? 'jku' : 'x5u']: `${idp}/evil` })),
    ),
  ]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const requests = 1000
  const rows = await countFetches(requests)
  console.log(`| ${requests} requests | fetches | promised | answers |\n|---|---|---|---|`)
  for (const { requests, fetches, atMost, answers } of rows) {
    const said = Object.entries(answers).map(([answer, times]) => `${times} × ${answer}`)
    console.log(`| ${requests} | ${fetches} | ≤ ${atMost} | ${said.join(', ')} |`)
  }
  process.exitCode = rows.some(({ fetches, atMost }) => fetches > atMost) ? 1 : 0
}
