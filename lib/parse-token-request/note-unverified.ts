/** What a request says of itself, for the event. With `fallthrough`, a host must see which of its clients still use a secret. Nothing is verified. */
import type { TokenEndpointEvent } from '../host/event.js'
import { decodeComponent } from '../rules/form-encoding.js'
import type { Form } from './form.js'

type Claimed = TokenEndpointEvent['claimed']

/** Notes HTTP Basic (RFC 6749 §2.3.1) and the `client_id` in it. Works without the body, so also for requests whose body is not read. */
export function noteBasicSecret(claimed: Claimed, authorization: string | undefined): void {
  const [, encoded] = /^basic +([^ ]+)$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return
  claimed.client_auth_method = 'client_secret_basic'
  const credentials = Buffer.from(encoded, 'base64').toString()
  const end = credentials.indexOf(':')
  if (end > 0) claimed.client_id = decoded(credentials.slice(0, end))
}

/** Notes the grant type, the client, and whether there is a `client_secret` in the body. */
export function noteForm(claimed: Claimed, { values }: Form): void {
  const { grant_type: [grantType] = [], client_id: [clientId] = [], client_secret = [] } = values
  if (typeof grantType === 'string') claimed.grant_type = grantType
  if (typeof clientId === 'string') claimed.client_id = clientId
  if (client_secret.some((value) => value !== '')) claimed.client_auth_method ??= 'client_secret_post'
}

function decoded(id: string): string {
  try {
    return decodeComponent(id)
  } catch {
    return id
  }
}
