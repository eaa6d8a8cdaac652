import { decodeAssertion } from '../assertion/decode.js'
import { readAssertion } from '../assertion/verify.js'
import type { ReadAssertion } from '../host/assertion.js'
import { refusal } from '../host/errors.js'
import { JWT_BEARER_CLIENT_ASSERTION, JWT_SPIFFE_CLIENT_ASSERTION } from '../host/options.js'
import type { ClientAuthentication } from '../host/token-state.js'
import type { ClientAuthContext, ClientAuthMechanism } from './mechanism.js'
import { clientByItsJwt, clientByWorkload } from './methods.js'

/**
 * A JWT as client credential (RFC 7521 §4.2, RFC 7523 §2.2). `alg` and issuer determine the method: `private_key_jwt`, `client_secret_jwt`,
 * or a token of another issuer that the client's registration accepts.
 */
export const clientAssertion: ClientAuthMechanism = {
  sentIn: 'client_assertion',
  isPresent: ({ parameters }) => parameters.client_assertion !== undefined || parameters.client_assertion_type !== undefined,

  async authenticate(context) {
    const { endpoint, request, transaction } = context
    const { client_assertion, client_assertion_type, client_id } = request.parameters
    if (client_assertion === undefined || client_assertion_type === undefined)
      throw refusal('incomplete_client_assertion', {
        seen: client_assertion === undefined ? 'client_assertion_type' : 'client_assertion',
        wanted: 'both',
      })
    const isSpiffe = client_assertion_type === JWT_SPIFFE_CLIENT_ASSERTION
    if (client_assertion_type !== JWT_BEARER_CLIENT_ASSERTION && !isSpiffe)
      throw refusal('unsupported_client_assertion_type', {
        seen: client_assertion_type,
        wanted: [JWT_BEARER_CLIENT_ASSERTION, JWT_SPIFFE_CLIENT_ASSERTION],
      })
    const decoded = decodeAssertion(client_assertion)
    const sender = client_id ?? [decoded.claims.sub, decoded.claims.iss].find((claim) => typeof claim === 'string')
    if (sender !== undefined) transaction.record.claimed.client_id = sender // also if a check refuses it
    if (typeof decoded.header.kid === 'string') transaction.record.claimed.kid = decoded.header.kid
    const jwt = readAssertion(decoded, isSpiffe ? endpoint.demands.svid : endpoint.demands.clientAssertion, endpoint.now())
    const isForeign = isSpiffe || (client_id !== undefined && client_id !== jwt.claims.iss)
    return await (isForeign ? byForeignToken(context, jwt, client_id, isSpiffe) : bySelf(context, jwt))
  },
}

/** A self-issued assertion: `iss` and `sub` are the `client_id` (RFC 7523 §3). */
async function bySelf(context: ClientAuthContext, jwt: ReadAssertion): Promise<ClientAuthentication> {
  const { iss, sub } = jwt.claims
  if (sub === undefined) throw refusal('sub_missing', () => ({ seen: Object.keys(jwt.claims), wanted: 'a sub claim' }))
  if (iss !== sub) throw refusal('client_identity_mismatch', { seen: { iss, sub }, wanted: 'iss and sub that are both the client_id' })
  const client = await context.findClient(sub)
  return await clientByItsJwt(context, client, jwt)
}

/** A token of another issuer: accepted only if the client's registration has exactly its issuer, subject and audience. */
async function byForeignToken(
  context: ClientAuthContext,
  jwt: ReadAssertion,
  client_id: string | undefined,
  isSvid: boolean,
): Promise<ClientAuthentication> {
  const client = client_id === undefined ? undefined : await context.findClient(client_id)
  return await clientByWorkload(context, client, jwt, isSvid)
}
