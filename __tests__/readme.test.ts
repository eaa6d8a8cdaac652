import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import * as suite from '../lib/index.js'
import { settingsOf } from '../lib/settings.js'
import { hooks, issuer } from './support/world.js'

const build = join(dirname(fileURLToPath(import.meta.url)), '..')
const root = join(build, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, text]) => ({ language, text: text as string }))
const section = (title: string) => readme.split(new RegExp(`^##+ ${title}$`, 'm'))[1]?.split(/^## /m)[0] ?? ''
/** The first cells of the rows of a section's tables. */
const firstCells = (title: string) => [...section(title).matchAll(/^\| (`.*?) \|/gm)].map(([, cell]) => cell as string)
const names = (cell: string) => [...cell.matchAll(/`([\w]+)/g)].map(([, name]) => name as string)

describe('the README', () => {
  it('has a quick start that runs as it stands', async () => {
    const folder = mkdtempSync(join(build, 'readme-'))
    try {
      mkdirSync(folder, { recursive: true })
      for (const { text } of blocks) {
        const file = /^\/\/ (\S+\.mjs)\n/.exec(text)?.[1]
        if (file) writeFileSync(join(folder, file), text)
      }
      const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'client.mjs')], { cwd: folder })
      expect(stdout).toMatch(
        /^200 \{\s+access_token: 'ey.*',\s+token_type: 'Bearer',\s+expires_in: 300,\s+scope: 'contacts:read'\s+\}\s+$/s,
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
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

  it('names the two commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(blocks[0]).toMatchObject({ language: 'sh', text: expect.stringMatching(/^npm ci && npm run demo .*\nnpm ci && npm test /) })
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test']))
  })

  it('and SECURITY.md have the tables that the code has', () => {
    execFileSync(process.execPath, [join(root, 'scripts/readme-tables.mjs'), '--check'], {
      env: { ...process.env, BUILD_DIR: `${basename(build)}/` },
    })
  })

  it('lists every option, with its default', () => {
    const all = [
      'issuer',
      'hooks',
      'tokenEndpointUrl',
      'fallthrough',
      'grantTypes',
      'clientAuthMethods',
      'clientAssertions',
      'implicitErrors',
      'publicClients',
      'algorithms',
      'clockTolerance',
      'replayStore',
      'hookTimeout',
      'turnBudget',
      'invalidClientStatus',
      'requireTls',
      'limits',
    ]
    expect(firstCells('Options').map((cell) => names(cell)[0])).toEqual(all)
    for (const option of all)
      expect(() => settingsOf('t', { issuer, hooks: {}, [option]: Symbol('wrong') } as never, [])).toThrow(`option ${option}`)
    const settings = settingsOf('t', { issuer, hooks: {} }, [])
    const defaults = Object.fromEntries(
      [...section('Options').matchAll(/^\| `(\w+)` \| `([^`]+)` \|/gm)].map(([, name, value]) => [name as string, value as string]),
    )
    for (const [name, value] of Object.entries(defaults)) {
      if (name === 'replayStore') continue
      expect([name, settings[name as keyof typeof settings]]).toEqual([name, new Function(`return (${value})`)()])
    }
    expect(Object.keys(defaults)).toHaveLength(10)
  })

  it('lists every hook', () => {
    const listed = [...section('Hooks').matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name)
    expect(listed).toEqual([
      'findClient',
      'findIssuer',
      'authorizeGrant',
      'mintToken',
      'verifyClientSecret',
      'getClientCertificate',
      'onEvent',
    ])
    for (const hook of listed)
      expect(() => settingsOf('t', { issuer, hooks: { [hook as string]: 1 } } as never, [])).toThrow(`option hooks.${hook} is a function`)
  })

  it('lists every member of a TrustedIssuer', async () => {
    const { issuerMembers } = await import('../lib/registration-checks.js')
    const listed = [...section('Hooks').matchAll(/^\| ((?:`\w+`(?:, | or )?)+) \|/gm)].flatMap(([, cell]) => names(cell as string))
    expect(listed.sort()).toEqual([...issuerMembers].sort())
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
      'currentClient',
      'auditLog',
      'metrics',
    ]) {
      expect(readme).toContain(name)
      expect(exported).toContain(name)
    }
  })
})
