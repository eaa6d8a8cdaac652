/**
 * Every part of the host's × every way to fail × every stage (T-56, T-57, T-58, T-59): exactly one answer, of the right code; nothing that the
 * part said in it, in the event or on the console; the JWTs of the request unused or used up as SECURITY.md says; and the next request served.
 * Jest fails a test in which a rejection goes unhandled or an exception is not caught.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { RequestHandler } from 'express'
import { type Client, type Hooks, memoryReplayStore, type Options, type TokenEndpointEvent, type TrustedIssuer } from '../lib/index.js'
import { issueCertificate } from './support/certificates.js'
import { anyExpress } from './support/express.js'
import { canary, type Fault, type FaultKind, faults, type Part, type PartName, parts, type Stage, spoken } from './support/faults.js'
import { encode, form, RawConnection, type RawResponse } from './support/raw.js'
import { testAll } from './support/test-all.js'
import {
  byJwt,
  clientAssertion,
  clientCredentials,
  clients,
  grant,
  grantRequest,
  idp,
  issuers,
  keys,
  openIdp,
  startWorld,
} from './support/world.js'

jest.setTimeout(60_000) // the fetch of a key set has three seconds, and the machine may be busy

const certificate = (await issueCertificate({ names: [{ type: 'dns', value: 'client.example.com' }] })).x509

const tlsClient: Client = {
  ...clients['post-client'],
  client_id: 'tls-client',
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_san_dns: 'client.example.com',
}
/** What the parts do when nothing is wrong with them. */
const healthy = {
  findClient: (id: string): Client | undefined => [...Object.values(clients), tlsClient].find(({ client_id }) => client_id === id),
  findIssuer: (iss: string): TrustedIssuer | undefined => (Object.hasOwn(issuers, iss) ? issuers[iss as keyof typeof issuers] : undefined),
  authorizeGrant: ({ sub }: { sub: string }) => ({ subject: `local-${sub}` }),
  mintToken: ({ subject }: { subject: string }) => ({ access_token: `token-of-${subject}`, token_type: 'Bearer', expires_in: 300 }),
  verifyClientSecret: ({ client_secret }: Client, secret: string) => client_secret === secret,
  getClientCertificate: () => ({ certificate, verified: true }),
}

/** The requests of a stage; the credential is the one that the part has to do with. */
function requestOf(stage: Stage, part: PartName): Record<string, string> {
  const credential: Record<string, string> =
    part === 'verifyClientSecret'
      ? { client_id: 'post-client', client_secret: 'post-secret' }
      : part === 'getClientCertificate'
        ? { client_id: 'tls-client' }
        : byJwt()
  if (stage === 'grant') return grantRequest(grant({ iss: openIdp }), {})
  if (stage === 'client') return clientCredentials(credential)
  if (stage === 'both') return grantRequest(grant({ iss: idp }), credential)
  if (stage === 'implicit') return grantRequest(grant({ iss: 'jwt-client' }, { key: keys.client }), {})
  return { grant_type: 'authorization_code', code: 'x', ...credential }
}

const printed: unknown[] = []
const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const
beforeEach(() => {
  for (const method of methods) jest.spyOn(console, method).mockImplementation((...lines) => void printed.push(...lines))
})
afterEach(() => {
  jest.restoreAllMocks()
  expect(printed.splice(0)).toEqual([])
})

const settled = async (events: readonly TokenEndpointEvent[], count: number) => {
  for (let tries = 0; events.length < count && tries < 4000; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe.each(anyExpress)('the host’s parts on %s', (_, express) => {
  let broken: { part: PartName; fault: Fault; at: number } | undefined

  /** A part that is as faulty as the test says, at the call that the test says. */
  const faulty =
    <A extends unknown[]>(part: PartName, good: (...args: A) => unknown) =>
    (...args: A): never =>
      (broken?.part === part && --broken.at === 0 ? broken.fault(() => good(...args)) : good(...args)) as never

  /** A world with a replay store and hooks that may fail. */
  function start(options: Partial<Options>, after: RequestHandler[] = []) {
    const store = memoryReplayStore()
    const events: TokenEndpointEvent[] = []
    const hooks = Object.fromEntries(
      Object.entries(healthy).map(([name, good]) => [name, faulty(name as PartName, good as (...args: unknown[]) => unknown)]),
    ) as Partial<Hooks>
    const world = startWorld(express, {
      options: {
        replayStore: {
          consume: faulty('consume', (...marker: Parameters<typeof store.consume>) =>
            broken?.part === 'consumeRecorded' && --broken.at === 0
              ? recorded(broken.fault, () => store.consume(...marker))
              : store.consume(...marker),
          ),
          release: faulty('release', (key: string) => store.release?.(key)),
        },
        onEvent: (event) => {
          events.push(event)
          return faulty('onEvent', () => undefined)()
        },
        ...options,
      },
      hooks: {
        ...hooks,
        findClient: (id) =>
          broken?.part === 'findClientOfGrant' ? faulty('findClientOfGrant', healthy.findClient)(id) : hooks.findClient?.(id),
        mintToken: (granted) => (broken?.part === 'release' ? Promise.reject(new Error(canary)) : hooks.mintToken?.(granted)) as never,
      },
      after,
    })
    return { ...world, events }
  }
  const recorded = (fault: Fault, record: () => unknown) => {
    const answer = record()
    return fault(() => answer)
  }
  const host: RequestHandler = (_req, res) =>
    void (broken?.part === 'release' ? res.status(500).json({ host: true }) : res.json({ host: true }))
  /** A part that hangs is waited for as shortly as can be; for one that answers, a busy machine has time. */
  const worlds = {
    hasty: { suite: start({ hookTimeout: 0.05 }), hosts: start({ hookTimeout: 0.05, fallthrough: true }, [host]) },
    patient: { suite: start({ hookTimeout: 60 }), hosts: start({ hookTimeout: 60, fallthrough: true }, [host]) },
  }

  interface Outcome {
    answer: string
    /** What the next request got. */
    next: string
    /** What the same request got when it came again. */
    again: string
  }
  const headersOf = ({ headers }: RawResponse) => ({
    type: headers['content-type'],
    cache: headers['cache-control'],
    retry: headers['retry-after'],
  })
  const brief = ({ status, body }: RawResponse) => `${status} ${JSON.parse(body).error ?? ''}`.trim()

  /** The stages in which a part has a fault: all, or in `npm test` one, so that each fault and each part meet each stage. */
  const stagesOf = (name: PartName, fault: number): readonly Stage[] => {
    const { stages } = parts[name] as Part
    return testAll ? stages : [stages[(fault + Object.keys(parts).indexOf(name)) % stages.length] as Stage]
  }

  describe.each((Object.entries(parts) as [PartName, Part][]).filter(([name]) => name !== 'clientKeys' && name !== 'issuerKeys'))(
    'T-57 %s',
    (name, part) => {
      /** What is answered when a part does what it should: only a request that fails has something to give back. */
      const unchanged = (stage: Stage) => (name !== 'release' ? '200' : stage === 'hosts' ? '500' : '500 server_error')

      function expected(stage: Stage, kind: FaultKind): Outcome {
        const planned =
          kind === 'fine'
            ? 'unchanged'
            : kind !== 'speaks'
              ? part.answers[kind]
              : part.speaks
                ? (`${spoken.status} ${spoken.error}` as const)
                : 'unchanged'
        const isUnused = kind === 'fine' ? name === 'release' : part.jwts === 'unused'
        const request = requestOf(stage, name)
        const hasJwt = request.assertion !== undefined || request.client_assertion !== undefined
        const isClientUsedUp = request.client_assertion !== undefined && (stage !== 'both' || name !== 'consumeRecorded' || kind === 'fine')
        return {
          answer: planned === 'unchanged' ? unchanged(stage) : planned,
          next: '200',
          again: isUnused || !hasJwt ? '200' : isClientUsedUp ? '401 invalid_client' : '400 invalid_grant',
        }
      }

      it.each(faults.map((each, index) => [...each, index] as const))('%s (%s)', async (_fault, kind, fault, index) => {
        for (const stage of stagesOf(name, index)) {
          const { server, events } = worlds[kind === 'hangs' ? 'hasty' : 'patient'][stage === 'hosts' ? 'hosts' : 'suite']
          const connection = new RawConnection(server)
          const ask = (parameters: Record<string, string>) => connection.ask({ headers: [form], body: encode(parameters) })
          events.length = 0
          const request = requestOf(stage, name)
          broken = { part: name, fault, at: stage === 'both' && name.startsWith('consume') ? 2 : 1 }
          const answer = await ask(request)
          await settled(events, 1)
          broken = undefined
          expect(events).toMatchObject([{ status: answer.status }])
          expect(answer.head + answer.body + JSON.stringify(events)).not.toContain(canary)
          expect({ stage, ...headersOf(answer) }).toEqual({
            stage,
            type: 'application/json; charset=utf-8',
            cache: answer.body === '{"host":true}' ? undefined : 'no-store',
            retry: answer.status === 503 ? '5' : undefined,
          })
          // on the same connection: a second answer to the first request would come instead
          const next = brief(await ask(requestOf(stage, name)))
          const again = brief(await ask(request))
          expect({ stage, answer: brief(answer), next, again }).toEqual({ stage, ...expected(stage, kind) })
          connection.close()
        }
      })
    },
  )
})

/** What stands behind a `jwks_uri` is not the host's either. */
const keySetFaults: [name: string, kind: FaultKind, serve: (res: ServerResponse) => void][] = [
  ['answers 500', 'throws', (res) => res.writeHead(500).end(canary)],
  ['answers 429', 'throws', (res) => res.writeHead(429).end(canary)],
  ['hangs up', 'throws', (res) => res.destroy()],
  ['hangs up within its answer', 'throws', (res) => res.writeHead(200, { 'Content-Length': 1000 }).write('{', () => res.destroy())],
  ['never answers', 'hangs', () => {}],
  ['never ends', 'hangs', (res) => void res.writeHead(200).write('{"keys":[')],
  ['answers 404', 'nothing', (res) => res.writeHead(404).end(canary)],
  ['answers without a body', 'nothing', (res) => res.end()],
  ['says null', 'nothing', (res) => res.end('null')],
  ['gives an empty object', 'another', (res) => res.end('{}')],
  ['gives keys that are no list', 'another', (res) => res.end('{"keys":{"length":1}}')],
  ['gives no key', 'another', (res) => res.end('{"keys":[]}')],
  ['gives a secret for a key', 'another', (res) => res.end(JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA', kid: 'client-key' }] }))],
  ['gives keys that are none', 'another', (res) => res.end(`{"keys":[null,1,[],"${canary}",{"kty":{}}]}`)],
  ['gives HTML', 'garbage', (res) => res.end(`<p>${canary}`)],
  ['redirects', 'garbage', (res) => res.writeHead(302, { Location: '/good' }).end(canary)],
  ['gives more than it may', 'garbage', (res) => res.end(`{"keys":[],"x":"${'y'.repeat(300_000)}"}`)],
  ['gives JSON that is nested without an end', 'garbage', (res) => res.end('['.repeat(200_000))],
]

describe('T-52 T-56 T-57 a jwks_uri', () => {
  let isMended = false
  const server = createServer((req, res) => {
    const [, , fault] = (req.url ?? '').split('/')
    if (isMended) res.end(JSON.stringify({ keys: [keys.client.jwk] }))
    else keySetFaults[Number(fault)]?.[2](res)
  }).listen(0)
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  it.each(keySetFaults.map(([name, kind], index) => [name, kind, index] as const))('that %s (%s)', async (_name, kind, index) => {
    const [clientKeys, issuerKeys]: Part[] = [parts.clientKeys, parts.issuerKeys]
    const name = `remote-${index}`
    const outcomes = await Promise.all(
      anyExpress.flatMap(([version, express]) => {
        const remote = (role: string) => ({ jwks_uri: `${origin}/${version.at(-1)}-${role}/${index}`, allowPrivateJwksUri: true })
        const { jwks: _, ...registered } = clients['jwt-client']
        const hooks: Partial<Hooks> = {
          findClient: (id) => (id === name ? { ...registered, ...remote('client'), client_id: name } : healthy.findClient(id)),
          findIssuer: (iss) =>
            iss === name ? { issuer: name, client_authentication: 'none', scope: 'read', ...remote('issuer') } : healthy.findIssuer(iss),
        }
        const suite = startWorld(express, { hooks })
        const hosts = startWorld(express, { hooks, options: { fallthrough: true }, after: [(_req, res) => void res.json({ host: true })] })
        const client = () => byJwt(clientAssertion({ iss: name }))
        const signed = () => grant({ iss: name }, { key: keys.client })
        const rows: [part: Part | undefined, stage: Stage, form: Record<string, string>][] = [
          [clientKeys, 'client', clientCredentials(client())],
          [clientKeys, 'both', grantRequest(grant(), client())],
          [clientKeys, 'hosts', { grant_type: 'authorization_code', ...client() }],
          [issuerKeys, 'grant', grantRequest(signed(), {})],
          [issuerKeys, 'both', grantRequest(signed())],
        ]
        return rows.map(async ([part, stage, parameters]) => {
          const world = stage === 'hosts' ? hosts : suite
          const post = async (sent: Record<string, string>) => {
            const { status, body, text, headers } = await world.post(sent)
            expect(text + JSON.stringify([headers, world.events])).not.toContain(canary)
            return `${status} ${body.error ?? ''}`.trim()
          }
          return { part, stage, post, parameters, answer: await post(parameters), next: await post(requestOf(stage, 'findClient')) }
        })
      }),
    )
    for (const { part, stage, answer, next } of outcomes)
      expect({ stage, answer, next }).toEqual({ stage, answer: part?.answers[kind as 'throws'], next: '200' })
    expect(outcomes).toHaveLength(anyExpress.length * (parts.clientKeys.stages.length + parts.issuerKeys.stages.length))

    const clock = performance.now.bind(performance)
    jest.spyOn(performance, 'now').mockImplementation(() => clock() + 31_000) // the cooldown is over
    isMended = true
    for (const { stage, post, parameters } of outcomes) expect([stage, await post(parameters)]).toEqual([stage, '200'])
    isMended = false
  })
})
