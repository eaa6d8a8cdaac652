/** A better-auth server whose client `native` authenticates by private_key_jwt, for up to two hours. */
import { oauthProvider } from '@better-auth/oauth-provider'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'

const core = ['user', 'session', 'account', 'verification', 'jwks']
const oauth = ['Client', 'Resource', 'ClientResource', 'RefreshToken', 'AccessToken', 'Consent', 'ClientAssertion']

/**
 * @param {string} baseURL its origin; the token endpoint is `<origin>/api/auth/oauth2/token`
 * @param {object} jwk public key of `native`
 * @returns its request listener
 */
export async function betterAuthHost(baseURL, jwk) {
  const tables = [...core, ...oauth.map((name) => `oauth${name}`)]
  const provider = oauthProvider({
    loginPage: '/login',
    consentPage: '/consent',
    scopes: ['openid', 'offline_access', 'read'],
    assertionMaxLifetime: 7200,
    silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
  })
  const auth = betterAuth({
    baseURL,
    secret: 'a secret of 32 characters or more, for tests',
    database: memoryAdapter(Object.fromEntries(tables.map((table) => [table, []]))),
    logger: { disabled: true },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    plugins: [jwt(), provider],
  })
  const { adapter } = await auth.$context
  await adapter.create({
    model: 'oauthClient',
    data: {
      clientId: 'native',
      tokenEndpointAuthMethod: 'private_key_jwt',
      jwks: JSON.stringify({ keys: [jwk] }),
      grantTypes: ['client_credentials', 'authorization_code', 'refresh_token'],
      redirectUris: ['https://app.example.com/cb'],
      scopes: ['read'],
      clientCredentialsScopes: ['read'],
      disabled: false,
    },
  })
  return toNodeHandler(auth)
}
