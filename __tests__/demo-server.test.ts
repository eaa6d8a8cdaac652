import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { curlLine } from '../demo-server/curl.js'
import { type Demo, runDemo } from '../demo-server/demo.js'
import { demoRows, type Row } from '../demo-server/rows.js'
import { startServer } from '../demo-server/server.js'
import { testClient, testIssuer, tokenRequest } from '../lib/testing/index.js'

const moduleUrl = (name: string) => new URL(`../demo-server/${name}`, import.meta.url)
const main = fileURLToPath(moduleUrl('main.js'))
const env = { ...process.env, PORT: '0', NO_COLOR: undefined }

/** What `curl -u … -d … URL` would send, sent by fetch. */
function runCurl(line: string): Promise<Response> {
  const [curl, ...words] = line.split(' ')
  const url = words.pop() as string
  const values = (flag: string) => words.filter((_, index) => words[index - 1] === flag)
  expect({ curl, flags: words.filter((_, index) => index % 2 === 0) }).toEqual({ curl: 'curl', flags: ['-u', '-d', '-d'] })
  return fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(values('-u')[0] as string).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: values('-d').join('&'),
  })
}

/** Runs node until it ends, or until `until` says that it has seen enough. */
function runNode(args: string[], until: (output: string) => boolean = () => false) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const seen = new Promise<void>((resolve) => {
    const collect = (chunk: Buffer) => {
      output += chunk
      if (until(output)) resolve()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.once('close', () => resolve())
  })
  const status = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { seen, status, kill: () => child.kill(), output: () => output }
}

/** A row that cannot come true. */
const planted: Row = { ...(demoRows[0] as Row), requests: [["partner's grant, client by its secret", '200 everything']] }

describe('the demo in this process', () => {
  let demo: Demo
  const printed: string[] = []
  const heard: string[] = []
  beforeAll(async () => {
    demo = await runDemo({ port: 0, print: (text) => printed.push(text), onEvent: ({ outcome }) => heard.push(outcome) })
  })
  afterAll(() => demo.server.close())

  it('gets the answers that it expects', () => {
    expect(demo.outcomes.filter(({ asExpected }) => !asExpected)).toEqual([])
    expect(demo.outcomes.length).toBe(demoRows.flatMap(({ requests }) => requests).length)
    expect(demo.status).toBe(0)
  })

  it('prints aligned columns without escape sequences, unless told to', () => {
    const text = printed.join('\n')
    expect(text).not.toContain('\x1b')
    const arrows = text.split('\n').flatMap((line) => (/^ [✓✗]/.test(line) ? [line.indexOf('→')] : []))
    expect(arrows.length).toBe(demo.outcomes.length)
    expect(new Set(arrows).size).toBe(1)
  })

  it('knows why the server refused', () => {
    const reasons = Object.fromEntries(demo.outcomes.map(({ request, reason }) => [request, reason]))
    expect(reasons).toMatchObject({ 'the same grant again': 'jti_replayed', 'client assertion for another server': 'aud_mismatch' })
  })

  it('makes a line for the shell that works, once', async () => {
    heard.length = 0
    const line = await curlLine(demo.server.registry)
    const response = await runCurl(line)
    const { access_token } = (await response.json()) as { access_token: string }
    expect(response.status).toBe(200)
    const me = await fetch(`${demo.server.registry.issuer}/api/me`, { headers: { authorization: `Bearer ${access_token}` } })
    expect(await me.json()).toEqual({ sub: 'account-1', name: 'Alice Example', client_id: 'reports', scope: 'read write' })

    const again = await runCurl(line)
    expect({ status: again.status, body: await again.json() }).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(heard).toEqual(['issued', 'refused'])
  })

  it('publishes no private key', async () => {
    for (const path of ['/jwks', '/partner/jwks']) {
      const { keys } = (await (await fetch(demo.server.registry.issuer + path)).json()) as { keys: object[] }
      expect(keys).toHaveLength(1)
      expect(keys[0]).not.toHaveProperty('d')
    }
  })

  it('fails if an answer is not as expected', async () => {
    const lines: string[] = []
    const { server, status, outcomes } = await runDemo({ port: 0, rows: [planted], print: (text) => lines.push(text) })
    await server.close()
    expect(status).toBe(1)
    expect(outcomes[0]).toMatchObject({ asExpected: false, answer: '200 read write' })
    expect(lines.join('\n')).toContain('✗')
    expect(lines.join('\n')).toContain('(expected 200 everything)')
  })

  it('takes a free port if the one it was to use is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    const { registry, takenPort, close } = await startServer(port)
    expect(takenPort).toBe(port)
    expect(registry.issuer).not.toBe(`http://127.0.0.1:${port}`)
    await close()
    other.close()
  })
})

describe('the old handler behind the suite', () => {
  let origin: string
  let secret: string
  let close: () => Promise<void>
  beforeAll(async () => {
    const server = await startServer(0)
    origin = server.registry.issuer
    secret = server.registry.findClient('reports')?.client_secret as string
    close = server.close
  })
  afterAll(() => close())

  const ask = (form: Record<string, string>, authorization = `Basic ${btoa(`reports:${secret}`)}`) =>
    fetch(`${origin}/token`, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) })

  it.each([
    ['a grant type that nobody serves', { grant_type: 'constructor' }, undefined, 400, 'unsupported_grant_type'],
    ['a wrong secret', { grant_type: 'refresh_token', refresh_token: 'x' }, `Basic ${btoa('reports:wrong')}`, 401, 'invalid_client'],
    ['a code that is none', { grant_type: 'authorization_code', code: 'x' }, undefined, 400, 'invalid_grant'],
    ['client_credentials by secret', { grant_type: 'client_credentials' }, undefined, 400, 'unsupported_grant_type'],
  ])('refuses %s', async (_, form, authorization, status, error) => {
    const response = await ask(form as Record<string, string>, authorization)
    expect({ status: response.status, body: await response.json() }).toEqual({ status, body: { error } })
  })

  it('does not redirect to an address that is not registered', async () => {
    const query =
      'response_type=code&client_id=reports&redirect_uri=https%3A%2F%2Fevil.example%2F&code_challenge=x&code_challenge_method=S256'
    const response = await fetch(`${origin}/authorize?${query}`, { redirect: 'manual' })
    expect({ status: response.status, location: response.headers.get('location') }).toEqual({ status: 400, location: null })
  })
})

describe('npm run demo', () => {
  it('ends with status 0 after --exit', async () => {
    const { status, output } = runNode([main, '--exit'])
    expect({ status: await status, output: output() }).toMatchObject({ status: 0 })
    expect(output()).toContain('as expected.')
  }, 30_000)

  it('knows the client and the issuer of a file, and an account for each of its subjects', async () => {
    const folder = mkdtempSync(join(dirname(main), 'register-'))
    const [issuer, client] = [
      testIssuer({ registration: { subjects: ['alice'], scope: 'read' } }),
      testClient({ registration: { scope: 'read' } }),
    ]
    const file = join(folder, 'registration.json')
    writeFileSync(file, JSON.stringify({ client: client.registration, issuer: issuer.registration }))
    const demo = runNode([main, '--register', file], (text) => text.includes('Ctrl-C'))
    try {
      await demo.seen
      const [, url = ''] = /Authorization server on (\S+),/.exec(demo.output()) ?? []
      const claims = { aud: url }
      const [forItself, forAlice] = [
        { grant_type: 'client_credentials', ...client.clientAuthentication({ claims }) },
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
          assertion: issuer.signGrant({ claims }),
          ...client.clientAuthentication({ claims }),
        },
      ]
      for (const form of [forItself, forAlice])
        expect(await tokenRequest(`${url}/token`, form)).toMatchObject({ status: 200, body: { scope: 'read' } })
    } finally {
      demo.kill()
      await demo.status
      rmSync(folder, { recursive: true })
    }
  }, 30_000)

  it('ends with status 1 if an answer is not as expected', async () => {
    const rows = `[{ ...demoRows[0], requests: [['planted', '200 everything']] }]`
    const script = `
      const { runDemo } = await import('${moduleUrl('demo.js')}')
      const { demoRows } = await import('${moduleUrl('rows.js')}')
      const { status, server } = await runDemo({ port: 0, rows: ${rows} })
      process.exitCode = status
      await server.close()`
    const { status, output } = runNode(['--input-type=module', '-e', script])
    expect({ status: await status, output: output() }).toMatchObject({ status: 1 })
    expect(output()).toContain('✗  planted')
  }, 30_000)

  it('stays up without --exit, with a line for the shell that works', async () => {
    const demo = runNode([main], (text) => text.includes('Ctrl-C'))
    try {
      await demo.seen
      const playground = /Playground: (http:\S+)/.exec(demo.output())?.[1] as string
      expect(await (await fetch(playground)).text()).toContain('RFC 7523 playground')
      const line = demo
        .output()
        .split('\n')
        .find((text) => text.startsWith('curl '))
      const response = await runCurl(line as string)
      expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 200, body: { scope: 'read write' } })
    } finally {
      demo.kill()
      await demo.status
    }
  }, 30_000)
})
