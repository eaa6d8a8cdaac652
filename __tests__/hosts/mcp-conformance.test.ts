/**
 * The conformance suite of the Model Context Protocol: its part for authorization servers against the demo; and its scenarios for the grants that are
 * served here, with one client that passes them and gets tokens of the demo. `npm run hosts` installs the suite. It needs Node.js 22.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { exportPKCS8 } from 'jose'
import { signIdToken } from '../../demo-server/enterprise.js'
import type { DemoClient } from '../../demo-server/registry.js'
import { startServer } from '../../demo-server/server.js'
import { signGrant } from '../../demo-server/sign-grant.js'
import type { Options } from '../../lib/index.js'
import { describeWith } from '../support/describe-with.js'
import { freePort } from '../support/free-port.js'

const folder = fileURLToPath(new URL('../../../__tests__/hosts/mcp-conformance/', import.meta.url))
const suite = join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
const node22 = fileURLToPath(new URL('../../../scripts/nodes/node_modules/node22/bin/node', import.meta.url))
const node = Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : node22
const need = existsSync(suite) && existsSync(node) ? {} : { missing: 'no MCP conformance suite: npm run hosts' }
const expectedFailures: Record<string, string> = JSON.parse(readFileSync(join(folder, 'expected-failures.json'), 'utf8'))

/** Runs a program: what it printed, and its code. */
async function run(words: string[], env: Record<string, string> = {}, onText: (text: string) => void = () => {}) {
  const child = spawn(node, words, { cwd: folder, env: { ...process.env, NODE_OPTIONS: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      onText(text)
    })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, printed }
}

interface Check {
  id: string
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED'
  errorMessage?: string
}

/** The checks of the part for authorization servers. The user approves at once. */
async function checkServer(changes: Partial<Options> = {}): Promise<Record<string, Check[]>> {
  const [port, output] = [await freePort(), mkdtempSync(join(tmpdir(), 'conformance-'))]
  const client: DemoClient = {
    client_id: 'conformance',
    client_secret: 'the-secret-of-the-conformance-suite',
    redirect_uris: [`http://127.0.0.1:${port}/callback`],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'read',
  }
  const { registry, close } = await startServer(0, undefined, { more: { client }, changes })
  const options = {
    url: registry.issuer,
    'client-id': client.client_id,
    'client-secret': String(client.client_secret),
    resource: registry.mcp,
    port: String(port),
  }
  const words = Object.entries({ ...options, 'output-dir': output }).flatMap(([name, value]) => [`--${name}`, value])
  try {
    await run([suite, 'authorization', ...words], {}, (text) => {
      const page = /http:\/\/\S+\/authorize\?\S+/.exec(text)?.[0]
      if (page) setTimeout(() => void fetch(page).catch(() => {}), 300) // its callback server starts after it has printed the address
    })
    const scenarioOf = (name: string) => name.replace(/^authorization-server-(.*)-\d{4}-\d\d-\d\dT.*$/, '$1')
    return Object.fromEntries(
      readdirSync(output).map((name) => [scenarioOf(name), JSON.parse(readFileSync(join(output, name, 'checks.json'), 'utf8')) as Check[]]),
    )
  } finally {
    rmSync(output, { recursive: true, force: true })
    await close()
  }
}
const failed = (checks: Record<string, Check[]>) =>
  Object.entries(checks).flatMap(([scenario, list]) => (list.some(({ status }) => status === 'FAILURE') ? [scenario] : []))

describeWith(need, 'the MCP conformance suite', () => {
  describe('its part for authorization servers', () => {
    it('fails at the demo only as expected', async () => {
      const checks = await checkServer()
      expect(Object.keys(checks).sort()).toEqual(['authorization-code-grant', 'authorization-server-metadata-endpoint'])
      expect(failed(checks)).toEqual(Object.keys(expectedFailures))
    }, 60_000)

    it('fails nowhere at a demo without public clients', async () => {
      const checks = await checkServer({ clientAuthMethods: ['private_key_jwt', 'client_secret_basic'] })
      expect(failed(checks)).toEqual([])
      expect(checks['authorization-code-grant']?.map(({ status }) => status)).toEqual(['SUCCESS'])
    }, 60_000)
  })

  const client = join(folder, 'client.mjs')
  type Registry = Awaited<ReturnType<typeof startServer>>['registry']
  const scenarios: [rows: string, name: string, context: (registry: Registry) => Promise<object>, says: string][] = [
    [
      'MC-03',
      'auth/client-credentials-jwt',
      async ({ keys }) => ({
        client_id: 'billing',
        private_key_pem: await exportPKCS8(keys.billing.privateKey),
        signing_algorithm: 'ES256',
      }),
      'billing (read)',
    ],
    [
      'MC-01 EM-01',
      'auth/enterprise-managed-authorization',
      async (registry) => ({
        client_id: 'agent',
        client_secret: registry.findClient('agent')?.client_secret,
        idp_client_id: registry.agentAtIdp.client_id,
        idp_client_secret: registry.agentAtIdp.client_secret,
        idp_id_token: await signIdToken(registry, 'alice@enterprise.example'),
        idp_token_endpoint: `${registry.enterprise}/token`,
      }),
      'Alice Example (read)',
    ],
    [
      'WI-01',
      'auth/wif-jwt-bearer',
      async ({ keys, kiosk, issuer }) => ({ valid_jwt: await signGrant(keys.kiosk, { iss: kiosk, sub: 'visitor', aud: issuer }) }),
      'Visitor (read)',
    ],
  ]

  describe.each(scenarios)('%s the scenario %s', (_rows, name, context, says) => {
    it('passes with the client of this test', async () => {
      const { code, printed } = await run([suite, 'client', '--command', `${node} ${client}`, '--scenario', name, '--timeout', '20000'])
      expect([code, printed]).toEqual([0, expect.stringContaining('OVERALL: PASSED')])
    }, 60_000)

    it('and the same client gets a token of the demo, for the MCP server', async () => {
      const { registry, close } = await startServer(0)
      const env = { MCP_CONFORMANCE_SCENARIO: name, MCP_CONFORMANCE_CONTEXT: JSON.stringify(await context(registry)) }
      const { code, printed } = await run([client, registry.mcp], env)
      await close()
      expect([code, printed.trim()]).toEqual([0, says])
    }, 60_000)
  })
})
