import { refusal } from '../host/errors.js'
import type { Granted, Hooks } from '../host/hooks.js'
import { CLIENT_CREDENTIALS, JWT_BEARER_GRANT, type Options } from '../host/options.js'
import type { ClientAuthentication, JwtGrant, TokenRequest, TokenResponse } from '../host/token-state.js'
import { type Endpoint, endpointOf } from '../pipeline/endpoint.js'
import { type Middleware, step } from '../pipeline/step.js'
import type { Transaction } from '../pipeline/transaction.js'
import { hostScope } from '../rules/scope.js'
import { isResponseMember, toTokenResponse } from './token-response.js'

type MintHooks = Pick<Hooks, 'mintToken'>

/**
 * Step 4: answers with tokens for a verified JWT grant, or for an authenticated client itself (`client_credentials`); passes on everything
 * else (RFC 6749 §5.1). Calls `mintToken`. If that fails, the JWTs of the request may be used again.
 *
 * @throws ConfigurationError at mount, naming the option, the problem and the fix
 */
export function issueToken(options: Options<MintHooks>): Middleware {
  const endpoint = endpointOf('issueToken', options, ['mintToken'])
  return step(
    {
      name: 'issueToken',
      needs: ['request', 'client', 'grant'],
      adds: 'response',
      use: 'grant',
      run({ request, client, grant }, transaction) {
        const granted = grant ? fromJwtGrant(client, grant, endpoint) : fromClient(request, client, endpoint)
        return granted ? mint(granted, transaction, endpoint) : null
      },
    },
    endpoint,
  )
}

function fromJwtGrant(client: ClientAuthentication, grant: JwtGrant, endpoint: Endpoint): Granted {
  const { issuer, sub, subject_key, subject, scope, resource, assertion, context } = grant
  return {
    grant_type: JWT_BEARER_GRANT,
    client,
    subject,
    subject_type: subject === client.client_id ? 'client' : 'user', // only a service account may be: `subject_is_client`
    scope,
    resource,
    maxLifetime: maxLifetimeOf(client, grant, endpoint),
    allowRefreshToken: grant.allowRefreshToken && client.level === 'authenticated',
    grant: { issuer, sub, subject_key, claims: assertion.claims, context },
  }
}

/** The least of the bounds for the lifetime of the token. @throws Refusal `expired` if the grant has no whole second left */
function maxLifetimeOf(
  { level }: ClientAuthentication,
  { issuer, assertion }: JwtGrant,
  { publicClients, now }: Endpoint,
): number | undefined {
  const ofClient = level === 'identified' ? publicClients?.maxLifetime : undefined
  if (issuer.lifetime !== 'within-grant') return ofClient
  const seconds = Math.floor(assertion.claims.exp - now()) // it may be used for clockTolerance longer
  if (seconds < 1)
    throw refusal('expired', { seen: { exp: assertion.claims.exp }, wanted: 'an exp in the future: the token must not outlive the grant' })
  return Math.min(seconds, ofClient ?? seconds)
}

function fromClient(
  { grant_type, parameters, resource }: TokenRequest,
  client: ClientAuthentication,
  { grantTypes }: Endpoint,
): Granted | null {
  if (grant_type !== CLIENT_CREDENTIALS || !grantTypes.includes(CLIENT_CREDENTIALS) || client.level !== 'authenticated') return null
  const scope = hostScope(parameters.scope ?? client.client.scope ?? '').join(' ')
  return {
    grant_type,
    client,
    subject: client.client_id,
    subject_type: 'client',
    scope,
    resource,
    maxLifetime: undefined,
    allowRefreshToken: false,
  }
}

async function mint(
  granted: Granted,
  transaction: Transaction,
  { hooks, hookTimeout, responseMembers }: Endpoint<MintHooks>,
): Promise<TokenResponse> {
  transaction.assertClientIsThere()
  const minted = await transaction.call('mintToken', hookTimeout, () => hooks.mintToken(Object.freeze(granted)))
  const response = toTokenResponse(minted, granted, responseMembers)
  const isDropped = (name: string) => !isResponseMember(name, responseMembers) && minted[name] !== undefined
  if (Object.keys(minted).some(isDropped)) transaction.record.notices.push('response_member_dropped')
  if (minted.refresh_token !== undefined && response.refresh_token === undefined) transaction.record.notices.push('refresh_token_dropped')
  return response
}
