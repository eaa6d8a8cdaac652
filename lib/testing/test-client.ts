import { randomBytes } from 'node:crypto'
import type { Client } from '../host/client.js'
import type { AlgorithmName } from '../host/jwk.js'
import type { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT } from '../host/options.js'
import { type JwtOverrides, makeSigner, type TestSigner } from './signer.js'

/** Options of {@link testClient}. */
export interface TestClientOptions {
  /** Its identifier. @default 'test-client' */
  client_id?: string
  /** The `aud` of its client assertions: the issuer identifier of your server. @default 'https://as.example.com' */
  audience?: string
  /** How it authenticates: by a key pair, or by an HMAC with its secret. @default 'private_key_jwt' */
  method?: 'private_key_jwt' | 'client_secret_jwt'
  /** The `alg` of its client assertions. @default method === 'client_secret_jwt' ? 'HS256' : 'ES256' */
  alg?: AlgorithmName | 'HS256' | 'HS384' | 'HS512'
  /** Claims of every client assertion, in addition to those it always has. */
  claims?: Record<string, unknown>
  /** Members of the registration to change or add. */
  registration?: Partial<Client>
}

/** The two form parameters of a client assertion (RFC 7521 §4.2). */
export interface ClientAuthenticationParameters {
  client_assertion_type: typeof JWT_BEARER_CLIENT_ASSERTION
  client_assertion: string
}

/** A client for tests. */
export interface TestClient extends TestSigner {
  /** Its identifier: `iss` and `sub` of its client assertions. */
  readonly client_id: string
  /** What `findClient` returns. It may use both grant types. */
  readonly registration: Client
  /** A client assertion that your server accepts, except for what `overrides` changes. It is valid for a minute. */
  signClientAssertion(overrides?: JwtOverrides): string
  /** The form parameters that authenticate the client, with a new client assertion. */
  clientAuthentication(overrides?: JwtOverrides): ClientAuthenticationParameters
}

const grant_types: readonly [typeof JWT_BEARER_GRANT, typeof CLIENT_CREDENTIALS] = [
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'client_credentials',
]
const client_assertion_type: typeof JWT_BEARER_CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * Makes a client with a new key or secret.
 * @example const client = testClient()
 *   const findClient = (client_id) => (client_id === client.client_id ? client.registration : undefined)
 *   const form = { grant_type: 'client_credentials', ...client.clientAuthentication() }
 */
export function testClient(options: TestClientOptions = {}): TestClient {
  const { client_id = 'test-client', audience = 'https://as.example.com', method = 'private_key_jwt', claims = {} } = options
  const bySecret = method === 'client_secret_jwt'
  const alg = options.alg ?? (bySecret ? 'HS256' : 'ES256')
  if (alg.startsWith('HS') !== bySecret) throw new TypeError(`testClient: alg must fit ${method}, not ${JSON.stringify(alg)}.`)
  const client_secret = options.registration?.client_secret ?? randomBytes(64).toString('base64url') // long enough for HS512
  const signer = makeSigner({ alg, audience, secret: bySecret ? client_secret : undefined })
  const signClientAssertion = (overrides?: JwtOverrides) => signer.sign({ iss: client_id, sub: client_id, ...claims }, overrides)
  return {
    alg,
    kid: signer.kid,
    audience,
    get strangerJwk() {
      return signer.strangerJwk
    },
    client_id,
    registration: {
      client_id,
      token_endpoint_auth_method: method,
      token_endpoint_auth_signing_alg: alg,
      ...(bySecret ? { client_secret } : { jwks: { keys: [signer.jwk] } }),
      grant_types,
      ...options.registration,
    },
    signClientAssertion,
    clientAuthentication: (overrides) => ({ client_assertion_type, client_assertion: signClientAssertion(overrides) }),
  }
}
