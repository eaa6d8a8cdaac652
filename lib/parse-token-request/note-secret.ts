/** Which secret a request carries, for the event: with `fallthrough`, a host must see which of its clients still use one. Nothing is verified. */

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

/** Notes a `client_secret` in the body. */
export function notePostSecret(claimed: Claimed, { values: { client_secret = [] } }: Form): void {
  if (client_secret.some((value) => value !== '')) claimed.client_auth_method ??= 'client_secret_post'
}

function decoded(id: string): string {
  try {
    return decodeComponent(id)
  } catch {
    return id
  }
}
