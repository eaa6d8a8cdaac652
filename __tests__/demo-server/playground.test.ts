/** The playground over HTTP: its cases, its fixes, its limits. The page itself is tested in playground-browser.test.ts. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import helmet from 'helmet'
import type { Case, CaseJwt } from '../../demo-server/playground-cases.js'
import type { ServerEdit } from '../../demo-server/playground-edits.js'
import { type DemoServer, startServer } from '../../demo-server/server.js'
import {
  type Client,
  type Edit,
  type JWK,
  JWT_BEARER_GRANT,
  type RequestExplanation,
  type TokenEndpointEvent,
  type TrustedIssuer,
} from '../../lib/index.js'
import { testAll } from '../support/test-all.js'

const root = new URL('../../../', import.meta.url)
const folder = new URL('demo-server/playground/', root)

interface Key {
  name: string
  thumbprint: string
  publicJwk: JWK
  privateJwk: JWK
}
interface World {
  keys: Key[]
  cases: Case[]
  clients: Client[]
  issuers: TrustedIssuer[]
  options: Record<string, unknown>
  edits: string[]
}
/** The code of the page, which also runs here: what it signs is what these tests send. */
const { signed, curlLine } = (await import(new URL('sign.js', folder).href)) as {
  signed(jwt: CaseJwt, keys: readonly Key[]): Promise<string>
  curlLine(request: { url: string; authorization?: string; form: URLSearchParams }): string
}

let server: DemoServer
let origin: string
const heard: TokenEndpointEvent[] = []
beforeAll(async () => {
  server = await startServer(0, (event) => heard.push(event))
  origin = server.registry.issuer
})
afterAll(() => server.close())
afterEach(() => post('/playground/reset', {}))

const post = async (path: string, body: unknown, headers: Record<string, string> = { 'Content-Type': 'application/json' }) => {
  const response = await fetch(origin + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, body: response.status === 415 ? undefined : await response.json() }
}
const world = async () => (await (await fetch(`${origin}/playground/world.json`)).json()) as World

interface Sent {
  form: string
  authorization: string | undefined
}
async function requestOf({ parameters, basic, ...jwts }: Case, keys: readonly Key[]): Promise<Sent> {
  const form = new URLSearchParams(parameters)
  for (const name of ['assertion', 'client_assertion'] as const) if (jwts[name]) form.append(name, await signed(jwts[name], keys))
  return { form: form.toString(), authorization: basic && `Basic ${btoa(`${basic.user}:${basic.password}`)}` }
}
const explained = async (sent: Sent) => {
  const { body } = await post('/playground/explain', sent)
  return body as { explanation: RequestExplanation; parties: object }
}
async function send({ form, authorization }: Sent) {
  heard.length = 0
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...(authorization && { authorization }) }
  const { status } = await fetch(`${origin}/token`, { method: 'POST', headers, body: form })
  return { status, reason: heard[0]?.reason }
}

/** A member set or removed in a JSON text. */
function withMember(text: string, name: string, value: unknown): string {
  const { [name]: _old, ...others } = JSON.parse(text)
  return JSON.stringify(value === undefined ? others : { ...others, [name]: value })
}
/** The case after an edit of its sender or signer; `undefined` for an edit of the server. */
function edited(given: Case, { path, value }: Edit, keys: readonly Key[]): Case | undefined {
  const [part = '', member = '', name = ''] = path.split('.')
  if (part === 'form') return { ...given, parameters: JSON.parse(withMember(JSON.stringify(given.parameters), member, value)) }
  if (part !== 'assertion' && part !== 'client_assertion') return undefined
  const jwt = given[part] as CaseJwt
  if (member === 'key') return { ...given, [part]: { ...jwt, key: keys.find(({ thumbprint }) => thumbprint === value)?.name } }
  const text = member as 'header' | 'claims'
  return { ...given, [part]: { ...jwt, [text]: withMember(jwt[text], name, value) } }
}

const cases = await (async () => {
  const other = await startServer(0)
  const { cases } = (await (await fetch(`${other.registry.issuer}/playground/world.json`)).json()) as World
  await other.close()
  return cases.map(({ id, reason = 'accepted' }) => [id, reason] as const)
})()
const named = async (id: string) => {
  const { keys, cases } = await world()
  return { keys, chosen: cases.find((one) => one.id === id) as Case }
}

describe('the cases of the playground', () => {
  it('are both halves of RFC 7523, what is refused, policy and registration', async () => {
    const groups = new Set((await world()).cases.map(({ group }) => group))
    expect([...groups]).toEqual(['Accepted', 'Grant refused', 'Client authentication refused', 'Policy', 'Registration'])
    expect(new Set(cases.map(([id]) => id)).size).toBe(cases.length)
  })

  it.each(cases)('%s is answered as the page says: %s', async (id, reason) => {
    const { keys, chosen } = await named(id)
    const sent = await requestOf(chosen, keys)
    const { explanation } = await explained(sent)
    if (chosen.times === 2) expect(await send(sent)).toEqual({ status: 200, reason: undefined })
    else expect(explanation.reason ?? 'accepted').toBe(reason)
    const { status, reason: logged = 'accepted' } = await send(sent)
    expect({ logged, isIssued: status === 200 }).toEqual({ logged: reason, isIssued: reason === 'accepted' })
  })

  const refused = cases.filter(([, reason]) => reason !== 'accepted')
  it.each(refused.filter((_, index) => testAll || index % 5 === 0))('%s: each fix, once applied, is accepted', async (id) => {
    const { explanation } = await explained(await requestOf((await named(id)).chosen, (await named(id)).keys))
    const tried: string[] = []
    for (const index of explanation.fixes.keys()) {
      const { keys, chosen } = await named(id) // another jti for each try
      const { explanation: now, parties } = await explained(await requestOf(chosen, keys))
      const fix = now.fixes[index]
      if (!fix) continue
      let mended = chosen
      const ofServer: ServerEdit[] = []
      for (const edit of fix.edits) {
        const changed = edited(mended, edit, keys)
        if (changed) mended = edited(mended, edit, keys) as Case
        else {
          const signer = mended[edit.path.startsWith('issuer') ? 'assertion' : 'client_assertion']
          const publicJwk = keys.find(({ name }) => name === signer?.key)?.publicJwk
          const { kid } = JSON.parse(signer?.header ?? '{}')
          ofServer.push({ ...edit, ...(/\.jwks/.test(edit.path) && { key: { ...publicJwk, kid } }) } as ServerEdit)
        }
      }
      expect(await post('/playground/edits', { edits: ofServer, parties })).toMatchObject({ status: 200 })
      const sent = await requestOf(mended, keys)
      expect([fix, (await explained(sent)).explanation.accepted, (await send(sent)).status]).toEqual([fix, true, 200])
      await post('/playground/reset', {})
      tried.push(fix.edits.map(({ path }) => path).join())
    }
    expect(tried).toHaveLength(explanation.fixes.length)
  })

  it('a curl line sends the same request', async () => {
    const { keys, chosen } = await named('grant-by-secret')
    const { form, authorization } = await requestOf(chosen, keys)
    const line = curlLine({ url: `${origin}/token`, ...(authorization && { authorization }), form: new URLSearchParams(form) })
    expect(line.replaceAll(/ \\\n {2}/g, ' ')).toMatch(
      /^curl -i 'http:.*\/token' -H 'Authorization: Basic .*' --data-urlencode 'grant_type=/,
    )
    expect(curlLine({ url: origin, form: new URLSearchParams({ scope: "it's" }) })).toContain("'scope=it'\\''s'")
  })
})

describe('the world that the page is told', () => {
  it('has the keys of all parties but this server, and no secret among the registrations', async () => {
    const { keys, clients } = await world()
    expect(keys.map(({ name }) => name)).toEqual(['billing', 'partner', 'kiosk', 'inventory', 'enterprise', 'stranger'])
    expect(JSON.stringify(keys)).not.toContain(server.registry.keys.server.jwk.x)
    expect(keys.every(({ privateJwk, publicJwk }) => privateJwk.d !== undefined && publicJwk.d === undefined)).toBe(true)
    expect(JSON.stringify(clients)).not.toContain(server.registry.findClient('reports')?.client_secret)
  })
})

describe('edits of this server', () => {
  const edit = (path: string, value?: unknown) =>
    post('/playground/edits', { edits: [{ path, value }], parties: { client_id: 'inventory', issuer: server.registry.kiosk } })

  it('change a registration until they are reset', async () => {
    expect(await edit('client.scope', 'read write')).toEqual({ status: 200, body: { edits: ['inventory: scope'] } })
    expect((await world()).clients.find(({ client_id }) => client_id === 'inventory')).toMatchObject({ scope: 'read write' })
    await post('/playground/reset', {})
    expect(await world()).toMatchObject({ edits: [] })
    expect((await world()).clients.find(({ client_id }) => client_id === 'inventory')).toMatchObject({ scope: 'read' })
  })

  it('remove a member that has no value', async () => {
    await edit('issuer.requireJti')
    expect((await world()).issuers.find(({ issuer }) => issuer === server.registry.kiosk)).not.toHaveProperty('requireJti')
  })

  it('change an option, and what was used stays used', async () => {
    const { keys, chosen } = await named('client-credentials')
    const sent = await requestOf(chosen, keys)
    expect(await send(sent)).toMatchObject({ status: 200 })
    expect(await edit('options.clockTolerance', 30)).toMatchObject({ status: 200 })
    expect((await world()).options).toMatchObject({ clockTolerance: 30 })
    expect(await send(sent)).toEqual({ status: 401, reason: 'jti_replayed' })
  })

  it.each([
    ['an option that leads elsewhere', 'options.hooks', {}],
    ['the issuer of this server', 'options.issuer', 'https://other.example'],
    ['a prototype', 'client.__proto__', {}],
    ['a member of a member', 'client.jwks.keys', []],
    ['nothing', 'server.name', 1],
  ])('refuse %s', async (_, path, value) => {
    expect(await edit(path, value)).toMatchObject({ status: 400, body: { problem: expect.any(String) } })
    expect(await world()).toMatchObject({ edits: [] })
  })

  it('refuse a wrong value of an option, and the endpoint stays as it was', async () => {
    expect(await edit('options.clockTolerance', -1)).toMatchObject({
      status: 400,
      body: { problem: expect.stringContaining('clockTolerance') },
    })
    const { keys, chosen } = await named('client-credentials')
    expect(await send(await requestOf(chosen, keys))).toMatchObject({ status: 200 })
  })
})

describe('who may ask', () => {
  const ask = (path: string, host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = new URL(origin)
      const sent = request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => resolve(response.resume().statusCode))
      sent.once('error', reject).end()
    })

  it('only a browser that came by a name of this machine', async () => {
    expect(await ask('/playground/world.json', `localhost:${new URL(origin).port}`)).toBe(200)
    expect(await ask('/playground/world.json', 'rebound.example')).toBe(403)
    expect(await ask('/playground/events', 'rebound.example')).toBe(403)
  })

  it.each(['explain', 'edits', 'reset'])('%s takes JSON only, which other pages may not send', async (name) => {
    expect(await post(`/playground/${name}`, {}, { 'Content-Type': 'text/plain' })).toMatchObject({ status: 415 })
  })

  it('explain takes a form and a header, nothing else', async () => {
    for (const body of [{}, { form: {} }, { form: 'a=b', authorization: 1 }])
      expect(await post('/playground/explain', body)).toMatchObject({ status: 400 })
  })
})

describe('the event stream', () => {
  const refused = { grant_type: JWT_BEARER_GRANT, assertion: 'none' }
  /** Reads events until there are `count`. */
  async function read(response: Response, count: number): Promise<TokenEndpointEvent[]> {
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while ((text.match(/^data: /gm) ?? []).length < count) {
      const { done, value } = await reader.read()
      if (done) break
      text += value
    }
    await reader.cancel()
    return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data as string))
  }

  let own: DemoServer
  beforeEach(async () => {
    own = await startServer(0)
  })
  afterEach(() => own.close())

  it('brings the latest events and those to come, by the ID that the page sent', async () => {
    const ask = (id: string) =>
      fetch(`${own.registry.issuer}/token`, {
        method: 'POST',
        headers: { 'X-Request-Id': id },
        body: new URLSearchParams(refused),
      })
    await ask('before')
    const stream = await fetch(`${own.registry.issuer}/playground/events`)
    expect(stream.headers.get('content-type')).toContain('text/event-stream')
    const events = read(stream, 2)
    await ask('after')
    expect((await events).map(({ request_id }) => request_id)).toEqual(['before', 'after'])
  })

  it('is bounded: in what it keeps, and in who listens', async () => {
    for (let sent = 0; sent < 105; sent++)
      await fetch(`${own.registry.issuer}/token`, { method: 'POST', body: new URLSearchParams(refused) })
    const stop = new AbortController()
    const listen = () => fetch(`${own.registry.issuer}/playground/events`, { signal: stop.signal })
    const listeners = [await listen()]
    while (listeners.at(-1)?.status === 200 && listeners.length < 20) listeners.push(await listen())
    expect(listeners.map(({ status }) => status)).toEqual([...Array(8).fill(200), 503])
    expect(await read(listeners[0] as Response, 100)).toHaveLength(100)
    stop.abort()
  })
})

describe('the page', () => {
  const html = readFileSync(new URL('index.html', folder), 'utf8')
  const texts = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const)

  it("is served with helmet's default policy", async () => {
    const { headers, status } = await fetch(`${origin}/`)
    const directives = Object.entries(helmet.contentSecurityPolicy.getDefaultDirectives())
    const policy = directives.map(([name, values]) => [name, ...(values as Iterable<string>)].join(' ')).join(';')
    expect({ status, policy: headers.get('content-security-policy'), type: headers.get('content-type') }).toEqual({
      status: 200,
      policy,
      type: 'text/html; charset=utf-8',
    })
  })

  it('has no script, style or handler of its own in its markup, and makes none', () => {
    expect(html.match(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/g)).toBeNull()
    expect(
      texts.filter(([, text]) => /innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/.test(text)).map(([name]) => name),
    ).toEqual([])
  })

  it('loads nothing from elsewhere, and all that it names is served', async () => {
    expect(
      texts.filter(([name, text]) => !name.endsWith('.js') && /(?:https?:)?\/\/[a-z]|@import|url\(/.test(text)).map(([name]) => name),
    ).toEqual([])
    const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path as string)
    const imported = texts.flatMap(([, text]) => [...text.matchAll(/ from '\.\/(.*)'/g)].map(([, name]) => `/playground/${name}`))
    expect(named.length + imported.length).toBeGreaterThan(4)
    for (const path of [...named, ...imported]) expect([path, (await fetch(origin + path)).status]).toEqual([path, 200])
  })

  it('is in the demo alone: the package has nothing of it, and lib imports nothing of the demo', () => {
    const options = { cwd: fileURLToPath(root), encoding: 'utf8' } as const
    const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], options))
    const paths = files.map(({ path }: { path: string }) => path)
    expect(paths).toContain('README.md')
    expect(paths.filter((path: string) => /playground.*\.(?:js|ts|css|html)$|demo-server/.test(path))).toEqual([])
    const lib = readdirSync(new URL('lib/', root), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    const strangers = lib.filter((name) => /playground|demo-server/.test(readFileSync(new URL(`lib/${name}`, root), 'utf8')))
    expect(lib.length).toBeGreaterThan(50)
    expect(strangers.filter((name) => !name.endsWith('.test.ts'))).toEqual([])
  })
})
