import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { compare, hashSync } from 'bcryptjs'
import { CLIENT_CREDENTIALS, type Client, type Hooks } from '../../lib/index.js'
import { anyExpress } from '../support/express.js'
import { now } from '../support/jwt.js'
import { basic, byJwt, challengeOf, clientAssertion, keys, startWorld, type World } from '../support/world.js'

interface Stored extends Client {
  secret_hash?: string
}

const secret = 'correct horse battery staple'
const base = { client_secret: secret, secret_hash: hashSync(secret, 4), grant_types: [CLIENT_CREDENTIALS], scope: 'read' }
const jwks = { keys: [keys.client.jwk] }

/** Clients by what is the matter with them. */
const stored: Record<string, Omit<Stored, 'client_id'>> = {
  'basic-client': base,
  'post-client': { ...base, token_endpoint_auth_method: 'client_secret_post' },
  'basic-disabled': { ...base, enabled: false },
  'post-disabled': { ...base, token_endpoint_auth_method: 'client_secret_post', enabled: false },
  'basic-expired': { ...base, client_secret_expires_at: now() - 1 },
  'post-expired': { ...base, token_endpoint_auth_method: 'client_secret_post', client_secret_expires_at: now() - 1 },
  'key-client': { grant_types: [CLIENT_CREDENTIALS], token_endpoint_auth_method: 'private_key_jwt', jwks },
  'key-disabled': { grant_types: [CLIENT_CREDENTIALS], token_endpoint_auth_method: 'private_key_jwt', jwks, enabled: false },
  'hmac-client': { ...base, client_secret: 'short', token_endpoint_auth_method: 'client_secret_jwt' },
  'mtls-client': { grant_types: [CLIENT_CREDENTIALS], token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=x' },
  'public-client': { grant_types: [CLIENT_CREDENTIALS], token_endpoint_auth_method: 'none' },
}
const withoutPlainSecret = ({ client_secret: _, ...rest }: Stored): Stored => rest

/** Hosts by how they store secrets. bcryptjs throws for a client that has no hash. */
const hosts: Record<string, Pick<Hooks, 'findClient' | 'verifyClientSecret'>> = {
  plain: { findClient: (id) => (Object.hasOwn(stored, id) ? { client_id: id, ...stored[id] } : undefined) },
  hashed: {
    findClient: (id) => (Object.hasOwn(stored, id) ? withoutPlainSecret({ client_id: id, ...stored[id] }) : undefined),
    verifyClientSecret: (client, sent) => compare(sent, (client as Stored).secret_hash as string),
  },
}

type Sent = [form: Record<string, string>, headers?: Record<string, string>]
type Row = [name: string, ...sent: Sent, reason: string]

const post = (client_id: string, client_secret = secret): Sent => [{ client_id, client_secret }, {}]
const header = (id: string, sent = secret): Sent => [{}, { authorization: basic(id, sent) }]
const jwt = (iss: string, over: Parameters<typeof clientAssertion>[1] = {}): Sent => [byJwt(clientAssertion({ iss }, over)), {}]

const inTheBody: Row[] = [
  ['an unknown client', ...post('nobody'), 'client_unknown'],
  ['a disabled client', ...post('post-disabled'), 'client_disabled'],
  ['a wrong secret', ...post('post-client', 'wrong'), 'client_secret_mismatch'],
  ['an expired secret', ...post('post-expired'), 'client_secret_expired'],
  ['a secret of a client_secret_basic client', ...post('basic-client'), 'auth_method_not_registered'],
  ['a secret of a private_key_jwt client', ...post('key-client'), 'auth_method_not_registered'],
  ['a secret of a disabled private_key_jwt client', ...post('key-disabled'), 'client_disabled'],
  ['a secret of a tls_client_auth client', ...post('mtls-client'), 'auth_method_not_registered'],
  ['a secret of a public client', ...post('public-client'), 'auth_method_not_registered'],
  ['a JWT of an unknown client', ...jwt('nobody'), 'client_unknown'],
  ['a JWT of a disabled client', ...jwt('key-disabled'), 'client_disabled'],
  ['a JWT of a client_secret_post client', ...jwt('post-client'), 'auth_method_not_registered'],
  ['a JWT with a wrong key', ...jwt('key-client', { key: keys.other, header: { kid: 'client-key' } }), 'signature_invalid'],
  ['a JWT with an unknown key', ...jwt('key-client', { key: keys.other }), 'key_not_found'],
  [
    'a JWT with a secret that is too short',
    ...jwt('hmac-client', { key: { ...keys.client, privateKey: 'short' as never }, alg: 'HS256' }),
    'client_secret_too_short',
  ],
  ['the name of an unknown client', { client_id: 'nobody' }, {}, 'client_unknown'],
  ['the name of a disabled client', { client_id: 'post-disabled' }, {}, 'client_disabled'],
  ['the name of a confidential client', { client_id: 'post-client' }, {}, 'auth_method_not_registered'],
  ['the name of a client without its certificate', { client_id: 'mtls-client' }, {}, 'mtls_cert_missing'],
]
const inTheHeader: Row[] = [
  ['an unknown client', ...header('nobody'), 'client_unknown'],
  ['a disabled client', ...header('basic-disabled'), 'client_disabled'],
  ['a wrong secret', ...header('basic-client', 'wrong'), 'client_secret_mismatch'],
  ['no secret', ...header('basic-client', ''), 'client_secret_mismatch'],
  ['an expired secret', ...header('basic-expired'), 'client_secret_expired'],
  ['a secret of a client_secret_post client', ...header('post-client'), 'auth_method_not_registered'],
  ['a secret of a private_key_jwt client', ...header('key-client'), 'auth_method_not_registered'],
  ['a secret of a disabled private_key_jwt client', ...header('key-disabled'), 'client_disabled'],
  ['a secret of a public client', ...header('public-client'), 'auth_method_not_registered'],
]

/** All that comes over the wire, but for the date and the identifier of the request. */
async function wire({ url }: World, form: Record<string, string>, headers: Record<string, string> = {}): Promise<string> {
  const { port, pathname } = new URL(url)
  const body = new URLSearchParams({ grant_type: CLIENT_CREDENTIALS, ...form }).toString()
  const lines = Object.entries({ ...headers, 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) })
  const socket = connect(Number(port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    answer += chunk
  })
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nhost: as.example.com\r\nconnection: close\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  )
  await once(socket, 'close')
  return answer.replace(/\r\nDate: [^\r]+/, '').replace(/\r\nX-Request-Id: [\w-]{36}(?=\r)/, '')
}

describe.each(anyExpress)('secrets on %s', (_, express) => {
  describe.each(Object.entries(hosts))('of a host that keeps them %s', (_storage, hooks) => {
    const world = startWorld(express, { hooks })

    it.each<[name: string, ...Sent]>([
      ['CA-05 client_secret_basic', ...header('basic-client')],
      ['CA-07 client_secret_post', ...post('post-client')],
    ])('accepts %s', async (_name, form, headers = {}) => {
      expect(await world.post({ grant_type: CLIENT_CREDENTIALS, ...form }, headers)).toMatchObject({ status: 200 })
    })

    describe.each<[where: string, rows: Row[]]>([
      ['in the body', inTheBody],
      ['in the header', inTheHeader],
    ])('T-40 answers byte by byte the same to a credential %s', (_where, rows) => {
      it.each(rows)('%s', async (_name, form, headers, reason) => {
        const [, ...first] = rows[0] as Row
        const answer = await wire(world, form, headers)
        expect(world.last()).toMatchObject({ outcome: 'refused', reason })
        expect(answer).toBe(await wire(world, first[0], first[1]))
        const [head = '', body = ''] = answer.split('\r\n\r\n')
        expect(head).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
        expect(head.split('\r\n')).toContain(`WWW-Authenticate: ${challengeOf(JSON.parse(body))}`)
        expect(JSON.parse(body)).toEqual({ error: 'invalid_client', error_description: 'Client authentication failed.' })
      })
    })
  })

  describe('verifyClientSecret', () => {
    it.each<[name: string, ...Sent, asked: (string | undefined)[]]>([
      ['a client that may use the method', ...post('post-client'), ['post-client']],
      ['a wrong secret', ...post('post-client', 'wrong'), ['post-client']],
      ['an unknown client', ...post('nobody'), [undefined]],
      ['a disabled client', ...post('post-disabled'), [undefined]],
      ['a client of another secret method', ...post('basic-client'), [undefined]],
      ['a client without a secret', ...post('key-client'), [undefined]],
      ['a public client', ...post('public-client'), [undefined]],
      ['a client of another method, in the header', ...header('key-client'), [undefined]],
    ])('T-40 CA-11 is asked about nobody but a client that may use the method: %s', async (_name, form, headers, asked) => {
      const seen: (string | undefined)[] = []
      const world = startWorld(express, {
        hooks: { ...hosts.hashed, verifyClientSecret: (client, sent) => seen.push(client?.client_id) > 0 && sent === secret },
      })
      await world.post({ grant_type: CLIENT_CREDENTIALS, ...form }, headers)
      expect(seen).toEqual(asked)
    })

    it.each<[name: string, verifyClientSecret: () => Promise<boolean>]>([
      ['says yes', async () => true],
      ['throws', () => Promise.reject(new TypeError('client is undefined'))],
      ['hangs', () => new Promise(() => {})],
    ])('T-40 T-57 where nobody has the secret, it is asked for its time alone: one that %s', async (_name, verifyClientSecret) => {
      const world = startWorld(express, { options: { hookTimeout: 0.05 }, hooks: { ...hosts.hashed, verifyClientSecret } })
      for (const [[form, headers], asked] of [
        [post('nobody'), 1],
        [post('key-client'), 2],
        [header('nobody', 'x'), 3],
        [header('nobody', 'a%41'), 5], // in two spellings
      ] as const) {
        expect((await world.post({ grant_type: CLIENT_CREDENTIALS, ...form }, headers)).status).toBe(401)
        expect(world.calls.verifyClientSecret).toBe(asked)
      }
    })

    it('is not asked where the method is not enabled', async () => {
      const world = startWorld(express, { hooks: hosts.hashed, options: { clientAuthMethods: ['private_key_jwt'] } })
      const [form] = post('post-client')
      expect(await world.post({ grant_type: CLIENT_CREDENTIALS, ...form })).toMatchObject({ status: 401 })
      expect(world.calls.verifyClientSecret).toBeUndefined()
    })

    it('T-57 that throws for a client it should know is a fault of the server', async () => {
      const world = startWorld(express, {
        hooks: { ...hosts.hashed, verifyClientSecret: () => Promise.reject(new Error(`no hash for ${secret}`)) },
      })
      const [form] = post('post-client')
      expect(await world.post({ grant_type: CLIENT_CREDENTIALS, ...form })).toMatchObject({ status: 500, body: { error: 'server_error' } })
      expect(JSON.stringify(world.events)).not.toContain(secret)
    })
  })
})
