/** With `fallthrough`: whether a request is for this suite or for the host's handler. Decided by the form alone, before anything is looked up. */

import { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_SPIFFE_CLIENT_ASSERTION } from '../host/options.js'
import type { Endpoint } from '../pipeline/endpoint.js'
import type { Form } from './form.js'

const jwtAssertionTypes: readonly string[] = [JWT_BEARER_CLIENT_ASSERTION, JWT_SPIFFE_CLIENT_ASSERTION]

/** Whether the later steps issue tokens for the grant type. */
export function isForIssuing(form: Form, endpoint: Endpoint): boolean {
  const { grantTypes, secretsStayWithHost } = endpoint
  const staysWithHost = (grantType: unknown) =>
    secretsStayWithHost && grantType === CLIENT_CREDENTIALS && !authenticatesByJwt(form, endpoint)
  return (form.values.grant_type ?? []).some((grantType) => grantTypes.includes(grantType as string) && !staysWithHost(grantType))
}

/** With `fallthrough`, a request is ours if it uses one of our grants, or a JWT for client authentication that the host does not verify. */
export function isOurs(form: Form, endpoint: Endpoint): boolean {
  return isForIssuing(form, endpoint) || (!endpoint.hostVerifiesClientAssertions && authenticatesByJwt(form, endpoint))
}

const authenticatesByJwt = (form: Form, { clientAlgorithms }: Endpoint) => clientAlgorithms.length > 0 && carriesJwt(form)

/** Whether a JWT is sent as client credential; an assertion of another type is left to the host. */
function carriesJwt({ values: { client_assertion, client_assertion_type } }: Form): boolean {
  return (
    isSent(client_assertion) && (!isSent(client_assertion_type) || jwtAssertionTypes.some((type) => client_assertion_type.includes(type)))
  )
}

/** A parameter without value counts as absent (RFC 6749 §3.2). */
const isSent = (sent: unknown[] | undefined): sent is unknown[] => sent?.some((value) => value !== '') ?? false
