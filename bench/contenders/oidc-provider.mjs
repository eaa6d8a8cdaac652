// node-oidc-provider: client_credentials with private_key_jwt; its own memory storage.
import { api, clientId, issuer, scope } from '../harness/world.mjs'

export async function listener({ alg, token, keys }) {
  console.warn = () => undefined // it warns about its memory storage, and on Node 20 about Node 20
  const { Provider } = await import('oidc-provider')
  const jwt = token !== 'opaque'
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: alg,
        jwks: { keys: [keys.client.public] },
        ...(jwt && { id_token_signed_response_alg: token }),
        scope,
      },
    ],
    scopes: [scope],
    ...(jwt && { jwks: { keys: [{ ...keys.token, kid: 'token-key', alg: token, use: 'sig' }] } }),
    routes: { token: '/token' },
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'RS256', 'EdDSA'] },
    ttl: { ClientCredentials: 300 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: jwt,
        defaultResource: () => api,
        getResourceServerInfo: () => ({
          scope,
          audience: api,
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: token } },
        }),
      },
    },
  })
  return provider.callback()
}
