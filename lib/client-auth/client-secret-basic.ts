import { isUtf8 } from 'node:buffer'
import { refusal } from '../errors.js'
import { decodeComponent } from '../form.js'
import { findClient } from './find-client.js'
import type { ClientAuthMechanism } from './method.js'
import { assertSecret } from './secret.js'

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** `client_secret_basic` (RFC 6749 §2.3.1): identifier and secret, form-encoded, in HTTP Basic. */
export const clientSecretBasic: ClientAuthMechanism = {
  isPresent: ({ authorization }) => authorization !== undefined,

  async authenticate(context) {
    const { authorization = '', parameters } = context.request
    const { decoded, raw } = parseBasic(authorization)
    let client_id = decoded.id
    let client = await findClient(context, client_id)
    if (!client && raw.id !== decoded.id) {
      const other = await findClient(context, raw.id)
      if (other) [client, client_id] = [other, raw.id]
    }
    if (parameters.client_id !== undefined && parameters.client_id !== client_id) throw refusal('client_id_mismatch')
    const secrets =
      decoded.secret === undefined ? [raw.secret] : decoded.secret === raw.secret ? [raw.secret] : [decoded.secret, raw.secret]
    return {
      level: 'authenticated',
      method: 'client_secret_basic',
      client_id,
      client: await assertSecret(context, client, 'client_secret_basic', secrets),
    }
  },
}

/**
 * Reads the header. Many clients send identifier and secret without form-encoding them first: that `raw` spelling comes back beside
 * the `decoded` one, whose secret is `undefined` where it cannot be decoded.
 * @throws OAuthError `unsupported_auth_scheme`, `malformed_authorization`
 */
export function parseBasic(authorization: string): {
  raw: { id: string; secret: string }
  decoded: { id: string; secret: string | undefined }
} {
  const [scheme = '', credentials = '', ...rest] = authorization.split(' ')
  if (scheme.toLowerCase() !== 'basic') throw refusal('unsupported_auth_scheme')
  if (credentials === '' || rest.length > 0 || !base64.test(credentials)) throw refusal('malformed_authorization')
  const bytes = Buffer.from(credentials, 'base64')
  const pair = bytes.toString('utf8')
  const colon = pair.indexOf(':')
  if (!isUtf8(bytes) || colon < 0) throw refusal('malformed_authorization')
  const raw = { id: pair.slice(0, colon), secret: pair.slice(colon + 1) }
  const id = decodeOr(raw.id)
  if (id === undefined) throw refusal('malformed_authorization')
  return { raw, decoded: { id, secret: decodeOr(raw.secret) } }
}

function decodeOr(text: string): string | undefined {
  try {
    return decodeComponent(text)
  } catch {
    return undefined
  }
}
