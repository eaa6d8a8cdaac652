import { isUtf8 } from 'node:buffer'
import { refusal } from '../host/errors.js'
import { decodeComponent } from '../rules/form-encoding.js'
import type { ClientAuthContext, ClientAuthMechanism } from './mechanism.js'
import { assertSecret } from './secret.js'

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

const schemes = ['Bearer', 'DPoP', 'Digest', 'Negotiate', 'NTLM', 'OAuth']
/** A scheme by its name. Anything else may be a credential that was sent without a scheme. */
const knownScheme = (scheme: string) => schemes.find((known) => known.toLowerCase() === scheme.toLowerCase()) ?? 'none that is known'

const basicForm = 'Basic and the base64 of client_id:client_secret, both form-encoded'

/** `client_secret_basic` (RFC 6749 §2.3.1): identifier and secret, form-encoded, in HTTP Basic. */
export const clientSecretBasic: ClientAuthMechanism = {
  sentIn: 'Authorization',
  isPresent: ({ authorization }) => authorization !== undefined,

  async authenticate(context) {
    const { authorization = '', parameters } = context.request
    const { decoded, raw } = parseBasic(authorization)
    const spellings = [...new Set([decoded.id, raw.id])].filter((id) => id === (parameters.client_id ?? id))
    if (spellings.length === 0)
      throw refusal('client_id_mismatch', { seen: { client_id: parameters.client_id }, wanted: { client_id: raw.id } }) // before any look-up: it does not reveal which clients exist
    const { client_id, client } = await findEither(context, spellings)
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

/** The client of the first spelling that is registered. */
async function findEither(context: ClientAuthContext, spellings: readonly string[]) {
  for (const client_id of spellings) {
    const client = await context.findClient(client_id)
    if (client) return { client_id, client }
  }
  return { client_id: spellings[0] as string, client: undefined }
}

/**
 * Parses the header. Many clients do not form-encode identifier and secret first: so both the `raw` and the `decoded` values are returned;
 * the decoded secret is `undefined` if it cannot be decoded.
 * @throws Refusal `unsupported_auth_scheme`, `malformed_authorization`
 */
export function parseBasic(authorization: string): {
  raw: { id: string; secret: string }
  decoded: { id: string; secret: string | undefined }
} {
  const [scheme = '', credentials = '', ...rest] = authorization.split(' ')
  if (scheme.toLowerCase() !== 'basic') throw refusal('unsupported_auth_scheme', { seen: knownScheme(scheme), wanted: 'Basic' })
  if (credentials === '' || rest.length > 0 || !base64.test(credentials))
    throw refusal('malformed_authorization', { seen: 'credentials that are not base64', wanted: basicForm })
  const bytes = Buffer.from(credentials, 'base64')
  const pair = bytes.toString('utf8')
  const colon = pair.indexOf(':')
  if (!isUtf8(bytes) || colon < 0)
    throw refusal('malformed_authorization', { seen: 'credentials without a colon, or not in UTF-8', wanted: basicForm })
  const raw = { id: pair.slice(0, colon), secret: pair.slice(colon + 1) }
  const id = decodeOr(raw.id)
  if (id === undefined) throw refusal('malformed_authorization', { seen: 'a client_id that is not form-encoded', wanted: basicForm })
  return { raw, decoded: { id, secret: decodeOr(raw.secret) } }
}

function decodeOr(text: string): string | undefined {
  try {
    return decodeComponent(text)
  } catch {
    return undefined
  }
}
