import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { checkOptionsOf, must, secret, tableOf } from '../host/checks.js'
import { ConfigurationError } from '../host/errors.js'
import type { Middleware } from '../pipeline/step.js'
import type { Request } from '../pipeline/transaction.js'
import { isEqual } from './constant-time.js'

/** What {@link internalClientSecrets} returns. The three functions work without `this`. */
export interface InternalClientSecrets {
  /**
   * A middleware for the route of the old handler: behind the suite and your body parser, in front of the old handler. If the suite has
   * authenticated the client by anything but a secret of the request, it writes `client_id` and the internal `client_secret` into
   * `req.body`, as `client_secret_post` has them (RFC 6749 §2.3.1), and removes `client_assertion` and `client_assertion_type`: a request
   * has one method (RFC 6749 §2.3). Every other request is unchanged, also on routes without the suite. Passes a `ConfigurationError` to
   * `next` if the client is authenticated and no parser has put a form into `req.body`.
   */
  fillIn: Middleware
  /** The internal secret of a client: 43 characters of base64url. Never tell or log it: whoever knows it is this client to the old handler. */
  secretOf(client_id: string): string
  /** Whether `secret` is the internal secret of the client; `false` for anything that is no string. Compares in constant time. */
  isSecretOf(client_id: unknown, secret: unknown): boolean
}

/**
 * Internal secrets for clients that authenticate by key, in front of a token handler that knows secrets only. The old handler must demand
 * this secret of each such client: many old servers take a client without a secret for a public client, and its bare `client_id` for enough.
 *
 * The internal secret is the HMAC-SHA-256 of the `client_id` under `key`. Nobody is told it: `fillIn` writes it into a request after the
 * suite has authenticated the client.
 *
 * @param options.key a string or Uint8Array of at least 32 bytes, used for nothing else. Set it if the old server's database stores these
 *   secrets, so that they outlive the process.
 * @default key: 32 random bytes of this process
 * @throws ConfigurationError if an option is wrong; the message does not show the key
 * @example const { fillIn, isSecretOf } = internalClientSecrets()
 *   app.post('/token', ...tokenEndpoint(options), express.urlencoded({ extended: false }), fillIn, oldTokenHandler)
 */
export function internalClientSecrets(options: { key?: string | Uint8Array } = {}): InternalClientSecrets {
  const key = keyOf(options)
  const secretOf = (client_id: string) => createHmac('sha256', key).update(client_id).digest('base64url')
  return {
    secretOf,
    isSecretOf: (client_id, secret) => typeof client_id === 'string' && typeof secret === 'string' && isEqual(secretOf(client_id), secret),
    fillIn(req: Request, _res, next) {
      const client_id = provenWithoutSecret(req)
      if (client_id === undefined) return next()
      const { body } = req
      if (!isForm(body)) return next(new ConfigurationError(noForm))
      delete body.client_assertion
      delete body.client_assertion_type
      Object.assign(body, { client_id, client_secret: secretOf(client_id) })
      next()
    },
  }
}

const leastBytes = 32
const bytesOf = (key: string | Uint8Array) => (typeof key === 'string' ? Buffer.from(key) : key)

const optionChecks = tableOf({
  key: secret(
    must(`a string or Uint8Array of at least ${leastBytes} bytes`, (key) => {
      const bytes = bytesOf(key as string | Uint8Array)
      return bytes instanceof Uint8Array && bytes.length >= leastBytes
    }),
  ),
})

function keyOf(options: { key?: string | Uint8Array }): KeyObject {
  checkOptionsOf('internalClientSecrets', optionChecks, options)
  return createSecretKey(bytesOf(options.key ?? randomBytes(leastBytes)))
}

/** The client that the suite has authenticated, unless the request itself carries the secret that proved it. */
function provenWithoutSecret({ tokenState }: Request): string | undefined {
  const client = tokenState?.client
  if (client?.level !== 'authenticated') return undefined
  return client.method === 'client_secret_basic' || client.method === 'client_secret_post' ? undefined : client.client_id
}

/** Whether a parser has read the form: each request that the suite authenticates has a `grant_type`. */
const isForm = (body: unknown): body is Record<string, unknown> =>
  typeof body === 'object' && body !== null && typeof (body as Record<string, unknown>).grant_type === 'string'

const noForm =
  'fillIn needs the form of the request in req.body: mount express.urlencoded({ extended: false }) between the suite and fillIn.'
