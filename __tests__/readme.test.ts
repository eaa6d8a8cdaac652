import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import express from 'express'
import { decodeJwt } from 'jose'
import request from 'supertest'
import * as suite from '../lib/index.js'
import { endpointOf } from '../lib/pipeline/endpoint.js'
import { ioRedis } from './support/clients.js'
import { describeWith } from './support/describe-with.js'
import * as replays from './support/replays.js'
import { ownRedisNeed, postgresNeed, redisNeed, startRedis, usePostgres, useRedis } from './support/services.js'
import { byJwt, hooks, issuer } from './support/world.js'

const build = join(dirname(fileURLToPath(import.meta.url)), '..')
const root = join(build, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, text]) => ({ language, text: text as string }))
const section = (title: string) => readme.split(new RegExp(`^##+ ${title}$`, 'm'))[1]?.split(/^## /m)[0] ?? ''
const fileOf = (text: string) => /^\/\/ (\S+\.mjs)\n/.exec(text)?.[1]
/** Runs a program beside the files of the README, and gives what it prints. */
async function runBeside(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const folder = mkdtempSync(join(build, 'readme-'))
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  try {
    for (const { text } of blocks) {
      const file = fileOf(text)
      if (file) writeFileSync(join(folder, file), text)
    }
    return (await promisify(execFile)(process.execPath, args, { cwd: folder, env: { ...inherited, ...env } })).stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
/** The first cells of the rows of a section's tables. */
const firstCells = (title: string) => [...section(title).matchAll(/^\| (`.*?) \|/gm)].map(([, cell]) => cell as string)
const names = (cell: string) => [...cell.matchAll(/`([\w]+)/g)].map(([, name]) => name as string)

/** Uses a key twice in the store of a file. */
const useTwice = (file: string) => `
  const { replayStore } = await import('./${file}')
  const use = () => replayStore.consume('${randomUUID()}', Math.ceil(Date.now() / 1000) + 60, 'a', Date.now() / 1000)
  console.log(await use(), await use())
  process.exit()`
const runStore = (file: string, env: Record<string, string>) => runBeside(['--input-type=module', '--eval', useTwice(file)], env)

describeWith(redisNeed, 'the README on Redis', () => {
  it.each(['redis-store.mjs', 'ioredis-store.mjs'])(
    'has a %s that runs as it stands',
    async (file) => {
      const { url, stop } = await useRedis()
      try {
        expect(await runStore(file, { REDIS_URL: url })).toBe('true false\n')
      } finally {
        await stop()
      }
    },
    20_000,
  )
})

describeWith(ownRedisNeed, 'the README on the settings of Redis', () => {
  it('has a command for docker compose that Redis takes, and that drops no record', async () => {
    const options = / command: redis-server (.*)\n/.exec(readme)?.[1]?.split(' ') ?? []
    const redis = await startRedis(...options)
    const { command, close } = await ioRedis(redis.url)
    try {
      expect(await command('CONFIG', 'GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
      expect(await command('CONFIG', 'GET', 'appendonly')).toEqual(['appendonly', 'yes'])
    } finally {
      close()
      await redis.stop()
    }
  })
})

describeWith(postgresNeed, 'the README on PostgreSQL', () => {
  it('has a postgres-store.mjs that runs as it stands', async () => {
    const { url, stop } = await usePostgres()
    try {
      expect(await runStore('postgres-store.mjs', { DATABASE_URL: url })).toBe('true false\n')
    } finally {
      await stop()
    }
  }, 60_000)
})

describe('the README', () => {
  it('has a test of a store that passes as it stands', async () => {
    expect(await runBeside(['--test', '--test-reporter=tap', 'my-store.test.mjs'])).toMatch(/^# fail 0$/m)
  }, 20_000)

  it('names the options of the stores, and what its command counts: a token for each grant, and no second one', () => {
    for (const option of ['startupGuard', 'durable']) expect(firstCells('Replay stores').map((cell) => names(cell)[0])).toContain(option)
    const printed = [...section('Replay stores').matchAll(/^\| (\w+) \| (\d) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$/gm)]
    expect(printed.map(([, name, ...cells]) => [name, ...cells.map(Number)])).toEqual(
      replays.rows.map(([name, processes]) => [name, processes, replays.grants, replays.grants * replays.copies, replays.grants, 0]),
    )
  })

  describe('has the figures of bench/RESULTS.md', () => {
    const results = readFileSync(join(root, 'bench/RESULTS.md'), 'utf8')
    const measured = (ratio: string, node: number) => {
      const row = results.split('\n').find((line) => line.startsWith(`| ${ratio} | Node ${node} |`))
      return Number(row?.split('|')[3]?.trim().split(' ')[0])
    }
    const onAll = (ratio: string) => [20, 22, 24].map((node) => measured(ratio, node).toFixed(2)).join('; ')
    const refusals = 'refusals before the signature ÷ own valid rate (worst)'
    const cost = ['100,000 clients ÷ 1', '100,000 issuers ÷ 1', '1,000,000 remembered ids ÷ 1,000']

    it.each<[what: string, figure: string]>([
      ['tokens a second of a core, a hand-written endpoint', onAll('tokens/s ÷ hand-written, ES256→ES256 grant')],
      ['the same, node-oidc-provider = 1', onAll('tokens/s ÷ node-oidc-provider')],
      [
        'twice the requests that a core can serve',
        `${measured('2 × capacity: p99 of accepted, ms', 24)} ms; ${measured('2 × capacity: goodput ÷ capacity', 24)}`,
      ],
      [
        'refusals a second before the signature',
        `${measured(refusals, 20).toFixed(1)} or more on Node 20, ${measured(refusals, 24).toFixed(1)} on 24`,
      ],
      ['CPU time of a request at 1 → 100,000 clients', cost.map((ratio) => `× ${(1 / measured(ratio, 24)).toFixed(2)}`).join('; ')],
      ['a million grants of one issuer', `0; 0; ${measured('flood: growth of memory, MB', 24)} MB`],
    ])('%s', (what, figure) => {
      const rows = section('Figures')
        .split('\n')
        .filter((line) => line.startsWith(`| ${what}`))
      expect(rows.map((row) => row.split('|')[2]?.trim())).toEqual([figure])
    })
  })

  it('has a quick start that runs as it stands', async () => {
    const printed = await runBeside(['client.mjs'])
    const answer = /200 \{\s+access_token: '(ey[^']+)',\s+token_type: 'Bearer',\s+expires_in: 300,\s+scope: 'contacts:read'\s+\}\n/g
    expect(printed.replace(answer, '')).toBe('')
    expect([...printed.matchAll(answer)].map(([, token]) => decodeJwt(token as string).sub)).toEqual(['reports', 'ada@example.org'])
  }, 20_000)

  it('has a line for a token endpoint that is there already, which runs as it stands', async () => {
    const line = blocks.find(({ text }) => text.includes('oldTokenHandler'))?.text as string
    const { calls: _, ...plain } = hooks()
    const app = express()
    const oldTokenHandler: express.RequestHandler = (_req, res) => void res.send('the old answer')
    new Function('app', 'tokenEndpoint', 'issuer', 'hooks', 'oldTokenHandler', line)(
      app,
      suite.tokenEndpoint,
      issuer,
      plain,
      oldTokenHandler,
    )
    expect((await request(app).post('/token').type('form').send({ grant_type: 'password' })).text).toBe('the old answer')
    expect((await request(app).post('/token').type('form').send({ grant_type: suite.JWT_BEARER_GRANT, assertion: 'x' })).body.error).toBe(
      'invalid_grant',
    )
  })

  it('has lines for an old handler that knows secrets, which run as they stand', async () => {
    const lines = blocks.find(({ text }) => text.includes('internalClientSecrets()'))?.text as string
    const { calls: _, ...plain } = hooks()
    const app = express()
    const oldTokenHandler: express.RequestHandler = (req, res) => void res.json(req.body)
    const { tokenEndpoint, internalClientSecrets } = suite
    const scope = { app, express, tokenEndpoint, internalClientSecrets, issuer, hooks: plain, oldTokenHandler }
    const isSecretOf = new Function(...Object.keys(scope), `${lines}\nreturn isSecretOf`)(...Object.values(scope))
    const ask = async (form: Record<string, string>) => (await request(app).post('/token').type('form').send(form)).body
    const { client_secret, ...rest } = await ask({ grant_type: 'refresh_token', ...byJwt() })
    expect(rest).toEqual({ grant_type: 'refresh_token', client_id: 'jwt-client' })
    expect(isSecretOf('jwt-client', client_secret)).toBe(true)
    expect(await ask({ grant_type: 'refresh_token', client_id: 'jwt-client' })).toEqual({
      grant_type: 'refresh_token',
      client_id: 'jwt-client',
    })
  })

  it('names the commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(blocks[0]).toMatchObject({
      language: 'sh',
      text: expect.stringMatching(/^npm ci && npm run demo .*\nnpm ci && npm test .* npm run test:all/),
    })
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test', 'test:all']))
  })

  it('names the versions of Express that package.json asks for', () => {
    const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const [, lowest] = /^\^(4\.[\d.]+) \|\| \^5\.0\.0$/.exec(peerDependencies.express) ?? []
    expect(readme).toContain(`Express 4 (from ${lowest}) and 5`)
  })

  it('lists every option, with its default', () => {
    const source = readFileSync(join(root, 'lib/host/options.ts'), 'utf8')
    const declared = source.match(/^export interface Options<.*?^}/ms)?.[0].matchAll(/^ {2}(\w+)\??:/gm) ?? []
    const all = Array.from(declared, ([, name]) => name as string)
    expect(
      firstCells('Options')
        .map((cell) => names(cell)[0])
        .sort(),
    ).toEqual(all.sort())
    for (const option of all)
      expect(() => endpointOf('t', { issuer, hooks: {}, [option]: Symbol('wrong') } as never, [])).toThrow(`option ${option}`)
    const settings = endpointOf('t', { issuer, hooks: {} }, [])
    const defaults = Object.fromEntries(
      [...section('Options').matchAll(/^\| `(\w+)` \| `([^`]+)` \|/gm)].map(([, name, value]) => [name as string, value as string]),
    )
    for (const [name, value] of Object.entries(defaults)) {
      if (name === 'replayStore') continue
      expect([name, settings[name as keyof typeof settings]]).toEqual([name, new Function(`return (${value})`)()])
    }
    expect(Object.keys(defaults)).toHaveLength(11)
  })

  it('lists every hook', () => {
    const listed = [...section('Hooks').matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name)
    expect(listed).toEqual(['findClient', 'findIssuer', 'authorizeGrant', 'mintToken', 'verifyClientSecret', 'getClientCertificate'])
    for (const hook of listed)
      expect(() => endpointOf('t', { issuer, hooks: { [hook as string]: 1 } } as never, [])).toThrow(
        `option hooks.${hook} must be a function`,
      )
  })

  const [, ofClients = '', ofIssuers = ''] = section('Hooks').split(/^\*\*`(?:Client|TrustedIssuer)`\*\*/m)
  const membersIn = (text: string) => [...text.matchAll(/^\| (`\w+`.*?) \|/gm)].flatMap(([, cell]) => names(cell as string)).sort()

  it('lists every member of a Client', () => {
    const source = ['client', 'jwk'].map((file) => readFileSync(join(root, `lib/host/${file}.ts`), 'utf8')).join('\n')
    const membersOf = (name: string) => [
      ...(source.match(new RegExp(`^export interface ${name} .*?^}`, 'ms'))?.[0] ?? '').matchAll(/^ {2}(\w+)\??:/gm),
    ]
    const members = [...membersOf('Client'), ...membersOf('KeyRegistration')].map(([, name]) => name as string)
    expect(members.length).toBeGreaterThan(25)
    expect(membersIn(ofClients)).toEqual(members.filter((name) => !name.startsWith('tls_client_auth_san_')).sort())
  })

  it('lists every member of a TrustedIssuer', async () => {
    const { issuerMembers } = await import('../lib/host/check-registration.js')
    expect(membersIn(ofIssuers)).toEqual([...issuerMembers].sort())
  })

  it('names nothing that the package does not export', () => {
    const exported = new Set(Object.keys(suite))
    for (const { text } of blocks)
      for (const [, list] of text.matchAll(/import \{([^}]*)\} from 'express-oauth-assertions'/g))
        for (const name of (list as string).split(',')) expect(exported).toContain(name.trim())
    for (const name of [
      'tokenEndpoint',
      'parseTokenRequest',
      'authenticateClient',
      'verifyJwtGrant',
      'issueToken',
      'tokenErrorHandler',
      'tokenMinter',
      'memoryReplayStore',
      'OAuthError',
      'tokenEndpointMetadata',
      'internalClientSecrets',
      'auditLog',
      'metrics',
    ]) {
      expect(readme).toContain(name)
      expect(exported).toContain(name)
    }
  })
})
