import { describe, expect, it } from '@jest/globals'
import type { RequestHandler } from 'express'
import {
  CLIENT_CREDENTIALS,
  type Client,
  ConfigurationError,
  JWT_BEARER_GRANT,
  type Options,
  type TokenEndpointEvent,
  type TrustedIssuer,
} from '../../lib/index.js'
import { type Certificate, issueCertificate, jwkOf } from '../support/certificates.js'
import { withoutHandedOn } from '../support/events.js'
import { anyExpress } from '../support/express.js'
import { now } from '../support/jwt.js'
import { rsa } from '../support/keys.js'
import { basic, byJwt, clientAssertion, clientCredentials, grant, idp, issuer, keys, startWorld } from '../support/world.js'

const secret = 'a secret of sixty-four characters, which is enough for HS512 too'
const workloads = 'https://workloads.example.org'
const jwks = { keys: [keys.client.jwk] }
const certificates: Record<string, Certificate> = {
  right: await issueCertificate({ subject: 'CN=right' }),
  wrong: await issueCertificate({ subject: 'CN=wrong' }),
}

interface Sent {
  form?: Record<string, string>
  authorization?: string
  certificate?: 'right' | 'wrong'
}

interface Method {
  /** What the client registered. */
  client: Partial<Client>
  /** What another client registered, for whom the same credential is none. */
  elsewhere: Partial<Client>
  right(client_id: string): Sent
  wrong(client_id: string): Sent
  /** The client says who it is, without a credential. */
  absent(client_id: string): Sent
}

const named = (client_id: string): Sent => ({ form: { client_id } })
const inBody = (client_id: string, client_secret: string): Sent => ({ form: { client_id, client_secret } })
const hmac = (by: string) => ({ key: { ...keys.client, privateKey: by as never }, alg: 'HS256' })
const otherKey = { key: keys.other, header: { kid: keys.client.kid } }
const foreign = (client_id: string, over = {}): Sent => ({
  form: { client_id, ...byJwt(clientAssertion({ iss: workloads, sub: 'build-7' }, over)) },
})
const ownGrant = (iss: string, over = {}): Sent => ({ form: { assertion: grant({ iss }, { key: keys.client, ...over }) } })
const registeredFor = (token_endpoint_auth_method: string) => ({ token_endpoint_auth_method })

const methods = {
  private_key_jwt: {
    client: registeredFor('private_key_jwt'),
    elsewhere: registeredFor('client_secret_jwt'),
    right: (iss) => ({ form: byJwt(clientAssertion({ iss })) }),
    wrong: (iss) => ({ form: byJwt(clientAssertion({ iss }, otherKey)) }),
    absent: named,
  },
  client_secret_jwt: {
    client: registeredFor('client_secret_jwt'),
    elsewhere: registeredFor('private_key_jwt'),
    right: (iss) => ({ form: byJwt(clientAssertion({ iss }, hmac(secret))) }),
    wrong: (iss) => ({ form: byJwt(clientAssertion({ iss }, hmac(`${secret}!`))) }),
    absent: named,
  },
  tls_client_auth: {
    client: { ...registeredFor('tls_client_auth'), tls_client_auth_subject_dn: 'CN=right' },
    elsewhere: { ...registeredFor('private_key_jwt'), tls_client_auth_subject_dn: 'CN=right' },
    right: (client_id) => ({ ...named(client_id), certificate: 'right' }),
    wrong: (client_id) => ({ ...named(client_id), certificate: 'wrong' }),
    absent: named,
  },
  self_signed_tls_client_auth: {
    client: { ...registeredFor('self_signed_tls_client_auth'), jwks: { keys: [jwkOf(certificates.right!)] } },
    elsewhere: { ...registeredFor('private_key_jwt'), jwks: { keys: [jwkOf(certificates.right!)] } },
    right: (client_id) => ({ ...named(client_id), certificate: 'right' }),
    wrong: (client_id) => ({ ...named(client_id), certificate: 'wrong' }),
    absent: named,
  },
  client_secret_basic: {
    client: {}, // the default of RFC 7591
    elsewhere: registeredFor('client_secret_post'),
    right: (client_id) => ({ authorization: basic(client_id, secret) }),
    wrong: (client_id) => ({ authorization: basic(client_id, 'wrong') }),
    absent: named,
  },
  client_secret_post: {
    client: registeredFor('client_secret_post'),
    elsewhere: registeredFor('client_secret_basic'),
    right: (client_id) => inBody(client_id, secret),
    wrong: (client_id) => inBody(client_id, 'wrong'),
    absent: named,
  },
  none: {
    client: registeredFor('none'),
    elsewhere: registeredFor('client_secret_basic'),
    right: named,
    wrong: () => named('nobody'),
    absent: () => ({}),
  },
  federated_jwt: {
    client: { federated_credentials: [{ issuer: workloads, subject: 'build-7', jwks }] },
    elsewhere: { federated_credentials: [{ issuer: workloads, subject: 'build-8', jwks }] },
    right: (client_id) => foreign(client_id),
    wrong: (client_id) => foreign(client_id, otherKey),
    absent: named,
  },
  jwt_bearer_grant: {
    client: registeredFor('private_key_jwt'),
    elsewhere: registeredFor('none'),
    right: (client_id) => ownGrant(client_id),
    wrong: (client_id) => ownGrant(client_id, otherKey),
    absent: named,
  },
} satisfies Record<string, Method>
type Name = keyof typeof methods

/** A client for each method, and one that is registered elsewhere. */
const clients = new Map<string, Client>()
for (const [name, { client, elsewhere }] of Object.entries(methods) as [Name, Method][])
  for (const [client_id, over] of [
    [name, client],
    [`${name}.elsewhere`, elsewhere],
  ] as const)
    clients.set(client_id, {
      client_id,
      grant_types: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS, 'authorization_code'],
      scope: 'read',
      client_secret: secret,
      jwks,
      ...over,
    })

const situations = {
  right: (name, method) => method.right(name),
  wrong: (name, method) => method.wrong(name),
  absent: (name, method) => method.absent(name),
  'two at once': (name, method) => {
    const sent = method.right(name)
    const second = sent.authorization ? inBody(name, secret) : { authorization: basic(name, secret) }
    return { ...sent, ...second }
  },
  'registered for another method': (name, method) => method.right(`${name}.elsewhere`),
} satisfies Record<string, (name: string, method: Method) => Sent>
type Situation = keyof typeof situations

/** `status error reason`; `200`; or that the host's handler answered, knowing the client by this method, or with nothing touched. */
type Answer = `${number} ${string} ${string}` | '200' | `host, by ${Name}` | 'host'
type Answers = readonly [jwtBearer: Answer, clientCredentials: Answer | undefined, authorizationCode: Answer | undefined]

const all = (answer: Answer): Answers => [answer, answer, answer]
/** A secret, a certificate, a bare name on a grant of the host's are the host's business. */
const ours = (answer: Answer): Answers => [answer, answer, 'host']
const grantOnly = (answer: Answer): Answers => [answer, undefined, undefined]
const notRegistered = '401 invalid_client auth_method_not_registered'
const twoWithJwt = '401 invalid_client multiple_client_auth_assertion'
const two = '400 invalid_request multiple_client_auth'

const expected: Record<Name, Record<Situation, Answers>> = {
  private_key_jwt: {
    right: ['200', '200', 'host, by private_key_jwt'],
    wrong: all('401 invalid_client signature_invalid'),
    absent: ours(notRegistered),
    'two at once': all(twoWithJwt),
    'registered for another method': all(notRegistered),
  },
  client_secret_jwt: {
    right: ['200', '200', 'host, by client_secret_jwt'],
    wrong: all('401 invalid_client signature_invalid'),
    absent: ours(notRegistered),
    'two at once': all(twoWithJwt),
    'registered for another method': all(notRegistered),
  },
  tls_client_auth: {
    right: ours('200'),
    wrong: ours('401 invalid_client mtls_mismatch'),
    absent: ours('401 invalid_client mtls_cert_missing'),
    'two at once': ours(notRegistered), // MT-07: a certificate alone is no mechanism, so the secret is the one that counts
    'registered for another method': ours(notRegistered),
  },
  self_signed_tls_client_auth: {
    right: ours('200'),
    wrong: ours('401 invalid_client mtls_mismatch'),
    absent: ours('401 invalid_client mtls_cert_missing'),
    'two at once': ours(notRegistered),
    'registered for another method': ours(notRegistered),
  },
  client_secret_basic: {
    right: ours('200'),
    wrong: ours('401 invalid_client client_secret_mismatch'),
    absent: ours(notRegistered),
    'two at once': ours(two),
    'registered for another method': ours(notRegistered),
  },
  client_secret_post: {
    right: ours('200'),
    wrong: ours('401 invalid_client client_secret_mismatch'),
    absent: ours(notRegistered),
    'two at once': ours(two),
    'registered for another method': ours(notRegistered),
  },
  none: {
    right: ['200', '400 unauthorized_client public_client_not_allowed', 'host'],
    wrong: ours('401 invalid_client client_unknown'),
    absent: ours('401 invalid_client client_auth_missing'),
    'two at once': ours(notRegistered), // T-40: a public client that sends a secret
    'registered for another method': ours(notRegistered), // CA-02
  },
  federated_jwt: {
    right: ['200', '200', 'host, by federated_jwt'],
    wrong: all('401 invalid_client signature_invalid'),
    absent: ours(notRegistered),
    'two at once': all(twoWithJwt),
    'registered for another method': all('401 invalid_client client_identity_mismatch'),
  },
  jwt_bearer_grant: {
    right: grantOnly('200'),
    wrong: grantOnly('400 invalid_grant signature_invalid'),
    absent: grantOnly(notRegistered),
    'two at once': grantOnly(notRegistered),
    'registered for another method': grantOnly('400 unauthorized_client implicit_auth_not_allowed'),
  },
}

const grants = {
  'jwt-bearer': () => ({ grant_type: JWT_BEARER_GRANT, assertion: grant() }),
  client_credentials: () => ({ grant_type: CLIENT_CREDENTIALS }),
  authorization_code: () => ({ grant_type: 'authorization_code', code: 'the-code', code_verifier: 'v' }),
} satisfies Record<string, () => Record<string, string>>
type Grant = keyof typeof grants

type Row = [method: Name, situation: Situation, grant: Grant, answer: Answer]
const rows = (Object.keys(methods) as Name[]).flatMap((name) =>
  (Object.keys(situations) as Situation[]).flatMap((situation) =>
    (Object.keys(grants) as Grant[]).flatMap((type, column): Row[] => {
      const answer = expected[name][situation][column]
      return answer === undefined ? [] : [[name, situation, type, answer]]
    }),
  ),
)

const request = ({ form = {}, authorization, certificate }: Sent, grantForm: Record<string, string>) => ({
  form: { ...grantForm, ...form },
  headers: { ...(authorization && { authorization }), ...(certificate && { 'x-from-the-proxy': certificate }) },
})

const findIssuer = (iss: string): TrustedIssuer | undefined => {
  if (iss === idp)
    return { issuer: idp, jwks: { keys: [keys.idp.jwk] }, clients: 'any', client_authentication: 'identified', scope: 'read' }
  return clients.has(iss) ? { issuer: iss, client_id: iss, jwks, scope: 'read' } : undefined
}
const hooks = {
  findClient: (id: string) => clients.get(id),
  findIssuer,
  getClientCertificate: ({ headers }: { headers: Record<string, unknown> }) => {
    const found = certificates[String(headers['x-from-the-proxy'])]
    return found && { certificate: found.x509, verified: true }
  },
}

describe.each(anyExpress)('CA-01 CA-02 CA-03 CA-08 CA-09 MT-02 OC-04 T-38 T-42 every method, grant and situation on %s', (_, express) => {
  const world = startWorld(express, {
    options: { fallthrough: true, grantTypes: [JWT_BEARER_GRANT, CLIENT_CREDENTIALS] },
    hooks,
    after: [
      express.urlencoded({ extended: true }) as RequestHandler,
      (req, res) => void res.json({ by: req.tokenState?.client?.method, body: req.body, to: req.headers.authorization }),
    ],
  })

  /** Without the requests with a secret that the host answers: their events only say who still uses one. */
  const judged = () => withoutHandedOn(world.events)

  it('has every combination', () => {
    expect(rows).toHaveLength(8 * 5 * 3 + 5)
  })

  it.each(rows)('%s, %s, for %s: %s', async (name, situation, type, answer) => {
    const { form, headers } = request(situations[situation](name, methods[name]), grants[type]())
    const before = judged().length
    const { status, body } = await world.post(form, headers)

    if (answer === 'host') {
      expect({ status, body }).toEqual({
        status: 200,
        body: { body: form, ...('authorization' in headers && { to: headers.authorization }) },
      })
      expect(judged()).toHaveLength(before)
      return
    }
    while (judged().length === before) await new Promise(setImmediate)
    const event = judged().at(-1) as TokenEndpointEvent
    if (answer === '200') {
      expect({ status, body }).toMatchObject({ status: 200, body: { scope: 'read' } })
      expect(event).toMatchObject({ outcome: 'issued', client_id: name, client_auth_method: name })
    } else if (answer.startsWith('host, by ')) {
      expect({ status, body }).toMatchObject({ status: 200, body: { by: name, body: form } })
      expect(event).toMatchObject({ outcome: 'handed_on', client_id: name, client_auth_method: name })
    } else {
      expect(`${status} ${body.error} ${event.reason}`).toBe(answer)
      expect(event).toMatchObject({ outcome: 'refused', status, error: body.error })
    }
  })
})

describe.each(anyExpress)('a host of the FAPI 2.0 profile on %s', (_, express) => {
  const options: Partial<Options> = {
    clientAuthMethods: ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'],
    algorithms: ['PS256', 'ES256', 'EdDSA'],
  }
  const world = startWorld(express, { options, hooks })
  const rsaKey = rsa('fapi-rsa')

  it.each<[method: Name, answer: string]>([
    ['private_key_jwt', '200'],
    ['tls_client_auth', '200'],
    ['self_signed_tls_client_auth', '200'],
    ['client_secret_jwt', '401 invalid_client alg_not_allowed'],
    ['client_secret_basic', '401 invalid_client auth_method_not_enabled'],
    ['client_secret_post', '401 invalid_client auth_method_not_enabled'],
    ['none', '401 invalid_client auth_method_not_enabled'],
  ])('FA-03 %s: %s', async (name, answer) => {
    const { form, headers } = request(methods[name].right(name), grants.client_credentials())
    const { status, body } = await world.post(form, headers)
    expect(status === 200 ? '200' : `${status} ${body.error} ${world.last().reason}`).toBe(answer)
  })

  it.each<[alg: string, status: number]>([
    ['PS256', 200],
    ['RS256', 401],
    ['PS384', 401],
  ])('FA-04 an assertion signed with %s: %i', async (alg, status) => {
    const { alg: _alg, ...jwk } = rsaKey.jwk
    const world = startWorld(express, { options, hooks: { findClient: (id) => ({ ...clients.get(id)!, jwks: { keys: [jwk] } }) } })
    const assertion = clientAssertion({ iss: 'private_key_jwt' }, { key: rsaKey, alg })
    expect((await world.post(clientCredentials(byJwt(assertion)))).status).toBe(status)
    if (status !== 200) expect(world.last().reason).toBe('alg_not_allowed')
  })

  it.each<[name: string, claims: Record<string, unknown>, answer: string]>([
    ['FA-01 this issuer as a string', { aud: issuer }, '200'],
    ['FA-01 this issuer among others', { aud: [issuer, 'https://other.example'] }, '401 aud_mismatch'],
    ['FA-02 an iat 9 s ahead', { iat: now() + 9 }, '200'],
    ['FA-02 an nbf 9 s ahead', { nbf: now() + 9 }, '200'],
    ['FA-02 an iat 61 s ahead', { iat: now() + 61, exp: now() + 120 }, '401 iat_future'],
    ['FA-02 an nbf 61 s ahead', { nbf: now() + 61, exp: now() + 120 }, '401 not_yet_valid'],
  ])('%s: %s', async (_name, claims, answer) => {
    const { status } = await world.post(clientCredentials(byJwt(clientAssertion({ iss: 'private_key_jwt', ...claims }))))
    expect([status, world.last().reason].filter(Boolean).join(' ')).toBe(answer)
  })

  it('FA-02 has no clock tolerance above a minute', () => {
    expect(() => startWorld(express, { options: { ...options, clockTolerance: 61 } })).toThrow(ConfigurationError)
  })
})
