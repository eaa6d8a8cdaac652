/** The client side: the two client libraries, each set up against the discovery document of the demo. */
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'

/** The issuer is http on loopback, which both libraries allow only explicitly. */
const insecure = { [oauth.allowInsecureRequests]: true }
const discovery = { algorithm: 'oauth2' } as const // RFC 8414 instead of OpenID Connect

export interface Drivers {
  /** openid-client, as one client. */
  openidClient(client_id: string, auth: openid.ClientAuth): Promise<openid.Configuration>
  /** oauth4webapi, as one client. */
  oauth4webapi(client_id: string, auth: oauth.ClientAuth): OAuth4WebApiClient
}

export interface OAuth4WebApiClient {
  grant(grantType: string, parameters: Record<string, string>): Promise<oauth.TokenEndpointResponse>
  authorizationCode(redirectUri: string): Promise<oauth.TokenEndpointResponse>
  refresh(refreshToken: string): Promise<oauth.TokenEndpointResponse>
}

export async function createDrivers(issuer: string): Promise<Drivers> {
  const url = new URL(issuer)
  const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { ...discovery, ...insecure }))

  return {
    openidClient: (client_id, auth) =>
      openid.discovery(url, client_id, undefined, auth, { ...discovery, execute: [openid.allowInsecureRequests] }),

    oauth4webapi(client_id, auth) {
      const client = { client_id }
      return {
        async grant(grantType, parameters) {
          const response = await oauth.genericTokenEndpointRequest(as, client, auth, grantType, parameters, insecure)
          return oauth.processGenericTokenEndpointResponse(as, client, response)
        },
        async authorizationCode(redirectUri) {
          const verifier = oauth.generateRandomCodeVerifier()
          const code_challenge = await oauth.calculatePKCECodeChallenge(verifier)
          const authorize = new URL(as.authorization_endpoint as string)
          const query = { response_type: 'code', client_id, redirect_uri: redirectUri, code_challenge, code_challenge_method: 'S256' }
          authorize.search = new URLSearchParams(query).toString()
          const callback = oauth.validateAuthResponse(as, client, await visit(authorize))
          const response = await oauth.authorizationCodeGrantRequest(as, client, auth, callback, redirectUri, verifier, insecure)
          return oauth.processAuthorizationCodeResponse(as, client, response)
        },
        async refresh(refreshToken) {
          const response = await oauth.refreshTokenGrantRequest(as, client, auth, refreshToken, insecure)
          return oauth.processRefreshTokenResponse(as, client, response)
        },
      }
    },
  }
}

/** The authorization code grant with openid-client: the user's request to /authorize, then the code for a token. */
export async function authorizationCode(config: openid.Configuration, redirect_uri: string): Promise<openid.TokenEndpointResponse> {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const expectedState = openid.randomState()
  const code_challenge = await openid.calculatePKCECodeChallenge(pkceCodeVerifier)
  const parameters = { redirect_uri, state: expectedState, code_challenge, code_challenge_method: 'S256' }
  const callback = await visit(openid.buildAuthorizationUrl(config, parameters))
  return openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier, expectedState })
}

/** Acts as the browser: returns the URL that the server redirects to. */
async function visit(url: URL): Promise<URL> {
  const response = await fetch(url, { redirect: 'manual' })
  return new URL(response.headers.get('location') ?? `${url.origin}/?error=no_redirect`)
}
