import type { CLIENT_CREDENTIALS, JWT_BEARER_GRANT } from '../host/options.js'
import { type SpoiledName, spoiled } from './spoiled.js'
import type { SpoiledUse } from './spoiled-jwt.js'
import type { TestClient } from './test-client.js'
import type { TestIssuer } from './test-issuer.js'

const grantType: typeof JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const clientCredentials: typeof CLIENT_CREDENTIALS = 'client_credentials'

/**
 * The token requests with a spoiled JWT, as forms: send them in order. The last must be refused as `spoiled[name].refused[use]` says.
 * @throws TypeError if the table has no such name, or not for this use
 * @example for (const form of spoiledRequests('expired', 'grant', { issuer, client })) answer = await tokenRequest(app, form)
 */
export function spoiledRequests(
  name: SpoiledName,
  use: SpoiledUse,
  { issuer, client }: { issuer: TestIssuer; client: TestClient },
): Record<string, string>[] {
  const row = Object.hasOwn(spoiled, name) ? spoiled[name] : undefined
  if (!row?.refused[use]) throw new TypeError(`spoiledRequests: there is no ${JSON.stringify(name)} for a ${use}.`)
  const byIssuer = (use === 'grant') !== (row.signedByOtherParty ?? false)
  const overrides = row.overrides(byIssuer ? issuer : client, use)
  const jwt = byIssuer ? issuer.signGrant(overrides) : client.signClientAssertion(overrides)
  const form = (): Record<string, string> =>
    use === 'grant'
      ? { grant_type: grantType, assertion: jwt, ...client.clientAuthentication() }
      : { grant_type: clientCredentials, ...client.clientAuthentication(), client_assertion: jwt }
  return row.sentTwice ? [form(), form()] : [form()]
}
