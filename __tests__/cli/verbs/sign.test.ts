import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { startServer } from '../../../demo-server/server.js'
import { parseCurl } from '../../../lib/cli/curl.js'
import { JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT } from '../../../lib/index.js'
import { tokenRequest } from '../../../lib/testing/index.js'
import { cli, temporaryFolder } from '../../support/cli.js'
import { ec, pairOfEachAlgorithm } from '../../support/keys.js'

const folder = temporaryFolder()
const { privateKey, publicKey, jwk } = ec('mine')
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const key = folder.write('private.pem', pem)
const server = 'https://as.example.com'
const client = ['sign', 'client', '--key', key, '--client-id', 'reports', '--audience', server]
const grant = ['sign', 'grant', '--key', key, '--issuer', 'https://idp.example.org', '--audience', server]
const jwtOf = async (words: string[]) => (await cli(words)).out.trim()

describe('sign client', () => {
  it('prints a client assertion that the key verifies, for a minute, under the thumbprint of the key', async () => {
    const jwt = await jwtOf(client)
    const { payload, protectedHeader } = await jwtVerify(jwt, publicKey, { audience: server, issuer: 'reports', subject: 'reports' })
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: await calculateJwkThumbprint(jwk as never) })
    expect((payload.exp as number) - (payload.iat as number)).toBe(60)
    expect(payload.jti).not.toBe(decodeJwt(await jwtOf(client)).jti)
  })

  it('takes claims as JSON, leaves claims out, and takes kid, typ and lifetime', async () => {
    const claims = ['--claim', 'roles=["admin"]', '--claim', 'jti="once"', '--without', 'iat', '--lifetime', '300']
    const jwt = await jwtOf([...client, ...claims, '--kid', '7', '--typ', 'JWT'])
    expect(decodeJwt(jwt)).toEqual({ iss: 'reports', sub: 'reports', aud: server, roles: ['admin'], jti: 'once', exp: expect.any(Number) })
    expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'ES256', kid: '7', typ: 'JWT' })
  })

  it('prints all parts with --json', async () => {
    const { json } = await cli([...client, '--json'])
    const { jwt, header, claims, parameters } = json()
    expect([header, claims]).toEqual([decodeProtectedHeader(jwt), decodeJwt(jwt)])
    expect(parameters).toEqual({
      grant_type: 'client_credentials',
      client_assertion_type: JWT_BEARER_CLIENT_ASSERTION,
      client_assertion: jwt,
    })
  })

  it('prints the curl line of the whole request', async () => {
    const more = ['--curl', '--token-endpoint', `${server}/token`, '--scope', 'a b', '--grant-type', 'refresh_token']
    const { form, url } = parseCurl((await cli([...client, ...more])).out)
    expect(url).toBe(`${server}/token`)
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'refresh_token',
      client_assertion_type: JWT_BEARER_CLIENT_ASSERTION,
      client_assertion: expect.stringMatching(/^ey/),
      scope: 'a b',
    })
  })
})

describe('sign grant', () => {
  it('prints a grant', async () => {
    const iss = 'https://idp.example.org'
    expect(decodeJwt(await jwtOf([...grant, '--subject', 'ada']))).toMatchObject({ iss, sub: 'ada', aud: server })
    expect(decodeJwt(await jwtOf(grant))).not.toHaveProperty('sub')
  })

  it('prints a curl line with the assertion of the client that presents it', async () => {
    const clientKey = ec('client')
    const file = folder.write('client.jwk.json', { ...clientKey.privateKey.export({ format: 'jwk' }), kid: 'client' })
    const more = ['--client-id', 'reports', '--client-key', file, '--curl', '--token-endpoint', `${server}/token`]
    const { form } = parseCurl((await cli([...grant, ...more])).out)
    expect(form.get('grant_type')).toBe(JWT_BEARER_GRANT)
    const { payload, protectedHeader } = await jwtVerify(form.get('client_assertion') as string, clientKey.publicKey)
    expect([payload, protectedHeader]).toMatchObject([{ iss: 'reports', sub: 'reports', aud: server }, { kid: 'client' }])
    const { form: bare } = parseCurl((await cli([...grant, '--client-id', 'x', '--curl', '--token-endpoint', server])).out)
    expect(bare.get('client_id')).toBe('x')
  })

  it('prints a request that the demo answers with a token', async () => {
    const issuer = { issuer: 'https://idp.example.org', jwks: { keys: [jwk] }, subjects: ['ada'], client_authentication: 'none' as const }
    const demo = await startServer(0, undefined, { more: { issuer: { ...issuer, scope: 'read' } } })
    try {
      const url = demo.registry.issuer
      const words = [...grant.slice(0, -1), url, '--subject', 'ada', '--kid', 'mine', '--curl', '--token-endpoint', `${url}/token`]
      const { form } = parseCurl((await cli(words)).out)
      expect(await tokenRequest(`${url}/token`, form)).toMatchObject({ status: 200, body: { scope: 'read' } })
    } finally {
      await demo.close()
    }
  })
})

describe('the key', () => {
  const withKey = (source: string, ...more: string[]) => [
    'sign',
    'client',
    '--key',
    source,
    '--client-id',
    'a',
    '--audience',
    server,
    ...more,
  ]

  it.each(Object.entries(pairOfEachAlgorithm()))('signs with %s', async (alg, pair) => {
    const file = folder.write(`${alg}.pem`, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
    const { protectedHeader } = await jwtVerify(await jwtOf(withKey(file, '--alg', alg)), pair.publicKey)
    expect(protectedHeader.alg).toBe(alg)
  })

  it('comes from stdin or an environment variable too, and a JWK brings kid and alg', async () => {
    const jwkText = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'of-jwk', alg: 'ES256' })
    const fromStdin = await cli(withKey('-'), { stdin: jwkText })
    expect(decodeProtectedHeader(fromStdin.out.trim())).toEqual({ alg: 'ES256', kid: 'of-jwk' })
    const fromEnv = await cli(withKey('env:SIGNING_KEY'), { env: { SIGNING_KEY: pem } })
    await expect(jwtVerify(fromEnv.out.trim(), publicKey)).resolves.toBeDefined()
  })

  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const
  const encrypted = privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }) as string
  const otherCurve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export(pkcs8) as string
  it.each<[what: string, text: string, message: RegExp, ...flags: string[]]>([
    ['an encrypted PEM', encrypted, /encrypted; write it without a passphrase/],
    ['a public PEM', publicKey.export({ type: 'spki', format: 'pem' }) as string, /is a public key/],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /is a certificate/],
    ['a public JWK', JSON.stringify(jwk), /no member d/],
    ['a JWK Set', JSON.stringify({ keys: [jwk] }), /not a JWK Set/],
    ['broken JSON', '{"kty":', /is no JSON/],
    ['a JWK with nonsense', '{"kty":"EC","d":"secret-d"}', /members of this JWK/],
    ['nothing of a key', 'hello', /neither a PEM/],
    ['another curve', otherCurve, /must be EC \(P-256, P-384, P-521\), RSA or Ed25519/],
    ['an alg of another key', pem, /not for RS256. It is for ES256/, '--alg', 'RS256'],
  ])('is refused if it is %s, and nothing of it is shown', async (_, text, message, ...flags) => {
    const { code, err } = await cli(withKey('-', ...flags), { stdin: text })
    expect(code).toBe(2)
    expect(err).toMatch(message)
    for (const line of text.split('\n').filter((one) => one.length > 6 && !one.startsWith('---'))) expect(err).not.toContain(line)
    expect(err).not.toContain('secret-d')
  })

  it.each<[words: string[], message: RegExp]>([
    [withKey('/nowhere/key.pem'), /could not be read: ENOENT/],
    [withKey('env:NOWHERE'), /variable NOWHERE must be set/],
    [['sign', 'grant', '--key', '-', '--client-key', '-'], /Only one key can come from stdin/],
    [['sign', 'token'], /must be client or grant/],
    [[...client, '--claim', 'x'], /must be name=json/],
    [[...client, '--claim', 'x=text'], /must be JSON.*'"text"'/],
    [[...client, '--lifetime', 'long'], /--lifetime must be a whole number/],
    [[...client, '--curl'], /--token-endpoint must be given/],
    [['sign', 'grant', '--key', key, '--audience', server], /--issuer must be given/],
    [[...grant, '--client-key', key], /--client-id must be given/],
  ])('%j', async (words, message) => {
    const { code, err } = await cli(words)
    expect([code, err]).toEqual([2, expect.stringMatching(message)])
  })
})
