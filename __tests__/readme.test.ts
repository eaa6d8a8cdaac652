/** What the README says: its code runs as it stands there, and its figures, defaults and versions are those of the package. */
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, jest } from '@jest/globals'
import express from 'express'
import { decodeJwt } from 'jose'
import request from 'supertest'
import * as suite from '../lib/index.js'
import { startRecipe } from './support/recipe.js'
import { byJwt, clientCredentials, grantRequest, hooks, issuer } from './support/world.js'

const build = join(dirname(fileURLToPath(import.meta.url)), '..')
const root = join(build, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const readme = read('README.md')
const blocks = [...readme.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, text]) => ({ language, text: text as string }))
const manifest = JSON.parse(read('package.json'))

/** Runs a line of the README that mounts something. @returns the app */
function mounted(text: string, scope: Record<string, unknown> = {}) {
  const found = blocks.filter((block) => block.text.includes(text))
  if (found.length !== 1) throw new Error(`README.md has ${found.length} blocks with ${text}`)
  const { calls: _, ...plain } = hooks()
  const app = express()
  const names = { ...suite, app, express, issuer, hooks: plain, ...scope }
  new Function(...Object.keys(names), found[0]!.text)(...Object.values(names))
  return (form: Record<string, string>) => request(app).post('/token').type('form').send(form)
}
const byHandler: express.RequestHandler = (req, res) => void res.json({ handler: req.tokenState?.client?.client_id ?? req.body })

describe('the quick start', () => {
  const quickStart = blocks.find(({ text }) => text.startsWith('// server.mjs\n'))?.text as string

  it('has at most 30 lines', () => {
    expect(quickStart.trimEnd().split('\n').length).toBeLessThanOrEqual(30)
  })

  it('listens on port 3000, and prints a request that is answered as the README says, once', async () => {
    expect(quickStart).toContain('.listen(3000)')
    const { url, printed, stop } = await startRecipe('README.md', 'server.mjs', { env: { NODE_ENV: '' } })
    try {
      const [, target, ...parameters] = /^curl (\S+) -d (\S+) -d (\S+) \\\n -d (\S+) -d (\S+)\n/m.exec(
        await printed(/curl .*\n.*\n/),
      ) as unknown as string[]
      expect(target).toBe(url)
      const ask = () =>
        fetch(target as string, {
          method: 'POST',
          body: parameters.join('&'),
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        })
      const answer = await ask()
      const { access_token, ...rest } = (await answer.json()) as Record<string, unknown>
      expect(answer.status).toBe(200)
      expect(readme).toContain(`\`${JSON.stringify({ access_token: 'ey…', ...rest })}\``)
      expect(decodeJwt(access_token as string)).toMatchObject({ sub: 'ada@example.org', client_id: 'reports' })
      expect((await ask()).status).toBe(401)
      expect(await printed(/refused: .*jti_replayed.*help/s)).toMatch(
        /^token request refused: jti_replayed \(401 invalid_client\)\n {2}step {5}authenticateClient$/m,
      )
    } finally {
      await stop()
    }
  }, 20_000)

  it('needs what the README installs', () => {
    const installed = [...readme.matchAll(/^npm i ([^#\n]+)/gm)].flatMap(([, names]) => (names as string).trim().split(' '))
    const imported = [...quickStart.matchAll(/from '([^']+)'/g)]
      .map(([, name]) => name as string)
      .filter((name) => !name.startsWith('node:'))
    expect([...installed].sort()).toEqual([...imported].sort())
  })
})

describe('the cases', () => {
  it('A has two steps and one hook, and your handler', async () => {
    const { findClient } = hooks()
    const options = { issuer, hooks: { findClient }, grantTypes: ['client_credentials'] }
    const ask = mounted('parseTokenRequest(options)', { options, tokenHandler: byHandler })
    expect((await ask(clientCredentials())).body).toEqual({ handler: 'jwt-client' })
    expect((await ask({ grant_type: 'client_credentials' })).status).toBe(401)
  })

  it('B is the whole token endpoint', async () => {
    const ask = mounted('...tokenEndpoint({ issuer, hooks }))')
    expect((await ask(grantRequest())).body).toMatchObject({ token_type: 'Bearer' })
    expect((await ask({ grant_type: 'password' })).body).toMatchObject({ error: 'unsupported_grant_type' })
  })

  it('C stands in front of a handler, which gets an internal secret for a client with a key, and nothing else', async () => {
    const ask = mounted('internalClientSecrets()', { oldTokenHandler: ((req, res) => void res.json(req.body)) as express.RequestHandler })
    const { client_secret, ...rest } = (await ask({ grant_type: 'refresh_token', ...byJwt() })).body
    expect(rest).toEqual({ grant_type: 'refresh_token', client_id: 'jwt-client' })
    expect(client_secret).toMatch(/^[\w-]{43}$/)
    const bare = { grant_type: 'refresh_token', client_id: 'jwt-client' }
    expect((await ask(bare)).body).toEqual(bare)
    expect((await ask({ grant_type: suite.JWT_BEARER_GRANT, assertion: 'x' })).body.error).toBe('invalid_grant')
  })

  it('a refusal is logged with its reason', async () => {
    const warn = jest.fn()
    const ask = mounted('auditLog(logger)', { logger: { info: warn, warn, error: warn } })
    await ask({ grant_type: suite.JWT_BEARER_GRANT, assertion: 'x' })
    expect(warn.mock.calls).toMatchObject([[{ reason: 'jwt_malformed' }, 'token request refused: jwt_malformed']])
  })

  it('every code block was run by a test above', () => {
    expect(blocks.filter(({ language }) => language === 'js')).toHaveLength(5)
    expect(blocks.filter(({ language }) => language !== 'js').map(({ language }) => language)).toEqual(['sh'])
  })
})

describe('the README', () => {
  it('has at most 150 lines', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
  })

  it('has a picture of what the demo prints', () => {
    expect(readme).toMatch(/!\[.*\]\(docs\/demo\.svg\)/)
    const env = { ...process.env, BUILD_DIR: `${basename(build)}/` }
    const check = () => execFileSync(process.execPath, [join(root, 'scripts/demo-svg.mjs'), '--check'], { env, stdio: 'pipe' })
    expect(check).not.toThrow()
  }, 30_000)

  it('names the versions that package.json asks for, and commands that it has', () => {
    const [, express4] = /^\^(4\.[\d.]+) \|\| \^5\.0\.0$/.exec(manifest.peerDependencies.express) ?? []
    const [, node, from] = /^\^(20\.\d+) \|\| >=([\d.]+)$/.exec(manifest.engines.node) ?? []
    expect(readme).toContain(`Express 4 (from ${express4}) and 5, Node 20 (from ${node}) and from ${from} on`)
    for (const [, command] of readme.matchAll(/npm (?:run )?((?:demo|test)\b(?::\w+)?)/g))
      expect(manifest.scripts).toHaveProperty(command as string)
  })

  it('names the size of the memory store', async () => {
    const size = Number(/remembers ([\d,]+) used JWTs/.exec(readme)?.[1]?.replace(',', ''))
    const store = suite.memoryReplayStore()
    const at = Date.now() / 1000
    const use = (id: number) => store.consume(`key-${id}`, at + 60, `issuer-${id % 2}`, at)
    let remembered = 0
    for (let id = 0; id < size; id++) remembered += Number(await use(id))
    expect(remembered).toBe(size)
    expect(await use(size)).toBe('full')
  }, 30_000)

  it('has the ratios of the last bench run', () => {
    const results = read('bench/RESULTS.md')
    const ratios = (name: string) =>
      ['20', '22', '24'].map((node) => new RegExp(`^\\| ${name} \\| Node ${node} \\| ([\\d.]+) `, 'm').exec(results)?.[1])
    const [a, b, c] = ratios('tokens/s ÷ hand-written, ES256→ES256 grant')
    expect(readme.replace(/\s+/g, ' ')).toContain(`${a} times on Node 20, ${b} on Node 22, ${c} on Node 24.`)
    const [d, e, f] = ratios('tokens/s ÷ node-oidc-provider')
    expect(readme.replace(/\s+/g, ' ')).toContain(`Against node-oidc-provider, it is ${d}, ${e} and ${f} times.`)
    const [, grant, provider] = /hand-written ([\d.]+) \(grant\).*?node-oidc-provider ([\d.]+)/s.exec(results) ?? []
    expect(readme).toContain(`gave ${grant} and ${provider} on Node 24.`)
  })

  it('names the steps and what each calls', () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` \| .* \|(.*)\|$/gm)].map(([, step, calls]) => [
      step,
      [...(calls as string).matchAll(/\w+/g)].join(),
    ])
    expect(rows).toEqual([
      ['parseTokenRequest', ''],
      ['authenticateClient', 'findClient'],
      ['verifyJwtGrant', 'findIssuer,authorizeGrant'],
      ['issueToken', 'mintToken'],
    ])
    const { parseTokenRequest, authenticateClient, verifyJwtGrant, issueToken } = suite
    const steps = { parseTokenRequest, authenticateClient, verifyJwtGrant, issueToken }
    for (const [step, calls] of rows) {
      const make = steps[step as 'issueToken']
      const demanded = Object.fromEntries(
        (calls as string)
          .split(',')
          .filter(Boolean)
          .map((hook) => [hook, () => undefined]),
      )
      expect(() => make({ issuer, hooks: demanded as never })).not.toThrow()
      for (const hook of Object.keys(demanded)) {
        const { [hook]: _, ...rest } = demanded
        expect(() => make({ issuer, hooks: rest as never })).toThrow(hook)
      }
    }
  })

  it('names what the package exports', () => {
    const exported = new Set(Object.keys(suite))
    for (const { text } of blocks)
      for (const [, list] of text.matchAll(/import \{([^}]*)\} from 'express-oauth-assertions'/g))
        for (const name of (list as string).split(',')) expect(exported).toContain(name.trim())
    const functions = [...exported].filter((name) => /^[a-z]/.test(name))
    expect(functions.filter((name) => !readme.includes(name))).toEqual([])
  })
})

describe('npm publish', () => {
  it('is refused while a placeholder stands in the addresses, and only then', async () => {
    expect(manifest.scripts.prepublishOnly).toBe('node scripts/check-publish.mjs')
    for (const address of [manifest.homepage, manifest.repository.url, manifest.bugs.url])
      expect(address).toMatch(/^(?:git\+)?https:\/\/github\.com\/[\w-]+\/express-oauth-assertions/)
    const folder = mkdtempSync(join(build, 'publish-'))
    const check = () => promisify(execFile)(process.execPath, [join(root, 'scripts/check-publish.mjs')], { cwd: folder })
    try {
      const documents = ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/guides/rate-limits.md', 'docs/scaling.md']
      for (const file of [...documents, 'package.json']) cpSync(join(root, file), join(folder, file), { recursive: true })
      for (const file of documents) writeFileSync(join(folder, file), read(file).replaceAll('/OWNER/', '/somebody/'))
      await expect(check()).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/OWNER.*: package\.json\.\n$/) })
      writeFileSync(join(folder, 'package.json'), read('package.json').replaceAll('/OWNER/', '/somebody/'))
      await expect(check()).resolves.toMatchObject({ stderr: '' })
      writeFileSync(join(folder, 'docs/guides/more.md'), 'https://github.com/OWNER/express-oauth-assertions')
      await expect(check()).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/: docs.guides.more\.md\.\n$/) })
      rmSync(join(folder, 'docs/guides/more.md'))
      for (const file of ['lib/host/help-page.ts', 'dist/esm/host/help-page.js', 'dist/cjs/index.js']) {
        cpSync(join(root, file), join(folder, file), { recursive: true })
        await expect(check()).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(`: ${file}.\n`) })
        writeFileSync(join(folder, file), read(file).replaceAll('/OWNER/', '/somebody/'))
        await expect(check()).resolves.toMatchObject({ stderr: '' })
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
